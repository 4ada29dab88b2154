/** `backed-up predict`: what Velero will do for a Backup or a Schedule. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { createColors } from 'picocolors';
import { globSync } from 'tinyglobby';
import { CannotRun } from '../model/cannot-run';
import type { KubeObject } from '../model/kube-object';
import { counted } from '../model/text';
import { validateStrictly } from '../schema/objects';
import { predict, predictRefused, type PredictInput } from '../velero/predict';
import type { Prediction, VolumePrediction } from '../velero/prediction';
import { readYamlFiles } from '../yaml/read';
import { readPlatformFile } from './platform-file';

interface Options {
  readonly backup: string;
  readonly objects: readonly string[];
  readonly platform?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Exit status: 0 if the Backup will be Completed, at the times that a Schedule names, and every claim in a namespace that
it takes will be copied, 1 if not, 2 if the question could not be answered.

Examples:
  $ backed-up predict --backup schedule.yaml --objects dist/
  $ kubectl get ns,pv,pvc,pods,sc,volumesnapshotclasses,bsl,cm -A -o yaml > live.yaml
  $ backed-up predict --backup backup.yaml --objects live.yaml --json
  $ backed-up predict --backup backup.yaml --objects dist/ --objects infrastructure/ --platform platform.yaml

platform.yaml says what the objects do not show:
  velero: { version: '1.18', enableCSI: true, nodeAgent: true }
  storageClasses: { fast: { driver: csi.example.com, snapshotClass: fast, isDefault: true } }`;

export function predictCommand(): Command {
  return new Command('predict')
    .description('say what Velero will do for a Backup or a Schedule, on objects that are live or only rendered')
    .requiredOption('--backup <file>', 'YAML or JSON with one Backup or Schedule of Velero')
    .requiredOption(
      '--objects <path>',
      'folder, read with all below it, or file with the objects of the cluster; may be repeated',
      (value: string, earlier: readonly string[] | undefined) => [...(earlier ?? []), value],
    )
    .option('--platform <file>', 'what the objects do not show: flags of Velero, storage classes')
    .option('--json', 'print the whole answer as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: Options) => {
      const prediction = answer(readInput(options));
      process.stdout.write(options.json === true ? `${JSON.stringify(prediction, null, 2)}\n` : describe(prediction));
      process.exitCode = isGood(prediction) ? 0 : 1;
    });
}

/** A field that nobody knows never reaches Velero: an answer without it would be about another object. */
function answer(input: PredictInput): Prediction {
  const problems = validateStrictly(input.backup).map(({ path: field, message }) => `${field}: ${message}`);
  return problems.length === 0 ? predict(input) : predictRefused(input, problems);
}

function readInput({ backup, objects, platform }: Options): PredictInput {
  return {
    backup: readBackup(backup),
    objects: objects.flatMap(filesOf).flatMap(readObjects),
    ...(platform === undefined ? {} : { platform: readPlatformFile(platform) }),
  };
}

function readBackup(file: string): KubeObject {
  const found = readObjects(file).filter(
    ({ apiVersion, kind }) => apiVersion.startsWith('velero.io/') && ['Backup', 'Schedule'].includes(kind),
  );
  const [backup] = found;
  if (backup === undefined || found.length > 1) {
    const held = found.length === 0 ? 'no Backup or Schedule of velero.io' : `${found.length} Backups and Schedules`;
    throw new CannotRun(`${file} holds ${held}: give a file with one.`);
  }
  return backup;
}

function filesOf(place: string): readonly string[] {
  const stats = statSync(place, { throwIfNoEntry: false });
  if (stats === undefined) throw new CannotRun(`${place} does not exist: give a folder or a file for --objects.`);
  if (!stats.isDirectory()) return [place];
  const files = globSync('**/*.{yaml,yml,json}', { cwd: place, dot: true }).toSorted();
  if (files.length === 0) throw new CannotRun(`${place} holds no YAML or JSON file: give a folder with some.`);
  return files.map((file) => path.join(place, file));
}

/** Documents that hold no object of Kubernetes, such as values of a chart, are passed over. */
function readObjects(file: string): readonly KubeObject[] {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    throw new CannotRun(`${file} does not exist: give the name of a file.`);
  }
  const { objects, unread } = readYamlFiles([file]);
  const unreadable = unread.find(({ broken }) => broken);
  if (unreadable !== undefined) {
    const { place, why } = unreadable;
    throw new CannotRun(`${place.file}:${place.line} cannot be read: ${why}. Mend it, or leave it out.`);
  }
  return objects.map(({ object }) => object);
}

function isGood({ phase, volumes, namespaces, schedule }: Prediction): boolean {
  const wanted = volumes.filter(({ namespace }) => namespaces.includes(namespace));
  // A Schedule has reasons for what it does at other times than it says.
  const isInTime = schedule === undefined || schedule.reasons.length === 0;
  return phase === 'Completed' && isInTime && wanted.every(({ copied }) => copied === 'yes');
}

function describe({ phase, reasons, volumes, objects, schedule }: Prediction): string {
  const colors = createColors(process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined);
  const paint = { yes: colors.green, no: colors.red, unknown: colors.yellow };
  const included = objects.filter((object) => object.included).length;
  const lines = [
    `${phase === 'Completed' ? colors.green(phase) : colors.red(phase)}  ${counted(included, 'object')} of ${objects.length} in the Backup`,
    ...reasons.map((reason) => `  ${reason}`),
    ...(schedule === undefined
      ? []
      : [`Schedule ${schedule.phase}, ${schedule.makesBackups ? 'makes Backups' : 'makes no Backups'}`]),
    ...(schedule?.makesBackups === true ? schedule.reasons.map((reason) => `  ${reason}`) : []),
  ];
  const width = (textOf: (row: VolumePrediction) => string): number =>
    Math.max(0, ...volumes.map((row) => textOf(row).length));
  const nameWidth = width(nameOf);
  const methodWidth = width(({ method }) => method);
  const rows = volumes.map((row) =>
    [
      paint[row.copied](row.copied.padEnd('unknown'.length)),
      nameOf(row).padEnd(nameWidth),
      row.method.padEnd(methodWidth),
      row.why,
    ].join('  '),
  );
  return `${[...lines, '', ...(rows.length === 0 ? ['No claim is among the objects.'] : rows)].join('\n')}\n`;
}

function nameOf({ namespace, claim }: VolumePrediction): string {
  return `${namespace}/${claim}`;
}
