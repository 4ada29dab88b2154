/**
 * How a dataset is copied: by what, when, to where, kept how long. The functions read as English and return plain data;
 * whether a strategy fits a kind of data is a matter of types (`model/kinds.ts`), whether it is true is the gate's.
 */
import type { Cron, Duration } from 'cdk8s';
import type { FailureDomain, Location } from './location';

/** Calendar buckets, finest first. */
export const BUCKETS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
/** A calendar bucket: of all copies made within one, the retention counts a single one. */
export type Bucket = (typeof BUCKETS)[number];

/** How many copies are kept per calendar bucket: `{ daily: 14, monthly: 12 }`. At least one bucket. */
export type Keep = {
  [B in Bucket]: { readonly [K in B]: number } & { readonly [K in Exclude<Bucket, B>]?: number };
}[Bucket];

/** A day on which weekly copies are made. */
export type Weekday = 'sunday' | 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday';

/** When copies are made. A time that nobody pinned is chosen by hash, so that a cluster does not copy everything at once. */
export type Cadence =
  | { readonly every: 'hour'; readonly minute?: number }
  | { readonly every: 'night'; readonly at?: string }
  | { readonly every: 'week'; readonly on?: Weekday; readonly at?: string }
  | { readonly every: 'cron'; readonly cron: string };

interface CopyOptions {
  /** Where the copy goes. */
  readonly to: Location;
  /**
   * The largest data loss that is accepted when the cluster is lost. Synth refuses a schedule that cannot reach it.
   * Default: whatever the schedules give.
   */
  readonly rpo?: Duration;
  /**
   * Names what is copied together: datasets of one namespace and one plan are in one Velero Backup. Never a time, so
   * that it survives a change of time or retention. Default: the name of the function, for `every` it is `scheduled`.
   */
  readonly plan?: string;
}

interface ScheduledOptions extends CopyOptions {
  /**
   * Copies kept per calendar bucket. A bucket coarser than the schedule has runs of its own; where only coarser ones are
   * named, the runs themselves are kept until the next coarser copy exists.
   */
  readonly keep: Keep;
  /**
   * Why a snapshot of a running database is good enough, in a sentence. Needed where a known database writes to the
   * volume, because a snapshot is what a power cut leaves.
   */
  readonly crashConsistent?: string;
}

export interface HourlyOptions extends ScheduledOptions {
  /** Minute of the hour, 0–59. Default: by hash. */
  readonly minute?: number;
}

export interface NightlyOptions extends ScheduledOptions {
  /** Time of day, `03:10`, in the platform's time zone. Default: by hash between 03:00 and 06:00. */
  readonly at?: string;
}

export interface WeeklyOptions extends NightlyOptions {
  /** Default: by hash. */
  readonly on?: Weekday;
}

export type EveryOptions = ScheduledOptions;

/** Runs on a schedule and keeps what it copied per calendar bucket. */
export interface Scheduled extends Synchronized {
  readonly keep: Keep;
}

/** Runs on a schedule and says nothing of retention: what the mirror of a location is, which keeps what is there. */
export interface Synchronized {
  readonly type: 'scheduled';
  readonly cadence: Cadence;
  readonly to: Location;
  readonly keep?: Keep;
  readonly plan: string;
  readonly rpoSeconds?: number;
  readonly crashConsistent?: string;
}

/** Options without retention, for the mirror of a location. */
type Unkept<O> = Omit<O, 'keep'> & { readonly keep?: undefined };

/** As {@link Scheduled}, but only a snapshot inside the storage: fast, and lost with the storage. */
export interface Snapshotted extends Omit<Scheduled, 'type'> {
  readonly type: 'snapshotted';
}

/** Base copies and a log of every change, for restores to any moment of the window. */
export interface Continuous {
  readonly type: 'continuous';
  readonly to: Location;
  readonly restoreWindowSeconds: number;
  readonly plan: string;
  readonly rpoSeconds?: number;
}

