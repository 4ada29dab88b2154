/** Objects that make pods, and where their pod templates are: some of the volumes in those hold data of their own. */
import {
  at,
  booleanAt,
  groupOf,
  isMapping,
  listAt,
  mappingAt,
  textAt,
  textMapAt,
  type KubeObject,
} from './kube-object';
import { carries } from './label-selector';

/** What Kubernetes itself makes pods of. */
export const WORKLOADS = [
  { ref: 'deployment', group: 'apps', kind: 'Deployment', template: ['spec', 'template'] },
  { ref: 'statefulSet', group: 'apps', kind: 'StatefulSet', template: ['spec', 'template'] },
  { ref: 'daemonSet', group: 'apps', kind: 'DaemonSet', template: ['spec', 'template'] },
  { ref: 'replicaSet', group: 'apps', kind: 'ReplicaSet', template: ['spec', 'template'] },
  { ref: 'replicationController', group: '', kind: 'ReplicationController', template: ['spec', 'template'] },
  { ref: 'job', group: 'batch', kind: 'Job', template: ['spec', 'template'] },
  { ref: 'cronJob', group: 'batch', kind: 'CronJob', template: ['spec', 'jobTemplate', 'spec', 'template'] },
  { ref: 'pod', group: '', kind: 'Pod', template: [] },
] as const;

/** Custom resources that name volumes for the pods that their operators make, and a template that has them. */
export const OPERATOR_WORKLOADS = [
  {
    ref: 'pooler',
    group: 'postgresql.cnpg.io',
    kind: 'Pooler',
    template: (object: KubeObject) => at(object, 'spec', 'template'),
  },
  { ref: 'openSearch', group: 'opensearch.org', kind: 'OpenSearchCluster', template: openSearchPods },
  { ref: 'openSearch', group: 'opensearch.opster.io', kind: 'OpenSearchCluster', template: openSearchPods },
  { ref: 'prometheus', group: 'monitoring.coreos.com', kind: 'Prometheus', template: monitoringPods },
  // Sends everything on; its own storage only buffers what the far side has not taken yet.
  { ref: 'prometheusAgent', group: 'monitoring.coreos.com', kind: 'PrometheusAgent', template: monitoringPods },
  { ref: 'alertmanager', group: 'monitoring.coreos.com', kind: 'Alertmanager', template: monitoringPods },
  { ref: 'thanosRuler', group: 'monitoring.coreos.com', kind: 'ThanosRuler', template: monitoringPods },
] as const;

function byKind<Row extends { readonly group: string; readonly kind: string }>(
  rows: readonly Row[],
): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [`${row.group}/${row.kind}`, row]));
}

const WORKLOADS_BY_KIND = byKind<(typeof WORKLOADS)[number]>(WORKLOADS);
const OPERATOR_WORKLOADS_BY_KIND = byKind<(typeof OPERATOR_WORKLOADS)[number]>(OPERATOR_WORKLOADS);

/** Whether Kubernetes makes pods of an object; a Pod is one itself. */
export function isWorkload(object: KubeObject): boolean {
  return object.kind !== 'Pod' && WORKLOADS_BY_KIND.has(keyOf(object));
}

/** Whether an object makes pods in a namespace that carry labels. */
export function makesPods(
  object: KubeObject,
  namespace: string | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (!isWorkload(object) || object.metadata.namespace !== namespace) return false;
  return carries(podLabels(object), labels);
}

/** The labels of the pods that an object makes; its own if it is one. */
export function podLabels(object: KubeObject): Readonly<Record<string, string>> {
  return textMapAt(podTemplateOf(object), 'metadata', 'labels');
}

/**
 * Whether pods of an object may carry labels that a Service asks for: some are not in the template, because Kubernetes and
 * tools in the pods add them (`statefulset.kubernetes.io/pod-name`, `role` by Patroni).
 */
export function podsMayCarry(object: KubeObject, wanted: Readonly<Record<string, string>>): boolean {
  const own = podLabels(object);
  const known = Object.entries(wanted).filter(([key]) => own[key] !== undefined);
  if (known.some(([key, value]) => own[key] !== value)) return false;
  const pod = wanted['statefulset.kubernetes.io/pod-name'];
  if (pod === undefined) return known.length > 0;
  return object.kind === 'StatefulSet' && /^(.+)-\d+$/.exec(pod)?.[1] === object.metadata.name;
}

/** Whether an object makes pods that stay, or is one: those of a Job end, and serve nothing. */
export function makesServers(object: KubeObject): boolean {
  return WORKLOADS_BY_KIND.has(keyOf(object)) && groupOf(object.apiVersion) !== 'batch';
}

/** Whether the pods of an object that runs all the time mount a claim, also one that a StatefulSet makes for them. */
export function mountsClaim(object: KubeObject, namespace: string | undefined, claim: string): boolean {
  if (!isWorkload(object) || groupOf(object.apiVersion) === 'batch' || object.metadata.namespace !== namespace)
    return false;
  return volumesOfClaim(object, claim).length > 0;
}

