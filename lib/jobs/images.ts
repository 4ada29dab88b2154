/** Pinned in one place, so that a job is repeatable and can start in a disaster. */
import type { JobImages } from '../model/job-images';

/** With the clients of PostgreSQL, by major version (postgresql.org, releases of 2025-11-13). */
export const POSTGRES_IMAGES: Readonly<Record<number, string>> = {
  14: 'docker.io/library/postgres:14.20',
  15: 'docker.io/library/postgres:15.15',
  16: 'docker.io/library/postgres:16.11',
  17: 'docker.io/library/postgres:17.7',
  18: 'docker.io/library/postgres:18.1',
};

/** What the platform, the construct and the output leave open. */
export const JOB_IMAGES: JobImages = {
  restic: 'docker.io/restic/restic:0.18.1',
  rclone: 'docker.io/rclone/rclone:1.76.0',
  postgres: 'docker.io/library/postgres:18.1',
  etcd: 'registry.k8s.io/etcd:3.6.16-0',
  kubectl: 'registry.k8s.io/kubectl:v1.36.3',
  gitea: 'docker.gitea.com/gitea:1.26.0-rootless',
};
