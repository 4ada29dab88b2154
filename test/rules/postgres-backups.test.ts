import { ApiObject, Chart, Duration, JsonPatch, Size, type App } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { describe, expect, it } from 'vitest';
import { BackedUpPostgres, BackedUpVolume, backUp, continuous, elsewhere, holds, nightly } from '../../lib';
import { plainPostgres } from '../support/plain-postgres';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario } from '../support/scenario';

const PLUGIN = 'barman-cloud.cloudnative-pg.io';
const GOOD = {
  schedule: '0 30 3 * * *',
  cluster: { name: 'db' },
  method: 'plugin',
  pluginConfiguration: { name: PLUGIN },
} as const;

/** A database that somebody else copies, with further copies of its own making. */
function database(chart: Chart, spec: object = { plugins: [{ name: PLUGIN }] }): void {
  new ApiObject(chart, 'db', {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    metadata: { name: 'db' },
    spec: { instances: 1, storage: { size: '20Gi' }, ...spec },
  });
  const word = elsewhere('pgBackRest on the NAS fetches the log all day.', {
    failureDomain: 'site',
    rpo: Duration.hours(1),
  });
  backUp(chart, { postgres: 'db' }, word);
}

function copies(chart: Chart, spec: object, kind = 'ScheduledBackup'): void {
  new ApiObject(chart, 'copies', { apiVersion: 'postgresql.cnpg.io/v1', kind, metadata: { name: 'copies' }, spec });
}

describe('a ScheduledBackup runs when it is meant to', () => {
  for (const [row, schedule, good, because, line] of [
    [
      'P06',
      '30 3 * * *',
      '0 30 3 * * *',
      'has five fields, and the first of six are the seconds: it is read as another time',
      '0 30 3 * * *',
    ],
    [
      'P06',
      'CRON_TZ=UTC 30 3 * * *',
      '@daily',
      'names a time zone, which the operator refuses: it reads UTC',
      '0 30 3 * * *',
    ],
    ['P06', '30 3 * *', '@every 12h', 'has 4 fields, and the operator takes six', '0 30 3 * * *'],
    ['P24', '0 0 2 30 2 *', '0 0 2 29 2 *', 'never comes: no month in it has such a day', '0 30 3 * * *'],
    ['P06', '0 0 25 * * *', '0 0 23 ? * MON-FRI', `has '25' as hour: it lies between 0 and 23`, '0 30 3 * * *'],
    [
      'P06',
      '0 0 3 * * 7',
      '0 0 3 1 * 6',
      `has '7' as day of week: it lies between 0 and 6; Sunday is 0`,
      '0 30 3 * * *',
    ],
  ] as const) {
    refuses('scheduled-backup-schedule', [row], `and not at '${schedule}'`, {
      build: ({ chart }, changed) => {
        database(chart);
        copies(chart, { ...GOOD, schedule: changed ? schedule : good });
      },
      says: `
        1 ScheduledBackup with a time that is not meant: [scheduled-backup-schedule]

          ✖ ScheduledBackup paperless/copies
              made by          example/copies
              because          '${schedule}' ${because}
              to fix           schedule: '${line}'
      `,
    });
  }

  for (const [cron, rendered, because] of [
    ['0 2 30 2 *', '0 0 2 30 2 *', 'never comes: no month in it has such a day'],
    ['0 30 3 * * *', '0 0 30 3 * * *', 'has 7 fields, and the operator takes six'],
  ] as const) {
    refuses('scheduled-backup-schedule', ['P24'], `base copies of ours at '${cron}'`, {
      build: ({ chart }, changed) => {
        const backup = continuous({
          to: offsite,
          restoreWindow: Duration.days(30),
          cron: changed ? cron : '30 3 * * *',
        });
        new BackedUpPostgres(chart, 'db', { storage: Size.gibibytes(20), backup });
      },
      says: `
        1 ScheduledBackup with a time that is not meant: [scheduled-backup-schedule]

          ✖ ScheduledBackup paperless/db
              made by          example/db/ScheduledBackup
              because          '${rendered}' ${because}
              to fix           cron: '30 3 * * *'
      `,
    });
  }
});

