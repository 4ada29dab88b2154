/** Stand-ins for operators that cannot be had here: they say of their objects what the real ones say when all is well. */
import { at, isKubeObject, listAt } from '../../../lib/model/kube-object';
import type { Cluster } from './cluster';

/** By kind: as kubectl knows it, and the status. */
const SAID: Readonly<Record<string, readonly [plural: string, status: object]>> = {
  CephObjectStore: ['cephobjectstores.ceph.rook.io', { phase: 'Ready' }],
  OpenSearchCluster: ['opensearchclusters.opensearch.org', { health: 'green' }],
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
    const patch = ['--subresource=status', '--type=merge', `--patch=${JSON.stringify({ status })}`];
    await cluster.try(['-n', namespace, 'patch', plural, name, ...patch]);
  }
}
