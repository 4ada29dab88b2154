/**
 * How a dataset is copied, as people write it. The functions read as English and return plain data; whether a strategy fits
 * a kind of data is a matter of types (`model/kinds.ts`), whether it is true is the gate's.
 */
import type { Cron, Duration } from 'cdk8s';
import type { Location } from './location';
import type { Cadence, Continuous, Keep, Mirrored, Scheduled, Snapshotted, Synchronized, Weekday } from './strategy';
import { cronText, given, secondsOf } from './untyped';

/** What every copy that this library makes needs to know. */
interface CopyOptions {
  /** Where the copy goes: a location, from `s3Location`. */
  readonly to: Location;
  /**
   * The largest data loss that is accepted when the cluster is lost. Synth refuses a schedule that cannot reach it
   * (`rpo-out-of-reach`): the longest time between two runs, and the time that a run may take. Default: whatever the
   * schedules give, which the summary and the inventory say.
   */
  readonly rpo?: Duration;
  /**
   * Names what is copied together: datasets of one namespace and one plan are in one Velero Backup. Never a time, so
   * that it survives a change of time or retention. All strategies of a dataset share one plan. Default: the name of
   * the first one's function, for `every` it is `scheduled`.
   */
  readonly plan?: string;
}

/** What copies on a schedule need to know besides. */
interface ScheduledOptions extends CopyOptions {
  /**
   * Copies kept per calendar bucket: `{ daily: 14, monthly: 12 }`. A bucket coarser than the schedule has runs of its own; where only coarser ones are
   * named, the runs themselves are kept until the next coarser copy exists. Synth refuses what expires before anybody can
   * notice that no new copies are made (`expires-too-soon`), and a bucket finer than the schedule (`schedule-invalid`).
   */
  readonly keep: Keep;
  /**
   * Why a snapshot of a running database is good enough, in a sentence. Needed where a known database writes to the
   * volume, because a snapshot is what a power cut leaves (`crash-consistent`). Where it writes to others too, name them:
   * their snapshots are of other moments. Default: nobody says so.
   */
  readonly crashConsistent?: string;
}

/** When and how hourly copies are made. */
export interface HourlyOptions extends ScheduledOptions {
  /** Minute of the hour, 0–59. Default: by a hash of namespace and plan. */
  readonly minute?: number;
}

/** When and how nightly copies are made. */
export interface NightlyOptions extends ScheduledOptions {
  /**
   * Time of day, `03:10`, in the platform's time zone. Default: between 03:00 and 06:00, by a hash of namespace and plan.
   * Synth refuses a time at which the clocks of the zone change (`schedule-invalid`).
   */
  readonly at?: string;
}

/** When and how weekly copies are made. */
export interface WeeklyOptions extends NightlyOptions {
  /** Day of the week. Default: by a hash of namespace and plan. */
  readonly on?: Weekday;
}

/** How copies on a cron schedule are made. */
export type EveryOptions = ScheduledOptions;

/** What the mirror of a location needs to know: it has what its source has, and of datasets it can say nothing. */
interface MirrorOptions extends Readonly<Partial<Record<Exclude<keyof ScheduledOptions, 'to'>, undefined>>> {
  /**
   * What a run may take; part of the RPO. What was copied until then stays, and the next run goes on. The weekly upkeep of a
   * mirrored repository may take as long, and 4 hours at least. Default 4 hours.
   */
  readonly deadline?: Duration;
  /**
   * A source must have this much of its last mirror, in percent, or the run fails: of a repository the bytes of the newest
   * snapshot, of the stores of Velero and Barman backups, objects and bytes. Default 50; 0 for the one run after much was
   * deleted on purpose.
   */
  readonly smallestPercent?: number;
}

/** The same for the mirror of a location. */
type Unkept<O> = Omit<O, keyof MirrorOptions> & MirrorOptions;

