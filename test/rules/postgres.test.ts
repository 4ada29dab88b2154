import { ApiObject, Duration, JsonPatch, Size, type Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import {
  BackedUpPostgres,
  backUp,
  continuous,
  elsewhere,
  PostgresBackup,
  s3Location,
  type PostgresSpec,
  type S3LocationProps,
} from '../../lib';
import { refuses } from '../support/rule-test';
import { explain, offsite, platform, synthesizeScenario } from '../support/scenario';

const storage = Size.gibibytes(20);
const backup = continuous({ to: offsite, restoreWindow: Duration.days(30) });
const PLUGIN = 'barman-cloud.cloudnative-pg.io';

/** A database of ours; `patch` changes one of its objects. */
function database(
  chart: Chart,
  options: { readonly spec?: object; readonly of?: string; readonly patch?: JsonPatch | undefined } = {},
): BackedUpPostgres {
  // Types refuse what the gate has to refuse as well.
  const db = new BackedUpPostgres(chart, 'db', { storage, backup, spec: { ...options.spec } as PostgresSpec });
  if (options.patch !== undefined) patched(db, options.of ?? 'Resource', options.patch);
  return db;
}

function patched(construct: BackedUpPostgres | PostgresBackup, child: string, patch: JsonPatch): void {
  ApiObject.of(construct.node.findChild(child)).addJsonPatch(patch);
}

const PLUGINS = [
  { name: PLUGIN, isWALArchiver: true, parameters: { barmanObjectName: 'db', serverName: 'db-1' } },
] as const;

/** A database that somebody else wrote. */
function cluster(chart: Chart, name: string, spec: object): ApiObject {
  return new ApiObject(chart, name, {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    metadata: { name },
    spec: { instances: 1, storage: { size: '20Gi' }, ...spec },
  });
}

/** Where somebody else's database keeps its archive. */
function objectStore(chart: Chart, name: string): void {
  const secret = { name: 'keys-of-the-archive' };
  new ApiObject(chart, `${name}-store`, {
    apiVersion: 'barmancloud.cnpg.io/v1',
    kind: 'ObjectStore',
    metadata: { name },
    spec: {
      configuration: {
        destinationPath: 's3://home-backups/databases',
        endpointURL: 'https://s3.example.net',
        s3Credentials: { accessKeyId: { ...secret, key: 'id' }, secretAccessKey: { ...secret, key: 'secret' } },
      },
    },
  });
}

const LINES = `write under spec of the Cluster: plugins: [{ name: ${PLUGIN}, isWALArchiver: true, parameters: { barmanObjectName: db, serverName: db-1 } }]`;

/** What a finding of `postgres-archive` says of the database. */
function notArchived(because: string, label: string, text: string): string {
  return `
      1 database whose log does not go where it is said to go: [postgres-archive]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          ${because}
            ${label.padEnd(16)} ${text}
    `;
}

describe('the log of a database is archived', () => {
  refuses('cnpg-missing', [], 'on a platform without the operator', {
    build: ({ chart }) => void database(chart),
    options: (changed) => ({ platform: changed ? { cnpg: undefined as never } : {} }),
    says: `
      CloudNativePG and its Barman plugin are needed, and the platform does not have them: [cnpg-missing]

        ✖ 1 database
            to fix           cnpg: { version: '1.30', barmanPlugin: '0.14' }
    `,
  });

  for (const [situation, spec, because] of [
    ['a Cluster of somebody else that names no plugin', {}, 'no plugin archives its log'],
    [
      'a plugin that is not told to archive',
      { plugins: [{ name: PLUGIN, parameters: { barmanObjectName: 'db' } }] },
      'its plugin is not told to archive the log',
    ],
    ['a plugin that is switched off', { plugins: [{ ...PLUGINS[0], enabled: false }] }, 'no plugin archives its log'],
    [
      'a plugin that names no ObjectStore',
      { plugins: [{ name: PLUGIN, isWALArchiver: true }] },
      'its plugin names no ObjectStore',
    ],
  ] as const) {
    refuses('postgres-archive', ['P15'], situation, {
      build: ({ chart }, changed) => {
        cluster(chart, 'db', changed ? spec : { plugins: PLUGINS });
        new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup });
      },
      says: notArchived(because, 'what to do', LINES),
    });
  }

  refuses('postgres-archive', ['P15'], 'a Cluster in a file beside', {
    build: ({ chart }) => void new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup }),
    options: (changed) => ({
      files: {
        'db.yaml': `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: db, namespace: paperless, annotations: { kustomize.toolkit.fluxcd.io/prune: disabled } }
spec:
  instances: 1
  storage: { size: 20Gi }
  ${changed ? '' : `plugins: [{ name: ${PLUGIN}, isWALArchiver: true, parameters: { barmanObjectName: db, serverName: db-1 } }]`}
`,
      },
    }),
    says: `
      1 database whose log does not go where it is said to go: [postgres-archive]

        ✖ Cluster paperless/db (20Gi)
            written in       db.yaml:2
            because          no plugin archives its log
            what to do       ${LINES}
    `,
  });

  refuses('postgres-archive', ['P15'], 'an ObjectStore that is not there', {
    build: ({ chart }, changed) => {
      const parameters = { barmanObjectName: changed ? 'other' : 'db', serverName: 'db-1' };
      cluster(chart, 'db', { plugins: [{ ...PLUGINS[0], parameters }] });
      new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup });
    },
    says: notArchived('its plugin names ObjectStore other, which no object is', 'what to do', LINES),
  });

  refuses('postgres-archive', ['P15'], 'an ObjectStore in another namespace', {
    build: ({ chart }, changed) => {
      const patch = JsonPatch.replace('/metadata/namespace', 'paperless-archive');
      database(chart, changed ? { of: 'ObjectStore', patch } : {});
    },
    says: notArchived(
      'its plugin names ObjectStore db, which is in namespace paperless-archive',
      'what to do',
      'put it into namespace paperless, where the plugin looks for it',
    ),
  });

  // What PostgreSQL 15 takes for its archive_mode; of `f`, `of` and other words it says that they are invalid, and does not start.
  for (const [on, off] of [
    ['on', 'off'],
    ['always', 'OFF'],
    ['true', 'False'],
    ['yes', 'no'],
    ['1', ' 0'],
  ] as const) {
    refuses('postgres-archive', ['P16'], `a parameter that switches the archive off by '${off}'`, {
      build: ({ chart }, changed) =>
        void database(chart, { spec: { postgresql: { parameters: { archive_mode: changed ? off : on } } } }),
      says: notArchived(`its parameter archive_mode is ${off.trim()}`, 'what to do', 'take it away'),
    });
  }

  refuses('postgres-archive', ['P16'], 'an annotation that switches the archive off', {
    build: ({ chart }, changed) => {
      const db = database(chart);
      if (changed) ApiObject.of(db).metadata.addAnnotation('cnpg.io/skipWalArchiving', 'enabled');
    },
    says: notArchived('its annotation cnpg.io/skipWalArchiving switches the archive off', 'what to do', 'take it away'),
  });

  refuses('postgres-archive', [], 'a hibernated database', {
    build: ({ chart }, changed) => {
      const db = database(chart);
      ApiObject.of(db).metadata.addAnnotation('cnpg.io/hibernation', changed ? 'on' : 'off');
    },
    says: notArchived(
      'it is hibernated: nothing writes, and no base copy is made',
      'what to do',
      'take the annotation cnpg.io/hibernation away, or say with elsewhere who has its data',
    ),
  });

  for (const fenced of ['["*"]', '["db-1"]'])
    refuses('postgres-archive', [], `a database whose instances are fenced, ${fenced}`, {
      build: ({ chart }, changed) => {
        const db = database(chart);
        ApiObject.of(db).metadata.addAnnotation('cnpg.io/fencedInstances', changed ? fenced : '[]');
      },
      says: notArchived(
        `its annotation cnpg.io/fencedInstances is '${fenced}': PostgreSQL is stopped there, hands over no log, and no base copy is made of it`,
        'what to do',
        'take the annotation away',
      ),
    });

  for (const timeout of ['0', 'never', '5 minutes']) {
    refuses('postgres-archive', [], `an archive_timeout of '${timeout}'`, {
      build: ({ chart }, changed) =>
        void database(chart, {
          spec: { postgresql: { parameters: { archive_timeout: changed ? timeout : '30 s' } } },
        }),
      says: notArchived(
        `its parameter archive_timeout is '${timeout}': what is written last stays until 16 MiB are full`,
        'to fix',
        `archive_timeout: '5min'`,
      ),
    });
  }

  refuses('postgres-archive', ['W03'], 'an RPO, and a log that is never handed over', {
    build: ({ chart }, changed) => {
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30), rpo: Duration.minutes(15) }),
        spec: { postgresql: { parameters: { archive_timeout: changed ? '0' : '5min' } } },
      });
    },
    says: notArchived(
      `its parameter archive_timeout is '0': what is written last stays until 16 MiB are full`,
      'to fix',
      `archive_timeout: '5min'`,
    ),
  });

  refuses('postgres-archive', ['P15'], 'an ObjectStore that nobody has written', {
    build: ({ chart }, changed) => {
      cluster(chart, 'db', { plugins: PLUGINS });
      if (!changed) {
        new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup });
        return;
      }
      new ApiObject(chart, 'copies', {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'ScheduledBackup',
        metadata: { name: 'copies' },
        spec: {
          schedule: '0 30 3 * * *',
          cluster: { name: 'db' },
          method: 'plugin',
          pluginConfiguration: { name: PLUGIN },
        },
      });
      backUp(chart, { postgres: 'db' }, backup);
    },
    says: `
      1 database whose log does not go where it is said to go: [postgres-archive]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          its plugin names ObjectStore db, which no object is
            to fix           new PostgresBackup(this, 'db-backup', { cluster: 'db', backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }) })
            what to do       in the place of backUp
    `,
  });

  refuses('postgres-archive', ['P07'], 'an archive of the operator itself, which goes with its next release', {
    build: ({ chart }, changed) => {
      const barmanObjectStore = {
        destinationPath: 's3://home-backups/old',
        s3Credentials: { inheritFromIAMRole: true },
      };
      cluster(chart, 'db', changed ? { backup: { barmanObjectStore } } : { plugins: PLUGINS });
      new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup });
    },
    says: notArchived(
      'spec.backup.barmanObjectStore archives its log, which CloudNativePG 1.31 no longer knows',
      'what to do',
      `${LINES}, in the place of it`,
    ),
  });

  refuses('postgres-archive', [], 'two that archive', {
    build: ({ chart }, changed) => {
      cluster(chart, 'db', {
        plugins: [PLUGINS[0], { name: 'pgbackrest.example.net', isWALArchiver: changed }],
      });
      new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup });
    },
    says: notArchived(
      `${PLUGIN} and pgbackrest.example.net archive its log, and the operator refuses more than one`,
      'what to do',
      'keep the plugin alone',
    ),
  });

  refuses('postgres-archive', [], 'another plugin that archives', {
    build: ({ chart }, changed) => {
      cluster(chart, 'db', {
        plugins: [PLUGINS[0], { name: 'pgbackrest.example.net', isWALArchiver: changed }].slice(changed ? 1 : 0),
      });
      new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup });
    },
    says: notArchived(
      'the plugin pgbackrest.example.net archives its log',
      'what to do',
      `${LINES}, in the place of it`,
    ),
  });

  const other: S3LocationProps = {
    endpoint: 'https://s3.example.org',
    bucket: 'copies',
    failureDomain: 'offsite-far',
    keptIn: 'sealed envelope, bank',
  };

  refuses('postgres-archive', [], 'a second place, for which a database has no archive', {
    build: ({ chart }, changed) => {
      const far = s3Location('far', other);
      const further = continuous({ to: far, restoreWindow: Duration.days(30) });
      new BackedUpPostgres(chart, 'db', { storage, backup: changed ? [backup, further] : backup });
    },
    says: notArchived(
      "ObjectStore db stores at s3://home-backups/home/data/paperless/db of https://s3.example.net, and not at 'far'",
      'what to do',
      'let both say the same place',
    ),
  });

  for (const [situation, path, value, place] of [
    [
      'bucket',
      'destinationPath',
      's3://other/home/data/paperless/db',
      's3://other/home/data/paperless/db of https://s3.example.net',
    ],
    [
      'server',
      'endpointURL',
      'https://s3.example.org',
      's3://home-backups/home/data/paperless/db of https://s3.example.org',
    ],
    ['protocol', 'destinationPath', 'gs://home-backups/db', `'gs://home-backups/db'`],
  ] as const) {
    refuses('postgres-archive', [], `an ObjectStore at another ${situation}`, {
      build: ({ chart }, changed) => {
        const patch = JsonPatch.replace(`/spec/configuration/${path}`, value);
        database(chart, changed ? { of: 'ObjectStore', patch } : {});
      },
      says: notArchived(
        `ObjectStore db stores at ${place}, and not at 'offsite'`,
        'what to do',
        'let both say the same place',
      ),
    });
  }

  refuses('postgres-archive', [], 'an ObjectStore outside the prefix of its location', {
    build: ({ chart }, changed) => {
      const to = s3Location('far', { ...other, prefix: 'mine' });
      const db = new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to, restoreWindow: Duration.days(30) }),
      });
      const path = '/spec/configuration/destinationPath';
      if (changed) patched(db, 'ObjectStore', JsonPatch.replace(path, 's3://copies/mine-too/db'));
    },
    says: notArchived(
      "ObjectStore db stores at s3://copies/mine-too/db of https://s3.example.org, and not at 'far'",
      'what to do',
      'let both say the same place',
    ),
  });

  refuses('postgres-archive', [], 'an ObjectStore without keys', {
    build: ({ chart }, changed) => {
      const patch = JsonPatch.remove('/spec/configuration/s3Credentials');
      database(chart, changed ? { of: 'ObjectStore', patch } : {});
    },
    says: notArchived(
      'ObjectStore db names no keys',
      'what to do',
      'name those of Secret backed-up-offsite in s3Credentials',
    ),
  });

  refuses('postgres-archive', [], 'an ObjectStore that does not know the authority of its server', {
    build: ({ chart }, changed) => {
      const to = s3Location('far', { ...other, customCa: true });
      const db = new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to, restoreWindow: Duration.days(30) }),
      });
      if (changed) patched(db, 'ObjectStore', JsonPatch.remove('/spec/configuration/endpointCA'));
    },
    says: notArchived(
      "ObjectStore db does not know the authority of the server's certificate, which 'far' says is its own",
      'what to do',
      'say endpointCA: { name: backed-up-far, key: ca.crt }',
    ),
  });

  for (const [kept, promised] of [
    ['29d', '29 d'],
    ['4w', '28 d'],
  ] as const) {
    refuses('postgres-archive', ['W04'], `an ObjectStore that keeps less than is promised: ${kept}`, {
      build: ({ chart }, changed) => {
        const patch = JsonPatch.replace('/spec/retentionPolicy', changed ? kept : '1m');
        database(chart, { of: 'ObjectStore', patch });
      },
      says: notArchived(
        `ObjectStore db keeps what a restore needs for ${promised}, and 30 d are promised`,
        'to fix',
        `retentionPolicy: '30d'`,
      ),
    });
  }

  refuses('rpo-out-of-reach', ['W03'], 'an archive_timeout that is longer than the RPO', {
    build: ({ chart }, changed) => {
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30), rpo: Duration.minutes(15) }),
        spec: { postgresql: { parameters: { archive_timeout: changed ? '11min' : '10min' } } },
      });
    },
    says: `
      1 RPO that the schedules cannot reach: [rpo-out-of-reach]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          at worst the newest copy outside the cluster is 16 min old, and only 15 min are accepted
            to fix           rpo: Duration.minutes(16)
            what to do       copy more often, or accept what is reached
    `,
  });

  refuses('expires-too-soon', ['W04'], 'a window that is over before anybody notices', {
    build: ({ chart }, changed) => {
      const restoreWindow = Duration.days(changed ? 4 : 5);
      new BackedUpPostgres(chart, 'db', { storage, backup: continuous({ to: offsite, restoreWindow }) });
    },
    says: `
      1 dataset whose copies expire before anybody can notice: [expires-too-soon]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          ScheduledBackup db keeps copies for 4 d; the alert fires after 35 h, so they must live for 4 d 9 h
            to fix           restoreWindow: Duration.days(5)
    `,
  });

  refuses('never-leaves', ['W01'], 'an archive in the cluster', {
    build: ({ chart }, changed) => {
      const mirror = elsewhere('rclone on the NAS copies the bucket every night.', {
        failureDomain: 'site',
        rpo: Duration.hours(25),
      });
      const to = s3Location('local', {
        ...other,
        endpoint: 'http://rgw.rook-ceph.svc',
        failureDomain: 'cluster',
        ...(changed ? {} : { mirror }),
      });
      new BackedUpPostgres(chart, 'db', { storage, backup: continuous({ to, restoreWindow: Duration.days(30) }) });
    },
    says: `
      1 dataset has no copy outside the cluster: [never-leaves]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          all of its copies are lost with the cluster: 'local'
            to fix           to: yourLocation
            or mirror it     mirror: nightly({ to: yourLocation })
            what to do       the mirror is a property of location 'local'
            what to do       send the log to a location outside, or mirror the one that it has
    `,
  });
});

