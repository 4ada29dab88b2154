/** What a mirror of a location comes to for what Velero and Barman keep in it. */
import { ApiObject, Duration, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  BackedUpPostgres,
  BackedUpVolume,
  backUp,
  continuous,
  nightly,
  s3Location,
  snapshotted,
  weekly,
} from '../../lib';
import { at, listAt, textAt } from '../../lib/model/kube-object';
import type { InventoryDataset } from '../../lib/model/inventory';
import type { Synthesized } from '../../lib/synth/synthesize';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario, type Scenario, type ScenarioOptions } from '../support/scenario';

const storage = Size.gibibytes(20);
const nas = {
  endpoint: 'https://nas.example.org',
  bucket: 'backups',
  failureDomain: 'site',
  keptIn: 'sealed envelope, bank',
} as const;
const local = s3Location('local', { ...nas, mirror: nightly({ to: offsite }) });

function accepted(build: (scenario: Scenario) => void, options: ScenarioOptions = {}): Synthesized {
  const result = synthesizeScenario(build, options);
  expect(explain(result.findings)).toBe('');
  return result;
}

function mirrors({ files }: Synthesized): readonly string[] {
  return [...(files?.keys() ?? [])].filter((file) => /\.CronJob\.(velero|barman)-/.test(file)).toSorted();
}

function job({ files }: Synthesized, path: string): unknown {
  return parse(files?.get(path) ?? '');
}

/** The variables of the container that copies, which have no secret in them. */
function told(cronJob: unknown): Readonly<Record<string, string | undefined>> {
  const pod = at(cronJob, 'spec', 'jobTemplate', 'spec', 'template', 'spec');
  const mirror = listAt(pod, 'initContainers').find((container) => textAt(container, 'name') === 'mirror');
  return Object.fromEntries(listAt(mirror, 'env').map((each) => [textAt(each, 'name') ?? '', textAt(each, 'value')]));
}

function steps(cronJob: unknown): readonly (string | undefined)[] {
  const pod = at(cronJob, 'spec', 'jobTemplate', 'spec', 'template', 'spec');
  return [...listAt(pod, 'initContainers'), ...listAt(pod, 'containers')].map((each) => textAt(each, 'name'));
}

function dataset({ inventory }: Synthesized, name: string): InventoryDataset | undefined {
  return inventory.datasets.find(({ id }) => id.name === name);
}

