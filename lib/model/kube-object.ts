/**
 * Kubernetes objects as plain data, and readers that trust nothing about them.
 *
 * An object may come from a construct, a Helm chart, a hand-written file or a live cluster, so a field may be missing
 * or of any type. The readers return `undefined` (or an empty list or mapping) for whatever is not of the asked type;
 * they never throw.
 */

/** A Kubernetes object as YAML has it. */
export interface KubeObject {
  /** `apps/v1`, or `v1` for the core group. */
  readonly apiVersion: string;
  /** `StatefulSet`. */
  readonly kind: string;
  /** Name, namespace, labels and annotations. */
  readonly metadata: ObjectMeta;
  /** `spec`, `data`, and whatever else the kind has. */
  readonly [field: string]: unknown;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** What tells one object of a cluster from all others. The API version is left out: a cluster serves one object under several. */
export interface ObjectId {
  /** API group, `''` for the core group. */
  readonly group: string;
  /** `StatefulSet`. */
  readonly kind: string;
  /** Absent for cluster-scoped objects. */
  readonly namespace?: string;
  /** Its name. */
  readonly name: string;
}

export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value has what every Kubernetes object has: apiVersion, kind and a name. */
export function isKubeObject(value: unknown): value is KubeObject {
  return (
    isMapping(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isMapping(value['metadata']) &&
    typeof value['metadata']['name'] === 'string'
  );
}

/**
 * The items of a `List`, or of a list of one kind such as `ConfigMapList`; `undefined` for anything else. Whatever
 * applies it takes it apart, lists in lists too (kustomize api v0.21.1, resource/factory.go).
 */
export function listItems(value: unknown): readonly unknown[] | undefined {
  if (!isMapping(value) || !textAt(value, 'kind')?.endsWith('List')) return undefined;
  const items = value['items'];
  return Array.isArray(items) ? items : undefined;
}

/** The value at a path of field names, `undefined` where the path leaves the data. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return follow(value, path);
}

function follow(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const field of path) {
    if (!isMapping(current)) return undefined;
    current = current[field];
  }
  return current;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = follow(value, path);
  return typeof found === 'string' ? found : undefined;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = follow(value, path);
  return typeof found === 'number' ? found : undefined;
}

export function booleanAt(value: unknown, ...path: readonly string[]): boolean | undefined {
  const found = follow(value, path);
  return typeof found === 'boolean' ? found : undefined;
}

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = follow(value, path);
  return Array.isArray(found) ? found : [];
}

export function mappingAt(value: unknown, ...path: readonly string[]): Mapping {
  const found = follow(value, path);
  return isMapping(found) ? found : {};
}

/** The strings of a list; other members are dropped. */
export function textsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  const found = follow(value, path);
  return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : [];
}

/** The string values of a mapping, as of labels; other members are dropped. */
export function textMapAt(value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  const found = follow(value, path);
  if (!isMapping(found)) return {};
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(found)) if (typeof text === 'string') texts[key] = text;
  return texts;
}

export function labelsOf(object: KubeObject): Readonly<Record<string, string>> {
  return textMapAt(object, 'metadata', 'labels');
}

export function annotationsOf(object: KubeObject): Readonly<Record<string, string>> {
  return textMapAt(object, 'metadata', 'annotations');
}

/** `apps` of `apps/v1`, `''` of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

export function objectId(object: KubeObject): ObjectId {
  const { name, namespace } = object.metadata;
  const group = groupOf(object.apiVersion);
  const { kind } = object;
  return namespace === undefined ? { group, kind, name } : { group, kind, namespace, name };
}

/** For people: `PersistentVolumeClaim paperless/data`, or `Namespace paperless`. */
export function describeObject(id: ObjectId): string {
  return `${id.kind} ${id.namespace === undefined ? '' : `${id.namespace}/`}${id.name}`;
}

/** For maps: equal exactly when the objects are. Never parsed. */
export function objectKey(id: ObjectId): string {
  return JSON.stringify([id.group, id.kind, id.namespace ?? null, id.name]);
}
