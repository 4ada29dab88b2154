/** What `dist/` expects of those who run the cluster: the stores with their Secrets, and what Rook makes of its objects. */
import { textAt, type KubeObject } from '../../../lib/model/kube-object';
import { makeBucket, type Bucket } from '../../servers/support/bucket';
import { distObjects, named } from '../../servers/support/dist';
import { backupUser, putPolicy } from '../../servers/support/rgw';
import { makeStore, type Store } from '../../servers/support/store';
import type { Cluster } from './cluster';

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
  await cluster.apply(...distObjects('namespaces'));
  await cluster.apply(
    ...['backed-up', 'forge'].map((namespace) => secret(namespace, 'backed-up-local', local.secret)),
    ...['backed-up', 'forge', 'kube-system'].map((namespace) => secret(namespace, 'backed-up-offsite', offsite.secret)),
    secret('backed-up', ROOK_SECRET, {
      Endpoint: LOCAL_ENDPOINT,
      AccessKey: backup.accessKey,
      SecretKey: backup.secretKey,
    }),
  );
  return { local, offsite, attachments };
}

function secret(namespace: string, name: string, stringData: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}
