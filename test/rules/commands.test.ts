/** Commands of somebody's own jobs, which no construct of this library writes. */
import { ApiObject, Duration, Size, type Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { BackedUpPostgres, continuous } from '../../lib';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario } from '../support/scenario';

const ETCD = 'registry.k8s.io/etcd:3.6.16-0';
const RESTIC = 'docker.io/restic/restic:0.18.1';
const GITEA = 'docker.gitea.com/gitea:1.26.0-rootless';

function cronJob(chart: Chart, container: object, volumes: readonly object[] = []): void {
  const spec = { restartPolicy: 'Never', containers: [{ name: 'copy', ...container }], volumes };
  new ApiObject(chart, 'own', {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'own' },
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

/** A Gitea whose database is visible. */
function gitea(chart: Chart, type: string): void {
  const env = [{ name: 'GITEA__database__DB_TYPE', value: type }];
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

function database(chart: Chart): void {
  new BackedUpPostgres(chart, 'db', {
    storage: Size.gibibytes(20),
    backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
    spec: { imageName: 'ghcr.io/cloudnative-pg/postgresql:18.1' },
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
      new ApiObject(chart, 'scripts', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'scripts' },
        data: { 'check.sh': '#!/bin/sh\nset -e\netcdctl \\\n  snapshot status /backup/snapshot.db\n' },
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

  refuses('backup-command', ['T10'], 'that dumps a Gitea for another database', {
    build: ({ chart }, changed) => {
      gitea(chart, 'mysql');
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
    ['dumps a Gitea as it is', { image: GITEA, command: ['gitea', 'dump', '--type', 'tar.gz', '-f', 'x.tar.gz'] }],
  ] as const) {
    it(`may be one that ${situation}`, () => {
      const { findings } = synthesizeScenario(({ chart }) => {
        database(chart);
        cronJob(chart, container);
      });
      expect(explain(findings)).toBe('');
    });
  }
});
