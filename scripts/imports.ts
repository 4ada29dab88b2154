/** `npm run imports`: classes and closed schemas of the kinds that are used, from pinned upstream sources. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { COULD_NOT_RUN, describeFailure } from '../lib/model/cannot-run';
import { counted } from '../lib/model/text';
import { generateClasses } from './imports/classes';
import { customResources, type CustomResource } from './imports/crd';
import { fetchSource, preferredRoute, type Route } from './imports/fetch';
import { isGenerated } from './imports/generated';
import { generateSchemas } from './imports/schemas';
import { CRD_SOURCES, KUBERNETES, pinOf, type Source } from './imports/sources';

const PROJECT = dirname(__dirname);

const EXAMPLES = `
What is taken from where is the table in scripts/imports/sources.ts.

Examples:
  npm run imports                 write imports/ and schemas/ anew, after a version in the table was changed
  npm run imports -- --check      prove that nobody edited them by hand; exits 1 if they differ
  npm run imports -- --upstream   without Go: take the files from the upstream projects' own addresses`;

interface Options {
  readonly check?: true;
  readonly upstream?: true;
}

/** Path below the project → text. */
type Files = ReadonlyMap<string, string>;

async function main(): Promise<void> {
  const { check, upstream } = new Command('npm run imports --')
    .description(
      'Generates imports/ and schemas/ from the CustomResourceDefinitions and the OpenAPI document upstream.',
    )
    .option('--check', 'compare with what is committed instead of writing it')
    .option('--upstream', 'do not use Go, even if it is installed')
    .addHelpText('after', EXAMPLES)
    .parse()
    .opts<Options>();
  const generated = await generate(upstream === true ? 'upstream' : await preferredRoute());
  if (check !== true) {
    await replace(generated);
    say(`Wrote ${counted(generated.size, 'file')}.`);
    return;
  }
  const differences = await compare(generated);
  if (differences.length === 0) {
    say('imports/ and schemas/ are what the sources say.');
    return;
  }
  say(`${differences.join('\n')}\nRun npm run imports and commit what it writes.`);
  process.exitCode = 1;
}

async function generate(route: Route): Promise<Files> {
  const resources: CustomResource[] = [];
  for (const source of CRD_SOURCES) {
    resources.push(...(await timed(source, async () => customResources(source, await fetchSource(source, route)))));
  }
  const [document = ''] = await timed(KUBERNETES, () => fetchSource(KUBERNETES, route));
  const classes = await timed('classes, by cdk8s-cli', () => generateClasses(resources, PROJECT));
  const schemas = await timed('schemas', async () => generateSchemas(resources, document));
  return new Map([
    ...[...classes].map(([file, text]) => [join('imports', file), text] as const),
    ...[...schemas].map(([file, text]) => [join('schemas', file), text] as const),
  ]);
}

async function timed<T>(what: Source | string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  say(`${seconds.padStart(6)} s  ${typeof what === 'string' ? what : `${what.name} (${pinOf(what)})`}`);
  return result;
}

async function replace(generated: Files): Promise<void> {
  for (const file of await committed()) if (!generated.has(file)) await rm(join(PROJECT, file));
  for (const [file, text] of generated) {
    await mkdir(dirname(join(PROJECT, file)), { recursive: true });
    await writeFile(join(PROJECT, file), text);
  }
}

/** What is wrong with the committed files, one line each. */
async function compare(generated: Files): Promise<readonly string[]> {
  const present = await committed();
  const stale = present.filter((file) => !generated.has(file)).map((file) => `${file} is no longer generated.`);
  const changed: string[] = [];
  for (const [file, text] of generated) {
    if (!present.includes(file)) changed.push(`${file} is missing.`);
    else if ((await readFile(join(PROJECT, file), 'utf8')) !== text) changed.push(`${file} differs.`);
  }
  return [...stale, ...changed];
}

/** The generated files that are there. */
async function committed(): Promise<readonly string[]> {
  const files: string[] = [];
  for (const folder of ['imports', 'schemas']) {
    for (const name of await readdir(join(PROJECT, folder))) {
      const file = join(folder, name);
      if (isGenerated(name, await readFile(join(PROJECT, file), 'utf8'))) files.push(file);
    }
  }
  return files;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((thrown: unknown) => {
  process.stderr.write(describeFailure(thrown));
  process.exitCode = COULD_NOT_RUN;
});
