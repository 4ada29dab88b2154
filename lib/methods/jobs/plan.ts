/** Which jobs copy a dataset where and when, as plain data. */
import { DEADLINE } from '../../jobs/cron-job';
import { listingBucket, type BucketServer } from '../../jobs/gitea-bucket';
import { JOB_IMAGES } from '../../jobs/images';
import { undoSchedule, type Stopped } from '../../jobs/quiesce';
import type { Scratch } from '../../jobs/pod';
import type { Peer, Source } from '../../jobs/step';
import type { AnsweredDataset } from '../../model/answered';
import { scheduleOf, tiersOf, type TierProblem, type Tiers } from '../../model/cadence';
import { minimumRetention, worstAge } from '../../model/copies';
import type { CronProblem } from '../../model/cron';
import { isExcluded } from '../../model/declaration';
import type { JobImages } from '../../model/job-images';
import { mirrorHops, type Location } from '../../model/location';
import { cronJobName } from '../../model/names';
import type { Platform } from '../../model/platform';
import { largestGap, makeSchedule, type Schedule } from '../../model/schedule';
import type { Keep, Scheduled } from '../../model/strategy';
import { overLimits, type JobProblem } from '../common-jobs';
import type { MethodInput, ObjectIndex } from '../method';
import { storeOf } from '../reach';
import { bucketServer } from './bucket';
import { clientImage, serversOf, serverVersion } from './database-server';
import type { JobDeclaration } from './declaration';
import { likeApplication, misplaced } from './placed';
import { scratchFor } from './scratch';
import { whatStops } from './stopped';

/** What one strategy of a dataset becomes: a job that copies, and one that keeps the repository in order. */
export interface PlannedJob {
  readonly declaration: JobDeclaration;
  readonly dataset: AnsweredDataset;
  /** Of the CronJob. */
  readonly name: string;
  readonly location: Location;
  readonly store: Peer;
  readonly schedule: Schedule;
  readonly upkeep: Schedule;
  /** What serves the bucket that it looks into. */
  readonly bucketServer?: BucketServer;
  /** What is stopped while its data is read, and when what a killed run has stopped is started again. */
  readonly stopped?: Stopped & { readonly undo: Schedule };
  readonly keep: Keep;
  readonly scratch: Scratch;
  readonly images: JobImages;
  /** How long the copies are kept that are kept longest, when all goes well. */
  readonly keptSeconds: number;
  /** How old the newest copy is at worst. */
  readonly worstAgeSeconds: number;
  /** Brings its copies to the locations that its own is mirrored to, one after another. */
  readonly mirrors: readonly PlannedMirrorJob[];
}

/** A job that brings what another one has stored to the location that its own is mirrored to. */
export interface PlannedMirrorJob {
  /** Of the CronJob. */
  readonly name: string;
  readonly from: Location;
  readonly fromStore: Peer;
  readonly to: Location;
  readonly store: Peer;
  readonly schedule: Schedule;
  readonly upkeep: Schedule;
  readonly deadlineSeconds: number;
  readonly smallestPercent?: number;
}

/** The strategies of a dataset that jobs carry out. */
export function scheduledOf({ answer, methods }: AnsweredDataset): readonly Scheduled[] {
  if (isExcluded(answer) || methods.scheduled !== 'jobs') return [];
  // Without `keep` it is the mirror of a location, which types keep away from datasets.
  return answer.strategies.flatMap((strategy) =>
    strategy.type === 'scheduled' ? [{ ...strategy, keep: strategy.keep ?? NOTHING }] : [],
  );
}

/** Counts no copies, which is a problem of the retention. */
const NOTHING = {} as Keep;

