/** The copies of a dataset: where each one is, how old it is at worst, and how long it is kept. */
import type { PlannedMirror, PlannedRun } from '../methods/method';
import type { AnsweredDataset } from '../model/answered';
import { scheduleOf } from '../model/cadence';
import { distinctBy } from '../model/collections';
import { worstAge } from '../model/copies';
import { strategiesOf } from '../model/declaration';
import type { Evidence, Restore } from '../model/inventory';
import type { MethodName } from '../model/kinds';
import { mirrorHops, type FailureDomain, type Location } from '../model/location';
import { isScheduleProblem, largestGap } from '../model/schedule';
import type { Elsewhere, Strategy, Synchronized } from '../model/strategy';
import type { GateContext } from './context';

/** One place where the data also is. */
export interface Copy {
  /** What makes it. */
  readonly by: MethodName | 'mirror' | 'elsewhere';
  /** Absent for what somebody else copies to a place of their own. */
  readonly location?: Location;
  readonly failureDomain: FailureDomain;
  /** Whether the data stays in the storage that it protects. */
  readonly staysInStorage: boolean;
  readonly worstAgeSeconds: number;
  /** Absent where nobody said. */
  readonly keptSeconds?: number;
  /** The schedules that make it, those whose copies are the youngest first; none for what this library does not make. */
  readonly runs: readonly PlannedRun[];
  readonly evidence: Evidence;
  readonly restore: Restore;
}

/** Each place once, in the order in which the strategies name them. */
export function findCopies(dataset: AnsweredDataset, context: GateContext): readonly Copy[] {
  return distinctBy(strategiesOf(dataset.answer), placeOf).flatMap((strategy) => copiesBy(strategy, dataset, context));
}

/** Those to which a strategy contributes; none where nothing carries it out. */
export function copiesBy(strategy: Strategy, dataset: AnsweredDataset, context: GateContext): readonly Copy[] {
  if (strategy.type === 'elsewhere') return [elsewhereCopy(strategy, 0, dataset.id.namespace)];
  const by = dataset.methods[strategy.type];
  const planned = by === undefined ? undefined : context.methods[by].copyOf(dataset, strategy);
  if (by === undefined || planned === undefined) return [];
  const { mirrors: made, ...copy } = planned;
  const { location, staysInStorage } = copy;
  // Of a copy in the storage itself only the record is at the location.
  const failureDomain = staysInStorage ? 'cluster' : context.servedHosts.failureDomainOf(location);
  const direct = new Set(
    strategiesOf(dataset.answer).flatMap((each) => (each.type === 'elsewhere' ? [] : [each.to.name])),
  );
  const mirrors = staysInStorage ? [] : mirrorCopies(planned, made, direct, context);
  return [{ by, failureDomain, ...copy }, ...mirrors];
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

/**
 * The copies that the mirrors of a copy's location make, one after the other.
 *
 * @param made what the copy's method makes of them itself.
 * @param direct names of the locations to which strategies of the dataset copy by themselves: no method has to.
 */
function mirrorCopies(
  { location, worstAgeSeconds }: Pick<Copy, 'worstAgeSeconds'> & { readonly location: Location },
  made: readonly PlannedMirror[],
  direct: ReadonlySet<string>,
  context: GateContext,
): readonly Copy[] {
  const copies: Copy[] = [];
  let age = worstAgeSeconds;
  for (const { from, by } of mirrorHops(location)) {
    if (by.type === 'elsewhere') return [...copies, elsewhereCopy(by, age)];
    const mirror = made.find(({ to }) => to.name === by.to.name);
    if (mirror === undefined && direct.has(by.to.name)) break;
    age = worstAge(mirrorGap(from, by, context.timeZone), mirror?.durationSeconds ?? 0, age);
    const unmade = { type: 'mirror', of: from.name } as const;
    copies.push({
      by: 'mirror',
      location: by.to,
      failureDomain: context.servedHosts.failureDomainOf(by.to),
      staysInStorage: false,
      worstAgeSeconds: age,
      ...(mirror?.keptSeconds === undefined ? {} : { keptSeconds: mirror.keptSeconds }),
      runs: [],
      evidence: mirror?.evidence ?? unmade,
      restore: mirror?.restore ?? unmade,
    });
  }
  return copies;
}

function mirrorGap(location: Location, mirror: Synchronized, timeZone: string): number {
  const schedule = scheduleOf(mirror.cadence, ['mirror', location.name], timeZone);
  return isScheduleProblem(schedule) ? Number.POSITIVE_INFINITY : largestGap(schedule);
}

/** @param namespace of the evidence that names none of its own. */
function elsewhereCopy(
  { failureDomain, rpoSeconds, sentence, evidence }: Elsewhere,
  upstreamAge: number,
  namespace = '',
): Copy {
  return {
    by: 'elsewhere',
    failureDomain,
    staysInStorage: false,
    worstAgeSeconds: upstreamAge + rpoSeconds,
    runs: [],
    evidence:
      evidence === undefined
        ? { type: 'statement', sentence }
        : { type: 'cronJob', namespace: evidence.namespace ?? namespace, name: evidence.cronJob },
    restore: { type: 'ask', sentence },
  };
}