describe('a database can be restored', () => {
  refuses('postgres-base-copies', ['P08'], 'without a base copy', {
    build: ({ chart }, changed) => {
      const db = database(chart);
      if (changed) db.node.tryRemoveChild('ScheduledBackup');
    },
    says: `
      1 database of which no base copies are made: [postgres-base-copies]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            what to do       leave what BackedUpPostgres renders where it is
    `,
  });

  refuses('postgres-base-copies', ['P08'], 'with base copies inside the storage only', {
    build: ({ chart }, changed) => {
      const db = database(chart, {
        spec: { backup: { volumeSnapshot: { className: 'ceph-block' } } },
      });
      if (changed) {
        const path = '/spec/pluginConfiguration';
        patched(db, 'ScheduledBackup', JsonPatch.replace('/spec/method', 'volumeSnapshot'));
        patched(db, 'ScheduledBackup', JsonPatch.remove(path));
      }
    },
    says: `
      1 database of which no base copies are made: [postgres-base-copies]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            what to do       leave what BackedUpPostgres renders where it is
    `,
  });

  refuses('postgres-base-copies', ['P08'], 'of somebody else, with an ObjectStore and nothing more', {
    build: ({ chart }, changed) => {
      cluster(chart, 'db', { plugins: PLUGINS });
      if (!changed) {
        new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup });
        return;
      }
      objectStore(chart, 'db');
      backUp(chart, { postgres: 'db' }, backup);
    },
    says: `
      1 database of which no base copies are made: [postgres-base-copies]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            to fix           new PostgresBackup(this, 'db-backup', { cluster: 'db', backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }) })
            what to do       in the place of backUp
    `,
  });

  refuses('postgres-archive-shared', ['P10', 'S20'], 'two databases with one archive', {
    build: ({ chart }, changed) => {
      database(chart);
      const reports = new BackedUpPostgres(chart, 'reports', { storage, backup });
      if (!changed) return;
      patched(reports, 'Resource', JsonPatch.replace('/spec/plugins/0/parameters/serverName', 'db-1'));
      const path = '/spec/configuration/destinationPath';
      patched(reports, 'ObjectStore', JsonPatch.replace(path, 's3://home-backups/home/data/paperless/db/'));
    },
    says: `
      1 Cluster that writes into the archive of another: [postgres-archive-shared]

        ✖ Cluster paperless/reports
            made by          example/reports
            because          its archive is 'db-1', and Cluster paperless/db writes it too
            to fix           generation: 2
    `,
  });

  refuses('postgres-archive-shared', ['P17'], 'a database that writes what it restores from', {
    build: ({ chart }, changed) => {
      const origin = { name: PLUGIN, parameters: { barmanObjectName: 'db', serverName: 'db-1' } };
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup,
        generation: changed ? 1 : 2,
        spec: {
          bootstrap: { recovery: { source: 'origin' } },
          externalClusters: [{ name: 'origin', plugin: origin }],
        },
      });
    },
    says: `
      1 Cluster that writes into the archive of another: [postgres-archive-shared]

        ✖ Cluster paperless/db
            made by          example/db
            because          its archive is 'db-1', and it is what the Cluster restores from
            to fix           generation: 2
    `,
  });

  refuses('postgres-archive-shared', ['P17'], 'the same for a Cluster of somebody else, which names no server', {
    build: ({ chart }, changed) => {
      const plugin = { name: PLUGIN, parameters: { barmanObjectName: 'db' } };
      const parameters = changed ? { barmanObjectName: 'db' } : { barmanObjectName: 'db', serverName: 'db-2' };
      cluster(chart, 'db', {
        plugins: [{ ...PLUGINS[0], parameters }],
        bootstrap: { recovery: { source: 'origin' } },
        externalClusters: [{ name: 'origin', plugin }],
      });
      new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup });
    },
    says: `
      1 Cluster that writes into the archive of another: [postgres-archive-shared]

        ✖ Cluster paperless/db
            made by          example/db
            because          its archive is 'db', and it is what the Cluster restores from
            to fix           serverName: 'db-2'
    `,
  });

  describe('by the operator itself, without a plugin', () => {
    const ofOurs = {
      destinationPath: 's3://home-backups/home/data/paperless/db/',
      endpointURL: 'https://s3.example.net/',
    };
    const inCore = (name: string, serverName?: string): object => ({
      name,
      barmanObjectStore: { ...ofOurs, ...(serverName === undefined ? {} : { serverName }) },
    });
    const wiki = (chart: Chart, spec: object): void => {
      cluster(chart, 'wiki', spec);
      backUp(
        chart,
        { postgres: 'wiki' },
        elsewhere('The operator itself archives its log at the provider.', {
          failureDomain: 'offsite',
          rpo: Duration.hours(1),
        }),
      );
    };

    refuses('postgres-archive-shared', ['P10'], 'a Cluster into the archive of one with a plugin', {
      build: ({ chart }, changed) => {
        database(chart);
        const barmanObjectStore = { ...ofOurs, serverName: changed ? 'db-1' : 'wiki' };
        wiki(chart, { backup: { barmanObjectStore } });
      },
      says: `
        1 Cluster that writes into the archive of another: [postgres-archive-shared]

          ✖ Cluster paperless/wiki
              made by          example/wiki
              because          its archive is 'db-1', and Cluster paperless/db writes it too
              to fix           serverName: 'db-2'
      `,
    });

    for (const [situation, good, bad] of [
      ['that is named', inCore('origin', 'db-0'), inCore('origin', 'db-1')],
      ['of the name of its source', inCore('db-0'), inCore('db-1')],
    ] as const) {
      refuses('postgres-archive-shared', ['P10', 'P17'], `a restore from what it wrote, as a server ${situation}`, {
        build: ({ chart }, changed) => {
          const external = changed ? bad : good;
          const source = 'name' in external ? external.name : '';
          const spec = { bootstrap: { recovery: { source } }, externalClusters: [external] };
          new BackedUpPostgres(chart, 'db', { storage, backup, spec: spec as PostgresSpec });
        },
        says: `
          1 Cluster that writes into the archive of another: [postgres-archive-shared]

            ✖ Cluster paperless/db
                made by          example/db
                because          its archive is 'db-1', and it is what the Cluster restores from
                to fix           generation: 2
        `,
      });
    }

    refuses(
      'postgres-archive-shared',
      ['P10', 'P17'],
      'a restore, in another kind of store, from what it goes on writing',
      {
        build: ({ chart }, changed) => {
          const store = { destinationPath: 'https://home.blob.core.windows.net/backups/wiki' };
          const before = { ...store, serverName: changed ? 'wiki' : 'wiki-before' };
          wiki(chart, {
            backup: { barmanObjectStore: store },
            bootstrap: { recovery: { source: 'before' } },
            externalClusters: [{ name: 'before', barmanObjectStore: before }],
          });
        },
        says: `
        1 Cluster that writes into the archive of another: [postgres-archive-shared]

          ✖ Cluster paperless/wiki
              made by          example/wiki
              because          its archive is 'wiki', and it is what the Cluster restores from
              to fix           serverName: 'wiki-2'
      `,
      },
    );
  });

  for (const [situation, recovery, because, label, text] of [
    [
      'of nothing',
      {},
      'bootstrap.recovery names nothing to restore from',
      'what to do',
      'name a source of externalClusters',
    ],
    [
      'of two things',
      { source: 'origin', backup: { name: 'db-1' } },
      'bootstrap.recovery names a source and a backup',
      'what to do',
      'keep one of the two',
    ],
    ...(
      [
        ['2027-06-01 10:00:00', '2027-06-01T10:00:00Z'],
        ['2027-06-01T10:00:00.5', '2027-06-01T10:00:00.5Z'],
        ['2027-06-01', '2027-06-01T00:00:00Z'],
      ] as const
    ).map(
      ([targetTime, meant]) =>
        [
          `to ${targetTime}, of no time zone`,
          { source: 'origin', recoveryTarget: { targetTime } },
          `targetTime '${targetTime}' names no time zone`,
          'to fix',
          `targetTime: '${meant}'`,
        ] as const,
    ),
  ] as const) {
    refuses('postgres-recovery', ['P18'], `a restore ${situation}`, {
      build: ({ chart }, changed) => {
        const good = { source: 'origin', recoveryTarget: { targetTime: '2027-06-01 10:00:00+02' } };
        const origin = { name: PLUGIN, parameters: { barmanObjectName: 'db', serverName: 'db-0' } };
        cluster(chart, 'db', {
          plugins: PLUGINS,
          bootstrap: { recovery: changed ? recovery : good },
          externalClusters: [{ name: 'origin', plugin: origin }],
        });
        new PostgresBackup(chart, 'db-backup', { cluster: 'db', backup });
      },
      says: `
        1 restore of a database that goes wrong: [postgres-recovery]

          ✖ Cluster paperless/db
              made by          example/db
              because          ${because}
              ${label.padEnd(16)} ${text}
      `,
    });
  }
});

