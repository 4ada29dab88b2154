/** How the pods of jobs reach the store of a location. */
import type { Peer } from '../jobs/step';
import { storePeer } from '../jobs/store';
import { clientHosts, endpointPort, isClusterHost, type Location } from '../model/location';
import type { Platform } from '../model/platform';
import { gatewayPeer } from './ceph/gateway';
import type { ObjectIndex } from './method';
import type { Unsaid } from './unsaid';

export function storeOf(location: Location, platform: Platform, objects: ObjectIndex): Peer | Unsaid {
  const gateway = rookGateway(location, platform, objects);
  if (gateway !== undefined) return gateway;
  const host = clientHosts(location).find(isClusterHost);
  if (location.reachedAt === undefined && host !== undefined) {
    const [service = 'minio', namespace = service] = host.split('.');
    return {
      because: `pods of this cluster serve location '${location.name}', and nothing says which: the NetworkPolicy of the job would keep it away from them`,
      line: service.startsWith(GATEWAY)
        ? `rook: { version: '1.20', namespace: '${namespace}', objectStore: '${service.slice(GATEWAY.length)}' }`
        : `reachedAt: { namespace: '${namespace}', labels: { app: '${service}' }, port: ${endpointPort(location) ?? 9000} }`,
    };
  }
  return storePeer(location, platform.clusterRanges ?? []);
}

/** How Rook calls the Service of a store (rook v1.20.6, pkg/operator/ceph/object/rgw.go). */
const GATEWAY = 'rook-ceph-rgw-';

/** With TLS it listens on the port of its Service (rook v1.20.6, pkg/operator/ceph/object/spec.go). */
function rookGateway(location: Location, { rook }: Platform, objects: ObjectIndex): Peer | Unsaid | undefined {
  const [host = ''] = clientHosts(location);
  if (location.reachedAt !== undefined || rook === undefined) return undefined;
  const service = `${GATEWAY}${rook.objectStore}.${rook.namespace}.svc`;
  if (host !== service && host !== `${service}.cluster.local`) return undefined;
  const port = endpointPort(location) ?? 80;
  return gatewayPeer(rook, objects, port, location.endpoint.startsWith('https:') ? port : undefined);
}
