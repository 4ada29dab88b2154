/**
 * What Velero is to do for the datasets of a cluster, as plain data: Schedules, and for each plan the rules that tell
 * its claims from all others.
 */
import type { AnsweredDataset } from '../../model/answered';
import { compareText, distinctBy, groupBy, sortedBy } from '../../model/collections';
import { scheduleOf, tiersOf, type Tier } from '../../model/cadence';
import { minimumRetention, worstAge } from '../../model/copies';
import type { CronProblem } from '../../model/cron';
import { compareDatasets } from '../../model/dataset';
import { isExcluded } from '../../model/declaration';
import type { Location } from '../../model/location';
import { METHOD_LABEL, PLAN_LABEL, planOf } from '../../model/marks';
import { largestGap, type Schedule } from '../../model/schedule';
import type { Bucket, Scheduled, Snapshotted } from '../../model/strategy';
import type { VeleroSettings } from './settings';

/** One plan of one namespace. */
export interface VeleroPlan {
  readonly namespace: string;
  readonly plan: string;
  /** Chart whose backup folder holds the objects. */
  readonly chart: string;
  readonly settings: VeleroSettings;
  /** Whether it also takes the claims that carry no label of ours. */
  readonly isDefault: boolean;
  readonly schedules: readonly PlannedSchedule[];
  /** For each volume the first rule that matches decides. */
  readonly rules: readonly PolicyRule[];
  readonly datasets: readonly AnsweredDataset[];
}

export interface PlannedSchedule {
  readonly name: string;
  readonly location: Location;
  readonly schedule: Schedule;
  readonly keepSeconds: number;
  readonly bucket: Bucket;
  /** Copies that are kept when all goes well. */
  readonly count: number;
  /** The longest time between two runs. */
  readonly gapSeconds: number;
  /** Whether the data leaves the storage, or only a snapshot stays in it. */
  readonly movesData: boolean;
  /** How old its newest copy is at worst. */
  readonly worstAgeSeconds: number;
}

export interface PolicyRule {
  readonly conditions: {
    readonly pvcPhase?: readonly string[];
    readonly pvcLabels?: Readonly<Record<string, string>>;
  };
  readonly action: 'skip' | 'snapshot' | 'fs-backup';
}

/** What no set of Schedules can carry out. */
export type PlanProblem =
  /** `problem` is the end of a sentence that begins with `subject`. */
  | { readonly type: 'schedule'; readonly dataset: AnsweredDataset; readonly subject: string; readonly problem: string }
  | {
      readonly type: 'disagreement';
      readonly dataset: AnsweredDataset;
      readonly first: AnsweredDataset;
      readonly plan: string;
    }
  /** Its claims cannot be told from those of another dataset, which is answered otherwise. */
  | { readonly type: 'unlabelled'; readonly dataset: AnsweredDataset; readonly other: AnsweredDataset }
  /** Nobody wants it copied, but the default plan cannot tell. Costs space, loses nothing. */
  | { readonly type: 'copied anyway'; readonly dataset: AnsweredDataset; readonly plan: string };

export interface VeleroPlans {
  readonly plans: readonly VeleroPlan[];
  readonly problems: readonly PlanProblem[];
}

/** @param settingsOf the settings of a namespace. */
export function planVelero(
  datasets: readonly AnsweredDataset[],
  timeZone: string,
  settingsOf: (namespace: string) => VeleroSettings,
): VeleroPlans {
  const sorted = datasets.toSorted((a, b) => compareDatasets(a.id, b.id));
  const results = [...groupBy(sorted, (dataset) => dataset.id.namespace ?? '')].map(([namespace, inNamespace]) =>
    planNamespace(namespace, inNamespace, timeZone, settingsOf(namespace)),
  );
  return { plans: results.flatMap((r) => r.plans), problems: results.flatMap((r) => r.problems) };
}

/** The strategies of a dataset that Velero carries out. */
export function veleroCopies(dataset: AnsweredDataset): readonly (Scheduled | Snapshotted)[] {
  if (dataset.method !== 'velero' || isExcluded(dataset.answer)) return [];
  return dataset.answer.strategies.filter((s) => s.type === 'scheduled' || s.type === 'snapshotted');
}

