/**
 * The closed table of kinds: which objects hold data, which hold none, and which make others at run time.
 *
 * The gate starts from all data and demands an answer, so a kind that is not in here is a finding and never silence.
 * Adding a kind of data means one row in {@link DATA_KINDS}.
 */
import {
  bucketFacts,
  claimFacts,
  claimTemplateFacts,
  persistentVolumeFacts,
  prometheusOperatorFacts,
  prometheusOperatorLabels,
  storageFacts,
  type DataFacts,
} from './kind-facts';
import { at, type KubeObject } from './kube-object';
import { OPAQUE_KINDS } from './opaque-kinds';
import type { Elsewhere, Scheduled, Strategy, StrategyType } from './strategy';
import { hasPodTemplate, type OPERATOR_WORKLOADS, type WORKLOADS } from './workloads';

/** How copies are made; one module each under `lib/methods`. */
export type MethodName = 'velero' | 'cnpg' | 'jobs' | 'ceph';

/** The strategies that fit, and what carries each out: `undefined` where nothing does yet, and the gate says so. */
export type Methods = { readonly [S in Exclude<StrategyType, 'elsewhere'>]?: MethodName | undefined };

interface DataKindRow {
  /** The key that a reference uses: `{ claim: 'data' }`. */
  readonly ref: string;
  /** The second key of a reference, where one object holds several datasets: `{ statefulSet: 'loki', template: 'storage' }`. */
  readonly part?: 'template' | 'volume';
  readonly group: string;
  readonly kind: string;
  /** Older API groups of the same kind. */
  readonly formerGroups?: readonly string[];
  /** What can copy it. `elsewhere` and an exclusion fit every kind. */
  readonly strategies: Methods;
  /**
   * What one object says of its data: size, class, and the claims that hold it, by name and by the labels that they will
   * carry. What Velero is to copy has to list its claims; what has a method of its own need not.
   */
  readonly facts: (object: KubeObject) => readonly DataFacts[];
  /**
   * Labels by which the claims are known that its operator makes, however many; a claim carries all labels of one of the
   * sets. Velero takes them with the claims of `facts`; those of a kind that something else copies it skips, because a
   * file copy of a running database is not how it is backed up.
   */
  readonly operatorClaims?: (object: KubeObject) => readonly Readonly<Record<string, string>>[];
}

export const DATA_KINDS = [
  {
    ref: 'claim',
    group: '',
    kind: 'PersistentVolumeClaim',
    strategies: { scheduled: 'velero', snapshotted: 'velero' },
    facts: claimFacts,
  },
  { ref: 'persistentVolume', group: '', kind: 'PersistentVolume', strategies: {}, facts: persistentVolumeFacts },
  {
    ref: 'statefulSet',
    part: 'template',
    group: 'apps',
    kind: 'StatefulSet',
    strategies: { scheduled: 'velero', snapshotted: 'velero' },
    facts: claimTemplateFacts,
  },
  {
    ref: 'postgres',
    group: 'postgresql.cnpg.io',
    kind: 'Cluster',
    strategies: { continuous: 'cnpg', scheduled: 'jobs' },
    facts: (object) => [storageFacts(at(object, 'spec', 'storage'))],
    // cloudnative-pg v1.30.0, docs/src/labels_annotations.md. By role and not by cluster, so that a cluster which is
    // made by hand is not copied as files either.
    operatorClaims: () => ['PG_DATA', 'PG_WAL', 'PG_TABLESPACE'].map((role) => ({ 'cnpg.io/pvcRole': role })),
  },
  {
    ref: 'bucket',
    group: 'objectbucket.io',
    kind: 'ObjectBucketClaim',
    strategies: { mirrored: 'ceph' },
    facts: bucketFacts,
  },
  {
    ref: 'openSearch',
    group: 'opensearch.org',
    kind: 'OpenSearchCluster',
    formerGroups: ['opensearch.opster.io'],
    strategies: { scheduled: undefined },
    facts: () => [{ claims: [] }],
    // opensearch-k8s-operator 3.0.2, pkg/helpers/constants.go; the second one is what releases before 3 set.
    operatorClaims: (object) => [
      { 'opensearch.org/opensearch-cluster': object.metadata.name },
      { 'opster.io/opensearch-cluster': object.metadata.name },
    ],
  },
  {
    ref: 'prometheus',
    group: 'monitoring.coreos.com',
    kind: 'Prometheus',
    strategies: { scheduled: 'velero', snapshotted: 'velero' },
    facts: (object) => prometheusOperatorFacts(object, 'prometheus'),
    operatorClaims: (object) => [prometheusOperatorLabels(object, 'prometheus')],
  },
  {
    ref: 'alertmanager',
    group: 'monitoring.coreos.com',
    kind: 'Alertmanager',
    strategies: { scheduled: 'velero', snapshotted: 'velero' },
    facts: (object) => prometheusOperatorFacts(object, 'alertmanager'),
    operatorClaims: (object) => [prometheusOperatorLabels(object, 'alertmanager')],
  },
  {
    ref: 'thanosRuler',
    group: 'monitoring.coreos.com',
    kind: 'ThanosRuler',
    strategies: { scheduled: 'velero', snapshotted: 'velero' },
    facts: (object) => prometheusOperatorFacts(object, 'thanos-ruler'),
    operatorClaims: (object) => [prometheusOperatorLabels(object, 'thanos-ruler')],
  },
] as const satisfies readonly DataKindRow[];

