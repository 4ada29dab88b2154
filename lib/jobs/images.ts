/** Pinned in one place, so that a job is repeatable and can start in a disaster. */
import type { JobImages } from '../model/job-images';

/** What the platform and the construct leave open. */
export const JOB_IMAGES: JobImages = {
  restic: 'docker.io/restic/restic:0.18.1',
  rclone: 'docker.io/rclone/rclone:1.76.0',
  postgres: 'docker.io/library/postgres:18.1',
  etcd: 'registry.k8s.io/etcd:3.6.16-0',
  kubectl: 'registry.k8s.io/kubectl:v1.36.3',
  gitea: 'docker.gitea.com/gitea:1.26.0-rootless',
};
