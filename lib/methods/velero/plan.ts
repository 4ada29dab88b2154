/**
 * What Velero is to do for the datasets of a cluster, as plain data: Schedules, and for each plan the rules that tell
 * its claims from all others.
 */
import type { AnsweredDataset } from '../../model/answered';
import { scheduleOf, tiersOf, type Tier, type TierProblem } from '../../model/cadence';
import { compareText, distinctBy, groupBy, sortedBy } from '../../model/collections';
import { minimumRetention, worstAge } from '../../model/copies';
import { compareDatasets } from '../../model/dataset';
import { isExcluded } from '../../model/declaration';
import { LONGEST_GO_DURATION } from '../../model/go-duration';
import type { Location } from '../../model/location';
import { namedPlans, planOf } from '../../model/marks';
import { largestGap, type Schedule } from '../../model/schedule';
import type { Scheduled, Snapshotted } from '../../model/strategy';
import type { Kept } from '../method';
import { ambiguities, hasUnlabelledClaim, rulesOf, type Ambiguity, type PolicyRule } from './policy';
import type { VeleroSettings } from './settings';

/** One plan of one namespace. */
export interface VeleroPlan {
  readonly namespace: string;
  readonly plan: string;
  /** Name of its resource policy, a ConfigMap beside the Schedules. */
  readonly policyName: string;
  /** Chart whose backup folder holds the objects. */
  readonly chart: string;
  readonly settings: VeleroSettings;
  /** Whether it also takes the claims that carry no label of ours. */
  readonly isDefault: boolean;
  /** Those whose copies are the youngest first. */
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
  readonly kept: Kept;
  /** The longest time between two runs. */
  readonly gapSeconds: number;
  /** Whether the data leaves the storage, or only a snapshot stays in it. */
  readonly movesData: boolean;
  /** How old its newest copy is at worst. */
  readonly worstAgeSeconds: number;
}

/** What no set of Schedules can carry out. */
export type PlanProblem =
  /** `problem` is the end of a sentence that begins with `subject`. */
  | {
      readonly type: 'schedule';
      readonly dataset: AnsweredDataset;
      readonly plan: string;
      readonly subject: string;
      readonly problem: string;
      /** A way out that only this problem has: a line to paste, or words. */
      readonly line?: string;
      readonly advice?: string;
    }
  | {
      readonly type: 'disagreement';
      readonly dataset: AnsweredDataset;
      readonly first: AnsweredDataset;
      readonly plan: string;
    }
  /** Its strategies name several plans. */
  | { readonly type: 'several plans'; readonly dataset: AnsweredDataset; readonly names: readonly string[] }
  | Ambiguity;

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
  if (isExcluded(dataset.answer)) return [];
  return dataset.answer.strategies
    .filter((strategy) => strategy.type === 'scheduled' || strategy.type === 'snapshotted')
    .filter(({ type }) => dataset.methods[type] === 'velero');
}

/** All locations that the Schedules write to, each once. */
export function locationsOfPlans(plans: readonly VeleroPlan[]): readonly Location[] {
  return distinctBy(
    plans.flatMap(({ schedules }) => schedules.map(({ location }) => location)),
    ({ name }) => name,
  );
}

function planNamespace(
  namespace: string,
  datasets: readonly AnsweredDataset[],
  timeZone: string,
  settings: VeleroSettings,
): VeleroPlans {
  const problems: PlanProblem[] = [];
  const copied = datasets.filter(isCopied);
  for (const dataset of copied) {
    const names = namedPlans(dataset.answer);
    if (names.length > 1) problems.push({ type: 'several plans', dataset, names });
  }
  const byPlan = groupBy(copied, (dataset) => planOf(dataset.answer) ?? '');
  for (const [plan, [first, ...others]] of byPlan) {
    if (first === undefined) continue;
    const key = copiesKey(first);
    for (const dataset of others.filter((other) => copiesKey(other) !== key)) {
      problems.push({ type: 'disagreement', dataset, first, plan });
    }
  }

  const [chart = ''] = copied.map((dataset) => dataset.declaration.at.chart).toSorted(compareText);
  const planned = [...byPlan].map(([plan, inPlan]) => {
    const [first] = inPlan;
    const result = first === undefined ? [] : planSchedules(namespace, plan, veleroCopies(first), timeZone, settings);
    if (!('problem' in result)) return { plan, inPlan, schedules: result };
    if (first !== undefined) problems.push({ type: 'schedule', dataset: first, plan, ...result });
    return { plan, inPlan, schedules: [] };
  });
  const defaultPlan = chooseDefaultPlan(planned);
  const assigned = datasets.map((dataset) => ({
    dataset,
    plan: isCopied(dataset) ? planOf(dataset.answer) : undefined,
  }));
  problems.push(...ambiguities(assigned, defaultPlan));
  const copy = settings.volumes === 'fs-backup' ? 'fs-backup' : 'snapshot';
  const plans = planned.map(({ plan, inPlan, schedules }) => ({
    namespace,
    plan,
    policyName: `${namespace}-${plan}`,
    chart,
    settings,
    isDefault: plan === defaultPlan,
    schedules,
    rules: rulesOf(plan, plan === defaultPlan, assigned, [...byPlan.keys()], copy),
    datasets: inPlan,
  }));
  return { plans, problems };
}