/** Data that no object shows, and what can copy it. */
export const CLUSTER_DATA = {
  etcd: { strategies: { scheduled: 'jobs' } },
  fluxRepository: { strategies: { mirrored: undefined } },
  certificates: { strategies: { scheduled: undefined } },
  keys: { strategies: {} },
} as const satisfies Readonly<Record<string, { strategies: Methods }>>;

/** Kinds that hold no data, by API group. `*` stands for all kinds of a group that only configures. */
const NO_DATA: Readonly<Record<string, readonly string[]>> = {
  '': [
    'Binding',
    'ComponentStatus',
    'ConfigMap',
    'Endpoints',
    'Event',
    'LimitRange',
    'Namespace',
    'Node',
    'PodTemplate',
    'ResourceQuota',
    // A Secret is data of the recovery path: the answers for certificates and keys stand for all of them.
    'Secret',
    'Service',
    'ServiceAccount',
  ],
  apps: ['ControllerRevision'],
  'admissionregistration.k8s.io': ['*'],
  'apiextensions.k8s.io': ['*'],
  'apiregistration.k8s.io': ['*'],
  autoscaling: ['*'],
  'certificates.k8s.io': ['*'],
  'coordination.k8s.io': ['*'],
  'discovery.k8s.io': ['*'],
  'events.k8s.io': ['*'],
  // Gone with Kubernetes 1.22; its kinds live on in other groups.
  extensions: ['DaemonSet', 'Deployment', 'Ingress', 'NetworkPolicy', 'ReplicaSet'],
  'flowcontrol.apiserver.k8s.io': ['*'],
  'networking.k8s.io': ['*'],
  'node.k8s.io': ['*'],
  policy: ['*'],
  'rbac.authorization.k8s.io': ['*'],
  'resource.k8s.io': ['*'],
  'scheduling.k8s.io': ['*'],
  'storage.k8s.io': ['*'],
  'gateway.networking.k8s.io': ['*'],
  'snapshot.storage.k8s.io': ['*'],
  'groupsnapshot.storage.k8s.io': ['*'],
  'kustomize.config.k8s.io': ['*'],
  'velero.io': ['*'],
  'postgresql.cnpg.io': [
    'Backup',
    'ScheduledBackup',
    'ImageCatalog',
    'ClusterImageCatalog',
    'Database',
    'Publication',
    'Subscription',
    'FailoverQuorum',
  ],
  'barmancloud.cnpg.io': ['*'],
  'objectbucket.io': ['ObjectBucket'],
  // Ceph holds what the claims and buckets on it hold, and those are asked for one by one. Only the
  // gateway knows the buckets that nobody claimed.
  'ceph.rook.io': ['*'],
  'csi.ceph.io': ['*'],
  'opensearch.org': [
    'OpensearchActionGroup',
    'OpensearchComponentTemplate',
    'OpensearchIndexTemplate',
    'OpenSearchISMPolicy',
    'OpensearchRole',
    'OpensearchSnapshotPolicy',
    'OpensearchTenant',
    'OpensearchUser',
    'OpensearchUserRoleBinding',
  ],
  'monitoring.coreos.com': [
    'AlertmanagerConfig',
    'PodMonitor',
    'Probe',
    'PrometheusRule',
    'ScrapeConfig',
    'ServiceMonitor',
  ],
  'cert-manager.io': ['*'],
  'acme.cert-manager.io': ['*'],
  'source.toolkit.fluxcd.io': ['*'],
  'notification.toolkit.fluxcd.io': ['*'],
  'image.toolkit.fluxcd.io': ['*'],
  'source.extensions.fluxcd.io': ['*'],
  'argoproj.io': ['AppProject'],
  'external-secrets.io': ['*'],
  'bitnami.com': ['SealedSecret'],
  'traefik.io': ['*'],
  'metallb.io': ['*'],
  'cilium.io': ['*'],
  'k8s.cni.cncf.io': ['*'],
};

