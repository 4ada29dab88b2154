/** Properties that no types hold to anything: the gate says what to write, where a stack trace would say nothing. */
import { Duration, Size, type Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import {
  BackedUpGitea,
  BackedUpPostgres,
  BackedUpStatefulSet,
  BackedUpVolume,
  CephBucketMirror,
  CephBucketWithBackupGrant,
  continuous,
  GiteaBackup,
  grantBackup,
  kubeadmEtcd,
  mirrored,
  nightly,
  PostgresBackup,
  ScratchVolume,
} from '../../lib';
import { ROOTLESS_LAYOUT } from '../../lib/jobs/gitea';
import { offsite, synthesizeScenario, type ScenarioOptions } from '../support/scenario';

type Properties = Readonly<Record<string, unknown>> | undefined;

const storage = Size.gibibytes(20);
const night = nightly({ to: offsite, keep: { daily: 14 } });

/** What the gate says, with what it is about left out where that is the one construct. */
function whatIsSaid(build: (chart: Chart) => void, options: ScenarioOptions = {}): readonly string[] {
  const { findings } = synthesizeScenario(({ chart }) => build(chart), options);
  return findings.map(({ rule, subject, because }) => `[${rule}] ${subject}: ${because ?? ''}`);
}

/** Without what is right all over. */
function shortened(props: Properties): string {
  return String(JSON.stringify(props, (key, value: unknown) => (key === 'backup' ? '…' : value)));
}

function refused(
  what: string,
  build: (chart: Chart, props: never) => void,
  wrong: readonly (readonly [Properties, ...string[]])[],
): void {
  describe(`the properties of ${what}`, () => {
    for (const [props, ...says] of wrong) {
      it(`[invalid-construct] of ${shortened(props)} is refused`, () => {
        const findings = whatIsSaid((chart) => build(chart, props as never));
        expect(findings).toEqual(says.map((text) => `[invalid-construct] example/it: ${text}`));
      });
    }
  });
}

const log = { storage, backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }) };
const NO_STORAGE = 'write storage: Size.gibibytes(20)';

refused('a database', (chart, props) => void new BackedUpPostgres(chart, 'it', props), [
  [undefined, `it has no storage: ${NO_STORAGE}`],
  [{ backup: log.backup }, `it has no storage: ${NO_STORAGE}`],
  [{ ...log, storage: '20Gi' }, `its storage does not fit: ${NO_STORAGE}`],
  [{ ...log, name: 7 }, "its name does not fit: write name: 'db'"],
  [{ ...log, storageClass: 7 }, "its storageClass does not fit: write storageClass: 'ceph-block'"],
  [{ ...log, instances: 0 }, 'its instances does not fit: write instances: 1, or another whole number from 1'],
  [{ ...log, generation: 0 }, 'its generation does not fit: write generation: 1, or another whole number from 1'],
  [{ ...log, generation: 1.5 }, 'its generation does not fit: write generation: 1, or another whole number from 1'],
  [{ ...log, spec: 'x' }, 'its spec does not fit: write spec: { postgresql: { … } }'],
  [{ ...log, podMonitor: 'no' }, 'its podMonitor does not fit: write podMonitor: false'],
  [{ ...log, dump: 'x' }, 'its dump does not fit: write dump: { deadline: Duration.hours(1) }'],
  [
    { ...log, dump: { image: 17 } },
    "its dump.image does not fit: write image: 'docker.io/library/postgres:18.1', with a tag or a digest",
  ],
]);

const RESOURCES = "write resources: { cpu: '50m', memory: '256Mi', memoryLimit: '1Gi' }";

refused(
  'the jobs of a database',
  (chart, dump) => void new BackedUpPostgres(chart, 'it', { storage, backup: night, dump }),
  [
    [{ scratchClass: 'Bad_Class' }, "its dump.scratchClass does not fit: write scratchClass: 'ceph-block'"],
    [{ upkeepSecret: '' }, "its dump.upkeepSecret does not fit: write upkeepSecret: 'deletes-backups'"],
    [{ resources: { memory: 'lots' } }, `its dump.resources does not fit: ${RESOURCES}`],
    [{ resources: { limits: { memory: '1Gi' } } }, `its dump.resources does not fit: ${RESOURCES}`],
  ],
);

const server = {
  host: 'db',
  pods: { labels: { app: 'db' } },
  user: { secret: 'db', key: 'username' },
  password: { secret: 'db', key: 'password' },
  keptIn: 'sealed envelope, bank',
};
const dump = { data: { claim: 'db' }, server, backup: night };
const NO_SERVER =
  "it has no server: write server: { host: 'db', pods: { labels: … }, user: …, password: …, keptIn: … }; or name a cluster";
