/** The closed schemas of all kinds, as files: one per API group of custom resources, one for what Kubernetes brings. */
import { groupBy, sortedBy } from '../../lib/model/collections';
import { closedResource } from './closed-schema';
import type { CustomResource } from './crd';
import { builtInKinds, withReferences, type Definitions } from './kubernetes';
import { OPENSEARCH_KINDS } from './opensearch';
import { INDEX, SCHEMA_GENERATED } from './generated';
import { canonicalJson, shareEqualParts } from './share';
import { KUBERNETES, pinOf } from './sources';

/** File name → JSON. `index.json` says which definition of which file is whose. */
export function generateSchemas(
  resources: readonly CustomResource[],
  kubernetesDocument: string,
): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const index: Record<string, string> = {};
  const add = (file: string, origin: string, definitions: Definitions, kinds: Readonly<Record<string, string>>) => {
    files.set(file, schemaFile(origin, definitions));
    for (const [kind, definition] of Object.entries(kinds)) index[kind] = `${file}#/$defs/${definition}`;
  };

  const builtIn = builtInKinds(KUBERNETES, kubernetesDocument);
  add('kubernetes.json', `from ${pinOf(KUBERNETES)}`, builtIn.definitions, builtIn.kinds);
  // In each file, so that only one has to be read for an object.
  const metadata = withReferences(builtIn.definitions, ['meta.v1.ObjectMeta']);

  for (const [group, members] of groupBy(resources, (resource) => resource.group)) {
    const pins = new Set(members.map((resource) => pinOf(resource.source)));
    const schemas = Object.fromEntries(members.map((resource) => [resource.kind, closedResource(resource)]));
    add(
      `${group}.json`,
      `from ${[...pins].join(', ')}`,
      { ...metadata, ...shareEqualParts(schemas) },
      Object.fromEntries(members.map(({ version, kind }) => [`${group}/${version}/${kind}`, kind])),
    );
  }

  add(
    'opensearch.org.json',
    'from scripts/imports/opensearch.ts',
    { ...metadata, ...shareEqualParts(OPENSEARCH_KINDS) },
    Object.fromEntries(Object.keys(OPENSEARCH_KINDS).map((kind) => [`opensearch.org/v1/${kind}`, kind])),
  );
  files.set(INDEX, lines(index));
  return files;
}

function schemaFile(origin: string, definitions: Definitions): string {
  return `${SCHEMA_GENERATED} ${origin}; do not edit.","$defs":${lines(definitions).trimEnd()}}\n`;
}

/** One entry a line: compact, and a difference still says which definition changed. */
function lines(entries: Readonly<Record<string, unknown>>): string {
  const sorted = sortedBy(Object.entries(entries), ([name]) => name);
  return `{\n${sorted.map(([name, value]) => `${JSON.stringify(name)}:${canonicalJson(value)}`).join(',\n')}\n}\n`;
}