type DataKindOf = (typeof DATA_KINDS)[number];
type WorkloadOf = (typeof WORKLOADS | typeof OPERATOR_WORKLOADS)[number];
type RefKeys<Row> = Row extends { readonly ref: infer Ref extends string; readonly part: infer Part extends string }
  ? { readonly [K in Ref | Part]: string }
  : Row extends { readonly ref: infer Ref extends string }
    ? { readonly [K in Ref]: string }
    : never;
type InNamespace = { readonly namespace?: string };

/**
 * Names a claim, a claim template, a database, a bucket …: `{ claim: 'data' }`, `{ statefulSet: 'loki', template: 'storage' }`.
 * `namespace` is the chart's unless it is given. docs/kinds.md lists the keys.
 */
export type DataRef = RefKeys<DataKindOf> & InNamespace;
/** Names a volume of a pod template that is not a claim, such as a path on a node: `{ deployment: 'jellyfin', volume: 'media' }`. */
export type PodVolumeRef = {
  [Row in WorkloadOf as Row['ref']]: { readonly [K in Row['ref'] | 'volume']: string };
}[WorkloadOf['ref']] &
  InNamespace;
/**
 * Names an object that makes others: `{ helmRelease: 'registry' }`, or `{ kind: 'example.com/Store', name: 'registry' }`
 * for a kind that the app's `kinds` calls opaque.
 */
export type OpaqueRef = (RefKeys<(typeof OPAQUE_KINDS)[number]> | OwnOpaqueRef) & InNamespace;
interface OwnOpaqueRef {
  /** API group and kind, as in `kinds`. */
  readonly kind: `${string}/${string}`;
  readonly name: string;
}
/** Names data that an object brings: what `backUp` and `exclude` answer for. */
export type DatasetRef = DataRef | PodVolumeRef;

/** The strategies that fit what a reference names; an exclusion, which fits everything, is said with `exclude`. */
export type StrategyFor<Ref> = Ref extends { readonly volume: string } ? Elsewhere : StrategyOfRow<DataKindOf, Ref>;
type StrategyOfRow<Row, Ref> = Row extends unknown ? (Ref extends RefKeys<Row> ? Fitting<Row> : never) : never;
/** The strategies that fit volumes, whatever the volume is for. */
export type VolumeStrategy = StrategyFor<{ readonly claim: string }>;
/** The strategies that fit a database; dumps are declared with its construct, which knows how to log in. */
export type PostgresStrategy = StrategyFor<{ readonly postgres: string }> | Scheduled;
/** The strategies that fit buckets. */
export type BucketStrategy = StrategyFor<{ readonly bucket: string }>;
/** The strategies that fit data which no object shows, by the property that asks for it: `etcd`, `keys` … */
export type ClusterStrategy<K extends keyof typeof CLUSTER_DATA> = Fitting<(typeof CLUSTER_DATA)[K]>;
/** What jobs carry out only a construct can declare, because a strategy alone does not say how. */
type Fitting<Row> = Row extends { readonly strategies: infer Fits }
  ? | Extract<Strategy, { readonly type: { [S in keyof Fits]: Fits[S] extends 'jobs' ? never : S }[keyof Fits] }>
    | Elsewhere
  : never;

