/** What the constructs come to that jobs carry out. */
import { ApiObject, Duration, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  BackedUpPostgres,
  BackedUpVolume,
  continuous,
  every,
  kubeadmEtcd,
  nightly,
  PostgresBackup,
  s3Location,
  weekly,
} from '../../lib';
import { at } from '../../lib/model/kube-object';
import type { Synthesized } from '../../lib/synth/synthesize';
import { plainPostgres } from '../support/plain-postgres';
import { explain, offsite, rook, synthesizeScenario, type Scenario, type ScenarioOptions } from '../support/scenario';

const storage = Size.gibibytes(20);
const log = continuous({ to: offsite, restoreWindow: Duration.days(30) });

function accepted(build: (scenario: Scenario) => void, options: ScenarioOptions = {}): Synthesized {
  const result = synthesizeScenario(build, options);
  expect(explain(result.findings)).toBe('');
  return result;
}

function object({ files }: Synthesized, path: string): unknown {
  return parse(files?.get(path) ?? '');
}

function cronJobs({ files }: Synthesized): readonly string[] {
  return [...(files?.keys() ?? [])].filter((file) => file.includes('.CronJob.')).toSorted();
}

const JOB = ['spec', 'jobTemplate', 'spec'] as const;
const POD = [...JOB, 'template', 'spec'] as const;

describe('kubeadmEtcd', () => {
  const etcd = kubeadmEtcd({
    backup: every('15 0,6,12,18 * * *', { to: offsite, keep: { hourly: 28 }, rpo: Duration.hours(8) }),
  });

  it('runs where the keys are, in space of the node, and keeps its repository in order', () => {
    const result = accepted(() => {}, { props: { etcd } });
    expect(cronJobs(result)).toEqual([
      'cluster-backup/kube-system.CronJob.etcd-offsite-upkeep.yaml',
      'cluster-backup/kube-system.CronJob.etcd-offsite.yaml',
    ]);
    const job = object(result, 'cluster-backup/kube-system.CronJob.etcd-offsite.yaml');
    expect(at(job, ...JOB, 'activeDeadlineSeconds')).toBe(3600);
    expect(at(job, ...POD, 'hostNetwork')).toBe(true);
    expect(at(job, ...POD, 'volumes')).toMatchObject([
      { name: 'scripts' },
      { emptyDir: { sizeLimit: '20Gi' } },
      { hostPath: { path: '/etc/kubernetes' } },
    ]);
  });

  it('says in the inventory where its receipts are, and what a restore needs', () => {
    const { inventory } = accepted(() => {}, { props: { etcd } });
    const dataset = inventory.datasets.find(({ id }) => id.kind === 'etcd');
    // Six hours between two runs, seven where the clocks go back, and one for the run.
    expect(dataset?.rpo).toEqual({ achievedSeconds: 8 * 3600, acceptedSeconds: 8 * 3600 });
    expect(dataset?.copies).toMatchObject([
      {
        by: 'jobs',
        location: 'offsite',
        keptSeconds: 28 * 6 * 3600,
        evidence: {
          type: 'receipt',
          namespace: 'kube-system',
          cronJob: 'etcd-offsite',
          schedule: '15 0,6,12,18 * * *',
          timeZone: 'Europe/Berlin',
          receipts: 'home/receipts/_cluster/etcd_home',
        },
        restore: {
          type: 'restic',
          repository: 's3:https://s3.example.net/home-backups/home/data/_cluster/etcd_home',
          namespace: 'kube-system',
          secret: 'backed-up-offsite',
        },
      },
    ]);
    expect(inventory.requiredSecrets).toEqual([
      {
        namespace: 'kube-system',
        name: 'backed-up-offsite',
        keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'RESTIC_PASSWORD'],
        keptIn: 'sealed envelope, bank',
      },
    ]);
  });

  it('takes the folder, the member and the Secret of an upkeep that alone may delete', () => {
    const own = kubeadmEtcd({
      backup: nightly({ to: offsite, keep: { daily: 14 } }),
      endpoint: 'https://10.0.0.1:2379',
      folder: '/var/lib/kubernetes',
      externalCa: true,
      kmsKeptIn: 'HSM at the office, unsealed by two of us',
      upkeepSecret: 'deletes-backups',
    });
    const result = accepted(() => {}, { props: { etcd: own } });
    const job = object(result, 'cluster-backup/kube-system.CronJob.etcd-offsite.yaml');
    const steps = JSON.stringify(at(job, ...POD, 'initContainers'));
    expect(steps).toContain('--endpoints=https://10.0.0.1:2379');
    for (const name of ['EXTERNAL_CA', 'KMS_KEPT']) expect(steps).toContain(JSON.stringify({ name, value: 'true' }));
    expect(at(job, ...POD, 'volumes')).toContainEqual({
      name: 'mount-0',
      hostPath: { path: '/var/lib/kubernetes', type: 'Directory' },
    });
    const upkeep = JSON.stringify(object(result, 'cluster-backup/kube-system.CronJob.etcd-offsite-upkeep.yaml'));
    expect(upkeep).toContain('deletes-backups');
    expect(upkeep).not.toContain('backed-up-offsite');
    expect(result.inventory.requiredSecrets.map(({ name }) => name)).toEqual(['backed-up-offsite', 'deletes-backups']);
  });

  it('leaves one copy to somebody else and makes the other', () => {
    const [first] = [nightly({ to: offsite, keep: { daily: 7 } })];
    const result = accepted(() => {}, { props: { etcd: kubeadmEtcd({ backup: [first] }) } });
    expect(result.inventory.datasets.find(({ id }) => id.kind === 'etcd')?.copies.map(({ by }) => by)).toEqual([
      'jobs',
    ]);
  });
});

