import { ApiObject, Chart, Duration, JsonPatch, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import {
  backUp,
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
import { foreignClaim, nas, withRook } from '../support/buckets';
import { pasted } from '../support/remedies';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario } from '../support/scenario';
import { run } from '../support/snippets';
import type { Labels } from '../../lib/model/label-selector';

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

function serviceOf(chart: Chart, name: string, selector: Labels, port: Record<string, unknown> = {}): void {
  new ApiObject(chart, `service-${name}`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector, ports: [{ port: 5432, ...port }] },
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
  props: Partial<GiteaBackupProps> | 'none' = {},
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
          metadata: { labels: { app: 'gitea', part: 'forge' } },
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
  if (props === 'none') return;
  serviceOf(chart, FOREIGN.database.host, { app: 'postgresql' });
  new GiteaBackup(chart, 'backup', {
    ...FOREIGN,
    data: isClaim ? { claim: 'data' } : { statefulSet: 'gitea', template: 'data' },
    layout: 'rootless',
    settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], keptIn: 'sealed envelope, bank' },
    ...props,
  });
}

/** What makes pods with labels beside a Gitea, and mounts nothing of it. */
function beside(chart: Chart, kind: 'CronJob' | 'DaemonSet' | 'Deployment' | 'Job', labels: Labels): void {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1.0' }] } };
  const once = { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } };
  const specs = {
    CronJob: { schedule: '0 3 * * *', timeZone: 'Etc/UTC', jobTemplate: { spec: once } },
    Job: once,
    Deployment: { selector: { matchLabels: labels }, template },
    DaemonSet: { selector: { matchLabels: labels }, template },
  };
  new ApiObject(chart, 'beside', {
    apiVersion: kind === 'CronJob' || kind === 'Job' ? 'batch/v1' : 'apps/v1',
    kind,
    metadata: { name: 'beside' },
    spec: specs[kind],
  });
}

function shared(because: string, remedy: string): string {
  return `
    1 job that could not run: [job-unready]

      ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
          made by          example/gitea
          because          ${because}
          ${remedy}
  `;
}

const OTHER_LABELS = `
  1 job that could not run: [job-unready]

    ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
        made by          example/gitea
        because          'gitea' runs beside pods with app=forgejo, and those of StatefulSet paperless/gitea, which mount its volume, have other labels
        to fix           pods: { app: 'gitea' }
`;

function contradicted(because: string, remedy: string): string {
  return `
    1 copy of Gitea of something else than what its pods use: [gitea-contradicted]

      ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
          made by          example/gitea
          because          ${because}
          ${remedy}
  `;
}

/** Of somebody else, beside Clusters, with the host that its pods name. */
function withCluster(
  chart: Chart,
  host: string | undefined,
  clusters: readonly string[],
  database: GiteaBackupProps['database'] | 'none' = { cluster: 'db' },
): void {
  for (const name of clusters)
    new BackedUpPostgres(chart, name, {
      storage,
      backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
    });
  ofSomebodyElse(chart, false, 'ReadWriteOnce', database === 'none' ? 'none' : { database });
  if (host !== undefined) environment(chart, { GITEA__database__HOST: host });
}

/** Changes the StatefulSet `gitea`. */
function change(chart: Chart, path: string, value: unknown): void {
  const set = chart.node
    .findAll()
    .filter((node) => ApiObject.isApiObject(node))
    .find(({ kind }) => kind === 'StatefulSet');
  set?.addJsonPatch(JsonPatch.add(path, value));
}

/** @param variables with their values, or the whole of what is beside their names. */
function environment(chart: Chart, variables: Readonly<Record<string, string | object>>): void {
  const env = Object.entries(variables).map(([name, value]) => ({
    name,
    ...(typeof value === 'string' ? { value } : value),
  }));
  change(chart, '/spec/template/spec/containers/0/env', env);
}

function helmRelease(chart: Chart, name: string, config: Record<string, unknown>): void {
  new ApiObject(chart, name, {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name },
    spec: { interval: '1h', chartRef: { kind: 'HelmChart', name }, values: { gitea: { config } } },
  });
  holds(chart, { helmRelease: name }, {});
}

