/** Stand-ins for operators that cannot be had here: they say of their objects what the real ones say when all is well. */
import { at, isKubeObject, listAt } from '../../../lib/model/kube-object';
import type { Cluster } from './cluster';

const IS_TRUE = {
  status: 'True',
  reason: 'StandIn',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  observedGeneration: 1,
};

/** By kind: as kubectl knows it, and the status. */
const SAID: Readonly<Record<string, readonly [plural: string, status: object]>> = {
  BackupStorageLocation: ['backupstoragelocations.velero.io', { phase: 'Available' }],
  CephObjectStore: ['cephobjectstores.ceph.rook.io', { phase: 'Ready' }],
  CephObjectStoreUser: ['cephobjectstoreusers.ceph.rook.io', { phase: 'Ready' }],
  HelmRelease: [
    'helmreleases.helm.toolkit.fluxcd.io',
    { observedGeneration: 1, conditions: [{ type: 'Ready', ...IS_TRUE }] },
  ],
  ObjectBucketClaim: ['objectbucketclaims.objectbucket.io', { phase: 'Bound' }],
  OpenSearchCluster: ['opensearchclusters.opensearch.org', { health: 'green' }],
  Prometheus: ['prometheuses.monitoring.coreos.com', { conditions: [{ type: 'Available', ...IS_TRUE }] }],
  Schedule: ['schedules.velero.io', { phase: 'Enabled' }],
};

/** Once, for those of whom nothing has been said. */
export async function playOperators(cluster: Cluster): Promise<void> {
  const kinds = Object.values(SAID).map(([plural]) => plural);
  const list: unknown = JSON.parse(await cluster.kubectl('get', kinds.join(','), '--all-namespaces', '--output=json'));
  for (const object of listAt(list, 'items').filter(isKubeObject)) {
    const { name, namespace = '' } = object.metadata;
    const [plural, status] = SAID[object.kind] ?? [];
    if (plural === undefined || status === undefined) continue;
    if (Object.keys(status).every((field) => at(object, 'status', field) !== undefined)) continue;
    // What kubectl writes in its own name, Flux takes back.
    const how = ['--field-manager=stand-in', '--type=merge', `--patch=${JSON.stringify({ status })}`];
    const patch = ['-n', namespace, 'patch', plural, name, ...how];
    // Velero's kinds have it in the object itself.
    if ((await cluster.try([...patch, '--subresource=status'])).code !== 0) await cluster.try(patch);
  }
}