describe('dumps beside the archive of a database', () => {
  it('log in as the superuser, whom the Cluster lets in, with the client of its own image', () => {
    const imageName = 'ghcr.io/cloudnative-pg/postgresql:17.7';
    const result = accepted(({ chart }) => {
      const backup = [log, nightly({ to: offsite, keep: { daily: 14 } })] as const;
      new BackedUpPostgres(chart, 'db', { storage, backup, spec: { imageName } });
    });
    expect(at(object(result, 'example/paperless.Cluster.db.yaml'), 'spec')).toMatchObject({
      enableSuperuserAccess: true,
      imageName,
    });
    const job = object(result, 'example-backup/paperless.CronJob.db-dump-offsite.yaml');
    expect(at(job, ...POD, 'initContainers')).toMatchObject([
      { name: 'begin' },
      { name: 'dump', image: imageName },
      { name: 'verify', image: imageName },
      { name: 'commit' },
    ]);
    expect(JSON.stringify(job)).toContain('"secretKeyRef":{"name":"db-superuser","key":"password"}');
    const copies = result.inventory.datasets.find(({ id }) => id.name === 'db')?.copies ?? [];
    expect(copies.map(({ by, location }) => [by, location])).toEqual([
      ['cnpg', 'offsite'],
      ['jobs', 'offsite'],
    ]);
    // One Secret, with what both methods need of it.
    expect(result.inventory.requiredSecrets.filter(({ name }) => name === 'backed-up-offsite')).toMatchObject([
      { namespace: 'paperless', keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'RESTIC_PASSWORD'] },
    ]);
  });

  it.each([
    [Duration.hours(20), 20],
    [Duration.minutes(30), 4],
  ])('give their upkeep as long as a copy may take, and four hours at least: %s', (deadline, hours) => {
    const result = accepted(({ chart }) => {
      const backup = nightly({ to: offsite, keep: { daily: 14 } });
      new BackedUpPostgres(chart, 'db', { storage, backup, dump: { deadline } });
    });
    const upkeep = object(result, 'example-backup/paperless.CronJob.db-dump-offsite-upkeep.yaml');
    expect(at(upkeep, ...JOB, 'activeDeadlineSeconds')).toBe(hours * 3600);
  });

  it('keep their upkeep out of the night, in which copies are made', () => {
    const result = accepted(({ chart }) => {
      for (let i = 0; i < 20; i += 1)
        new BackedUpPostgres(chart, `db-${i}`, { storage, backup: nightly({ to: offsite, keep: { daily: 14 } }) });
    });
    const hours = cronJobs(result).map((file) => [
      file.includes('upkeep'),
      Number(String(at(object(result, file), 'spec', 'schedule')).split(' ')[1]),
    ]);
    expect(new Set(hours.filter(([isUpkeep]) => isUpkeep === true).map(([, hour]) => hour))).toEqual(
      new Set([9, 10, 11]),
    );
    expect(new Set(hours.filter(([isUpkeep]) => isUpkeep === false).map(([, hour]) => hour))).toEqual(
      new Set([3, 4, 5]),
    );
  });

  it('may be all that there is, and then nobody archives a log', () => {
    const result = accepted(({ chart }) => {
      new BackedUpPostgres(chart, 'db', { storage, backup: nightly({ to: offsite, keep: { daily: 14 } }) });
    });
    expect(at(object(result, 'example/paperless.Cluster.db.yaml'), 'spec', 'plugins')).toBeUndefined();
    expect(cronJobs(result)).toHaveLength(2);
  });

  it('reach the gateway of Rook by its pods, where the store is in the cluster', () => {
    const local = s3Location('local', {
      endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc',
      bucket: 'backups',
      failureDomain: 'cluster',
      keptIn: 'sealed envelope, bank',
    });
    const result = accepted(
      ({ chart }) => {
        const backup = [log, nightly({ to: local, keep: { daily: 14 } })] as const;
        new BackedUpPostgres(chart, 'db', { storage, backup });
      },
      { platform: { rook } },
    );
    const policy = object(result, 'example-backup/paperless.NetworkPolicy.db-dump-local.yaml');
    expect(at(policy, 'spec', 'egress')).toContainEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'rook-ceph' } },
          podSelector: { matchLabels: { app: 'rook-ceph-rgw', rook_object_store: 'store-a' } },
        },
      ],
      ports: [{ protocol: 'TCP', port: 8080 }],
    });
  });

  it('run with the images, the class and the priority of the platform', () => {
    const jobs = {
      images: { restic: 'registry.example.net/restic:0.18.1' },
      scratchClass: 'fast',
      priorityClassName: 'backups',
      resources: { memoryLimit: '4Gi' },
    };
    const result = accepted(
      ({ chart }) => {
        const backup = nightly({ to: offsite, keep: { daily: 14 } });
        new BackedUpPostgres(chart, 'db', { storage, backup, dump: { scratch: Size.gibibytes(7) } });
      },
      { platform: { jobs, clusterRanges: ['10.244.0.0/16', '10.96.0.0/12'] } },
    );
    const job = object(result, 'example-backup/paperless.CronJob.db-dump-offsite.yaml');
    expect(at(job, ...POD, 'priorityClassName')).toBe('backups');
    expect(JSON.stringify(job)).toContain('"limits":{"memory":"4Gi"}');
    expect(JSON.stringify(job)).toContain('registry.example.net/restic:0.18.1');
    expect(JSON.stringify(job)).toContain('"storageClassName":"fast","resources":{"requests":{"storage":"7Gi"}}');
    const policy = object(result, 'example-backup/paperless.NetworkPolicy.db-dump-offsite.yaml');
    expect(JSON.stringify(policy)).toContain('"except":["10.244.0.0/16","10.96.0.0/12"]');
    expect(result.inventory.assumptions.map(({ about }) => about)).toEqual(
      expect.arrayContaining(['clusterRanges', 'storageClasses.fast']),
    );
  });
});

