/** From what the gate proved to the inventory that all later stages read. */
import type { AnsweredDataset } from '../model/answered';
import { compareText, groupBy, sortedBy } from '../model/collections';
import { alertAge } from '../model/copies';
import { compareDatasets } from '../model/dataset';
import { isExcluded, type OpaqueDeclaration } from '../model/declaration';
import { CLUSTER_CHART } from '../model/folders';
import {
  INVENTORY_VERSION,
  type Inventory,
  type InventoryCopy,
  type InventoryDataset,
  type InventoryLocation,
  type InventoryStrategy,
  type RequiredSecret,
} from '../model/inventory';
import { objectKey } from '../model/kube-object';
import { planOf } from '../model/marks';
import type { Cadence, Strategy } from '../model/strategy';
import { assumptionsOf } from './assumptions';
import { locationsNamedBy, type GateContext } from './context';
import { acceptedRpo, achievedRpo, type Copy } from './copies';
import type { OpaqueObject } from './find-data';

export function takeInventory(context: GateContext): Inventory {
  const { answered } = context.answers;
  const { opaque } = context.input;
  const rows = answered
    .toSorted((a, b) => compareDatasets(a.id, b.id))
    .map((dataset) => inventoryDataset(dataset, context));
  return inventoryOf({ datasets: answered, opaque, seen: seenKustomizations(context) }, rows, context);
}

/**
 * The inventory in parts, one for each chart that declares something: what is of one chart is in no other part.
 *
 * @param whole what {@link takeInventory} took of the same context.
 */
export function inventoriesByChart(whole: Inventory, context: GateContext): ReadonlyMap<string, Inventory> {
  const rows = groupBy(whole.datasets, ({ chart }) => chart);
  const datasets = groupBy(context.answers.answered, ({ declaration }) => declaration.at.chart);
  const opaque = groupBy(context.input.opaque, ({ at }) => at.chart);
  const charts = new Set([...datasets.keys(), ...opaque.keys()]);
  // What is only read belongs to no chart.
  const shared = charts.has(CLUSTER_CHART) ? CLUSTER_CHART : [...charts].toSorted(compareText)[0];
  return new Map(
    [...charts].map((chart) => {
      const share = {
        datasets: datasets.get(chart) ?? [],
        opaque: opaque.get(chart) ?? [],
        seen: chart === shared ? seenKustomizations(context) : [],
      };
      return [chart, inventoryOf(share, rows.get(chart) ?? [], context)];
    }),
  );
}

/** What an inventory is about: everything that was declared, or what one chart declares. */
export interface Share {
  readonly datasets: readonly AnsweredDataset[];
  readonly opaque: readonly OpaqueDeclaration[];
  /** Kustomizations that nobody has to answer for, because all of their files are read. */
  readonly seen: readonly OpaqueObject[];
}

function seenKustomizations(context: GateContext): readonly OpaqueObject[] {
  const declared = new Set(context.input.opaque.map(({ object }) => objectKey(object)));
  return context.data.opaque.filter((opaque) => !declared.has(objectKey(opaque.id)) && context.isSeen(opaque));
}

function inventoryOf(share: Share, datasets: readonly InventoryDataset[], context: GateContext): Inventory {
  return {
    version: INVENTORY_VERSION,
    cluster: context.platform.cluster,
    datasets,
    opaque: sortedBy(
      share.opaque.map(({ object }) => object),
      objectKey,
    ),
    locations: inventoryLocations(share, context),
    requiredSecrets: requiredSecrets(share, context),
    assumptions: assumptionsOf(share, context),
  };
}

function inventoryDataset(dataset: AnsweredDataset, context: GateContext): InventoryDataset {
  const { id, declaration, storage, storageClass, claims, answer } = dataset;
  const shared = {
    id,
    declaredAt: declaration.at.path,
    chart: declaration.at.chart,
    ...(storage === undefined ? {} : { storageBytes: storage.bytes }),
    ...(storageClass === undefined ? {} : { storageClass }),
    claims: sortedBy(claims, ({ name }) => name),
  };
  if (isExcluded(answer)) {
    const { reason, reviewBy } = answer;
    return { ...shared, excluded: { reason, ...(reviewBy === undefined ? {} : { reviewBy }) }, copies: [] };
  }
  const copies = context.copiesOf(dataset);
  return {
    ...shared,
    strategies: answer.strategies.map((strategy) => inventoryStrategy(strategy, planOf(answer))),
    copies: copies.map(inventoryCopy),
    ...rpoOf(dataset, copies),
  };
}

/** @param plan of the dataset, which all of its strategies share. */
function inventoryStrategy(strategy: Strategy, plan: string | undefined): InventoryStrategy {
  if (strategy.type === 'elsewhere') return { type: strategy.type };
  const { type, to } = strategy;
  const keep = 'keep' in strategy ? strategy.keep : undefined;
  return {
    type,
    to: to.name,
    ...('cadence' in strategy ? { pace: paceOf(strategy.cadence) } : {}),
    ...(plan === undefined ? {} : { plan }),
    ...(keep === undefined ? {} : { keep }),
  };
}

function paceOf(cadence: Cadence): string {
  const words = { hour: 'hourly', night: 'nightly', week: 'weekly' };
  return cadence.every === 'cron' ? cadence.cron : words[cadence.every];
}

function rpoOf(dataset: AnsweredDataset, copies: readonly Copy[]): Pick<InventoryDataset, 'rpo'> {
  const achievedSeconds = achievedRpo(copies, 'cluster');
  if (achievedSeconds === undefined) return {};
  const accepted = acceptedRpo(dataset);
  return { rpo: { achievedSeconds, ...(accepted === undefined ? {} : { acceptedSeconds: accepted }) } };
}

function inventoryCopy({ by, location, keptSeconds, ...copy }: Copy): InventoryCopy {
  return {
    by,
    ...(location === undefined ? {} : { location: location.name }),
    failureDomain: copy.failureDomain,
    worstAgeSeconds: copy.worstAgeSeconds,
    alertAgeSeconds: alertAge(copy.worstAgeSeconds),
    ...(keptSeconds === undefined ? {} : { keptSeconds }),
    evidence: copy.evidence,
    restore: copy.restore,
  };
}

function inventoryLocations(share: Share, context: GateContext): readonly InventoryLocation[] {
  const locations = locationsNamedBy(share.datasets).map(({ location }) => ({
    name: location.name,
    endpoint: location.endpoint,
    bucket: location.bucket,
    prefix: location.prefix,
    region: location.region,
    pathStyle: location.pathStyle,
    customCa: location.customCa,
    sendChecksums: location.sendChecksums,
    failureDomain: context.servedHosts.failureDomainOf(location),
    versioned: location.versioned,
    objectLocked: location.objectLocked,
    trusted: location.trusted,
    keptIn: location.keptIn,
  }));
  return sortedBy(locations, ({ name }) => name);
}

/** Secrets that a person provides; synth never writes one with values. Several methods may need keys of the same. */
function requiredSecrets({ datasets }: Share, { methods }: GateContext): readonly RequiredSecret[] {
  const secrets = Object.values(methods).flatMap((method) => method.secretsFor(datasets));
  const merged = [...groupBy(secrets, ({ namespace, name, keptIn }) => JSON.stringify([name, namespace, keptIn]))];
  return sortedBy(merged, ([key]) => key).flatMap(([, [first, ...others]]) => {
    if (first === undefined) return [];
    const keys = new Set([first, ...others].flatMap((secret) => secret.keys));
    return [{ ...first, keys: [...keys].toSorted(compareText) }];
  });
}