function planNamespace(
  namespace: string,
  datasets: readonly AnsweredDataset[],
  timeZone: string,
  settings: VeleroSettings,
): VeleroPlans {
  const problems: PlanProblem[] = [];
  const copied = datasets.filter(isCopied);
  const byPlan = groupBy(copied, (dataset) => planOf(dataset.answer) ?? '');
  for (const [plan, [first, ...others]] of byPlan) {
    if (first === undefined) continue;
    for (const dataset of others.filter((other) => copiesKey(other) !== copiesKey(first))) {
      problems.push({ type: 'disagreement', dataset, first, plan });
    }
  }

  const [chart = ''] = copied.map((dataset) => dataset.declaration.at.chart).toSorted(compareText);
  const planned = [...byPlan].map(([plan, inPlan]) => {
    const [first] = inPlan;
    const result = first === undefined ? [] : planSchedules(namespace, plan, veleroCopies(first), timeZone, settings);
    if (!('problem' in result)) return { plan, inPlan, schedules: result };
    if (first !== undefined) problems.push({ type: 'schedule', dataset: first, ...result });
    return { plan, inPlan, schedules: [] };
  });
  const defaultPlan = chooseDefaultPlan(planned);
  problems.push(...ambiguities(datasets, defaultPlan));
  const plans = planned.map(({ plan, inPlan, schedules }) => ({
    namespace,
    plan,
    chart,
    settings,
    isDefault: plan === defaultPlan,
    schedules,
    rules: rulesOf(plan, plan === defaultPlan, datasets, settings),
    datasets: inPlan,
  }));
  return { plans, problems };
}

/** Equal for datasets that one set of Schedules can carry out. */
function copiesKey(dataset: AnsweredDataset): string {
  return JSON.stringify(veleroCopies(dataset).map(({ type, cadence, to, keep }) => [type, cadence, to.name, keep]));
}

/** @returns the Schedules of a plan, or why there can be none: `problem` is the end of a sentence that begins with `subject`. */
function planSchedules(
  namespace: string,
  plan: string,
  copies: readonly (Scheduled | Snapshotted)[],
  timeZone: string,
  settings: VeleroSettings,
): readonly PlannedSchedule[] | { readonly subject: string; readonly problem: string } {
  const planned: { copy: Scheduled | Snapshotted; tier: Tier }[] = [];
  for (const copy of copies) {
    const tiers = tiersFor(copy, [namespace, plan], timeZone, settings);
    if ('problem' in tiers) {
      const subject = copy.cadence.every === 'cron' ? `'${copy.cadence.cron}'` : `plan '${plan}'`;
      return { subject, problem: tiers.problem };
    }
    planned.push(...tiers.map((tier) => ({ copy, tier })));
  }
  const perLocation = groupBy(planned, ({ copy }) => copy.to.name);
  for (const [location, inLocation] of perLocation) {
    const twice = [...groupBy(inLocation, ({ tier }) => tier.bucket)].find(([, tiers]) => tiers.length > 1);
    if (twice !== undefined) {
      return {
        subject: `plan '${plan}'`,
        problem: `makes ${twice[0]} copies in '${location}' twice: merge the strategies`,
      };
    }
  }
  return planned.map(({ copy, tier }) => {
    const base = `${namespace}-${plan}-${copy.to.name}`;
    const alone = perLocation.get(copy.to.name)?.length === 1;
    return {
      name: alone ? base : `${base}-${tier.bucket}`,
      location: copy.to,
      schedule: tier.schedule,
      keepSeconds: tier.keepSeconds,
      bucket: tier.bucket,
      count: tier.count,
      gapSeconds: largestGap(tier.schedule),
      movesData: copy.type === 'scheduled',
      worstAgeSeconds: ageOf(tier.schedule, settings),
    };
  });
}

function tiersFor(
  copy: Scheduled | Snapshotted,
  seed: readonly string[],
  timeZone: string,
  settings: VeleroSettings,
): readonly Tier[] | CronProblem {
  const schedule = scheduleOf(copy.cadence, seed, timeZone);
  if ('problem' in schedule) return schedule;
  return tiersOf(copy.cadence, schedule, copy.keep, seed, minimumRetention(ageOf(schedule, settings)));
}