describe('a server without an operator', () => {
  it('is dumped, and its volume left out by Velero, whatever else is in the namespace', () => {
    const result = accepted(({ chart }) => {
      new BackedUpVolume(chart, 'files', { storage, backup: weekly({ to: offsite, keep: { weekly: 8 } }) });
      new ApiObject(chart, 'data', {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'db-data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
      });
      new PostgresBackup(chart, 'backup', {
        data: { claim: 'db-data' },
        server: {
          host: 'postgres',
          pods: { labels: { app: 'postgres' } },
          user: { secret: 'postgres', key: 'user' },
          password: { secret: 'postgres', key: 'password' },
          keptIn: 'sealed envelope, bank',
        },
        backup: nightly({ to: offsite, keep: { daily: 14 } }),
      });
    });
    const claim = object(result, 'example/paperless.PersistentVolumeClaim.db-data.yaml');
    expect(at(claim, 'metadata', 'labels')).toEqual({ 'backed-up/method': 'jobs' });
    const policy = object(result, 'example-backup/velero.ConfigMap.paperless-weekly.yaml');
    expect(JSON.stringify(policy)).toContain('backed-up/method: jobs');
    const job = object(result, 'example-backup/paperless.CronJob.db-data-dump-offsite.yaml');
    expect(at(job, 'metadata', 'annotations', 'backed-up/dataset')).toBe('PersistentVolumeClaim paperless/db-data');
    expect(JSON.stringify(job)).toContain('"name":"PGHOST","value":"postgres.paperless.svc"');
    expect(result.inventory.requiredSecrets).toContainEqual({
      namespace: 'paperless',
      name: 'postgres',
      keys: ['password', 'user'],
      keptIn: 'sealed envelope, bank',
    });
  });
});

