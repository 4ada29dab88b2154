/** What Velero reads of namespaces, claims, volumes and pods, live or yet to be. */
import {
  annotationsOf,
  isMapping,
  labelsOf,
  listAt,
  mappingAt,
  textAt,
  textMapAt,
  textsAt,
  type KubeObject,
} from '../model/kube-object';
import type { Labels } from '../model/label-selector';
import { parseQuantity } from '../model/quantity';

interface View {
  readonly name: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Whether it has a deletionTimestamp. */
  readonly isDeleting: boolean;
}

export interface NamespaceView extends View {
  readonly kind: 'Namespace';
  readonly namespace: '';
  readonly isActive: boolean;
}

export interface ClaimView extends View {
  readonly kind: 'PersistentVolumeClaim';
  readonly namespace: string;
  /** `''` for one that was never seen by a controller. A rendered claim is taken as it will be: `Bound`. */
  readonly phase: string;
  /** Why a rendered claim will not be bound, as a clause; absent where it will be, and for live ones. */
  readonly whyPending?: string;
  readonly volumeName: string;
  /** `undefined` where the field is absent, which Velero tells from `''`. */
  readonly storageClassName: string | undefined;
  readonly volumeMode: string;
  readonly accessModes: readonly string[];
}

export interface VolumeView extends View {
  readonly kind: 'PersistentVolume';
  readonly namespace: '';
  readonly capacity: number;
  readonly storageClassName: string;
  readonly claim: { readonly namespace: string; readonly name: string } | undefined;
  readonly source: VolumeSource;
}

export interface VolumeSource {
  /** Velero's name of the type: `csi`, `nfs`, `hostPath` …; `''` where it has none, `unknown` where nothing shows it. */
  readonly type: string;
  readonly csi?: { readonly driver: string; readonly attributes: Labels };
  readonly nfs?: { readonly server: string; readonly path: string };
}

export interface PodView extends View {
  readonly kind: 'Pod';
  readonly namespace: string;
  readonly nodeName: string;
  readonly phase: string;
  /** `unknown` for pods that are only rendered. */
  readonly isRunning: boolean | 'unknown';
  /** What makes it, for people: `Pod app/db-0`, or `Deployment app/web`. */
  readonly description: string;
  /** What follows the description: `is Pending`. */
  readonly state: string;
  readonly volumes: readonly PodVolumeView[];
  readonly containers: readonly string[];
  /** Names of volumes that a container (not an init container) mounts as a file system. */
  readonly mounted: ReadonlySet<string>;
  /** Names of volumes that a container uses as a block device. */
  readonly devices: ReadonlySet<string>;
}

export interface PodVolumeView {
  readonly name: string;
  /** `''` where it is not a claim. */
  readonly claim: string;
  readonly source: VolumeSource;
}

export type ItemView = NamespaceView | ClaimView | VolumeView | PodView;

/** Whether the object was read from a cluster: its API server gives a uid, and a controller may have written a status. */
export function isLive(object: KubeObject): boolean {
  return object.metadata['uid'] !== undefined || Object.keys(mappingAt(object, 'status')).length > 0;
}

export function isLiveClaim(claim: KubeObject): boolean {
  return textAt(claim, 'status', 'phase') !== undefined;
}

function baseOf(object: KubeObject): View {
  return {
    name: object.metadata.name,
    labels: labelsOf(object),
    annotations: annotationsOf(object),
    isDeleting: (object.metadata['deletionTimestamp'] ?? undefined) !== undefined,
  };
}

export function viewNamespace(object: KubeObject): NamespaceView {
  const phase = textAt(object, 'status', 'phase') ?? 'Active';
  return { ...baseOf(object), kind: 'Namespace', namespace: '', isActive: phase === 'Active' };
}

/** A namespace that is only known by what lives in it. */
export function impliedNamespace(name: string): NamespaceView {
  return { kind: 'Namespace', namespace: '', name, labels: {}, annotations: {}, isDeleting: false, isActive: true };
}

