/** What is stopped while its data is read: the one object that makes its pods, found by them or named. */
import type { Stopped } from '../../jobs/quiesce';
import { installNamespace } from '../../model/opaque-kinds';
import { makesPods } from '../../model/workloads';
import type { ObjectIndex } from '../method';
import type { Unsaid } from '../reach';
import { labelText } from './placed';

/** What a construct says of it. */
export interface Stops {
  /** Of its pods, and of no others in the namespace. */
  readonly pods: Stopped['pods'];
  /** Where no object that synth sees makes them. */
  readonly named?: Pick<Stopped, 'kind' | 'name'>;
}

export function whatStops({ pods, named }: Stops, namespace: string, objects: ObjectIndex): Stopped | Unsaid {
  const makers = KINDS.flatMap((kind) =>
    objects
      .ofKind('apps', kind)
      .filter(({ object }) => makesPods(object, namespace, pods))
      .map(({ object }) => ({ kind, name: object.metadata.name, pods })),
  );
  const labels = labelText(pods);
  if (named === undefined) {
    const [maker] = makers;
    if (maker !== undefined && makers.length === 1) return maker;
    const because = `${makers.length === 0 ? 'nothing' : 'more than one object'} in the output makes pods with ${labels} in namespace ${namespace}, which are to be stopped`;
    return { because, line: lineFor(maker ?? { kind: 'Deployment', name: 'gitea' }) };
  }
  const { kind, name } = named;
  const maker = makers.find((each) => each.kind === kind && each.name === name);
  if (maker !== undefined) return maker;
  if (isSeen(named, namespace, objects) || !isInstalledTo(namespace, objects)) {
    const because = `${kind} ${namespace}/${name} makes no pods with ${labels}, as far as the output shows, and no HelmRelease would`;
    return { because, line: lineFor(makers[0] ?? named) };
  }
  return { ...named, pods };
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

function lineFor({ kind, name }: Pick<Stopped, 'kind' | 'name'>): string {
  return `quiesce: { stop: { ${kind === 'Deployment' ? 'deployment' : 'statefulSet'}: '${name}' } }`;
}

const KINDS = ['StatefulSet', 'Deployment'] as const;