describe('a restored database', () => {
  function restored(chart: Chart, recovery: object, secret = 'db-app'): void {
    const origin = { name: PLUGIN, parameters: { barmanObjectName: 'db', serverName: 'db-1' } };
    new BackedUpPostgres(chart, 'db', {
      storage,
      backup,
      generation: 2,
      spec: {
        bootstrap: { recovery: { source: 'origin', ...recovery } },
        externalClusters: [{ name: 'origin', plugin: origin }],
      },
    });
    const envFrom = [{ secretRef: { name: secret } }];
    new ApiObject(chart, 'wiki', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'wiki' },
      spec: {
        selector: { matchLabels: { app: 'wiki' } },
        template: {
          metadata: { labels: { app: 'wiki' } },
          spec: { containers: [{ name: 'wiki', image: 'docker.io/library/wiki:3.0', envFrom }] },
        },
      },
    });
  }

  refuses('postgres-recovery', [], 'whose application may find an empty one', {
    build: ({ chart }, changed) => restored(chart, changed ? {} : { database: 'wiki' }),
    says: `
      1 restore of a database that goes wrong: [postgres-recovery]

        ✖ Cluster paperless/db
            made by          example/db
            because          bootstrap.recovery does not name the database of the application, which 'db-app' is to lead to: the operator takes 'app', and makes an empty one where the copy has none
            to fix           database: 'app', owner: 'app'
    `,
  });

  it('need not say which one is the application’s where nobody that is seen asks the operator for its login', () => {
    const { findings } = synthesizeScenario(({ chart }) => restored(chart, {}, 'login-of-the-wiki'));
    expect(explain(findings)).toBe('');
  });
});

