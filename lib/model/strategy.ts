/**
 * How a dataset is copied: by what, when, to where, kept how long. Plain data, which the functions of `strategies.ts` and
 * `statements.ts` make.
 */
import type { FailureDomain, Location } from './location';
import { isDeadline, isPercent } from './untyped';

/** All {@link Bucket}s, finest first. */
export const BUCKETS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
/** A calendar bucket: of all copies made within one, the retention counts a single one. */
export type Bucket = (typeof BUCKETS)[number];

/**
 * How many copies are kept per calendar bucket: `{ daily: 14, monthly: 12 }`. At least one bucket; counts are whole numbers
 * from 1. Of all copies that are made within a bucket one counts, so that fourteen daily copies reach back fourteen days.
 */
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

interface OnSchedule {
  readonly type: 'scheduled';
  /** When it runs. */
  readonly cadence: Cadence;
  /** Where the copies go. */
  readonly to: Location;
}

/** Runs on a schedule and keeps what it copied per calendar bucket: what `hourly`, `nightly`, `weekly` and `every` return. */
export interface Scheduled extends OnSchedule {
  /** Copies per calendar bucket. */
  readonly keep: Keep;
  /** What is copied together with it; absent where nobody named it. */
  readonly plan?: string;
  /** The largest data loss that is accepted; absent where nobody said. */
  readonly rpoSeconds?: number;
  /** Why a snapshot of a running database is good enough. */
  readonly crashConsistent?: string;
}

/** Runs on a schedule and has what its source has, so that it says nothing of datasets: the mirror of a location. */
export interface Synchronized extends OnSchedule, Readonly<Partial<Record<SaidOfDatasets, never>>> {
  /** What a run may take; absent for the default. */
  readonly deadlineSeconds?: number;
  /** How much of its last mirror a store must have, in percent; absent for the default. */
  readonly smallestPercent?: number;
}

type SaidOfDatasets = Exclude<keyof Scheduled, keyof OnSchedule>;
/** By what they are called where people write them. */
const SAID_OF_DATASETS: Readonly<Record<SaidOfDatasets, string>> = {
  keep: 'keep',
  plan: 'plan',
  rpoSeconds: 'rpo',
  crashConsistent: 'crashConsistent',
};

/** As {@link Scheduled}, but only a snapshot inside the storage, fast and lost with it: what `snapshotted` returns. */
export interface Snapshotted extends Omit<Scheduled, 'type'> {
  readonly type: 'snapshotted';
}

/** Base copies and a log of every change, for restores to any moment of the window: what `continuous` returns. */
export interface Continuous {
  readonly type: 'continuous';
  /** Where base copies and log go. */
  readonly to: Location;
  /** How far back a restore can reach. */
  readonly restoreWindowSeconds: number;
  /** When base copies are made, in UTC: what carries it out takes no time zone. */
  readonly baseCopies: Cadence;
  /** What is copied together with it; absent where nobody named it. */
  readonly plan?: string;
  /** The largest data loss that is accepted; absent where nobody said. */
  readonly rpoSeconds?: number;
}

/** The same objects or refs at another place, kept in step on a schedule: what `mirrored` returns. */
export interface Mirrored {
  readonly type: 'mirrored';
  /** When it is brought into step. */
  readonly cadence: Cadence;
  /** Where the copy is. */
  readonly to: Location;
  /** How long what vanished at the source is kept; absent where the location decides. */
  readonly keep?: Keep;
  /** What is copied together with it; absent where nobody named it. */
  readonly plan?: string;
  /** The largest data loss that is accepted; absent where nobody said. */
  readonly rpoSeconds?: number;
  /** What a run may take; absent for the default. */
  readonly deadlineSeconds?: number;
  /** How much of the last copy the source must have, in percent; absent for the default. */
  readonly smallestPercent?: number;
}

/** Somebody else copies it: a claim that nothing proves, listed apart. What `elsewhere` returns. */
export interface Elsewhere {
  readonly type: 'elsewhere';
  /** Who copies it and how. */
  readonly sentence: string;
  /** What is lost together with that copy. */
  readonly failureDomain: FailureDomain;
  /** How old the copy is at worst, as promised by whoever makes it. */
  readonly rpoSeconds: number;
  /** What shows that the copy is made. */
  readonly evidence?: ElsewhereEvidence;
}

/**
 * What the gate can look at: a CronJob of this cluster. It refuses one that does not exist
 * (`evidence-missing`), and one that is suspended, names no time zone or has no fixed image (`evidence-idle`).
 */
export interface ElsewhereEvidence {
  /** Its name. */
  readonly cronJob: string;
  /** Default: the namespace of the dataset. Required where there is none: for the mirror of a location, and for etcd. */
  readonly namespace?: string;
}

/** Nobody copies it, on purpose: what `excluded` returns. */
export interface Excluded {
  readonly type: 'excluded';
  /** Why losing it is acceptable, in a sentence. */
  readonly reason: string;
  /** Day, `2027-06-01`, after which synth warns. Never breaks a build. */
  readonly reviewBy?: string;
}

/** How a dataset is copied, as one of the functions says it: `nightly`, `elsewhere` … */
export type Strategy = Scheduled | Snapshotted | Continuous | Mirrored | Elsewhere;
/** What tells the strategies apart. */
export type StrategyType = Strategy['type'];
/** What a dataset is answered with. */
export type Answer = Strategy | Excluded;

/** An option that is not what it has to be, and what to write instead. */
export interface Misfit {
  readonly option: string;
  readonly problem: string;
  readonly write: string;
}

/** The options of a copy of ours of which nothing can be made: types do not know numbers, and code without types may give anything. */
export function misfitsOf(strategy: Exclude<Strategy, Elsewhere> | Synchronized): readonly Misfit[] {
  const { rpoSeconds, restoreWindowSeconds, deadlineSeconds, smallestPercent }: Options = strategy;
  const misfits: Misfit[] = [];
  if (Number.isNaN(rpoSeconds)) misfits.push(misfit('rpo', 'is not a Duration', 'Duration.days(1)'));
  if (Number.isNaN(restoreWindowSeconds))
    misfits.push(misfit('restoreWindow', 'is not a Duration', 'Duration.days(30)'));
  if (deadlineSeconds !== undefined && !isDeadline(deadlineSeconds))
    misfits.push(misfit('deadline', 'is not a Duration of whole seconds, from 1', 'Duration.hours(4)'));
  if (smallestPercent !== undefined && !isPercent(smallestPercent))
    misfits.push(misfit('smallestPercent', 'is not a whole number from 0 to 100', '50'));
  return misfits;
}

/** The options of a mirror that only a dataset can have: types refuse them. */
export function saidOfDatasets(mirror: Synchronized): readonly string[] {
  return Object.entries(SAID_OF_DATASETS).flatMap(([field, option]) => (field in mirror ? [option] : []));
}

type Options = Partial<Pick<Continuous, 'rpoSeconds' | 'restoreWindowSeconds'>> &
  Pick<Mirrored, 'deadlineSeconds' | 'smallestPercent'>;

function misfit(option: string, problem: string, value: string): Misfit {
  return { option, problem, write: `${option}: ${value}` };
}