function release(chart: Chart, config: Record<string, unknown>, props: Partial<GiteaBackupProps> = {}): void {
  helmRelease(chart, 'gitea', config);
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
  const copiedBy = 'The provider keeps every version for a year.';

  refuses('gitea-bucket', ['T02'], 'avatars in object storage that the job looks for on the volume', {
    build: ({ chart }, changed) => {
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
            to fix           files: ['package files', 'avatars']
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
            what to do       make the bucket a CephBucketWithBackupGrant, give that to BackedUpGitea as bucket, which puts all files but repositories there, and leave storage out of config
        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          its settings put LFS objects, attachments, package files, avatars, repository avatars, Actions logs and Actions artifacts into a bucket, and the job looks for them on the volume
            what to do       make the bucket a CephBucketWithBackupGrant, give that to BackedUpGitea as bucket, which puts all files but repositories there, and leave storage out of config
    `,
  });

  refuses('gitea-bucket', ['T02'], 'attachments in a storage of another name', {
    build: ({ chart }, changed) => {
      const config = {
        'storage.far': { STORAGE_TYPE: 'minio', MINIO_BUCKET: 'attachments' },
        attachment: { STORAGE_TYPE: changed ? 'far' : 'local' },
      };
      release(chart, config, { bucket: { files: [], copiedBy: 'The provider keeps every version for a year.' } });
    },
    says: `
      1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          its settings put attachments into a bucket, and the job looks for them on the volume
            to fix           files: ['attachments']
    `,
  });

  const KINDS = ['LFS objects', 'attachments', 'package files', 'avatars', 'repository avatars'] as const;
  const ACTIONS = ['Actions logs', 'Actions artifacts'] as const;

  refuses('gitea-bucket', ['T02'], 'files that a section of their own keeps on the volume', {
    build: ({ chart }, changed) => {
      const config = { storage: { STORAGE_TYPE: 'minio' }, packages: { STORAGE_TYPE: 'local' } };
      const all = [...KINDS, ...ACTIONS];
      release(chart, config, {
        bucket: { files: changed ? all : all.filter((kind) => kind !== 'package files'), copiedBy },
      });
    },
    says: `
      1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          its settings keep package files on a volume, and the job takes them to be in a bucket, so that it compares none of them with the database
            to fix           files: ['LFS objects', 'attachments', 'avatars', 'repository avatars', 'Actions logs', 'Actions artifacts']
    `,
  });

  refuses(
    'gitea-bucket',
    ['T02'],
    'files that a section of their own keeps on the volume, and nothing else in a bucket',
    {
      build: ({ chart }, changed) =>
        release(
          chart,
          { packages: { STORAGE_TYPE: 'local' } },
          changed ? { bucket: { files: ['package files'], copiedBy } } : {},
        ),
      says: `
      1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          its settings keep package files on a volume, and the job takes them to be in a bucket, so that it compares none of them with the database
            what to do       leave bucket out
    `,
    },
  );

  refuses('gitea-bucket', ['T02'], 'files of a BackedUpGitea that its config keeps on the volume', {
    build: ({ chart }, changed) => {
      const bucket = bucketFor(chart, mirrored({ to: offsite, cron: '0 9 * * *' }));
      const config = { 'packages.STORAGE_TYPE': 'local' };
      gitea(chart, { bucket, backup: DUMPED_AT_FOUR, ...(changed ? { config } : {}) });
    },
    options: () => withRook,
    says: `
      1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          its settings keep package files on a volume, and the job takes them to be in a bucket, so that it compares none of them with the database
            what to do       leave storage out of config: all files but repositories are in its bucket
    `,
  });

  for (const [what, config] of [
    ['their section', { avatar: { STORAGE_TYPE: 'minio' }, 'repo-avatar': { STORAGE_TYPE: 'minio' } }],
    [
      'that of pictures',
      {
        picture: { AVATAR_STORAGE_TYPE: 'far', REPOSITORY_AVATAR_STORAGE_TYPE: 'far' },
        'storage.far': { STORAGE_TYPE: 'minio' },
      },
    ],
  ] as const)
    refuses('gitea-bucket', ['T02'], `avatars in object storage, as ${what} says`, {
      build: ({ chart }, changed) =>
        release(chart, config, {
          bucket: { files: changed ? ['avatars'] : ['avatars', 'repository avatars'], copiedBy },
        }),
      says: `
        1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

          ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
              made by          example/backup
              because          its settings put repository avatars into a bucket, and the job looks for them on the volume
              to fix           files: ['avatars', 'repository avatars']
      `,
    });

  refuses('gitea-bucket', ['T02'], 'a bucket whose name is in a Secret', {
    build: ({ chart }, changed) => {
      const claim = bucketFor(chart, mirrored({ to: offsite, cron: '0 9 * * *' })).name;
      ofSomebodyElse(chart, false, 'ReadWriteOnce', {
        backup: DUMPED_AT_FOUR,
        bucket: { files: ['attachments'], ...(changed ? {} : { claim }) },
      });
      const MINIO_BUCKET = { valueFrom: { secretKeyRef: { name: 'gitea-settings', key: 'bucket' } } };
      environment(chart, {
        GITEA__attachment__STORAGE_TYPE: 'minio',
        GITEA__attachment__MINIO_BUCKET: MINIO_BUCKET,
      });
    },
    options: () => withRook,
    says: `
      1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          bucket '(unnamed)' holds files of it, and no ObjectBucketClaim in the output or beside it is that bucket
            what to do       make it a CephBucketWithBackupGrant, let alsoRead read the file with its claim, name that in claim, or say in copiedBy who copies it
    `,
  });

  refuses('gitea-bucket', ['T02'], 'a bucket that nobody answers for', {
    build: ({ chart }, changed) => {
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

/** All that could be in a bucket, besides attachments. */
const ON_VOLUME = Object.fromEntries(
  ['lfs', 'packages', 'avatar', 'repo-avatar', 'storage.actions_log', 'actions.artifacts'].map((section) => [
    section,
    { STORAGE_TYPE: 'local' },
  ]),
);

describe('the bucket of a Gitea', () => {
  refuses('gitea-bucket', [], 'in another namespace', {
    build: ({ app, chart }, changed) => {
      const elsewhere = changed ? new Chart(app, 'other', { namespace: 'other' }) : chart;
      const bucket = bucketFor(elsewhere, mirrored({ to: offsite, cron: '0 9 * * *' }));
      gitea(chart, { bucket, backup: DUMPED_AT_FOUR });
    },
    options: () => withRook,
    says: `
      1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          its bucket is that of ObjectBucketClaim other/attachments, and pods of paperless read neither the Secret nor the ConfigMap that Rook makes beside that
            what to do       make the bucket in a chart of namespace paperless, where its Gitea is
    `,
  });

  const IN_BUCKET = { STORAGE_TYPE: 'minio', MINIO_BUCKET: 'attachments' };
  const named = { claim: 'attachments' };
  for (const [what, config, accepted, refused, because, remedy] of [
    [
      'whose claim its construct does not name',
      { attachment: IN_BUCKET },
      named,
      {},
      `its bucket is that of ObjectBucketClaim 'attachments', and the construct does not name that, so that the job could not look for files there`,
      `to fix           claim: 'attachments'`,
    ],
    [
      'that is another one than the job looks into',
      { attachment: IN_BUCKET },
      named,
      { claim: 'others' },
      `its settings put attachments into the bucket of ObjectBucketClaim 'attachments', and the job looks for them in that of 'others'`,
      `to fix           claim: 'attachments'`,
    ],
    [
      'where they are below a folder of all',
      { storage: { ...IN_BUCKET, MINIO_BASE_PATH: '/gitea/' }, ...ON_VOLUME },
      { ...named, folders: { attachments: 'gitea/attachments' } },
      named,
      `its settings keep attachments in 'gitea/attachments' of the bucket (storage.MINIO_BASE_PATH), and the job looks for them in 'attachments' of it`,
      `to fix           folders: { 'attachments': 'gitea/attachments' }`,
    ],
    [
      'where they are in a folder of their own',
      { storage: { ...IN_BUCKET, MINIO_BASE_PATH: 'gitea' }, ...ON_VOLUME, attachment: { MINIO_BASE_PATH: 'mine' } },
      { ...named, folders: { attachments: 'mine' } },
      named,
      `its settings keep attachments in 'mine' of the bucket (attachment.MINIO_BASE_PATH), and the job looks for them in 'attachments' of it`,
      `to fix           folders: { 'attachments': 'mine' }`,
    ],
    [
      'where their section says all of the storage',
      { attachment: { ...IN_BUCKET, MINIO_BASE_PATH: 'mine' } },
      { ...named, folders: { attachments: 'mine' } },
      named,
      `its settings keep attachments in 'mine' of the bucket (attachment.MINIO_BASE_PATH), and the job looks for them in 'attachments' of it`,
      `to fix           folders: { 'attachments': 'mine' }`,
    ],
  ] as const)
    refuses('gitea-bucket', ['T01'], what, {
      build: ({ chart }, changed) => {
        for (const name of ['attachments', 'others'])
          bucketFor(chart, mirrored({ to: offsite, cron: '0 9 * * *' }), name);
        const bucket = { files: ['attachments'] as const, ...(changed ? refused : accepted) };
        release(chart, config, { backup: DUMPED_AT_FOUR, bucket });
      },
      options: () => withRook,
      says: `
        1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

          ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
              made by          example/backup
              because          ${because}
              ${remedy}
      `,
    });

  for (const [what, config, because, remedy] of [
    [
      'another folder',
      { 'attachment.MINIO_BASE_PATH': 'mine' },
      `its settings keep attachments in 'mine' of the bucket (attachment.MINIO_BASE_PATH), and the job looks for them in 'attachments' of it`,
      'leave attachment.MINIO_BASE_PATH out of config, or make the copies with GiteaBackup',
    ],
    [
      'another bucket',
      { 'packages.MINIO_BUCKET': 'others' },
      `its settings put package files into the bucket of ObjectBucketClaim 'others', and the job looks for them in that of 'attachments'`,
      'leave MINIO_BUCKET out of config: all files but repositories are in its bucket',
    ],
  ] as const)
    refuses('gitea-bucket', ['T01'], `of ours where its config says ${what}`, {
      build: ({ chart }, changed) => {
        const strategy = mirrored({ to: offsite, cron: '0 9 * * *' });
        const bucket = bucketFor(chart, strategy);
        bucketFor(chart, strategy, 'others');
        gitea(chart, { bucket, backup: DUMPED_AT_FOUR, ...(changed ? { config } : {}) });
      },
      options: () => withRook,
      says: `
        1 copy of Gitea that would not have what is in a bucket: [gitea-bucket]

          ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
              made by          example/gitea
              because          ${because}
              what to do       ${remedy}
      `,
    });

  refuses('job-unready', [], 'of which the platform does not say what serves it', {
    build: ({ chart }) => {
      foreignClaim(chart, 'attachments');
      backUp(chart, { bucket: 'attachments' }, nas);
      release(chart, {}, { bucket: { files: ['attachments'], claim: 'attachments' } });
    },
    options: (changed) => (changed ? {} : withRook),
    says: `
      1 job that could not run: [job-unready]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          'gitea-shared-storage' looks into the bucket of ObjectBucketClaim 'attachments', and the platform does not say which gateway serves it
            to fix           rook: { version: '1.20', namespace: 'rook-ceph', objectStore: '…' }
    `,
  });

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
      release(chart, config, { backup: DUMPED_AT_FOUR, bucket: { files: ['attachments'], claim: 'files' } });
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

  const login = "so that the operator makes no 'forge-db-app', which the job reads";
  const origin = { name: 'barman-cloud.cloudnative-pg.io', parameters: { barmanObjectName: 'old', serverName: 'old' } };
  for (const [situation, spec, because, label, text] of [
    [
      'that is imported with others',
      (changed: boolean) => ({
        bootstrap: {
          initdb: {
            import: { type: 'monolith', databases: ['forge'], roles: ['*'], source: { externalCluster: 'old' } },
            ...(changed ? {} : { database: 'forge', owner: 'git' }),
          },
        },
        externalClusters: [{ name: 'old', connectionParameters: { host: 'old-db' } }],
      }),
      "the Cluster imports databases as a monolith, and says of none in spec.bootstrap.initdb that it is the application's",
      'to fix',
      "database: 'forge', owner: '…'",
    ],
    [
      'that follows another one',
      (changed: boolean) => ({
        bootstrap: { recovery: { source: 'old', database: 'forge', owner: 'git' } },
        externalClusters: [{ name: 'old', plugin: origin }],
        ...(changed ? { replica: { primary: 'old', source: 'old' } } : {}),
      }),
      'the Cluster follows another one',
      'what to do',
      'let the job copy the Cluster that it follows',
    ],
  ] as const) {
    refuses('postgres-dump', [], `${situation}, and whose login the operator does not make`, {
      build: ({ chart }, changed) => {
        const database = new BackedUpPostgres(chart, 'forge-db', {
          storage,
          backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
          generation: 2,
          spec: spec(changed),
        });
        gitea(chart, { database });
      },
      says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          ${because}, ${login}
            ${label.padEnd(16)} ${text}
    `,
    });
  }

  it('may be imported alone, for which the operator makes a login', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      const database = new BackedUpPostgres(chart, 'forge-db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
        spec: {
          bootstrap: {
            initdb: { import: { type: 'microservice', databases: ['forge'], source: { externalCluster: 'old' } } },
          },
          externalClusters: [{ name: 'old', connectionParameters: { host: 'old-db' } }],
        },
      });
      gitea(chart, { database });
    });
    expect(findings).toEqual([]);
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
    options: () => ({ platform: { jobs: { images: { postgres: 'docker.io/library/postgres:18.1' } } } }),
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

