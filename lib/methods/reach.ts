/** How the pods of jobs reach the store of a location. */
import type { Peer } from '../jobs/step';
import { storePeer } from '../jobs/store';
import { clientHosts, endpointPort, isClusterHost, type Location } from '../model/location';
import type { Platform } from '../model/platform';
import { gatewayPods } from './ceph/gateway';

/** What nobody has said, in a sentence, and the line that would say it. */
export interface Unsaid {
  readonly because: string;
  readonly line: string;
}

export function storeOf(location: Location, platform: Platform): Peer | Unsaid {
  const gateway = rookGateway(location, platform);
  if (gateway !== undefined) return gateway;
  if (location.reachedAt === undefined && clientHosts(location).some(isClusterHost)) {
    return {
      because: `pods of this cluster serve location '${location.name}', and nothing says which: the NetworkPolicy of the job would keep it away from them`,
      line: `reachedAt: { namespace: 'minio', labels: { app: 'minio' }, port: 9000 }`,
    };
  }
  return storePeer(location, platform.clusterRanges ?? []);
}

/** With TLS it listens on the port of its Service (rook v1.20.6, pkg/operator/ceph/object/spec.go). */
function rookGateway(location: Location, { rook }: Platform): Peer | undefined {
  const [host = ''] = clientHosts(location);
  if (location.reachedAt !== undefined || rook === undefined) return undefined;
  const service = `rook-ceph-rgw-${rook.objectStore}.${rook.namespace}.svc`;
  if (host !== service && host !== `${service}.cluster.local`) return undefined;
  return gatewayPods(rook, location.endpoint.startsWith('https:') ? endpointPort(location) : undefined);
}
