/**
 * The job that mirrors a bucket. A run is one pod with the containers
 *
 *     begin      is the store there, and what did the last good run copy?
 *     mirror     the copy is brought into step, unless the bucket is gone, empty or sharply smaller
 *     compare    names and sizes of all objects, and the content of a share of them; what differs is copied again
 *     expire     what was replaced long ago goes, where somebody said how long it is kept
 *     receipt    says in the store what was copied, when all before have succeeded
 *
 * all of them of rclone. The copy is `<data>/current`, what a run has replaced is below
 * `<data>/replaced/<time>-<run>-<pass>`, and what differed without being replaced below `<data>/damaged/<time>-<run>`.
 */
import type { KubeObject } from '../model/kube-object';
import { cronJobObjects, waits } from './cron-job';
import { aboutDataset, beginStep, receiptStep, smallestEnv, type JobOptions } from './receipted-job';
import type { Peer, Step } from './step';
import { caMounts, inStore, remoteCaMounts, sourceEnv, storeEnv, storePaths, type Remote } from './store';

/** The bucket that is mirrored. */
export interface BucketSource extends Remote {
  readonly bucket: string;
  /** How the pods reach its server. */
  readonly server: Peer;
}

export interface MirrorJobOptions extends JobOptions {
  readonly source: BucketSource;
  /**
   * How long what was replaced or has vanished is kept apart, in seconds. Default: for ever; where the location keeps old
   * versions, as long as it does.
   */
  readonly keepSeconds?: number;
  /**
   * The bucket must have this much of the last copy, in percent, or the run fails: objects, bytes, and of the objects of the
   * copy those that are still there. Default 50; 0 for the one run after much was deleted on purpose, and where all objects
   * are others every day. None takes an empty bucket in which there was something before.
   */
  readonly smallestPercent?: number;
  /** In how many runs the content of all objects is compared once. Default 90, a quarter of a year of nights. */
  readonly checkShares?: number;
}

const CHECK_SHARES = 90;
/** What `compare-mirror.sh` does, for the receipt. */
export const COMPARED_BY =
  'rclone check --download of a share of the objects, with names and sizes of all of them compared';

/** CronJob, ConfigMap with the scripts, and NetworkPolicy of a job that mirrors one bucket. */
export function mirrorJob(options: MirrorJobOptions): readonly KubeObject[] {
  const { location, cluster, dataset, source, keepSeconds } = options;
  const paths = storePaths(location, cluster, dataset);
  const current = `${paths.data}/current`;
  const replaced = location.versioned && keepSeconds === undefined ? '' : inStore(location, `${paths.data}/replaced`);
  const mounts = caMounts(location);
  const bothMounts = [...mounts, ...remoteCaMounts(source)];
  const store = {
    ...waits(options),
    ...storeEnv(location),
  };
  const both = {
    ...store,
    ...smallestEnv(options),
    ...sourceEnv(source, location),
    SOURCE: `source:${source.bucket}`,
    COPY: inStore(location, current),
  };
  const expire: Step = {
    name: 'expire',
    image: 'rclone',
    run: { script: 'expire-replaced.sh' },
    env: { ...store, REPLACED: replaced, KEEP_SECONDS: String(keepSeconds) },
    mounts,
  };
  const steps: readonly Step[] = [
    beginStep(options),
    {
      name: 'mirror',
      image: 'rclone',
      run: { script: 'mirror.sh' },
      env: { ...both, REPLACED: replaced },
      mounts: bothMounts,
    },
    {
      name: 'compare',
      image: 'rclone',
      run: { script: 'compare-mirror.sh' },
      env: {
        ...both,
        ...compareEnv(current, options.checkShares),
        DAMAGED: inStore(location, `${paths.data}/damaged`),
      },
      mounts: bothMounts,
    },
    ...(keepSeconds === undefined ? [] : [expire]),
    receiptStep(options, COMPARED_BY),
  ];
  return cronJobObjects(options, {
    steps,
    peers: [source.server, options.store],
    annotations: aboutDataset(dataset),
  });
}

/** @param path of the copy in the bucket of its location. */
export function compareEnv(path: string, checkShares = CHECK_SHARES): Readonly<Record<string, string>> {
  return { COPY_PATH: path, CHECK_SHARES: String(checkShares) };
}
