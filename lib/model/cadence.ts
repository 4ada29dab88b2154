/** From what a person said (`nightly`, perhaps a time) to a schedule, and from retention to the runs that carry it. */
import { createHash } from 'node:crypto';
import { isCronProblem, parseCron, type CronProblem } from './cron';
import { textAt } from './kube-object';
import { nearest } from './nearest';
import { isScheduleProblem, largestGap, makeSchedule, type Schedule } from './schedule';
import { BUCKETS, type Bucket, type Cadence, type Keep, type Weekday } from './strategy';
import { enumerated } from './text';

const WEEKDAYS: readonly Weekday[] = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** Default times lie between 03:00 and 06:00: after the evening, before the morning, and after the clocks change. */
const WINDOW_START = 3 * 60;
const WINDOW_MINUTES = 3 * 60;

const HOUR = 3600;
/** Length of a bucket at its longest, in seconds. */
const PERIOD: Readonly<Record<Bucket, number>> = {
  hourly: HOUR,
  daily: 24 * HOUR,
  weekly: 7 * 24 * HOUR,
  monthly: 31 * 24 * HOUR,
  yearly: 366 * 24 * HOUR,
};

/** A number below `slots` that depends on nothing but the seed: the same on every machine, spread evenly over many seeds. */
function spread(seed: readonly string[], slots: number): number {
  return createHash('sha256').update(JSON.stringify(seed)).digest().readUIntBE(0, 6) % slots;
}

/** Whether a schedule can be looked for: code without types may give anything. */
export function isCadence(value: unknown): value is Cadence {
  const every = textAt(value, 'every');
  return every === 'cron' ? textAt(value, 'cron') !== undefined : ['hour', 'night', 'week'].includes(every ?? '');
}

/**
 * The schedule of a cadence.
 *
 * @param seed what is rendered, such as namespace and plan; chooses the times that nobody pinned.
 */
export function scheduleOf(cadence: Cadence, seed: readonly string[], timeZone: string): Schedule | CronProblem {
  switch (cadence.every) {
    case 'cron':
      return makeSchedule(cadence.cron, timeZone);
    case 'hour': {
      const minute = cadence.minute ?? spread([...seed, 'minute'], 60);
      return makeSchedule(`${minute} * * * *`, timeZone);
    }
    case 'night':
      return atTime(cadence.at, seed, timeZone, '* * *');
    case 'week': {
      const { on } = cadence;
      if (on !== undefined && !WEEKDAYS.includes(on))
        return { problem: `names the day '${on}': a day is one of ${WEEKDAYS.join(', ')}` };
      return atTime(cadence.at, seed, timeZone, `* * ${weekdayOf(cadence, seed)}`);
    }
  }
}

function weekdayOf(cadence: Cadence, seed: readonly string[]): number {
  const on = cadence.every === 'week' ? cadence.on : undefined;
  return on === undefined ? spread([...seed, 'weekday'], 7) : WEEKDAYS.indexOf(on);
}

function atTime(
  at: string | undefined,
  seed: readonly string[],
  timeZone: string,
  days: string,
): Schedule | CronProblem {
  if (at !== undefined) {
    const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(at);
    if (match === null) return { problem: `names the time '${at}': write it as '03:10'` };
    return makeSchedule(`${Number(match[2])} ${Number(match[1])} ${days}`, timeZone);
  }
  const first = spread([...seed, 'time'], WINDOW_MINUTES);
  let result: Schedule | CronProblem = { problem: 'has no time' };
  // The clocks of a few zones change within the window: take the next minute that is safe.
  for (let i = 0; i < WINDOW_MINUTES; i += 1) {
    const minute = WINDOW_START + ((first + i) % WINDOW_MINUTES);
    result = makeSchedule(`${minute % 60} ${Math.floor(minute / 60)} ${days}`, timeZone);
    if (!isScheduleProblem(result)) return result;
  }
  return result;
}

/** Runs that are kept equally long. A backend without retention by bucket (Velero) has one object for each. */
export interface Tier {
  readonly bucket: Bucket;
  readonly schedule: Schedule;
  readonly keepSeconds: number;
  /** Copies that are kept when all goes well. */
  readonly count: number;
}

/** That of the schedule itself comes first. */
export type Tiers = readonly [Tier, ...Tier[]];

/** Why there are no tiers. */
export interface TierProblem extends CronProblem {
  /** The line to write instead, where only the retention is wrong. */
  readonly line?: string;
  /** What to do, in words, where no line says it. */
  readonly advice?: string;
}