describe('Velero and a database', () => {
  const backup = continuous({ to: offsite, restoreWindow: Duration.days(30) });

  refuses('database-copied-as-files', ['P12'], 'that a Schedule of somebody else takes along', {
    build: ({ chart }, changed) => {
      new BackedUpPostgres(chart, 'db', { storage: Size.gibibytes(20), backup });
      new BackedUpVolume(chart, 'data', {
        storage: Size.gibibytes(20),
        backup: nightly({ to: offsite, keep: { daily: 7 } }),
      });
      const skipped = ['PG_DATA', 'PG_WAL', 'PG_TABLESPACE']
        .slice(changed ? 2 : 0)
        .map((role) => `{ conditions: { pvcLabels: { cnpg.io/pvcRole: ${role} } }, action: { type: skip } }`);
      const rules = ['{ conditions: { pvcPhase: [Pending, Lost] }, action: { type: skip } }', ...skipped];
      new k8s.KubeConfigMap(chart, 'policy', {
        metadata: { name: 'own', namespace: 'velero' },
        data: { policy: `version: v1\nvolumePolicies: [${rules.join(', ')}]` },
      });
      new ApiObject(chart, 'schedule', {
        apiVersion: 'velero.io/v1',
        kind: 'Schedule',
        metadata: { name: 'own', namespace: 'velero' },
        spec: {
          schedule: '0 3 * * *',
          template: {
            includedNamespaces: ['paperless'],
            excludedResources: ['secrets'],
            storageLocation: 'offsite',
            snapshotMoveData: true,
            resourcePolicy: { kind: 'configmap', name: 'own' },
          },
        },
      });
    },
    says: `
      1 Backup or Schedule that copies the files of a database: [database-copied-as-files]

        ✖ Schedule velero/own
            made by          example/schedule
            because          it takes the volumes of Cluster paperless/db
            what to do       skip claims with cnpg.io/pvcRole: PG_DATA, cnpg.io/pvcRole: PG_WAL and cnpg.io/pvcRole: PG_TABLESPACE in its resource policy
    `,
  });

  /** A Schedule of somebody else that reads files, and takes no snapshots. */
  function readsFiles(chart: Chart, template: object = {}): void {
    new ApiObject(chart, 'schedule', {
      apiVersion: 'velero.io/v1',
      kind: 'Schedule',
      metadata: { name: 'own', namespace: 'velero' },
      spec: {
        schedule: '0 3 * * *',
        template: {
          includedNamespaces: ['paperless'],
          excludedResources: ['secrets'],
          storageLocation: 'offsite',
          snapshotVolumes: false,
          defaultVolumesToFsBackup: true,
          ...template,
        },
      },
    });
    // The location exists because something is copied to it.
    new BackedUpVolume(new Chart(chart.node.scope as App, 'wiki', { namespace: 'wiki' }), 'pages', {
      storage: Size.gibibytes(1),
      backup: nightly({ to: offsite, keep: { daily: 7 } }),
    });
  }

  for (const [situation, kept, changed] of [
    [
      'of which a Schedule reads the files',
      {
        inheritedMetadata: { annotations: { 'backup.velero.io/backup-volumes-excludes': 'pgdata,pg-wal,tbs-history' } },
      },
      { inheritedMetadata: { annotations: { 'backup.velero.io/backup-volumes-excludes': 'pgdata,pg-wal' } } },
    ],
    ['whose instances are there', { inheritedMetadata: { labels: { 'velero.io/exclude-from-backup': 'true' } } }, {}],
  ] as const) {
    refuses('database-copied-as-files', ['P12'], situation, {
      build: ({ chart }, isChanged) => {
        const spec = {
          walStorage: { size: '5Gi' },
          tablespaces: [{ name: 'History', storage: { size: '5Gi' } }],
          ...(isChanged ? changed : kept),
        };
        new BackedUpPostgres(chart, 'db', { storage: Size.gibibytes(20), backup, spec });
        readsFiles(chart);
      },
      says: `
        1 Backup or Schedule that copies the files of a database: [database-copied-as-files]

          ✖ Schedule velero/own
              made by          example/schedule
              because          it takes the volumes of Cluster paperless/db
              what to do       skip claims with cnpg.io/pvcRole: PG_DATA, cnpg.io/pvcRole: PG_WAL and cnpg.io/pvcRole: PG_TABLESPACE in its resource policy
      `,
    });
  }

  const takesSnapshots = { snapshotVolumes: true, snapshotMoveData: true, defaultVolumesToFsBackup: false };
  const stopsWriting = {
    hooks: {
      resources: [
        {
          name: 'freeze',
          labelSelector: { matchLabels: { app: 'db' } },
          pre: [{ exec: { command: ['fsfreeze', '-f', '/var/lib/data'], container: 'postgres' } }],
        },
      ],
    },
  };
  for (const [situation, harmless] of [
    ['and not by a snapshot, which is of one moment', takesSnapshots],
    ['and not after a hook, which may stop what writes', stopsWriting],
  ] as const) {
    refuses('database-copied-as-files', ['P12'], `that is dumped, as files while it writes, ${situation}`, {
      build: ({ chart }, changed) => {
        plainPostgres(chart);
        readsFiles(chart, changed ? {} : harmless);
      },
      says: `
        1 Backup or Schedule that copies the files of a database: [database-copied-as-files]

          ✖ Schedule velero/own
              made by          example/schedule
              because          it reads the files of StatefulSet paperless/db, claim template 'data', one after another while the database writes them
              what to do       skip its claims in the resource policy, or take snapshots of them: the dump is the copy that comes back whole
      `,
    });
  }

  refuses('velero-shared-prefix', ['V39'], 'whose archive stands among the copies of Velero', {
    build: ({ chart }, changed) => {
      const db = new BackedUpPostgres(chart, 'db', { storage: Size.gibibytes(20), backup });
      new BackedUpVolume(chart, 'data', {
        storage: Size.gibibytes(20),
        backup: nightly({ to: offsite, keep: { daily: 7 } }),
      });
      const folder = changed ? 'velero' : 'databases';
      const patch = JsonPatch.replace('/spec/configuration/destinationPath', `s3://home-backups/home/${folder}/db`);
      ApiObject.of(db.node.findChild('ObjectStore')).addJsonPatch(patch);
    },
    says: `
      1 storage location is not alone in its prefix: [velero-shared-prefix]

        ✖ BackupStorageLocation velero/offsite
            made by          location offsite
            because          ObjectStore db is stored below its prefix 'home/velero/'
            to fix           prefix: 'offsite'
    `,
  });
});

