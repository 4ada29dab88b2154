/**
 * Kinds without a namespace. cdk8s puts the chart's namespace on every object; Kubernetes drops it from these, and an
 * object that is known under two names would be found once and missed once.
 */
import { groupOf, type KubeObject } from './kube-object';
import { SERVED_RESOURCES } from './served-resources';

/** Kinds that not every cluster serves. */
const FURTHER: Readonly<Record<string, readonly string[]>> = {
  'certificates.k8s.io': ['ClusterTrustBundle'],
  'internal.apiserver.k8s.io': ['StorageVersion'],
  'resource.k8s.io': ['DeviceTaintRule', 'ResourcePoolStatusRequest'],
  'storagemigration.k8s.io': ['StorageVersionMigration'],
  'gateway.networking.k8s.io': ['GatewayClass'],
  'cert-manager.io': ['ClusterIssuer'],
  'objectbucket.io': ['ObjectBucket'],
  'postgresql.cnpg.io': ['ClusterImageCatalog'],
};

const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  ...SERVED_RESOURCES.filter(({ namespaced }) => !namespaced).map(({ group, kind }) => `${group}/${kind}`),
  ...Object.entries(FURTHER).flatMap(([group, kinds]) => kinds.map((kind) => `${group}/${kind}`)),
]);

export function isClusterScoped(object: KubeObject): boolean {
  return CLUSTER_SCOPED.has(`${groupOf(object.apiVersion)}/${object.kind}`);
}

/** The object without the namespace that it cannot have. */
export function withoutForeignNamespace(object: KubeObject): KubeObject {
  if (object.metadata.namespace === undefined || !isClusterScoped(object)) return object;
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, name: object.metadata.name } };
}