describe('datasets that are called the same', () => {
  function dumpsOf(result: Synthesized): Readonly<Record<string, string>> {
    const dumps = cronJobs(result).filter((file) => file.includes('-dump-') && !file.endsWith('-upkeep.yaml'));
    return Object.fromEntries(
      dumps.map((file) => [
        String(at(object(result, file), 'metadata', 'annotations', 'backed-up/dataset')),
        String(at(object(result, file), 'metadata', 'name')),
      ]),
    );
  }

  it('have jobs of different names, which do not depend on who is declared first', () => {
    const dumps = dumpsOf(accepted(({ chart }) => plainPostgres(chart, { templates: ['data', 'wal'] })));
    expect(dumps).toEqual({
      "StatefulSet paperless/db, claim template 'data'": expect.stringMatching(/^db-dump-[0-9a-f]{8}-offsite$/),
      "StatefulSet paperless/db, claim template 'wal'": expect.stringMatching(/^db-dump-[0-9a-f]{8}-offsite$/),
    });
    expect(new Set(Object.values(dumps)).size).toBe(2);
    expect(dumpsOf(accepted(({ chart }) => plainPostgres(chart, { templates: ['wal', 'data'] })))).toEqual(dumps);
  });

  it('may be a Cluster and a set, and one that is alone keeps the plain name', () => {
    const both = accepted(({ chart }) => {
      new BackedUpPostgres(chart, 'db', { storage, backup: nightly({ to: offsite, keep: { daily: 14 } }) });
      plainPostgres(chart, { templates: ['data'] });
    });
    expect(Object.keys(dumpsOf(both))).toEqual(
      expect.arrayContaining(['Cluster paperless/db', "StatefulSet paperless/db, claim template 'data'"]),
    );
    const alone = accepted(({ chart }) => plainPostgres(chart, { templates: ['data'] }));
    expect(Object.values(dumpsOf(alone))).toEqual(['db-dump-offsite']);
  });
});

