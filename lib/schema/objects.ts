/**
 * Strict validation against the closed schemas that `npm run imports` makes: unknown fields, missing ones, wrong types.
 * It has to happen before the commit, because Flux drops a misspelt field of a built-in kind without a word.
 */
import { Ajv, type ValidateFunction } from 'ajv';
import { isMapping, mappingAt, type KubeObject } from '../model/kube-object';
import { problemsOf, type SchemaProblem } from './problems';
import { readSchema } from './folder';

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
  return problemsOf(validate.errors ?? [], given);
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
let references: ReadonlyMap<string, string> | undefined;
const loaded = new Set<string>();
const validators = new Map<string, ValidateFunction>();

/** Read and compiled for the first object of a kind, not before: of most kinds there is none. */
function validatorFor(object: KubeObject): ValidateFunction | undefined {
  const reference = referenceFor(object);
  if (reference === undefined) return undefined;
  const validate = validators.get(reference) ?? compile(reference);
  if (validate !== undefined) validators.set(reference, validate);
  return validate;
}

function compile(reference: string): ValidateFunction | undefined {
  const file = reference.slice(0, reference.indexOf('#'));
  if (!loaded.has(file)) {
    ajv.addSchema(mappingAt(readSchema(file)), file);
    loaded.add(file);
  }
  return ajv.getSchema(reference);
}

/** `kubernetes.json#/$defs/apps.v1.Deployment`, of a Deployment. */
function referenceFor(object: KubeObject): string | undefined {
  references ??= new Map(Object.entries(mappingAt(readSchema(INDEX))).map(([kind, value]) => [kind, String(value)]));
  return references.get(`${object.apiVersion}/${object.kind}`);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([field, child]) => (child === null ? [] : [[field, withoutNulls(child)]])),
  );
}