describe('the mirror of what Velero stores', () => {
  const VELERO = 'cluster-backup/backed-up.CronJob.velero-local-to-offsite-b29b4277.yaml';

  function volumes({ chart }: Scenario, to = local): void {
    new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep: { daily: 14 } }) });
    new BackedUpVolume(chart, 'media', { storage, backup: nightly({ to, keep: { daily: 14 } }) });
  }

  it('is one job for all that is there, beside what the other location has of its own', () => {
    const result = accepted((scenario) => volumes(scenario));
    expect(mirrors(result)).toEqual([VELERO]);
    expect(told(job(result, VELERO))).toMatchObject({
      SOURCE: 'source:backups/home/velero',
      COPY: 'store:home-backups/home/mirrors/local/velero',
      RCLONE_CONFIG_SOURCE_ENDPOINT: 'https://nas.example.org',
      RCLONE_CONFIG_STORE_ENDPOINT: 'https://s3.example.net',
    });
    expect(result.inventory.requiredSecrets.filter(({ namespace }) => namespace === 'backed-up')).toEqual([
      {
        namespace: 'backed-up',
        name: 'backed-up-local',
        keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
        keptIn: 'sealed envelope, bank',
      },
      {
        namespace: 'backed-up',
        name: 'backed-up-offsite',
        keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
        keptIn: 'sealed envelope, bank',
      },
    ]);
  });

  it('is a copy of each volume, as old as both runs, with the place that a restore has to name', () => {
    for (const name of ['data', 'media']) {
      const copies = dataset(
        accepted((scenario) => volumes(scenario)),
        name,
      )?.copies;
      expect(copies?.map(({ by, location, keptSeconds }) => [by, location, keptSeconds])).toEqual([
        ['velero', 'local', 14 * 86_400],
        // Where nothing can be had back, nothing is removed.
        ['mirror', 'offsite', undefined],
      ]);
      // A night for each, an hour where the clocks go back, and what the runs may take.
      expect((copies?.[1]?.worstAgeSeconds ?? 0) - (copies?.[0]?.worstAgeSeconds ?? 0)).toBe((25 + 4) * 3600);
      expect(copies?.[1]?.evidence).toMatchObject({
        type: 'receipt',
        namespace: 'backed-up',
        receipts: 'home/receipts/velero/backupstoragelocation_local',
      });
      expect(copies?.[0]?.restore).toEqual({
        type: 'velero',
        namespace: 'paperless',
        plan: 'nightly',
        defaultPlan: true,
      });
      expect(copies?.[1]?.restore).toEqual({ ...copies?.[0]?.restore, path: 'home/mirrors/local/velero' });
    }
  });

  it('deletes only where the location keeps what is deleted as an old version', () => {
    const versioned = s3Location('offsite', { ...offsite, versioned: true });
    const to = s3Location('local', { ...nas, mirror: nightly({ to: versioned }) });
    const every = ['begin', 'mirror', 'compare', 'receipt'];
    expect(
      steps(
        job(
          accepted((scenario) => volumes(scenario)),
          VELERO,
        ),
      ),
    ).toEqual(every);
    expect(
      steps(
        job(
          accepted((scenario) => volumes(scenario, to)),
          VELERO,
        ),
      ),
    ).toEqual([...every.slice(0, -1), 'remove', 'receipt']);
    const about = accepted((scenario) => volumes(scenario, to)).inventory.assumptions.map((each) => each.about);
    expect(about).toContain('locations.offsite.versioned');
    const copies = dataset(
      accepted((scenario) => volumes(scenario, to)),
      'data',
    )?.copies;
    expect(copies?.map(({ keptSeconds }) => keptSeconds)).toEqual([14 * 86_400, 14 * 86_400]);
  });

  it('takes as long as it is given, and no less of the store than was said', () => {
    const mirror = nightly({ to: offsite, deadline: Duration.hours(12), smallestPercent: 10 });
    const result = accepted((scenario) => volumes(scenario, s3Location('local', { ...nas, mirror })));
    const cronJob = job(result, VELERO);
    expect(at(cronJob, 'spec', 'jobTemplate', 'spec', 'activeDeadlineSeconds')).toBe(12 * 3600);
    expect(told(cronJob)).toMatchObject({ STEP_SECONDS: '42840', SMALLEST_PERCENT: '10' });
  });

  it('goes on from the mirror, which is not made again', () => {
    const vault = s3Location('vault', { ...offsite, bucket: 'vault', failureDomain: 'offsite-vault' });
    const middle = s3Location('offsite', { ...offsite, mirror: nightly({ to: vault }) });
    const result = accepted((scenario) =>
      volumes(scenario, s3Location('local', { ...nas, mirror: nightly({ to: middle }) })),
    );
    expect(mirrors(result).map((path) => told(job(result, path))['SOURCE'])).toEqual([
      'source:home-backups/home/mirrors/local/velero',
      'source:backups/home/velero',
    ]);
    expect(dataset(result, 'data')?.copies.map(({ restore }) => ('path' in restore ? restore.path : ''))).toEqual([
      '',
      'home/mirrors/local/velero',
      'home/mirrors/local/velero',
    ]);
  });

  it('is none of a snapshot that stays in the storage', () => {
    const result = accepted(({ chart }) => {
      const backup = [
        snapshotted({ to: local, keep: { daily: 14 } }),
        nightly({ to: offsite, keep: { daily: 14 } }),
      ] as const;
      new BackedUpVolume(chart, 'data', { storage, backup });
    });
    expect(mirrors(result)).toEqual([]);
    expect(dataset(result, 'data')?.copies.map(({ by, failureDomain }) => [by, failureDomain])).toEqual([
      ['velero', 'cluster'],
      ['velero', 'offsite'],
    ]);
  });

  it('is brought by the repository that answers for the cluster, and taken as given by others', () => {
    const props = {
      clusterWide: 'The repository home/cluster answers for them.',
      etcd: undefined,
      fluxRepository: undefined,
      certificates: undefined,
      keys: undefined,
    };
    const result = accepted((scenario) => volumes(scenario), { props: props as never });
    expect(mirrors(result)).toEqual([]);
    const copy = dataset(result, 'data')?.copies[1];
    expect(copy?.evidence).toMatchObject({ type: 'receipt', namespace: 'backed-up' });
    const cronJob = `CronJob backed-up/${copy?.evidence.type === 'receipt' ? copy.evidence.cronJob : ''}`;
    expect(result.inventory.assumptions).toContainEqual({
      about: cronJob,
      value: { from: 'local', to: 'offsite', schedule: expect.any(String) as string, timeZone: 'Europe/Berlin' },
      why: 'The repository that answers for the cluster brings it, and nothing else copies what Velero stores there.',
    });
    expect(result.inventory.requiredSecrets.map(({ namespace }) => namespace)).not.toContain('backed-up');
  });

  refuses('mirror-untrusted', [], 'takes no Secrets to where they may not be', {
    build: (scenario, changed) => {
      const to = s3Location('offsite', { ...offsite, trusted: !changed });
      volumes(scenario, s3Location('local', { ...nas, trusted: true, mirror: nightly({ to }) }));
    },
    says: `
      1 mirror that takes Secrets to where they may not be: [mirror-untrusted]

        ✖ mirror of location 'local'
            made by          example/data
            because          location 'offsite' is not trusted with Secrets, and 'local' is
            to fix           trusted: false
            what to do       or trust 'offsite' as well
    `,
  });

  refuses('job-unready', ['K12'], 'reaches the store that is mirrored', {
    build: (scenario, changed) => {
      const reachedAt = { namespace: 'minio', labels: { app: 'minio' }, port: 9000 };
      const inCluster = { ...nas, endpoint: 'http://minio.minio.svc:9000', failureDomain: 'cluster' } as const;
      const mirror = nightly({ to: offsite });
      volumes(scenario, s3Location('local', { ...inCluster, mirror, ...(changed ? {} : { reachedAt }) }));
    },
    says: `
      1 job that could not run: [job-unready]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          pods of this cluster serve location 'local', and nothing says which: the NetworkPolicy of the job would keep it away from them
            to fix           reachedAt: { namespace: 'minio', labels: { app: 'minio' }, port: 9000 }
    `,
  });

  refuses('expires-too-soon', ['W04'], 'keeps what it has until somebody can notice', {
    build: ({ chart }, changed) => {
      const versioned = s3Location('offsite', { ...offsite, versioned: true });
      const to = s3Location('local', { ...nas, mirror: weekly({ to: versioned }) });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep: { daily: changed ? 14 : 32 } }) });
    },
    says: `
      1 dataset whose copies expire before anybody can notice: [expires-too-soon]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          the mirror at 'offsite' keeps for 14 d what its source keeps; its alert fires after 10 d 12 h, so that copies must live for 31 d 14 h
            to fix           keep: { daily: 32 }
            what to do       keep more copies, or mirror more often
    `,
  });

  refuses('schedule-invalid', [], 'comes at a time that exists', {
    build: (scenario, changed) => {
      const mirror = nightly({ to: offsite, at: changed ? '25:00' : '05:00' });
      volumes(scenario, s3Location('local', { ...nas, mirror }));
    },
    says: `
      1 schedule that cannot be rendered: [schedule-invalid]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          the mirror 'velero-local-to-offsite-b29b4277' names the time '25:00': write it as '03:10'
            what to do       correct the mirror of location 'local'
    `,
  });
});

