/** Schemas repeat themselves (one Pod affinity for each of ten components): what is equal is written once. */
import { compareText } from '../../lib/model/collections';
import { isMapping, type Mapping } from '../../lib/model/kube-object';
import { mapFields } from './crd';
import type { Definitions } from './kubernetes';

/** Shorter ones cost less than a reference to them. */
const WORTH_SHARING = 120;

/** The same schemas, with subschemas that occur more than once as definitions of their own, named after their field. */
export function shareEqualParts(schemas: Definitions): Definitions {
  const seen = new Map<string, number>();
  for (const schema of Object.values(schemas)) countParts(schema, seen);
  const shared: Record<string, Mapping> = {};
  const names = new Map<string, string>();

  const replace = (schema: Mapping, field: string): Mapping => {
    const text = canonicalJson(schema);
    if ((seen.get(text) ?? 0) < 2 || text.length < WORTH_SHARING) return replaceParts(schema, field);
    let name = names.get(text);
    if (name === undefined) {
      name = freeName(field, { ...schemas, ...shared });
      names.set(text, name);
      // Reserves the name while the parts take theirs.
      shared[name] = {};
      shared[name] = replaceParts(schema, field);
    }
    return { $ref: `#/$defs/${name}` };
  };
  const replaceParts = (schema: Mapping, field: string): Mapping =>
    mapParts(schema, (part, name) => replace(part, name ?? field));

  const roots = Object.entries(schemas).map(([name, schema]) => [name, replaceParts(schema, name)] as const);
  return { ...shared, ...Object.fromEntries(roots) };
}

/** Looks into equal schemas once, so that a part of them counts only if it also occurs elsewhere. */
function countParts(schema: Mapping, seen: Map<string, number>): void {
  mapParts(schema, (part) => {
    const text = canonicalJson(part);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    if (times === 1) countParts(part, seen);
    return part;
  });
}

/** @param convert gets the name of the field whose schema the part is, unless it is a member of a list or mapping. */
function mapParts(schema: Mapping, convert: (part: Mapping, field?: string) => Mapping): Mapping {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (!isMapping(value)) return [keyword, value];
      if (keyword === 'properties') return [keyword, mapFields(schema, convert)];
      return [keyword, convert(value)];
    }),
  );
}

function freeName(field: string, taken: Definitions): string {
  let name = field;
  for (let number = 2; name in taken; number += 1) name = `${field}-${number}`;
  return name;
}

/** Equal for equal data, whatever the order of fields. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isMapping(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => compareText(a, b))) : part,
  );
}
