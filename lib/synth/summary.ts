/** What a good synth says to people. */
import { dirname } from 'node:path';
import pc from 'picocolors';
import { UNGUARDED } from '../methods/common-jobs';
import { groupBy, sortedBy } from '../model/collections';
import { describeDataset } from '../model/dataset';
import type { Inventory, InventoryDataset, InventoryStrategy } from '../model/inventory';
import { describeBytes } from '../model/quantity';
import { counted, describeSeconds, enumerated } from '../model/text';
import { operatorsOf } from './flux';
import type { Folder } from './layout';
import type { UnreadFile } from './unread';
import type { FluxPlatform } from '../model/platform';

export interface SummaryInput {
  readonly inventory: Inventory;
  readonly folders: readonly Folder[];
  readonly flux: FluxPlatform;
  /** Documents that were asked for and hold no object. */
  readonly skippedDocuments: number;
  /** Files of the repository with documents that nobody asked for. */
  readonly unreadFiles: readonly UnreadFile[];
}

export function summarize(input: SummaryInput, colours: boolean): string {
  const { bold } = pc.createColors(colours);
  const { inventory } = input;
  const sections = [
    [bold(headline(inventory)), ...strategyLines(inventory)],
    section(bold('Where the copies go'), locationLines(inventory)),
    section(bold('Copied by somebody else'), elsewhereLines(inventory)),
    section(bold('Left out'), excludedLines(inventory)),
    section(bold('Taken however little is left of the source'), unguardedLines(inventory)),
    section(bold('Secrets that you provide'), secretLines(inventory)),
    section(bold('Not seen'), unseenLines(input)),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines];
}

function headline({ datasets, cluster }: Inventory): string {
  const copied = datasets.filter(({ excluded }) => excluded === undefined);
  // What somebody else promises is listed apart.
  const computed = copied.filter(({ copies }) => copies.some(({ by }) => by !== 'elsewhere'));
  const [worst] = computed.toSorted((a, b) => (b.rpo?.achievedSeconds ?? 0) - (a.rpo?.achievedSeconds ?? 0));
  const rpo =
    worst?.rpo === undefined
      ? ''
      : `; worst RPO when the cluster is lost: ${describeSeconds(worst.rpo.achievedSeconds)} (${describeDataset(worst.id)})`;
  return `${counted(datasets.length, 'dataset')} of cluster ${cluster}: ${copied.length} copied, ${datasets.length - copied.length} left out${rpo}`;
}

function strategyLines({ datasets }: Inventory): readonly string[] {
  const copied = datasets.filter(({ strategies }) => strategies !== undefined);
  const groups = groupBy(copied, ({ strategies = [] }) => strategies.map(describeStrategy).join(', '));
  const width = Math.max(...[...groups.keys()].map((strategy) => strategy.length));
  return sortedBy(groups, ([strategy]) => strategy).map(([strategy, ofStrategy]) => {
    const bytes = ofStrategy.reduce((sum, { storageBytes = 0 }) => sum + storageBytes, 0);
    const size = bytes === 0 ? '' : `, ${describeBytes(bytes)}`;
    return `  ${strategy.padEnd(width)}  ${counted(ofStrategy.length, 'dataset')}${size}`;
  });
}

function describeStrategy({ type, to, pace }: InventoryStrategy): string {
  if (to === undefined) return type;
  return `${pace ?? ''} ${type === 'scheduled' ? '' : type} to ${to}`.replaceAll(/ +/g, ' ').trim();
}

function locationLines({ locations, datasets }: Inventory): readonly string[] {
  const width = Math.max(...locations.map(({ name }) => name.length));
  return locations.map(({ name, endpoint, bucket, failureDomain, keptIn }) => {
    const copied = datasets.filter((dataset) => dataset.copies.some((copy) => copy.location === name));
    return `  ${name.padEnd(width)}  ${counted(copied.length, 'dataset')}${mirrored(copied, name)}, ${bucket} at ${endpoint}, lost with: ${failureDomain}; keys also in: ${keptIn}`;
  });
}

