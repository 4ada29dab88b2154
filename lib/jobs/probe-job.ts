/** The job that tries what the backup user may do in the buckets that were granted to it. */
import type { KubeObject } from '../model/kube-object';
import { cronJobObjects, waits, type CronJobOptions } from './cron-job';
import type { Peer } from './step';
import { remoteCaMounts, sourceEnv, type Remote } from './store';

export interface ProbeJobOptions extends CronJobOptions {
  /** The server of the buckets, with the keys of the backup user. */
  readonly source: Remote;
  /** How the pods reach it. */
  readonly server: Peer;
  /** Names of the buckets. */
  readonly buckets: readonly string[];
}

/** CronJob, ConfigMap with the scripts, and NetworkPolicy of a job that probes grants. */
export function probeJob(options: ProbeJobOptions): readonly KubeObject[] {
  return cronJobObjects(options, {
    steps: [
      {
        name: 'probe',
        image: 'rclone',
        run: { script: 'probe-grants.sh' },
        env: { ...waits(options), ...sourceEnv(options.source), BUCKETS: options.buckets.join(' ') },
        mounts: remoteCaMounts(options.source),
      },
    ],
    peers: [options.server],
  });
}