/**
 * Copies every hour. The plan is called `hourly`, and the minute is chosen by hash, unless they are given.
 *
 * @example
 * new BackedUpVolume(this, 'data', {
 *   storage: Size.gibibytes(20),
 *   backup: hourly({ to: offsite, keep: { hourly: 48, daily: 14 }, minute: 10 }),
 * });
 * // apiVersion: velero.io/v1
 * // kind: Schedule
 * // metadata:
 * //   name: paperless-hourly-offsite-hourly
 * //   namespace: velero
 * // spec:
 * //   schedule: CRON_TZ=Europe/Berlin 10 * * * *
 * //   template:
 * //     includedNamespaces:
 * //       - paperless
 * //     storageLocation: offsite
 * //     ttl: 48h0m0s
 * // and beside it paperless-hourly-offsite-daily, at 10 3 * * *, with a ttl of 336h0m0s
 */
export function hourly(options: HourlyOptions): Scheduled;
export function hourly(options: Unkept<HourlyOptions>): Synchronized;
export function hourly(options: HourlyOptions | Unkept<HourlyOptions>): Scheduled | Synchronized {
  const { minute } = given(options);
  return scheduled(options, { every: 'hour', ...(minute === undefined ? {} : { minute }) });
}

/**
 * Copies every night. The plan is called `nightly`, and the time is chosen by hash between 03:00 and 06:00, unless they
 * are given.
 *
 * @example
 * new BackedUpVolume(this, 'data', {
 *   storage: Size.gibibytes(20),
 *   backup: nightly({ to: offsite, keep: { daily: 14, monthly: 12 }, at: '03:10' }),
 * });
 * // apiVersion: velero.io/v1
 * // kind: Schedule
 * // metadata:
 * //   name: paperless-nightly-offsite-daily
 * //   namespace: velero
 * // spec:
 * //   schedule: CRON_TZ=Europe/Berlin 10 3 * * *
 * //   template:
 * //     includedNamespaces:
 * //       - paperless
 * //     storageLocation: offsite
 * //     ttl: 336h0m0s
 * //     snapshotMoveData: true
 * // and beside it paperless-nightly-offsite-monthly, at 10 3 1 * *, with a ttl of 8928h0m0s
 */
export function nightly(options: NightlyOptions): Scheduled;
export function nightly(options: Unkept<NightlyOptions>): Synchronized;
export function nightly(options: NightlyOptions | Unkept<NightlyOptions>): Scheduled | Synchronized {
  const { at } = given(options);
  return scheduled(options, { every: 'night', ...(at === undefined ? {} : { at }) });
}

/**
 * Copies once a week. The plan is called `weekly`, and day and time are chosen by hash, unless they are given.
 *
 * @example
 * new BackedUpVolume(this, 'data', {
 *   storage: Size.gibibytes(20),
 *   backup: weekly({ to: offsite, keep: { weekly: 8 }, on: 'sunday', at: '04:30' }),
 * });
 * // apiVersion: velero.io/v1
 * // kind: Schedule
 * // metadata:
 * //   name: paperless-weekly-offsite
 * //   namespace: velero
 * // spec:
 * //   schedule: CRON_TZ=Europe/Berlin 30 4 * * 0
 * //   template:
 * //     storageLocation: offsite
 * //     ttl: 1344h0m0s
 */
export function weekly(options: WeeklyOptions): Scheduled;
export function weekly(options: Unkept<WeeklyOptions>): Synchronized;
export function weekly(options: WeeklyOptions | Unkept<WeeklyOptions>): Scheduled | Synchronized {
  const { at, on } = given(options);
  const cadence: Cadence = { every: 'week', ...(on === undefined ? {} : { on }), ...(at === undefined ? {} : { at }) };
  return scheduled(options, cadence);
}

/**
 * Copies on a cron schedule of five fields, in the platform's time zone. The plan is called `scheduled` unless it is
 * given. Synth refuses what another tool would read otherwise, what never comes, and what falls into the hour in which the
 * clocks change (`schedule-invalid`).
 *
 * @param cron minute, hour, day of month, month, day of week; or a `Cron` of cdk8s.
 * @example
 * new BackedUpVolume(this, 'data', {
 *   storage: Size.gibibytes(20),
 *   backup: every('0 4,16 * * *', { to: offsite, keep: { hourly: 14 } }),
 * });
 * // apiVersion: velero.io/v1
 * // kind: Schedule
 * // metadata:
 * //   name: paperless-scheduled-offsite
 * //   namespace: velero
 * // spec:
 * //   schedule: CRON_TZ=Europe/Berlin 0 4,16 * * *
 * //   template:
 * //     storageLocation: offsite
 * //     ttl: 168h0m0s
 */
