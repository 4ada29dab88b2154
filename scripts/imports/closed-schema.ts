/**
 * What a CustomResourceDefinition means and JSON Schema does not say: the API server drops fields that no schema lists,
 * so lists of fields are closed here (k8s.io/apiextensions-apiserver, pkg/apiserver/schema/pruning/algorithm.go).
 *
 * Left out: `nullable`, because the server reads `null` as a field that is not there; `anyOf`, `oneOf`, `allOf` and
 * `not`, which may only add conditions to fields listed beside them; rules in CEL, defaults and formats.
 */
import { isMapping, mappingAt, type Mapping } from '../../lib/model/kube-object';
import { CannotRun } from '../../lib/model/cannot-run';
import { keepsUnknownFields, mapFields, requiredFields, type CustomResource } from './crd';

/** Keywords that mean the same on both sides. */
const SHARED_KEYWORDS = new Set([
  'type',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
]);

/** Fields that every object has, also one inside another; upstream lists them open or not at all. */
export const OBJECT_FIELDS = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { $ref: '#/$defs/meta.v1.ObjectMeta' },
} as const;

/** Controllers write it, manifests have none: anything goes. */
export const STATUS = { type: 'object' } as const;

export function closedResource({ kind, schema }: CustomResource): Mapping {
  const closed = close(schema, kind);
  const { status, ...properties } = mappingAt(closed, 'properties');
  return {
    ...closed,
    properties: { ...properties, ...OBJECT_FIELDS, ...(status === undefined ? {} : { status: STATUS }) },
  };
}

/**
 * @param where the path to the schema, for messages.
 * @param open whether the list around it keeps unknown fields; then its members do.
 */
function close(schema: Mapping, where: string, open = false): Mapping {
  const keepsMore = open || keepsUnknownFields(schema);
  const closed: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) if (SHARED_KEYWORDS.has(keyword)) closed[keyword] = value;
  if (schema['x-kubernetes-int-or-string'] === true) closed['type'] = ['integer', 'string'];
  if (typeof schema['pattern'] === 'string') closed['pattern'] = portablePattern(schema['pattern'], where);
  if (isMapping(schema['items'])) closed['items'] = close(schema['items'], `${where}[]`, keepsMore);
  if (schema['type'] !== 'object') return closed;
  const fields = {
    ...mapFields(schema, (field, name) => close(field, `${where}.${name}`)),
    ...(schema['x-kubernetes-embedded-resource'] === true ? OBJECT_FIELDS : {}),
  };
  if (Object.keys(fields).length > 0) closed['properties'] = fields;
  const required = requiredFields(schema);
  if (required.length > 0) closed['required'] = required;
  const others = schema['additionalProperties'];
  if (isMapping(others)) closed['additionalProperties'] = close(others, `${where}.*`);
  else if (!keepsMore) closed['additionalProperties'] = false;
  return closed;
}

/** Go's regular expressions have a switch for the case of letters, `(?i)`, which JavaScript's have not. */
function portablePattern(pattern: string, where: string): string {
  const [anchor, rest] = pattern.split('(?i)');
  const portable = rest === undefined ? pattern : `${anchor}${rest.replaceAll(/[a-z]/gi, eitherCase)}`;
  try {
    return new RegExp(portable, 'u').source;
  } catch (thrown) {
    throw new CannotRun(`${where} has a pattern that JavaScript cannot read: ${String(thrown)}`);
  }
}

function eitherCase(letter: string): string {
  return `[${letter.toLowerCase()}${letter.toUpperCase()}]`;
}