/** How many of the datasets at a location come there by a mirror alone, and whether any of that ever goes. */
function mirrored(datasets: readonly InventoryDataset[], location: string): string {
  const mirrors = datasets.flatMap(({ copies }) => {
    const [first, ...others] = copies.filter((copy) => copy.location === location);
    return first?.by === 'mirror' && others.every(({ by }) => by === 'mirror') ? [first] : [];
  });
  if (mirrors.length === 0) return '';
  const kept = mirrors.filter(({ keptSeconds }) => keptSeconds === undefined).length;
  if (kept === 0) return ` (${mirrors.length} by mirror)`;
  const what = kept === mirrors.length ? 'nothing expires' : `${kept} ${kept === 1 ? 'never expires' : 'never expire'}`;
  return ` (${mirrors.length} by mirror, of which ${what}: the location keeps no old versions)`;
}

function elsewhereLines({ datasets }: Inventory): readonly string[] {
  return datasets.flatMap((dataset) =>
    dataset.copies
      .filter(({ by }) => by === 'elsewhere')
      .map(({ restore, failureDomain, worstAgeSeconds, evidence }) => {
        const sentence = restore.type === 'ask' ? restore.sentence : '';
        const proof =
          evidence.type === 'statement'
            ? 'nobody checks it'
            : `CronJob ${evidence.type === 'cronJob' ? evidence.name : ''}`;
        return `  ${describeDataset(dataset.id)}: ${sentence} (${failureDomain}, at worst ${describeSeconds(worstAgeSeconds)} old, ${proof})`;
      }),
  );
}

function excludedLines({ datasets }: Inventory): readonly string[] {
  return datasets.flatMap((dataset: InventoryDataset) => {
    const { excluded, id } = dataset;
    if (excluded === undefined) return [];
    const review = excluded.reviewBy === undefined ? '' : ` (review by ${excluded.reviewBy})`;
    return [`  ${describeDataset(id)}: ${excluded.reason}${review}`];
  });
}

function unguardedLines({ assumptions }: Inventory): readonly string[] {
  return assumptions
    .filter(({ about }) => about.startsWith(UNGUARDED))
    .map(({ about }) => `  ${about.slice(UNGUARDED.length)}: smallestPercent is 0, which is meant for one run`);
}

function secretLines({ requiredSecrets }: Inventory): readonly string[] {
  return requiredSecrets.map(
    ({ namespace, name, keys, keptIn }) => `  ${namespace}/${name} with ${enumerated(keys)}; also kept in: ${keptIn}`,
  );
}

function unseenLines({ inventory, folders, flux, skippedDocuments, unreadFiles }: SummaryInput): readonly string[] {
  const lines = inventory.opaque.map(
    ({ kind, namespace, name }) =>
      `  ${kind} ${namespace ?? ''}/${name} makes objects at run time; what is said of its volumes is taken at its word`,
  );
  for (const { name, ...folder } of folders) {
    if (!folder.backup) continue;
    const unnamed = [...operatorsOf({ name, ...folder })].filter(
      (operator) => flux.operators?.[operator] === undefined,
    );
    if (unnamed.length > 0) {
      lines.push(
        `  ${name}/ does not wait for ${enumerated(unnamed)}: platform.flux.operators names no Kustomization for it`,
      );
    }
  }
  const { assumptions } = inventory;
  if (assumptions.length > 0)
    lines.push(
      `  ${counted(assumptions.length, 'assumption')} about the cluster, on which the copies rest: assumptions in inventory.json says which, and why`,
    );
  if (skippedDocuments > 0)
    lines.push(
      `  ${counted(skippedDocuments, 'document')} in the files of alsoRead ${skippedDocuments === 1 ? 'holds' : 'hold'} no Kubernetes object`,
    );
  lines.push(`  ${describeUnread(unreadFiles)}`);
  return lines;
}

/** More places than these are counted. */
const SHOWN = 5;

export function describeUnread(files: readonly UnreadFile[]): string {
  const text = `${counted(countDocuments(files), 'YAML document')} of this repository that nobody asked synth to read (alsoRead)`;
  if (files.length === 0) return text;
  const folders = [...groupBy(files, ({ path }) => dirname(path))].map(([folder, inFolder]) =>
    inFolder.length === 1 ? (inFolder[0]?.path ?? '') : `${folder}/ (${inFolder.length} files)`,
  );
  const places = files.length <= SHOWN ? files.map(({ path }) => path) : folders;
  const more = places.length - SHOWN;
  return `${text}: ${enumerated([...places.slice(0, SHOWN), ...(more > 0 ? [`${more} more`] : [])])}`;
}

export function countDocuments(files: readonly UnreadFile[]): number {
  return files.reduce((sum, { documents }) => sum + documents, 0);
}