describe('a database of somebody else', () => {
  const word = elsewhere('pgBackRest on the NAS fetches the log all day.', {
    failureDomain: 'site',
    rpo: Duration.hours(1),
  });

  refuses('postgres-setting-ignored', ['P19'], 'a retention that the plugin does not read', {
    build: ({ chart }, changed) =>
      void database(chart, {
        spec: changed ? { backup: { retentionPolicy: '30d' } } : { backup: { target: 'primary' } },
      }),
    says: `
      1 setting of databases that nobody reads: [postgres-setting-ignored]

        ✖ Cluster paperless/db
            made by          example/db
            because          spec.backup.retentionPolicy is not for plugins, whose ObjectStore says how long copies are kept
            what to do       say retentionPolicy in the ObjectStore, which follows from restoreWindow of continuous
    `,
  });

  refuses('postgres-setting-ignored', ['P20'], 'a deadline under the wrong prefix', {
    build: ({ chart }, changed) => {
      const db = database(chart);
      const prefix = changed ? 'backup.cnpg.io' : 'cnpg.io';
      ApiObject.of(db).metadata.addAnnotation(`${prefix}/volumeSnapshotDeadline`, '20');
    },
    says: `
      1 setting of databases that nobody reads: [postgres-setting-ignored]

        ✖ Cluster paperless/db
            made by          example/db
            because          the annotation backup.cnpg.io/volumeSnapshotDeadline is read by nobody
            to fix           'cnpg.io/volumeSnapshotDeadline': '20'
    `,
  });

  refuses('postgres-setting-ignored', ['P07'], 'an archive that the stated release no longer knows', {
    build: ({ chart }) => {
      const barmanObjectStore = {
        destinationPath: 's3://home-backups/old',
        s3Credentials: { inheritFromIAMRole: true },
      };
      cluster(chart, 'db', { backup: { barmanObjectStore, retentionPolicy: '30d' } });
      backUp(chart, { postgres: 'db' }, word);
    },
    options: (changed) => ({ platform: { cnpg: { version: changed ? '1.31.0' : '1.30.2', barmanPlugin: '0.14' } } }),
    says: `
      1 setting of databases that nobody reads: [postgres-setting-ignored]

        ✖ Cluster paperless/db
            made by          example/db
            because          CloudNativePG 1.31.0 no longer knows spec.backup.barmanObjectStore, and archives nothing
            what to do       let the Barman plugin archive its log: PostgresBackup prints the lines
    `,
  });

  for (const [field, value, good] of [
    ['version', '1.25.1', 'v1.26'],
    ['version', 'latest', '1.30.0'],
    ['barmanPlugin', 'main', '0.14.0'],
  ] as const) {
    refuses('platform-malformed', [], `an operator whose ${field} is ${value}`, {
      build: ({ chart }) => void database(chart),
      options: (changed) => ({
        platform: {
          cnpg: { version: '1.30', barmanPlugin: '0.14', ...platform.cnpg, [field]: changed ? value : good },
        },
      }),
      says: `
        1 statement about the platform that cannot be true: [platform-malformed]

          ✖ platform.cnpg.${field}
              because          '${value}' is not ${field === 'version' ? '1.26 or later: older operators know no plugin that archives the log' : 'a version'}
              to fix           ${field}: '${field === 'version' ? '1.30' : '0.14'}'
      `,
    });
  }
});

