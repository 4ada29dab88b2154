/** Synth as a command: prove, write, say what happened, set the exit code. The only part that prints. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { App } from 'cdk8s';
import { explainFindings } from '../coverage/explain';
import { describeOrigin, type Finding } from '../coverage/finding';
import { CannotRun } from '../model/cannot-run';
import { groupBy, sortedBy } from '../model/collections';
import { parseInventory } from '../schema/inventory';
import type { Inventory } from '../model/inventory';
import { nearest } from '../model/nearest';
import { isWritten, type RenderedObject } from '../model/rendered';
import { emitYaml } from '../yaml/emit';
import { diffInventories } from './inventory-diff';
import { healFolder, replaceFolder, type Written } from './output';
import { countUnread } from './repository';
import { summarize } from './summary';
import { synthesize, type Synthesized, type SynthInput } from './synthesize';

const HELP = `Usage: npm run synth [-- options]

Proves that all data has a backup, and only then replaces the output folder.

Options:
  --json         findings, changes and inventory as JSON on standard output
  --annotations  findings as annotations of a pull request (GitHub)
  --help         this text
Other options are left to your own code.

Exit codes: 0 written, 1 findings and nothing written, 2 could not run.

Examples:
  npm run synth
  npm run synth -- --json > findings.json
`;

export function runSynth(app: App, input: SynthInput): void {
  try {
    const flags = readFlags();
    if (flags.has('--help')) {
      process.stdout.write(HELP);
      return;
    }
    refuseEmptiedFolder(input);
    const healed = healFolder(input.outputFolder);
    const before = committedInventory(input);
    const result = synthesize(app, input);
    const written = result.files === undefined ? undefined : replaceFolder(input.outputFolder, result.files);
    if (written !== undefined) writeForCli(result);
    const report = {
      input,
      result,
      written,
      healed,
      changes: before === undefined ? [] : diffInventories(before, result.inventory),
    };
    if (flags.has('--json')) printJson(report);
    else printText(report);
    if (flags.has('--annotations')) printAnnotations(result.findings);
    if (written === undefined) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    process.exitCode = 2;
  }
}

const OPTIONS = ['--json', '--annotations', '--help'];

/** A project's own code may read options of its own, so only what looks like one of ours is refused. */
function readFlags(): ReadonlySet<string> {
  const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
  for (const flag of flags) {
    const meant = OPTIONS.includes(flag) ? undefined : nearest(flag, OPTIONS);
    if (meant !== undefined) throw new CannotRun(`unknown option ${flag}: did you mean ${meant}? --help lists all`);
  }
  return new Set(flags);
}

/** @throws Error with all findings if the gate refuses. */
export function yamlOf(app: App, input: SynthInput): string {
  const { findings, files, context } = synthesize(app, input);
  if (files === undefined) throw new Error(`\n${explainFindings(findings, false)}`);
  return writtenObjects(context.input.objects)
    .map(({ object }) => emitYaml(object))
    .join('---\n');
}

interface Report {
  readonly input: SynthInput;
  readonly result: Synthesized;
  readonly written: Written | undefined;
  readonly healed: string | undefined;
  readonly changes: readonly string[];
}

function printText({ input, result, written, healed, changes }: Report): void {
  const folder = `${relative(process.cwd(), resolve(input.outputFolder))}/`;
  const colours = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
  const errorColours = process.stderr.isTTY === true && process.env['NO_COLOR'] === undefined;
  if (healed !== undefined) process.stderr.write(`${healed}\n`);
  if (result.findings.length > 0) process.stderr.write(`${explainFindings(result.findings, errorColours)}\n`);
  if (written === undefined) {
    process.stderr.write(`${folder} is unchanged.\n`);
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
      unreadDocuments: countUnread(
        input.project,
        input.outputFolder,
        result.beside.files,
        result.context.input.objects.filter(isWritten).map(({ object }) => object),
      ),
    },
    colours,
  );
  process.stdout.write(summary);
  if (changes.length > 0)
    process.stdout.write(`\nChanged since the committed inventory:\n${changes.map((line) => `  ${line}\n`).join('')}`);
  process.stdout.write(`\n${folder} ${written.changed ? 'is written' : 'was up to date'}.\n`);
}

function printJson({ result, written, healed, changes }: Report): void {
  const { findings, inventory } = result;
  const json = {
    written: written !== undefined,
    findings,
    ...(healed === undefined ? {} : { healed }),
    ...(written === undefined ? {} : { editedByHand: written.edited, changes, inventory }),
  };
  process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
}

/** One line per finding, in the form that GitHub shows beside the code. */
function printAnnotations(findings: readonly Finding[]): void {
  for (const finding of findings) {
    const { rule, severity, subject, because, remedies, at } = finding;
    const text = [subject, because, ...remedies.map((remedy) => `${remedy.label}: ${remedy.text}`)]
      .filter((part) => part !== undefined)
      .join('\n');
    const place = at === undefined ? '' : annotationPlace(finding);
    process.stdout.write(`::${severity} ${place}title=${escapeProperty(rule)}::${escapeData(text)}\n`);
  }
}

/** A chart's file is named after it. */
function annotationPlace({ at }: Finding): string {
  if (at === undefined) return '';
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

/** The cdk8s CLI empties its output folder before it runs the app. */
function refuseEmptiedFolder({ outputFolder }: SynthInput): void {
  const cliFolder = process.env['CDK8S_OUTDIR'];
  if (cliFolder === undefined || resolve(cliFolder) !== resolve(outputFolder)) return;
  throw new CannotRun(
    `the cdk8s CLI empties ${cliFolder}/ before it runs the app, and ${cliFolder}/ is what Flux reads: put 'output: .cdk8s' into cdk8s.yaml, and get the folder back with 'git checkout -- ${cliFolder}'`,
  );
}

/** What the cdk8s CLI expects to find: one file per chart. */
function writeForCli({ context }: Synthesized): void {
  const cliFolder = process.env['CDK8S_OUTDIR'];
  if (cliFolder === undefined) return;
  mkdirSync(cliFolder, { recursive: true });
  const charts = groupBy(writtenObjects(context.input.objects), ({ origin }) =>
    origin.type === 'construct' ? origin.chart : '',
  );
  for (const [chart, objects] of charts) {
    writeFileSync(join(cliFolder, `${chart}.k8s.yaml`), objects.map(({ object }) => emitYaml(object)).join('---\n'));
  }
}

function writtenObjects(objects: readonly RenderedObject[]): readonly RenderedObject[] {
  return sortedBy(objects.filter(isWritten), ({ object, origin }) =>
    JSON.stringify([describeOrigin(origin), object.kind, object.metadata.name]),
  );
}

/** The inventory of the last commit, so that running synth twice shows the same changes; without Git, the one in the folder. */
function committedInventory({ project, outputFolder }: SynthInput): Inventory | undefined {
  const path = join(resolve(outputFolder), 'inventory.json');
  const text = showCommitted(project, path) ?? (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
  if (text === undefined) return undefined;
  const parsed = parseInventory(text);
  return 'problem' in parsed ? undefined : parsed;
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
