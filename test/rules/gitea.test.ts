import { ApiObject, Duration, Size, type Chart } from 'cdk8s';
import { describe } from 'vitest';
import {
  BackedUpGitea,
  BackedUpPostgres,
  CephBucketWithBackupGrant,
  continuous,
  every,
  GiteaBackup,
  holds,
  mirrored,
  nightly,
  s3Location,
  type BackedUpGiteaProps,
  type BucketStrategy,
  type GiteaBackupProps,
  type OneOrMore,
} from '../../lib';
import { withRook } from '../support/buckets';
import { refuses } from '../support/rule-test';
import { offsite } from '../support/scenario';

const storage = Size.gibibytes(50);
const backup = nightly({ to: offsite, keep: { daily: 14 } });

const second = s3Location('second', {
  endpoint: 'https://nas.example.org',
  bucket: 'backups',
  failureDomain: 'site',
  keptIn: 'sealed envelope, bank',
});

const FOREIGN = {
  pods: { app: 'gitea' },
  image: 'docker.gitea.com/gitea:1.26.0-rootless',
  database: {
    host: 'gitea-postgresql',
    pods: { labels: { app: 'postgresql' } },
    database: 'gitea',
    user: { secret: 'gitea-database', key: 'username' },
    password: { secret: 'gitea-database', key: 'password' },
    keptIn: 'sealed envelope, bank',
  },
  backup,
};

function gitea(chart: Chart, props: Partial<BackedUpGiteaProps>): void {
  const database = new BackedUpPostgres(chart, 'db', {
    storage,
    backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
  });
  new BackedUpGitea(chart, 'gitea', {
    database,
    storage,
    storageClass: 'ceph-block',
    settings: { secret: 'gitea-settings', keptIn: 'sealed envelope, bank' },
    backup,
    ...props,
  });
}

/** Of the name of its claim. */
function bucketFor(
  chart: Chart,
  strategy: OneOrMore<BucketStrategy>,
  bucketName = 'attachments',
): CephBucketWithBackupGrant {
  return new CephBucketWithBackupGrant(chart, bucketName, {
    bucketName,
    storageClass: 'bucket-retain',
    backup: strategy,
  });
}

function ofSomebodyElse(
  chart: Chart,
  isClaim: boolean,
  accessMode: string,
  props: Partial<GiteaBackupProps> = {},
): void {
  const claim = {
    accessModes: [accessMode],
    storageClassName: 'ceph-block',
    resources: { requests: { storage: '50Gi' } },
  };
  if (isClaim)
    new ApiObject(chart, 'data', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data' },
      spec: claim,
    });
  else {
    new ApiObject(chart, 'gitea', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'gitea' },
      spec: {
        serviceName: 'gitea',
        selector: { matchLabels: { app: 'gitea' } },
        template: {
          metadata: { labels: { app: 'gitea' } },
          spec: {
            containers: [
              {
                name: 'gitea',
                image: 'docker.gitea.com/gitea:1.26.0-rootless',
                volumeMounts: [{ name: 'data', mountPath: '/var/lib/gitea' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
      },
    });
  }
  new GiteaBackup(chart, 'backup', {
    ...FOREIGN,
    data: isClaim ? { claim: 'data' } : { statefulSet: 'gitea', template: 'data' },
    layout: 'rootless',
    settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], keptIn: 'sealed envelope, bank' },
    ...props,
  });
}

function release(chart: Chart, config: Record<string, unknown>, props: Partial<GiteaBackupProps> = {}): void {
  new ApiObject(chart, 'gitea', {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'gitea' },
    spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'gitea' }, values: { gitea: { config } } },
  });
  holds(chart, { helmRelease: 'gitea' }, {});
  new GiteaBackup(chart, 'backup', {
    data: {
      claim: 'gitea-shared-storage',
      heldBy: { helmRelease: 'gitea' },
      storage,
      storageClass: 'ceph-block',
      labels: { app: 'gitea' },
    },
    ...FOREIGN,
    layout: 'chart',
    ...props,
  });
}

