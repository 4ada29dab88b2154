/** What changed for the data since the inventory that was committed: the lines a reviewer looks for first. */
import { datasetKey, describeDataset } from '../model/dataset';
import type { Inventory, InventoryDataset } from '../model/inventory';
import { describeSeconds } from '../model/text';

export function diffInventories(before: Inventory, after: Inventory): readonly string[] {
  const old = new Map(before.datasets.map((dataset) => [datasetKey(dataset.id), dataset]));
  const lines: string[] = [];
  for (const dataset of after.datasets) {
    const key = datasetKey(dataset.id);
    const previous = old.get(key);
    old.delete(key);
    if (previous === undefined) lines.push(`+ ${describeDataset(dataset.id)}: new, ${stateOf(dataset)}`);
    else lines.push(...changesOf(previous, dataset));
  }
  for (const dataset of old.values()) {
    lines.push(
      `- ${describeDataset(dataset.id)}: no longer declared; copies that exist expire, and the data may still be in the cluster`,
    );
  }
  return [...lines, ...locationChanges(before, after)];
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
  if (before.excluded?.reason !== after.excluded?.reason)
    changes.push(`reason is now: ${after.excluded?.reason ?? ''}`);
  const [oldRpo, newRpo] = [before.rpo?.achievedSeconds, after.rpo?.achievedSeconds];
  if (oldRpo !== newRpo) changes.push(`RPO ${describeRpo(oldRpo)} → ${describeRpo(newRpo)}`);
  const [oldPlaces, newPlaces] = [placesOf(before), placesOf(after)];
  if (oldPlaces !== newPlaces) changes.push(`copies in ${oldPlaces} → ${newPlaces}`);
  const [oldKept, newKept] = [keptFor(before), keptFor(after)];
  if (oldKept !== newKept) changes.push(`kept for ${describeSeconds(oldKept)} → ${describeSeconds(newKept)}`);
  return changes.length === 0 ? [] : [`~ ${name}: ${changes.join('; ')}`];
}

function describeRpo(seconds: number | undefined): string {
  return seconds === undefined ? 'none' : describeSeconds(seconds);
}

function placesOf({ copies }: InventoryDataset): string {
  return copies.length === 0
    ? 'none'
    : copies.map(({ location, failureDomain }) => location ?? failureDomain).join(' and ');
}

function keptFor({ copies }: InventoryDataset): number {
  return Math.max(0, ...copies.map(({ keptSeconds = 0 }) => keptSeconds));
}

function locationChanges(before: Inventory, after: Inventory): readonly string[] {
  const old = new Map(before.locations.map((location) => [location.name, JSON.stringify(location)]));
  return after.locations
    .filter((location) => old.has(location.name) && old.get(location.name) !== JSON.stringify(location))
    .map(
      (location) =>
        `! location '${location.name}' changed: new copies go to ${location.bucket} at ${location.endpoint}`,
    );
}
