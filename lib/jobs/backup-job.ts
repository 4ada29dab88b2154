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
import type { JobImages } from '../model/job-images';
import type { KubeObject } from '../model/kube-object';
import { secretNameOf, type Location } from '../model/location';
import { DATASET_ANNOTATION, DISABLED, MANAGED_BY, SUBSTITUTE_ANNOTATION } from '../model/marks';
import { renderSchedule, type Schedule } from '../model/schedule';
import { BUCKETS, type Keep } from '../model/strategy';
import { JOB_IMAGES } from './images';
import { networkPolicy } from './network';
import { podTemplate, type PodOptions, type Resources, type Scratch } from './pod';
import { scriptsConfigMap, type ScriptName } from './scripts';
import type { EnvValue, Peer, Source, Step } from './step';
import { caMounts, rcloneEnv, resticEnv, storePaths } from './store';

/** What all jobs are told. */
export interface JobOptions {
  /** Of the CronJob and of all that belongs to it; at most 52 characters, because Kubernetes adds a time. */
  readonly name: string;
  readonly namespace: string;
  /** Part of every path in the store. */
  readonly cluster: string;
  readonly dataset: DatasetId;
  readonly location: Location;
  /** How the pods reach the location. */
  readonly store: Peer;
  readonly schedule: Schedule;
  readonly scratch: Scratch;
  /** Seconds after which a run is ended. Default 4 hours. */
  readonly deadlineSeconds?: number;
  /** Seconds that the store or a server may take to answer one question, or another run to free its lock. Default 300. */
  readonly answerSeconds?: number;
  readonly images?: Partial<JobImages>;
  readonly resources?: Partial<Resources>;
  readonly priorityClassName?: string;
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

const DEADLINE = 4 * 3600;
const ANSWER = 300;
const RESOURCES: Resources = { cpu: '50m', memory: '256Mi', memoryLimit: '1Gi' };
const SMALLEST_PERCENT = 50;
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
    {
      name: 'receipt',
      image: 'rclone',
      run: { script: 'write-receipt.sh' },
      env: {
        ...limits,
        ...rcloneEnv(location, paths),
        DATASET: JSON.stringify(dataset),
        VERIFIED_BY: source.verifiedBy,
        // What an image without a shell cannot say itself.
        STATED_TOOLS: JSON.stringify(Object.fromEntries(programs)).slice(1, -1),
      },
      mounts,
    },
  ];
  return objectsOf(options, steps, [...source.peers, options.store], source.placement ?? { on: 'any-node' });
}

/**
 * The same objects for the weekly upkeep of a dataset's repository. Backup jobs never delete, so their keys need not be
 * allowed to.
 */
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
  return objectsOf(options, steps, [options.store], { on: 'any-node' });
}

/** restic's calendar buckets have the names of ours, and count in the same way: the newest copy of each. */
function forgetOptions(keep: Keep): readonly string[] {
  return BUCKETS.flatMap((bucket) => {
    const count = keep[bucket];
    return count === undefined ? [] : [`--keep-${bucket}`, String(count)];
  });
}

function waits(options: JobOptions): Readonly<Record<string, string>> {
  return {
    ANSWER_SECONDS: String(options.answerSeconds ?? ANSWER),
    STEP_SECONDS: String(options.deadlineSeconds ?? DEADLINE),
  };
}

function imagesOf({ images }: JobOptions): JobImages {
  return { ...JOB_IMAGES, ...images };
}

function objectsOf(
  options: JobOptions,
  steps: readonly Step[],
  peers: readonly Peer[],
  placement: PodOptions['placement'],
): readonly KubeObject[] {
  const { name, namespace, dataset, priorityClassName } = options;
  const used = steps.flatMap(({ run }): readonly ScriptName[] => ('script' in run ? [run.script] : []));
  const scripts = scriptsConfigMap(name, namespace, used);
  const selector = { [JOB_LABEL]: name };
  const template = podTemplate(steps, {
    images: imagesOf(options),
    scratch: options.scratch,
    resources: { ...RESOURCES, ...options.resources },
    placement,
    scripts: scripts.metadata.name,
    labels: { ...MANAGED_BY, ...selector },
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
  });
  const cronJob: KubeObject = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      name,
      namespace,
      labels: MANAGED_BY,
      annotations: { [DATASET_ANNOTATION]: describeDataset(dataset), [SUBSTITUTE_ANNOTATION]: DISABLED },
    },
    spec: {
      ...renderSchedule(options.schedule, 'CronJob'),
      concurrencyPolicy: 'Forbid',
      // A run that is an hour late is better left to the next time.
      startingDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: {
          // Once more, for the node that went away: a second snapshot of the same data costs nothing.
          backoffLimit: 1,
          activeDeadlineSeconds: options.deadlineSeconds ?? DEADLINE,
          template,
        },
      },
    },
  };
  // No policy applies to a pod in the network of its node.
  const isOnHost = placement.on === 'control-plane';
  return [cronJob, scripts, ...(isOnHost ? [] : [networkPolicy(name, namespace, selector, peers)])];
}

/** On the pods of a job, for its NetworkPolicy. */
const JOB_LABEL = 'backed-up/job';