describe('gitea-bucket', () => {
  refuses('gitea-bucket', ['T02'], 'avatars in object storage that the job looks for on the volume', {
    build: ({ chart }, changed) => {
      const copiedBy = 'The provider keeps every version for a year.';
      const config = { 'storage.avatars': { STORAGE_TYPE: 'minio' }, 'storage.packages': { STORAGE_TYPE: 'minio' } };
      release(chart, config, {
        bucket: { files: changed ? ['package files'] : ['package files', 'avatars'], copiedBy },
      });
    },
    says: `
      1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          its settings put avatars into a bucket, and the job looks for them on the volume
            to fix           bucket: { files: ['package files', 'avatars'] }
            what to do       or give BackedUpGitea the bucket itself, which puts all files but repositories there
    `,
  });

  refuses('gitea-bucket', ['T02'], 'all files in object storage, by the environment of its pods', {
    build: ({ chart }, changed) =>
      gitea(chart, {
        config: { 'storage.STORAGE_TYPE': changed ? 'minio' : 'local', 'storage.MINIO_BUCKET': 'files' },
      }),
    says: `
      2 copies of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          bucket 'files' holds files of it, and no ObjectBucketClaim in the output or beside it is that bucket
            what to do       make it a CephBucketWithBackupGrant, let alsoRead read the file with its claim, name that in claim, or say in copiedBy who copies it
        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          its settings put LFS objects, attachments, package files, avatars, repository avatars, Actions logs and Actions artifacts into a bucket, and the job looks for them on the volume
            to fix           bucket: { files: ['LFS objects', 'attachments', 'package files', 'avatars', 'repository avatars', 'Actions logs', 'Actions artifacts'] }
            what to do       or give BackedUpGitea the bucket itself, which puts all files but repositories there
    `,
  });

  refuses('gitea-bucket', ['T02'], 'a bucket that nobody answers for', {
    build: ({ chart }, changed) => {
      const copiedBy = 'The provider keeps every version for a year.';
      const config = { attachment: { STORAGE_TYPE: 'minio', MINIO_BUCKET: 'attachments' } };
      release(chart, config, { bucket: { files: ['attachments'], ...(changed ? {} : { copiedBy }) } });
    },
    says: `
      1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          bucket 'attachments' holds files of it, and no ObjectBucketClaim in the output or beside it is that bucket
            what to do       make it a CephBucketWithBackupGrant, let alsoRead read the file with its claim, name that in claim, or say in copiedBy who copies it
    `,
  });
});

const DUMPED_AT_FOUR = every('0 4 * * *', { to: offsite, keep: { daily: 14 } });
const DUMPED_BY = `'gitea-offsite' ('0 4 * * *', over after 5 h)`;

