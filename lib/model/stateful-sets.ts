/** The pods and claims of StatefulSets (kubernetes v1.36, pkg/controller/statefulset/stateful_set_utils.go). */
import { numberAt, textAt, textMapAt, type KubeObject } from './kube-object';

/** Of pods in the largest cluster (kubernetes.io, Considerations for large clusters). */
const MOST_REPLICAS = 150_000;

export interface SetClaim {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The numbers of its pods: as many as it has replicas, from `ordinals.start` on. */
export function ordinalsOf(set: KubeObject): readonly number[] {
  return ordinalsFrom(set, replicasOf(set));
}

function replicasOf(set: KubeObject): number {
  return numberAt(set, 'spec', 'replicas') ?? 1;
}

function ordinalsFrom(set: KubeObject, replicas: number): readonly number[] {
  const start = numberAt(set, 'spec', 'ordinals', 'start') ?? 0;
  // No cluster runs more, and a number that cannot be is the schema's to refuse.
  const length = Number.isInteger(replicas) ? Math.min(Math.max(replicas, 0), MOST_REPLICAS) : 0;
  return Array.from({ length }, (_, index) => start + index);
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

/** As {@link claimsOfTemplate}, and the first claim of a set that was scaled to nothing: its data is still there. */
export function lastingClaimsOfTemplate(set: KubeObject, template: unknown): readonly SetClaim[] {
  return claimsOfTemplate(set, template, ordinalsFrom(set, Math.max(1, replicasOf(set))));
}

/** The labels of all claims of a template, those of later ordinals too. */
export function labelsOfClaims(set: KubeObject, template: unknown): Readonly<Record<string, string>> {
  return { ...textMapAt(template, 'metadata', 'labels'), ...textMapAt(set, 'spec', 'selector', 'matchLabels') };
}
