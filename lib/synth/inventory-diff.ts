/** What changed for the data since the inventory that was committed: the lines a reviewer looks for first. */
import { achievedRpo } from '../coverage/copies';
import { sortedBy } from '../model/collections';
import { datasetKey, describeDataset } from '../model/dataset';
import type { Inventory, InventoryCopy, InventoryDataset, InventoryLocation, RequiredSecret } from '../model/inventory';
import type { FailureDomain } from '../model/location';
import { describeSeconds, enumerated } from '../model/text';

/** What makes data less safe, what is no longer there, what else changed, and what is new. */
const MARKS = ['!', '-', '~', '+'];

/** @returns lines that begin with a mark, sorted by it, then by dataset. */
export function diffInventories(before: Inventory, after: Inventory): readonly string[] {
  const old = new Map(before.datasets.map((dataset) => [datasetKey(dataset.id), dataset]));
  const lines = locationChanges(before, after);
  for (const dataset of after.datasets) {
    const key = datasetKey(dataset.id);
    const previous = old.get(key);
    old.delete(key);
    if (previous === undefined) lines.push(`+ ${describeDataset(dataset.id)}: new, ${stateOf(dataset)}`);
    else lines.push(...changesOf(previous, dataset));
  }
  for (const dataset of old.values()) {
    lines.push(
      `- ${[`${describeDataset(dataset.id)}: no longer declared`, ...whatStays(dataset), 'the data may still be in the cluster'].join('; ')}`,
    );
  }
  return sortedBy(lines, (line) => String(MARKS.indexOf(line.charAt(0))));
}

function stateOf({ excluded, rpo }: InventoryDataset): string {
  if (excluded !== undefined) return `left out: ${excluded.reason}`;
  return rpo === undefined ? 'copied' : `copied, RPO ${describeSeconds(rpo.achievedSeconds)}`;
}

function changesOf(before: InventoryDataset, after: InventoryDataset): readonly string[] {
  const name = describeDataset(after.id);
  if (before.excluded === undefined && after.excluded !== undefined)
    return [`! ${name}: newly left out: ${after.excluded.reason}`];
  if (before.excluded !== undefined && after.excluded === undefined)
    return [`~ ${name}: no longer left out, ${stateOf(after)}`];
  const changes: string[] = [];
  const add = (what: string, oldText: string, newText: string): void => {
    if (oldText !== newText) changes.push(`${what} ${oldText} → ${newText}`);
  };
  if (before.excluded?.reason !== after.excluded?.reason)
    changes.push(`reason is now: ${after.excluded?.reason ?? ''}`);
  const [oldRpo, newRpo] = [achievedRpo(before.copies, 'cluster'), achievedRpo(after.copies, 'cluster')];
  add('RPO', describe(oldRpo, 'none'), describe(newRpo, 'none'));
  const [oldFar, newFar] = [achievedRpo(before.copies, 'site'), achievedRpo(after.copies, 'site')];
  if (oldFar !== oldRpo || newFar !== newRpo)
    add('RPO when the site is lost', describe(oldFar, 'none'), describe(newFar, 'none'));
  add('accepted RPO', describe(before.rpo?.acceptedSeconds, 'any'), describe(after.rpo?.acceptedSeconds, 'any'));
  add('copies in', placesOf(before), placesOf(after));
  add('copied by', makersOf(before), makersOf(after));
  const kept = keptIn(before, after);
  for (const { place, was, is } of kept)
    add(`kept ${place}for`, describe(was, 'an unknown time'), describe(is, 'an unknown time'));
  const worse =
    (newRpo ?? Infinity) > (oldRpo ?? Infinity) ||
    (newFar ?? Infinity) > (oldFar ?? Infinity) ||
    domainsOf(after).size < domainsOf(before).size ||
    provenOf(after).length < provenOf(before).length ||
    kept.some(({ was, is }) => (is ?? 0) < (was ?? 0)) ||
    after.copies.length < before.copies.length;
  return changes.length === 0 ? [] : [`${worse ? '!' : '~'} ${name}: ${changes.join('; ')}`];
}

function describe(seconds: number | undefined, without: string): string {
  return seconds === undefined ? without : describeSeconds(seconds);
}

function domainsOf({ copies }: InventoryDataset): ReadonlySet<FailureDomain> {
  return new Set(copies.map(({ failureDomain }) => failureDomain));
}

/** In whatever order the strategies were declared. */
function placesOf({ copies }: InventoryDataset): string {
  const places = copies.map(({ location, failureDomain }) => location ?? failureDomain);
  return places.length === 0 ? 'none' : places.toSorted().join(' and ');
}

function makersOf({ copies }: InventoryDataset): string {
  const makers = new Set(copies.map(({ by }) => by));
  return makers.size === 0 ? 'nobody' : [...makers].toSorted().join(' and ');
}

/** Copies for which there is more than somebody's word. */
function provenOf({ copies }: InventoryDataset): InventoryDataset['copies'] {
  return copies.filter(({ by }) => by !== 'elsewhere');
}

