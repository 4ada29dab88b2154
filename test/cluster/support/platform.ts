/** What `dist/` expects of those who run the cluster: the stores with their Secrets, and the object store of Rook in use. */
import { inject } from 'vitest';
import { GITEA_KEYS } from '../../../lib/constructs/gitea-pod';
import type { KubeObject } from '../../../lib/model/kube-object';
import { bucketOf, type Bucket } from '../../servers/support/bucket';
import { distObjects, named } from '../../servers/support/dist';
import { makeStore, type Store } from '../../servers/support/store';
import type { Cluster } from './cluster';
import { CHARTS_BUCKET, publishCharts } from './charts';
import { applyClaim, rookUser } from './object-store';
import { VELERO_NAMESPACE } from './velero';

export interface Platform {
  readonly local: Store;
  readonly offsite: Store;
  /** Of the claim in the forge, as its owner sees it. */
  readonly attachments: Bucket;
}

/** Each suite asks for it, whichever is the first. */
export async function preparePlatform(cluster: Cluster): Promise<Platform> {
  const [local, offsite] = await Promise.all([
    makeStore('local', 'horse', { bucket: 'backups', prefix: 'home' }),
    makeStore('offsite', 'battery', { bucket: 'home-backups', prefix: 'home' }, inject('offsite')),
  ]);
  await offsite.keepVersions();
  await publishCharts(bucketOf(offsite.owner, CHARTS_BUCKET));
  await cluster.apply(...distObjects('namespaces'));
  await cluster.apply(
    ...['backed-up', 'forge'].map((namespace) => secret(namespace, 'backed-up-local', local.secret)),
    ...['backed-up', 'forge', 'kube-system'].map((namespace) => secret(namespace, 'backed-up-offsite', offsite.secret)),
    ...[local, offsite].map(({ location, secret: keys }) =>
      secret(VELERO_NAMESPACE, `backed-up-${location.name}`, { cloud: credentialsFile(keys) }),
    ),
    secret(VELERO_NAMESPACE, 'velero-repo-credentials', { 'repository-password': 'staple' }),
    secret('forge', 'gitea-settings', giteaSettings()),
    secret('directory', 'dirsrv-settings', { DS_DM_PASSWORD: 'directory manager' }),
  );
  return { local, offsite, attachments: await bucketOfForge(cluster) };
}

/** In the order in which Flux applies them. */
async function bucketOfForge(cluster: Cluster): Promise<Bucket> {
  const isOfRook = ({ kind }: KubeObject): boolean => kind === 'CephObjectStore' || kind === 'StorageClass';
  await cluster.apply(...distObjects('object-storage').filter(isOfRook), ...distObjects('backup-user'));
  await rookUser(cluster, 'backed-up', 'backed-up');
  return applyClaim(cluster, named(distObjects('forge'), 'ObjectBucketClaim', 'attachments'));
}

/** As the AWS plugin of Velero reads it. */
function credentialsFile(keys: Store['secret']): string {
  const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: key = '' } = keys;
  return `[default]\naws_access_key_id=${id}\naws_secret_access_key=${key}\n`;
}

/** In the forms that `gitea generate secret` gives them; once for all suites. */
function giteaSettings(): Readonly<Record<string, string>> {
  const key = Buffer.alloc(32, 'lab').toString('base64url');
  return Object.fromEntries(GITEA_KEYS.map((name) => [name, key]));
}

export function secret(namespace: string, name: string, stringData: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}
