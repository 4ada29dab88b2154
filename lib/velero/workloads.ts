/** Pods and claims that rendered workloads will have. */
import {
  at,
  isMapping,
  labelsOf,
  annotationsOf,
  listAt,
  mappingAt,
  numberAt,
  textAt,
  type KubeObject,
} from '../model/kube-object';
import { isSelectorProblem, parseLabelSelector, type LabelSelector } from '../model/label-selector';
import { claimsOfTemplate, ordinalsOf } from '../model/stateful-sets';
import { podTemplateOf } from '../model/workloads';
import { isLive, namespaceOf, podParts, type PodView } from './views';

/** The claims of a StatefulSet's templates, one for each replica, as its controller makes them. */
export function templateClaims(set: KubeObject): readonly KubeObject[] {
  return listAt(set, 'spec', 'volumeClaimTemplates').flatMap((template) =>
    claimsOfTemplate(set, template).map(({ name, labels }) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace: namespaceOf(set), labels, annotations: annotationsOf(asObject(template)) },
      spec: at(template, 'spec'),
    })),
  );
}

/**
 * The pods of a workload that is only rendered, one for each set of volumes: the pods of a Deployment share theirs, so
 * one stands for all. Whether they run when the Backup does cannot be known, but finished ones surely do not.
 */
export function renderedPods(workload: KubeObject): readonly PodView[] {
  const template = podTemplateOf(workload);
  if (template === undefined) return [];
  const description = `${workload.kind} ${namespaceOf(workload)}/${workload.metadata.name}`;
  const isShort = workload.kind === 'Job' || workload.kind === 'CronJob';
  const pod = (name: string, extra: Readonly<Record<string, string>>, spec: unknown): PodView => ({
    ...podParts(spec),
    kind: 'Pod',
    name,
    namespace: namespaceOf(workload),
    labels: { ...labelsOf(asObject(template)), ...extra },
    annotations: annotationsOf(asObject(template)),
    isDeleting: false,
    nodeName: '',
    phase: isShort ? 'Succeeded' : '',
    isRunning: isShort ? false : 'unknown',
    description,
    state: isShort ? 'has pods for a short time only' : 'has none',
  });
  const spec = mappingAt(template, 'spec');
  if (workload.kind !== 'StatefulSet') return hasReplicas(workload) ? [pod(workload.metadata.name, {}, spec)] : [];
  const claimed = listAt(workload, 'spec', 'volumeClaimTemplates').map((one) => textAt(one, 'metadata', 'name') ?? '');
  return ordinalsOf(workload).map((ordinal) => {
    const name = `${workload.metadata.name}-${ordinal}`;
    const own = claimed.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: `${claim}-${name}` } }));
    const others = listAt(spec, 'volumes').filter((volume) => !claimed.includes(textAt(volume, 'name') ?? ''));
    return pod(name, { 'statefulset.kubernetes.io/pod-name': name }, { ...spec, volumes: [...others, ...own] });
  });
}

/** The selector by which the live pods of a workload are known. */
export function podSelector(workload: KubeObject): LabelSelector | undefined {
  const selector = at(workload, 'spec', 'selector');
  if (!isMapping(selector)) return undefined;
  // A ReplicationController has the labels themselves.
  const parsed = parseLabelSelector(workload.kind === 'ReplicationController' ? { matchLabels: selector } : selector);
  return isSelectorProblem(parsed) || parsed.isEmpty ? undefined : parsed;
}

/** Whether its controller runs and found that it has no pods. */
export function isLiveWithoutPods(workload: KubeObject): boolean {
  if (!isLive(workload)) return false;
  const count = numberAt(workload, 'status', 'replicas') ?? numberAt(workload, 'status', 'currentNumberScheduled') ?? 0;
  return count === 0;
}

function hasReplicas(workload: KubeObject): boolean {
  return (numberAt(workload, 'spec', 'replicas') ?? 1) > 0;
}

/** A template has metadata like an object, but no name of its own. */
function asObject(template: unknown): KubeObject {
  return { apiVersion: '', kind: '', metadata: { name: '', ...mappingAt(template, 'metadata') } };
}
