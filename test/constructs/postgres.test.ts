/** What a database of ours comes to in `dist/`. */
import { ApiObject, Duration, JsonPatch, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  BackedUpPostgres,
  BackedUpVolume,
  backUp,
  continuous,
  elsewhere,
  holds,
  nightly,
  PostgresBackup,
  s3Location,
  type BackedUpPostgresProps,
} from '../../lib';
import { at } from '../../lib/model/kube-object';
import type { Synthesized } from '../../lib/synth/synthesize';
import { explain, offsite, synthesizeScenario, type Scenario, type ScenarioOptions } from '../support/scenario';

const storage = Size.gibibytes(20);
const backup = continuous({ to: offsite, restoreWindow: Duration.days(30) });

function accepted(build: (scenario: Scenario) => void, options: ScenarioOptions = {}): Synthesized {
  const result = synthesizeScenario(build, options);
  expect(explain(result.findings)).toBe('');
  return result;
}

function object({ files }: Synthesized, path: string): unknown {
  return parse(files?.get(path) ?? '');
}

function database(props: Partial<BackedUpPostgresProps> = {}, options: ScenarioOptions = {}): Synthesized {
  return accepted(({ chart }) => void new BackedUpPostgres(chart, 'db', { storage, backup, ...props }), options);
}

const FILES = {
  cluster: 'example/paperless.Cluster.db.yaml',
  objectStore: 'example/paperless.ObjectStore.db.yaml',
  podMonitor: 'backup-metrics/paperless.PodMonitor.db.yaml',
  scheduledBackup: 'example-backup/paperless.ScheduledBackup.db.yaml',
};

function databaseFiles({ files }: Synthesized): readonly string[] {
  return [...(files?.keys() ?? [])].filter((file) => file.includes('paperless.') && !file.startsWith('flux/'));
}

