/**
 * The job builder: every dump goes through it, so that design holds for all of them. A run is one pod, whose containers
 * come one after another:
 *
 *     begin      rclone   is the store there, and what did the last good run copy?
 *     …          any      produce and verify, on the scratch volume
 *     commit     restic   one snapshot, compared with what was produced and with the one before
 *     receipt    rclone   says in the store what was copied, when all before have succeeded
 */
import { describeDataset, type DatasetId } from '../model/dataset';
import type { KubeObject } from '../model/kube-object';
import { secretNameOf, type Location } from '../model/location';
import { DATASET_ANNOTATION } from '../model/marks';
import { BUCKETS, type Keep } from '../model/strategy';
import { cronJobObjects, imagesOf, waits, type CronJobOptions } from './cron-job';
import type { EnvValue, Peer, Source, Step } from './step';
import { caMounts, rcloneEnv, resticEnv, storePaths } from './store';

/** What the jobs of a dataset are told. */
export interface JobOptions extends CronJobOptions {
  /** Part of every path in the store. */
  readonly cluster: string;
  readonly dataset: DatasetId;
  readonly location: Location;
  /** How the pods reach the location. */
  readonly store: Peer;
}

export interface BackupJobOptions extends JobOptions {
  readonly source: Source;
  /**
   * A copy must have this much of the one before, in percent, or the run fails: bytes, and what the source counts.
   * Default 50; 0 for the one run after something large was deleted on purpose.
   */
  readonly smallestPercent?: number;
}

export interface UpkeepJobOptions extends JobOptions {
  readonly keep: Keep;
  /** The Secret with keys that may delete. Default: that of the location. */
  readonly secret?: string;
  /** In how many runs all data is read back once. Default 13, a quarter of a year. */
  readonly checkShares?: number;
}

/** How much of the copy before a copy must have, if nobody says otherwise. */
export const SMALLEST_PERCENT = 50;
const CHECK_SHARES = 13;

/** CronJob, ConfigMap with the scripts, and NetworkPolicy of a job that backs up one dataset. */
export function backupJob(options: BackupJobOptions): readonly KubeObject[] {
  const { location, cluster, dataset, source } = options;
  const paths = storePaths(location, cluster, dataset);
  const limits = {
    ...waits(options),
    SMALLEST_PERCENT: String(options.smallestPercent ?? SMALLEST_PERCENT),
  };
  const mounts = caMounts(location);
  const images = imagesOf(options);
  const programs = source.steps.flatMap(({ image, run }) =>
    'program' in run ? [[image, images[image]] as const] : [],
  );
  const steps: readonly Step[] = [
    {
      name: 'begin',
      image: 'rclone',
      run: { script: 'begin.sh' },
      env: { ...limits, ...rcloneEnv(location, paths) },
      mounts,
    },
    ...source.steps.map((step) => ('script' in step.run ? { ...step, env: { ...limits, ...step.env } } : step)),
    {
      name: 'commit',
      image: 'restic',
      run: { script: 'commit-restic.sh' },
      env: { ...limits, ...resticEnv(location, cluster, paths) },
      mounts,
    },
    receiptStep(options, source.verifiedBy, Object.fromEntries(programs)),
  ];
  return cronJobObjects(options, {
    steps,
    peers: [...source.peers, options.store],
    annotations: aboutDataset(dataset),
    ...(source.placement === undefined ? {} : { placement: source.placement }),
    ...(source.user === undefined ? {} : { user: source.user }),
    ...(source.access === undefined ? {} : { access: source.access }),
  });
}

/** The same objects for the weekly upkeep of a dataset's repository: backup jobs forget no copies. */
export function upkeepJob(options: UpkeepJobOptions): readonly KubeObject[] {
  const { location, cluster, dataset, keep, checkShares = CHECK_SHARES, secret = secretNameOf(location) } = options;
  const env: Readonly<Record<string, EnvValue>> = {
    ...waits(options),
    // By default 8 times 5 minutes: a lock is stale after 30.
    LOCK_ATTEMPTS: '8',
    CHECK_SHARES: String(checkShares),
    ...resticEnv(location, cluster, storePaths(location, cluster, dataset), secret),
  };
  const mounts = caMounts(location, secret);
  const run = { script: 'upkeep-restic.sh', args: forgetOptions(keep) } as const;
  const steps: readonly Step[] = [{ name: 'upkeep', image: 'restic', run, env, mounts }];
  return cronJobObjects(options, { steps, peers: [options.store], annotations: aboutDataset(dataset) });
}

/** restic's calendar buckets have the names of ours, and count in the same way: the newest copy of each. */
function forgetOptions(keep: Keep): readonly string[] {
  return BUCKETS.flatMap((bucket) => {
    const count = keep[bucket];
    return count === undefined ? [] : [`--keep-${bucket}`, String(count)];
  });
}

/** @param statedTools versions that an image without a shell cannot say itself. */
export function receiptStep(
  options: JobOptions,
  verifiedBy: string,
  statedTools: Readonly<Record<string, string>> = {},
): Step {
  const { location, cluster, dataset } = options;
  return {
    name: 'receipt',
    image: 'rclone',
    run: { script: 'write-receipt.sh' },
    env: {
      ...waits(options),
      ...rcloneEnv(location, storePaths(location, cluster, dataset)),
      DATASET: JSON.stringify(dataset),
      VERIFIED_BY: verifiedBy,
      STATED_TOOLS: JSON.stringify(statedTools).slice(1, -1),
    },
    mounts: caMounts(location),
  };
}

/** On the CronJob, for people. */
export function aboutDataset(dataset: DatasetId): Readonly<Record<string, string>> {
  return { [DATASET_ANNOTATION]: describeDataset(dataset) };
}
