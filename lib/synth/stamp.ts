/**
 * Marks on the written objects: on claims and databases what was decided about them, and on everything that holds data that Flux must
 * not delete it. Objects that are only read are left alone, and nothing that an object says itself is changed.
 */
import { makersOf, methodOf, type AnsweredDataset } from '../model/answered';
import { sortedBy } from '../model/collections';
import { claimKey } from '../model/dataset';
import { isExcluded } from '../model/declaration';
import { roleOf, type OwnKinds } from '../model/kinds';
import { groupOf, objectId, objectKey, type KubeObject } from '../model/kube-object';
import { DISABLED, marksOf, PRUNE_ANNOTATION, type Marks } from '../model/marks';
import { isWritten, type RenderedObject } from '../model/rendered';

export interface Stamped {
  readonly objects: readonly RenderedObject[];
  /** The datasets with the labels that their claims carry now. */
  readonly answered: readonly AnsweredDataset[];
}

export function stampMarks(
  objects: readonly RenderedObject[],
  answered: readonly AnsweredDataset[],
  own: OwnKinds,
): Stamped {
  const written = new Set(
    objects
      .filter(isWritten)
      .filter(({ object }) => isClaim(object))
      .map(({ object }) => keyOf(object)),
  );
  const marksByClaim = new Map<string, Marks>();
  const namespacesWithData = new Set<string>();
  const labelled = answered.map((dataset) => {
    if (dataset.id.namespace !== undefined) namespacesWithData.add(dataset.id.namespace);
    const marks = marksOf(dataset);
    const claims = dataset.claims.map((claim) => {
      const key = claimKey(claim.namespace, claim.name);
      if (!written.has(key)) return claim;
      marksByClaim.set(key, marks);
      return { ...claim, labels: sortedByKey({ ...marks.labels, ...claim.labels }) };
    });
    return { ...dataset, claims };
  });
  const marksByObject = new Map(
    answered.filter(carriesItsMarks).map((dataset) => [objectKey(dataset.id), marksOf(dataset)]),
  );
  const makers = makersOf(answered.filter(({ answer }) => !isExcluded(answer)));
  const stamped = objects.map((rendered) => {
    const { object } = rendered;
    const keeps = holdsData(object, namespacesWithData, own) || makers.has(objectKey(objectId(object)));
    if (!isWritten(rendered) || !keeps) return rendered;
    const marks = isClaim(object) ? marksByClaim.get(keyOf(object)) : marksByObject.get(objectKey(objectId(object)));
    return { ...rendered, object: marked(object, marks) };
  });
  return { objects: stamped, answered: labelled };
}

function holdsData(object: KubeObject, namespacesWithData: ReadonlySet<string>, own: OwnKinds): boolean {
  if (object.kind === 'Namespace') return namespacesWithData.has(object.metadata.name);
  const role = roleOf(groupOf(object.apiVersion), object.kind, own);
  return role.role === 'data' && !role.leavesClaims;
}

/** Where no claim is known by name, what a method of ours copies says so itself. */
function carriesItsMarks(dataset: AnsweredDataset): boolean {
  return dataset.claims.length === 0 && dataset.id.part === undefined && methodOf(dataset) !== undefined;
}

function isClaim(object: KubeObject): boolean {
  return object.apiVersion === 'v1' && object.kind === 'PersistentVolumeClaim';
}

function marked(object: KubeObject, marks: Marks | undefined): KubeObject {
  const labels = { ...marks?.labels, ...object.metadata.labels };
  const metadata = {
    ...object.metadata,
    annotations: sortedByKey({ ...marks?.annotations, [PRUNE_ANNOTATION]: DISABLED, ...object.metadata.annotations }),
    ...(Object.keys(labels).length === 0 ? {} : { labels: sortedByKey(labels) }),
  };
  // cdk8s sorts the fields of what it renders; what is added stands where it would have put it.
  return { ...object, metadata: { ...sortedByKey(metadata), name: object.metadata.name } };
}

function sortedByKey<V>(value: Readonly<Record<string, V>>): Record<string, V> {
  return Object.fromEntries(sortedBy(Object.entries(value), ([key]) => key));
}

function keyOf({ metadata }: KubeObject): string {
  return claimKey(metadata.namespace ?? '', metadata.name);
}