const NO_DATA = "write data: { claim: 'db-data' }, or { statefulSet: 'db', template: 'data' }";
const NO_HOST =
  "its server.host does not fit: write host: 'db', the name of a Service in the namespace of the volume, and nothing behind it";

refused('the dumps of a database', (chart, props) => void new PostgresBackup(chart, 'it', props), [
  [undefined, `it has no data: ${NO_DATA}`, NO_SERVER],
  [{ ...dump, data: { volume: 'db' } }, `its data does not fit: ${NO_DATA}`],
  [{ data: dump.data, backup: night }, NO_SERVER],
  [
    { ...dump, data: { claim: 'db', heldBy: { helmRelease: 'db' }, storage: '20Gi', labels: { app: 'db' } } },
    "its data does not fit: write data: { claim: 'data-db-0', heldBy: { helmRelease: 'db' }, storage: Size.gibibytes(20), labels: { app: 'db' } }",
  ],
  [{ ...dump, server: { ...server, host: '' } }, NO_HOST],
  [
    { ...dump, server: { ...server, host: 'db.wiki.svc.cluster.local' } },
    `${NO_HOST}; where the database is in the namespace 'wiki', and the chart is not, write namespace: 'wiki' into data, too`,
  ],
  [{ ...dump, server: { ...server, port: '5432' } }, 'its server.port does not fit: write port: 5432'],
  [
    { ...dump, server: { ...server, pods: { labels: {} } } },
    "its server.pods.labels does not fit: write pods: { labels: { app: 'db' } }",
  ],
  [
    { ...dump, server: { ...server, pods: { labels: { 'a b': 'db', app: 'x'.repeat(64), of: 'db' } } } },
    `its server.pods.labels does not fit: write pods: { labels: { app: 'db' } }, and not 'a b: db' and 'app: ${'x'.repeat(64)}': a label has letters, digits, '-', '_' and '.', and at most 63 of them`,
  ],
  [
    { ...dump, server: { ...server, user: { secret: 'db', key: 'a b' } } },
    "its server.user does not fit: write user: { secret: 'db', key: 'username' }, and not the key 'a b': letters, digits, '-', '_' and '.' make one",
  ],
  [
    { ...dump, server: { ...server, password: { secret: 'My_Secret', key: 'a' } } },
    "its server.password does not fit: write password: { secret: 'db', key: 'password' }, and not the name 'My_Secret': lower case letters, digits, '-' and '.' make one",
  ],
  [
    { ...dump, server: { ...server, pods: { labels: { app: 'db' }, port: 0 } } },
    "its server.pods.port does not fit: write pods: { labels: { app: 'db' }, port: 5432 }",
  ],
  [
    { ...dump, server: { ...server, user: 'postgres' } },
    "its server.user does not fit: write user: { secret: 'db', key: 'username' }",
  ],
  [
    { ...dump, server: { ...server, password: { secret: 'db' } } },
    "its server.password does not fit: write password: { secret: 'db', key: 'password' }",
  ],
  [
    { ...dump, server: { ...server, sslMode: 'nonsense' } },
    "its server.sslMode does not fit: write sslMode: 'require', or 'prefer'",
  ],
  [
    { ...dump, dump: { image: 17 } },
    "its dump.image does not fit: write image: 'docker.io/library/postgres:18.1', with a tag or a digest",
  ],
  [
    { ...dump, dump: { image: 'docker.io/library/postgres:latest' } },
    "its dump.image does not fit: write image: 'docker.io/library/postgres:18.1', with a tag or a digest",
  ],
  [{ cluster: '', backup: log.backup }, "its cluster does not fit: write cluster: 'db'"],
  [{ cluster: 'db', namespace: 7, backup: log.backup }, "its namespace does not fit: write namespace: 'wiki'"],
]);

for (const Volume of [BackedUpVolume, ScratchVolume]) {
  const why = { backup: night, reason: 'Downloaded again on the next build.' };
  refused(Volume.name, (chart, props) => void new Volume(chart, 'it', props), [
    [undefined, `it has no storage: ${NO_STORAGE}`],
    [{ ...why, storage: '20Gi' }, `its storage does not fit: ${NO_STORAGE}`],
    [{ ...why, storage, name: 7 }, "its name does not fit: write name: 'data'"],
  ]);
}

const podTemplate = { spec: { containers: [{ name: 'app', image: 'app:1.0' }] } };
const NO_TEMPLATE = 'it has no podTemplate: write podTemplate: { spec: { containers: [ … ] } }';
const NO_VOLUMES = 'write volumes: { data: { storage: Size.gibibytes(20), backup: … } }';

