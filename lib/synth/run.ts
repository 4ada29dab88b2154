/** Synth as a command: prove, write, say what happened, set the exit code. The only part that prints. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { App } from 'cdk8s';
import { explainFindings } from '../coverage/explain';
import { describeOrigin, type Finding } from '../coverage/finding';
import { CannotRun, COULD_NOT_RUN, describeFailure, surviveClosedPipes } from '../model/cannot-run';
import { groupBy, sortedBy } from '../model/collections';
import { parseInventory } from '../schema/inventory';
import { CLUSTER_CHART } from '../model/folders';
import { nearest } from '../model/nearest';
import { isWritten, type RenderedObject } from '../model/rendered';
import { emitYaml } from '../yaml/emit';
import { checkInput } from './check-input';
import { diffInventories } from './inventory-diff';
import { explained, healFolder, replaceFolder, type Written } from './output';
import { refuseOutputPlace } from './output-place';
import { countDocuments, describeUnread, summarize } from './summary';
import { synthesize, type Synthesized, type SynthInput } from './synthesize';
import { findUnread, type UnreadFile } from './unread';

const HELP = `Usage: npm run synth [-- options]

Proves that all data has a backup, and only then replaces the output folder.

Options:
  --json         findings, changes and inventory as JSON on standard output
  --annotations  findings as annotations of a pull request (GitHub)
  -h, --help     this text
  --             what follows is left to your own code

Exit codes: 0 written, 1 findings and nothing written, 2 could not run.

Examples:
  npm run synth
  npm run synth -- --json > findings.json
`;

export function runSynth(app: App, input: SynthInput): void {
  surviveClosedPipes();
  try {
    const options = readOptions();
    if (options.has('help')) {
      process.stdout.write(HELP);
      return;
    }
    checkInput(input);
    refuseOutputPlace(input.project, input.outputFolder);
    const healed = healFolder(input.outputFolder);
    const before = inventoryBefore(input);
    const result = synthesize(app, input);
    const written = result.files === undefined ? undefined : replaceFolder(input.outputFolder, result.files);
    if (written !== undefined) writeForCli(result);
    const report = {
      input,
      result,
      written,
      healed,
      unreadFiles: findUnread(
        input.project,
        input.outputFolder,
        [...result.beside.files, ...result.beside.leftOut],
        result.context.input.objects.filter(isWritten).map(({ object }) => object),
      ),
      before,
      changes: before === undefined || 'problem' in before.read ? [] : diffInventories(before.read, result.inventory),
    };
    if (options.has('json')) printJson(report);
    else printText(report);
    if (options.has('annotations')) printAnnotations(result.findings);
    if (written === undefined) process.exitCode = 1;
  } catch (error) {
    // Thrown on, a mistake in code would end with 1, which says that there are findings.
    process.stderr.write(describeFailure(error));
    process.exitCode = COULD_NOT_RUN;
  }
}

const OPTIONS = {
  json: { type: 'boolean' },
  annotations: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws CannotRun for any other option: whoever writes `--dry-run` must not find that everything was written. */
function readOptions(): ReadonlySet<string> {
  const { tokens } = parseArgs({ options: OPTIONS, strict: false, allowPositionals: true, tokens: true });
  const given = tokens.filter((token) => token.kind === 'option');
  for (const { name, rawName, value } of given) {
    if (Object.hasOwn(OPTIONS, name) && value === undefined) continue;
    const known = Object.keys(OPTIONS).map((option) => `--${option}`);
    const meant = nearest(rawName, known);
    const hint = meant === undefined ? 'options of your own code go after a further --;' : `did you mean ${meant}?`;
    const text = value === undefined ? rawName : `${rawName}=${value}`;
    throw new CannotRun(`unknown option ${text}: ${hint} --help lists all`);
  }
  const names = new Set(given.map(({ name }) => name));
  if (names.has('json') && names.has('annotations')) {
    throw new CannotRun('--json and --annotations both print to standard output: run synth once for each');
  }
  return names;
}

/**
 * What `synthYaml` throws where the gate refuses. The message is for people; {@link findings} says the same as data.
 *
 * @example
 * try {
 *   app.synthYaml();
 * } catch (error) {
 *   if (error instanceof GateError) process.stdout.write(`${error.findings.map(({ rule }) => rule).join(' ')}\n`);
 * }
 */
export class GateError extends Error {
  override readonly name = 'GateError';

  constructor(
    /** Warnings included. */
    readonly findings: readonly Finding[],
  ) {
    super(`\n${explainFindings(findings, false)}`);
  }
}

/** @throws GateError if the gate refuses. */
export function yamlOf(app: App, input: SynthInput): string {
  const { findings, files, context } = synthesize(app, input);
  if (files === undefined) throw new GateError(findings);
  return writtenObjects(context.input.objects)
    .map(({ object }) => emitYaml(object))
    .join('---\n');
}