/**
 * The tiers of a retention: the runs of the schedule itself, then one tier for each coarser bucket with a count.
 *
 * Where no bucket of the schedule's own pace is named (`nightly` with `{ weekly: 4 }`), its runs are kept until the next
 * coarser copy exists, as restic does, which always keeps the newest snapshot; and never shorter than `minimumSeconds`,
 * because somebody has to notice when runs fail.
 */
export function tiersOf(
  cadence: Cadence,
  schedule: Schedule,
  keep: Keep | undefined,
  seed: readonly string[],
  minimumSeconds: number,
): Tiers | TierProblem {
  const gap = largestGap({ ...schedule, timeZone: 'UTC' });
  const counts: Partial<Record<Bucket, number>> = keep ?? {};
  const own = bucketOfGap(gap);
  const named = BUCKETS.filter((bucket) => counts[bucket] !== undefined);
  const problem = retentionProblem(counts, named, own);
  if (problem !== undefined) return problem;
  const coarser = named.filter((bucket) => BUCKETS.indexOf(bucket) > BUCKETS.indexOf(own));
  const spacing = Math.max(gap, PERIOD[own]);
  const untilNext = PERIOD[coarser[0] ?? own];
  const keepSeconds =
    counts[own] === undefined
      ? Math.max(untilNext, Math.ceil(minimumSeconds / spacing) * spacing)
      : counts[own] * spacing;
  const base: Tier = { bucket: own, schedule, keepSeconds, count: Math.floor(keepSeconds / spacing) };
  const tiers: [Tier, ...Tier[]] = [base];
  for (const bucket of coarser) {
    const tierSchedule = coarserSchedule(bucket, cadence, schedule, seed);
    if (isScheduleProblem(tierSchedule)) return tierSchedule;
    const count = counts[bucket] ?? 0;
    tiers.push({ bucket, schedule: tierSchedule, keepSeconds: count * PERIOD[bucket], count });
  }
  return tiers;
}

/** The coarsest bucket that runs at this distance fill one by one. */
function bucketOfGap(gapSeconds: number): Bucket {
  return BUCKETS.findLast((bucket) => PERIOD[bucket] <= gapSeconds) ?? 'hourly';
}

function retentionProblem(
  counts: Partial<Record<Bucket, number>>,
  named: readonly Bucket[],
  own: Bucket,
): TierProblem | undefined {
  // A variable of a wider type may have any fields.
  const unknown = Object.entries(counts).find(([key]) => !BUCKETS.some((bucket) => bucket === key));
  if (unknown !== undefined) {
    const [key, count] = unknown;
    const problem = `keeps '${key}' copies: copies are counted ${enumerated(BUCKETS)}`;
    return { problem, line: `keep: { ${nearest(key, BUCKETS) ?? own}: ${count} }` };
  }
  const line = `keep: { ${own}: 7 }`;
  if (named.length === 0) return { problem: 'keeps nothing: name how many copies to keep', line };
  for (const bucket of named) {
    const count = counts[bucket];
    if (count === undefined || !Number.isInteger(count) || count < 1) {
      return { problem: `keeps ${String(count)} ${bucket} copies: a count is a whole number from 1`, line };
    }
    if (BUCKETS.indexOf(bucket) < BUCKETS.indexOf(own)) {
      const problem = `keeps ${bucket} copies of runs that are only ${own}`;
      return { problem, line: `keep: { ${own}: ${count} }` };
    }
  }
  return undefined;
}

function coarserSchedule(
  bucket: Bucket,
  cadence: Cadence,
  base: Schedule,
  seed: readonly string[],
): Schedule | CronProblem {
  const [minute, hour] = timeOfDay(base, seed);
  const days = {
    hourly: '* * *',
    daily: '* * *',
    weekly: `* * ${weekdayOf(cadence, seed)}`,
    monthly: '1 * *',
    yearly: '1 1 *',
  };
  return makeSchedule(`${minute} ${hour} ${days[bucket]}`, base.timeZone);
}

/** The first run of the day; for runs at every hour one of the small hours. */
function timeOfDay(base: Schedule, seed: readonly string[]): readonly [minute: number, hour: number] {
  const fields = parseCron(base.cron);
  if (isCronProblem(fields)) return [0, 0];
  const hour = fields.hours.length === 24 ? 3 + spread([...seed, 'hour'], 3) : (fields.hours[0] ?? 0);
  return [fields.minutes[0] ?? 0, hour];
}
