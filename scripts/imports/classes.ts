/** CustomResourceDefinitions → TypeScript classes, by cdk8s-cli. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { groupBy, sortedBy } from '../../lib/model/collections';
import { isMapping, textAt, type Mapping } from '../../lib/model/kube-object';
import { CannotRun } from '../../lib/model/cannot-run';
import { keepsUnknownFields, mapFields, requiredFields, type CustomResource } from './crd';
import { CLASSES_GENERATED } from './generated';
import { pinOf } from './sources';

const run = promisify(execFile);
const packages = createRequire(__filename);

/** File name → TypeScript, one file per API group. */
export async function generateClasses(
  resources: readonly CustomResource[],
  project: string,
): Promise<ReadonlyMap<string, string>> {
  // Below node_modules, so that what is generated finds cdk8s when its types are checked.
  const cache = join(project, 'node_modules', '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'imports-'));
  try {
    const byGroup = groupBy(resources, (resource) => resource.group);
    await importInto(folder, resources);
    const classes = new Map<string, string>();
    for (const group of sortedBy(byGroup.keys(), (name) => name)) {
      const file = `${group}.ts`;
      const text = tidied(await readFile(join(folder, file), 'utf8'), file);
      await writeFile(join(folder, file), text);
      const pins = new Set((byGroup.get(group) ?? []).map((resource) => pinOf(resource.source)));
      classes.set(file, [CLASSES_GENERATED, ...[...pins].map((pin) => `// From ${pin}`), UNCHECKED, text].join('\n'));
    }
    await checkTypes(folder, project);
    return classes;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * The compiler would spend more time on the bodies of these files than on the rest of the project. They were checked
 * when they were made, and nobody edits them; how others use them is checked as ever.
 */
const UNCHECKED = '// @ts-nocheck: npm run imports has checked it';

/** All groups in one file and one run: of two files with the same group, the second would overwrite the first. */
async function importInto(folder: string, resources: readonly CustomResource[]): Promise<void> {
  const file = join(folder, 'crds.yaml');
  await writeFile(file, resources.map((resource) => JSON.stringify(definitionOf(resource))).join('\n---\n'));
  const cli = join(dirname(packages.resolve('cdk8s-cli/package.json')), 'bin', 'cdk8s');
  try {
    await run(process.execPath, [cli, 'import', file, '--language', 'typescript', '--output', folder, '--no-save'], {
      // Without a cdk8s.yaml around, and without asking a registry for newer versions.
      cwd: folder,
      env: { ...process.env, CDK8S_CHECK_UPGRADE: 'false' },
    });
  } catch (thrown) {
    throw new CannotRun(`cdk8s import failed: ${String(thrown)}`);
  }
}

function definitionOf({ group, version, kind, schema }: CustomResource): Mapping {
  const { status: _status, metadata: _metadata, ...properties } = mapFields(schema, typesOnly);
  // cdk8s fills in metadata, so nobody has to give it.
  const required = requiredFields(schema).filter((field) => field in properties);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.toLowerCase()}.${group}` },
    spec: {
      group,
      names: { kind },
      versions: [{ name: version, schema: { openAPIV3Schema: { type: 'object', properties, required } } }],
    },
  };
}

/** Only what types can say. */
function typesOnly(schema: Mapping): Mapping {
  // A class would drop the fields that the API server keeps although nobody lists them.
  if (keepsUnknownFields(schema)) {
    if (schema['type'] === 'array') return { type: 'array' };
    if (schema['properties'] !== undefined) return {};
  }
  const { type, enum: values, anyOf, items, properties, additionalProperties } = schema;
  // No `format`: a date is text in YAML, and would become a `Date` in the class.
  return {
    type,
    enum: values,
    anyOf,
    items: isMapping(items) ? typesOnly(items) : undefined,
    properties: properties === undefined ? undefined : mapFields(schema, typesOnly),
    required: properties === undefined ? undefined : requiredFields(schema),
    additionalProperties: isMapping(additionalProperties) ? typesOnly(additionalProperties) : additionalProperties,
  };
}

/** What the generator writes around the types: comments that name the type once more, and switches of another linter. */
function tidied(text: string, file: string): string {
  if (text.includes('__stripped_by_cdk8s__')) {
    throw new CannotRun(`cdk8s import replaced values with characters that it does not allow in ${file}.`);
  }
  return text
    .replace(/^\/\/ generated by cdk8s\n/, '')
    .replaceAll(/^ *\/\*\*?(?:[^*]|\*(?!\/))*\*\/\n/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .replace(/\n*$/, '\n');
}

async function checkTypes(folder: string, project: string): Promise<void> {
  const config = join(folder, 'tsconfig.json');
  await writeFile(config, JSON.stringify({ extends: join(project, 'tsconfig.json'), include: ['*.ts'], exclude: [] }));
  try {
    await run(process.execPath, [packages.resolve('typescript/bin/tsc'), '--project', config, '--rootDir', folder]);
  } catch (thrown) {
    throw new CannotRun(`What cdk8s import wrote does not compile:\n${textAt(thrown, 'stdout') ?? String(thrown)}`);
  }
}
