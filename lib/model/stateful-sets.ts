/** The pods and claims of StatefulSets (kubernetes v1.36, pkg/controller/statefulset/stateful_set_utils.go). */
import { numberAt, textAt, textMapAt, type KubeObject } from './kube-object';

export interface SetClaim {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The numbers of its pods: as many as it has replicas, from `ordinals.start` on. */
export function ordinalsOf(set: KubeObject): readonly number[] {
  return ordinalsFrom(set, numberAt(set, 'spec', 'replicas') ?? 1);
}

/** The numbers of its claims that are known by name: a set that was scaled to nothing still has those of earlier pods. */
export function ordinalsOfClaims(set: KubeObject): readonly number[] {
  return ordinalsFrom(set, Math.max(1, ordinalsOf(set).length));
}

function ordinalsFrom(set: KubeObject, replicas: number): readonly number[] {
  const start = numberAt(set, 'spec', 'ordinals', 'start') ?? 0;
  return Array.from({ length: replicas }, (_, index) => start + index);
}

/** The claims made from one claim template, with the labels of the template and of the set's selector. */
export function claimsOfTemplate(
  set: KubeObject,
  template: unknown,
  ordinals: readonly number[] = ordinalsOf(set),
): readonly SetClaim[] {
  const prefix = `${textAt(template, 'metadata', 'name') ?? ''}-${set.metadata.name}`;
  const labels = labelsOfClaims(set, template);
  return ordinals.map((ordinal) => ({ name: `${prefix}-${ordinal}`, labels }));
}

/** The labels of all claims of a template, those of later ordinals too. */
export function labelsOfClaims(set: KubeObject, template: unknown): Readonly<Record<string, string>> {
  return { ...textMapAt(template, 'metadata', 'labels'), ...textMapAt(set, 'spec', 'selector', 'matchLabels') };
}
