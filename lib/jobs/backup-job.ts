/**
 * The job builder: every dump goes through it, so that design holds for all of them. A run is one pod, whose containers
 * come one after another:
 *
 *     begin      rclone   is the store there, and what did the last good run copy?
 *     …          any      produce and verify, on the scratch volume
 *     commit     restic   one snapshot, compared with what was produced and with the one before
 *     receipt    rclone   says in the store what was copied, when all before have succeeded
 */
import type { KubeObject } from '../model/kube-object';
import { secretNameOf } from '../model/location';
import { localRuns } from '../model/schedule';
import { BUCKETS, type Keep } from '../model/strategy';
import { cronJobObjects, imagesOf, waits } from './cron-job';
import { aboutDataset, beginStep, listReceiptsStep, receiptStep, smallestEnv, type JobOptions } from './receipted-job';
import type { EnvValue, Source, Step } from './step';
import { caMounts, resticEnv, storePaths } from './store';

export interface BackupJobOptions extends JobOptions {
  readonly source: Source;
  /**
   * A copy must have this much of the one before, in percent, or the run fails: what the source counts, and bytes unless
   * they mean nothing.
   * Default 50; 0 for the one run after something large was deleted on purpose.
   */
  readonly smallestPercent?: number;
}

/** Its schedule is weekly. */
export interface UpkeepJobOptions extends JobOptions {
  readonly keep: Keep;
  /** The Secret with keys that may delete. Default: that of the location. */
  readonly secret?: string;
  /** Whether it is the mirror of a repository: to that only copies go of what a receipt speaks for, and all of them count. */
  readonly isMirror?: boolean;
  /** In how many weeks all data is read back once. Default 13, a quarter of a year. */
  readonly checkShares?: number;
}

const CHECK_SHARES = 13;
const WEEK = 7 * 86_400;

/** CronJob, ConfigMap with the scripts, and NetworkPolicy of a job that backs up one dataset. */
export function backupJob(options: BackupJobOptions): readonly KubeObject[] {
  const { location, cluster, dataset, source } = options;
  const paths = storePaths(location, cluster, dataset);
  const limits = { ...waits(options), ...smallestEnv(options) };
  const ofBytes = source.mayShrink === true ? smallestEnv({ smallestPercent: 0 }) : {};
  const mounts = caMounts(location);
  const images = imagesOf(options);
  const programs = source.steps.flatMap(({ image, run }) =>
    'program' in run ? [[image, images[image]] as const] : [],
  );
  const steps: readonly Step[] = [
    beginStep(options, paths.data),
    ...source.steps.map((step) => ('script' in step.run ? { ...step, env: { ...limits, ...step.env } } : step)),
    {
      name: 'commit',
      image: 'restic',
      run: { script: 'commit-restic.sh' },
      env: { ...limits, ...ofBytes, ...resticEnv(location, cluster, paths) },
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
    ...(source.pod === undefined ? {} : { pod: source.pod }),
    ...(source.labels === undefined ? {} : { labels: source.labels }),
    ...(source.access === undefined ? {} : { access: source.access }),
  });
}

/** The same objects for the weekly upkeep of a dataset's repository: backup jobs forget no copies. */
export function upkeepJob(options: UpkeepJobOptions): readonly KubeObject[] {
  const { location, cluster, dataset, keep, isMirror = false, checkShares = CHECK_SHARES } = options;
  const { secret = secretNameOf(location) } = options;
  const [turn = 0] = localRuns(options.schedule);
  const env: Readonly<Record<string, EnvValue>> = {
    ...waits(options),
    // By default 8 times 5 minutes: a lock is stale after 30.
    LOCK_ATTEMPTS: '8',
    CHECK_SHARES: String(checkShares),
    // When it runs, in seconds from where a week since 1970 begins: of the wall clock, which is near enough to tell weeks apart.
    TURN_OF_WEEK: String((turn * 60) % WEEK),
    ...resticEnv(location, cluster, storePaths(location, cluster, dataset), secret),
  };
  const mounts = caMounts(location, secret);
  const run = { script: 'upkeep-restic.sh', args: forgetOptions(keep) } as const;
  const steps: readonly Step[] = [
    ...(isMirror ? [] : [listReceiptsStep(options, location, secret)]),
    { name: 'upkeep', image: 'restic', run, env, mounts },
  ];
  return cronJobObjects(options, { steps, peers: [options.store], annotations: aboutDataset(dataset) });
}

/** restic's calendar buckets have the names of ours, and count in the same way: the newest copy of each. */
function forgetOptions(keep: Keep): readonly string[] {
  return BUCKETS.flatMap((bucket) => {
    const count = keep[bucket];
    return count === undefined ? [] : [`--keep-${bucket}`, String(count)];
  });
}
