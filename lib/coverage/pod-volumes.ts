/** The closed table of pod volume sources: which hold data of their own, and which only show what is elsewhere. */
import { posix } from 'node:path';
import { at, booleanAt, isMapping, listAt, textAt, type Mapping } from '../model/kube-object';
import { ownKind, type OwnKinds } from '../model/kinds';

/** What one volume of a pod template is. */
export type PodVolume =
  | { readonly type: 'claim'; readonly name: string; readonly claim: string }
  | { readonly type: 'data'; readonly name: string; readonly where: string }
  | { readonly type: 'unlisted'; readonly name: string; readonly source: string };

/** Gone with the pod, or a view of objects. */
const NO_DATA = new Set([
  'emptyDir',
  'configMap',
  'secret',
  'downwardAPI',
  'projected',
  'ephemeral',
  'image',
  'gitRepo',
]);

/** File systems of other machines, with the field that tells people which one. */
const NETWORK: Readonly<Record<string, string>> = {
  nfs: 'path',
  cephfs: 'path',
  rbd: 'image',
  iscsi: 'iqn',
  fc: 'lun',
  glusterfs: 'path',
  awsElasticBlockStore: 'volumeID',
  gcePersistentDisk: 'pdName',
  azureDisk: 'diskName',
  azureFile: 'shareName',
  cinder: 'volumeID',
  vsphereVolume: 'volumePath',
  portworxVolume: 'volumeID',
  photonPersistentDisk: 'pdID',
  flexVolume: 'driver',
  flocker: 'datasetName',
  quobyte: 'volume',
  scaleIO: 'volumeName',
  storageos: 'volumeName',
};

/** CSI drivers whose inline volumes only show keys and certificates. */
const NO_DATA_DRIVERS = new Set([
  'secrets-store.csi.k8s.io',
  'csi.cert-manager.io',
  'spiffe.csi.cert-manager.io',
  'csi.spiffe.io',
]);

/**
 * Paths of a node: `system` ones are made again with it, with everything below them, unless a path below says otherwise;
 * of `itself` that is only known of the path alone. After the Filesystem Hierarchy Standard 3.0, where nothing else is said.
 */
const PATHS: Readonly<Record<string, 'system' | 'itself' | 'data'>> = {
  '/boot': 'system',
  // What is below it is told apart by DEVICE.
  '/dev': 'itself',
  '/etc/ca-certificates': 'system',
  '/etc/cni': 'system',
  '/etc/hostname': 'system',
  '/etc/hosts': 'system',
  '/etc/localtime': 'system',
  '/etc/machine-id': 'system',
  '/etc/os-release': 'system',
  '/etc/resolv.conf': 'system',
  '/etc/ssl': 'system',
  '/lib/modules': 'system',
  '/opt/cni': 'system',
  '/proc': 'system',
  '/run': 'system',
  // Disks that somebody plugged in (udisks2, udisks(8)).
  '/run/media': 'data',
  '/sys': 'system',
  // Not every distribution clears it, and a folder in it was made for something.
  '/tmp': 'itself',
  '/tmp/.X11-unix': 'system',
  '/usr': 'system',
  // The administrator's own.
  '/usr/local': 'data',
  '/usr/local/bin': 'system',
  '/usr/local/lib': 'system',
  '/usr/local/nvidia': 'system',
  '/usr/local/sbin': 'system',
  '/usr/local/share/ca-certificates': 'system',
  '/var/cache': 'system',
  '/var/lib/cni': 'system',
  '/var/lib/containerd': 'system',
  '/var/lib/containers': 'system',
  // Named volumes of Podman (containers.conf(5), volume_path) and of Docker (docs.docker.com, Volumes).
  '/var/lib/containers/storage/volumes': 'data',
  '/var/lib/docker': 'system',
  '/var/lib/docker/volumes': 'data',
  '/var/lib/kubelet': 'system',
  '/var/log': 'system',
  // The former name of /run.
  '/var/run': 'system',
  '/var/run/media': 'data',
};

/** Devices that keep nothing (Linux v6.12, Documentation/admin-guide/devices.txt); disks and logical volumes do. */
const DEVICE =
  /^\/dev\/(bus|char|cpu|dri|dvb|full|fuse|hugepages|infiniband|input|kfd|kmsg|kvm|log|mqueue|net|null|nvidia[\w-]*|ppp|pts|ptmx|random|rtc\d*|serial|shm|snd|tty\w*|uinput|urandom|usb\w*|vfio|vhost-net|video\d+|watchdog\d*|zero)(\/|$)/;

/**
 * The volumes of a pod template that matter: claims, and data that no claim stands for. A volume that every container
 * mounts read-only is somebody else's data; whoever writes it answers for it.
 */
export function podVolumes(template: unknown, own: OwnKinds): readonly PodVolume[] {
  const spec = at(template, 'spec');
  const writable = writableVolumes(spec);
  return listAt(spec, 'volumes').flatMap((volume): readonly PodVolume[] => {
    const name = textAt(volume, 'name') ?? '';
    return isMapping(volume) ? classify(name, volume, writable.has(name), own) : [];
  });
}

function classify(name: string, volume: Mapping, writable: boolean, own: OwnKinds): readonly PodVolume[] {
  // A field without a value is one that is not there.
  const source = Object.keys(volume).find((field) => field !== 'name' && volume[field] !== null);
  // Kubernetes takes a volume without a source for an emptyDir.
  if (source === undefined || NO_DATA.has(source)) return [];
  if (source === 'persistentVolumeClaim') {
    const claim = textAt(volume, source, 'claimName');
    return claim === undefined ? [] : [{ type: 'claim', name, claim }];
  }
  if (source === 'hostPath') {
    const path = textAt(volume, source, 'path') ?? '';
    return writable && !isSystemPath(path) ? [{ type: 'data', name, where: `path ${path} of a node` }] : [];
  }
  const field = NETWORK[source];
  if (field !== undefined) {
    const readOnly = booleanAt(volume, source, 'readOnly') === true;
    const what = textAt(volume, source, field);
    const where = what === undefined ? source : `${source} ${what}`;
    return writable && !readOnly ? [{ type: 'data', name, where }] : [];
  }
  if (source === 'csi') {
    const driver = textAt(volume, source, 'driver') ?? '';
    return NO_DATA_DRIVERS.has(driver) ? [] : unlisted(name, `csi/${driver}`, own);
  }
  return unlisted(name, `volume/${source}`, own);
}

function unlisted(name: string, source: string, own: OwnKinds): readonly PodVolume[] {
  return ownKind(source, own) === 'no data' ? [] : [{ type: 'unlisted', name, source }];
}

function writableVolumes(spec: unknown): ReadonlySet<string> {
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((field) => listAt(spec, field));
  const mounts = containers.flatMap((container) => listAt(container, 'volumeMounts'));
  const devices = containers.flatMap((container) => listAt(container, 'volumeDevices'));
  const names = [
    ...mounts.filter((mount) => booleanAt(mount, 'readOnly') !== true).map((mount) => textAt(mount, 'name')),
    ...devices.map((device) => textAt(device, 'name')),
  ];
  return new Set(names.filter((name) => name !== undefined));
}

function isSystemPath(path: string): boolean {
  // Kubernetes refuses a path with `..`, so that it need not be followed.
  if (path.includes('..')) return false;
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  if (clean.startsWith('/dev/')) return DEVICE.test(clean);
  for (let place = clean; place !== '/' && place !== '.'; place = posix.dirname(place)) {
    const listed = PATHS[place];
    if (listed !== undefined) return listed === 'system' || (listed === 'itself' && place === clean);
  }
  return false;
}