describe('the mirror of a location', () => {
  const local = s3Location('local', {
    endpoint: 'https://nas.example.org',
    bucket: 'backups',
    failureDomain: 'site',
    keptIn: 'sealed envelope, bank',
    mirror: nightly({ to: offsite }),
  });

  it('brings the copies of jobs there, with keys and a password of its own, and keeps as many', () => {
    const result = accepted(({ chart }) => {
      new BackedUpPostgres(chart, 'db', { storage, backup: nightly({ to: local, keep: { daily: 14 } }) });
    });
    expect(cronJobs(result)).toEqual([
      'example-backup/paperless.CronJob.db-dump-local-to-offsite-upkeep.yaml',
      'example-backup/paperless.CronJob.db-dump-local-to-offsite.yaml',
      'example-backup/paperless.CronJob.db-dump-local-upkeep.yaml',
      'example-backup/paperless.CronJob.db-dump-local.yaml',
    ]);
    const copies = result.inventory.datasets.find(({ id }) => id.name === 'db')?.copies ?? [];
    expect(copies.map(({ by, location, keptSeconds }) => [by, location, keptSeconds])).toEqual([
      ['jobs', 'local', 14 * 86_400],
      ['mirror', 'offsite', 14 * 86_400],
    ]);
    // A night for each, an hour where the clocks go back, and what both runs may take.
    expect(copies.map(({ worstAgeSeconds }) => worstAgeSeconds / 3600)).toEqual([29, 58]);
    expect(copies[1]?.evidence).toMatchObject({ type: 'receipt', cronJob: 'db-dump-local-to-offsite' });
    expect(copies[1]?.restore).toMatchObject({
      repository: 's3:https://s3.example.net/home-backups/home/data/paperless/cluster_db',
      secret: 'backed-up-offsite',
    });
    expect(result.inventory.requiredSecrets.map(({ name }) => name)).toEqual(['backed-up-local', 'backed-up-offsite']);
    expect(result.inventory.assumptions).toContainEqual({
      about: 'kubernetes.version',
      value: { atLeast: '1.29' },
      why: 'Mirrors of repositories have a sidecar container; an older kubelet waits for its end, which never comes.',
    });
  });

  it('has the deadline and the smallest share that are said of it, and its upkeep as long', () => {
    const mirror = nightly({ to: offsite, deadline: Duration.hours(12), smallestPercent: 0 });
    const result = accepted(({ chart }) => {
      const backup = nightly({ to: { ...local, mirror }, keep: { daily: 14 } });
      new BackedUpPostgres(chart, 'db', { storage, backup });
    });
    const copy = object(result, 'example-backup/paperless.CronJob.db-dump-local-to-offsite.yaml');
    const upkeep = object(result, 'example-backup/paperless.CronJob.db-dump-local-to-offsite-upkeep.yaml');
    expect([copy, upkeep].map((job) => at(job, ...JOB, 'activeDeadlineSeconds'))).toEqual([12 * 3600, 12 * 3600]);
    expect(JSON.stringify(copy)).toContain('{"name":"SMALLEST_PERCENT","value":"0"}');
    expect(result.inventory.assumptions).toContainEqual(
      expect.objectContaining({ about: "smallestPercent of mirror 'db-dump-local-to-offsite'", value: 0 }),
    );
  });

  it('goes on to the mirror of the mirror', () => {
    const site = s3Location('site', {
      endpoint: 'https://nas.example.org',
      bucket: 'second',
      failureDomain: 'site',
      keptIn: 'sealed envelope, bank',
      mirror: nightly({ to: local }),
    });
    const result = accepted(({ chart }) => {
      new BackedUpPostgres(chart, 'db', { storage, backup: nightly({ to: site, keep: { daily: 14 } }) });
    });
    expect(cronJobs(result).filter((file) => file.includes('-to-') && !file.includes('upkeep'))).toEqual([
      'example-backup/paperless.CronJob.db-dump-local-to-offsite.yaml',
      'example-backup/paperless.CronJob.db-dump-site-to-local.yaml',
    ]);
    // A mirror has no receipts of the runs that made its snapshots.
    const asking = cronJobs(result).filter((file) => JSON.stringify(object(result, file)).includes('list-receipts.sh'));
    expect(asking).toEqual([
      'example-backup/paperless.CronJob.db-dump-site-to-local.yaml',
      'example-backup/paperless.CronJob.db-dump-site-upkeep.yaml',
    ]);
    expect(
      result.inventory.datasets.find(({ id }) => id.name === 'db')?.copies.map(({ location }) => location),
    ).toEqual(['site', 'local', 'offsite']);
  });

  it('is left to the strategy that copies there by itself', () => {
    const result = accepted(({ chart }) => {
      const backup = [
        nightly({ to: local, keep: { daily: 14 } }),
        weekly({ to: offsite, keep: { weekly: 8 } }),
      ] as const;
      new BackedUpPostgres(chart, 'db', { storage, backup });
    });
    expect(cronJobs(result).filter((file) => file.includes('-to-'))).toEqual([]);
    expect(result.inventory.datasets.find(({ id }) => id.name === 'db')?.copies.map(({ by }) => by)).toEqual([
      'jobs',
      'jobs',
    ]);
  });
});
