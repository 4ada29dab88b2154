/** References as people write them (`{ claim: 'data' }`) to dataset identities, and back for the lines to paste. */
import { describeDataset, type DatasetId } from './dataset';
import { DATA_KINDS, type DatasetRef, type OpaqueRef } from './kinds';
import { textMapAt, type ObjectId } from './kube-object';
import { OPAQUE_KINDS } from './opaque-kinds';
import { OPERATOR_WORKLOADS, WORKLOADS } from './workloads';

const PODS = [...WORKLOADS, ...OPERATOR_WORKLOADS];

/**
 * @param namespace of the chart, where the reference names none.
 * @throws Error when untyped code passes something that names nothing.
 */
export function datasetIdOf(ref: DatasetRef, namespace: string | undefined): DatasetId {
  const keys: Readonly<Record<string, string | undefined>> = textMapAt(ref);
  const place = namespaceOf(keys, namespace);
  const volume = keys['volume'];
  const workload = PODS.find((row) => keys[row.ref] !== undefined);
  if (workload !== undefined && volume !== undefined) {
    const { group, kind } = workload;
    return { group, kind, ...place, name: keys[workload.ref] ?? '', part: { type: 'volume', name: volume } };
  }
  for (const row of DATA_KINDS) {
    const name = keys[row.ref];
    const partType = 'part' in row ? row.part : undefined;
    const part = partType === undefined ? undefined : keys[partType];
    if (name === undefined || (partType !== undefined && part === undefined)) continue;
    const clusterScoped = row.ref === 'persistentVolume';
    return {
      group: row.group,
      kind: row.kind,
      ...(clusterScoped ? {} : place),
      name,
      ...(partType === undefined || part === undefined ? {} : { part: { type: partType, name: part } }),
    };
  }
  throw new Error(`${JSON.stringify(ref)} names no data: ${knownRefs()}`);
}

/** @throws Error when untyped code passes something that names nothing. */
export function opaqueIdOf(ref: OpaqueRef, namespace: string | undefined): ObjectId {
  const keys: Readonly<Record<string, string | undefined>> = textMapAt(ref);
  for (const row of OPAQUE_KINDS) {
    const name = keys[row.ref];
    if (name !== undefined) return { group: row.group, kind: row.kind, ...namespaceOf(keys, namespace), name };
  }
  const { kind, name } = keys;
  const slash = kind?.lastIndexOf('/') ?? -1;
  if (kind !== undefined && name !== undefined && slash >= 0) {
    return { group: kind.slice(0, slash), kind: kind.slice(slash + 1), ...namespaceOf(keys, namespace), name };
  }
  const known = OPAQUE_KINDS.map((row) => `{ ${row.ref}: … }`).join(', ');
  throw new Error(
    `${JSON.stringify(ref)} names no object that makes others: write one of ${known}, or { kind: 'group/Kind', name: … }`,
  );
}

/** As {@link refText}, for an object that makes others: `{ helmRelease: 'registry' }`. */
export function opaqueRefText(id: ObjectId, namespace: string | undefined): string {
  const row = OPAQUE_KINDS.find(({ group, kind }) => group === id.group && kind === id.kind);
  const key = row === undefined ? `kind: '${id.group}/${id.kind}', name` : row.ref;
  return `{ ${key}: '${id.name}'${placeText(id, namespace)} }`;
}

/**
 * The reference to paste: `{ statefulSet: 'loki', template: 'storage' }`.
 *
 * @param namespace of the chart that it is pasted into; named in the reference if the data is in another one.
 */
export function refText(id: DatasetId, namespace: string | undefined): string {
  const data = DATA_KINDS.find(
    (row) => row.group === id.group && row.kind === id.kind && partTypeOf(row) === id.part?.type,
  );
  const workload = PODS.find((row) => row.group === id.group && row.kind === id.kind);
  const ref = data?.ref ?? workload?.ref;
  if (ref === undefined) return describeDataset(id);
  const part = id.part === undefined ? '' : `, ${id.part.type}: '${id.part.name}'`;
  return `{ ${ref}: '${id.name}'${part}${placeText(id, namespace)} }`;
}

function placeText(id: { readonly namespace?: string }, namespace: string | undefined): string {
  return id.namespace === undefined || id.namespace === namespace ? '' : `, namespace: '${id.namespace}'`;
}

function partTypeOf(row: (typeof DATA_KINDS)[number]): string | undefined {
  return 'part' in row ? row.part : undefined;
}

function namespaceOf(
  keys: Readonly<Record<string, string | undefined>>,
  namespace: string | undefined,
): { readonly namespace?: string } {
  const named = keys['namespace'] ?? namespace;
  return named === undefined ? {} : { namespace: named };
}

function knownRefs(): string {
  const data = DATA_KINDS.map((row) => ('part' in row ? `{ ${row.ref}: …, ${row.part}: … }` : `{ ${row.ref}: … }`));
  return `write one of ${data.join(', ')}, or a workload with a volume, { deployment: …, volume: … }`;
}
