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

/** The gateway at the address that Rook tells its users: with TLS where it has a certificate. */
export function gatewayOf(rook: RookPlatform, objects: ObjectIndex): Peer | Unsaid {
  const { port, podPort, isTls, isNamed } = addressOf(rook, objects);
  // No public authority signs for a name inside the cluster.
  if (!isTls || rook.customCa === true || isNamed) return gatewayPeer(rook, objects, port, podPort);
  return {
    because: `the gateway of CephObjectStore ${rook.namespace}/${rook.objectStore} answers with TLS, and platform.rook names no authority that signed its certificate`,
    line: 'customCa: true',
  };
}

/** Whether that address is one of TLS. */
export function isGatewayTls(rook: RookPlatform, objects: ObjectIndex): boolean {
  return addressOf(rook, objects).isTls;
}

interface Address {
  readonly port: number;
  readonly podPort: number;
  readonly isTls: boolean;
  /** Not by the name of its Service. */
  readonly isNamed: boolean;
}

/** As Rook finds it (rook v1.20.6, pkg/apis/ceph.rook.io/v1/object.go, GetAdvertiseEndpoint). */
function addressOf(rook: RookPlatform, objects: ObjectIndex): Address {
  const spec = at(storeObject(rook, objects), 'spec');
  const gateway = at(spec, 'gateway');
  const [port = 0, securePort = 0] = ['port', 'securePort'].map((field) => numberAt(gateway, field));
  const certificate = textAt(gateway, 'sslCertificateRef') ?? textAt(gateway, 'service', 'annotations', SERVING_CERT);
  const isTls = securePort !== 0 && ((certificate ?? '') !== '' || port === 0);
  const podPort = isTls ? securePort : PORT;
  const told = at(spec, 'hosting', 'advertiseEndpoint');
  const toldPort = numberAt(told, 'port') ?? 0;
  if (textAt(told, 'dnsName') !== undefined && toldPort !== 0)
    return { port: toldPort, podPort, isTls: booleanAt(told, 'useTls') === true, isNamed: true };
  const servicePort = isTls ? securePort : port;
  return { port: servicePort === 0 ? 80 : servicePort, podPort, isTls, isNamed: false };
}

/** Where OpenShift makes the certificate of a Service. */
const SERVING_CERT = 'service.beta.openshift.io/serving-cert-secret-name';

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