/** The same objects or refs at another place, kept in step on a schedule. */
export interface Mirrored {
  readonly type: 'mirrored';
  readonly cadence: Cadence;
  readonly to: Location;
  readonly keep?: Keep;
  readonly plan: string;
  readonly rpoSeconds?: number;
}

/** Somebody else copies it: a claim, listed apart, unknown to the audit unless evidence is named. */
export interface Elsewhere {
  readonly type: 'elsewhere';
  /** Who copies it and how. */
  readonly sentence: string;
  readonly failureDomain: FailureDomain;
  readonly rpoSeconds: number;
  readonly evidence?: ElsewhereEvidence;
}

/** What the gate and the audit can look at: a CronJob of this cluster. */
export interface ElsewhereEvidence {
  readonly cronJob: string;
  /** Default: the namespace of the dataset. */
  readonly namespace?: string;
}

/** Nobody copies it, on purpose. */
export interface Excluded {
  readonly type: 'excluded';
  /** Why losing it is acceptable, in a sentence. */
  readonly reason: string;
  /** Day, `2027-06-01`, after which audit and alerts ask again. Never breaks a build. */
  readonly reviewBy?: string;
}

/** How a dataset is copied, as one of the functions of this file says it. */
export type Strategy = Scheduled | Snapshotted | Continuous | Mirrored | Elsewhere;
/** What tells the strategies apart. */
export type StrategyType = Strategy['type'];
/** What a dataset is answered with. */
export type Answer = Strategy | Excluded;

/**
 * Every hour.
 * @example hourly({ to: local, keep: { hourly: 48, daily: 14 } })
 */
export function hourly(options: HourlyOptions): Scheduled;
export function hourly(options: Unkept<HourlyOptions>): Synchronized;
export function hourly(options: HourlyOptions | Unkept<HourlyOptions>): Synchronized {
  const { minute } = options;
  return scheduled(options, { every: 'hour', ...(minute === undefined ? {} : { minute }) }, 'hourly');
}

/**
 * Every night.
 * @example nightly({ to: local, keep: { daily: 14, monthly: 12 } })
 */
export function nightly(options: NightlyOptions): Scheduled;
export function nightly(options: Unkept<NightlyOptions>): Synchronized;
export function nightly(options: NightlyOptions | Unkept<NightlyOptions>): Synchronized {
  const { at } = options;
  return scheduled(options, { every: 'night', ...(at === undefined ? {} : { at }) }, 'nightly');
}

/**
 * Once a week.
 * @example weekly({ to: offsite, keep: { weekly: 8 }, on: 'sunday', at: '04:30' })
 */
export function weekly(options: WeeklyOptions): Scheduled;
export function weekly(options: Unkept<WeeklyOptions>): Synchronized;
export function weekly(options: WeeklyOptions | Unkept<WeeklyOptions>): Synchronized {
  const { at, on } = options;
  const cadence: Cadence = { every: 'week', ...(on === undefined ? {} : { on }), ...(at === undefined ? {} : { at }) };
  return scheduled(options, cadence, 'weekly');
}

/**
 * On a cron schedule of five fields, in the platform's time zone.
 * @example every('0 *\/6 * * *', { to: local, keep: { hourly: 28 } })
 */
export function every(cron: Cron | string, options: EveryOptions): Scheduled;
export function every(cron: Cron | string, options: Unkept<EveryOptions>): Synchronized;
export function every(cron: Cron | string, options: EveryOptions | Unkept<EveryOptions>): Synchronized {
  return scheduled(options, { every: 'cron', cron: cronText(cron) }, 'scheduled');
}

export interface SnapshottedOptions extends ScheduledOptions {
  /** Five fields, in the platform's time zone. Default: every night, by hash between 03:00 and 06:00. */
  readonly cron?: Cron | string;
}

/**
 * Snapshots inside the storage: fast, and lost with the storage, so they go beside a copy that leaves it. `to` holds
 * only Velero's record of them.
 * @example [snapshotted({ to: local, keep: { hourly: 24 }, cron: '0 * * * *' }), nightly({ to: offsite, keep: { daily: 14 } })]
 */
