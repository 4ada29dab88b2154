/** Commands of somebody's own jobs, which no construct of this library writes. */
import { ApiObject, Duration, Size, type Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { BackedUpPostgres, continuous } from '../../lib';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario } from '../support/scenario';

const ETCD = 'registry.k8s.io/etcd:3.6.16-0';
const RESTIC = 'docker.io/restic/restic:0.18.1';
const GITEA = 'docker.gitea.com/gitea:1.26.0-rootless';

function cronJob(chart: Chart, container: object, volumes: readonly object[] = [], name = 'own'): void {
  const spec = { restartPolicy: 'Never', containers: [{ name: 'copy', ...container }], volumes };
  new ApiObject(chart, name, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name },
    spec: { schedule: '0 3 * * *', timeZone: 'Etc/UTC', jobTemplate: { spec: { template: { spec } } } },
  });
}

function says(because: string, label: string, text: string): string {
  return `
      1 command of jobs that leaves no copy, or not the one that is meant: [backup-command]

        ✖ CronJob paperless/own
            made by          example/own
            because          container 'copy' ${because}
            ${label.padEnd(16)} ${text}
    `;
}

/** @param settings that are visible: `database__DB_TYPE`. */
function gitea(chart: Chart, settings: Readonly<Record<string, string>>): void {
  const env = Object.entries(settings).map(([name, value]) => ({
    name: `GITEA__${name.replace('.', '_0X2E_')}`,
    value,
  }));
  const template = {
    metadata: { labels: { app: 'gitea' } },
    spec: { containers: [{ name: 'gitea', image: GITEA, env }] },
  };
  new ApiObject(chart, 'gitea', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'gitea' },
    spec: { selector: { matchLabels: { app: 'gitea' } }, template },
  });
}

