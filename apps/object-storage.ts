import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { CephObjectStore } from '../imports/ceph.rook.io';
import { VeleroSnapshotClass } from 'cdk8s-backed-up';

/** Ceph's object store, the class of its buckets, and the snapshot classes that Velero uses. */
export class ObjectStorage extends Chart {
  constructor(scope: Construct) {
    super(scope, 'object-storage', { namespace: 'rook-ceph' });

    new CephObjectStore(this, 'store', {
      metadata: { name: 'store-a' },
      spec: {
        metadataPool: { replicated: { size: 3 } },
        dataPool: { replicated: { size: 3 } },
        preservePoolsOnDelete: true,
        // Where the user is that reads buckets for backups.
        allowUsersInNamespaces: ['backed-up'],
        gateway: { port: 80, instances: 2 },
      },
    });
    new k8s.KubeStorageClass(this, 'buckets', {
      metadata: { name: 'bucket-retain' },
      provisioner: 'rook-ceph.ceph.rook.io/bucket',
      // A claim that goes by mistake must not take its objects along.
      reclaimPolicy: 'Retain',
      parameters: { objectStoreName: 'store-a', objectStoreNamespace: 'rook-ceph' },
    });

    for (const [name, driver] of [
      ['ceph-block', 'rbd'],
      ['ceph-filesystem', 'cephfs'],
    ] as const) {
      new VeleroSnapshotClass(this, name, {
        driver: `rook-ceph.${driver}.csi.ceph.com`,
        parameters: {
          clusterID: 'rook-ceph',
          'csi.storage.k8s.io/snapshotter-secret-name': `rook-csi-${driver}-provisioner`,
          'csi.storage.k8s.io/snapshotter-secret-namespace': 'rook-ceph',
        },
      });
    }
  }
}
