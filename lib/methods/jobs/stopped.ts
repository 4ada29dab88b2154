/** What is stopped while its data is read: the one object that makes its pods, found by them or named. */
import type { Stopped } from '../../jobs/quiesce';
import type { AnsweredDataset } from '../../model/answered';
import { groupOf, type KubeObject } from '../../model/kube-object';
import { describeLabels } from '../../model/label-selector';
import { installNamespace } from '../../model/opaque-kinds';
import { enumerated } from '../../model/text';
import type { ObjectIndex } from '../method';
import type { Unsaid } from '../unsaid';
import type { JobDeclaration } from './declaration';
import { describe, makersOf, mountersOf, toTellApart } from './makers';

/** What a construct says of it. */
export interface Stops {
  /** Of its pods, and of no others in the namespace. */
  readonly pods: Stopped['pods'];
  /** Where no object that synth sees makes them. */
  readonly named?: Pick<Stopped, 'kind' | 'name'>;
}

export function whatStops(
  { pods, named }: Stops,
  dataset: AnsweredDataset,
  job: JobDeclaration,
  objects: ObjectIndex,
): Stopped | Unsaid {
  const { namespace } = job;
  const makers = makersOf(pods, namespace, objects);
  const candidates = makers.filter(canBeStopped);
  const mounters = mountersOf(job, objects);
  const maker =
    named === undefined
      ? (candidates.find((each) => mounters.includes(each)) ?? candidates[0])
      : candidates.find(({ kind, metadata }) => kind === named.kind && metadata.name === named.name);
  const stopped = maker === undefined ? named : nameOf(maker);
  const labels = describeLabels(pods);
  if (stopped === undefined) {
    const because = `no StatefulSet or Deployment in the output makes pods with ${labels} in namespace ${namespace}, which are to be stopped`;
    return { because, line: lineFor({ kind: 'Deployment', name: 'gitea' }) };
  }
  if (maker === undefined && (isSeen(stopped, namespace, objects) || !isInstalledTo(namespace, objects))) {
    const because = `${stopped.kind} ${namespace}/${stopped.name} makes no pods with ${labels}, as far as the output shows, and no HelmRelease would`;
    const [other] = candidates;
    return { because, line: lineFor(other === undefined ? stopped : nameOf(other)) };
  }
  const others = makers.filter((each) => each !== maker);
  if (others.length > 0) {
    const because = `${enumerated(others.map(describe))} ${others.length === 1 ? 'makes' : 'make'} pods with ${labels}, too, and a run that stops the application waits until no such pod is there`;
    return { because, ...toTellApart(dataset, maker, others) };
  }
  return { ...stopped, pods };
}

/** Whether the output shows what a job stops. */
export function isSeen(
  { kind, name }: Pick<Stopped, 'kind' | 'name'>,
  namespace: string,
  objects: ObjectIndex,
): boolean {
  return objects.object({ group: 'apps', kind, namespace, name }) !== undefined;
}

function isInstalledTo(namespace: string, objects: ObjectIndex): boolean {
  return objects
    .ofKind('helm.toolkit.fluxcd.io', 'HelmRelease')
    .some(({ object }) => installNamespace(object) === namespace);
}

function canBeStopped({ apiVersion, kind }: KubeObject): boolean {
  return groupOf(apiVersion) === 'apps' && (kind === 'StatefulSet' || kind === 'Deployment');
}

function nameOf({ kind, metadata: { name } }: KubeObject): Pick<Stopped, 'kind' | 'name'> {
  return { kind: kind === 'Deployment' ? 'Deployment' : 'StatefulSet', name };
}

function lineFor({ kind, name }: Pick<Stopped, 'kind' | 'name'>): string {
  return `quiesce: { stop: { ${kind === 'Deployment' ? 'deployment' : 'statefulSet'}: '${name}' } }`;
}