refused('a StatefulSet', (chart, props) => void new BackedUpStatefulSet(chart, 'it', props), [
  [undefined, NO_TEMPLATE, `it has no volumes: ${NO_VOLUMES}`],
  [{ volumes: { data: log } }, NO_TEMPLATE],
  [{ podTemplate, volumes: 'data' }, `its volumes does not fit: ${NO_VOLUMES}`],
  [
    { podTemplate, volumes: { data: { storage: '20Gi', backup: night } } },
    `its volumes.data.storage does not fit: ${NO_STORAGE}`,
  ],
]);

const bucket = { bucketName: 'files', storageClass: 'bucket-retain', backup: mirrored({ to: offsite }) };

refused('a bucket', (chart, props) => void new CephBucketWithBackupGrant(chart, 'it', props), [
  [undefined, "it has no storageClass: write storageClass: 'bucket-retain'"],
  [{ ...bucket, bucketName: 7 }, "its bucketName does not fit: write bucketName: 'paperless-attachments'"],
  [{ ...bucket, statements: 'x' }, "its statements does not fit: write statements: [{ Effect: 'Allow', … }]"],
  [
    { ...bucket, additionalConfig: 'x' },
    "its additionalConfig does not fit: write additionalConfig: { maxSize: '100G' }",
  ],
]);

refused('the mirror of a bucket', (chart, props) => void new CephBucketMirror(chart, 'it', props), [
  [undefined, "it has no claim: write claim: 'media'"],
  [{ claim: 7, to: offsite }, "its claim does not fit: write claim: 'media'"],
]);

const login = { secret: 'gitea', key: 'password' };
const copies = {
  data: { claim: 'gitea' },
  pods: { app: 'gitea' },
  layout: 'chart',
  image: 'docker.gitea.com/gitea:1.26.0',
  database: {
    host: 'db',
    pods: { labels: { app: 'db' } },
    database: 'gitea',
    user: login,
    password: login,
    keptIn: 'safe',
  },
  backup: night,
};
const NO_GITEA =
  "its data does not fit: write data: { claim: 'gitea-data' }, or { statefulSet: 'gitea', template: 'data' }";
const leftOut = (...folders: readonly unknown[]): Properties => ({
  ...copies,
  layout: { ...ROOTLESS_LAYOUT, leftOut: folders },
});
const noFolder = (folder: string): string =>
  `its layout does not fit: write no '${folder}', but a folder from the root of the volume, without spaces, patterns, '..' or a slash at either end`;

refused('the copies of a Gitea', (chart, props) => void new GiteaBackup(chart, 'it', props), [
  ...['old custom', 'cache*', '/tmp', 'tmp/', '../x', ''].map((folder) => [leftOut(folder), noFolder(folder)] as const),
  [
    { ...copies, layout: { ...ROOTLESS_LAYOUT, folders: { ...ROOTLESS_LAYOUT.folders, avatars: 'my avatars' } } },
    noFolder('my avatars'),
  ],
  [{ ...copies, data: {} }, NO_GITEA],
  [{ ...copies, data: { claim: 5 } }, NO_GITEA],
  [{ ...copies, data: { statefulSet: 'a' } }, NO_GITEA],
  [
    { ...copies, data: { claim: 'a', heldBy: 5, storage, labels: {} } },
    "its data does not fit: write data: { claim: 'data-gitea-0', heldBy: { helmRelease: 'gitea' }, storage: Size.gibibytes(20), labels: { app: 'gitea' } }",
  ],
  [
    { ...copies, database: { ...copies.database, host: 'pg.databases.svc.cluster.local' } },
    "its database.host does not fit: write host: 'db', the name of a Service in the namespace of the volume, and nothing behind it",
  ],
  [{ ...copies, database: { ...copies.database, port: 0 } }, 'its database.port does not fit: write port: 5432'],
  [
    { ...copies, database: { ...copies.database, cluster: 'db' } },
    "its database does not fit: write database: { cluster: 'db' }, or { host: …, pods: { labels: … }, database: …, user: …, password: …, keptIn: … }",
  ],
  [
    { ...copies, image: 'docker.gitea.com/gitea:latest' },
    "its image does not fit: write image: 'docker.gitea.com/gitea:1.26.0-rootless', with a tag or a digest",
  ],
  ...[5, { repositories: 1 }, { attachments: 0 }, { attachments: 1.5 }, { avatars: 'all' }].map(
    (knownLosses) =>
      [
        { ...copies, copies: { knownLosses } },
        'its copies.knownLosses does not fit: write knownLosses: { attachments: 1 }, with kinds of files that a volume can have and how many of each are lost',
      ] as const,
  ),
  [
    { ...copies, pods: { app: 'git ea' } },
    "its pods does not fit: write pods: { 'app.kubernetes.io/name': 'gitea' }, and not 'app: git ea': a label has letters, digits, '-', '_' and '.', and at most 63 of them",
  ],
  [
    { ...copies, settings: { secret: 'My_Secret', keys: ['SECRET_KEY'], keptIn: 'safe' } },
    "its settings does not fit: write settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], keptIn: '…' }",
  ],
  [{ ...copies, pod: { tolerations: {} } }, "its pod does not fit: write pod: { nodeSelector: { disk: 'fast' } }"],
  [{ ...copies, pod: { runAsUser: 'git' } }, 'its pod.runAsUser does not fit: write runAsUser: 1000'],
]);

