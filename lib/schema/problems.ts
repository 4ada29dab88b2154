/** What a schema has against a value, in words that name the place. */
import type { ErrorObject } from 'ajv';
import { compareText, distinctBy } from '../model/collections';
import { isMapping, mappingAt, textAt } from '../model/kube-object';
import { nearest } from '../model/nearest';
import { counted } from '../model/text';

export interface SchemaProblem {
  /** `spec.template.spec.containers[0].volumeMount`. */
  readonly path: string;
  readonly message: string;
}

/** @returns in order of the paths. */
export function problemsOf(errors: readonly ErrorObject[], value: unknown): readonly SchemaProblem[] {
  // What has the wrong type meets no other condition either.
  const mistyped = new Set(errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath));
  const problems = errors
    .filter(({ keyword, instancePath }) => keyword === 'type' || !mistyped.has(instancePath))
    .map((error) => problemOf(error, value));
  return distinctBy(problems, ({ path, message }) => JSON.stringify([path, message])).toSorted(
    (a, b) => compareText(a.path, b.path) || compareText(a.message, b.message),
  );
}

function problemOf(error: ErrorObject, object: unknown): SchemaProblem {
  const place = error.instancePath.split('/').slice(1).map(unescaped);
  const at = (...fields: readonly string[]) => describePath([...place, ...fields], object);
  switch (error.keyword) {
    case 'additionalProperties': {
      const field = textAt(error.params, 'additionalProperty') ?? '';
      const meant = nearest(field, Object.keys(mappingAt(error.parentSchema, 'properties')));
      return { path: at(field), message: `unknown field${meant === undefined ? '' : `; did you mean \`${meant}\`?`}` };
    }
    case 'required':
      return { path: at(textAt(error.params, 'missingProperty') ?? ''), message: 'is missing' };
    case 'type':
      return { path: at(), message: `must be ${describeTypes(error.schema)}, but is ${describeValue(error.data)}` };
    case 'enum':
      return { path: at(), message: `must be ${alternatives(error.schema)}, but is ${JSON.stringify(error.data)}` };
    case 'minItems':
      return { path: at(), message: `must have at least ${counted(Number(error.schema), 'member')}` };
    case 'pattern': {
      const title = textAt(error.parentSchema, 'title');
      if (title !== undefined) return { path: at(), message: `must be ${title}, but is ${JSON.stringify(error.data)}` };
      return { path: at(), message: `must match ${String(error.schema)}, but is ${JSON.stringify(error.data)}` };
    }
    case 'discriminator': {
      const tag = textAt(error.params, 'tag') ?? '';
      const value = JSON.stringify(error.params['tagValue']);
      return { path: at(tag), message: `is ${value}, which is not a form that is known` };
    }
    default:
      return { path: at(), message: error.message ?? error.keyword };
  }
}

/** Of a JSON pointer's segment (RFC 6901). */
function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** `spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`. */
function describePath(fields: readonly string[], object: unknown): string {
  let path = '';
  let parent = object;
  for (const field of fields) {
    if (Array.isArray(parent)) {
      path += `[${field}]`;
      const members: readonly unknown[] = parent;
      parent = members[Number(field)];
    } else {
      path = fieldPath(path, field);
      parent = mappingAt(parent)[field];
    }
  }
  return path;
}

/** A field of a mapping whose own path is given. */
export function fieldPath(path: string, field: string): string {
  if (!/^[\w$-]+$/.test(field)) return `${path}[${JSON.stringify(field)}]`;
  return path === '' ? field : `${path}.${field}`;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'a mapping',
  string: 'text',
};

function describeTypes(types: unknown): string {
  return [types]
    .flat()
    .map((type) => TYPE_WORDS[String(type)] ?? String(type))
    .join(' or ');
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? `the number ${value}` : String(value);
}

function alternatives(values: unknown): string {
  return [values]
    .flat()
    .map((value) => JSON.stringify(value))
    .join(' or ');
}
