import { ApiObject, Chart, Duration, Size, type App } from 'cdk8s';
import { describe } from 'vitest';
import {
  BackedUpPostgres,
  continuous,
  every,
  kubeadmEtcd,
  nightly,
  PostgresBackup,
  s3Location,
  weekly,
  type BackedUpPostgresProps,
  type S3LocationProps,
} from '../../lib';
import { plainPostgres, unseenPostgres } from '../support/plain-postgres';
import { refuses } from '../support/rule-test';
import { offsite, rook } from '../support/scenario';

const storage = Size.gibibytes(20);
const log = continuous({ to: offsite, restoreWindow: Duration.days(30) });
const dump = nightly({ to: offsite, keep: { daily: 14 } });

function database(chart: Chart, props: Partial<BackedUpPostgresProps>): void {
  new BackedUpPostgres(chart, 'db', { storage, backup: [log, dump], ...props });
}

function inCluster(props: Partial<S3LocationProps> = {}): ReturnType<typeof s3Location> {
  return s3Location('minio', {
    endpoint: 'http://minio.minio.svc:9000',
    bucket: 'backups',
    failureDomain: 'cluster',
    keptIn: 'sealed envelope, bank',
    ...props,
  });
}

describe('jobs', () => {
  refuses('job-unready', [], 'a store in the cluster whose pods nobody names', {
    build: ({ chart }, changed) => {
      const reachedAt = { namespace: 'minio', labels: { app: 'minio' }, port: 9000 };
      const to = inCluster(changed ? {} : { reachedAt });
      database(chart, { backup: [log, nightly({ to, keep: { daily: 14 } })] });
    },
    says: `
      1 job that could not run: [job-unready]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          pods of this cluster serve location 'minio', and nothing says which: the NetworkPolicy of the job would keep it away from them
            to fix           reachedAt: { namespace: 'minio', labels: { app: 'minio' }, port: 9000 }
    `,
  });

  refuses('job-unready', [], 'a login as a finding printed it', {
    build: ({ chart }, changed) => unseenPostgres(chart, {}, changed ? { user: { secret: '…', key: 'username' } } : {}),
    says: `
      1 job that could not run: [job-unready]

        ✖ PersistentVolumeClaim paperless/data (1Gi)
            made by          example/data
            because          nobody has replaced the '…' in what 'data-dump' is told of the server
            what to do       write the names that the cluster has
    `,
  });

  for (const [what, resources, limit, asked] of [
    ['memory', { memory: '2Gi' }, { memoryLimit: '3Gi' }, `'2Gi' of memory, which is more than its memoryLimit, '1Gi'`],
    ['cpu', { cpu: '2' }, { cpuLimit: '2' }, `'2' of cpu, which is more than its cpuLimit, '1'`],
  ] as const)
    refuses(
      'job-unready',
      ['K09'],
      `containers that ask for more ${what} than the limit of the platform or of nobody`,
      {
        options: () => ({ platform: { jobs: { resources: { cpuLimit: '1' } } } }),
        build: ({ chart }, changed) => {
          database(chart, { dump: { resources: { ...resources, ...(changed ? {} : limit) } } });
        },
        says: `
        1 job that could not run: [job-unready]

          ✖ Cluster paperless/db (20Gi)
              made by          example/db
              because          each container of 'db-dump-offsite' asks for ${asked}
              to fix           ${what}Limit: '${Object.values(resources)[0]}'
      `,
      },
    );

  refuses('job-unready', [], 'the gateway of a Rook that the platform does not state', {
    build: ({ chart }) => {
      const to = inCluster({ endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc' });
      database(chart, { backup: [log, nightly({ to, keep: { daily: 14 } })] });
    },
    options: (changed) => ({ platform: changed ? {} : { rook } }),
    says: `
      1 job that could not run: [job-unready]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          pods of this cluster serve location 'minio', and nothing says which: the NetworkPolicy of the job would keep it away from them
            to fix           rook: { version: '1.20', namespace: 'rook-ceph', objectStore: 'store-a' }
    `,
  });

  refuses('job-unready', [], 'a scratch volume of no class', {
    build: ({ chart }, changed) => database(chart, changed ? {} : { dump: { scratchClass: 'ceph-block' } }),
    options: () => ({ platform: { storageClasses: { 'ceph-block': { driver: 'rbd.csi.ceph.com' } } } }),
    says: `
      1 job that could not run: [job-unready]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          nothing says which StorageClass the scratch volume of 'db-dump' is of
            to fix           jobs: { scratchClass: 'ceph-block' }
    `,
  });

  function storageClass(app: App, name: string, spec: Record<string, unknown>): void {
    new ApiObject(new Chart(app, 'storage'), 'class', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      ...spec,
    });
  }

  refuses('job-unready', [], 'a scratch volume of a class that retains', {
    build: ({ app, chart }, changed) => {
      const reclaimPolicy = changed ? 'Retain' : 'Delete';
      storageClass(app, 'kept', { provisioner: 'rook-ceph.rbd.csi.ceph.com', reclaimPolicy });
      database(chart, { storageClass: 'kept' });
    },
    says: `
      1 job that could not run: [job-unready]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          the scratch volume of 'db-dump' would be of the StorageClass 'kept', which retains what pods leave: every dump would be kept for ever, in the clear
            to fix           jobs: { scratchClass: 'ceph-block' }
    `,
  });

  refuses('job-unready', [], 'a scratch volume of a class that makes none', {
    build: ({ app, chart }, changed) => {
      storageClass(app, 'static', { provisioner: 'kubernetes.io/no-provisioner' });
      database(chart, changed ? { dump: { scratchClass: 'static' } } : {});
    },
    says: `
      1 job that could not run: [job-unready]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          the scratch volume of 'db-dump' would be of the StorageClass 'static', which makes no volumes: the pod would wait for one until the deadline
            to fix           scratchClass: 'ceph-block'
    `,
  });

  refuses('job-unready', [], 'a scratch volume beside a static volume, where no class is the default', {
    build: ({ chart }) => unseenPostgres(chart, { storageClassName: '' }),
    options: (changed) => ({
      platform: { storageClasses: { fast: { driver: 'rbd.csi.ceph.com', isDefault: !changed } } },
    }),
    says: `
      1 job that could not run: [job-unready]

        ✖ PersistentVolumeClaim paperless/data (1Gi)
            made by          example/data
            because          nothing says which StorageClass the scratch volume of 'data-dump' is of
            to fix           jobs: { scratchClass: 'fast' }
    `,
  });

  refuses('job-unready', [], 'a scratch volume of no size', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'db', {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Cluster',
        metadata: { name: 'db' },
        spec: {
          instances: 1,
          storage: { pvcTemplate: { storageClassName: 'ceph-block', resources: { requests: { storage: '20Gi' } } } },
          enableSuperuserAccess: true,
        },
      });
      new PostgresBackup(chart, 'backup', { cluster: 'db', backup: dump, dump: changed ? {} : { scratch: storage } });
    },
    says: `
      1 job that could not run: [job-unready]

        ✖ Cluster paperless/db
            made by          example/db
            because          nothing says how much space one copy of it takes, which 'db-dump' needs besides
            to fix           scratch: Size.gibibytes(20)
    `,
  });

  refuses('schedule-invalid', [], 'a dump on a day that does not exist', {
    build: ({ chart }, changed) =>
      database(chart, {
        backup: [log, every(changed ? '0 0 30 2 *' : '0 0 28 2 *', { to: offsite, keep: { yearly: 5 } })],
      }),
    says: `
      1 schedule that cannot be rendered: [schedule-invalid]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          '0 0 30 2 *' never comes: no month in it has such a day
            to fix           backup: nightly({ to: offsite, keep: { daily: 7 } })
    `,
  });

  refuses('schedule-invalid', [], 'two dumps of one database to one place', {
    build: ({ chart }, changed) => {
      const again = every('0 12 * * *', { to: offsite, keep: { daily: 2 } });
      database(chart, { backup: changed ? [log, dump, again] : [log, dump] });
    },
    says: `
      1 schedule that cannot be rendered: [schedule-invalid]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          location 'offsite' is named by two of its strategies, and one job copies a dataset to one place: merge them
            what to do       declare one strategy, which runs as often as the two and keeps what they would
    `,
  });

  refuses('never-leaves', ['E08'], 'snapshots of etcd only in the Ceph of the cluster', {
    build: () => {},
    options: (changed) => {
      const to = inCluster({ endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc' });
      const copy = nightly({ to, keep: { daily: 7 } });
      return { platform: { rook }, props: { etcd: kubeadmEtcd({ backup: changed ? copy : [copy, dump] }) } };
    },
    says: `
      1 dataset has no copy outside the cluster: [never-leaves]

        ✖ etcd of cluster home
            made by          app
            because          all of its copies are lost with the cluster: 'minio'
            to fix           etcd: kubeadmEtcd({ backup: nightly({ to: yourLocation, keep: { daily: 7 } }) })
            or mirror it     mirror: nightly({ to: yourLocation })
            what to do       the mirror is a property of location 'minio'
    `,
  });
});

