/**
 * Kinds without a namespace. cdk8s puts the chart's namespace on every object; Kubernetes drops it from these, and an
 * object that is known under two names would be found once and missed once.
 */
import { groupOf, type KubeObject } from './kube-object';

const CLUSTER_SCOPED: Readonly<Record<string, readonly string[]>> = {
  '': ['Namespace', 'Node', 'PersistentVolume'],
  'admissionregistration.k8s.io': ['*'],
  'apiextensions.k8s.io': ['*'],
  'apiregistration.k8s.io': ['*'],
  'certificates.k8s.io': ['*'],
  'flowcontrol.apiserver.k8s.io': ['*'],
  'networking.k8s.io': ['IngressClass', 'IPAddress', 'ServiceCIDR'],
  'node.k8s.io': ['*'],
  'rbac.authorization.k8s.io': ['ClusterRole', 'ClusterRoleBinding'],
  'scheduling.k8s.io': ['*'],
  'storage.k8s.io': ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment', 'VolumeAttributesClass'],
  'snapshot.storage.k8s.io': ['VolumeSnapshotClass', 'VolumeSnapshotContent'],
  'groupsnapshot.storage.k8s.io': ['VolumeGroupSnapshotClass', 'VolumeGroupSnapshotContent'],
  'gateway.networking.k8s.io': ['GatewayClass'],
  'cert-manager.io': ['ClusterIssuer'],
  'objectbucket.io': ['ObjectBucket'],
  'postgresql.cnpg.io': ['ClusterImageCatalog'],
};

export function isClusterScoped(object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  const kinds = Object.hasOwn(CLUSTER_SCOPED, group) ? (CLUSTER_SCOPED[group] ?? []) : [];
  return kinds.includes('*') || kinds.includes(object.kind);
}

/** The object without the namespace that it cannot have. */
export function withoutForeignNamespace(object: KubeObject): KubeObject {
  if (object.metadata.namespace === undefined || !isClusterScoped(object)) return object;
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, name: object.metadata.name } };
}
