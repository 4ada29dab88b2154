/** A small live cluster on which every copy works; tests change one thing of it. */
import type { KubeObject } from '../../../lib/model/kube-object';
import { predict } from '../../../lib/velero/predict';
import type { Prediction, VolumePrediction } from '../../../lib/velero/prediction';

type Fields = Readonly<Record<string, unknown>>;

export const CSI: Fields = { csi: { driver: 'csi.example', volumeHandle: 'h' } };

export function object(apiVersion: string, kind: string, name: string, rest: Fields = {}): KubeObject {
  const { metadata, ...others } = rest;
  return { apiVersion, kind, metadata: { name, ...(metadata as Fields | undefined) }, ...others };
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): KubeObject {
  return object('v1', 'Namespace', name, { metadata: { labels }, status: { phase: 'Active' } });
}

interface ClaimOptions {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly phase?: 'Bound' | 'Pending' | 'Lost';
  readonly source?: Fields;
  readonly volumeMode?: string;
  /** The claim exists and its volume does not. */
  readonly withoutVolume?: boolean;
}

/** A claim that is bound, and its volume. */
export function claim(name: string, options: ClaimOptions = {}): readonly KubeObject[] {
  const { namespace: inNamespace = 'forge', labels = {}, annotations = {}, storageClass = 'fast' } = options;
  const { phase = 'Bound', source = CSI, volumeMode = 'Filesystem', withoutVolume = false } = options;
  const volumeName = `pv-${inNamespace}-${name}`;
  const size = { storage: '1Gi' };
  const isUnbound = phase === 'Pending';
  const made = object('v1', 'PersistentVolumeClaim', name, {
    metadata: { namespace: inNamespace, labels, annotations },
    spec: {
      storageClassName: storageClass,
      volumeMode,
      accessModes: ['ReadWriteOnce'],
      resources: { requests: size },
      ...(isUnbound ? {} : { volumeName }),
    },
    status: { phase },
  });
  if (isUnbound || withoutVolume) return [made];
  const volume = object('v1', 'PersistentVolume', volumeName, {
    spec: {
      capacity: size,
      accessModes: ['ReadWriteOnce'],
      storageClassName: storageClass,
      volumeMode,
      claimRef: { namespace: inNamespace, name },
      ...source,
    },
    status: { phase: 'Bound' },
  });
  return [made, volume];
}

interface PodOptions {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly phase?: string;
  readonly nodeName?: string;
  readonly container?: Fields;
}

/** A running pod that mounts claims as `v0`, `v1` … */
export function pod(name: string, claims: readonly string[], options: PodOptions = {}): KubeObject {
  const {
    namespace: inNamespace = 'forge',
    labels = {},
    annotations = {},
    phase = 'Running',
    nodeName = 'n1',
  } = options;
  const volumeMounts = claims.map((_, index) => ({ name: `v${index}`, mountPath: `/v${index}` }));
  return object('v1', 'Pod', name, {
    metadata: { namespace: inNamespace, labels, annotations },
    spec: {
      nodeName,
      volumes: claims.map((claimName, index) => ({ name: `v${index}`, persistentVolumeClaim: { claimName } })),
      containers: [options.container ?? { name: 'main', volumeMounts }],
    },
    status: { phase },
  });
}

export function policy(
  rules: readonly (readonly [conditions: Fields, action: string])[],
  rest: Fields = {},
): KubeObject {
  const volumePolicies = rules.map(([conditions, type]) => ({ conditions, action: { type } }));
  return object('v1', 'ConfigMap', 'policy', {
    metadata: { namespace: 'velero' },
    data: { 'policy.yaml': JSON.stringify({ version: 'v1', volumePolicies, ...rest }) },
  });
}

export const USES_POLICY = { resourcePolicy: { kind: 'configmap', name: 'policy' } };

export function veleroServer(...args: readonly string[]): KubeObject {
  return object('apps/v1', 'Deployment', 'velero', {
    metadata: { namespace: 'velero' },
    spec: { template: { spec: { containers: [{ name: 'velero', command: ['/velero'], args: ['server', ...args] }] } } },
    status: { replicas: 1 },
  });
}

export const NODE_AGENT = object('apps/v1', 'DaemonSet', 'node-agent', {
  metadata: { namespace: 'velero' },
  status: { numberReady: 1 },
});

export const LOCATION = object('velero.io/v1', 'BackupStorageLocation', 'default', {
  metadata: { namespace: 'velero' },
  spec: { provider: 'aws', default: true },
  status: { phase: 'Available' },
});

export const STORAGE_CLASS = object('storage.k8s.io/v1', 'StorageClass', 'fast', { provisioner: 'csi.example' });

export const SNAPSHOT_CLASS = object('snapshot.storage.k8s.io/v1', 'VolumeSnapshotClass', 'fast', {
  driver: 'csi.example',
});

/** What every cluster of the tests has. */
export const PLATFORM: readonly KubeObject[] = [
  veleroServer('--features=EnableCSI'),
  NODE_AGENT,
  LOCATION,
  STORAGE_CLASS,
  SNAPSHOT_CLASS,
];

/** With one claim that is mounted by one pod. */
export const FORGE: readonly KubeObject[] = [namespace('forge'), ...claim('data'), pod('app', ['data'])];

export function backup(spec: Fields, name = 'nightly'): KubeObject {
  return object('velero.io/v1', 'Backup', name, { metadata: { namespace: 'velero' }, spec });
}

export function schedule(template: Fields, rest: Fields = {}, name = 'nightly'): KubeObject {
  return object('velero.io/v1', 'Schedule', name, {
    metadata: { namespace: 'velero' },
    spec: { schedule: '0 3 * * *', template, ...rest },
  });
}

/** Takes the namespace `forge` and nothing else. */
export const IN_FORGE = { includedNamespaces: ['forge'] };

/** On the platform and `objects`. */
export function ask(asked: KubeObject, objects: readonly KubeObject[] = FORGE): Prediction {
  return predict({ backup: asked, objects: [...PLATFORM, ...objects] });
}

export function volumeOf({ volumes }: Prediction, name = 'data'): VolumePrediction {
  const found = volumes.find(({ claim: claimName }) => claimName === name);
  if (found === undefined) throw new Error(`no answer about the claim ${name}`);
  return found;
}

/** `yes csi-snapshot`: what most tests compare. */
export function copyOf(prediction: Prediction, name = 'data'): string {
  const { copied, method } = volumeOf(prediction, name);
  return `${copied} ${method}`;
}

/** `PersistentVolumeClaim forge/data`, of all that is in the Backup. */
export function includedIn({ objects }: Prediction): readonly string[] {
  return objects
    .filter(({ included }) => included)
    .map(({ kind, namespace: inNamespace, name }) => `${kind} ${inNamespace === null ? '' : `${inNamespace}/`}${name}`);
}
