/** CustomResourceDefinitions, as far as classes and schemas need them. */
import { at, isMapping, listAt, mappingAt, textAt, textsAt, type Mapping } from '../../lib/model/kube-object';
import { CannotRun } from '../../lib/model/cannot-run';
import { readYaml } from '../../lib/yaml/read';
import { pinOf, type CrdSource } from './sources';

/** One kind in one version. */
export interface CustomResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** `openAPIV3Schema`, as upstream wrote it. */
  readonly schema: Mapping;
  readonly source: CrdSource;
}

/** The kinds that a source's table selects, found in its files. */
export function customResources(source: CrdSource, texts: readonly string[]): readonly CustomResource[] {
  const definitions = texts
    .flatMap((text) => readYaml(text, source.name).objects)
    .map(({ object }) => object)
    .filter((object) => object.kind === 'CustomResourceDefinition');
  return Object.entries(source.kinds).flatMap(([apiVersion, kinds]) => {
    const [group = '', version = ''] = apiVersion.split('/');
    return kinds.map((kind) => {
      const schemas = definitions
        .filter((crd) => textAt(crd, 'spec', 'group') === group && textAt(crd, 'spec', 'names', 'kind') === kind)
        .flatMap((crd) => listAt(crd, 'spec', 'versions'))
        .filter((each) => textAt(each, 'name') === version)
        .map((each) => mappingAt(each, 'schema', 'openAPIV3Schema'));
      const [schema] = schemas;
      if (schema === undefined) {
        throw new CannotRun(
          `${pinOf(source)} defines no ${kind} in ${apiVersion}. Correct its row in scripts/imports/sources.ts.`,
        );
      }
      return { group, version, kind, schema, source };
    });
  });
}

/**
 * Converts the schemas of an object's fields. Their names are not keywords, even where they read like some
 * (`description`, `default`).
 */
export function mapFields(schema: Mapping, convert: (field: Mapping, name: string) => Mapping): Mapping {
  return Object.fromEntries(
    Object.entries(mappingAt(schema, 'properties')).map(([name, field]) => [
      name,
      convert(isMapping(field) ? field : {}, name),
    ]),
  );
}

/** The fields that a manifest must have: the API server fills in defaults before it looks for required fields. */
export function requiredFields(schema: Mapping): readonly string[] {
  return textsAt(schema, 'required').filter((field) => at(schema, 'properties', field, 'default') === undefined);
}

/** Whether the API server keeps fields here that no schema lists. */
export function keepsUnknownFields(schema: Mapping): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true;
}