interface Report {
  readonly input: SynthInput;
  readonly result: Synthesized;
  readonly written: Written | undefined;
  readonly healed: string | undefined;
  /** Files with Kubernetes objects in the repository that nobody looked at. */
  readonly unreadFiles: readonly UnreadFile[];
  readonly before: InventoryBefore | undefined;
  readonly changes: readonly string[];
}

function printText({ input, result, written, healed, unreadFiles, before, changes }: Report): void {
  const folder = `${relative(process.cwd(), resolve(input.outputFolder))}/`;
  const colours = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
  const errorColours = process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined;
  if (healed !== undefined) process.stderr.write(`${healed}\n`);
  if (result.findings.length > 0) process.stderr.write(`${explainFindings(result.findings, errorColours)}\n`);
  if (written === undefined) {
    process.stderr.write(`Not seen: ${describeUnread(unreadFiles)}\n${folder} is unchanged.\n`);
    return;
  }
  if (written.edited.length > 0) {
    process.stderr.write(
      `Changed by hand in ${folder} since the last synth, and replaced (kept in ${written.editedFolder}/):\n${written.edited.map((path) => `  ${path}\n`).join('')}\n`,
    );
  }
  const summary = summarize(
    {
      inventory: result.inventory,
      folders: result.folders,
      flux: input.platform.flux,
      skippedDocuments: result.beside.unread.length,
      unreadFiles,
    },
    colours,
  );
  process.stdout.write(summary);
  if (before !== undefined && 'problem' in before.read)
    process.stdout.write(`\nWhat changed is not shown: ${before.from} ${before.read.problem}\n`);
  else if (before !== undefined && changes.length > 0)
    process.stdout.write(`\nChanged since ${before.from}:\n${changes.map((line) => `  ${line}\n`).join('')}`);
  process.stdout.write(`\n${folder} ${written.changed ? 'is written' : 'was up to date'}.\n`);
}

function printJson({ result, written, healed, unreadFiles, changes }: Report): void {
  const { findings, inventory } = result;
  const json = {
    written: written !== undefined,
    findings,
    unreadDocuments: countDocuments(unreadFiles),
    unreadFiles,
    ...(healed === undefined ? {} : { healed }),
    ...(written === undefined ? {} : { editedByHand: written.edited, changes, inventory }),
  };
  process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
}

/** One line per finding, in the form that GitHub shows beside the code. */
function printAnnotations(findings: readonly Finding[]): void {
  for (const finding of findings) {
    const { rule, severity, subject, because, remedies } = finding;
    const text = [subject, because, ...remedies.map((remedy) => `${remedy.label}: ${remedy.text}`)]
      .filter((part) => part !== undefined)
      .join('\n');
    process.stdout.write(
      `::${severity} ${annotationPlace(finding)}title=${escapeProperty(rule)}::${escapeData(text)}\n`,
    );
  }
}

/** A chart's file is named after it; what is said to the app may stand in any. */
function annotationPlace({ at }: Finding): string {
  if (at === undefined || (at.type === 'construct' && at.chart === CLUSTER_CHART)) return '';
  if (at.type === 'file') return `file=${escapeProperty(at.file)},line=${at.line},`;
  const file = `apps/${at.chart}.ts`;
  return existsSync(file) ? `file=${escapeProperty(file)},` : '';
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** What the cdk8s CLI expects to find: one file per chart. */
function writeForCli({ context }: Synthesized): void {
  const cliFolder = process.env['CDK8S_OUTDIR'];
  if (cliFolder === undefined) return;
  const charts = groupBy(writtenObjects(context.input.objects), ({ origin }) =>
    origin.type === 'construct' ? origin.chart : '',
  );
  explained(cliFolder, () => {
    mkdirSync(cliFolder, { recursive: true });
    for (const [chart, objects] of charts) {
      writeFileSync(join(cliFolder, `${chart}.k8s.yaml`), objects.map(({ object }) => emitYaml(object)).join('---\n'));
    }
  });
}

function writtenObjects(objects: readonly RenderedObject[]): readonly RenderedObject[] {
  return sortedBy(objects.filter(isWritten), ({ object, origin }) =>
    JSON.stringify([describeOrigin(origin), object.kind, object.metadata.name]),
  );
}

interface InventoryBefore {
  readonly from: 'the committed inventory' | 'the inventory of the last synth';
  readonly read: ReturnType<typeof parseInventory>;
}

/** That of the last commit, so that running synth twice shows the same changes; where there is none, the one in the folder. */
function inventoryBefore({ project, outputFolder }: SynthInput): InventoryBefore | undefined {
  const path = join(resolve(outputFolder), 'inventory.json');
  const committed = showCommitted(project, path);
  if (committed !== undefined) return { from: 'the committed inventory', read: parseInventory(committed) };
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return undefined;
  return { from: 'the inventory of the last synth', read: parseInventory(readFileSync(path, 'utf8')) };
}

function showCommitted(project: string, path: string): string | undefined {
  try {
    return execFileSync('git', ['show', `HEAD:./${relative(project, path)}`], {
      cwd: project,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    });
  } catch {
    return undefined;
  }
}
