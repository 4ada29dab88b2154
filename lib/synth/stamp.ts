/**
 * Marks on the written objects: on claims what was decided about them, and on everything that holds data that Flux must
 * not delete it. Objects that are only read are left alone, and nothing that an object says itself is changed.
 */
import type { AnsweredDataset } from '../model/answered';
import { roleOf, type OwnKinds } from '../model/kinds';
import { groupOf, type KubeObject } from '../model/kube-object';
import { DISABLED, marksOf, PRUNE_ANNOTATION, type Marks } from '../model/marks';
import { isWritten, type RenderedObject } from '../model/rendered';

export function stampMarks(
  objects: readonly RenderedObject[],
  answered: readonly AnsweredDataset[],
  own: OwnKinds,
): readonly RenderedObject[] {
  const marksOfClaim = new Map<string, Marks>();
  const namespacesWithData = new Set<string>();
  for (const dataset of answered) {
    if (dataset.id.namespace !== undefined) namespacesWithData.add(dataset.id.namespace);
    const marks = marksOf(dataset.id, dataset.answer, dataset.method);
    for (const claim of dataset.claims) marksOfClaim.set(claimKey(claim.namespace, claim.name), marks);
  }
  return objects.map((rendered) => {
    const { object } = rendered;
    if (!isWritten(rendered) || !holdsData(object, namespacesWithData, own)) return rendered;
    const marks = isClaim(object)
      ? marksOfClaim.get(claimKey(object.metadata.namespace ?? '', object.metadata.name))
      : undefined;
    return { ...rendered, object: marked(object, marks) };
  });
}

function holdsData(object: KubeObject, namespacesWithData: ReadonlySet<string>, own: OwnKinds): boolean {
  if (object.kind === 'Namespace') return namespacesWithData.has(object.metadata.name);
  const role = roleOf(groupOf(object.apiVersion), object.kind, own);
  // Deleting a StatefulSet leaves its claims.
  return role.role === 'data' && role.template === undefined;
}

function isClaim(object: KubeObject): boolean {
  return object.apiVersion === 'v1' && object.kind === 'PersistentVolumeClaim';
}

function marked(object: KubeObject, marks: Marks | undefined): KubeObject {
  const { labels, annotations, ...metadata } = object.metadata;
  const allAnnotations = { ...marks?.annotations, [PRUNE_ANNOTATION]: DISABLED, ...annotations };
  const allLabels = { ...marks?.labels, ...labels };
  return {
    ...object,
    metadata: {
      ...metadata,
      annotations: sorted(allAnnotations),
      ...(Object.keys(allLabels).length === 0 ? {} : { labels: sorted(allLabels) }),
    },
  };
}

function sorted(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(texts).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function claimKey(namespace: string, name: string): string {
  return JSON.stringify([namespace, name]);
}
