/** The upstream images whose tools the jobs run: pinned in one place, so that a job is repeatable and can start in a disaster. */

/**
 * By what they are for. A user overrides them with a mirror registry or a digest, and PostgreSQL with the version of the
 * server. What each must bring: busybox `sh` and `jq` (restic/restic since 0.14), busybox `sh` (rclone/rclone), a POSIX
 * `sh` with `awk`, `cut` and `mkfifo` (postgres), and no shell at all (etcd).
 */
export interface JobImages {
  readonly restic: string;
  readonly rclone: string;
  /** A client is never older than the server that it dumps. */
  readonly postgres: string;
  /** Brings `etcdctl` and `etcdutl`. */
  readonly etcd: string;
}

export const JOB_IMAGES: JobImages = {
  restic: 'docker.io/restic/restic:0.18.1',
  rclone: 'docker.io/rclone/rclone:1.76.0',
  postgres: 'docker.io/library/postgres:17.6',
  etcd: 'registry.k8s.io/etcd:3.6.16-0',
};