export function every(cron: Cron | string, options: EveryOptions): Scheduled;
export function every(cron: Cron | string, options: Unkept<EveryOptions>): Synchronized;
export function every(cron: Cron | string, options: EveryOptions | Unkept<EveryOptions>): Scheduled | Synchronized {
  return scheduled(options, { every: 'cron', cron: cronText(cron) });
}

/** When and how snapshots are made. */
export interface SnapshottedOptions extends ScheduledOptions {
  /** Five fields, in the platform's time zone. Default: every night, between 03:00 and 06:00, by hash. */
  readonly cron?: Cron | string;
}

/**
 * Snapshots inside the storage: fast, and lost with the storage, so they go beside a copy that leaves it; alone they are
 * refused (`never-leaves`). `to` holds only Velero's record of them. The plan is called `snapshotted` unless it is given.
 *
 * @example
 * new BackedUpVolume(this, 'data', {
 *   storage: Size.gibibytes(20),
 *   backup: [
 *     snapshotted({ to: offsite, keep: { hourly: 24 }, cron: '0 * * * *' }),
 *     nightly({ to: offsite, keep: { daily: 14 } }),
 *   ],
 * });
 * // apiVersion: velero.io/v1
 * // kind: Schedule
 * // metadata:
 * //   name: paperless-snapshotted-offsite-hourly
 * //   namespace: velero
 * // spec:
 * //   schedule: CRON_TZ=Europe/Berlin 0 * * * *
 * //   template:
 * //     storageLocation: offsite
 * //     ttl: 24h0m0s
 * //     snapshotMoveData: false
 */
export function snapshotted(options: SnapshottedOptions): Snapshotted {
  const { cron } = given(options);
  return { ...scheduled(options, cadenceOf(cron)), type: 'snapshotted' };
}

/** How a log is kept. */
export interface ContinuousOptions extends CopyOptions {
  /**
   * How far back a restore can reach, in whole days: what is between is rounded up. Synth refuses a window that is over
   * before anybody can notice that no new base copies are made (`expires-too-soon`).
   */
  readonly restoreWindow: Duration;
  /**
   * When base copies are made: five fields, in UTC, because CloudNativePG takes no time zone. Default: every night
   * between 03:00 and 06:00, by a hash of namespace and database.
   */
  readonly cron?: Cron | string;
}

/**
 * A database's log as it is written, on top of base copies: a restore reaches any moment of the window. What is lost at
 * worst is what PostgreSQL has not handed over yet, five minutes by CloudNativePG's default of `archive_timeout`, and the
 * time that a piece of the log may take to arrive.
 *
 * Barman encrypts nothing: whoever reads the bucket reads the database.
 *
 * @example
 * new BackedUpPostgres(this, 'db', {
 *   storage: Size.gibibytes(20),
 *   backup: continuous({ to: offsite, restoreWindow: Duration.days(30), cron: '30 2 * * *' }),
 * });
 * // apiVersion: postgresql.cnpg.io/v1
 * // kind: ScheduledBackup
 * // metadata:
 * //   name: db
 * //   namespace: paperless
 * // spec:
 * //   schedule: 0 30 2 * * *
 * //   immediate: true
 * //   backupOwnerReference: none
 * //   cluster:
 * //     name: db
 * //   method: plugin
 * //   pluginConfiguration:
 * //     name: barman-cloud.cloudnative-pg.io
 */
export function continuous(options: ContinuousOptions): Continuous {
  const { to, restoreWindow, rpo, plan, cron } = given(options);
  return {
    type: 'continuous',
    to,
    restoreWindowSeconds: secondsOf(restoreWindow),
    baseCopies: cadenceOf(cron),
    ...(plan === undefined ? {} : { plan }),
    ...(rpo === undefined ? {} : { rpoSeconds: secondsOf(rpo) }),
  };
}

