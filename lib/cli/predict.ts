/** `backed-up predict`: what Velero will do for a Backup or a Schedule. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { createColors } from 'picocolors';
import { globSync } from 'tinyglobby';
import { parse } from 'yaml';
import { CannotRun } from '../model/cannot-run';
import { at, booleanAt, isMapping, textAt, type KubeObject } from '../model/kube-object';
import type { Platform } from '../model/platform';
import { counted } from '../model/text';
import { predict, type PredictInput } from '../velero/predict';
import type { Prediction, VolumePrediction } from '../velero/prediction';
import { readYamlFiles } from '../yaml/read';

interface Options {
  readonly backup: string;
  readonly objects: readonly string[];
  readonly platform?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Exit status: 0 if the Backup will be Completed and every claim in a namespace that it takes will be copied, 1 if not,
2 if the question could not be answered.

Examples:
  $ backed-up predict --backup schedule.yaml --objects dist/
  $ kubectl get ns,pv,pvc,pods,sc,volumesnapshotclasses,bsl,cm -A -o yaml > live.yaml
  $ backed-up predict --backup backup.yaml --objects live.yaml --json
  $ backed-up predict --backup backup.yaml --objects dist/ --objects infrastructure/ --platform platform.yaml

platform.yaml says what the objects do not show:
  velero: { version: '1.18', enableCSI: true, nodeAgent: true }
  storageClasses: { fast: { driver: csi.example.com, snapshotClass: fast } }`;

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
      const prediction = predict(readInput(options));
      process.stdout.write(options.json === true ? `${JSON.stringify(prediction, null, 2)}\n` : describe(prediction));
      process.exitCode = isGood(prediction) ? 0 : 1;
    });
}

function readInput({ backup, objects, platform }: Options): PredictInput {
  return {
    backup: readBackup(backup),
    objects: objects.flatMap(filesOf).flatMap(readObjects),
    ...(platform === undefined ? {} : { platform: readPlatform(platform) }),
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

function readPlatform(file: string): Pick<Platform, 'velero' | 'storageClasses'> {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new CannotRun(`${file} cannot be read: ${why}. Give a YAML file with 'velero' and 'storageClasses'.`);
  }
  const velero = at(value, 'velero');
  const classes = at(value, 'storageClasses');
  const enableCSI = booleanAt(velero, 'enableCSI');
  const nodeAgent = booleanAt(velero, 'nodeAgent');
  if (velero !== undefined && (enableCSI === undefined || nodeAgent === undefined)) {
    throw new CannotRun(`${file} has no booleans 'enableCSI' and 'nodeAgent' under 'velero': write both.`);
  }
  const wrong = Object.entries(isMapping(classes) ? classes : {}).find(
    ([, one]) => textAt(one, 'driver') === undefined,
  );
  if ((classes !== undefined && !isMapping(classes)) || wrong !== undefined) {
    throw new CannotRun(`${file} has a storage class without 'driver' under 'storageClasses': write it.`);
  }
  const namespace = textAt(velero, 'namespace');
  return {
    ...(enableCSI === undefined || nodeAgent === undefined
      ? {}
      : {
          velero: {
            version: textAt(velero, 'version') ?? '1.18',
            enableCSI,
            nodeAgent,
            ...(namespace === undefined ? {} : { namespace }),
          },
        }),
    storageClasses: Object.fromEntries(
      Object.entries(isMapping(classes) ? classes : {}).map(([name, one]) => {
        const snapshotClass = textAt(one, 'snapshotClass');
        return [
          name,
          {
            driver: textAt(one, 'driver') ?? '',
            isDefault: booleanAt(one, 'isDefault') ?? false,
            ...(snapshotClass === undefined ? {} : { snapshotClass }),
          },
        ];
      }),
    ),
  };
}

function isGood({ phase, volumes, namespaces }: Prediction): boolean {
  const wanted = volumes.filter(({ namespace }) => namespaces.includes(namespace));
  return phase === 'Completed' && wanted.every(({ copied }) => copied === 'yes');
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
