/** Steps → the pod of a CronJob, which meets the `restricted` Pod Security level wherever its placement lets it. */
import type { JobImages } from '../model/job-images';
import type { Mapping } from '../model/kube-object';
import type { JobResources } from '../model/platform';
import { METHOD_LABEL, REASON_ANNOTATION } from '../model/marks';
import { SCRIPTS_PATH } from './scripts';
import type { EnvValue, Mount, Placement, Source, Step } from './step';

/** Space for one full copy of the dataset, and for what verifying it takes besides. */
export interface Scratch {
  /** Quantity, `40Gi`. */
  readonly size: string;
  /** The claim's class. Default: space of the node itself, which a node of the control plane always has. */
  readonly storageClass?: string;
}

export interface PodOptions {
  readonly images: JobImages;
  readonly scratch: Scratch;
  /** What the pod may take, from when its node has taken it. */
  readonly deadlineSeconds: number;
  readonly resources: JobResources;
  readonly placement: Placement;
  readonly user?: number;
  /** Further fields. */
  readonly pod?: Source['pod'];
  /** Name of the ServiceAccount whose token some steps mount. */
  readonly serviceAccount?: string;
  readonly priorityClassName?: string;
  /** Name of the ConfigMap with the scripts, if there are any. */
  readonly scripts?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Some user that is not root; all steps share it, because they share files. No image needs one of its own. */
const USER = 65532;
const ROOT = 0;

const SCRATCH_PATH = '/scratch';

/** @param steps all but the last are init containers, so that each waits for the one before. */
export function podTemplate(steps: readonly Step[], options: PodOptions): Mapping {
  const { placement, labels, priorityClassName, serviceAccount, scripts } = options;
  const user = placement.on === 'control-plane' ? ROOT : (options.user ?? USER);
  const mounts = [
    ...new Map(steps.flatMap(({ mounts: each = [] }) => each).map((mount) => [mount.path, mount])).values(),
  ];
  const containers = steps.map((step) => container(step, options, mounts));
  return {
    metadata: { labels },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: options.deadlineSeconds,
      // Most jobs talk to no API server; in others, only steps that do have a token.
      automountServiceAccountToken: false,
      ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
      enableServiceLinks: false,
      securityContext: {
        runAsUser: user,
        runAsGroup: user,
        runAsNonRoot: user !== ROOT,
        fsGroup: user,
        // What has the right group already is not walked through again.
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...(priorityClassName === undefined ? {} : { priorityClassName }),
      ...options.pod,
      ...placementFields(placement),
      ...(containers.length === 1 ? {} : { initContainers: containers.slice(0, -1) }),
      containers: containers.slice(-1),
      volumes: [
        // Mode 0555: the files are read by any user and changed by none.
        ...(scripts === undefined ? [] : [{ name: 'scripts', configMap: { name: scripts, defaultMode: 0o555 } }]),
        { name: 'scratch', ...scratchVolume(options.scratch) },
        ...mounts.map((mount, index) => ({ name: volumeName(index), ...volumeSource(mount) })),
      ],
    },
  };
}

function container(step: Step, { images, resources }: PodOptions, mounts: readonly Mount[]): Mapping {
  return {
    name: step.name,
    image: images[step.image],
    imagePullPolicy: 'IfNotPresent',
    ...(step.isServer === true ? { restartPolicy: 'Always' } : {}),
    command: commandOf(step).map(literal),
    env: Object.entries({ HOME: `${SCRATCH_PATH}/tmp`, TMPDIR: `${SCRATCH_PATH}/tmp`, ...step.env }).map(envVar),
    resources: {
      requests: { cpu: resources.cpu, memory: resources.memory },
      limits: {
        ...(resources.cpuLimit === undefined ? {} : { cpu: resources.cpuLimit }),
        memory: resources.memoryLimit,
      },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    // Scripts write their message themselves; what an image without a shell has to say is the end of its log.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      ...('script' in step.run ? [{ name: 'scripts', mountPath: SCRIPTS_PATH, readOnly: true }] : []),
      { name: 'scratch', mountPath: SCRATCH_PATH },
      ...(step.mounts ?? []).map(({ path }) => ({
        name: volumeName(mounts.findIndex((mount) => mount.path === path)),
        mountPath: path,
        readOnly: true,
      })),
    ],
  };
}

function commandOf({ run }: Step): readonly string[] {
  return 'script' in run ? ['/bin/sh', `${SCRIPTS_PATH}/${run.script}`, ...(run.args ?? [])] : run.program;
}

/** As it stands: the kubelet reads `$(NAME)` as a variable and `$$` as one `$` (Kubernetes 1.36, third_party/forked/golang/expansion). */
function literal(text: string): string {
  return text.replaceAll('$', () => '$$');
}

function envVar([name, value]: [string, EnvValue]): Mapping {
  if (typeof value === 'string') return { name, value: literal(value) };
  if ('configMap' in value) return { name, valueFrom: { configMapKeyRef: { name: value.configMap, key: value.key } } };
  const { secret, key, optional } = value;
  return {
    name,
    valueFrom: { secretKeyRef: { name: secret, key, ...(optional === undefined ? {} : { optional }) } },
  };
}

function volumeName(index: number): string {
  return `mount-${index}`;
}

function volumeSource({ volume }: Mount): Mapping {
  if ('claim' in volume) return { persistentVolumeClaim: { claimName: volume.claim, readOnly: true } };
  if ('token' in volume) return { projected: { defaultMode: 0o440, sources: TOKEN_SOURCES } };
  if ('hostPath' in volume) return { hostPath: { path: volume.hostPath, type: 'Directory' } };
  const items = Object.entries(volume.items ?? {}).map(([key, path]) => ({ key, path }));
  return {
    secret: { secretName: volume.secret, defaultMode: 0o440, ...(items.length === 0 ? {} : { items }) },
  };
}

/** As Kubernetes mounts them by itself into all containers (1.36, plugin/pkg/admission/serviceaccount). */
const TOKEN_SOURCES = [
  { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
  { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
];

function scratchVolume({ size, storageClass }: Scratch): Mapping {
  if (storageClass === undefined) return { emptyDir: { sizeLimit: size } };
  return {
    ephemeral: {
      volumeClaimTemplate: {
        metadata: {
          // It lives as long as the pod, and Velero must not copy it.
          labels: { [METHOD_LABEL]: 'excluded' },
          annotations: { [REASON_ANNOTATION]: 'Scratch space of a backup job, empty again after each run.' },
        },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: storageClass,
          resources: { requests: { storage: size } },
        },
      },
    },
  };
}

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

function placementFields(placement: Placement): Mapping {
  switch (placement.on) {
    case 'any-node':
      return {};
    case 'same-node': {
      const node = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: placement.labels } };
      const podAffinity =
        placement.preferred === true
          ? { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: node }] }
          : { requiredDuringSchedulingIgnoredDuringExecution: [node] };
      return { affinity: { podAffinity } };
    }
    case 'control-plane':
      return {
        hostNetwork: true,
        dnsPolicy: 'ClusterFirstWithHostNet',
        nodeSelector: { [CONTROL_PLANE]: '' },
        tolerations: [{ key: CONTROL_PLANE, operator: 'Exists', effect: 'NoSchedule' }],
      };
  }
}