interface ReleaseOptions {
  readonly repository?: string;
  readonly version?: string;
  /** Other fields of its spec. */
  readonly [field: string]: unknown;
}

function release(
  chart: Chart,
  name: string,
  chartName: string,
  values: object,
  { repository = 'cnpg', version = '0.8.1', ...spec }: ReleaseOptions = {},
): void {
  new ApiObject(chart, name, {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name },
    spec: {
      interval: '1h',
      chart: { spec: { chart: chartName, version, sourceRef: { kind: 'HelmRepository', name: repository } } },
      values,
      ...spec,
    },
  });
  holds(chart, { helmRelease: name }, {});
}

describe('a ScheduledBackup makes copies', () => {
  refuses('scheduled-backup-fails', ['P08'], 'as far as anybody can see before Flux puts values into it', {
    build: () => {},
    options: (changed) => ({
      files: {
        'copies.yaml': `
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: { name: copies, namespace: paperless }
spec:
  schedule: '0 30 3 * * *'
  cluster: { name: '${changed ? 'db' : '${DATABASE}'}' }
`,
      },
    }),
    says: `
      1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

        ✖ ScheduledBackup paperless/copies
            written in       copies.yaml:2
            because          it names Cluster 'db', which is not in namespace paperless
            what to do       name the Cluster that it is to copy, in its own namespace
    `,
  });

  const viaPlugin = `to fix           method: 'plugin', pluginConfiguration: { name: '${PLUGIN}' }`;
  const inWords = (text: string): string => `what to do       ${text}`;
  for (const [row, situation, spec, because, remedy] of [
    [
      'P08',
      'that is suspended',
      { ...GOOD, suspend: true },
      'it is suspended',
      inWords('take suspend away, or delete it'),
    ],
    [
      'P08',
      'of a Cluster that is not there',
      { ...GOOD, cluster: { name: 'bd' } },
      `it names Cluster 'bd', which is not in namespace paperless`,
      inWords('name the Cluster that it is to copy, in its own namespace'),
    ],
    [
      'P07',
      'without a method',
      { schedule: GOOD.schedule, cluster: GOOD.cluster },
      'it names no method, and the one of the operator itself needs spec.backup.barmanObjectStore of the Cluster',
      viaPlugin,
    ],
    [
      'P07',
      'by the method of the operator itself',
      { ...GOOD, method: 'barmanObjectStore' },
      'its method barmanObjectStore needs spec.backup.barmanObjectStore of the Cluster',
      viaPlugin,
    ],
    [
      'P07',
      'by snapshots that its Cluster does not make',
      { ...GOOD, method: 'volumeSnapshot' },
      'its method volumeSnapshot needs spec.backup.volumeSnapshot of the Cluster',
      viaPlugin,
    ],
    [
      'P14',
      'by a plugin that it does not name',
      { schedule: GOOD.schedule, cluster: GOOD.cluster, method: 'plugin' },
      'it names no plugin in pluginConfiguration',
      viaPlugin,
    ],
    [
      'P15',
      'by a plugin that its Cluster does not name',
      { ...GOOD, pluginConfiguration: { name: 'pgbackrest.example.net' } },
      'its Cluster does not name the plugin pgbackrest.example.net',
      inWords('name it under plugins of the Cluster'),
    ],
  ] as const) {
    refuses('scheduled-backup-fails', [row], `and not one ${situation}`, {
      build: ({ chart }, changed) => {
        database(chart);
        copies(chart, changed ? spec : GOOD);
      },
      says: `
        1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

          ✖ ScheduledBackup paperless/copies
              made by          example/copies
              because          ${because}
              ${remedy}
      `,
    });
  }

  refuses('scheduled-backup-fails', ['P15'], 'and a Backup by a plugin that its Cluster switched off', {
    build: ({ chart }, changed) => {
      database(chart, { plugins: [{ name: PLUGIN, enabled: !changed }] });
      const { cluster, method, pluginConfiguration } = GOOD;
      copies(chart, { cluster, method, pluginConfiguration }, 'Backup');
    },
    says: `
      1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

        ✖ Backup paperless/copies
            made by          example/copies
            because          its Cluster does not name the plugin ${PLUGIN}
            what to do       name it under plugins of the Cluster
    `,
  });

  for (const [known, options] of [
    ['an object', { classes: true }],
    ['the platform', { classes: false }],
  ] as const) {
    refuses('scheduled-backup-fails', ['P15'], `and snapshots of a class that ${known} has`, {
      build: ({ chart }, changed) => {
        const className = options.classes ? 'of-an-object' : 'ceph-block';
        database(chart, { backup: { volumeSnapshot: { className: changed ? 'nowhere' : className } } });
        const { schedule, cluster } = GOOD;
        copies(chart, { schedule, cluster, method: 'volumeSnapshot' });
        if (!options.classes) return;
        new ApiObject(chart, 'class', {
          apiVersion: 'snapshot.storage.k8s.io/v1',
          kind: 'VolumeSnapshotClass',
          metadata: { name: 'of-an-object' },
          driver: 'rook-ceph.rbd.csi.ceph.com',
          deletionPolicy: 'Delete',
        });
      },
      says: `
        1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

          ✖ ScheduledBackup paperless/copies
              made by          example/copies
              because          its Cluster names VolumeSnapshotClass nowhere, which neither an object nor the platform has
              what to do       name one that exists, or state it as snapshotClass of a storage class in the platform
      `,
    });
  }

  refuses('scheduled-backup-fails', ['P08'], 'unless a chart may bring its Cluster', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'shop', {
        apiVersion: 'helm.toolkit.fluxcd.io/v2',
        kind: 'HelmRelease',
        metadata: { name: 'shop' },
        spec: {
          interval: '1h',
          chartRef: { kind: 'HelmChart', name: 'shop' },
          targetNamespace: changed ? 'shop' : 'paperless',
        },
      });
      holds(chart, { helmRelease: 'shop' }, {});
      copies(chart, GOOD);
      new k8s.KubeNamespace(chart, 'namespace', { metadata: { name: 'shop' } });
    },
    says: `
      1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

        ✖ ScheduledBackup paperless/copies
            made by          example/copies
            because          it names Cluster 'db', which is not in namespace paperless
            what to do       name the Cluster that it is to copy, in its own namespace
    `,
  });

  refuses('scheduled-backup-fails', ['P08'], 'unless only well-known charts are there, which make no Cluster', {
    build: ({ chart }, changed) => {
      release(chart, 'cache', changed ? 'redis' : 'shop', {});
      copies(chart, GOOD);
    },
    says: `
      1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

        ✖ ScheduledBackup paperless/copies
            made by          example/copies
            because          it names Cluster 'db', which is not in namespace paperless
            what to do       name the Cluster that it is to copy, in its own namespace
    `,
  });

  for (const [situation, spec] of [
    ['whose values bring it', { values: { extraDeploy: [{ kind: 'Cluster', metadata: { name: 'db' } }] } }],
    ['with values from elsewhere', { valuesFrom: [{ kind: 'ConfigMap', name: 'more' }] }],
    ['that is changed afterwards', { postRenderers: [{ kustomize: { patches: [] } }] }],
  ] as const) {
    it(`and by a well-known chart ${situation}`, () => {
      const { findings } = synthesizeScenario(({ chart }) => {
        release(chart, 'cache', 'redis', {}, spec);
        copies(chart, GOOD);
      });
      expect(explain(findings)).toBe('');
    });
  }

  refuses('scheduled-backup-fails', ['P08'], 'and not one of ours that a patch suspends', {
    build: ({ chart }, changed) => {
      const backup = continuous({ to: offsite, restoreWindow: Duration.days(30) });
      const db = new BackedUpPostgres(chart, 'db', { storage: Size.gibibytes(20), backup });
      const patch = JsonPatch.add('/spec/suspend', changed);
      ApiObject.of(db.node.findChild('ScheduledBackup')).addJsonPatch(patch);
    },
    says: `
      1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

        ✖ ScheduledBackup paperless/db
            made by          example/db/ScheduledBackup
            because          it is suspended
            what to do       take suspend away, or delete it
    `,
  });
});