export function planJob(
  dataset: AnsweredDataset,
  strategy: Scheduled,
  declaration: JobDeclaration,
  input: Pick<MethodInput, 'datasets' | 'objects' | 'platform' | 'timeZone'>,
): PlannedJob | JobProblem {
  const { objects, platform, timeZone } = input;
  const { cadence, to: location, keep } = strategy;
  const { namespace, settings } = declaration;
  const name = cronJobName(declaration.name, location.name);
  const seed = [namespace, name];
  const tiers = tiersFor(strategy, seed, timeZone, settings.deadlineSeconds);
  if ('problem' in tiers) {
    const subject = cadence.every === 'cron' ? `'${cadence.cron}'` : `the schedule of '${name}'`;
    return { type: 'schedule', dataset, subject, ...tiers };
  }
  const upkeep = upkeepSchedule(seed, timeZone);
  if ('problem' in upkeep) return { type: 'schedule', dataset, subject: `the upkeep of '${name}'`, ...upkeep };

  const store = storeOf(location, platform, objects);
  if ('because' in store) return { type: 'unready', dataset, ...store };
  const scratch = scratchFor(dataset, declaration, input);
  if ('because' in scratch) return { type: 'unready', dataset, ...scratch };
  const [over] = overLimits({ ...platform.jobs?.resources, ...settings.resources });
  if (over !== undefined && settings.resources !== undefined) {
    const { name: what, request, limit } = over;
    const because = `each container of '${name}' asks for '${request}' of ${what}, which is more than its ${what}Limit, '${limit}'`;
    return { type: 'unready', dataset, because, line: `${what}Limit: '${request}'` };
  }
  const elsewhere = misplaced(dataset, declaration, objects);
  if (elsewhere !== undefined) return { type: 'unready', dataset, ...elsewhere };
  const claim = declaration.bucket?.claim;
  const server = claim === undefined ? undefined : bucketServer(claim, declaration, platform, objects);
  if (server !== undefined && 'because' in server) return { type: 'unready', dataset, ...server };
  const mirrors = planMirrors({ dataset, declaration, location, store }, input);
  if ('type' in mirrors) return mirrors;

  const [base] = tiers;
  const { stops } = declaration;
  const stopped = stops === undefined ? undefined : whatStops(stops, dataset, declaration, objects);
  if (stopped !== undefined && 'because' in stopped) return { type: 'unready', dataset, ...stopped };
  const undo = undoSchedule(base.schedule, settings.deadlineSeconds);
  if (stopped !== undefined && 'problem' in undo)
    return { type: 'schedule', dataset, subject: `'${base.schedule.cron}'`, advice: QUIESCE_ADVICE, ...undo };
  return {
    declaration: { ...declaration, source: lookingInto(likeApplication(declaration, objects), declaration, server) },
    ...(server === undefined ? {} : { bucketServer: server }),
    dataset,
    name,
    location,
    store,
    schedule: base.schedule,
    upkeep,
    ...(stopped === undefined || 'problem' in undo ? {} : { stopped: { ...stopped, undo } }),
    keep,
    scratch,
    images: {
      ...JOB_IMAGES,
      ...platform.jobs?.images,
      ...clientsFor(declaration, objects, platform),
      ...settings.images,
    },
    keptSeconds: Math.max(...tiers.map(({ keepSeconds }) => keepSeconds)),
    worstAgeSeconds: worstAge(largestGap(base.schedule), settings.deadlineSeconds),
    mirrors,
  };
}

function lookingInto(source: Source, { bucket }: JobDeclaration, server: BucketServer | undefined): Source {
  if (bucket?.claim === undefined || server === undefined) return source;
  const folders = [...new Set(bucket.files.map((kind) => bucket.folders[kind] ?? ''))];
  return listingBucket(source, { claim: bucket.claim, folders, server });
}

/** Clients of the version of the server that is dumped, where the output shows one. */
function clientsFor({ source }: JobDeclaration, objects: ObjectIndex, { jobs }: Platform): Partial<JobImages> {
  const server = serversOf(source.peers, objects)
    .map(serverVersion)
    .find((version) => version !== undefined);
  return server === undefined ? {} : { postgres: clientImage(server, jobs?.images?.postgres) };
}

const QUIESCE_ADVICE = 'let it run at one minute of fewer hours, or give copies a shorter deadline';

/** One schedule makes all copies: restic keeps the newest of each calendar bucket. The tiers say how long that is. */
function tiersFor(
  { cadence, keep }: Scheduled,
  seed: readonly string[],
  timeZone: string,
  deadlineSeconds: number,
): Tiers | TierProblem {
  const schedule = scheduleOf(cadence, seed, timeZone);
  if ('problem' in schedule) return schedule;
  const minimum = minimumRetention(worstAge(largestGap(schedule), deadlineSeconds));
  return tiersOf(cadence, schedule, keep, seed, minimum);
}

/** By day, between nine and noon: the upkeep locks the repository, and most copies are made by night. */
function upkeepSchedule(seed: readonly string[], timeZone: string): Schedule | CronProblem {
  const night = scheduleOf({ every: 'week' }, [...seed, 'upkeep'], timeZone);
  if ('problem' in night) return night;
  const [minute, hour, ...days] = night.cron.split(' ');
  return makeSchedule([minute, Number(hour) + 6, ...days].join(' '), timeZone);
}

/** Nearest first. A location to which a strategy of the dataset copies by itself is left to that one. */
function planMirrors(
  { dataset, declaration, location, store }: Pick<PlannedJob, 'dataset' | 'declaration' | 'location' | 'store'>,
  { objects, platform, timeZone }: Pick<MethodInput, 'objects' | 'platform' | 'timeZone'>,
): readonly PlannedMirrorJob[] | JobProblem {
  const planned: PlannedMirrorJob[] = [];
  const direct = new Set(scheduledOf(dataset).map(({ to }) => to.name));
  let fromStore = store;
  for (const { from, by } of mirrorHops(location)) {
    if (by.type === 'elsewhere' || direct.has(by.to.name)) break;
    const { to, cadence, deadlineSeconds = DEADLINE, smallestPercent } = by;
    const name = cronJobName(declaration.name, from.name, 'to', to.name);
    const seed = [declaration.namespace, name];
    const schedule = scheduleOf(cadence, seed, timeZone);
    const upkeep = upkeepSchedule(seed, timeZone);
    const about = { dataset, subject: `the mirror '${name}'`, advice: `correct the mirror of location '${from.name}'` };
    if ('problem' in schedule) return { type: 'schedule', ...about, ...schedule };
    if ('problem' in upkeep) return { type: 'schedule', ...about, ...upkeep };
    const toStore = storeOf(to, platform, objects);
    if ('because' in toStore) return { type: 'unready', dataset, ...toStore };
    const guard = smallestPercent === undefined ? {} : { smallestPercent };
    planned.push({ name, from, fromStore, to, store: toStore, schedule, upkeep, deadlineSeconds, ...guard });
    fromStore = toStore;
  }
  return planned;
}
