/** The gateway of Rook's object store, as pods reach it and as the backup user logs in. */
import type { Peer } from '../../jobs/step';
import type { Remote } from '../../jobs/store';
import { BACKUP_USER } from '../../model/bucket-grant';
import { numberAt } from '../../model/kube-object';
import type { RookPlatform } from '../../model/platform';
import type { ObjectIndex } from '../method';

/** Without TLS the pods listen on another port than their Service (rook v1.20.6, pkg/operator/ceph/object/config.go). */
const PORT = 8080;

/** Of the pods of the gateway, by the port on which they listen. */
export function gatewayPods({ namespace, objectStore }: RookPlatform, port = PORT): Peer {
  return { namespace, labels: { app: 'rook-ceph-rgw', rook_object_store: objectStore }, port };
}

/** The gateway at the address that Rook tells its users: with TLS only where there is nothing without. */
export function gatewayOf(rook: RookPlatform, objects: ObjectIndex): Peer {
  const { namespace, objectStore: name } = rook;
  const store = objects.object({ group: 'ceph.rook.io', kind: 'CephObjectStore', namespace, name })?.object;
  const [port = 0, securePort = 0] = ['port', 'securePort'].map((field) => numberAt(store, 'spec', 'gateway', field));
  return gatewayPods(rook, port === 0 && securePort !== 0 ? securePort : PORT);
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
  };
}

export function backupUserSecret({ objectStore }: RookPlatform): string {
  return `rook-ceph-object-user-${objectStore}-${BACKUP_USER}`;
}
