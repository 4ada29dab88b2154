/** A dataset: something that would be lost. Its identity is structured; nothing is ever parsed back out of a string. */
import { compareText } from './collections';
import type { Quantity } from './quantity';

/** Names a dataset by the object that brings it into being. */
export interface DatasetId {
  /** API group of that object; `''` for the core group, `backed-up` for what no object shows (etcd, keys …). */
  readonly group: string;
  /** Kind of that object; for what no object shows, the property that answers for it. */
  readonly kind: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  /** Name of that object; for what no object shows, the cluster. */
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
  /** Labels of the claims that further replicas have: an autoscaler brings them, and a smaller number leaves them. */
  readonly furtherClaims?: Readonly<Record<string, string>>;
}

/** For maps: equal exactly when the claims are. Never parsed. */
export function claimKey(namespace: string, name: string): string {
  return JSON.stringify([namespace, name]);
}

/** Names data that no object shows, such as `etcd`. */
export function clusterDatasetId(kind: string, cluster: string): DatasetId {
  return { group: CLUSTER_GROUP, kind, name: cluster };
}

const CLUSTER_GROUP = 'backed-up';

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

/** For people: `StatefulSet monitoring/loki, claim template 'storage'`. */
export function describeDataset(id: DatasetId): string {
  if (id.group === CLUSTER_GROUP) return `${CLUSTER_TITLES[id.kind] ?? id.kind} of cluster ${id.name}`;
  const place = id.namespace === undefined ? id.name : `${id.namespace}/${id.name}`;
  const part =
    id.part === undefined ? '' : `, ${id.part.type === 'template' ? 'claim template' : 'volume'} '${id.part.name}'`;
  return `${id.kind} ${place}${part}`;
}

const CLUSTER_TITLES: Readonly<Record<string, string>> = { fluxRepository: 'Flux repository' };

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