/**
 * One strategy, or a list of several: a dataset may have copies on different schedules at different places. All of them
 * share one plan.
 */
export type OneOrMore<T> = T | readonly [T, ...T[]];

/** What an object of a kind is to the gate. */
export type KindRole =
  | {
      readonly role: 'data';
      readonly rows: readonly DataKindRow[];
      /** Whether the claims stay when the object is deleted, as those of a StatefulSet do. */
      readonly leavesClaims: boolean;
    }
  | { readonly role: 'workload' }
  | { readonly role: 'opaque' }
  | { readonly role: 'no data' }
  | { readonly role: 'unlisted' };

/**
 * What the tables of this library leave open, as the user's own code knows it. Where a table says something, it wins.
 *
 * @example
 * const kinds: OwnKinds = {
 *   'example.com/Widget': 'no data', // a kind, by API group; '/Widget' in the core group
 *   'example.com/Store': 'opaque', // its operator makes volumes, which holds() answers for
 *   'csi/csi.example.com': 'no data', // the inline volumes of a CSI driver
 *   'volume/example': 'no data', // another source of pod volumes
 * };
 */
export interface OwnKinds {
  /** A source of pod volumes, by its name in a volume: `volume/example`. */
  readonly [volumeSource: `volume/${string}`]: 'no data';
  /** The inline volumes of a CSI driver, by the driver's name. */
  readonly [inlineVolume: `csi/${string}`]: 'no data';
  /** A kind, by API group; `/Widget` in the core group. */
  readonly [kind: `${string}/${string}`]: 'no data' | 'opaque';
}

/** @param key of any of the three forms. */
export function ownKind(key: string, own: OwnKinds): string | undefined {
  const kinds: Readonly<Record<string, string>> = { ...own };
  return Object.hasOwn(kinds, key) ? kinds[key] : undefined;
}

const ROWS: readonly DataKindRow[] = DATA_KINDS;

/** @param own for kinds that are in no table. */
export function roleOf(group: string, kind: string, own: OwnKinds = {}): KindRole {
  const key = `${group}/${kind}`;
  const listed = roles.get(key) ?? listedRole(group, kind);
  roles.set(key, listed);
  if (listed.role !== 'unlisted') return listed;
  const mine = ownKind(key, own);
  // Code without types may say anything; what is neither stays unlisted.
  return { role: mine === 'no data' || mine === 'opaque' ? mine : 'unlisted' };
}

/** A repository has few different kinds, and asks about them often. */
const roles = new Map<string, KindRole>();

function listedRole(group: string, kind: string): KindRole {
  const rows = ROWS.filter(
    (row) => row.kind === kind && (row.group === group || (row.formerGroups ?? []).includes(group)),
  );
  if (rows.length > 0) return { role: 'data', rows, leavesClaims: rows.every(({ part }) => part === 'template') };
  if (hasPodTemplate(group, kind)) return { role: 'workload' };
  if (OPAQUE_KINDS.some((row) => row.kind === kind && row.group === group)) return { role: 'opaque' };
  const silent = Object.hasOwn(NO_DATA, group) ? (NO_DATA[group] ?? []) : [];
  return { role: silent.includes('*') || silent.includes(kind) ? 'no data' : 'unlisted' };
}

/** Whether a strategy can copy what a reference of this key names; types say the same at compile time. */
export function strategyFits(ref: string, strategy: StrategyType): boolean {
  return strategy === 'elsewhere' || Object.hasOwn(methodsOf(ref), strategy);
}

/** What carries out the strategies that fit what a reference of this key names. */
export function methodsOf(ref: string): Methods {
  const clusterData: Readonly<Record<string, { readonly strategies: Methods }>> = CLUSTER_DATA;
  const row = clusterData[ref] ?? ROWS.find((candidate) => candidate.ref === ref);
  return row?.strategies ?? {};
}
