/** What a dump answers for is what it dumps: the output shows who mounts a volume, and where a Service leads. */
import { ApiObject, JsonPatch, type Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { exclude, holds, nightly, PostgresBackup, type PostgresBackupProps } from '../../lib';
import { plainPostgres } from '../support/plain-postgres';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario } from '../support/scenario';

const backup = nightly({ to: offsite, keep: { daily: 14 } });

function claim(chart: Chart, name: string): void {
  new ApiObject(chart, name, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
  });
}

function deployment(chart: Chart, name: string, labels: object = { app: name }): void {
  const containers = [
    {
      name: 'postgres',
      image: 'docker.io/library/postgres:18.1',
      volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql' }],
    },
  ];
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: `${name}-data` } }];
  claim(chart, `${name}-data`);
  new ApiObject(chart, name, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels },
      template: { metadata: { labels: { ...labels, tier: 'data' } }, spec: { containers, volumes } },
    },
  });
}

/** PostgreSQL writes to the first of the volumes, and something else to the others. */
function statefulSet(
  chart: Chart,
  name: string,
  { image = 'docker.io/library/postgres:18.1', volumes = ['data'], replicas = 1 } = {},
): void {
  const containers = volumes.map((volume, index) => ({
    name: index === 0 ? 'postgres' : volume,
    image: index === 0 ? image : 'docker.io/library/wiki:3.0',
    ports: index === 0 ? [{ name: 'postgres', containerPort: 5432 }] : [],
    volumeMounts: [{ name: volume, mountPath: `/${volume}` }],
  }));
  new ApiObject(chart, name, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      replicas,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers } },
      volumeClaimTemplates: volumes.map((volume) => ({
        metadata: { name: volume },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
      })),
    },
  });
}

function service(chart: Chart, name: string, selector: object = { app: name }, port = 5432): void {
  new ApiObject(chart, `service-${name}`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { selector, ports: [{ port, targetPort: 5432 }] },
  });
}

type ServerProps = Extract<PostgresBackupProps, { server: unknown }>;

function dumped(
  chart: Chart,
  name: string,
  server: Partial<ServerProps['server']> = {},
  data: ServerProps['data'] = { claim: `${name}-data` },
  id = name,
): void {
  new PostgresBackup(chart, `${id}-backup`, {
    data,
    server: {
      host: name,
      pods: { labels: { app: name } },
      user: { secret: name, key: 'user' },
      password: { secret: name, key: 'password' },
      keptIn: 'sealed envelope, bank',
      ...server,
    },
    backup,
  });
}

function on(name: string, image: string, readOnly?: boolean): object {
  const mount = { name: 'data', mountPath: '/data', subPath: name };
  return { name, image, volumeMounts: [readOnly === undefined ? mount : { ...mount, readOnly }] };
}

interface Sharing {
  /** Of the server. */
  readonly image?: string;
  readonly containers?: readonly object[];
  readonly initContainers?: readonly object[];
  readonly Deployment?: readonly object[];
  readonly CronJob?: readonly object[];
  readonly Job?: readonly object[];
  readonly Pod?: readonly object[];
}

/** A server and its Service, and what mounts its volume as well: in its own pods, or in those of an object `web`. */
function sharing(chart: Chart, { image, containers = [], initContainers = [], ...others }: Sharing): void {
  deployment(chart, 'wiki');
  service(chart, 'wiki');
  const server = ApiObject.of(chart.node.findChild('wiki'));
  const spec = '/spec/template/spec';
  if (image !== undefined) server.addJsonPatch(JsonPatch.replace(`${spec}/containers/0/image`, image));
  server.addJsonPatch(JsonPatch.add(`${spec}/initContainers`, initContainers));
  for (const each of containers) server.addJsonPatch(JsonPatch.add(`${spec}/containers/-`, each));
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'wiki-data' } }];
  const metadata = { labels: { app: 'web' } };
  for (const [kind, of] of Object.entries(others)) {
    const pod = { volumes, containers: of, ...(kind === 'Deployment' ? {} : { restartPolicy: 'Never' }) };
    const template = { metadata, spec: pod };
    const specs: Record<string, object> = {
      Deployment: { selector: { matchLabels: metadata.labels }, template },
      CronJob: { schedule: '0 3 * * *', jobTemplate: { spec: { template } } },
      Job: { template },
      Pod: pod,
    };
    const apiVersion = { Deployment: 'apps/v1', Pod: 'v1' }[kind] ?? 'batch/v1';
    new ApiObject(chart, 'web', { apiVersion, kind, metadata: { name: 'web', ...metadata }, spec: specs[kind] });
  }
}

