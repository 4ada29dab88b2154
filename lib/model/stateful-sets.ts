/** The pods and claims of StatefulSets (kubernetes v1.36, pkg/controller/statefulset/stateful_set_utils.go). */
import { numberAt, textAt, textMapAt, type KubeObject } from './kube-object';

export interface SetClaim {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The numbers of its pods: as many as it has replicas, from `ordinals.start` on. */
export function ordinalsOf(set: KubeObject): readonly number[] {
  const start = numberAt(set, 'spec', 'ordinals', 'start') ?? 0;
  return Array.from({ length: numberAt(set, 'spec', 'replicas') ?? 1 }, (_, index) => start + index);
}

/** The claims made from one claim template, with the labels of the template and of the set's selector. */
export function claimsOfTemplate(set: KubeObject, template: unknown): readonly SetClaim[] {
  const prefix = `${textAt(template, 'metadata', 'name') ?? ''}-${set.metadata.name}`;
  const labels = {
    ...textMapAt(template, 'metadata', 'labels'),
    ...textMapAt(set, 'spec', 'selector', 'matchLabels'),
  };
  return ordinalsOf(set).map((ordinal) => ({ name: `${prefix}-${ordinal}`, labels }));
}
