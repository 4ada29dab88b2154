/** Who makes the pods that a job knows by their labels, as far as the output shows it. */
import type { AnsweredDataset } from '../../model/answered';
import { describeObject, objectId, type KubeObject } from '../../model/kube-object';
import { carries, labelsToPaste, type Labels } from '../../model/label-selector';
import { enumerated } from '../../model/text';
import { mountsClaim, podLabels, tellingLabels, WORKLOADS } from '../../model/workloads';
import type { ObjectIndex } from '../method';
import type { Way } from '../unsaid';
import { claimsReadBy, type JobDeclaration } from './declaration';

/** Jobs and single Pods are among them. */
export function makersOf(labels: Labels, namespace: string, objects: ObjectIndex): readonly KubeObject[] {
  return workloadsIn(namespace, objects).filter((object) => carries(podLabels(object), labels));
}

/** What runs all the time with a claim that a job reads. */
export function mountersOf({ namespace, source }: JobDeclaration, objects: ObjectIndex): readonly KubeObject[] {
  const claims = claimsReadBy(source);
  return workloadsIn(namespace, objects).filter((object) =>
    claims.some((claim) => mountsClaim(object, namespace, claim)),
  );
}

function workloadsIn(namespace: string, objects: ObjectIndex): readonly KubeObject[] {
  return WORKLOADS.flatMap(({ group, kind }) => objects.ofKind(group, kind))
    .map(({ object }) => object)
    .filter((object) => object.metadata.namespace === namespace);
}

/**
 * What tells the pods of an application from those of others, as a line where its construct takes one.
 *
 * @param application absent where no object shows it.
 */
export function toTellApart(
  { declaration }: AnsweredDataset,
  application: KubeObject | undefined,
  others: readonly KubeObject[],
): Way {
  const candidates = application === undefined ? [] : [tellingLabels(application), podLabels(application)];
  const telling = candidates.find((labels) => !others.some((other) => carries(podLabels(other), labels)));
  // Of its own pods a construct says the labels itself.
  if (telling !== undefined && declaration.by !== undefined) return { line: podsLine(telling) };
  const pods = `the pods of ${enumerated(others.map(describe))}`;
  return {
    advice:
      declaration.by === undefined
        ? `give ${pods} other labels`
        : `name in pods a label that ${pods} do not carry; if there is none, give them others`,
  };
}

export function describe(object: KubeObject): string {
  return describeObject(objectId(object));
}

/** Labels as the property of a construct: `pods: { app: 'gitea' }`. */
export function podsLine(labels: Labels): string {
  return `pods: ${labelsToPaste(labels)}`;
}
