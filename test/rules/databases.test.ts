import { ApiObject, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { BackedUpStatefulSet, BackedUpVolume, backUp, nightly, PostgresBackup } from '../../lib';
import { isDatabaseImage } from '../../lib/model/database-images';
import { refuses } from '../support/rule-test';
import { offsite } from '../support/scenario';

const keep = { daily: 7 };
const storage = Size.gibibytes(20);

function dataVolume(scope: Construct): void {
  new BackedUpVolume(scope, 'data', { storage, backup: nightly({ to: offsite, keep }) });
}

/** A pod template that mounts the volume of {@link dataVolume}. */
function pod(spec: Record<string, unknown>): Record<string, unknown> {
  const labels = { app: 'db' };
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  return { metadata: { labels }, spec: { volumes, containers: [{ name: 'app', image: 'app:1.0' }], ...spec } };
}

function container(image: string, others: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: 'db', image, volumeMounts: [{ name: 'data', mountPath: '/data' }], ...others };
}

function deployment(scope: Construct, spec: Record<string, unknown>): void {
  new ApiObject(scope, 'db', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'db' },
    spec: { selector: { matchLabels: { app: 'db' } }, template: pod(spec) },
  });
}

function claim(scope: Construct): void {
  new k8s.KubePersistentVolumeClaim(scope, 'data', {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: k8s.Quantity.fromString('20Gi') } } },
  });
}

/** PostgreSQL as a chart renders it, what else is in its pods, and the Services that select them. */
function chartOfPostgres(scope: Construct, ...others: readonly object[]): void {
  claim(scope);
  const secretKeyRef = { name: 'shop-db', key: 'postgres-password' };
  deployment(scope, {
    containers: [
      container('docker.io/bitnami/postgresql:17.2.0', {
        ports: [{ name: 'tcp-postgresql', containerPort: 5432 }],
        env: [{ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef } }],
      }),
      ...others,
    ],
  });
  const selector = { app: 'db' };
  service(scope, 'metrics', { selector, ports: [{ port: 9187, targetPort: 'metrics' }] });
  service(scope, 'headless', { selector, clusterIP: 'None', ports: [{ port: 5432 }] });
  service(scope, 'other', { selector: { app: 'other' }, ports: [{ port: 5432 }] });
  service(scope, 'sql', { selector, ports: [{ port: 15_432, targetPort: 'tcp-postgresql' }] });
}