describe('what the chart of CloudNativePG makes', () => {
  const backups = (scheduled: object, more: object = {}): object => ({
    backups: {
      enabled: true,
      scheduledBackups: [{ name: 'nightly', schedule: '0 30 3 * * *', ...scheduled }],
      ...more,
    },
  });
  const viaPlugin = { method: 'plugin', pluginConfiguration: { name: PLUGIN } };

  for (const [row, situation, good, bad, because, remedy] of [
    [
      'P06',
      'at a time of five fields',
      backups({ method: 'barmanObjectStore' }),
      backups({ schedule: '30 3 * * *', method: 'barmanObjectStore' }),
      `'30 3 * * *' has five fields, and the first of six are the seconds: it is read as another time`,
      `schedule: '0 30 3 * * *'`,
    ],
    [
      'P07',
      'by the method of the operator itself, beside an archive of the plugin',
      backups(viaPlugin, viaPlugin),
      backups({}, viaPlugin),
      'it names no method, and the one of the operator itself needs spec.backup.barmanObjectStore of the Cluster',
      `method: 'plugin', pluginConfiguration: { name: '${PLUGIN}' }`,
    ],
    [
      'P14',
      'by a plugin that it does not name',
      backups(viaPlugin, viaPlugin),
      backups({ method: 'plugin' }, viaPlugin),
      'it names no plugin in pluginConfiguration',
      `method: 'plugin', pluginConfiguration: { name: '${PLUGIN}' }`,
    ],
    [
      'P15',
      'by a plugin that its archive does not need',
      { cluster: { plugins: [{ name: PLUGIN, enabled: true }] }, ...backups(viaPlugin) },
      backups(viaPlugin),
      `its Cluster does not name the plugin ${PLUGIN}`,
      undefined,
    ],
    [
      'P07',
      'by snapshots, which it cannot set up',
      backups({ method: 'barmanObjectStore' }),
      backups({ method: 'volumeSnapshot' }),
      'its method volumeSnapshot needs spec.backup.volumeSnapshot of the Cluster',
      `method: 'barmanObjectStore'`,
    ],
  ] as const) {
    const rule = row === 'P06' ? 'scheduled-backup-schedule' : 'scheduled-backup-fails';
    const heading =
      row === 'P06' ? 'ScheduledBackup with a time that is not meant' : 'Backup or ScheduledBackup that makes no copy';
    refuses(rule, [row], `is no copy ${situation}`, {
      build: ({ chart }, changed) => release(chart, 'shop', 'cluster', changed ? bad : good),
      says: `
        1 ${heading}: [${rule}]

          ✖ HelmRelease paperless/shop
              made by          example/shop
              because          it makes ScheduledBackup paperless/shop-cluster-nightly: ${because}
              ${remedy === undefined ? 'what to do       name it under plugins of the Cluster' : `to fix           ${remedy}`}
      `,
    });
  }

  refuses('scheduled-backup-fails', ['P07'], 'is no copy by its default, where the plugin archives', {
    build: ({ chart }, changed) =>
      release(chart, 'shop-cluster', 'cluster', {
        backups: { enabled: true, ...viaPlugin, ...(changed ? {} : { scheduledBackups: [] }) },
      }),
    says: `
      1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

        ✖ HelmRelease paperless/shop-cluster
            made by          example/shop-cluster
            because          it makes ScheduledBackup paperless/shop-cluster-daily-backup: its method barmanObjectStore needs spec.backup.barmanObjectStore of the Cluster
            to fix           method: 'plugin', pluginConfiguration: { name: '${PLUGIN}' }
    `,
  });

  for (const [kind, spec, chart] of [
    [
      'OCIRepository',
      { url: 'oci://ghcr.io/cloudnative-pg/charts/cluster' },
      { chartRef: { kind: 'OCIRepository', name: 'database' }, chart: undefined },
    ],
    ['HelmRepository', { url: 'https://cloudnative-pg.github.io/charts' }, { repository: 'database' }],
  ] as const) {
    refuses('scheduled-backup-fails', ['P07'], `is known by the address of an ${kind}`, {
      build: (scenario, changed) => {
        new ApiObject(scenario.chart, 'source', {
          apiVersion: 'source.toolkit.fluxcd.io/v1',
          kind,
          metadata: { name: 'database' },
          spec: { interval: '1h', ...spec },
        });
        const all = { enabled: true, ...viaPlugin };
        release(
          scenario.chart,
          'shop',
          'cluster',
          { backups: changed ? all : { ...all, scheduledBackups: [] } },
          chart,
        );
      },
      says: `
        1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

          ✖ HelmRelease paperless/shop
              made by          example/shop
              because          it makes ScheduledBackup paperless/shop-cluster-daily-backup: its method barmanObjectStore needs spec.backup.barmanObjectStore of the Cluster
              to fix           method: 'plugin', pluginConfiguration: { name: '${PLUGIN}' }
      `,
    });
  }

  for (const [situation, cluster, values, spec] of [
    ['called after the release', 'shop-cluster', {}, {}],
    ['called as the values say', 'db', { fullnameOverride: 'db' }, {}],
    ['called otherwise', 'shop-db', { nameOverride: 'db' }, {}],
    ['called after a name of its own', 'orders-cluster', {}, { releaseName: 'orders' }],
    ['called after its namespace', 'paperless-shop-cluster', {}, { targetNamespace: 'paperless' }],
  ] as const) {
    refuses('scheduled-backup-fails', ['P08'], `is a Cluster ${situation}`, {
      build: ({ chart }, changed) => {
        release(
          chart,
          'shop',
          'cluster',
          { ...values, backups: { enabled: true, ...viaPlugin, scheduledBackups: [] } },
          spec,
        );
        copies(chart, { ...GOOD, cluster: { name: changed ? 'shop' : cluster } });
      },
      says: `
        1 Backup or ScheduledBackup that makes no copy: [scheduled-backup-fails]

          ✖ ScheduledBackup paperless/copies
              made by          example/copies
              because          it names Cluster 'shop', which is not in namespace paperless
              what to do       name the Cluster that it is to copy, in its own namespace
      `,
    });
  }

  const wrong = backups({ schedule: '30 3 * * *' }, viaPlugin);
  for (const [situation, name, values, spec] of [
    ['another chart of the name', 'cluster', { backups: { enabled: true } }, { repository: 'percona' }],
    ['another chart', 'shop', wrong, {}],
    ['that has no backups', 'cluster', { backups: { scheduledBackups: [{ schedule: '30 3 * * *' }] } }, {}],
    ['that is changed afterwards', 'cluster', wrong, { postRenderers: [{ kustomize: { patches: [] } }] }],
    [
      'with an archive from elsewhere',
      'cluster',
      backups(viaPlugin),
      { valuesFrom: [{ kind: 'ConfigMap', name: 'more' }] },
    ],
    [
      'of a version that knows no plugin',
      'cluster',
      backups({ method: 'barmanObjectStore' }, viaPlugin),
      { version: '0.3.1' },
    ],
  ] as const) {
    it(`is not known of ${situation}`, () => {
      const { findings } = synthesizeScenario(({ chart }) => release(chart, 'shop', name, values, spec));
      expect(explain(findings)).toBe('');
    });
  }
});