describe('copies of jobs', () => {
  refuses('expires-too-soon', ['W04'], 'are there in the mirror until somebody can notice', {
    build: ({ chart }, changed) => {
      const to = s3Location('nas', {
        endpoint: 'https://nas.example.net',
        bucket: 'backups',
        failureDomain: 'site',
        keptIn: 'sealed envelope, bank',
        mirror: weekly({ to: offsite }),
      });
      database(chart, { backup: [log, nightly({ to, keep: { daily: changed ? 14 : 32 } })] });
    },
    says: `
      1 dataset whose copies expire before anybody can notice: [expires-too-soon]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          the mirror at 'offsite' keeps for 14 d what its source keeps; its alert fires after 10 d 12 h, so that copies must live for 31 d 13 h
            to fix           keep: { daily: 32 }
            what to do       keep more copies, or mirror more often
    `,
  });
});

describe('dumps of PostgreSQL', () => {
  refuses('postgres-dump', ['P05'], 'by a client that is older than the Cluster', {
    build: ({ chart }, changed) =>
      database(chart, {
        spec: { imageName: 'ghcr.io/cloudnative-pg/postgresql:18.1-standard-trixie' },
        dump: { image: `docker.io/library/postgres:${changed ? '17.6' : '18.0'}` },
      }),
    says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          the server is of version 18, and 'db-dump-offsite' asks it with a client of version 17, docker.io/library/postgres:17.6
            to fix           dump: { image: 'ghcr.io/cloudnative-pg/postgresql:18.1-standard-trixie' }
    `,
  });

  refuses('postgres-dump', ['P05'], 'by a client of the platform that is older than the catalogue of the Cluster', {
    build: ({ chart }, changed) => {
      const catalogue = { apiGroup: 'postgresql.cnpg.io', kind: 'ImageCatalog', name: 'postgresql' };
      database(chart, { spec: { imageCatalogRef: { ...catalogue, major: changed ? 18 : 17 } } });
    },
    options: () => ({
      platform: {
        jobs: {
          images: {
            postgres:
              'docker.io/library/postgres:17.6@sha256:0000000000000000000000000000000000000000000000000000000000000000',
          },
        },
      },
    }),
    says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          the server is of version 18, and 'db-dump-offsite' asks it with a client of version 17, docker.io/library/postgres:17.6@sha256:0000000000000000000000000000000000000000000000000000000000000000
            to fix           dump: { image: 'docker.io/library/postgres:18.1' }
    `,
  });

  refuses('postgres-dump', [], 'by a client that is newer, whose dump the server would not take back', {
    build: ({ chart }, changed) =>
      database(chart, {
        spec: { imageName: 'ghcr.io/cloudnative-pg/postgresql:16.11' },
        ...(changed ? { dump: { image: 'docker.io/library/postgres:18.1' } } : {}),
      }),
    says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ Cluster paperless/db (20Gi)
            made by          example/db
            because          the server is of version 16, and 'db-dump-offsite' asks it with a client of version 18, docker.io/library/postgres:18.1
            to fix           dump: { image: 'ghcr.io/cloudnative-pg/postgresql:16.11' }
    `,
  });

  refuses('postgres-dump', [], 'of a Cluster that does not let the superuser in', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'wiki', {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Cluster',
        metadata: { name: 'wiki' },
        spec: { instances: 1, storage: { size: '5Gi' }, ...(changed ? {} : { enableSuperuserAccess: true }) },
      });
      new PostgresBackup(chart, 'backup', { cluster: 'wiki', backup: dump });
    },
    says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ Cluster paperless/wiki (5Gi)
            made by          example/wiki
            because          its spec does not say enableSuperuserAccess: true, so that there is no Secret with the password
            what to do       say enableSuperuserAccess: true in the spec of the Cluster
    `,
  });

  refuses('postgres-dump', [], 'with a login that the operator makes', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'wiki', {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Cluster',
        metadata: { name: 'wiki' },
        spec: {
          instances: 1,
          storage: { size: '5Gi' },
          enableSuperuserAccess: true,
          superuserSecret: { name: changed ? 'postgres-login' : 'wiki-superuser' },
        },
      });
      const secretsKeptIn = 'SOPS file in the private repository';
      new PostgresBackup(chart, 'backup', { cluster: 'wiki', backup: dump, secretsKeptIn });
    },
    says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ Cluster paperless/wiki (5Gi)
            made by          example/wiki
            because          the Cluster names a Secret of its own in spec.superuserSecret, so that the operator makes no 'wiki-superuser', which the job reads
            what to do       leave it out, or call that Secret 'wiki-superuser'
    `,
  });

  refuses('postgres-dump', ['P05'], 'by a client that is older than a server without an operator', {
    build: ({ chart }, changed) =>
      plainPostgres(chart, { image: `docker.io/library/postgres:${changed ? '19' : '18'}-trixie` }),
    options: () => ({ platform: { jobs: { images: { postgres: 'docker.io/library/postgres:18.1' } } } }),
    says: `
      1 dump of PostgreSQL that fails every time: [postgres-dump]

        ✖ StatefulSet paperless/db, claim template 'data' (20Gi)
            made by          example/set
            because          the server is of version 19, and 'db-dump-offsite' asks it with a client of version 18, docker.io/library/postgres:18.1
            to fix           dump: { image: 'docker.io/library/postgres:19-trixie' }
    `,
  });

  refuses('keys-inside', ['P11'], 'whose login is kept nowhere else', {
    build: ({ chart }, changed) => plainPostgres(chart, changed ? { keptIn: 'in the cluster' } : {}),
    says: `
      1 key that is lost with what it protects: [keys-inside]

        ✖ keys in Secret paperless/db
            made by          example/data-backup
            because          'in the cluster' is in the cluster, and lost with it
            to fix           keptIn: 'where they are kept outside the cluster'
    `,
  });
});