function configMap(chart: Chart, name: string, data: Readonly<Record<string, string>>): void {
  new ApiObject(chart, name, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

function database(chart: Chart, imageName = 'ghcr.io/cloudnative-pg/postgresql:18.1'): void {
  new BackedUpPostgres(chart, 'db', {
    storage: Size.gibibytes(20),
    backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
    spec: { imageName },
  });
}

describe('a command', () => {
  const save = 'etcdctl snapshot save /backup/snapshot.db';

  refuses('backup-command', ['E05'], 'for a shell that the image does not have', {
    build: ({ chart }, changed) => {
      const command = changed ? ['/bin/sh', '-c', save] : save.split(' ');
      cronJob(chart, { image: ETCD, command });
    },
    says: says(
      `starts /bin/sh, and ${ETCD} has no shell: its pod never starts`,
      'to fix',
      `command: ['etcdctl', 'snapshot', 'save', '/backup/snapshot.db']`,
    ),
  });

  refuses('backup-command', ['E05'], 'for a shell that the image does not have, which only a shell could read', {
    build: ({ chart }, changed) =>
      cronJob(chart, {
        image: `quay.io/coreos/etcd:v3.5.${changed ? 7 : 6}`,
        command: ['sh', '-ec', `${save} && echo done`],
      }),
    says: says(
      'starts sh, and quay.io/coreos/etcd:v3.5.7 has no shell: its pod never starts',
      'what to do',
      'name the program and its arguments in command, and do what needs a shell in a container of another image',
    ),
  });

  for (const [how, command] of [
    ['env', ['/usr/bin/env', 'bash', '-c', save]],
    ['env -S', ['env', '-S', 'bash -e', '-c', save]],
  ] as const) {
    refuses('backup-command', ['E05'], `for a shell that ${how} would look for`, {
      build: ({ chart }, changed) =>
        cronJob(chart, { image: `gcr.io/etcd-development/etcd:v3.${changed ? '6' : '4.1'}`, command }),
      says: says(
        'starts bash, and gcr.io/etcd-development/etcd:v3.6 has no shell: its pod never starts',
        'to fix',
        `command: ['etcdctl', 'snapshot', 'save', '/backup/snapshot.db']`,
      ),
    });
  }

  refuses('backup-command', ['E02'], 'that etcdctl of a version without a patch no longer has', {
    build: ({ chart }, changed) =>
      cronJob(chart, { image: `bitnami/etcd:3.${changed ? 6 : 5}`, command: 'etcdctl snapshot status x'.split(' ') }),
    says: says(
      `runs 'etcdctl snapshot status', which bitnami/etcd:3.6 no longer has: it prints its help, and ends with 0`,
      'what to do',
      `write 'etcdutl snapshot status'`,
    ),
  });

  for (const what of ['status', 'restore']) {
    refuses('backup-command', ['E02'], `that etcdctl no longer has, snapshot ${what}`, {
      build: ({ chart }, changed) => {
        const command = [changed ? 'etcdctl' : 'etcdutl', '--write-out=json', 'snapshot', what, '/backup/snapshot.db'];
        cronJob(chart, { image: ETCD, command });
      },
      says: says(
        `runs 'etcdctl snapshot ${what}', which ${ETCD} no longer has: it prints its help, and ends with 0`,
        'what to do',
        `write 'etcdutl snapshot ${what}'`,
      ),
    });
  }

  refuses('backup-command', ['E02'], 'that etcdctl no longer has, in a script that is mounted', {
    build: ({ chart }, changed) => {
      const image = `docker.io/bitnami/etcd:3.${changed ? '6.4' : '5.21'}`;
      configMap(chart, 'scripts', {
        'check.sh': '#!/bin/sh\nset -e\netcdctl \\\n  snapshot status /backup/snapshot.db\n',
      });
      const volumeMounts = [{ name: 'scripts', mountPath: '/scripts' }];
      cronJob(chart, { image, command: ['sh', '/scripts/check.sh'], volumeMounts }, [
        { name: 'scripts', configMap: { name: 'scripts' } },
      ]);
    },
    says: says(
      `runs 'etcdctl snapshot status', which docker.io/bitnami/etcd:3.6.4 no longer has: it prints its help, and ends with 0`,
      'what to do',
      `write 'etcdutl snapshot status'`,
    ),
  });

  for (const [how, container] of [
    ['an argument', { command: ['sh', '-c', 'pg_dump -h db-rw -Fc app > /backup/app.dump'] }],
    ['a variable', { command: ['pg_dumpall'], env: [{ name: 'PGHOST', value: 'db-rw.paperless.svc' }] }],
    ['an address', { command: ['pg_dump', 'postgresql://app@db-rw:5432/app'] }],
  ] as const) {
    const program = how === 'a variable' ? 'pg_dumpall' : 'pg_dump';
    refuses('backup-command', ['P05'], `of an older version than the server that ${how} names`, {
      build: ({ chart }, changed) => {
        database(chart);
        cronJob(chart, { image: `docker.io/library/postgres:${changed ? '16.10' : '18.1'}`, ...container });
      },
      says: says(
        `dumps a server of version 18 with ${program} of version 16, which refuses it`,
        'to fix',
        `image: 'ghcr.io/cloudnative-pg/postgresql:18.1'`,
      ),
    });
  }

  const hosts = { PGHOST: 'db-rw', HOST: 'db-rw', DATABASE_URL: 'postgresql://app@db-rw/app' };
  const fromMap = [{ configMapRef: { name: 'hosts' } }];
  for (const [how, container] of [
    ['for the client', { command: ['pg_dump', 'app'], envFrom: fromMap }],
    ['for the command', { command: ['sh', '-c', 'pg_dump -h "$HOST" app'], envFrom: fromMap }],
    ['as an address', { command: ['pg_dump', '$(DATABASE_URL)'], envFrom: fromMap }],
    [
      'under another name',
      {
        command: ['pg_dump', 'app'],
        env: [{ name: 'PGHOST', valueFrom: { configMapKeyRef: { name: 'hosts', key: 'HOST' } } }],
      },
    ],
  ] as const) {
    refuses('backup-command', ['P05'], `of an older version than the server that a ConfigMap names ${how}`, {
      build: ({ chart }, changed) => {
        database(chart);
        configMap(chart, 'hosts', hosts);
        cronJob(chart, { image: `postgres:${changed ? 16 : 18}`, ...container });
      },
      says: says(
        `dumps a server of version 18 with pg_dump of version 16, which refuses it`,
        'to fix',
        `image: 'ghcr.io/cloudnative-pg/postgresql:18.1'`,
      ),
    });
  }

  refuses('backup-command', ['P05'], 'of an image that dumps by itself', {
    build: ({ chart }, changed) => {
      database(chart);
      const image = `docker.io/prodrigestivill/postgres-backup-local:${changed ? '16-alpine' : '18-alpine'}`;
      cronJob(chart, { image, command: ['/backup.sh'], env: [{ name: 'POSTGRES_HOST', value: 'db-rw' }] });
    },
    says: says(
      `dumps a server of version 18 with pg_dump of version 16, which refuses it`,
      'what to do',
      'take the tag of docker.io/prodrigestivill/postgres-backup-local that begins with 18',
    ),
  });

  refuses('backup-command', ['P05'], 'of an older version than a server whose tag has another version behind its own', {
    build: ({ chart }, changed) => {
      database(chart, 'ghcr.io/tensorchord/cloudnative-vectorchord:16.9-0.4.3');
      cronJob(chart, { image: `postgres:${changed ? 15 : 16}`, command: ['pg_dump', '-h', 'db-rw', 'app'] });
    },
    says: says(
      `dumps a server of version 16 with pg_dump of version 15, which refuses it`,
      'to fix',
      `image: 'ghcr.io/tensorchord/cloudnative-vectorchord:16.9-0.4.3'`,
    ),
  });

  refuses('backup-command', ['T02'], 'that dumps a Gitea whose avatars are in a bucket', {
    build: ({ chart }, changed) => {
      gitea(chart, {
        'storage.avatars__STORAGE_TYPE': 'minio',
        'storage.avatars__MINIO_BUCKET': 'faces',
        attachment__STORAGE_TYPE: 'minio',
        attachment__MINIO_BUCKET: 'files',
      });
      cronJob(chart, { image: GITEA, command: ['gitea', 'dump', '--type', 'tar.gz', '-f', 'x.tar.gz'] });
      const bucket = changed ? 'files' : 'faces';
      cronJob(chart, { image: 'rclone/rclone:1.76.0', args: ['copy', `s3:${bucket}`, 'far:copies'] }, [], 'beside');
    },
    says: says(
      `dumps a Gitea and leaves avatars out, which are in bucket 'faces'`,
      'what to do',
      'copy the bucket with a job of its own, or let GiteaBackup make the copy',
    ),
  });

  const SNAPSHOT = 'http://prometheus:9090/api/v1/admin/tsdb/snapshot';
  for (const [how, calling] of [
    ['itself', (flag: string) => ({ image: 'curlimages/curl:8.16.0', args: [flag, '-XPOST', SNAPSHOT] })],
    [
      'in a shell, which throws its answer away',
      (flag: string) => ({
        image: 'alpine/curl:8.16.0',
        command: ['sh', '-ec', `curl ${flag} -X POST -o /dev/null "${SNAPSHOT}" 2>&1\ncp -r /prometheus/snapshots /to`],
      }),
    ],
  ] as const) {
    refuses('backup-command', ['M01'], `that does not hear Prometheus refuse a snapshot, ${how}`, {
      build: ({ chart }, changed) => cronJob(chart, calling(changed ? '-sS' : '-sSf')),
      says: says(
        'asks Prometheus for a snapshot with a curl that ends with 0 when it is refused, as it is where the admin API is off',
        'what to do',
        `write 'curl --fail'`,
      ),
    });
  }

  refuses('backup-command', ['M02'], 'that leaves out what Prometheus has not written to blocks', {
    build: ({ chart }, changed) =>
      cronJob(chart, {
        image: 'curlimages/curl:8.16.0',
        args: ['--fail', '-XPOST', `${SNAPSHOT}?skip_head=${changed ? 'true' : 'false'}`],
      }),
    says: says(
      'asks Prometheus for a snapshot without its head: it lacks the last hours, and of a young server everything',
      'what to do',
      'leave skip_head out',
    ),
  });

  refuses('backup-command', ['T10'], 'that dumps a Gitea for another database', {
    build: ({ chart }, changed) => {
      gitea(chart, { database__DB_TYPE: 'mysql' });
      cronJob(chart, { image: GITEA, command: ['gitea', 'dump', '-d', changed ? 'postgres' : 'mysql'] });
    },
    says: says(
      `dumps for a database of type 'postgres', and no Gitea in its namespace is seen to have one: the dump ends with 0 whatever its own is`,
      'what to do',
      'leave the option out, and the dump is for the database that it has',
    ),
  });

  refuses('backup-command', ['S17'], 'that forgets copies of different paths as if they were of one', {
    build: ({ chart }, changed) => {
      const args = ['forget', '--keep-daily', '7', '--group-by', changed ? 'host,tags' : 'host,paths', '--prune'];
      cronJob(chart, { image: RESTIC, args });
    },
    says: says(
      `lets restic forget by 'host,tags', which takes the copies of different paths for copies of one, and keeps too few of each`,
      'what to do',
      `write '--group-by host,tags,paths'`,
    ),
  });

  for (const [situation, container] of [
    ['forgets copies of one kind', { image: RESTIC, args: ['forget', '--tag', 'db', '--group-by', 'host,tags'] }],
    ['forgets by what restic takes itself', { image: RESTIC, args: ['forget', '--keep-daily', '7'] }],
    [
      'speaks of another in a comment',
      { image: 'bitnami/etcd:3.6.4', args: ['sh', '-c', '# etcdctl snapshot status\ntrue'] },
    ],
    ['has a shell', { image: 'registry.k8s.io/etcd:3.5.15-0', command: ['/bin/sh', '-c', save] }],
    ['is in an image that nobody knows', { image: 'registry.example.net/etcd:3.6', command: ['sh', '-c', save] }],
    ['dumps a server that nobody sees', { image: 'postgres:16.10', command: ['pg_dump', '-h', 'old-db', 'app'] }],
    ['dumps with a newer client', { image: 'postgres:19.1', command: ['pg_dump', '-h', 'db-rw', 'app'] }],
    ['only asks a newer server', { image: 'postgres:16.10', command: ['psql', '-h', 'db-rw', 'app'] }],
    [
      'dumps a server that it names beside that of a ConfigMap',
      {
        image: 'postgres:16',
        command: ['pg_dump', '--host=old-db', 'app'],
        envFrom: [{ configMapRef: { name: 'hosts' } }],
      },
    ],
    [
      'reads what Prometheus answers',
      {
        image: 'alpine/curl:8.16.0',
        command: ['sh', '-c', `name=$(curl -s -XPOST ${SNAPSHOT}); echo "$name" | grep success`],
      },
    ],
    [
      'reads what Prometheus answers in a pipe',
      { image: 'alpine/curl:8.16.0', command: ['sh', '-c', `curl -s -XPOST ${SNAPSHOT} | jq -e .data.name`] },
    ],
    [
      'asks Prometheus for something else',
      { image: 'curlimages/curl:8.16.0', args: ['http://prometheus:9090/-/ready'] },
    ],
    [
      'is started by env in an image with a shell',
      { image: 'debian:13.1', command: ['/usr/bin/env', 'A=b', 'bash', '-c', 'x'] },
    ],
    ['dumps a Gitea as it is', { image: GITEA, command: ['gitea', 'dump', '--type', 'tar.gz', '-f', 'x.tar.gz'] }],
  ] as const) {
    it(`may be one that ${situation}`, () => {
      const { findings } = synthesizeScenario(({ chart }) => {
        database(chart);
        configMap(chart, 'hosts', hosts);
        cronJob(chart, container);
      });
      expect(explain(findings)).toBe('');
    });
  }
});
