/** The copies of a dataset: where each one is, how old it is at worst, and how long it is kept. */
import type { AnsweredDataset } from '../model/answered';
import { scheduleOf } from '../model/cadence';
import { distinctBy } from '../model/collections';
import { worstAge } from '../model/copies';
import { isMirror, type FailureDomain, type Location } from '../model/location';
import { planOf } from '../model/marks';
import { isScheduleProblem, largestGap } from '../model/schedule';
import type { Elsewhere, Scheduled, Snapshotted, Strategy, Synchronized } from '../model/strategy';
import type { PlannedSchedule } from '../methods/velero/plan';
import { strategiesOf, type GateContext } from './context';

/** One place where the data also is. */
export interface Copy {
  /** Velero's Schedules, the mirror of a whole location, or somebody else. */
  readonly by: 'velero' | 'mirror' | 'elsewhere';
  /** Absent for what somebody else copies to a place of their own. */
  readonly location?: Location;
  readonly failureDomain: FailureDomain;
  readonly worstAgeSeconds: number;
  /** Absent where nobody said. */
  readonly keptSeconds?: number;
  /** The Velero Schedules that make it, whichever strategy they belong to; those whose copies are the youngest first. */
  readonly schedules: readonly PlannedSchedule[];
  /** The location whose mirror it is. */
  readonly mirrorOf?: Location;
  /** What somebody else does, in their words. */
  readonly elsewhere?: Elsewhere;
}

/** Each place once, in the order in which the strategies name them. */
export function copiesOf(dataset: AnsweredDataset, context: GateContext): readonly Copy[] {
  return distinctBy(strategiesOf(dataset.answer), placeOf).flatMap((strategy) => copiesBy(strategy, dataset, context));
}

/** Those to which a strategy contributes; none where nothing carries it out. */
export function copiesBy(strategy: Strategy, dataset: AnsweredDataset, context: GateContext): readonly Copy[] {
  switch (strategy.type) {
    case 'elsewhere':
      return [elsewhereCopy(strategy, 0)];
    case 'scheduled':
    case 'snapshotted':
      return veleroCopies(dataset, strategy, context);
    default:
      return [];
  }
}

/** Several strategies to one place make one copy, as old as the youngest of theirs. */
function placeOf(strategy: Strategy): string {
  return JSON.stringify(strategy.type === 'elsewhere' ? strategy : [strategy.type, strategy.to.name]);
}

/** The age of the newest copy outside a failure domain; `undefined` when there is none. */
export function achievedRpo(
  copies: readonly Pick<Copy, 'failureDomain' | 'worstAgeSeconds'>[],
  lost: FailureDomain,
): number | undefined {
  const ages = copies.filter((copy) => survives(copy.failureDomain, lost)).map((copy) => copy.worstAgeSeconds);
  return ages.length === 0 ? undefined : Math.min(...ages);
}

/** The strictest RPO that was declared for a dataset. */
export function acceptedRpo(dataset: AnsweredDataset): number | undefined {
  const declared = strategiesOf(dataset.answer).flatMap((strategy) =>
    strategy.type === 'elsewhere' || strategy.rpoSeconds === undefined ? [] : [strategy.rpoSeconds],
  );
  return declared.length === 0 ? undefined : Math.min(...declared);
}

/** Whether a copy is still there when a failure domain is lost. The cluster stands in the site. */
export function survives(copy: FailureDomain, lost: FailureDomain): boolean {
  return copy !== lost && !(lost === 'site' && copy === 'cluster');
}

function veleroCopies(
  dataset: AnsweredDataset,
  strategy: Scheduled | Snapshotted,
  context: GateContext,
): readonly Copy[] {
  const schedules = plannedSchedules(dataset, strategy, context);
  const [base] = schedules;
  if (base === undefined) return [];
  const copy: Copy = {
    by: 'velero',
    location: strategy.to,
    // A snapshot stays in the storage that it protects; only Velero's record of it leaves.
    failureDomain: base.movesData ? context.servedHosts.failureDomainOf(strategy.to) : 'cluster',
    worstAgeSeconds: base.worstAgeSeconds,
    keptSeconds: Math.max(...schedules.map((schedule) => schedule.keepSeconds)),
    schedules,
  };
  return base.movesData ? [copy, ...mirrorCopies(strategy.to, base.worstAgeSeconds, context)] : [copy];
}

/** The Schedules of a dataset's plan that copy to the place of a strategy; those whose copies are the youngest first. */
export function plannedSchedules(
  dataset: AnsweredDataset,
  strategy: Scheduled | Snapshotted,
  context: GateContext,
): readonly PlannedSchedule[] {
  if (dataset.method !== 'velero') return [];
  const plan = context.veleroPlan(dataset.id.namespace ?? '', planOf(dataset.answer) ?? '');
  const movesData = strategy.type === 'scheduled';
  return (plan?.schedules ?? []).filter(
    (schedule) => schedule.location.name === strategy.to.name && schedule.movesData === movesData,
  );
}

/** The copies that the mirrors of a location make, one after the other. */
function mirrorCopies(location: Location, upstreamAge: number, context: GateContext): readonly Copy[] {
  const copies: Copy[] = [];
  const seen = new Set([location]);
  let from = location;
  let age = upstreamAge;
  while (from.mirror !== undefined && isMirror(from.mirror)) {
    if (from.mirror.type === 'elsewhere') return [...copies, elsewhereCopy(from.mirror, age)];
    age = worstAge(mirrorGap(from, from.mirror, context.timeZone), 0, age);
    const mirrorOf = from;
    from = from.mirror.to;
    if (seen.has(from)) break;
    seen.add(from);
    copies.push({
      by: 'mirror',
      location: from,
      failureDomain: context.servedHosts.failureDomainOf(from),
      worstAgeSeconds: age,
      schedules: [],
      mirrorOf,
    });
  }
  return copies;
}

function mirrorGap(location: Location, mirror: Synchronized, timeZone: string): number {
  const schedule = scheduleOf(mirror.cadence, ['mirror', location.name], timeZone);
  return isScheduleProblem(schedule) ? Number.POSITIVE_INFINITY : largestGap(schedule);
}

function elsewhereCopy(elsewhere: Elsewhere, upstreamAge: number): Copy {
  return {
    by: 'elsewhere',
    failureDomain: elsewhere.failureDomain,
    worstAgeSeconds: upstreamAge + elsewhere.rpoSeconds,
    schedules: [],
    elsewhere,
  };
}
