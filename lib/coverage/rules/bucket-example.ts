/** What the examples of several rules about buckets say alike. */

/** A platform whose Rook lets claims carry a policy. */
export const WITH_ROOK = `const platform = definePlatform({
  cluster: 'home',
  rook: { version: '1.20', namespace: 'rook-ceph', objectStore: 'store-a', allowedObcFields: ['bucketPolicy'] },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});`;

/** A bucket that the backup user is to read. */
export function bucketExample(bucketName = 'media', storageClass = 'bucket-retain'): string {
  return `new CephBucketWithBackupGrant(chart, 'media', {
  bucketName: '${bucketName}',
  storageClass: '${storageClass}',
  backup: elsewhere('rclone on the NAS copies the bucket every night.', { failureDomain: 'site', rpo: Duration.hours(25) }),
});`;
}
