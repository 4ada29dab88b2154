/** The upstream images whose tools the jobs run, by what they are for. */
export interface JobImages {
  /** Brings busybox `sh` and `jq`, as restic/restic does since 0.14. */
  readonly restic: string;
  /** Brings busybox `sh`, as rclone/rclone does. */
  readonly rclone: string;
  /**
   * Brings a POSIX `sh` with `awk`, `cut` and `mkfifo`, as postgres and the images of CloudNativePG do. Its
   * version is that of the server: an older client cannot dump it, and what a newer one dumps does not come back.
   */
  readonly postgres: string;
  /** Brings `etcdctl` and `etcdutl`; needs no shell. */
  readonly etcd: string;
  /** Brings `/bin/kubectl`; needs no shell. At most one minor version older or newer than the API server. */
  readonly kubectl: string;
  /** The server's own, Gitea's or Forgejo's: it brings busybox `sh` and `git`. */
  readonly gitea: string;
}