/** What the pods of an object call a claim, also one that a StatefulSet makes for them. */
export function volumesOfClaim(object: KubeObject, claim: string): readonly string[] {
  const named = listAt(podTemplateOf(object), 'spec', 'volumes')
    .filter((volume) => textAt(volume, 'persistentVolumeClaim', 'claimName') === claim)
    .flatMap((volume) => textAt(volume, 'name') ?? []);
  const template = claimTemplateOf(object, claim);
  return template === undefined ? named : [template, ...named];
}

/** The same without those that the pods only read. */
export function writableVolumesOfClaim(object: KubeObject, claim: string): readonly string[] {
  const volumes = listAt(podTemplateOf(object), 'spec', 'volumes');
  const readOnly = new Set(
    volumes
      .filter((volume) => booleanAt(volume, 'persistentVolumeClaim', 'readOnly') === true)
      .map((volume) => textAt(volume, 'name')),
  );
  return volumesOfClaim(object, claim).filter((name) => !readOnly.has(name));
}

/** Where a container mounts one of some volumes so that it may write to it. */
export function writableMounts(container: unknown, volumes: readonly string[]): readonly unknown[] {
  return listAt(container, 'volumeMounts').filter(
    (mount) => booleanAt(mount, 'readOnly') !== true && volumes.includes(textAt(mount, 'name') ?? ''),
  );
}

/** Name of the claim template of a StatefulSet that a claim is made from. */
export function claimTemplateOf(object: KubeObject, claim: string): string | undefined {
  const [, prefix] = /^(.+)-\d+$/.exec(claim) ?? [];
  return listAt(object, 'spec', 'volumeClaimTemplates')
    .map((template) => textAt(template, 'metadata', 'name'))
    .find((name) => `${name}-${object.metadata.name}` === prefix);
}

/** Labels by which the maker of pods tells them from others. */
export function tellingLabels(object: KubeObject): Readonly<Record<string, string>> {
  const own = podLabels(object);
  const selected = textMapAt(object, 'spec', 'selector', 'matchLabels');
  return Object.keys(selected).length > 0 && carries(own, selected) ? selected : own;
}

/** Whether {@link podTemplateOf} looks into objects of a kind. */
export function hasPodTemplate(group: string, kind: string): boolean {
  const key = `${group}/${kind}`;
  return WORKLOADS_BY_KIND.has(key) || OPERATOR_WORKLOADS_BY_KIND.has(key);
}

/** Where the template of an object is that Kubernetes itself makes pods of. */
export function templatePathOf(object: KubeObject): readonly string[] | undefined {
  return WORKLOADS_BY_KIND.get(keyOf(object))?.template;
}

/** The template of the pods that an object makes: a mapping with `metadata` and `spec`. */
export function podTemplateOf(object: KubeObject): unknown {
  const path = templatePathOf(object);
  const template =
    path === undefined ? OPERATOR_WORKLOADS_BY_KIND.get(keyOf(object))?.template(object) : at(object, ...path);
  return isMapping(template) ? template : undefined;
}

/** The containers of the pods that an object makes, those that run first among them. */
export function podContainers(object: KubeObject): readonly unknown[] {
  return ['initContainers', 'containers'].flatMap((field) => listAt(podTemplateOf(object), 'spec', field));
}

function keyOf({ apiVersion, kind }: KubeObject): string {
  return `${groupOf(apiVersion)}/${kind}`;
}

/**
 * prometheus-operator mounts `volumeMounts` in the container that it is all about, and merges `containers` by name with
 * its own (v0.93.0, pkg/apis/monitoring/v1, and pkg/k8sutil.MergePatchContainers).
 */
function monitoringPods(object: KubeObject): unknown {
  const main = { volumeMounts: listAt(object, 'spec', 'volumeMounts') };
  return {
    metadata: at(object, 'spec', 'podMetadata'),
    spec: {
      volumes: listAt(object, 'spec', 'volumes'),
      initContainers: listAt(object, 'spec', 'initContainers'),
      containers: [main, ...listAt(object, 'spec', 'containers')],
    },
  };
}

const BESIDE_SOURCE = new Set(['path', 'subPath', 'restartPods']);

/** The operator mounts each additional volume at its `path` (opensearch-k8s-operator 3.0.2, AdditionalVolume). */
function openSearchPods(object: KubeObject): unknown {
  const additional = ['general', 'dashboards'].flatMap((part) => listAt(object, 'spec', part, 'additionalVolumes'));
  const volumes = additional.map((volume) =>
    Object.fromEntries(Object.entries(mappingAt(volume)).filter(([field]) => !BESIDE_SOURCE.has(field))),
  );
  return { spec: { volumes, containers: [{ volumeMounts: volumes.map((volume) => ({ name: volume['name'] })) }] } };
}
