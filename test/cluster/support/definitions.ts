/** The CustomResourceDefinitions of all kinds in dist/, whole and as upstream wrote them, from the sources of imports/. */
import { isMapping, mappingAt, textAt, type KubeObject, type Mapping } from '../../../lib/model/kube-object';
import { readYaml } from '../../../lib/yaml/read';
import { fetchSource, preferredRoute } from '../../../scripts/imports/fetch';
import { OPENSEARCH_KINDS } from '../../../scripts/imports/opensearch';
import { CRD_SOURCES } from '../../../scripts/imports/sources';
import type { Cluster } from './cluster';

export async function installDefinitions(cluster: Cluster): Promise<void> {
  const definitions = [...(await upstreamDefinitions()), openSearchDefinition()];
  await cluster.apply(...definitions);
  const names = definitions.map(({ metadata }) => `customresourcedefinition/${metadata.name}`);
  await cluster.kubectl('wait', '--for=condition=Established', '--timeout=60s', ...names);
}

async function upstreamDefinitions(): Promise<readonly KubeObject[]> {
  const route = await preferredRoute();
  const texts = await Promise.all(CRD_SOURCES.map(async (source) => fetchSource(source, route)));
  return texts
    .flat()
    .flatMap((text) => readYaml(text, 'upstream').objects)
    .map(({ object }) => object)
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
}

/**
 * The operator's own cannot be had as a Go module (scripts/imports/opensearch.ts says why), so this one says what our
 * schema does: a misspelt field is refused, a rule of the operator is not known.
 */
function openSearchDefinition(): KubeObject {
  const known = structural(OPENSEARCH_KINDS['OpenSearchCluster']);
  const schema = { ...known, properties: { ...mappingAt(known, 'properties'), status: structural({}) } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'opensearchclusters.opensearch.org' },
    spec: {
      group: 'opensearch.org',
      scope: 'Namespaced',
      names: { kind: 'OpenSearchCluster', plural: 'opensearchclusters' },
      versions: [
        { name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: schema } },
      ],
    },
  };
}

/** A closed JSON Schema in the words of a CustomResourceDefinition, where fields that are not listed are unknown. */
function structural(schema: unknown): Mapping {
  const { additionalProperties, properties, items, type, ...rest } = isMapping(schema) ? schema : {};
  if (Array.isArray(type)) return { 'x-kubernetes-int-or-string': true };
  if (type === undefined) return { 'x-kubernetes-preserve-unknown-fields': true };
  const fields = isMapping(properties) ? Object.entries(properties) : [];
  const known = fields.filter(([name, field]) => textAt(field, '$ref') === undefined && name !== 'status');
  return {
    ...rest,
    type,
    ...(items === undefined ? {} : { items: structural(items) }),
    ...(isMapping(additionalProperties) ? { additionalProperties: structural(additionalProperties) } : {}),
    ...(known.length === 0
      ? {}
      : { properties: Object.fromEntries(known.map(([name, field]) => [name, structural(field)])) }),
  };
}