/** Equal for datasets that one set of Schedules can carry out, in whatever order their strategies stand. */
function copiesKey(dataset: AnsweredDataset): string {
  const keys = veleroCopies(dataset).map(({ type, cadence, to, keep }) =>
    JSON.stringify([type, cadence, to.name, keep]),
  );
  return JSON.stringify(keys.toSorted(compareText));
}

interface ScheduleProblem extends TierProblem {
  readonly subject: string;
}

/** @returns the Schedules of a plan, or why there can be none: `problem` is the end of a sentence that begins with `subject`. */
function planSchedules(
  namespace: string,
  plan: string,
  copies: readonly (Scheduled | Snapshotted)[],
  timeZone: string,
  settings: VeleroSettings,
): readonly PlannedSchedule[] | ScheduleProblem {
  const planned: { copy: Scheduled | Snapshotted; tier: Tier }[] = [];
  for (const copy of copies) {
    const tiers = tiersFor(copy, [namespace, plan], timeZone, settings);
    if ('problem' in tiers) {
      const subject = copy.cadence.every === 'cron' ? `'${copy.cadence.cron}'` : `plan '${plan}'`;
      return { subject, ...tiers };
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
        advice: 'declare one strategy, which keeps what the two would',
      };
    }
  }
  const schedules = planned.map(({ copy, tier }): PlannedSchedule => {
    const base = `${namespace}-${plan}-${copy.to.name}`;
    const alone = perLocation.get(copy.to.name)?.length === 1;
    return {
      name: alone ? base : `${base}-${tier.bucket}`,
      location: copy.to,
      schedule: tier.schedule,
      keepSeconds: tier.keepSeconds,
      kept: { type: 'count', bucket: tier.bucket, count: tier.count },
      gapSeconds: largestGap(tier.schedule),
      movesData: copy.type === 'scheduled',
      worstAgeSeconds: ageOf(tier.schedule, settings),
    };
  });
  return sortedBy(schedules, ({ name }) => name).toSorted((a, b) => a.worstAgeSeconds - b.worstAgeSeconds);
}

function tiersFor(
  copy: Scheduled | Snapshotted,
  seed: readonly string[],
  timeZone: string,
  settings: VeleroSettings,
): readonly Tier[] | TierProblem {
  if (copy.type === 'snapshotted' && settings.volumes === 'fs-backup') {
    return {
      problem: `is to make snapshots, and VeleroBackup says volumes: 'fs-backup' for its namespace, which makes none`,
      advice: `copy it nightly, or say volumes: 'data-mover' in VeleroBackup`,
    };
  }
  const schedule = scheduleOf(copy.cadence, seed, timeZone);
  if ('problem' in schedule) return schedule;
  const tiers = tiersOf(copy.cadence, schedule, copy.keep, seed, minimumRetention(ageOf(schedule, settings)));
  if ('problem' in tiers) return tiers;
  const endless = tiers.find(({ keepSeconds }) => keepSeconds > LONGEST_GO_DURATION);
  if (endless === undefined) return tiers;
  const { bucket, count, keepSeconds } = endless;
  return {
    problem: `keeps ${count} ${bucket} copies, longer than Velero can count: 292 years`,
    line: `keep: { ${bucket}: ${Math.floor((LONGEST_GO_DURATION / keepSeconds) * count)} }`,
  };
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
