/** The user that reads buckets, and whether the Rook of a platform can make it and its grants. */
import { BACKUP_USER } from '../../model/bucket-grant';
import { BACKED_UP_NAMESPACE } from '../../model/folders';
import type { KubeObject } from '../../model/kube-object';
import { MANAGED_BY } from '../../model/marks';
import type { RookPlatform } from '../../model/platform';

/** Fields of a claim's `additionalConfig` that Rook allows when nobody says otherwise (rook v1.20.6, operator Helm chart). */
export const OBC_FIELDS_BY_DEFAULT: readonly string[] = ['maxObjects', 'maxSize'];

export function allowedObcFields({ allowedObcFields: allowed }: RookPlatform): readonly string[] {
  return allowed ?? OBC_FIELDS_BY_DEFAULT;
}

/** Whether a version is at least 1.19, which came with `opMask`: an older Rook makes a user that may write. */
export function knowsOpMask(version: string): boolean {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)(\.\d+)?$/.exec(version) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 19);
}

/** Whether the policy of a claim can name the backup user. */
export function canGrant(rook: RookPlatform): boolean {
  return knowsOpMask(rook.version) && allowedObcFields(rook).includes('bucketPolicy');
}

/**
 * Reads, and nothing else, whatever a policy says; owns no bucket; and finds the names of all buckets, so that one which
 * nobody declared does not go unnoticed. An admin user with the same mask would read all of them without any policy, and
 * could delete all of them too: the mask does not guard the admin API (radosgw 16.2.15).
 */
export function backupUserObject({ objectStore, namespace }: RookPlatform): KubeObject {
  return {
    apiVersion: 'ceph.rook.io/v1',
    kind: 'CephObjectStoreUser',
    metadata: { name: BACKUP_USER, namespace: BACKED_UP_NAMESPACE, labels: MANAGED_BY },
    spec: {
      store: objectStore,
      clusterNamespace: namespace,
      displayName: 'Reads buckets for backups',
      capabilities: { buckets: 'read' },
      opMask: ['read'],
      // 0 would mean without limit.
      quotas: { maxBuckets: -1 },
    },
  };
}
