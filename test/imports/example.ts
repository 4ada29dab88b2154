/** Example objects out of the closed schemas: every field given once, the same values on every run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMapping, listAt, mappingAt, textAt, type Mapping } from '../../lib/model/kube-object';

const FOLDER = join(__dirname, '..', '..', 'schemas');

export function readSchema(file: string): Mapping {
  return mappingAt(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')));
}

/** `velero.io/v1/Backup` → `velero.io.json#/$defs/Backup`. */
export const INDEX: readonly (readonly [string, string])[] = Object.entries(readSchema('index.json')).map(
  ([kind, reference]) => [kind, String(reference)],
);

/** A schema together with the file whose definitions it refers to. */
export interface Schema {
  readonly node: Mapping;
  readonly file: Mapping;
}

/** @param kind as in the index: `velero.io/v1/Backup`. */
export function schemaOf(kind: string): Schema {
  const [file = '', pointer = ''] = new Map(INDEX).get(kind)?.split('#') ?? [];
  return resolved(readSchema(file), { $ref: `#${pointer}` });
}

/** A value in which every field has a value of its type; further conditions (`pattern`, `minLength`) are not met. */
export function filled(schema: Schema, name: string): unknown {
  const { node } = schema;
  const allowed = listAt(node, 'enum');
  if (allowed.length > 0) return allowed.at(-1);
  if (textAt(node, 'title')?.startsWith('a quantity') === true) return '20Gi';
  switch (isNumberOrText(node) ? 'string' : textAt(node, 'type')) {
    case 'object':
      return {
        ...Object.fromEntries(fieldsOf(schema).map(([field, child]) => [field, filled(child, field)])),
        // Where anything is allowed, something is given.
        ...(node['additionalProperties'] === false ? {} : { 'any-Key': filled(valuesOf(schema), name) }),
      };
    case 'array':
      return [filled(membersOf(schema), name)];
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return 7;
    case 'string':
      return `some ${name}`;
    default:
      return { [`anything in ${name}`]: ['at', { all: 1 }] };
  }
}

export function isNumberOrText(node: Mapping): boolean {
  return Array.isArray(node['type']);
}

export function fieldsOf({ node, file }: Schema): readonly (readonly [string, Schema])[] {
  return Object.entries(mappingAt(node, 'properties')).map(([field, child]) => [field, resolved(file, child)]);
}

/** The schema of the values that a mapping has besides its listed fields. */
export function valuesOf({ node, file }: Schema): Schema {
  return resolved(file, node['additionalProperties']);
}

export function membersOf({ node, file }: Schema): Schema {
  return resolved(file, node['items']);
}

function resolved(file: Mapping, node: unknown): Schema {
  const reference = textAt(node, '$ref');
  if (reference === undefined) return { node: isMapping(node) ? node : {}, file };
  return resolved(file, mappingAt(file, '$defs', reference.replace('#/$defs/', '')));
}