function notAlone(by: string, image: string, remedy = ''): string {
  return `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/wiki-data (20Gi)
            made by          example/wiki-data
            because          container 'wiki' of ${by}, ${image}, writes to it as well, and a dump has none of its files
            ${remedy}what to do       give it a volume of its own, or copy the whole volume in the place of PostgresBackup
            or as files      backUp(this, { claim: 'wiki-data' }, nightly({ to: offsite, keep: { daily: 7 }, crashConsistent: 'why what a power cut leaves is good enough' }))
    `;
}

function twoServers(chart: Chart): void {
  for (const name of ['wiki', 'tickets']) {
    deployment(chart, name);
    service(chart, name);
  }
  dumped(chart, 'wiki');
}

describe('a dump', () => {
  refuses('postgres-server', [], 'of the server that has a dump of its own already', {
    build: ({ chart }, changed) => {
      twoServers(chart);
      dumped(chart, 'tickets', changed ? { host: 'wiki', pods: { labels: { app: 'wiki' } } } : {});
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/tickets-data (20Gi)
            made by          example/tickets-data
            because          Deployment paperless/tickets mounts the volume, and its pods have not the labels app=wiki, by which the job reaches a server
            to fix           pods: { labels: { app: 'tickets' } }
            to fix           host: 'tickets'
    `,
  });

  refuses('postgres-server', [], 'through a Service that leads to another server', {
    build: ({ chart }, changed) => {
      twoServers(chart);
      dumped(chart, 'tickets', changed ? { host: 'wiki' } : {});
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/tickets-data (20Gi)
            made by          example/tickets-data
            because          Service paperless/wiki leads to the pods of Deployment paperless/wiki, and Deployment paperless/tickets mounts the volume
            to fix           host: 'tickets'
    `,
  });

  refuses('postgres-server', [], 'through a Service that leads to two servers', {
    build: ({ chart }, changed) => {
      twoServers(chart);
      service(chart, 'databases', changed ? { tier: 'data' } : { app: 'tickets' });
      dumped(chart, 'tickets', { host: 'databases' });
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/tickets-data (20Gi)
            made by          example/tickets-data
            because          Service paperless/databases leads to the pods of Deployment paperless/wiki as well, and nobody knows which of the servers a run dumps
            to fix           host: 'tickets'
    `,
  });

  refuses('postgres-server', [], 'through a Service that leads to nobody', {
    build: ({ chart }, changed) => {
      deployment(chart, 'wiki');
      service(chart, 'wiki', { app: changed ? 'wikki' : 'wiki' });
      dumped(chart, 'wiki');
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/wiki-data (20Gi)
            made by          example/wiki-data
            because          Service paperless/wiki leads to no pods that anybody sees, and Deployment paperless/wiki mounts the volume
            what to do       name in host a Service that leads to the pods which mount the volume, and to no others; if it is in another file, let alsoRead read that
    `,
  });

  refuses('postgres-server', [], 'through a Service that is nowhere', {
    build: ({ chart }, changed) => {
      deployment(chart, 'wiki');
      service(chart, 'wiki');
      dumped(chart, 'wiki', { host: changed ? 'wiki-db' : 'wiki' });
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/wiki-data (20Gi)
            made by          example/wiki-data
            because          there is no Service paperless/wiki-db, and nothing in the namespace would make one that nobody sees
            to fix           host: 'wiki'
    `,
  });

  refuses(
    'postgres-server',
    [],
    'of a server that mounts something else than the volume of a server that nobody sees',
    {
      build: ({ chart }, changed) => {
        deployment(chart, 'wiki');
        service(chart, 'wiki');
        exclude(chart, { claim: 'wiki-data' }, { reason: 'The wiki is imported again from Git.' });
        claim(chart, 'tickets-data');
        dumped(chart, 'tickets', changed ? { host: 'wiki' } : {});
      },
      says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/tickets-data (20Gi)
            made by          example/tickets-data
            because          Service paperless/wiki leads to the pods of Deployment paperless/wiki, which do not mount the volume
            what to do       name in host a Service that leads to the pods which mount the volume, and to no others; if it is in another file, let alsoRead read that
    `,
    },
  );

  refuses('postgres-server', [], 'at a port that the Service does not have', {
    build: ({ chart }, changed) => {
      deployment(chart, 'wiki');
      service(chart, 'wiki', { app: 'wiki' }, 5433);
      dumped(chart, 'wiki', changed ? {} : { port: 5433, pods: { labels: { app: 'wiki' }, port: 5432 } });
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/wiki-data (20Gi)
            made by          example/wiki-data
            because          Service paperless/wiki has port 5433, and the job asks it at 5432
            to fix           port: 5433
            to fix           pods: { labels: { app: 'wiki' }, port: 5432 }
    `,
  });

  refuses('postgres-server', [], 'at a port that the Service does not have, where its first is another program’s', {
    build: ({ chart }, changed) => {
      deployment(chart, 'wiki');
      service(chart, 'wiki');
      const ports = [
        { name: 'metrics', port: 9187, targetPort: 9187 },
        { name: 'postgres', port: changed ? 5433 : 5432, targetPort: 5432 },
      ];
      ApiObject.of(chart.node.findChild('service-wiki')).addJsonPatch(JsonPatch.replace('/spec/ports', ports));
      dumped(chart, 'wiki');
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/wiki-data (20Gi)
            made by          example/wiki-data
            because          Service paperless/wiki has port 9187 and 5433, and the job asks it at 5432
            to fix           port: 5433
            to fix           pods: { labels: { app: 'wiki' }, port: 5432 }
    `,
  });

  refuses('postgres-server', [], 'past a NetworkPolicy that lets the job reach another port of the pods', {
    build: ({ chart }, changed) => {
      deployment(chart, 'wiki');
      service(chart, 'wiki');
      ApiObject.of(chart.node.findChild('service-wiki')).addJsonPatch(
        JsonPatch.replace('/spec/ports', [{ port: 5432, targetPort: 5433 }]),
      );
      dumped(chart, 'wiki', changed ? {} : { pods: { labels: { app: 'wiki' }, port: 5433 } });
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ PersistentVolumeClaim paperless/wiki-data (20Gi)
            made by          example/wiki-data
            because          Service paperless/wiki leads from port 5432 to port 5433 of the pods, and the job may reach them at 5432 only
            to fix           pods: { labels: { app: 'wiki' }, port: 5433 }
    `,
  });

  for (const selector of [
    { 'statefulset.kubernetes.io/pod-name': 'wiki-0' },
    { app: 'wiki', 'apps.kubernetes.io/pod-index': '0' },
    { app: 'wiki', role: 'master' },
  ]) {
    it(`may go through a Service with labels that pods get at run time: ${Object.keys(selector).join(', ')}`, () => {
      const { findings } = synthesizeScenario(({ chart }) => {
        statefulSet(chart, 'wiki');
        service(chart, 'wiki', selector);
        dumped(chart, 'wiki', { pods: { labels: selector } }, { statefulSet: 'wiki', template: 'data' });
      });
      expect(explain(findings)).toBe('');
    });
  }

  refuses('postgres-server', [], 'through a Service that leads to a pod of another StatefulSet', {
    build: ({ chart }, changed) => {
      statefulSet(chart, 'wiki');
      service(chart, 'wiki', { 'statefulset.kubernetes.io/pod-name': changed ? 'wiki-db-0' : 'wiki-0' });
      dumped(chart, 'wiki', {}, { statefulSet: 'wiki', template: 'data' });
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ StatefulSet paperless/wiki, claim template 'data' (20Gi)
            made by          example/wiki
            because          Service paperless/wiki leads to no pods that anybody sees, and StatefulSet paperless/wiki mounts the volume
            what to do       name in host a Service that leads to the pods which mount the volume, and to no others; if it is in another file, let alsoRead read that
    `,
  });

  refuses('postgres-server', [], 'of a volume beside that of the server, in the same pods', {
    build: ({ chart }, changed) => {
      statefulSet(chart, 'wiki', { volumes: changed ? ['data', 'uploads'] : ['data'] });
      service(chart, 'wiki');
      dumped(chart, 'wiki', {}, { statefulSet: 'wiki', template: 'data' });
      if (changed) dumped(chart, 'wiki', {}, { statefulSet: 'wiki', template: 'uploads' }, 'uploads');
    },
    says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ StatefulSet paperless/wiki, claim template 'uploads' (20Gi)
            made by          example/wiki
            because          PostgreSQL in StatefulSet paperless/wiki does not write to it
            what to do       name in data the volume that PostgreSQL writes to, and back this one up as a volume with files, with backUp(…)
    `,
  });

  const files = 'docker.io/library/wiki:3.0';
  for (const [situation, own, by, image] of [
    ['a container of the same pods', { containers: [on('wiki', files)] }, 'Deployment paperless/wiki', files],
    [
      'a sidecar that is started before the others',
      { initContainers: [{ ...on('wiki', files), restartPolicy: 'Always' }] },
      'Deployment paperless/wiki',
      files,
    ],
    ['an application that shares the volume', { Deployment: [on('wiki', files)] }, 'Deployment paperless/web', files],
    ['a job that runs again and again', { CronJob: [on('wiki', files)] }, 'CronJob paperless/web', files],
    ['a single pod', { Pod: [on('wiki', files)] }, 'Pod paperless/web', files],
  ] as const) {
    refuses('postgres-server', [], `of a volume with the files of ${situation}`, {
      build: ({ chart }, changed) => {
        sharing(chart, changed ? own : {});
        dumped(chart, 'wiki');
      },
      says: notAlone(by, image, `if it only reads readOnly: true\n            `),
    });
  }

  refuses('postgres-server', [], 'of a volume that holds another server as well', {
    build: ({ chart }, changed) => {
      sharing(chart, changed ? { Deployment: [on('wiki', 'docker.io/library/postgres:17.2')] } : {});
      dumped(chart, 'wiki');
    },
    says: notAlone('Deployment paperless/web', 'docker.io/library/postgres:17.2'),
  });

  refuses('postgres-server', [], 'of a volume whose server nobody knows, and another container writes to', {
    build: ({ chart }, changed) => {
      sharing(chart, { image: 'registry.example.net/wiki-db:3', containers: changed ? [on('wiki', files)] : [] });
      dumped(chart, 'wiki');
    },
    says: notAlone('Deployment paperless/wiki', files, `if it only reads readOnly: true\n            `),
  });

  refuses('postgres-server', [], 'of a claim template that another container of the pods writes to', {
    build: ({ chart }, changed) => {
      statefulSet(chart, 'wiki');
      const path = '/spec/template/spec/containers/-';
      const web = { ...on('wiki', files), volumeMounts: [{ name: 'data', mountPath: '/data', subPath: 'uploads' }] };
      if (changed) ApiObject.of(chart.node.findChild('wiki')).addJsonPatch(JsonPatch.add(path, web));
      service(chart, 'wiki');
      dumped(chart, 'wiki', {}, { statefulSet: 'wiki', template: 'data' });
    },
    says: notAlone('StatefulSet paperless/wiki', files, `if it only reads readOnly: true\n            `)
      .replace('PersistentVolumeClaim paperless/wiki-data', `StatefulSet paperless/wiki, claim template 'data'`)
      .replace('example/wiki-data', 'example/wiki')
      .replace(`claim: 'wiki-data'`, `statefulSet: 'wiki', template: 'data'`),
  });

  for (const [situation, own] of [
    ['a container that only reads', { containers: [{ ...on('wiki', files, true) }] }],
    ['an init container', { initContainers: [on('permissions', 'docker.io/bitnami/os-shell:12')] }],
    ['a Job', { Job: [on('permissions', 'docker.io/bitnami/os-shell:12')] }],
    ['a tool of the server', { containers: [on('wal', 'ghcr.io/wal-g/wal-g:3.0')] }],
    ['a client in a CronJob', { CronJob: [on('dump', 'docker.io/library/postgres:18.1')] }],
    ['a client beside the server', { containers: [on('dump', 'docker.io/library/postgres:18.1')] }],
  ] as const) {
    it(`may be of a volume that is mounted by ${situation}, too`, () => {
      const { findings } = synthesizeScenario(({ chart }) => {
        sharing(chart, own);
        dumped(chart, 'wiki');
      });
      expect(explain(findings)).toBe('');
    });
  }

  it('may be of a server whose image nobody knows', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      statefulSet(chart, 'wiki', { image: 'registry.example.net/wiki-db:3' });
      service(chart, 'wiki');
      dumped(chart, 'wiki', {}, { statefulSet: 'wiki', template: 'data' });
    });
    expect(explain(findings)).toBe('');
  });

  for (const image of ['docker.io/library/mysql:9.5', 'docker.io/library/mariadb:12.1', 'docker.io/library/mongo:8.2'])
    refuses('postgres-server', [], `of another database, ${image}`, {
      build: ({ chart }, changed) =>
        plainPostgres(chart, { image: changed ? image : 'registry.example.net/wiki-db:3' }),
      says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ StatefulSet paperless/db, claim template 'data' (20Gi)
            made by          example/set
            because          ${image} in StatefulSet paperless/db writes to it, which is no PostgreSQL, and the job can dump nothing else
            in its place     backUp(this, { statefulSet: 'db', template: 'data' }, nightly({ to: offsite, keep: { daily: 7 }, crashConsistent: 'why what a power cut leaves is good enough' }))
    `,
    });

  it('may be of a server whose image nobody knows, beside a cache with a volume of its own', () => {
    const { findings } = synthesizeScenario(({ chart }) =>
      plainPostgres(chart, {
        image: 'registry.example.net/wiki-db:3',
        before: [{ name: 'cache', image: 'docker.io/library/redis:8.4' }],
      }),
    );
    expect(explain(findings)).toBe('');
  });

  for (const image of [
    'docker.io/library/postgres:18.1',
    'docker.io/postgis/postgis:18-3.6',
    'docker.io/pgvector/pgvector:0.8.1-pg18',
    'docker.io/bitnami/postgresql:18.1.0',
  ]) {
    refuses('postgres-server', [], `of one of several servers that know nothing of each other, ${image}`, {
      build: ({ chart }, changed) => {
        statefulSet(chart, 'wiki', { image, replicas: changed ? 3 : 1 });
        service(chart, 'wiki');
        dumped(chart, 'wiki', {}, { statefulSet: 'wiki', template: 'data' });
      },
      says: `
      1 volume whose dumps would not have what it holds: [postgres-server]

        ✖ StatefulSet paperless/wiki, claim template 'data' (20Gi)
            made by          example/wiki
            because          its 3 pods have a volume each, ${image} makes each of them a server of its own, and a run dumps one
            to fix           replicas: 1
    `,
    });
  }

  const clone = {
    name: 'clone',
    image: 'docker.io/library/postgres:18.1',
    command: ['sh', '-c', 'test "$ORDINAL" = 0 || pg_basebackup -h wiki-0.wiki -R -D /data'],
  };
  for (const [image, path, value] of [
    ['docker.io/bitnami/postgresql-repmgr:18.1.0', 'containers/0/env', []],
    ['ghcr.io/zalando/spilo-17:4.0', 'containers/0/env', []],
    ['docker.io/timescale/timescaledb-ha:pg17', 'containers/0/env', []],
    ['registry.example.net/wiki-db:3', 'containers/0/env', []],
    ['docker.io/bitnami/postgresql:18.1.0', 'containers/0/env', [{ name: 'POSTGRESQL_REPLICATION_MODE', value: 'x' }]],
    ['docker.io/bitnami/postgresql:18.1.0', 'containers/0/envFrom', [{ configMapRef: { name: 'settings' } }]],
    ['docker.io/kartoza/postgis:17-3.5', 'containers/0/env', [{ name: 'REPLICATE_FROM', value: 'wiki-0' }]],
    ['docker.io/library/postgres:18.1', 'initContainers', [clone]],
  ] as const) {
    it(`may be of several servers that replicate by themselves, ${image} with ${path}`, () => {
      const { findings } = synthesizeScenario(({ chart }) => {
        statefulSet(chart, 'wiki', { replicas: 3, image });
        ApiObject.of(chart.node.findChild('wiki')).addJsonPatch(JsonPatch.add(`/spec/template/spec/${path}`, value));
        service(chart, 'wiki');
        dumped(chart, 'wiki', {}, { statefulSet: 'wiki', template: 'data' });
      });
      expect(explain(findings)).toBe('');
    });
  }

  it('may be of several servers that a script which is mounted makes one', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      const data = { 'start.sh': '#!/bin/sh\npg_basebackup -h wiki-0.wiki -R -D /data\n' };
      new ApiObject(chart, 'scripts', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'scripts' }, data });
      statefulSet(chart, 'wiki', { replicas: 3 });
      const volumes = [{ name: 'scripts', configMap: { name: 'scripts' } }];
      ApiObject.of(chart.node.findChild('wiki')).addJsonPatch(JsonPatch.add('/spec/template/spec/volumes', volumes));
      service(chart, 'wiki');
      dumped(chart, 'wiki', {}, { statefulSet: 'wiki', template: 'data' });
    });
    expect(explain(findings)).toBe('');
  });

  it('may go through what nobody sees before it is there', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      deployment(chart, 'wiki');
      new ApiObject(chart, 'services', {
        apiVersion: 'helm.toolkit.fluxcd.io/v2',
        kind: 'HelmRelease',
        metadata: { name: 'services' },
        spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'services' } },
      });
      holds(chart, { helmRelease: 'services' }, {});
      dumped(chart, 'wiki');
    });
    expect(explain(findings)).toBe('');
  });

  it('may go through a Service whose endpoints something else sets, or that only gives its pods a name', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      for (const name of ['wiki', 'tickets']) deployment(chart, name);
      service(chart, 'wiki', {});
      service(chart, 'tickets', { app: 'tickets' }, 1);
      ApiObject.of(chart.node.findChild('service-tickets')).addJsonPatch(JsonPatch.add('/spec/clusterIP', 'None'));
      dumped(chart, 'wiki');
      dumped(chart, 'tickets');
    });
    expect(explain(findings)).toBe('');
  });
});