describe('the server with the database of a Gitea', () => {
  function unreached(because: string, remedy: string): string {
    return `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          ${because}
            ${remedy}
    `;
  }
  function dumped(chart: Chart, database: Record<string, unknown>): void {
    ofSomebodyElse(chart, false, 'ReadWriteOnce', { database: { ...FOREIGN.database, ...database } });
    beside(chart, 'Deployment', { app: 'postgresql' });
  }

  refuses('postgres-server', [], 'behind a Service that nothing would make', {
    build: ({ chart }, changed) => dumped(chart, changed ? { host: 'nowhere' } : {}),
    says: unreached(
      'there is no Service paperless/nowhere, and nothing in the namespace would make one that nobody sees',
      "to fix           host: 'gitea-postgresql'",
    ),
  });

  refuses('postgres-server', [], 'whose pods have other labels', {
    build: ({ chart }, changed) => dumped(chart, changed ? { pods: { labels: { app: 'postgres' } } } : {}),
    says: unreached(
      'Service paperless/gitea-postgresql leads to the pods of Deployment paperless/beside, which have not the labels app=postgres, by which the job may reach a server',
      "to fix           pods: { labels: { app: 'postgresql' } }",
    ),
  });

  refuses('postgres-server', [], 'that listens on another port', {
    build: ({ chart }, changed) => {
      serviceOf(chart, 'other', { app: 'postgresql' }, { targetPort: 5433 });
      dumped(chart, { host: 'other', pods: { labels: { app: 'postgresql' }, ...(changed ? {} : { port: 5433 }) } });
    },
    says: unreached(
      'Service paperless/other leads from port 5432 to port 5433 of the pods, and the job may reach them at 5432 only',
      "to fix           pods: { labels: { app: 'postgresql' }, port: 5433 }",
    ),
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

/** Values, those that are accepted in their place, what is said, and the database that the job dumps. */
type Released = readonly [
  what: string,
  values: object,
  accepted: object,
  because: string,
  remedy: string,
  server?: string,
];

describe('the pods of a Gitea', () => {
  for (const [what, props] of [
    ['that the copies are made beside', {}],
    ['that are to be stopped', { quiesce: 'stop' }],
    ['that are to be stopped, by the name of what makes them', { quiesce: { stop: { statefulSet: 'gitea' } } }],
  ] as const)
    refuses('job-unready', [], `${what}, with labels of nobody`, {
      build: ({ chart }, changed) =>
        ofSomebodyElse(chart, false, 'ReadWriteOnce', { ...props, pods: { app: changed ? 'forgejo' : 'gitea' } }),
      says: OTHER_LABELS,
    });

  for (const [what, props] of [
    ['that the copies are made beside', {}],
    ['that are to be stopped', { quiesce: 'stop' }],
    ['that are to be stopped, by the name of what makes them', { quiesce: { stop: { statefulSet: 'gitea' } } }],
  ] as const)
    refuses('job-unready', [], `${what}, with labels that those of another application have as well`, {
      build: ({ chart }, changed) => {
        beside(chart, 'Deployment', { app: 'beside', part: 'forge' });
        ofSomebodyElse(chart, false, 'ReadWriteOnce', {
          ...props,
          pods: changed ? { part: 'forge' } : { app: 'gitea' },
        });
      },
      says: shared(
        "'gitea' runs on the node of any pod with part=forge, and Deployment paperless/beside makes such pods, too, on whose node its volume may not be",
        "to fix           pods: { app: 'gitea' }",
      ),
    });

  refuses('job-unready', [], 'that no object shows, with labels that those of another application have as well', {
    build: ({ chart }, changed) => {
      beside(chart, 'Deployment', { app: changed ? 'gitea' : 'beside' });
      release(chart, {});
    },
    says: `
      1 job that could not run: [job-unready]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          'gitea-shared-storage' runs on the node of any pod with app=gitea, and Deployment paperless/beside makes such pods, too, on whose node its volume may not be
            what to do       name in pods a label that the pods of Deployment paperless/beside do not carry; if there is none, give them others
    `,
  });

  refuses('job-unready', [], 'of a BackedUpGitea, whose labels another application has as well', {
    build: ({ chart }, changed) => {
      gitea(chart, {});
      beside(chart, 'Deployment', { 'app.kubernetes.io/name': changed ? 'gitea' : 'beside' });
    },
    says: shared(
      "'gitea' runs on the node of any pod with app.kubernetes.io/name=gitea, and Deployment paperless/beside makes such pods, too, on whose node its volume may not be",
      'what to do       give the pods of Deployment paperless/beside other labels',
    ),
  });

  it.each([
    ['other pods where every node has its volume', 'Deployment', 'ReadWriteMany'],
    ['pods that end', 'CronJob', 'ReadWriteOnce'],
  ] as const)('may have labels of %s', (_, kind, accessMode) => {
    const { findings } = synthesizeScenario(({ chart }) => {
      beside(chart, kind, { app: 'beside', part: 'forge' });
      ofSomebodyElse(chart, false, accessMode, { pods: { part: 'forge' } });
    });
    expect(explain(findings)).toBe('');
  });

  refuses('job-unready', [], 'that the copies are made beside, with labels of another application', {
    build: ({ chart }, changed) => {
      const labels = { app: 'forgejo' };
      new ApiObject(chart, 'forgejo', {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'forgejo' },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { containers: [{ name: 'main', image: 'docker.io/library/nginx' }] },
          },
        },
      });
      ofSomebodyElse(chart, false, 'ReadWriteOnce', { pods: changed ? labels : { app: 'gitea' } });
    },
    says: OTHER_LABELS,
  });

  refuses('gitea-contradicted', [], 'that use the database of another Cluster', {
    build: ({ chart }, changed) => withCluster(chart, changed ? 'db2-rw.paperless.svc:5432' : 'db-rw', ['db', 'db2']),
    says: contradicted(
      `its settings say that its database is at 'db2-rw.paperless.svc:5432', and the job dumps Cluster paperless/db`,
      `to fix           database: { cluster: 'db2' }`,
    ),
  });

  for (const [what, value] of [
    ['a Secret has', { valueFrom: { secretKeyRef: { name: 'db-app', key: 'host' } } }],
    ['other variables make', '$(DB_HOST):5432'],
  ] as const)
    refuses('gitea-contradicted', [], `whose settings ${what}, of which nothing is said`, {
      build: ({ chart }, changed) => {
        withCluster(chart, undefined, ['db']);
        environment(chart, {
          GITEA__database__DB_TYPE: value,
          GITEA__database__HOST: changed ? 'db2-rw' : value,
          GITEA__repository__ROOT: value,
        });
      },
      says: contradicted(
        `its settings say that its database is at 'db2-rw', and the job dumps Cluster paperless/db`,
        'what to do       name in database what its pods use, or let them use what it names',
      ),
    });

  refuses('gitea-contradicted', [], 'beside a HelmRelease of another Gitea', {
    build: ({ chart }, changed) => {
      withCluster(chart, changed ? 'db2-rw' : 'db-rw', ['db', 'db2']);
      helmRelease(chart, 'forgejo', { database: { HOST: 'db2-rw' } });
    },
    says: contradicted(
      `its settings say that its database is at 'db2-rw', and the job dumps Cluster paperless/db`,
      `to fix           database: { cluster: 'db2' }`,
    ),
  });

  refuses('gitea-contradicted', [], 'of one HelmRelease beside that of another Gitea', {
    build: ({ chart }, changed) => {
      for (const name of ['db', 'db2'])
        new BackedUpPostgres(chart, name, {
          storage,
          backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
        });
      release(chart, { database: { HOST: changed ? 'db2-rw' : 'db-rw' } }, { database: { cluster: 'db' } });
      helmRelease(chart, 'second', { database: { HOST: 'db2-rw' } });
    },
    says: contradicted(
      `its settings say that its database is at 'db2-rw', and the job dumps Cluster paperless/db`,
      `to fix           database: { cluster: 'db2' }`,
    )
      .replace(
        `StatefulSet paperless/gitea, claim template 'data' (50Gi)`,
        'PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)',
      )
      .replace('example/gitea', 'example/backup'),
  });

  refuses('gitea-contradicted', [], 'that nobody sees, beside a HelmRelease which may be another', {
    build: ({ chart }, changed) => {
      for (const name of ['db', 'db2'])
        new BackedUpPostgres(chart, name, {
          storage,
          backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
        });
      ofSomebodyElse(chart, true, 'ReadWriteOnce', { database: { cluster: 'db' } });
      helmRelease(chart, 'forgejo', { database: { HOST: 'db2-rw' } });
      if (!changed) helmRelease(chart, 'forge', {});
    },
    says: contradicted(
      `its settings say that its database is at 'db2-rw', and the job dumps Cluster paperless/db`,
      `to fix           database: { cluster: 'db2' }`,
    )
      .replace(
        `StatefulSet paperless/gitea, claim template 'data' (50Gi)`,
        'PersistentVolumeClaim paperless/data (50Gi)',
      )
      .replace('example/gitea', 'example/data'),
  });

  for (const [what, values, accepted, because, remedy, server] of [
    [
      'makes no claim',
      { persistence: { enabled: false } },
      { persistence: { enabled: true } },
      `HelmRelease paperless/gitea makes no claim, as its value persistence.enabled says, and the job reads 'gitea-shared-storage' of it`,
      'what to do       take persistence.enabled away, or leave heldBy out and let the output or a file that alsoRead reads have the claim',
    ],
    [
      'has another claim',
      { persistence: { claimName: 'other' } },
      { persistence: { claimName: 'gitea-shared-storage' } },
      `the pods of HelmRelease paperless/gitea have the claim 'other' (persistence.claimName), and the job reads 'gitea-shared-storage'`,
      `to fix           claim: 'other'`,
    ],
    [
      'keeps repositories beside the volume',
      { gitea: { config: { repository: { ROOT: '/var/elsewhere' } } } },
      { gitea: { config: { repository: { ROOT: '/data/git/gitea-repositories' } } } },
      'its pods keep repositories in /var/elsewhere, the volume is mounted at /data, and the job looks for them in git/gitea-repositories on it',
      'what to do       say in layout where each folder is on the volume',
    ],
    [
      'keeps all in a folder of the volume',
      { persistence: { subPath: '/forge/' } },
      { persistence: { subPath: '' } },
      `its pods have the folder 'forge' of the volume only (persistence.subPath), and the job looks for repositories in git/gitea-repositories on it`,
      `what to do       say in layout where each folder is on the volume, all of them in 'forge'`,
    ],
    [
      'has a server of its own',
      { postgresql: { enabled: true } },
      { postgresql: { enabled: true }, gitea: { config: { database: { HOST: 'db-rw:5432' } } } },
      'its values name no host of a database, and with postgresql.enabled the chart has it use a server of its own, while the job dumps Cluster paperless/db',
      `to fix           host: 'gitea-postgresql', pods: { labels: { 'app.kubernetes.io/instance': 'gitea', 'app.kubernetes.io/name': 'postgresql' } }
          what to do       or take postgresql.enabled away and name the host in gitea.config.database.HOST`,
      'db',
    ],
    [
      'has servers of its own',
      { 'postgresql-ha': { enabled: true } },
      { 'postgresql-ha': { enabled: false } },
      `its values name no host of a database, and with postgresql-ha.enabled the chart has it use a server of its own, while the job dumps that at 'old-db.paperless.svc'`,
      `to fix           host: 'gitea-postgresql-ha-pgpool', pods: { labels: { 'app.kubernetes.io/instance': 'gitea', 'app.kubernetes.io/name': 'postgresql-ha' } }
          what to do       or take postgresql-ha.enabled away and name the host in gitea.config.database.HOST`,
      'old-db',
    ],
    [
      'uses another server, whose Services nobody sees',
      { gitea: { config: { database: { HOST: 'new-db:5432' } } } },
      { gitea: { config: { database: { HOST: 'old-db.paperless.svc:5432' } } } },
      `its settings say that its database is at 'new-db:5432', and the job dumps that behind Service paperless/old-db, and nobody sees whether both are one server`,
      'what to do       name in database the host that its pods use, or let them use what it names, or let alsoRead read the file with both Services',
      'old-db',
    ],
    [
      'keeps LFS objects beside the volume',
      { gitea: { config: { lfs: { PATH: '/var/lfs' } } } },
      { gitea: { config: { lfs: { PATH: '/data/lfs' }, server: { APP_DATA_PATH: '/data' } } } },
      'its settings keep LFS objects in /var/lfs (lfs.PATH), the volume is mounted at /data, and the job looks for them in lfs on it',
      `what to do       say in layout where each folder is on the volume, or in settings lfs.PATH: '/data/lfs'`,
    ],
    [
      'runs another version',
      { image: { tag: '1.25.3' } },
      { image: { tag: '1.26.4' } },
      `its pods run docker.gitea.com/gitea:1.25.3-rootless, and 'gitea-shared-storage-offsite' looks at its repositories with docker.gitea.com/gitea:1.26.0-rootless`,
      `to fix           image: 'docker.gitea.com/gitea:1.25.3-rootless'`,
    ],
    [
      'runs a version that is too old',
      { image: { registry: 'registry.example.net', repository: 'mirror/gitea', tag: '1.20.0', rootless: false } },
      { image: { registry: 'registry.example.net', repository: 'mirror/gitea', tag: '1.26.0', rootless: false } },
      'its pods run registry.example.net/mirror/gitea:1.20.0, and 1.21 is the oldest version whose database a job can ask',
      'what to do       upgrade it, or say with elsewhere who copies it, and how',
    ],
    [
      'runs another image as a whole',
      { image: { tag: '1.26.0', fullOverride: 'codeberg.org/forgejo/forgejo:13.0.1-rootless' } },
      { image: { tag: '1.20.0', fullOverride: 'registry.example.net/gitea:1.26-rootless' } },
      `its pods run codeberg.org/forgejo/forgejo:13.0.1-rootless, and 'gitea-shared-storage-offsite' looks at its repositories with docker.gitea.com/gitea:1.26.0-rootless`,
      `to fix           image: 'codeberg.org/forgejo/forgejo:13.0.1-rootless'`,
    ],
  ] as readonly Released[]) {
    refuses('gitea-contradicted', [], `of a HelmRelease that ${what}`, {
      build: ({ chart }, changed) => {
        release(chart, {}, server === undefined ? {} : { database: databaseAt(chart, server) });
        ApiObject.of(chart.node.findChild('gitea')).addJsonPatch(
          JsonPatch.replace('/spec/values', changed ? values : accepted),
        );
      },
      says: contradicted(because, remedy)
        .replace(
          `StatefulSet paperless/gitea, claim template 'data' (50Gi)`,
          'PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)',
        )
        .replace('example/gitea', 'example/backup'),
    });
  }

  /** A Cluster, or a server whose Service nobody sees. */
  function databaseAt(chart: Chart, name: string): GiteaBackupProps['database'] {
    if (name !== 'db') return { ...FOREIGN.database, host: name };
    new BackedUpPostgres(chart, name, {
      storage,
      backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
    });
    return { cluster: name };
  }

  it('of a HelmRelease may use the server of its chart, by whatever Service', () => {
    for (const [chartOfServer, host] of [
      ['postgresql', 'gitea-postgresql-hl'],
      ['postgresql-ha', 'gitea-postgresql-ha-postgresql'],
    ] as const) {
      const { findings } = synthesizeScenario(({ chart }) => {
        release(chart, {}, { database: { ...FOREIGN.database, host } });
        ApiObject.of(chart.node.findChild('gitea')).addJsonPatch(
          JsonPatch.replace('/spec/values', { [chartOfServer]: { enabled: true } }),
        );
      });
      expect(explain(findings)).toBe('');
    }
  });

  it('of a HelmRelease may have values that say nothing of them, or of another chart', () => {
    for (const values of [
      { image: { tag: '${GITEA_TAG}' }, persistence: { claimName: '${CLAIM}' } },
      { image: { repository: 'mirror/forge', tag: '1.20.0' } },
    ]) {
      const { findings } = synthesizeScenario(({ chart }) => {
        release(chart, {});
        ApiObject.of(chart.node.findChild('gitea')).addJsonPatch(JsonPatch.replace('/spec/values', values));
      });
      expect(explain(findings)).toBe('');
    }
  });

  const DB2 = contradicted(
    `its settings say that its database is at 'db2-rw', and the job dumps Cluster paperless/db`,
    `to fix           database: { cluster: 'db2' }`,
  );
  const OF_RELEASE = DB2.replace(
    `StatefulSet paperless/gitea, claim template 'data' (50Gi)`,
    'PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)',
  ).replace('example/gitea', 'example/backup');

  function configMap(chart: Chart, name: string, data: Readonly<Record<string, string>>): void {
    new ApiObject(chart, name, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  }

  for (const [what, mount, volume] of [
    ['alone', { mountPath: '/etc/gitea/app.ini', subPath: 'app.ini' }, { configMap: { name: 'conf' } }],
    ['with others', { mountPath: '/etc/gitea/' }, { configMap: { name: 'conf' } }],
    [
      'by another name, from several sources',
      { mountPath: '/etc/gitea' },
      {
        projected: {
          sources: [
            { secret: { name: 'other' } },
            { configMap: { name: 'conf', items: [{ key: 'app.ini', path: 'app.ini' }] } },
          ],
        },
      },
    ],
  ] as const)
    refuses('gitea-contradicted', [], `whose app.ini a ConfigMap brings ${what}`, {
      build: ({ chart }, changed) => {
        withCluster(chart, undefined, ['db', 'db2']);
        configMap(chart, 'conf', {
          'app.ini': `[database]\nHOST = ${changed ? 'db2-rw' : 'db-rw'} ; in the cluster\n`,
        });
        const pod = '/spec/template/spec';
        change(chart, `${pod}/volumes`, [{ name: 'conf', ...volume }]);
        change(chart, `${pod}/containers/0/volumeMounts/-`, { name: 'conf', ...mount });
      },
      says: DB2,
    });

  refuses('gitea-contradicted', [], 'whose environment changes what its app.ini says', {
    build: ({ chart }, changed) => {
      withCluster(chart, undefined, ['db', 'db2']);
      configMap(chart, 'conf', { 'app.ini': '[database]\nHOST = db2-rw\nNAME = other\n' });
      const pod = '/spec/template/spec';
      change(chart, `${pod}/volumes`, [{ name: 'conf', configMap: { name: 'conf' } }]);
      change(chart, `${pod}/containers/0/volumeMounts/-`, { name: 'conf', mountPath: '/srv' });
      environment(chart, {
        GITEA_APP_INI: '/srv/app.ini',
        GITEA__database__NAME__FILE: '/run/secrets/name',
        ...(changed ? {} : { GITEA__database__HOST: 'db-rw' }),
      });
    },
    says: DB2,
  });

  /** A release with these fields, beside two Clusters, and copied with the one that is called `db`. */
  function releaseWith(chart: Chart, spec: Record<string, unknown>): void {
    for (const name of ['db', 'db2'])
      new BackedUpPostgres(chart, name, {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      });
    release(chart, {}, { database: { cluster: 'db' } });
    for (const node of chart.node.findAll())
      if (ApiObject.isApiObject(node) && node.kind === 'HelmRelease')
        for (const [field, value] of Object.entries(spec)) node.addJsonPatch(JsonPatch.add(`/spec/${field}`, value));
  }
  const hostOf = (host: string): string => JSON.stringify({ gitea: { config: { database: { HOST: host } } } });

  for (const [what, reference] of [
    ['', {}],
    [' under another key', { valuesKey: 'forge.yaml' }],
    [' at a path', { valuesKey: 'host', targetPath: 'gitea.config.database.HOST' }],
  ] as const)
    refuses('gitea-contradicted', [], `of a HelmRelease that takes values from a ConfigMap${what}`, {
      build: ({ chart }, changed) => {
        const host = changed ? 'db2-rw' : 'db-rw';
        configMap(chart, 'values', { 'values.yaml': hostOf(host), 'forge.yaml': hostOf(host), host });
        configMap(chart, 'before', { 'values.yaml': hostOf('db3-rw') });
        releaseWith(chart, {
          valuesFrom: [
            { kind: 'ConfigMap', name: 'before' },
            { kind: 'ConfigMap', name: 'values', ...reference },
          ],
        });
      },
      says: OF_RELEASE,
    });

  refuses('gitea-contradicted', [], 'of a HelmRelease whose own values come last', {
    build: ({ chart }, changed) => {
      configMap(chart, 'values', { 'values.yaml': hostOf('db2-rw') });
      const values = { gitea: { config: changed ? {} : { database: { HOST: 'db-rw' } } } };
      releaseWith(chart, { values, valuesFrom: [{ kind: 'ConfigMap', name: 'values' }] });
    },
    says: OF_RELEASE,
  });

  refuses('gitea-contradicted', [], 'of a HelmRelease that has the host in a Secret', {
    build: ({ chart }, changed) => {
      configMap(chart, 'values', { 'values.yaml': hostOf('db2-rw') });
      const host = { kind: 'Secret', name: 'host', valuesKey: 'host', targetPath: 'gitea.config.database.HOST' };
      releaseWith(chart, { valuesFrom: [{ kind: 'ConfigMap', name: 'values' }, ...(changed ? [] : [host])] });
    },
    says: OF_RELEASE,
  });

  for (const [what, more] of [
    ['a ConfigMap of sections', { additionalConfigSources: [{ configMap: { name: 'sections' } }] }],
    [
      'variables',
      {
        additionalConfigFromEnvs: [
          { name: 'GITEA__DATABASE__HOST', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } },
        ],
      },
    ],
  ] as const)
    refuses('gitea-contradicted', [], `of a HelmRelease whose config is changed by ${what}`, {
      build: ({ chart }, changed) => {
        configMap(chart, 'sections', { database: 'HOST=db-rw' });
        const config = { database: { HOST: 'db2-rw' } };
        releaseWith(chart, { values: { gitea: { config, ...(changed ? {} : more) } } });
      },
      says: OF_RELEASE,
    });

  refuses('gitea-contradicted', [], 'of a HelmRelease into which Flux puts the host, of which nothing is said', {
    build: ({ chart }, changed) => {
      const HOST = changed ? 'db2-rw' : '${DATABASE_HOST}';
      const values = { gitea: { config: { database: { HOST, NAME: '${DATABASE_NAME:=gitea}', DB_TYPE: '${TYPE}' } } } };
      releaseWith(chart, { values: changed ? { gitea: { config: { database: { HOST } } } } : values });
    },
    says: OF_RELEASE,
  });

  refuses('gitea-contradicted', [], 'that use a Pooler of another Cluster', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'pooler', {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Pooler',
        metadata: { name: 'pooler-rw' },
        spec: {
          cluster: { name: changed ? 'db2' : 'db' },
          instances: 1,
          type: 'rw',
          pgbouncer: { poolMode: 'session' },
        },
      });
      withCluster(chart, 'pooler-rw:5432', ['db', 'db2']);
    },
    says: contradicted(
      `its settings say that its database is at 'pooler-rw:5432', and the job dumps Cluster paperless/db`,
      `to fix           database: { cluster: 'db2' }`,
    ),
  });

  refuses('gitea-contradicted', [], 'that use a server which is no Cluster', {
    build: ({ chart }, changed) => withCluster(chart, changed ? 'postgresql.example.net' : 'db-ro', ['db']),
    says: contradicted(
      `its settings say that its database is at 'postgresql.example.net', and the job dumps Cluster paperless/db`,
      'what to do       name in database what its pods use, or let them use what it names',
    ),
  });

  const AT = (name: string): GiteaBackupProps['database'] => ({
    ...FOREIGN.database,
    host: name,
    pods: { labels: { app: name } },
  });

  refuses('gitea-contradicted', [], 'that use another of two servers without an operator', {
    build: ({ chart }, changed) => {
      for (const name of ['pg-old', 'pg-new'])
        new ApiObject(chart, name, {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name },
          spec: { selector: { app: name }, ports: [{ port: 5432 }] },
        });
      withCluster(chart, 'pg-new:5432', [], AT(changed ? 'pg-old' : 'pg-new'));
    },
    says: contradicted(
      `its settings say that its database is at 'pg-new:5432', and the job dumps that behind Service paperless/pg-old`,
      `to fix           host: 'pg-new', pods: { labels: { app: 'pg-new' } }`,
    ),
  });

  refuses('gitea-contradicted', [], 'that use another server, which is none that hands on what it is asked', {
    build: ({ chart }, changed) => {
      for (const name of ['pg-old', 'pg-new']) serviceOf(chart, name, { app: name });
      new ApiObject(chart, 'new', {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'pg-new' },
        spec: {
          selector: { matchLabels: { app: 'pg-new' } },
          template: {
            metadata: { labels: { app: 'pg-new' } },
            spec: {
              containers: [
                {
                  name: 'main',
                  image: `docker.io/${changed ? 'library/postgres:17.2' : 'edoburu/pgbouncer:v1.23.1'}`,
                  env: changed ? [{ name: 'POSTGRES_PASSWORD', value: 'secret' }] : [],
                },
              ],
            },
          },
        },
      });
      withCluster(chart, 'pg-new:5432', [], AT('pg-old'));
    },
    says: contradicted(
      `its settings say that its database is at 'pg-new:5432', and the job dumps that behind Service paperless/pg-old`,
      `to fix           host: 'pg-new', pods: { labels: { app: 'pg-new' } }`,
    ),
  });

  refuses('gitea-contradicted', [], 'that use another database of the same Cluster', {
    build: ({ chart }, changed) => {
      withCluster(chart, undefined, ['db']);
      environment(chart, { GITEA__database__NAME: changed ? 'forge' : 'app' });
    },
    says: contradicted(
      `its settings say that its database is called 'forge', and the job dumps 'app'`,
      `what to do       let its pods use 'app', or name in database the host and the login of 'forge'`,
    ),
  });

  refuses('gitea-contradicted', [], 'that use another database than the Cluster is told to make', {
    build: ({ chart }, changed) => {
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
        spec: { bootstrap: { initdb: { database: changed ? 'wiki' : 'forge', owner: 'forge' } } },
      });
      withCluster(chart, undefined, []);
      environment(chart, { GITEA__database__NAME: 'forge' });
    },
    says: contradicted(
      `its settings say that its database is called 'forge', and the job dumps 'wiki'`,
      `what to do       let its pods use 'wiki', or name in database the host and the login of 'forge'`,
    ),
  });

  refuses('gitea-contradicted', [], 'that use another database of the same server', {
    build: ({ chart }, changed) => {
      serviceOf(chart, 'postgresql', { app: 'postgresql' });
      withCluster(chart, undefined, [], AT('postgresql'));
      environment(chart, { GITEA__database__NAME: changed ? 'forge' : 'gitea' });
    },
    says: contradicted(
      `its settings say that its database is called 'forge', and the job dumps 'gitea'`,
      `what to do       name 'forge' in database, beside its host, or let its pods use 'gitea'`,
    ),
  });

  refuses('gitea-contradicted', [], 'that use another kind of database', {
    build: ({ chart }, changed) => {
      release(chart, { database: { DB_TYPE: changed ? 'sqlite3' : 'postgres' } });
    },
    says: contradicted(
      'its settings say that its database is sqlite3, and the job dumps one of PostgreSQL',
      'what to do       move it to PostgreSQL, or say with elsewhere who copies it, and how',
    )
      .replace(
        `StatefulSet paperless/gitea, claim template 'data' (50Gi)`,
        'PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)',
      )
      .replace('example/gitea', 'example/backup'),
  });

  refuses('gitea-contradicted', [], 'whose database is a Cluster that is not there', {
    build: ({ chart }, changed) => withCluster(chart, undefined, ['db'], { cluster: changed ? 'nope' : 'db' }),
    says: contradicted(
      `it names Cluster 'nope', which is not in namespace paperless`,
      `to fix           database: { cluster: 'db' }`,
    ),
  });

  refuses('gitea-contradicted', [], 'whose database is in another namespace', {
    build: ({ app, chart }, changed) => {
      const place = changed ? new Chart(app, 'databases', { namespace: 'databases' }) : chart;
      const database = new BackedUpPostgres(place, 'forge-db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      });
      gitea(chart, { database });
    },
    says: contradicted(
      `it names Cluster 'forge-db', which is not in namespace paperless, but in databases`,
      'what to do       let both be in one namespace, because only pods of databases can read the Secret with the login',
    ),
  });

  for (const [what, image] of [
    ['another program', 'codeberg.org/forgejo/forgejo:13.0.1-rootless'],
    ['another version', 'docker.gitea.com/gitea:1.24.3-rootless'],
    ['no Gitea', 'docker.io/library/alpine:3.22'],
  ] as const)
    refuses('gitea-contradicted', [], `that run something else than the image of the copies: ${what}`, {
      build: ({ chart }, changed) =>
        ofSomebodyElse(chart, false, 'ReadWriteOnce', {
          image: changed ? image : 'registry.example.net/gitea/gitea:1.26.2-rootless',
        }),
      says: contradicted(
        `its pods run docker.gitea.com/gitea:1.26.0-rootless, and 'gitea-offsite' looks at its repositories with ${image}`,
        `to fix           image: 'docker.gitea.com/gitea:1.26.0-rootless'`,
      ),
    });

  for (const whose of ['of somebody else', 'of ours'])
    refuses('gitea-contradicted', [], `${whose} that are more than one, with a volume each`, {
      build: ({ chart }, changed) => {
        if (whose === 'of ours') gitea(chart, {});
        else ofSomebodyElse(chart, false, 'ReadWriteOnce');
        change(chart, '/spec/replicas', changed ? 3 : 1);
      },
      says: contradicted(
        `its 3 pods have a volume each, and the job reads that of one, 'data-gitea-0'`,
        'to fix           replicas: 1',
      ),
    });

  for (const [what, settings, layout, because] of [
    ['as the rootless image does', {}, 'rootless', '/var/lib/gitea/git/repositories'],
    [
      'where its settings say',
      { GITEA__repository__ROOT: '/var/lib/gitea/git/gitea-repositories' },
      'chart',
      '/var/lib/gitea/git/gitea-repositories',
    ],
    [
      'as the chart does',
      { GITEA_APP_INI: '/var/lib/gitea/gitea/conf/app.ini' },
      'chart',
      '/var/lib/gitea/git/gitea-repositories',
    ],
  ] as const)
    refuses('gitea-contradicted', [], `that keep repositories ${what}`, {
      build: ({ chart }, changed) => {
        const other = layout === 'chart' ? 'rootless' : 'chart';
        ofSomebodyElse(chart, false, 'ReadWriteOnce', { layout: changed ? other : layout });
        environment(chart, settings);
      },
      says: contradicted(
        `its pods keep repositories in ${because}, the volume is mounted at /var/lib/gitea, and the job looks for them in ${layout === 'chart' ? 'git/repositories' : 'git/gitea-repositories'} on it`,
        `to fix           layout: '${layout}'`,
      ),
    });

  for (const [files, setting, variable, wanted] of [
    ['avatars', 'picture.AVATAR_UPLOAD_PATH', 'GITEA__picture__AVATAR_UPLOAD_PATH', 'data/avatars'],
    ['LFS objects', 'lfs.PATH', 'GITEA__lfs__PATH', 'git/lfs'],
  ] as const)
    refuses('gitea-contradicted', [], `that keep ${files} in another folder`, {
      build: ({ chart }, changed) => {
        ofSomebodyElse(chart, false, 'ReadWriteOnce');
        environment(chart, { [variable]: `/var/lib/gitea/${changed ? 'elsewhere' : wanted}/` });
      },
      says: contradicted(
        `its settings keep ${files} in /var/lib/gitea/elsewhere (${setting}), the volume is mounted at /var/lib/gitea, and the job looks for them in ${wanted} on it`,
        `what to do       say in layout where each folder is on the volume, or in settings ${setting}: '/var/lib/gitea/${wanted}'`,
      ),
    });

  refuses('gitea-contradicted', [], 'of ours that keep attachments beside the volume', {
    build: ({ chart }, changed) =>
      gitea(chart, { config: { 'attachment.PATH': changed ? '/srv/attachments' : '/var/lib/gitea/data/attachments' } }),
    says: contradicted(
      'its settings keep attachments in /srv/attachments (attachment.PATH), the volume is mounted at /var/lib/gitea, and the job looks for them in data/attachments on it',
      'what to do       leave attachment.PATH out of config, or make the copies with GiteaBackup',
    ),
  });

  for (const [setting, value, accepted, files, folder] of [
    ['storage.packages.PATH', '/tmp/packages', '/var/lib/gitea/packages', 'package files', 'packages'],
    [
      'storage.actions_artifacts.PATH',
      '/tmp',
      '/var/lib/gitea/actions_artifacts',
      'Actions artifacts',
      'actions_artifacts',
    ],
  ] as const)
    refuses('gitea-contradicted', [], `of ours that keep ${files} beside the volume, as ${setting} says`, {
      build: ({ chart }, changed) => gitea(chart, { config: { [setting]: changed ? value : accepted } }),
      says: contradicted(
        `its settings keep ${files} in ${value} (${setting}), the volume is mounted at /var/lib/gitea, and the job looks for them in ${folder} on it`,
        `what to do       leave ${setting} out of config, or make the copies with GiteaBackup`,
      ),
    });

  for (const setting of ['storage.PATH', 'server.APP_DATA_PATH'])
    refuses(
      'gitea-contradicted',
      [],
      `of ours that keep all for which the image says no place beside the volume, as ${setting} says`,
      {
        build: ({ chart }, changed) => gitea(chart, { config: { [setting]: changed ? '/tmp' : '/var/lib/gitea' } }),
        says: `
        3 copies of Gitea of something else than what their pods use: [gitea-contradicted]
${[
  ['Actions artifacts', 'actions_artifacts'],
  ['Actions logs', 'actions_log'],
  ['package files', 'packages'],
]
  .map(
    ([files, folder]) => `
          ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
              made by          example/gitea
              because          its settings keep ${files} in /tmp/${folder} (${setting}), the volume is mounted at /var/lib/gitea, and the job looks for them in ${folder} on it
              what to do       leave ${setting} out of config, or make the copies with GiteaBackup`,
  )
  .join('')}`,
      },
    );

  refuses('gitea-contradicted', [], 'that keep packages below another folder of all', {
    build: ({ chart }, changed) => {
      ofSomebodyElse(chart, false, 'ReadWriteOnce');
      environment(chart, {
        GITEA__storage__PATH: '/var/lib/gitea/all',
        GITEA__packages__PATH: changed ? '' : '/var/lib/gitea/packages',
        GITEA__storage_0X2E_actions_log__PATH: '/var/lib/gitea/actions_log',
        GITEA__actions_0X2E_artifacts__PATH: '/var/lib/gitea/actions_artifacts',
      });
    },
    says: contradicted(
      'its settings keep package files in /var/lib/gitea/all/packages (storage.PATH), the volume is mounted at /var/lib/gitea, and the job looks for them in packages on it',
      "what to do       say in layout where each folder is on the volume, or in settings packages.PATH: '/var/lib/gitea/packages'",
    ),
  });

  refuses('gitea-contradicted', [], 'that keep repositories beside the volume', {
    build: ({ chart }, changed) => {
      ofSomebodyElse(chart, false, 'ReadWriteOnce');
      environment(chart, changed ? { GITEA_WORK_DIR: '/data' } : {});
    },
    says: contradicted(
      'its pods keep repositories in /data/git/repositories, the volume is mounted at /var/lib/gitea, and the job looks for them in git/repositories on it',
      'what to do       say in layout where each folder is on the volume',
    ),
  });
});