const NO_IMAGE =
  "its image does not fit: write image: 'docker.gitea.com/gitea:1.26.0-rootless', or another rootless one with a tag or a digest";

refused(
  'a Gitea',
  (chart, props: object) => {
    const database = { name: 'db', host: 'db-rw', secretName: 'db-app' };
    const settings = { secret: 'gitea-settings', keptIn: 'sealed envelope, bank' };
    new BackedUpGitea(chart, 'it', { database, storage, settings, backup: night, ...props } as never);
  },
  [
    ...[
      'docker.gitea.com/gitea',
      'docker.gitea.com/gitea:latest',
      'docker.gitea.com/gitea:1.26.0',
      'codeberg.org/forgejo/forgejo:13.0',
    ].map((image) => [{ image }, NO_IMAGE] as const),
    [
      { copies: { postgresImage: 'postgres' } },
      "its copies.postgresImage does not fit: write postgresImage: 'docker.io/library/postgres:18.1', with a tag or a digest",
    ],
    [
      { pod: { tolerations: {} } },
      "its pod does not fit: write pod: { nodeSelector: { disk: 'fast' } }, with further fields of the pods as Kubernetes has them",
    ],
  ],
);

describe('what is no strategy', () => {
  it.each([
    { type: 'scheduled', to: offsite },
    { type: 'continuous', to: offsite },
    { type: 'continuous', to: offsite, baseCopies: { every: 'night' } },
  ])('[no-strategy] as %o is refused', (backup) => {
    const findings = whatIsSaid(
      (chart) => void new BackedUpPostgres(chart, 'it', { storage, backup: backup as never }),
    );
    expect(findings).toEqual(['[no-strategy] Cluster paperless/it (20Gi): ']);
  });
});

describe('what names no data', () => {
  it('is refused with what to write', () => {
    const build = (chart: Chart): void => grantBackup(chart, { bucket: 5 } as never, mirrored({ to: offsite }));
    expect(() => whatIsSaid(build)).toThrow('{"bucket":5} names no data: write one of ');
  });
});

describe('etcd', () => {
  const ENDPOINT =
    "its etcd.endpoint does not fit: write endpoint: 'https://127.0.0.1:2379', of one member: etcdctl takes no snapshot of several";
  const FOLDER =
    "its etcd.folder does not fit: write folder: '/etc/kubernetes', from the root of the node and without a slash at its end";
  const wrong: readonly [Properties, string][] = [
    [{ endpoint: 'https://10.0.0.1:2379,https://10.0.0.2:2379' }, ENDPOINT],
    [{ endpoint: '' }, ENDPOINT],
    [{ endpoint: 'http://127.0.0.1:2379' }, ENDPOINT],
    [{ folder: 'etc/kubernetes' }, FOLDER],
    [{ folder: '/etc/kubernetes/' }, FOLDER],
    [{ folder: '/etc/../root' }, FOLDER],
    [{ externalCa: 'no' }, 'its etcd.externalCa does not fit: write externalCa: true'],
    [{ deadline: '1h' }, 'its etcd.deadline does not fit: write deadline: Duration.hours(1)'],
  ];
  for (const [props, says] of wrong) {
    it(`[invalid-construct] of ${JSON.stringify(props)} is refused`, () => {
      const etcd = kubeadmEtcd({ backup: night, ...props } as never);
      expect(whatIsSaid(() => {}, { props: { etcd } })).toEqual([`[invalid-construct] app: ${says}`]);
    });
  }

  it('may be a member with an address of its own', () => {
    const etcd = kubeadmEtcd({
      backup: night,
      endpoint: 'https://[fd00::1]:2379',
      folder: '/var/lib/k8s',
      externalCa: true,
    });
    expect(whatIsSaid(() => {}, { props: { etcd } })).toEqual([]);
  });
});
