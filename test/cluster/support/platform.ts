/** What `dist/` expects of those who run the cluster: the stores with their Secrets, and what Rook makes of its objects. */
import { GITEA_KEYS } from '../../../lib/constructs/gitea-pod';
import { textAt, type KubeObject } from '../../../lib/model/kube-object';
import { makeBucket, type Bucket } from '../../servers/support/bucket';
import { distObjects, named } from '../../servers/support/dist';
import { backupUser, putPolicy } from '../../servers/support/rgw';
import { makeStore, type Store } from '../../servers/support/store';
import type { Cluster } from './cluster';
import { VELERO_NAMESPACE } from './velero';

const LOCAL_ENDPOINT = 'http://rook-ceph-rgw-store-a.rook-ceph.svc:80';
/** What Rook makes of the backup user. */
const ROOK_SECRET = 'rook-ceph-object-user-store-a-backed-up';

export interface Platform {
  readonly local: Store;
  readonly offsite: Store;
  readonly attachments: Bucket;
}

/** Each suite asks for it, whichever is the first. */
export async function preparePlatform(cluster: Cluster): Promise<Platform> {
  const [local, offsite, backup, attachments] = await Promise.all([
    makeStore('local', 'horse', { bucket: 'backups', prefix: 'home' }),
    makeStore('offsite', 'battery', { bucket: 'home-backups', prefix: 'home' }),
    backupUser(),
    makeBucket('forge-attachments'),
  ]);
  await offsite.keepVersions();
  const claim = named(distObjects('forge'), 'ObjectBucketClaim', 'attachments');
  await putPolicy(attachments.owner, attachments.name, textAt(claim, 'spec', 'additionalConfig', 'bucketPolicy') ?? '');
  const charts = await makeBucket('helm-charts');
  await charts.put('index.yaml', 'apiVersion: v1\nentries: {}\n', { 'x-amz-acl': 'public-read' });
  await cluster.apply(...distObjects('namespaces'));
  await cluster.apply(
    ...['backed-up', 'forge'].map((namespace) => secret(namespace, 'backed-up-local', local.secret)),
    ...['backed-up', 'forge', 'kube-system'].map((namespace) => secret(namespace, 'backed-up-offsite', offsite.secret)),
    secret('backed-up', ROOK_SECRET, {
      Endpoint: LOCAL_ENDPOINT,
      AccessKey: backup.accessKey,
      SecretKey: backup.secretKey,
    }),
    ...[local, offsite].map(({ location, secret: keys }) =>
      secret(VELERO_NAMESPACE, `backed-up-${location.name}`, { cloud: credentialsFile(keys) }),
    ),
    secret(VELERO_NAMESPACE, 'velero-repo-credentials', { 'repository-password': 'staple' }),
    ...bucketOfClaim(attachments),
    secret('forge', 'gitea-settings', giteaSettings()),
    secret('directory', 'dirsrv-settings', { DS_DM_PASSWORD: 'directory manager' }),
  );
  return { local, offsite, attachments };
}

/** As the AWS plugin of Velero reads it. */
function credentialsFile(keys: Store['secret']): string {
  const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: key = '' } = keys;
  return `[default]\naws_access_key_id=${id}\naws_secret_access_key=${key}\n`;
}

/** What Rook leaves beside an ObjectBucketClaim. */
function bucketOfClaim({ name, owner }: Bucket): readonly KubeObject[] {
  const { hostname, port } = new URL(LOCAL_ENDPOINT);
  const metadata = { name: 'attachments', namespace: 'forge' };
  const data = { BUCKET_HOST: hostname, BUCKET_PORT: port === '' ? '80' : port, BUCKET_NAME: name };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
    secret('forge', 'attachments', {
      AWS_ACCESS_KEY_ID: owner.accessKey,
      AWS_SECRET_ACCESS_KEY: owner.secretKey,
    }),
  ];
}

/** In the forms that `gitea generate secret` gives them; once for all suites. */
function giteaSettings(): Readonly<Record<string, string>> {
  const key = Buffer.alloc(32, 'lab').toString('base64url');
  return Object.fromEntries(GITEA_KEYS.map((name) => [name, key]));
}

export function secret(namespace: string, name: string, stringData: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}