describe('the volume of a Gitea that nobody copies with its database', () => {
  const SET = `✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)`;
  const LINE = `new GiteaBackup(this, 'gitea-backup', { data: { statefulSet: 'gitea', template: 'data' }, pods: { app: 'gitea' }, layout: 'rootless', settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], keptIn: 'where they are kept outside the cluster' }, image: 'docker.gitea.com/gitea:1.26.0-rootless'`;

  refuses('no-strategy', [], 'and that has no strategy', {
    build: ({ chart }, changed) => {
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      });
      ofSomebodyElse(chart, false, 'ReadWriteOnce', changed ? 'none' : { database: { cluster: 'db' } });
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ${SET}
            made by          example/gitea
            to back it up    ${LINE}, database: { cluster: 'db' }, backup: nightly({ to: offsite, keep: { daily: 7 } }) })
            to leave it out  exclude(this, { statefulSet: 'gitea', template: 'data' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('gitea-copied-alone', ['T06'], 'but Velero', {
    build: ({ chart }, changed) => {
      ofSomebodyElse(chart, false, 'ReadWriteOnce', 'none');
      const crashConsistent = 'Its database is SQLite, in the same snapshot.';
      backUp(
        chart,
        { statefulSet: 'gitea', template: 'data' },
        nightly({ to: offsite, keep: { daily: 14 }, ...(changed ? {} : { crashConsistent }) }),
      );
    },
    says: `
      1 volume of Gitea is copied at another moment than its database: [gitea-copied-alone]

        ${SET}
            made by          example/gitea
            because          docker.gitea.com/gitea:1.26.0-rootless in StatefulSet paperless/gitea keeps its repositories on it
            in its place     ${LINE}, database: { host: '…', pods: { labels: { app: '…' } }, database: 'gitea', user: { secret: '…', key: 'user' }, password: { secret: '…', key: 'password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: offsite, keep: { daily: 7 } }) })
            if it has both   crashConsistent: 'why what a power cut leaves is good enough'
    `,
  });

  for (const [what, host, cluster] of [
    ['with the Cluster that its pods use', { GITEA__database__HOST: 'forge-db-rw:5432' }, 'forge-db'],
    ['with a Cluster of several that nobody tells apart', {}, '…'],
  ] as const)
    refuses('no-strategy', [], `and is to be copied ${what}`, {
      build: ({ chart }, changed) => {
        withCluster(chart, undefined, ['aaa-wiki', 'forge-db'], changed ? 'none' : { cluster: 'forge-db' });
        environment(chart, host);
      },
      says: `
        1 dataset has no backup strategy: [no-strategy]

          ${SET}
              made by          example/gitea
              to back it up    ${LINE}, database: { cluster: '${cluster}' }, backup: nightly({ to: offsite, keep: { daily: 7 } }) })
              to leave it out  exclude(this, { statefulSet: 'gitea', template: 'data' }, { reason: 'why losing it is acceptable' })
      `,
    });

  /** As files, with the sentence unless that is what is changed. */
  function asFiles(chart: Chart, changed: boolean): void {
    const crashConsistent = 'Its database is SQLite, in the same snapshot.';
    backUp(
      chart,
      { statefulSet: 'gitea', template: 'data' },
      nightly({ to: offsite, keep: { daily: 14 }, ...(changed ? {} : { crashConsistent }) }),
    );
  }

  refuses('no-strategy', [], 'and whose database is a file', {
    build: ({ chart }, changed) => {
      ofSomebodyElse(chart, false, 'ReadWriteOnce', 'none');
      environment(chart, { GITEA__database__DB_TYPE: 'sqlite3' });
      if (!changed) asFiles(chart, false);
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ${SET}
            made by          example/gitea
            to back it up    backUp(this, { statefulSet: 'gitea', template: 'data' }, nightly({ to: yourLocation, keep: { daily: 7 }, crashConsistent: 'why what a power cut leaves is good enough' }))
            to leave it out  exclude(this, { statefulSet: 'gitea', template: 'data' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('gitea-copied-alone', ['T06'], 'but Velero, and whose database is a file', {
    build: ({ chart }, changed) => {
      ofSomebodyElse(chart, false, 'ReadWriteOnce', 'none');
      environment(chart, { GITEA__database__DB_TYPE: 'sqlite3' });
      asFiles(chart, changed);
    },
    says: `
      1 volume of Gitea is copied at another moment than its database: [gitea-copied-alone]

        ${SET}
            made by          example/gitea
            because          docker.gitea.com/gitea:1.26.0-rootless in StatefulSet paperless/gitea keeps its repositories on it
            if it has both   crashConsistent: 'why what a power cut leaves is good enough'
    `,
  });

  for (const [image, mountPath, secretAt] of [
    ['docker.gitea.com/gitea:1.26.0', '/data', '/etc/other'],
    ['codeberg.org/forgejo/forgejo:13', '/data', '/etc/other'],
    ['docker.gitea.com/gitea:1.26.0-rootless', '/var/lib/gitea', '/etc/gitea'],
  ] as const)
    refuses('gitea-copied-alone', ['T06'], `but Velero, at ${mountPath} of ${image}, with a Secret at ${secretAt}`, {
      build: ({ chart }, changed) => {
        ofSomebodyElse(chart, false, 'ReadWriteOnce', 'none');
        const pod = '/spec/template/spec';
        change(chart, `${pod}/volumes`, [{ name: 'conf', secret: { secretName: 'gitea-ini' } }]);
        change(chart, `${pod}/containers/0/image`, image);
        // What Gitea only reads, it keeps nothing on.
        change(chart, `${pod}/containers/0/volumeMounts`, [
          { name: 'data', mountPath, ...(changed ? {} : { readOnly: true }) },
          { name: 'conf', mountPath: secretAt },
        ]);
        asFiles(chart, true);
      },
      says: `
        1 volume of Gitea is copied at another moment than its database: [gitea-copied-alone]

          ${SET}
              made by          example/gitea
              because          ${image} in StatefulSet paperless/gitea mounts it at ${mountPath}, where its repositories may be
              what to do       copy it together with its database by GiteaBackup, with layout: { folders: { … }, leftOut: [ … ] }, which says where each folder is on the volume
              if it has both   crashConsistent: 'why what a power cut leaves is good enough'
      `,
    });

  refuses('no-strategy', [], 'and whose layout nobody sees', {
    build: ({ chart }, changed) => {
      ofSomebodyElse(chart, false, 'ReadWriteOnce', 'none');
      change(chart, '/spec/template/spec/containers/0/image', 'docker.gitea.com/gitea:1.26.0');
      if (!changed) asFiles(chart, false);
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ${SET}
            made by          example/gitea
            what to do       copy it together with its database by GiteaBackup, with layout: { folders: { … }, leftOut: [ … ] }, which says where each folder is on the volume
            if it has both   backUp(this, { statefulSet: 'gitea', template: 'data' }, nightly({ to: yourLocation, keep: { daily: 7 }, crashConsistent: 'why what a power cut leaves is good enough' }))
            to leave it out  exclude(this, { statefulSet: 'gitea', template: 'data' }, { reason: 'why losing it is acceptable' })
    `,
  });

  it('has a twin, which is not asked for more, where the repositories are known to be elsewhere', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      ofSomebodyElse(chart, false, 'ReadWriteOnce', 'none');
      environment(chart, { GITEA__repository__ROOT: '/srv/repositories' });
      asFiles(chart, true);
    });
    expect(findings).toEqual([]);
  });

  it('[no-strategy] [keys-inside] is copied with it when the line is pasted, and the place of its keys is said', () => {
    const setUp = (chart: Chart): void => {
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      });
      ofSomebodyElse(chart, false, 'ReadWriteOnce', 'none');
    };
    const [finding] = synthesizeScenario(({ chart }) => setUp(chart)).findings;
    const line = finding?.remedies[0]?.text ?? '';
    const after = (text: string): readonly string[] => {
      const { paste } = run(pasted('pasted.ts', [text]));
      if (typeof paste !== 'function') throw new Error('the file exports no function');
      return synthesizeScenario(({ app, chart }) => {
        setUp(chart);
        paste.call(chart, app, offsite);
      }).findings.map(({ rule }) => rule);
    };
    expect(after(line)).toEqual(['keys-inside']);
    expect(after(line.replace('where they are kept outside the cluster', 'sealed envelope, bank'))).toEqual([]);
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
  for (const kind of ['Job', 'CronJob'] as const)
    for (const quiesce of ['stop', { stop: { statefulSet: 'gitea' } }] as const)
      refuses('job-unready', [], `by labels that the pods of a ${kind} have as well, ${JSON.stringify(quiesce)}`, {
        build: ({ chart }, changed) => {
          beside(chart, kind, { app: changed ? 'gitea' : 'beside' });
          ofSomebodyElse(chart, false, 'ReadWriteOnce', { quiesce });
        },
        says: shared(
          `${kind} paperless/beside makes pods with app=gitea, too, and a run that stops the application waits until no such pod is there`,
          "to fix           pods: { app: 'gitea', part: 'forge' }",
        ),
      });

  refuses('job-unready', [], 'by a name that no object has', {
    build: ({ chart }, changed) =>
      ofSomebodyElse(chart, false, 'ReadWriteOnce', {
        quiesce: changed ? { stop: { deployment: 'forgejo' } } : 'stop',
      }),
    says: `
      1 job that could not run: [job-unready]

        ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
            made by          example/gitea
            because          Deployment paperless/forgejo makes no pods with app=gitea, as far as the output shows, and no HelmRelease would
            to fix           quiesce: { stop: { statefulSet: 'gitea' } }
    `,
  });

  refuses('job-unready', [], 'and that a HelmRelease makes, so that only its name is known', {
    build: ({ chart }, changed) =>
      release(chart, {}, { quiesce: changed ? 'stop' : { stop: { deployment: 'gitea' } } }),
    says: `
      1 job that could not run: [job-unready]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example/backup
            because          no StatefulSet or Deployment in the output makes pods with app=gitea in namespace paperless, which are to be stopped
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

  const NOWHERE = `because          no copy carries its SECRET_KEY, and nobody said which key of a Secret that is
              to fix           settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], keptIn: 'where they are kept outside the cluster' }`;

  refuses('keys-inside', ['T08'], 'that are on no volume and in no Secret', {
    build: ({ chart }, changed) => release(chart, {}, { layout: changed ? 'rootless' : 'chart' }),
    says: `
        1 key that is lost with what it protects: [keys-inside]

          ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
              made by          example/backup
              ${NOWHERE}
      `,
  });

  for (const keys of [[], ['ROOT_URL']])
    refuses('keys-inside', ['T08'], `that are in a Secret of which ${keys.length} others are named`, {
      build: ({ chart }, changed) =>
        ofSomebodyElse(chart, false, 'ReadWriteOnce', {
          settings: {
            secret: 'gitea-settings',
            keys: changed ? keys : ['GITEA__security__SECRET_KEY'],
            keptIn: 'sealed envelope, bank',
          },
        }),
      says: `
        1 key that is lost with what it protects: [keys-inside]

          ✖ StatefulSet paperless/gitea, claim template 'data' (50Gi)
              made by          example/gitea
              ${NOWHERE}
      `,
    });

  for (const [what, config, because] of [
    [
      'in its settings, which stand in Git',
      { 'service.HCAPTCHA_SECRET': 's', 'mailer.PASSWD': 'hunter2' },
      `write nothing for 'service.HCAPTCHA_SECRET', which would stand in Git: the Secret of settings has it, as GITEA__service__HCAPTCHA_SECRET; nothing for 'mailer.PASSWD', which would stand in Git: the Secret of settings has it, as GITEA__mailer__PASSWD`,
    ],
    [
      'in the address of its cache',
      { 'cache.HOST': 'redis://:hunter2@redis:6379/0' },
      `write nothing for 'cache.HOST', which would stand in Git: the Secret of settings has it, as GITEA__cache__HOST`,
    ],
    [
      'beside settings that follow from others',
      { 'Database.HOST': 'db2-rw', 'security.SECRET_KEY_URI': 'file:/tmp/key' },
      `write nothing for 'Database.HOST', which follows from the other properties; nothing for 'security.SECRET_KEY_URI', which follows from the other properties`,
    ],
    [
      'beside settings of no section',
      { ROOT_URL: 'https://git.example.net/' },
      `write 'server.ROOT_URL', with the section of app.ini that has it, for 'ROOT_URL'`,
    ],
    [
      'beside settings that no variable can be called after',
      { 'a b.C': 'd' },
      `write 'server.ROOT_URL', or another section and key, for 'a b.C'`,
    ],
  ] as const)
    refuses('invalid-construct', [], what, {
      build: ({ chart }, changed) =>
        gitea(chart, { config: changed ? config : { 'cron.update_checker.ENABLED': 'false', '.APP_NAME': 'Forge' } }),
      says: `
        1 construct is not valid: [invalid-construct]

          ✖ example/gitea
              because          its config does not fit: ${because}
      `,
    });
});
