import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { demandGate } from './ledger';

/** A VolumeSnapshotClass. */
export interface VeleroSnapshotClassProps {
  /** Name of the class. Default: the construct's id. */
  readonly name?: string;
  /** The CSI driver whose volumes are snapshotted: `rook-ceph.rbd.csi.ceph.com`. */
  readonly driver: string;
  /** The driver's own settings, such as the Secret that it snapshots with. Default: none. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * The VolumeSnapshotClass that Velero takes for the volumes of a CSI driver: it looks for the label, and a claim whose
 * driver has no such class fails every Backup (velero v1.18.3, pkg/util/csi/volume_snapshot.go).
 *
 * A snapshot goes with its VolumeSnapshot. Velero keeps those that a Backup still needs.
 *
 * @example
 * new VeleroSnapshotClass(this, 'ceph-block', {
 *   driver: 'rook-ceph.rbd.csi.ceph.com',
 *   parameters: {
 *     clusterID: 'rook-ceph',
 *     'csi.storage.k8s.io/snapshotter-secret-name': 'rook-csi-rbd-provisioner',
 *     'csi.storage.k8s.io/snapshotter-secret-namespace': 'rook-ceph',
 *   },
 * });
 * // apiVersion: snapshot.storage.k8s.io/v1
 * // kind: VolumeSnapshotClass
 * // metadata:
 * //   labels:
 * //     velero.io/csi-volumesnapshot-class: "true"
 * //   name: ceph-block
 * // deletionPolicy: Delete
 * // driver: rook-ceph.rbd.csi.ceph.com
 * // parameters:
 * //   clusterID: rook-ceph
 * //   csi.storage.k8s.io/snapshotter-secret-name: rook-csi-rbd-provisioner
 * //   csi.storage.k8s.io/snapshotter-secret-namespace: rook-ceph
 */
export class VeleroSnapshotClass extends Construct {
  constructor(scope: Construct, id: string, props: VeleroSnapshotClassProps) {
    super(scope, id);
    new ApiObject(this, 'Resource', {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotClass',
      metadata: { name: props.name ?? id, labels: { 'velero.io/csi-volumesnapshot-class': 'true' } },
      driver: props.driver,
      deletionPolicy: 'Delete',
      ...(props.parameters === undefined ? {} : { parameters: props.parameters }),
    });
    demandGate(this);
  }
}