describe('the bucket of a Gitea', () => {
  refuses('gitea-bucket', ['T02'], 'that nobody names', {
    build: ({ chart }, changed) => {
      const claim = bucketFor(chart, mirrored({ to: offsite, cron: '0 9 * * *' })).name;
      release(chart, {}, { backup: DUMPED_AT_FOUR, bucket: { files: ['attachments'], ...(changed ? {} : { claim }) } });
    },
    options: () => withRook,
    says: `
      1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          bucket '(unnamed)' holds files of it, and no ObjectBucketClaim in the output or beside it is that bucket
            what to do       make it a CephBucketWithBackupGrant, let alsoRead read the file with its claim, name that in claim, or say in copiedBy who copies it
    `,
  });

  for (const [what, cron] of [
    ['before the database is dumped', '0 3 * * *'],
    ['when the dump may not be over', '59 8 * * *'],
    ['so late that the next dump may begin first', '1 23 * * *'],
    ['on some days only', '0 9 * * 1-5'],
  ] as const)
    refuses('mirror-out-of-step', ['T06'], `that is mirrored ${what}`, {
      build: ({ chart }, changed) => {
        const bucket = bucketFor(chart, mirrored({ to: offsite, cron: changed ? cron : '0 9 * * *' }));
        gitea(chart, { bucket, backup: DUMPED_AT_FOUR });
      },
      options: () => withRook,
      says: `
        1 mirror of a bucket that does not follow the dumps of its database: [mirror-out-of-step]

          ✖ ObjectBucketClaim paperless/attachments
              made by          example/attachments
              because          'mirror-paperless-attachments-offsite-1c4736e8' ('${cron}', over after 5 h) does not run between any two runs of ${DUMPED_BY}
              to fix           cron: '0 9 * * *'
      `,
    });

  refuses('mirror-out-of-step', ['T06'], 'that has no time between dumps', {
    build: ({ chart }, changed) => {
      const bucket = bucketFor(chart, mirrored({ to: offsite, cron: '0 9,21 * * *' }));
      const cron = changed ? '0 4,10,16,22 * * *' : '0 4,16 * * *';
      gitea(chart, { bucket, backup: every(cron, { to: offsite, keep: { daily: 14 } }) });
    },
    options: () => withRook,
    says: `
      1 mirror of a bucket that does not follow the dumps of its database: [mirror-out-of-step]

        ✖ ObjectBucketClaim paperless/attachments
            made by          example/attachments
            because          'mirror-paperless-attachments-offsite-1c4736e8' ('0 9,21 * * *', over after 5 h) does not run between any two runs of 'gitea-offsite' ('0 4,10,16,22 * * *', over after 5 h)
            what to do       give the mirror or the copies of Gitea a shorter deadline, or make fewer of them
    `,
  });

  refuses('mirror-out-of-step', ['T06'], 'of somebody else, that its settings name', {
    build: ({ chart }, changed) => {
      bucketFor(chart, mirrored({ to: offsite, cron: changed ? '0 3 * * *' : '0 9 * * *' }), 'files');
      const config = { attachment: { STORAGE_TYPE: 'minio', MINIO_BUCKET: 'files' } };
      release(chart, config, { backup: DUMPED_AT_FOUR, bucket: { files: ['attachments'] } });
    },
    options: () => withRook,
    says: `
      1 mirror of a bucket that does not follow the dumps of its database: [mirror-out-of-step]

        ✖ ObjectBucketClaim paperless/files
            made by          example/files
            because          'mirror-paperless-files-offsite-6d3284b2' ('0 3 * * *', over after 5 h) does not run between any two runs of 'gitea-shared-storage-offsite' ('0 4 * * *', over after 5 h)
            to fix           cron: '0 9 * * *'
    `,
  });

  refuses('mirror-out-of-step', ['T06'], 'with a mirror at the place of the dump, and one elsewhere', {
    build: ({ chart }, changed) => {
      // The dump is restored with the mirror beside it, so that the other may run at any time.
      const elsewhere = mirrored({ to: second, cron: '0 3 * * *' });
      const bucket = bucketFor(chart, [
        mirrored({ to: offsite, cron: changed ? '0 3 * * *' : '0 9 * * *' }),
        elsewhere,
      ]);
      gitea(chart, { bucket, backup: DUMPED_AT_FOUR });
    },
    options: () => withRook,
    says: `
      1 mirror of a bucket that does not follow the dumps of its database: [mirror-out-of-step]

        ✖ ObjectBucketClaim paperless/attachments
            made by          example/attachments
            because          'mirror-paperless-attachments-offsite-1c4736e8' ('0 3 * * *', over after 5 h) does not run between any two runs of ${DUMPED_BY}
            to fix           cron: '0 9 * * *'
    `,
  });

  refuses('mirror-out-of-step', ['T06'], 'with one mirror for the dumps of two places', {
    build: ({ chart }, changed) => {
      const bucket = bucketFor(chart, mirrored({ to: second, cron: changed ? '0 9 * * *' : '0 11 * * *' }));
      const local = s3Location('local', { ...second, endpoint: 'https://store.example.org', bucket: 'local' });
      gitea(chart, { bucket, backup: [DUMPED_AT_FOUR, every('0 6 * * *', { to: local, keep: { daily: 14 } })] });
    },
    options: () => withRook,
    says: `
      1 mirror of a bucket that does not follow the dumps of its database: [mirror-out-of-step]

        ✖ ObjectBucketClaim paperless/attachments
            made by          example/attachments
            because          'mirror-paperless-attachments-second-52b3a48f' ('0 9 * * *', over after 5 h) does not run between any two runs of 'gitea-local' ('0 6 * * *', over after 5 h)
            to fix           cron: '0 11 * * *'
    `,
  });
});