function ageOf(schedule: Schedule, settings: VeleroSettings): number {
  return worstAge(largestGap(schedule), settings.csiSnapshotTimeoutSeconds + settings.itemOperationTimeoutSeconds);
}

/**
 * The plan that takes what carries no label of ours: claims that charts and operators make, and those that nobody
 * thought of. The plan of a claim that cannot be told apart goes first, then the one that copies most often.
 */
function chooseDefaultPlan(
  planned: readonly {
    readonly plan: string;
    readonly inPlan: readonly AnsweredDataset[];
    readonly schedules: readonly PlannedSchedule[];
  }[],
): string | undefined {
  const needed = planned.find(({ inPlan }) => inPlan.some(hasUnlabelledClaim));
  if (needed !== undefined) return needed.plan;
  const pace = (schedules: readonly PlannedSchedule[]): number => Math.min(...schedules.map((s) => s.worstAgeSeconds));
  return planned.toSorted((a, b) => pace(a.schedules) - pace(b.schedules) || compareText(a.plan, b.plan))[0]?.plan;
}

function isCopied(dataset: AnsweredDataset): boolean {
  return veleroCopies(dataset).length > 0;
}

function hasUnlabelledClaim(dataset: AnsweredDataset): boolean {
  return dataset.claims.some((claim) => Object.keys(claim.labels).length === 0);
}

/** Claims without any label all fall to the default plan, whatever their answers are. */
function ambiguities(datasets: readonly AnsweredDataset[], defaultPlan: string | undefined): readonly PlanProblem[] {
  if (defaultPlan === undefined) return [];
  const unlabelled = datasets.filter(hasUnlabelledClaim);
  const inDefault = unlabelled.find((dataset) => isCopied(dataset) && planOf(dataset.answer) === defaultPlan);
  return unlabelled.flatMap((dataset): readonly PlanProblem[] => {
    if (isCopied(dataset) && planOf(dataset.answer) === defaultPlan) return [];
    if (inDefault !== undefined) return [{ type: 'unlabelled', dataset, other: inDefault }];
    return isCopied(dataset) ? [] : [{ type: 'copied anyway', dataset, plan: defaultPlan }];
  });
}

function rulesOf(
  plan: string,
  isDefault: boolean,
  datasets: readonly AnsweredDataset[],
  settings: VeleroSettings,
): readonly PolicyRule[] {
  const copy = settings.volumes === 'fs-backup' ? 'fs-backup' : 'snapshot';
  const skipped: Readonly<Record<string, string>>[] = [];
  const copied: Readonly<Record<string, string>>[] = [];
  for (const dataset of datasets) {
    const mine = isCopied(dataset) && planOf(dataset.answer) === plan;
    (mine ? copied : skipped).push(
      ...dataset.claims.map((claim) => selectorOf(claim.labels)),
      ...dataset.operatorClaims,
    );
  }
  return [
    // A claim without a volume fails the whole Backup, every night (V27).
    { conditions: { pvcPhase: ['Pending', 'Lost'] }, action: 'skip' },
    ...distinct(skipped).map((pvcLabels): PolicyRule => ({ conditions: { pvcLabels }, action: 'skip' })),
    ...distinct(copied).map((pvcLabels): PolicyRule => ({ conditions: { pvcLabels }, action: copy })),
    { conditions: {}, action: isDefault ? copy : 'skip' },
  ];
}

/** Our own label says enough; a claim of somebody else is known by all labels that it has. */
function selectorOf(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const plan = labels[PLAN_LABEL];
  if (plan !== undefined) return { [PLAN_LABEL]: plan };
  const method = labels[METHOD_LABEL];
  return method === undefined ? labels : { [METHOD_LABEL]: method };
}

function distinct(selectors: readonly Readonly<Record<string, string>>[]): readonly Readonly<Record<string, string>>[] {
  const sorted = selectors
    .filter((selector) => Object.keys(selector).length > 0)
    .map((selector) => Object.fromEntries(sortedBy(Object.entries(selector), ([label]) => label)));
  return sortedBy(distinctBy(sorted, JSON.stringify), JSON.stringify);
}