describe('the mirror of what Barman stores', () => {
  it('is one job for each archive, beside the database', () => {
    const result = accepted(({ chart }) => {
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: local, restoreWindow: Duration.days(30) }),
      });
    });
    const [path = '', ...further] = mirrors(result);
    expect(further).toEqual([]);
    expect(path).toMatch(/^example-backup\/paperless\.CronJob\.barman-db-local-to-offsite-[0-9a-f]{8}\.yaml$/);
    expect(told(job(result, path))).toMatchObject({
      SOURCE: 'source:backups/home/data/paperless/db',
      COPY: 'store:home-backups/home/mirrors/local/data/paperless/db',
    });
    const copies = dataset(result, 'db')?.copies;
    expect(copies?.map(({ by, location, keptSeconds }) => [by, location, keptSeconds])).toEqual([
      ['cnpg', 'local', 30 * 86_400],
      ['mirror', 'offsite', undefined],
    ]);
    expect(copies?.[1]?.restore).toEqual({
      ...copies?.[0]?.restore,
      path: 'home/mirrors/local/data/paperless/db',
    });
    expect(copies?.[1]?.evidence).toMatchObject({
      namespace: 'paperless',
      receipts: 'home/receipts/paperless/objectstore_db',
    });
    expect(
      result.inventory.requiredSecrets.filter(({ namespace }) => namespace === 'paperless').map(({ name }) => name),
    ).toEqual(['backed-up-local', 'backed-up-offsite']);
  });

  /** Databases of somebody else, with ObjectStores of these paths; several may name one. */
  function archives(
    { chart }: Scenario,
    databases: Readonly<Record<string, string>>,
    paths: Readonly<Record<string, string>>,
  ): void {
    for (const [name, path] of Object.entries(paths))
      new ApiObject(chart, `store-${name}`, {
        apiVersion: 'barmancloud.cnpg.io/v1',
        kind: 'ObjectStore',
        metadata: { name },
        spec: {
          retentionPolicy: '30d',
          configuration: {
            destinationPath: `s3://backups/${path}`,
            endpointURL: nas.endpoint,
            s3Credentials: {
              accessKeyId: { name: 'backed-up-local', key: 'AWS_ACCESS_KEY_ID' },
              secretAccessKey: { name: 'backed-up-local', key: 'AWS_SECRET_ACCESS_KEY' },
            },
          },
        },
      });
    for (const [name, objectStore] of Object.entries(databases)) {
      const parameters = { barmanObjectName: objectStore, serverName: `${name}-1` };
      new ApiObject(chart, name, {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Cluster',
        metadata: { name },
        spec: {
          instances: 1,
          storage: { size: '5Gi' },
          plugins: [{ name: 'barman-cloud.cloudnative-pg.io', isWALArchiver: true, parameters }],
        },
      });
      new ApiObject(chart, `backup-${name}`, {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'ScheduledBackup',
        metadata: { name },
        spec: {
          schedule: '0 30 2 * * *',
          cluster: { name },
          method: 'plugin',
          pluginConfiguration: { name: 'barman-cloud.cloudnative-pg.io' },
        },
      });
      backUp(chart, { postgres: name }, continuous({ to: local, restoreWindow: Duration.days(30) }));
    }
  }

  it('is one job for an ObjectStore that two databases share, and for two of one path', () => {
    for (const [databases, paths] of [
      [{ shop: 'all', wiki: 'all' }, { all: 'archive' }],
      [
        { shop: 'one', wiki: 'two' },
        { one: 'archive', two: 'archive' },
      ],
    ] as const) {
      const result = accepted((scenario) => archives(scenario, databases, paths));
      expect(mirrors(result)).toHaveLength(1);
      for (const name of ['shop', 'wiki'])
        expect(dataset(result, name)?.copies.map(({ restore }) => ('path' in restore ? restore.path : ''))).toEqual([
          '',
          'home/mirrors/local/archive',
        ]);
    }
  });

  refuses('job-unready', ['S20'], 'is of a path that no other archive is in', {
    build: (scenario, changed) =>
      archives(scenario, { shop: 'one', wiki: 'two' }, { one: 'archive', two: changed ? 'archive/wiki' : 'wiki' }),
    says: `
      1 job that could not run: [job-unready]

        ✖ Cluster paperless/wiki (5Gi)
            made by          example/wiki
            because          ObjectStore two keeps its archive below that of ObjectStore one, 'archive', and the mirror of each would take what the other has for its own
            to fix           destinationPath: 's3://backups/paperless-two'
    `,
  });
});