export function viewClaim(object: KubeObject): ClaimView {
  return {
    ...baseOf(object),
    kind: 'PersistentVolumeClaim',
    namespace: namespaceOf(object),
    phase: textAt(object, 'status', 'phase') ?? '',
    volumeName: textAt(object, 'spec', 'volumeName') ?? '',
    storageClassName: textAt(object, 'spec', 'storageClassName'),
    volumeMode: textAt(object, 'spec', 'volumeMode') ?? 'Filesystem',
    accessModes: textsAt(object, 'spec', 'accessModes'),
  };
}

export function viewVolume(object: KubeObject): VolumeView {
  const claim = mappingAt(object, 'spec', 'claimRef');
  const name = textAt(claim, 'name');
  return {
    ...baseOf(object),
    kind: 'PersistentVolume',
    namespace: '',
    capacity: parseQuantity(mappingAt(object, 'spec', 'capacity')['storage'])?.bytes ?? 0,
    storageClassName: textAt(object, 'spec', 'storageClassName') ?? '',
    claim: name === undefined ? undefined : { namespace: textAt(claim, 'namespace') ?? '', name },
    source: sourceOf(mappingAt(object, 'spec'), VOLUME_TYPES),
  };
}

/** @param template where the labels and the spec of the pod are, for a pod that has yet to be made. */
export function viewPod(object: KubeObject): PodView {
  const phase = textAt(object, 'status', 'phase') ?? '';
  const nodeName = textAt(object, 'spec', 'nodeName') ?? '';
  const base = baseOf(object);
  const isRendered = phase === '';
  const state = isRendered ? 'is not running' : `is ${phase}`;
  return {
    ...base,
    ...podParts(mappingAt(object, 'spec')),
    kind: 'Pod',
    namespace: namespaceOf(object),
    nodeName,
    phase,
    // pkg/util/kube/pod.go IsPodRunning
    isRunning: isRendered ? 'unknown' : nodeName !== '' && phase === 'Running' && !base.isDeleting,
    description: `Pod ${namespaceOf(object)}/${object.metadata.name}`,
    state: base.isDeleting ? `${state} and being deleted` : state,
  };
}

/** What does not depend on whether the pod exists. */
export function podParts(spec: unknown): Pick<PodView, 'volumes' | 'containers' | 'mounted' | 'devices'> {
  const containers = listAt(spec, 'containers');
  const names = (field: string): ReadonlySet<string> =>
    new Set(containers.flatMap((container) => listAt(container, field).map((mount) => textAt(mount, 'name') ?? '')));
  return {
    volumes: listAt(spec, 'volumes').map((volume) => ({
      name: textAt(volume, 'name') ?? '',
      claim: textAt(volume, 'persistentVolumeClaim', 'claimName') ?? '',
      source: sourceOf(volume, POD_VOLUME_TYPES),
    })),
    containers: containers.map((container) => textAt(container, 'name') ?? ''),
    mounted: names('volumeMounts'),
    devices: names('volumeDevices'),
  };
}

export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? 'default';
}

/** Fields of `spec` in the order in which Velero asks for them (internal/resourcepolicies/volume_types_conditions.go). */
const VOLUME_TYPES = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flocker',
  'flexVolume',
  'gcePersistentDisk',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
];

const POD_VOLUME_TYPES = [
  ...VOLUME_TYPES.filter((type) => type !== 'local'),
  'gitRepo',
  'secret',
  'downwardAPI',
  'configMap',
  'projected',
  'ephemeral',
  'emptyDir',
];

/** The API writes one word otherwise than Velero's policies. */
const POLICY_NAMES: Readonly<Record<string, string>> = { storageos: 'storageOS' };

function sourceOf(spec: unknown, types: readonly string[]): VolumeSource {
  const sources = mappingAt(spec);
  const type = types.find((field) => isMapping(sources[field])) ?? '';
  const csi = mappingAt(spec, 'csi');
  const nfs = mappingAt(spec, 'nfs');
  return {
    type: POLICY_NAMES[type] ?? type,
    ...(Object.keys(csi).length === 0
      ? {}
      : { csi: { driver: textAt(csi, 'driver') ?? '', attributes: textMapAt(csi, 'volumeAttributes') } }),
    ...(Object.keys(nfs).length === 0
      ? {}
      : { nfs: { server: textAt(nfs, 'server') ?? '', path: textAt(nfs, 'path') ?? '' } }),
  };
}