describe('BackedUpPostgres', () => {
  it('keeps what the database needs to start beside it, and waits for tools only where base copies are made', () => {
    const result = database();
    expect(databaseFiles(result).toSorted()).toEqual([
      FILES.podMonitor,
      FILES.scheduledBackup,
      FILES.cluster,
      FILES.objectStore,
      'namespaces/Namespace.paperless.yaml',
    ]);
    const dependsOn = (name: string): unknown =>
      at(object(result, `flux/flux-system.Kustomization.${name}.yaml`), 'spec', 'dependsOn');
    expect(dependsOn('example')).toBeUndefined();
    expect(dependsOn('backup-metrics')).toEqual([{ name: 'namespaces' }]);
    expect(result.inventory.assumptions.map(({ about }) => about)).toContain('prometheus-operator');
    // P21: with the operator down its webhooks refuse every ScheduledBackup.
    expect(dependsOn('example-backup')).toContainEqual({ name: 'cloudnative-pg' });
  });

  it('stays with its archive when the construct goes', () => {
    const result = database();
    for (const file of [FILES.cluster, FILES.objectStore]) {
      expect(at(object(result, file), 'metadata', 'annotations')).toMatchObject({
        'kustomize.toolkit.fluxcd.io/prune': 'disabled',
      });
    }
  });

  it('takes what else is said of the Cluster', () => {
    const spec = { walStorage: { size: '5Gi' }, bootstrap: { initdb: { database: 'shop' } } };
    const result = database({ name: 'shop', instances: 3, storageClass: 'ceph-block', generation: 4, spec });
    const cluster = object(result, 'example/paperless.Cluster.shop.yaml');
    expect(at(cluster, 'spec')).toMatchObject({
      ...spec,
      instances: 3,
      storage: { size: '20Gi', storageClass: 'ceph-block' },
      plugins: [{ parameters: { barmanObjectName: 'shop', serverName: 'shop-4' } }],
    });
    const copies = result.inventory.datasets.find(({ id }) => id.name === 'shop')?.copies ?? [];
    expect(copies.map(({ restore }) => restore)).toEqual([
      {
        type: 'cnpg',
        namespace: 'paperless',
        cluster: 'shop',
        objectStore: 'shop',
        serverName: 'shop-4',
        nextServerName: 'shop-5',
        database: 'shop',
        owner: 'shop',
      },
    ]);
  });

  it('names what an application needs to reach it', () => {
    accepted(({ chart }) => {
      const { name, host, secretName } = new BackedUpPostgres(chart, 'db', { storage, backup });
      expect({ name, host, secretName }).toEqual({ name: 'db', host: 'db-rw', secretName: 'db-app' });
    });
  });

  it('renders no archive where somebody else copies it', () => {
    const word = elsewhere('pgBackRest on the NAS fetches the log all day.', {
      failureDomain: 'site',
      rpo: Duration.hours(1),
    });
    const result = database({ backup: word });
    expect(databaseFiles(result)).not.toContain(FILES.objectStore);
    expect(at(object(result, FILES.cluster), 'spec', 'plugins')).toBeUndefined();
  });

  it('renders no PodMonitor where nobody reads one', () => {
    expect(databaseFiles(database({ podMonitor: false }))).not.toContain(FILES.podMonitor);
  });

  it('stores each cluster at a place of its own, known when the tree is complete', () => {
    const path = (cluster: string): unknown => {
      const result = database({}, { platform: { cluster } });
      return at(object(result, FILES.objectStore), 'spec', 'configuration', 'destinationPath');
    };
    expect(path('home')).toBe('s3://home-backups/home/data/paperless/db');
    expect(path('work')).toBe('s3://home-backups/work/data/paperless/db');
  });

  it('is open to patches, and what is proven is what comes out', () => {
    const { inventory } = accepted(({ chart }) => {
      const db = new BackedUpPostgres(chart, 'db', { storage, backup });
      const patch = JsonPatch.replace('/spec/schedule', '0 0 */12 * * *');
      ApiObject.of(db.node.findChild('ScheduledBackup')).addJsonPatch(patch);
      ApiObject.of(db.node.findChild('ObjectStore')).addJsonPatch(JsonPatch.replace('/spec/retentionPolicy', '2m'));
    });
    const [copy] = inventory.datasets.find(({ id }) => id.name === 'db')?.copies ?? [];
    expect(copy?.keptSeconds).toBe(62 * 86_400);
    expect(copy?.evidence).toMatchObject({ scheduledBackups: [{ name: 'db', schedule: '0 0 */12 * * *' }] });
  });

  it('asks for the keys in its own namespace, and says what it rests on', () => {
    const to = s3Location('nas', { ...offsite, customCa: true });
    const { inventory } = database({ backup: continuous({ to, restoreWindow: Duration.days(30) }) });
    expect(inventory.requiredSecrets).toEqual([
      {
        namespace: 'paperless',
        name: 'backed-up-nas',
        keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'ca.crt'],
        keptIn: 'sealed envelope, bank',
      },
    ]);
    expect(inventory.assumptions.map(({ about }) => about)).toEqual([
      'cnpg.barmanPlugin',
      'cnpg.timeZone',
      'cnpg.version',
      'flux',
      'prometheus-operator',
    ]);
  });

  it('is a copy of a copy in the mirror of its location', () => {
    const mirror = elsewhere('rclone on the NAS copies the bucket every night.', {
      failureDomain: 'offsite-nas',
      rpo: Duration.hours(25),
    });
    const to = s3Location('near', { ...offsite, failureDomain: 'site', mirror });
    const { inventory } = database({ backup: continuous({ to, restoreWindow: Duration.days(30) }) });
    const copies = inventory.datasets.find(({ id }) => id.name === 'db')?.copies ?? [];
    expect(copies.map(({ by, worstAgeSeconds }) => [by, worstAgeSeconds])).toEqual([
      ['cnpg', 600],
      ['elsewhere', 600 + 25 * 3600],
    ]);
  });
});

describe('a namespace with a database and volumes', () => {
  it('P12 has Velero leave the volumes of the database out, by their role', () => {
    const { files } = accepted(({ chart }) => {
      new BackedUpPostgres(chart, 'db', { storage, backup });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep: { daily: 7 } }) });
    });
    const policy = parse(files?.get('example-backup/velero.ConfigMap.paperless-nightly.yaml') ?? '') as {
      readonly data: Readonly<Record<string, string>>;
    };
    const { volumePolicies } = parse(policy.data['policy.yaml'] ?? '') as {
      readonly volumePolicies: readonly unknown[];
    };
    for (const role of ['PG_DATA', 'PG_WAL', 'PG_TABLESPACE']) {
      expect(volumePolicies).toContainEqual({
        conditions: { pvcLabels: { 'cnpg.io/pvcRole': role } },
        action: { type: 'skip' },
      });
    }
    // What is left over is copied, so that the rules above decide.
    expect(volumePolicies.at(-1)).toEqual({ conditions: {}, action: { type: 'snapshot' } });
  });
});

