/** The OpenAPI document of Kubernetes → closed JSON Schemas of its own kinds. */
import { isMapping, listAt, mappingAt, textAt, type Mapping } from '../../lib/model/kube-object';
import { CannotRun } from '../../lib/model/cannot-run';
import { STATUS } from './closed-schema';
import { mapFields } from './crd';
import { pinOf, type Source } from './sources';

/** Schemas that may refer to one another as `#/$defs/<name>`. */
export type Definitions = Readonly<Record<string, Mapping>>;

export interface BuiltInKinds {
  /** All that the kinds refer to, and they themselves. */
  readonly definitions: Definitions;
  /** `apps/v1/Deployment` → name of its definition. */
  readonly kinds: Readonly<Record<string, string>>;
}

/** Types that the document calls text although more is accepted (`UnmarshalJSON` of the types in k8s.io/apimachinery). */
const WIDER: Definitions = {
  'api.resource.Quantity': { type: ['number', 'string'] },
  'util.intstr.IntOrString': { type: ['integer', 'string'] },
};

export function builtInKinds(source: Source, document: string): BuiltInKinds {
  const upstream = Object.entries(mappingAt(JSON.parse(document), 'definitions'));
  const kinds = Object.entries(source.kinds).flatMap(([apiVersion, names]) =>
    names.map((kind): [string, string] => {
      const found = upstream.find(([, schema]) => isKind(schema, apiVersion, kind));
      if (found === undefined) {
        throw new CannotRun(
          `${pinOf(source)} defines no ${kind} in ${apiVersion}. Correct its row in scripts/imports/sources.ts.`,
        );
      }
      return [`${apiVersion}/${kind}`, shortName(found[0])];
    }),
  );
  const all = upstream.map(([name, schema]): [string, Mapping] => [shortName(name), closed(mappingAt(schema))]);
  const names = kinds.map(([, name]) => name);
  return {
    definitions: withReferences({ ...Object.fromEntries(all), ...WIDER }, names),
    kinds: Object.fromEntries(kinds),
  };
}

/** The named definitions and all that they refer to. */
export function withReferences(all: Definitions, names: readonly string[]): Definitions {
  const reached = new Map<string, Mapping>();
  const wanted = [...names];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const definition = all[name];
    if (definition === undefined || reached.has(name)) continue;
    reached.set(name, definition);
    wanted.push(...referencesIn(definition));
  }
  return Object.fromEntries(reached);
}

/** `core.v1.Pod` of `io.k8s.api.core.v1.Pod`. */
function shortName(name: string): string {
  return name.split('.').slice(-3).join('.');
}

function isKind(schema: unknown, apiVersion: string, kind: string): boolean {
  return listAt(schema, 'x-kubernetes-group-version-kind').some((each) => {
    const group = textAt(each, 'group') ?? '';
    const version = textAt(each, 'version') ?? '';
    return textAt(each, 'kind') === kind && (group === '' ? version : `${group}/${version}`) === apiVersion;
  });
}

function closed(schema: Mapping): Mapping {
  const reference = textAt(schema, '$ref');
  if (reference !== undefined) return { $ref: `#/$defs/${shortName(reference)}` };
  const { items, properties, additionalProperties, required, type } = schema;
  const isObject = 'x-kubernetes-group-version-kind' in schema;
  return {
    ...(type === undefined ? {} : { type }),
    ...(required === undefined ? {} : { required }),
    ...(isMapping(items) ? { items: closed(items) } : {}),
    ...(isMapping(additionalProperties) ? { additionalProperties: closed(additionalProperties) } : {}),
    ...(isMapping(properties)
      ? {
          properties: mapFields(schema, (child, name) => (isObject && name === 'status' ? STATUS : closed(child))),
          additionalProperties: false,
        }
      : {}),
  };
}

function referencesIn(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(referencesIn);
  if (!isMapping(schema)) return [];
  return Object.entries(schema).flatMap(([keyword, value]) =>
    keyword === '$ref' && typeof value === 'string' ? [value.replace('#/$defs/', '')] : referencesIn(value),
  );
}
