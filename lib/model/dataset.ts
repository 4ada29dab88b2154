/** A dataset: something that would be lost. Its identity is structured; nothing is ever parsed back out of a string. */
import { compareText } from './collections';
import type { Quantity } from './quantity';

/** Names a dataset by the object that brings it into being. */
export interface DatasetId {
  /** API group of that object; `''` for the core group, `backed-up` for what no object betrays (etcd, keys …). */
  readonly group: string;
  readonly kind: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  readonly name: string;
  /** A claim template of a StatefulSet, or a volume of a pod template. */
  readonly part?: { readonly type: 'template' | 'volume'; readonly name: string };
}

/** A claim that holds a dataset, as Velero will meet it. */
export interface Claim {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What the objects say about a dataset. */
export interface Dataset {
  readonly id: DatasetId;
  readonly storage?: Quantity;
  readonly storageClass?: string;
  /** Its claims, as far as they are known by name before they exist. */
  readonly claims: readonly Claim[];
}

export function datasetKey(id: DatasetId): string {
  return JSON.stringify([
    id.group,
    id.kind,
    id.namespace ?? null,
    id.name,
    id.part?.type ?? null,
    id.part?.name ?? null,
  ]);
}

export function sameDataset(a: DatasetId, b: DatasetId): boolean {
  return datasetKey(a) === datasetKey(b);
}

/** For people: `StatefulSet monitoring/loki, claim template 'storage'`. */
export function describeDataset(id: DatasetId): string {
  if (id.group === 'backed-up') return id.kind;
  const place = id.namespace === undefined ? id.name : `${id.namespace}/${id.name}`;
  const part =
    id.part === undefined ? '' : `, ${id.part.type === 'template' ? 'claim template' : 'volume'} '${id.part.name}'`;
  return `${id.kind} ${place}${part}`;
}

/** Sorts as people read: by namespace, then name, then kind. Cluster-wide data comes first. */
export function compareDatasets(a: DatasetId, b: DatasetId): number {
  const other = sortKey(b);
  for (const [index, text] of sortKey(a).entries()) {
    const order = compareText(text, other[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

function sortKey(id: DatasetId): readonly string[] {
  return [id.namespace ?? '', id.name, id.kind, id.group, id.part?.type ?? '', id.part?.name ?? ''];
}