function service(scope: Construct, name: string, spec: Record<string, unknown>): void {
  new ApiObject(scope, name, { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
}

const DUMP = (to: string): string =>
  `new PostgresBackup(this, 'data-backup', { data: { claim: 'data' }, server: { host: 'sql', port: 15432, pods: { labels: { app: 'db' }, port: 5432 }, user: { secret: '…', key: 'username' }, password: { secret: 'shop-db', key: 'postgres-password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: ${to}, keep: { daily: 7 } }) })`;

const OF_OURS = `crashConsistent: 'why what a power cut leaves is good enough'
            what to do       or render the volume without a construct of this library, and dump it: `;

const ONE_VOLUME = `crashConsistent: 'why what a power cut leaves is good enough'
            what to do       or dump it to a volume that is backed up`;

describe('databases', () => {
  refuses('crash-consistent', [], 'a database on a plain claim', {
    build: ({ chart }, changed) => {
      dataVolume(chart);
      deployment(chart, { containers: [container(`docker.io/library/${changed ? 'mariadb' : 'wordpress'}:11.4`)] });
    },
    says: `
      1 database on a plain volume is copied while it writes: [crash-consistent]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          docker.io/library/mariadb:11.4 in example/db writes to it
            to fix           ${ONE_VOLUME}
    `,
  });

  refuses('crash-consistent', [], 'a database that runs as a sidecar, unlike one that is over before the pod starts', {
    build: ({ chart }, changed) => {
      dataVolume(chart);
      deployment(chart, { initContainers: [container('postgres:17.2', changed ? { restartPolicy: 'Always' } : {})] });
    },
    says: `
      1 database on a plain volume is copied while it writes: [crash-consistent]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          postgres:17.2 in example/db writes to it
            to fix           ${OF_OURS}new PostgresBackup(this, 'data-backup', { data: { claim: 'data' }, server: { host: '…', pods: { labels: { app: 'db' } }, user: { secret: '…', key: 'username' }, password: { secret: '…', key: 'password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: offsite, keep: { daily: 7 } }) })
    `,
  });

  refuses('crash-consistent', [], 'a server that writes to a volume, unlike a job that dumps to it', {
    build: ({ chart }, changed) => {
      dataVolume(chart);
      if (changed) deployment(chart, { containers: [container('postgres:17.2')] });
      new ApiObject(chart, 'dump', {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'dump' },
        spec: { template: pod({ restartPolicy: 'Never', containers: [container('postgres:17.2')] }) },
      });
    },
    says: `
      1 database on a plain volume is copied while it writes: [crash-consistent]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          postgres:17.2 in example/db writes to it
            to fix           ${OF_OURS}new PostgresBackup(this, 'data-backup', { data: { claim: 'data' }, server: { host: '…', pods: { labels: { app: 'db' } }, user: { secret: '…', key: 'username' }, password: { secret: '…', key: 'password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: offsite, keep: { daily: 7 } }) })
    `,
  });

  refuses('crash-consistent', [], 'a database in a claim template', {
    build: ({ chart }, changed) => {
      const accepted = changed ? {} : { crashConsistent: 'The log is replayed after a snapshot of its one volume.' };
      new BackedUpStatefulSet(chart, 'db', {
        podTemplate: {
          spec: {
            containers: [{ name: 'db', image: 'postgres:17.2', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          },
        },
        volumes: { data: { storage, backup: nightly({ to: offsite, keep, ...accepted }) } },
      });
    },
    says: `
      1 database on a plain volume is copied while it writes: [crash-consistent]

        ✖ StatefulSet paperless/db, claim template 'data' (20Gi)
            made by          example/db
            because          postgres:17.2 in example/db writes to it
            to fix           ${OF_OURS}new PostgresBackup(this, 'db-backup', { data: { statefulSet: 'db', template: 'data' }, server: { host: '…', pods: { labels: { 'app.kubernetes.io/name': 'db' } }, user: { secret: '…', key: 'username' }, password: { secret: '…', key: 'password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: offsite, keep: { daily: 7 } }) })
    `,
  });

  refuses('crash-consistent', [], 'a database on two volumes, of which only one sentence speaks', {
    build: ({ chart }, changed) => {
      const volumeMounts = ['data', 'wal', 'certificates'].map((name) => ({
        name,
        mountPath: `/${name}`,
        readOnly: name === 'certificates',
      }));
      const said = (crashConsistent: string) => ({
        storage,
        backup: nightly({ to: offsite, keep, crashConsistent }),
      });
      new BackedUpStatefulSet(chart, 'db', {
        podTemplate: { spec: { containers: [{ name: 'db', image: 'postgres:17.2', volumeMounts }] } },
        volumes: {
          data: said('Copies of data are never older than those of wal, which is copied by hand before.'),
          wal: said(`The database replays what it finds in wal${changed ? '' : ' over data'}.`),
          certificates: said('They are only read, and change once in a year.'),
        },
      });
    },
    says: `
      1 database on a plain volume is copied while it writes: [crash-consistent]

        ✖ StatefulSet paperless/db, claim template 'wal' (20Gi)
            made by          example/db
            because          postgres:17.2 in example/db writes to it and to 'data', whose snapshot is of another moment
            what to do       put all that it writes on one volume, or dump it with PostgresBackup and leave all but one of them out, or say in crashConsistent why it survives that, and name 'data'
    `,
  });
});

describe('PostgreSQL on a plain volume', () => {
  const server = {
    host: 'sql',
    port: 15_432,
    pods: { labels: { app: 'db' }, port: 5432 },
    user: { secret: 'shop-db', key: 'username' },
    password: { secret: 'shop-db', key: 'postgres-password' },
    keptIn: 'SOPS file in the private repository',
  };

  refuses('no-strategy', [], 'is to be dumped, by a line that knows what the objects show', {
    build: ({ chart }, changed) => {
      chartOfPostgres(chart);
      if (changed) return;
      const backup = nightly({ to: offsite, keep });
      new PostgresBackup(chart, 'data-backup', { data: { claim: 'data' }, server, backup });
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            to back it up    ${DUMP('yourLocation')}
            or as files      backUp(this, { claim: 'data' }, nightly({ to: yourLocation, keep: { daily: 7 }, crashConsistent: 'why what a power cut leaves is good enough' }))
            to leave it out  exclude(this, { claim: 'data' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('crash-consistent', [], 'may be dumped in the place of its files', {
    build: ({ chart }, changed) => {
      chartOfPostgres(chart);
      const backup = nightly({ to: offsite, keep });
      if (changed) backUp(chart, { claim: 'data' }, backup);
      else new PostgresBackup(chart, 'data-backup', { data: { claim: 'data' }, server, backup });
    },
    says: `
      1 database on a plain volume is copied while it writes: [crash-consistent]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          docker.io/bitnami/postgresql:17.2.0 in example/db writes to it
            to fix           crashConsistent: 'why what a power cut leaves is good enough'
            or to dump it    ${DUMP('offsite')}
            what to do       the dump stands in the place of backUp
    `,
  });

  const uploads = container('docker.io/library/wiki:3.0', { name: 'wiki' });

  refuses('no-strategy', [], 'is not to be dumped where its volume holds files of something else', {
    build: ({ chart }, changed) => {
      chartOfPostgres(chart, uploads);
      const crashConsistent = 'The log is replayed after a snapshot of its one volume.';
      if (!changed) backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep, crashConsistent }));
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            to back it up    backUp(this, { claim: 'data' }, nightly({ to: yourLocation, keep: { daily: 7 } }))
            to leave it out  exclude(this, { claim: 'data' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('crash-consistent', [], 'may not be dumped in the place of the files of something else', {
    build: ({ chart }, changed) => {
      chartOfPostgres(chart, uploads);
      const crashConsistent = 'The log is replayed after a snapshot of its one volume.';
      backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep, ...(changed ? {} : { crashConsistent }) }));
    },
    says: `
      1 database on a plain volume is copied while it writes: [crash-consistent]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          docker.io/bitnami/postgresql:17.2.0 in example/db writes to it
            to fix           ${ONE_VOLUME}
    `,
  });
});

describe('images of databases', () => {
  it.each([
    'postgres',
    'docker.io/library/postgres:17.2',
    'registry.example.net:5000/bitnami/postgresql-repmgr@sha256:0123',
    'ghcr.io/zalando/spilo-16:3.2',
    'quay.io/sclorg/mariadb-1011-c9s:latest',
    'postgres16:1',
    'timescale/timescaledb-ha:pg17',
    'tensorchord/pgvecto-rs:pg16-v0.3.0',
    'mysql/mysql-server:8.0',
    'percona:8',
    'percona/percona-xtradb-cluster:8.4',
    'bitnami/mariadb-galera:11',
    'bitnami/mongodb-sharded:8',
    'redis/redis-stack-server:7.4.0-v3',
    'docker.dragonflydb.io/dragonflydb/dragonfly:v1.27.1',
    'mcr.microsoft.com/mssql/server:2022-latest',
    'couchbase/server:7',
    'arangodb:3.12',
    'rethinkdb:2.4',
    'hashicorp/vault:1.18',
  ])('%s', (image) => {
    expect(isDatabaseImage(image)).toBe(true);
  });

  it.each([
    '',
    'app:1.0',
    'prometheuscommunity/postgres-exporter:v0.16.0',
    'oliver006/redis_exporter:v1.66.0',
    'dpage/pgadmin4:8',
    'mongo-express:1',
    'opensearchproject/opensearch-dashboards:3',
    'grafana/server:1',
    'postgres/pgbouncer:1',
  ])('but not %s', (image) => {
    expect(isDatabaseImage(image)).toBe(false);
  });
});
