import { definePlatform, s3Location } from 'cdk8s-backed-up';

export const platform = definePlatform({
  cluster: 'home',
  velero: {
    version: '1.18',
    enableCSI: true,
    nodeAgent: true,
    repositoryPassword: { keptIn: 'sealed envelope, bank' },
  },
  storageClasses: {
    'ceph-block': { driver: 'rook-ceph.rbd.csi.ceph.com', snapshotClass: 'ceph-block', isDefault: true },
  },
  flux: { sourceRef: { kind: 'GitRepository', name: 'paperless' }, path: './dist' },
});

export const offsite = s3Location('offsite', {
  endpoint: 'https://s3.example.net',
  bucket: 'home-backups',
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
});

export const clusterWide = 'The cluster repository answers for etcd, Git, certificates and keys.';