/** When and how something is mirrored. */
export interface MirroredOptions extends CopyOptions {
  /**
   * How long objects that were replaced or vanished at the source are kept: as long as the bucket that reaches furthest,
   * `{ daily: 30 }` for 30 days. Default: as long as the location keeps old versions, and for ever where it keeps none.
   */
  readonly keep?: Keep;
  /** Five fields, in the platform's time zone. Default: every night, between 03:00 and 06:00, by hash. */
  readonly cron?: Cron | string;
  /** What a run may take; part of the RPO. What was copied until then stays, and the next run goes on. Default 4 hours. */
  readonly deadline?: Duration;
  /**
   * The source must have this much of the last copy, in percent, or the run fails: objects, bytes, and of the objects of the
   * copy those that are still there. Default 50; 0 for the one run after much was deleted on purpose, and where all objects
   * are others every day. None takes an empty bucket in which there was something before.
   */
  readonly smallestPercent?: number;
}

/**
 * A bucket, kept in step at another place by a job that reads it as the backup user (docs/buckets.md). A bucket that is
 * gone, empty or sharply smaller is refused, what is replaced or vanishes is kept for a time, and the content is compared.
 *
 * @example
 * new CephBucketWithBackupGrant(this, 'attachments', {
 *   bucketName: 'paperless-attachments',
 *   storageClass: 'bucket-retain',
 *   backup: mirrored({ to: offsite, keep: { daily: 30 }, cron: '10 3 * * *' }),
 * });
 * // apiVersion: batch/v1
 * // kind: CronJob
 * // metadata:
 * //   name: mirror-paperless-attachments-offsite-1c4736e8
 * //   namespace: backed-up
 * // spec:
 * //   schedule: 10 3 * * *
 * //   timeZone: Europe/Berlin
 * //   concurrencyPolicy: Forbid
 */
export function mirrored(options: MirroredOptions): Mirrored {
  const { to, keep, rpo, plan, cron, deadline, smallestPercent } = given(options);
  return {
    type: 'mirrored',
    cadence: cadenceOf(cron),
    to,
    ...(plan === undefined ? {} : { plan }),
    ...(keep === undefined ? {} : { keep }),
    ...(rpo === undefined ? {} : { rpoSeconds: secondsOf(rpo) }),
    ...(deadline === undefined ? {} : { deadlineSeconds: secondsOf(deadline) }),
    ...(smallestPercent === undefined ? {} : { smallestPercent }),
  };
}

function scheduled(options: ScheduledOptions, cadence: Cadence): Scheduled;
function scheduled(options: ScheduledOptions | Unkept<ScheduledOptions>, cadence: Cadence): Scheduled | Synchronized;
function scheduled(options: ScheduledOptions | Unkept<ScheduledOptions>, cadence: Cadence): Scheduled | Synchronized {
  const copy = given(options);
  const { to, keep, plan, rpo, crashConsistent } = copy;
  const { deadline, smallestPercent }: Pick<MirrorOptions, 'deadline' | 'smallestPercent'> =
    copy.keep === undefined ? copy : {};
  return {
    type: 'scheduled',
    cadence,
    to,
    ...(plan === undefined ? {} : { plan }),
    ...(keep === undefined ? {} : { keep }),
    ...(rpo === undefined ? {} : { rpoSeconds: secondsOf(rpo) }),
    ...(crashConsistent === undefined ? {} : { crashConsistent }),
    ...(deadline === undefined ? {} : { deadlineSeconds: secondsOf(deadline) }),
    ...(smallestPercent === undefined ? {} : { smallestPercent }),
    // Code without types may say of a mirror what only a copy of a dataset has, which the gate refuses.
  } as Scheduled | Synchronized;
}

function cadenceOf(cron: Cron | string | undefined): Cadence {
  return cron === undefined ? { every: 'night' } : { every: 'cron', cron: cronText(cron) };
}