describe('the Secrets that a database names', () => {
  const spec = {
    bootstrap: { initdb: { database: 'app', owner: 'app', secret: { name: 'login' } } },
    managed: { roles: [{ name: 'reports', login: true, passwordSecret: { name: 'reports' } }] },
    certificates: { serverCASecret: 'authority', serverTLSSecret: 'server' },
  };
  const secretsKeptIn = 'SOPS file in the private repository';
  const issued = (chart: Chart): void =>
    void new ApiObject(chart, 'certificate', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'server' },
      spec: { secretName: 'server', dnsNames: ['db-rw'], issuerRef: { name: 'authority' } },
    });
  const remedies = `to fix           secretsKeptIn: 'where they are kept outside the cluster'
            what to do       PostgresBackup takes it, too, in the place of backUp; a Secret that the Cluster does not name is made by the operator`;
  const unsaid = (name: string): string => `        ✖ keys in Secret paperless/${name}
            made by          example/db
            because          nobody said where they are kept outside the cluster
            ${remedies}
`;

  refuses('keys-inside', ['P11'], 'are kept somewhere else, but for what is made again', {
    build: ({ chart }, changed) => {
      issued(chart);
      new BackedUpPostgres(chart, 'db', { storage, backup, spec, ...(changed ? {} : { secretsKeptIn }) });
    },
    says: `
      3 keys that are lost with what they protect: [keys-inside]

${unsaid('authority')}${unsaid('login')}${unsaid('reports')}`,
  });

  const MORE = {
    env: [
      { name: 'PGSSLMODE', value: 'require' },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 'key', key: 'value' } } },
      { name: 'PLACE', valueFrom: { configMapKeyRef: { name: 'place', key: 'value' } } },
    ],
    envFrom: [{ secretRef: { name: 'variables' } }, { configMapRef: { name: 'settings' } }],
    projectedVolumeTemplate: {
      sources: [
        { secret: { name: 'encryption', items: [{ key: 'tde', path: 'tde' }] } },
        { configMap: { name: 'more' } },
      ],
    },
    postgresql: { ldap: { bindSearchAuth: { bindPassword: { name: 'directory', key: 'password' } } } },
    externalClusters: [
      {
        name: 'old',
        connectionParameters: { host: 'old-rw' },
        password: { name: 'old-login', key: 'password' },
        sslCert: { name: 'old-client', key: 'tls.crt' },
        sslKey: { name: 'old-client', key: 'tls.key' },
        barmanObjectStore: {
          destinationPath: 's3://old',
          s3Credentials: {
            accessKeyId: { name: 'old-store', key: 'id' },
            secretAccessKey: { name: 'old-store', key: 'secret' },
          },
        },
      },
    ],
    bootstrap: { initdb: { postInitSQLRefs: { secretRefs: [{ name: 'first-rows', key: 'sql' }] } } },
    monitoring: {
      customQueriesSecret: [{ name: 'queries', key: 'sql' }],
      customQueriesConfigMap: [{ name: 'other-queries', key: 'sql' }],
    },
    imagePullSecrets: [{ name: 'registry' }],
    inheritedMetadata: { labels: { name: 'wiki', key: 'value' } },
  };
  const NAMED = {
    directory: ['password'],
    encryption: ['tde'],
    'first-rows': ['sql'],
    key: ['value'],
    'old-client': ['tls.crt', 'tls.key'],
    'old-login': ['password'],
    'old-store': ['id', 'secret'],
    queries: ['sql'],
    registry: ['.dockerconfigjson'],
    variables: [],
  };

  refuses('keys-inside', ['P11'], 'are kept somewhere else, wherever the Cluster names them', {
    build: ({ chart }, changed) =>
      void new BackedUpPostgres(chart, 'db', { storage, backup, spec: MORE, ...(changed ? {} : { secretsKeptIn }) }),
    says: `
      10 keys that are lost with what they protect: [keys-inside]

${Object.keys(NAMED).map(unsaid).join('')}`,
  });

  it('are in the inventory with their keys, wherever the Cluster names them', () => {
    const { inventory } = synthesizeScenario(
      ({ chart }) => void new BackedUpPostgres(chart, 'db', { storage, backup, spec: MORE, secretsKeptIn }),
    );
    const named = inventory.requiredSecrets.filter(({ keptIn }) => keptIn === secretsKeptIn);
    expect(Object.fromEntries(named.map(({ name, keys }) => [name, keys]))).toEqual(NAMED);
  });

  it('need not be said to be kept where the operator makes them, or the location says it', () => {
    const ofOld = (name: string, key: string): object => ({ name: `old-${name}`, key });
    const ofStore = (key: string): object => ({ name: 'backed-up-offsite', key });
    const { findings } = synthesizeScenario(({ chart }) => {
      new BackedUpPostgres(chart, 'old', { storage, backup });
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup,
        spec: {
          env: [{ name: 'URI', valueFrom: { secretKeyRef: { name: 'db-app', key: 'uri' } } }],
          externalClusters: [
            {
              name: 'old',
              password: ofOld('app', 'password'),
              sslRootCert: ofOld('ca', 'ca.crt'),
              sslCert: ofOld('replication', 'tls.crt'),
              barmanObjectStore: {
                destinationPath: 's3://old',
                s3Credentials: { accessKeyId: ofStore('AWS_ACCESS_KEY_ID') },
              },
            },
          ],
        },
      });
    });
    expect(explain(findings)).toBe('');
  });

  refuses('keys-inside', ['P11'], 'are kept somewhere else, too, under the name that the operator would give', {
    build: ({ chart }, changed) => {
      const own = changed ? { superuserSecret: { name: 'db-superuser' } } : {};
      new BackedUpPostgres(chart, 'db', { storage, backup, spec: own });
    },
    says: `
      1 key that is lost with what it protects: [keys-inside]

${unsaid('db-superuser')}`,
  });

  it('need not be said to be kept where an object makes them again, or the role is to go', () => {
    const bringing = (group: string, kind: string, name: string, target: object = {}) => ({
      apiVersion: `${group}/v1`,
      kind,
      metadata: { name },
      spec: { target },
    });
    const { findings } = synthesizeScenario(({ chart }) => {
      new ApiObject(chart, 'login', bringing('external-secrets.io', 'ExternalSecret', 'from-vault', { name: 'login' }));
      new ApiObject(chart, 'reports', {
        ...bringing('bitnami.com', 'SealedSecret', 'reports'),
        apiVersion: 'bitnami.com/v1alpha1',
      });
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup,
        spec: {
          ...spec,
          certificates: {},
          managed: {
            roles: [...spec.managed.roles, { name: 'old', ensure: 'absent', passwordSecret: { name: 'old' } }],
          },
        },
      });
    });
    expect(explain(findings)).toBe('');
  });

  refuses('keys-inside', ['P11'], 'are kept somewhere else, too, where an ExternalSecret only adds to them', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'login', {
        apiVersion: 'external-secrets.io/v1',
        kind: 'ExternalSecret',
        metadata: { name: 'login' },
        spec: { target: changed ? { creationPolicy: 'Merge' } : {} },
      });
      new BackedUpPostgres(chart, 'db', { storage, backup, spec: { bootstrap: spec.bootstrap } });
    },
    says: `
      1 key that is lost with what it protects: [keys-inside]

${unsaid('login')}`,
  });

  it('are in the inventory, with what has to be in them', () => {
    const { inventory } = synthesizeScenario(({ chart }) => {
      issued(chart);
      new BackedUpPostgres(chart, 'db', { storage, backup, spec, secretsKeptIn });
    });
    expect(inventory.requiredSecrets.filter(({ keptIn }) => keptIn === secretsKeptIn)).toEqual([
      { namespace: 'paperless', name: 'authority', keys: ['ca.crt'], keptIn: secretsKeptIn },
      { namespace: 'paperless', name: 'login', keys: ['password', 'username'], keptIn: secretsKeptIn },
      { namespace: 'paperless', name: 'reports', keys: ['password', 'username'], keptIn: secretsKeptIn },
    ]);
  });
});