interface Kept {
  /** `at offsite `; empty where there is one place. */
  readonly place: string;
  readonly was: number | undefined;
  readonly is: number | undefined;
}

/** How long copies are kept at each location that has some before and after, or else those that are kept longest. */
function keptIn(before: InventoryDataset, after: InventoryDataset): readonly Kept[] {
  const [was, is] = [keptByLocation(before), keptByLocation(after)];
  const both = [...was.keys()].filter((location) => is.has(location)).toSorted();
  if (both.length < 2) return [{ place: '', was: longest(was), is: longest(is) }];
  return both.map((location) => ({ place: `at ${location} `, was: was.get(location), is: is.get(location) }));
}

function keptByLocation({ copies }: InventoryDataset): ReadonlyMap<string, number> {
  return new Map(
    copies.flatMap(({ location, keptSeconds }) =>
      location === undefined || keptSeconds === undefined ? [] : [[location, keptSeconds] as const],
    ),
  );
}

function longest(kept: ReadonlyMap<string, number>): number | undefined {
  return kept.size === 0 ? undefined : Math.max(...kept.values());
}

/**
 * What becomes of the copies that are there: Velero deletes a Backup when its time is over, whatever becomes of its Schedule.
 * All others are forgotten by what copied them, and that leaves the output together with the data.
 */
function whatStays({ copies }: InventoryDataset): readonly string[] {
  const expiring = copies.filter(({ by }) => by === 'velero');
  const staying = copies.filter(({ by }) => by !== 'velero' && by !== 'elsewhere');
  const where = (some: InventoryDataset['copies']): string =>
    enumerated([...new Set(some.map(({ location = '' }) => location))]);
  return [
    ...(expiring.length === 0 ? [] : [`Backups of Velero in ${where(expiring)} expire`]),
    ...(staying.length === 0
      ? []
      : [
          `${enumerated([...new Set(staying.map(({ by }) => COPIES[by]))])} in ${where(staying)} stay until somebody deletes them, because what forgets them goes too`,
        ]),
  ];
}

const COPIES: Readonly<Record<InventoryCopy['by'], string>> = {
  velero: 'Backups',
  cnpg: 'base copies and log',
  jobs: 'snapshots of restic',
  ceph: 'copied objects',
  mirror: 'mirrored copies',
  elsewhere: 'copies of somebody else',
};

/** Where copies stand in a location. */
const PLACE = ['endpoint', 'bucket', 'prefix'] as const;

function locationChanges(before: Inventory, after: Inventory): string[] {
  const old = new Map(before.locations.map((location) => [location.name, location]));
  return after.locations.flatMap((location) => {
    const previous = old.get(location.name);
    if (previous === undefined) return renamed(location, before, after);
    const fields = Object.keys(location) as (keyof InventoryLocation)[];
    const changed = fields.filter((field) => previous[field] !== location[field]);
    if (changed.length === 0) return [];
    const texts = changed.map(
      (field) =>
        `${field} '${String(previous[field])}' → '${String(location[field])}'${wayOf(field, previous, location)}`,
    );
    const moved = PLACE.some((field) => changed.includes(field)) ? '; the copies so far stay where they are' : '';
    const mark = changed.every((field) => isSafer(field, previous, location)) ? '~' : '!';
    return [`${mark} location '${location.name}': ${texts.join('; ')}${moved}`];
  });
}

/** A new name for a place that was there: what stands at it is the same, and its Secrets are not. */
function renamed(location: InventoryLocation, before: Inventory, after: Inventory): readonly string[] {
  const kept = new Set(after.locations.map(({ name }) => name));
  const previous = before.locations.find(
    (old) => !kept.has(old.name) && PLACE.every((field) => old[field] === location[field]),
  );
  if (previous === undefined) return [];
  const key = ({ namespace, name }: RequiredSecret): string => `${namespace}/${name}`;
  const known = new Set(before.requiredSecrets.map(key));
  const secrets = after.requiredSecrets.map(key).filter((secret) => !known.has(secret));
  const needed = secrets.length === 0 ? '' : `; provide before anything is copied: ${enumerated(secrets)}`;
  return [
    `! location '${previous.name}': is now called '${location.name}', with the same endpoint, bucket and prefix${needed}`,
  ];
}

/** How far from the data a failure domain is. */
function distanceOf({ failureDomain }: InventoryLocation): number {
  const near = ['cluster', 'site'].indexOf(failureDomain);
  return near < 0 ? 2 : near;
}

function wayOf(field: keyof InventoryLocation, before: InventoryLocation, after: InventoryLocation): string {
  const further = distanceOf(after) - distanceOf(before);
  if (field !== 'failureDomain' || further === 0) return '';
  return further > 0 ? ', further away' : ', nearer';
}

/** Whether a change makes nothing less safe. */
function isSafer(field: keyof InventoryLocation, before: InventoryLocation, after: InventoryLocation): boolean {
  switch (field) {
    case 'failureDomain':
      return distanceOf(after) > distanceOf(before);
    case 'versioned':
    case 'objectLocked':
      return after[field];
    case 'trusted':
      return !after.trusted;
    default:
      return false;
  }
}
