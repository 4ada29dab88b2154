/** On which node a job runs that reads the volume of an application: where pods are that it knows by their labels. */
import type { AnsweredDataset } from '../../model/answered';
import { describeObject, objectId } from '../../model/kube-object';
import { describeLabels, labelsToPaste } from '../../model/label-selector';
import { makesPods, mountsClaim, tellingLabels } from '../../model/workloads';
import type { ObjectIndex } from '../method';
import type { Unsaid } from '../reach';
import { claimsReadBy, type JobDeclaration } from './declaration';

/** What keeps its pod from finding a node, as far as the output shows who mounts the volume. */
export function misplaced(
  { declaration: { held } }: AnsweredDataset,
  { name, namespace, source }: JobDeclaration,
  objects: ObjectIndex,
): Unsaid | undefined {
  const { placement } = source;
  // The pods of somebody who holds the claim are in no output.
  if (placement?.on !== 'same-node' || held !== undefined) return undefined;
  const { labels } = placement;
  const claims = claimsReadBy(source);
  const [application, ...others] = KINDS.flatMap((kind) => objects.ofKind('apps', kind))
    .map(({ object }) => object)
    .filter((object) => claims.some((claim) => mountsClaim(object, namespace, claim)));
  if (application === undefined || [application, ...others].some((each) => makesPods(each, namespace, labels)))
    return undefined;
  return {
    because: `'${name}' runs beside pods with ${describeLabels(labels)}, and those of ${describeObject(objectId(application))}, which mount its volume, have other labels`,
    line: podsLine(tellingLabels(application)),
  };
}

const KINDS = ['StatefulSet', 'Deployment', 'DaemonSet'] as const;

/** Labels as the property of a construct: `pods: { app: 'gitea' }`. */
export function podsLine(labels: Readonly<Record<string, string>>): string {
  return `pods: ${labelsToPaste(labels)}`;
}
