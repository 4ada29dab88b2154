/** Jobs as a construct would ask for them. */
import { backupJob, upkeepJob, type BackupJobOptions, type UpkeepJobOptions } from '../../lib/jobs/backup-job';
import { copyJob, type CopyJobOptions } from '../../lib/jobs/copy-job';
import { etcdSnapshot } from '../../lib/jobs/etcd';
import { giteaDump } from '../../lib/jobs/gitea';
import { listingBucket } from '../../lib/jobs/gitea-bucket';
import { mirrorJob, type MirrorJobOptions } from '../../lib/jobs/mirror-job';
import { probeJob, type ProbeJobOptions } from '../../lib/jobs/probe-job';
import { storeMirrorJob, type StoreMirrorJobOptions } from '../../lib/jobs/store-mirror-job';
import { postgresDump } from '../../lib/jobs/postgres';
import { quiesced, undoJob, type Stopped } from '../../lib/jobs/quiesce';
import { storePeer } from '../../lib/jobs/store';
import { clusterDatasetId, type DatasetId } from '../../lib/model/dataset';
import { s3Location } from '../../lib/model/location';
import { isScheduleProblem, makeSchedule, type Schedule } from '../../lib/model/schedule';

export const location = s3Location('offsite', {
  endpoint: 'https://s3.example.net',
  bucket: 'home-backups',
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
});

const dataset: DatasetId = { group: 'postgresql.cnpg.io', kind: 'Cluster', namespace: 'forge', name: 'db' };

export const postgresJob: BackupJobOptions = {
  name: 'db-dump',
  namespace: 'forge',
  cluster: 'home',
  dataset,
  source: postgresDump({
    host: 'db-rw.forge.svc',
    server: { namespace: 'forge', labels: { 'cnpg.io/cluster': 'db' }, port: 5432 },
    user: { secret: 'db-superuser', key: 'username' },
    password: { secret: 'db-superuser', key: 'password' },
  }),
  location,
  store: storePeer(location, ['10.42.0.0/16', '10.43.0.0/16', 'fd00::/48']),
  schedule: scheduleOf('10 3 * * *', 'Europe/Berlin'),
  scratch: { size: '40Gi', storageClass: 'ceph-block' },
};

export const etcdJob: BackupJobOptions = {
  ...postgresJob,
  name: 'etcd',
  namespace: 'kube-system',
  dataset: clusterDatasetId('etcd', 'home'),
  source: etcdSnapshot(),
  scratch: { size: '2Gi' },
  schedule: scheduleOf('0 */6 * * *', 'Europe/Berlin'),
};

export const giteaJob: BackupJobOptions = {
  ...postgresJob,
  name: 'gitea',
  dataset: {
    group: 'apps',
    kind: 'StatefulSet',
    namespace: 'forge',
    name: 'gitea',
    part: { type: 'template', name: 'data' },
  },
  source: listingBucket(
    giteaDump({
      database: {
        host: 'db-rw.forge.svc',
        server: { namespace: 'forge', labels: { 'cnpg.io/cluster': 'db' }, port: 5432 },
        user: { secret: 'db-app', key: 'username' },
        password: { secret: 'db-app', key: 'password' },
        database: { secret: 'db-app', key: 'dbname' },
      },
      claim: 'data-gitea-0',
      pods: { 'app.kubernetes.io/name': 'gitea' },
      bucket: { files: ['attachments'], isListed: true },
    }),
    {
      claim: 'attachments',
      folders: ['attachments'],
      server: { peer: { namespace: 'rook-ceph', labels: { app: 'rook-ceph-rgw' }, port: 8080 }, scheme: 'http' },
    },
  ),
  scratch: { size: '50Gi', storageClass: 'ceph-block' },
};

export const upkeepOfPostgres: UpkeepJobOptions = {
  ...postgresJob,
  name: 'db-dump-upkeep',
  schedule: scheduleOf('40 5 * * 0', 'Europe/Berlin'),
  scratch: { size: '4Gi', storageClass: 'ceph-block' },
  keep: { daily: 14, monthly: 12 },
  secret: 'backed-up-offsite-upkeep',
};

