/** The gateway of Rook's object store, as pods reach it and as the backup user logs in. */
import { isIP } from 'node:net';
import type { Peer } from '../../jobs/step';
import type { Remote } from '../../jobs/store';
import { BACKUP_USER } from '../../model/bucket-grant';
import { at, booleanAt, listAt, numberAt, textAt, textsAt, type KubeObject } from '../../model/kube-object';
import type { RookPlatform } from '../../model/platform';
import type { ObjectIndex } from '../method';
import type { Unsaid } from '../unsaid';

/** Without TLS the pods listen on another port than their Service (rook v1.20.6, pkg/operator/ceph/object/config.go). */
const PORT = 8080;

/** The Secret with the authority of its certificate, beside that of the backup user. */
export const GATEWAY_CA = 'rook-gateway-ca';

/**
 * Whom a NetworkPolicy has to let pods reach. A selector of pods leads neither to those in the network of their node nor
 * out of the cluster.
 *
 * @param port at which others reach it; pods that are reached by their labels may listen on another one.
 */
export function gatewayPeer(rook: RookPlatform, objects: ObjectIndex, port: number, podPort = PORT): Peer | Unsaid {
  const { namespace, objectStore, reachedAt } = rook;
  if (reachedAt !== undefined) return { cidrs: textsAt(reachedAt, 'cidrs'), port };
  const store = storeObject(rook, objects);
  const outside = listAt(store, 'spec', 'gateway', 'externalRgwEndpoints');
  const place = outside.length > 0 ? 'outside of the cluster' : 'in the network of its nodes';
  if (outside.length > 0 || isInHostNetwork(rook, objects)) {
    const ranges = outside
      .flatMap((each) => textAt(each, 'ip') ?? [])
      .map((ip) => `'${ip}/${isIP(ip) === 6 ? 128 : 32}'`);
    return {
      because: `the gateway of CephObjectStore ${namespace}/${objectStore} is ${place}, where no label leads to it, and platform.rook does not say at which addresses`,
      line: `reachedAt: { cidrs: [${ranges.length === 0 ? "'192.168.1.0/24'" : ranges.join(', ')}] }`,
    };
  }
  return { namespace, labels: { app: 'rook-ceph-rgw', rook_object_store: objectStore }, port: podPort };
}

/** The gateway at the address that Rook tells its users: with TLS only where there is nothing without. */
export function gatewayOf(rook: RookPlatform, objects: ObjectIndex): Peer | Unsaid {
  const store = storeObject(rook, objects);
  const [port = 0, securePort = 0] = ['port', 'securePort'].map((field) => numberAt(store, 'spec', 'gateway', field));
  if (!isGatewayTls(rook, objects)) return gatewayPeer(rook, objects, port === 0 ? 80 : port);
  // No public authority signs for a name inside the cluster.
  const isNamed = textAt(store, 'spec', 'hosting', 'advertiseEndpoint', 'dnsName') !== undefined;
  if (rook.customCa === true || isNamed) return gatewayPeer(rook, objects, securePort, securePort);
  return {
    because: `the gateway of CephObjectStore ${rook.namespace}/${rook.objectStore} answers with TLS only, and platform.rook names no authority that signed its certificate`,
    line: 'customCa: true',
  };
}

/** Whether that address is one of TLS. */
export function isGatewayTls(rook: RookPlatform, objects: ObjectIndex): boolean {
  const gateway = at(storeObject(rook, objects), 'spec', 'gateway');
  return (numberAt(gateway, 'port') ?? 0) === 0 && (numberAt(gateway, 'securePort') ?? 0) !== 0;
}

function storeObject({ namespace, objectStore: name }: RookPlatform, objects: ObjectIndex): KubeObject | undefined {
  return objects.object({ group: 'ceph.rook.io', kind: 'CephObjectStore', namespace, name })?.object;
}

/** Of its own, or as all of its cluster (rook v1.20.6, pkg/apis/ceph.rook.io/v1/object.go, IsHostNetwork). */
function isInHostNetwork(rook: RookPlatform, objects: ObjectIndex): boolean {
  const own = booleanAt(storeObject(rook, objects), 'spec', 'gateway', 'hostNetwork');
  if (own !== undefined) return own;
  return objects
    .ofKind('ceph.rook.io', 'CephCluster')
    .filter(({ object }) => object.metadata.namespace === rook.namespace)
    .map(({ object }) => at(object, 'spec', 'network'))
    .some((network) => textAt(network, 'provider') === 'host' || booleanAt(network, 'hostNetwork') === true);
}

/** What Rook puts into the Secret that it makes for the backup user (rook v1.20.6, pkg/operator/ceph/object/user.go). */
export function backupUserRemote(rook: RookPlatform): Remote {
  const secret = backupUserSecret(rook);
  return {
    endpoint: { secret, key: 'Endpoint' },
    region: 'us-east-1',
    pathStyle: true,
    accessKey: { secret, key: 'AccessKey' },
    secretKey: { secret, key: 'SecretKey' },
    ...(rook.customCa === true ? { caSecret: GATEWAY_CA } : {}),
  };
}

export function backupUserSecret({ objectStore }: RookPlatform): string {
  return `rook-ceph-object-user-${objectStore}-${BACKUP_USER}`;
}