export function snapshotted(options: SnapshottedOptions): Snapshotted {
  const { keep, cron } = options;
  return { ...scheduled(options, cadenceOf(cron), 'snapshotted'), type: 'snapshotted', keep };
}

export interface ContinuousOptions extends CopyOptions {
  /** How far back a restore can reach. */
  readonly restoreWindow: Duration;
}

/**
 * A database's log as it is written, on top of base copies.
 * @example continuous({ to: local, restoreWindow: Duration.days(30) })
 */
export function continuous(options: ContinuousOptions): Continuous {
  const { to, restoreWindow, rpo, plan = 'continuous' } = options;
  return {
    type: 'continuous',
    to,
    restoreWindowSeconds: restoreWindow.toSeconds(),
    plan,
    ...(rpo === undefined ? {} : { rpoSeconds: rpo.toSeconds() }),
  };
}

export interface MirroredOptions extends CopyOptions {
  /** How long objects that vanished at the source are kept. Default: as the location keeps old versions. */
  readonly keep?: Keep;
  /** Five fields. Default: every night, by hash between 03:00 and 06:00. */
  readonly cron?: Cron | string;
}

/**
 * A bucket or a Git repository, kept in step at another place.
 * @example mirrored({ to: offsite })
 */
export function mirrored(options: MirroredOptions): Mirrored {
  const { to, keep, rpo, plan = 'mirrored', cron } = options;
  return {
    type: 'mirrored',
    cadence: cadenceOf(cron),
    to,
    plan,
    ...(keep === undefined ? {} : { keep }),
    ...(rpo === undefined ? {} : { rpoSeconds: rpo.toSeconds() }),
  };
}

export interface ElsewhereOptions {
  /** What is lost together with that copy. */
  readonly failureDomain: FailureDomain;
  /** How old the copy is at worst, as promised by whoever makes it. */
  readonly rpo: Duration;
  readonly evidence?: ElsewhereEvidence;
}

/**
 * Somebody else copies it: a cron job on a node, a hosted Git server, a laptop.
 * @param sentence who copies it, and how.
 * @example elsewhere('The hosted Git server keeps its own nightly backups.', { failureDomain: 'offsite', rpo: Duration.days(1) })
 */
export function elsewhere(sentence: string, options: ElsewhereOptions): Elsewhere {
  // Code without types may leave out what the gate then asks for.
  const { failureDomain = '' as FailureDomain, rpo, evidence }: Partial<ElsewhereOptions> = options ?? {};
  return {
    type: 'elsewhere',
    sentence,
    failureDomain,
    rpoSeconds: rpo?.toSeconds() ?? Number.POSITIVE_INFINITY,
    ...(evidence === undefined ? {} : { evidence }),
  };
}

export interface ExcludedOptions {
  /** Day, `2027-06-01`, after which audit and alerts ask whether the reason still holds. */
  readonly reviewBy?: string;
}

/**
 * Nobody copies it, on purpose.
 * @param reason why losing it is acceptable, in a sentence.
 * @example excluded('A pull-through cache, filled again on demand.')
 */
export function excluded(reason: string, options: ExcludedOptions = {}): Excluded {
  return { type: 'excluded', reason, ...(options.reviewBy === undefined ? {} : { reviewBy: options.reviewBy }) };
}

function scheduled(
  options: ScheduledOptions | Unkept<ScheduledOptions>,
  cadence: Cadence,
  defaultPlan: string,
): Synchronized {
  const { to, keep, plan = defaultPlan, rpo, crashConsistent } = options;
  return {
    type: 'scheduled',
    cadence,
    to,
    plan,
    ...(keep === undefined ? {} : { keep }),
    ...(rpo === undefined ? {} : { rpoSeconds: rpo.toSeconds() }),
    ...(crashConsistent === undefined ? {} : { crashConsistent }),
  };
}

function cadenceOf(cron: Cron | string | undefined): Cadence {
  return cron === undefined ? { every: 'night' } : { every: 'cron', cron: cronText(cron) };
}

function cronText(cron: Cron | string): string {
  return typeof cron === 'string' ? cron : cron.expressionString;
}
