/**
 * The job that mirrors a bucket. A run is one pod with the containers
 *
 *     begin      is the store there, and what did the last good run copy?
 *     mirror     the copy is brought into step, unless the bucket is gone, empty or sharply smaller
 *     compare    names and sizes of all objects, and the content of a share of them
 *     expire     what was replaced long ago goes, where somebody said how long it is kept
 *     receipt    says in the store what was copied, when all before have succeeded
 *
 * all of them of rclone. The copy is `<data>/current`, and what a run has replaced is below `<data>/replaced/<its time>`.
 */
import type { KubeObject } from '../model/kube-object';
import { aboutDataset, receiptStep, SMALLEST_PERCENT, type JobOptions } from './backup-job';
import { cronJobObjects, waits } from './cron-job';
import type { Peer, Step } from './step';
import { caMounts, inStore, remoteEnv, storeEnv, storePaths, type Remote } from './store';

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
   * copy those that are still there. Default 50; 0 for the one run after much was deleted on purpose.
   */
  readonly smallestPercent?: number;
  /** In how many runs the content of all objects is compared once. Default 90, a quarter of a year of nights. */
  readonly checkShares?: number;
}

const CHECK_SHARES = 90;
const VERIFIED_BY = 'rclone check --download of a share of the objects, with names and sizes of all of them compared';

/** CronJob, ConfigMap with the scripts, and NetworkPolicy of a job that mirrors one bucket. */
export function mirrorJob(options: MirrorJobOptions): readonly KubeObject[] {
  const { location, cluster, dataset, source, keepSeconds } = options;
  const paths = storePaths(location, cluster, dataset);
  const current = `${paths.data}/current`;
  const replaced = location.versioned && keepSeconds === undefined ? '' : inStore(location, `${paths.data}/replaced`);
  const mounts = caMounts(location);
  const store = {
    ...waits(options),
    SMALLEST_PERCENT: String(options.smallestPercent ?? SMALLEST_PERCENT),
    ...storeEnv(location),
  };
  const both = {
    ...store,
    ...remoteEnv('SOURCE', source),
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
    {
      name: 'begin',
      image: 'rclone',
      run: { script: 'begin.sh' },
      env: { ...store, RECEIPTS: inStore(location, paths.receipts), REPOSITORY: '' },
      mounts,
    },
    { name: 'mirror', image: 'rclone', run: { script: 'mirror.sh' }, env: { ...both, REPLACED: replaced }, mounts },
    {
      name: 'compare',
      image: 'rclone',
      run: { script: 'compare-mirror.sh' },
      env: { ...both, COPY_PATH: current, CHECK_SHARES: String(options.checkShares ?? CHECK_SHARES) },
      mounts,
    },
    ...(keepSeconds === undefined ? [] : [expire]),
    receiptStep(options, VERIFIED_BY),
  ];
  return cronJobObjects(options, {
    steps,
    peers: [source.server, options.store],
    annotations: aboutDataset(dataset),
  });
}