describe('a database of somebody else', () => {
  it('needs no construct where the files beside say all of it', () => {
    const files = {
      'db.yaml': `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: db, namespace: paperless, annotations: { kustomize.toolkit.fluxcd.io/prune: disabled } }
spec:
  instances: 1
  storage: { size: 20Gi }
  plugins:
    - name: barman-cloud.cloudnative-pg.io
      isWALArchiver: true
      parameters: { barmanObjectName: archive }
---
apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata: { name: archive, namespace: paperless }
spec:
  retentionPolicy: 5w
  configuration:
    destinationPath: s3://home-backups/databases/
    endpointURL: https://s3.example.net
    s3Credentials:
      accessKeyId: { name: keys, key: id }
      secretAccessKey: { name: keys, key: secret }
---
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: { name: weekly, namespace: paperless }
spec:
  schedule: 0 0 3 * * SUN
  cluster: { name: db }
  method: plugin
  pluginConfiguration: { name: barman-cloud.cloudnative-pg.io }
`,
    };
    const { inventory } = accepted(({ chart }) => void backUp(chart, { postgres: 'db' }, backup), { files });
    const [copy] = inventory.datasets.find(({ id }) => id.name === 'db')?.copies ?? [];
    expect(copy).toMatchObject({
      by: 'cnpg',
      keptSeconds: 35 * 86_400,
      evidence: { objectStore: 'archive', serverName: 'db', scheduledBackups: [{ name: 'weekly' }] },
      restore: { serverName: 'db', nextServerName: 'db-2' },
    });
    expect(inventory.requiredSecrets).toEqual([
      { namespace: 'paperless', name: 'keys', keys: ['id', 'secret'], keptIn: 'sealed envelope, bank' },
    ]);
  });
});

describe('PostgresBackup', () => {
  it('protects a database in another namespace than the chart', () => {
    const db = `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: db, namespace: shop, annotations: { kustomize.toolkit.fluxcd.io/prune: disabled } }
spec:
  instances: 1
  storage: { size: 20Gi }
  plugins:
    - name: barman-cloud.cloudnative-pg.io
      isWALArchiver: true
      parameters: { barmanObjectName: db, serverName: db-1 }
`;
    const namespace =
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, annotations: { kustomize.toolkit.fluxcd.io/prune: disabled } }\n';
    const result = accepted(
      ({ chart }) =>
        void new PostgresBackup(chart, 'db', { cluster: 'db', namespace: 'shop', backup, podMonitor: false }),
      { files: { 'db.yaml': db, 'namespace.yaml': namespace } },
    );
    expect(at(object(result, 'example/shop.ObjectStore.db.yaml'), 'spec', 'configuration', 'destinationPath')).toBe(
      's3://home-backups/home/data/shop/db',
    );
    expect([...(result.files?.keys() ?? [])]).toContain('example-backup/shop.ScheduledBackup.db.yaml');
    expect(result.inventory.requiredSecrets.map(({ namespace: place }) => place)).toEqual(['shop']);
  });

  it('dumps a server that a HelmRelease installs, whose claim no object shows', () => {
    const claim = 'data-tickets-postgresql-0';
    const labels = { 'app.kubernetes.io/instance': 'tickets' };
    const result = accepted(({ chart }) => {
      new ApiObject(chart, 'tickets', {
        apiVersion: 'helm.toolkit.fluxcd.io/v2',
        kind: 'HelmRelease',
        metadata: { name: 'tickets' },
        spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'postgresql' } },
      });
      holds(chart, { helmRelease: 'tickets' }, {});
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep: { daily: 7 } }) });
      new PostgresBackup(chart, 'tickets-backup', {
        data: { claim, heldBy: { helmRelease: 'tickets' }, storage, storageClass: 'ceph-block', labels },
        server: {
          host: 'tickets-postgresql',
          pods: { labels },
          user: { secret: 'tickets', key: 'username' },
          password: { secret: 'tickets', key: 'password' },
          keptIn: 'sealed envelope, bank',
        },
        backup: nightly({ to: offsite, keep: { daily: 14 } }),
      });
    });
    expect([...(result.files?.keys() ?? [])]).toContain(`example-backup/paperless.CronJob.${claim}-dump-offsite.yaml`);
    const found = result.inventory.datasets.find(({ id }) => id.name === claim);
    expect(found?.claims).toEqual([{ namespace: 'paperless', name: claim, labels }]);
    expect(found?.copies.map(({ by }) => by)).toEqual(['jobs']);
    const policy = object(result, 'example-backup/velero.ConfigMap.paperless-nightly.yaml');
    expect(parse(String(at(policy, 'data', 'policy.yaml')))).toMatchObject({
      volumePolicies: expect.arrayContaining([{ conditions: { pvcLabels: labels }, action: { type: 'skip' } }]),
    });
  });
});