describe('the database of a Gitea', () => {
  refuses('postgres-dump', ['P05'], 'that an older client dumps', {
    build: ({ chart }, changed) => {
      const database = new BackedUpPostgres(chart, 'forge-db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
        spec: { imageName: 'ghcr.io/cloudnative-pg/postgresql:18.1' },
      });
      gitea(chart, { database, ...(changed ? { copies: { postgresImage: 'docker.io/library/postgres:17.6' } } : {}) });
    },
    says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          the server is of version 18, and 'gitea-offsite' asks it with a client of version 17, docker.io/library/postgres:17.6
            to fix           copies: { postgresImage: 'ghcr.io/cloudnative-pg/postgresql:18.1' }
    `,
  });

  refuses('postgres-dump', [], 'whose login the operator makes', {
    build: ({ chart }, changed) => {
      const initdb = { database: 'app', owner: 'app', secret: { name: changed ? 'gitea-login' : 'forge-db-app' } };
      const database = new BackedUpPostgres(chart, 'forge-db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
        spec: { bootstrap: { initdb } },
        secretsKeptIn: 'SOPS file in the private repository',
      });
      gitea(chart, { database });
    },
    says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          the Cluster names a Secret of its own in spec.bootstrap.initdb.secret, so that the operator makes no 'forge-db-app', which the job reads
            what to do       leave it out, or call that Secret 'forge-db-app'
    `,
  });

  refuses('postgres-dump', ['P05'], 'of somebody else that an older client dumps', {
    build: ({ chart }, changed) => {
      const labels = { app: 'postgresql' };
      const image = `docker.io/library/postgres:${changed ? '19.0' : '18.2'}`;
      new ApiObject(chart, 'postgresql', {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'postgresql' },
        spec: {
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'postgresql', image }] } },
        },
      });
      release(chart, {});
    },
    says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          the server is of version 19, and 'gitea-shared-storage-offsite' asks it with a client of version 18, docker.io/library/postgres:18.1
            to fix           copies: { postgresImage: 'docker.io/library/postgres:19.0' }
    `,
  });

  refuses('keys-inside', ['P11'], 'whose login is kept nowhere else', {
    build: ({ chart }, changed) =>
      release(chart, {}, changed ? { database: { ...FOREIGN.database, keptIn: 'TBD' } } : {}),
    says: `
      1 key that is lost with what it protects: [keys-inside]

        ✖ keys in Secret paperless/gitea-database
            made by          example/backup
            because          nobody said where they are kept outside the cluster
            to fix           keptIn: 'where they are kept outside the cluster'
    `,
  });
});

describe('the volume of Gitea', () => {
  for (const claim of ['its claim', 'its claim template'])
    refuses('job-unready', [], `that only one pod may mount, says ${claim}`, {
      build: ({ chart }, changed) =>
        ofSomebodyElse(chart, claim === 'its claim', changed ? 'ReadWriteOncePod' : 'ReadWriteOnce'),
      says: `
        1 job that could not run: [job-unready]

          ✖ ${claim === 'its claim' ? 'PersistentVolumeClaim paperless/data' : "StatefulSet paperless/gitea, claim template 'data'"} (50Gi)
              made by          example/${claim === 'its claim' ? 'data' : 'gitea'}
              because          only one pod may mount the claim that '${claim === 'its claim' ? 'data' : 'gitea'}' reads while the application runs
              to fix           accessModes: ['ReadWriteOnce']
      `,
    });
});

describe('a Gitea that is stopped for its copies', () => {
  refuses('schedule-invalid', [], 'so often that a killed run cannot be undone in between', {
    build: ({ chart }, changed) =>
      gitea(chart, {
        quiesce: 'stop',
        backup: every(changed ? '0 0,4,8,12,16,20 * * *' : '0 0,12 * * *', { to: offsite, keep: { daily: 14 } }),
      }),
    says: `
      1 schedule that cannot be rendered: [schedule-invalid]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          '0 0,4,8,12,16,20 * * *' runs again within 6 hours, and only then is an application started again whose run was killed
            what to do       let it run at one minute of fewer hours, or give copies a shorter deadline
    `,
  });

  refuses('schedule-invalid', [], 'for two locations, where what undoes the one could start it during the other', {
    build: ({ chart }, changed) => {
      const also = nightly({ to: second, keep: { daily: 14 } });
      gitea(chart, { quiesce: 'stop', backup: changed ? [backup, also] : backup });
    },
    says: `
      1 schedule that cannot be rendered: [schedule-invalid]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          two copies of 'gitea' are made while it is stopped, each at a time of its own
            what to do       copy it to one location, and mirror that one
    `,
  });
});

describe('a Gitea of somebody else that is stopped for its copies', () => {
  const LINE = `quiesce: { stop: { statefulSet: 'gitea' } }`;

  for (const [what, props, because] of [
    [
      'by labels that no pods carry',
      { pods: { app: 'forgejo' }, quiesce: 'stop' },
      'nothing in the output makes pods with app=forgejo in namespace paperless, which are to be stopped',
    ],
    [
      'by a name that no object has',
      { quiesce: { stop: { deployment: 'forgejo' } } },
      'Deployment paperless/forgejo makes no pods with app=gitea, as far as the output shows, and no HelmRelease would',
    ],
    [
      'and whose pods do not carry the labels by which the job sees them end',
      { pods: { app: 'forgejo' }, quiesce: { stop: { statefulSet: 'gitea' } } },
      'StatefulSet paperless/gitea makes no pods with app=forgejo, as far as the output shows, and no HelmRelease would',
    ],
  ] as const)
    refuses('job-unready', [], what, {
      build: ({ chart }, changed) =>
        ofSomebodyElse(chart, false, 'ReadWriteOnce', changed ? props : { quiesce: 'stop' }),
      says: `
        1 job that could not run: [job-unready]

          ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
              made by          example/gitea
              because          ${because}
              to fix           ${what === 'by labels that no pods carry' ? LINE.replace('statefulSet', 'deployment') : LINE}
      `,
    });

  refuses('job-unready', [], 'and that a HelmRelease makes, so that only its name is known', {
    build: ({ chart }, changed) =>
      release(chart, {}, { quiesce: changed ? 'stop' : { stop: { deployment: 'gitea' } } }),
    says: `
      1 job that could not run: [job-unready]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          nothing in the output makes pods with app=gitea in namespace paperless, which are to be stopped
            to fix           quiesce: { stop: { deployment: 'gitea' } }
    `,
  });
});

describe('the keys of Gitea', () => {
  refuses('keys-inside', ['T08'], 'that are kept nowhere else', {
    build: ({ chart }, changed) =>
      gitea(chart, {
        settings: { secret: 'gitea-settings', keptIn: changed ? 'in the cluster' : 'sealed envelope, bank' },
      }),
    says: `
      1 key that is lost with what it protects: [keys-inside]

        ✖ keys in Secret paperless/gitea-settings
            made by          example/gitea
            because          'in the cluster' is in the cluster, and lost with it
            to fix           keptIn: 'where they are kept outside the cluster'
    `,
  });
});
