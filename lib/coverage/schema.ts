/**
 * Strict validation against the closed schemas that `npm run imports` makes: unknown fields, missing ones, wrong types.
 * It has to happen before the commit, because Flux drops a misspelt field of a built-in kind without a word.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { compareText, distinctBy } from '../model/collections';
import { isMapping, mappingAt, textAt, type KubeObject } from '../model/kube-object';
import { nearest } from '../model/nearest';

export interface SchemaProblem {
  /** `spec.template.spec.containers[0].volumeMount`. */
  readonly path: string;
  readonly message: string;
}

/** Whether the schema of an object's kind is known. */
export function hasSchema(object: KubeObject): boolean {
  return referenceFor(object) !== undefined;
}

/** What is wrong with an object, in order of its paths. Nothing where the kind has no schema. */
export function validateStrictly(object: KubeObject): readonly SchemaProblem[] {
  const validate = validatorFor(object);
  if (validate === undefined || validate(object)) return [];
  // The API server takes null for a field that is not there.
  const given = withoutNulls(object);
  if (validate(given)) return [];
  const problems = (validate.errors ?? []).map((error) => problemOf(error, given));
  return distinctBy(problems, ({ path, message }) => JSON.stringify([path, message])).toSorted(
    (a, b) => compareText(a.path, b.path) || compareText(a.message, b.message),
  );
}

const INDEX = 'index.json';
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  // Tests check the schemas; here the time until the first answer counts, and it is mostly spent on compiling.
  strict: false,
  validateSchema: false,
  inlineRefs: false,
  code: { optimize: false },
});
let folder: string | undefined;
let references: ReadonlyMap<string, string> | undefined;
const loaded = new Set<string>();

/** Read and compiled for the first object of a kind, not before: of most kinds there is none. */
function validatorFor(object: KubeObject): ValidateFunction | undefined {
  const reference = referenceFor(object);
  if (reference === undefined) return undefined;
  const file = reference.slice(0, reference.indexOf('#'));
  if (!loaded.has(file)) {
    ajv.addSchema(mappingAt(readJson(file)), file);
    loaded.add(file);
  }
  return ajv.getSchema(reference);
}

/** `kubernetes.json#/$defs/apps.v1.Deployment`, of a Deployment. */
function referenceFor(object: KubeObject): string | undefined {
  references ??= new Map(Object.entries(mappingAt(readJson(INDEX))).map(([kind, value]) => [kind, String(value)]));
  return references.get(`${object.apiVersion}/${object.kind}`);
}

function readJson(file: string): unknown {
  folder ??= schemaFolder();
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

/** `schemas/` stands beside `lib/` in the sources and beside `build/` in the package. */
function schemaFolder(): string {
  let parent = __dirname;
  while (!existsSync(join(parent, 'schemas', INDEX)) && parent !== dirname(parent)) parent = dirname(parent);
  return join(parent, 'schemas');
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([field, child]) => (child === null ? [] : [[field, withoutNulls(child)]])),
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
    case 'pattern':
      return { path: at(), message: `must match ${String(error.schema)}, but is ${JSON.stringify(error.data)}` };
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
      if (/^[\w$-]+$/.test(field)) path += path === '' ? field : `.${field}`;
      else path += `[${JSON.stringify(field)}]`;
      parent = mappingAt(parent)[field];
    }
  }
  return path;
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