export const copyOfPostgres: CopyJobOptions = {
  ...upkeepOfPostgres,
  name: 'db-dump-local-to-offsite',
  from: s3Location('local', { ...location, endpoint: 'https://nas.example.org', bucket: 'backups' }),
  fromStore: { cidrs: ['192.0.2.7/32'], port: 443 },
};

const rookSecret = 'rook-ceph-object-user-store-a-backed-up';
const gateway = { namespace: 'rook-ceph', labels: { app: 'rook-ceph-rgw' }, port: 8080 };
const backupUser = {
  endpoint: { secret: rookSecret, key: 'Endpoint' },
  region: 'us-east-1',
  pathStyle: true,
  accessKey: { secret: rookSecret, key: 'AccessKey' },
  secretKey: { secret: rookSecret, key: 'SecretKey' },
};

export const mirrorOfBucket: MirrorJobOptions = {
  ...postgresJob,
  name: 'mirror-forge-attachments',
  namespace: 'backed-up',
  dataset: { group: 'objectbucket.io', kind: 'ObjectBucketClaim', namespace: 'forge', name: 'attachments' },
  source: { ...backupUser, bucket: 'forge-attachments', server: gateway },
  scratch: { size: '2Gi' },
  keepSeconds: 30 * 86_400,
};

export const mirrorOfVelero: StoreMirrorJobOptions = {
  ...mirrorOfBucket,
  name: 'velero-local-local-to-offsite',
  dataset: { group: 'velero.io', kind: 'BackupStorageLocation', namespace: 'velero', name: 'local' },
  format: 'velero',
  from: { location: copyOfPostgres.from, path: 'home/velero' },
  fromStore: copyOfPostgres.fromStore,
  // Where deletions can be undone, they are made.
  location: s3Location('offsite', { ...location, versioned: true, customCa: true }),
  path: 'home/mirrors/local/velero',
};

export const mirrorOfBarman: StoreMirrorJobOptions = {
  ...mirrorOfVelero,
  name: 'barman-db-local-to-offsite',
  namespace: 'forge',
  dataset: { group: 'barmancloud.cnpg.io', kind: 'ObjectStore', namespace: 'forge', name: 'db' },
  format: 'barman',
  from: { location: copyOfPostgres.from, path: 'home/data/forge/db' },
  location,
  path: 'home/mirrors/local/data/forge/db',
};

export const probeOfGrants: ProbeJobOptions = {
  name: 'probe-grants',
  namespace: 'backed-up',
  schedule: scheduleOf('20 4 * * *', 'Europe/Berlin'),
  scratch: { size: '1Gi' },
  source: backupUser,
  server: gateway,
  buckets: ['forge-attachments', 'media'],
};

export const stoppedGitea: Stopped = {
  kind: 'StatefulSet',
  name: 'gitea',
  pods: { 'app.kubernetes.io/name': 'gitea' },
};

/** One of each kind, by the names of their golden files. */
export const JOBS = {
  postgres: backupJob(postgresJob),
  etcd: backupJob(etcdJob),
  gitea: backupJob(giteaJob),
  upkeep: upkeepJob(upkeepOfPostgres),
  copy: copyJob(copyOfPostgres),
  mirror: mirrorJob(mirrorOfBucket),
  'mirror-velero': storeMirrorJob(mirrorOfVelero),
  'mirror-barman': storeMirrorJob(mirrorOfBarman),
  probe: probeJob(probeOfGrants),
};

/** Gitea's job, which stops it while it is read. */
export const QUIESCED = backupJob({ ...giteaJob, source: quiesced(giteaJob.source, stoppedGitea) });

/** The job that undoes what a killed run of Gitea's has left. */
export const UNDO = undoJob(
  { ...giteaJob, name: 'gitea-undo', scratch: { size: '64Mi' }, deadlineSeconds: 600 },
  stoppedGitea,
);

export function scheduleOf(cron: string, timeZone: string): Schedule {
  const schedule = makeSchedule(cron, timeZone);
  if (isScheduleProblem(schedule)) throw new Error(schedule.problem);
  return schedule;
}
