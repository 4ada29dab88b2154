/** Databases and Giteas that Helm releases make: nobody sees their pods. */
import { ApiObject, Duration, Size, type Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { BackedUpPostgres, continuous, excluded, holds, nightly, type HeldClaim } from '../../lib';
import { pasted } from '../support/remedies';
import { refuses } from '../support/rule-test';
import { offsite, synthesizeScenario } from '../support/scenario';
import { run } from '../support/snippets';

const storage = Size.gibibytes(50);
const SENTENCE = 'Its database is SQLite, in the same snapshot.';
const PLACE = 'sealed envelope, bank';

type Spec = Readonly<Record<string, unknown>>;
/** The chart in a repository of charts. */
const inRepository = (chart: string): Spec => ({
  chart: { spec: { chart, sourceRef: { kind: 'HelmRepository', name: 'charts' } } },
});

function release(scope: Chart, name: string, spec: Spec): void {
  new ApiObject(scope, name, {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name, annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } },
    spec: { interval: '1h', ...spec },
  });
}

function source(scope: Chart, kind: string, name: string, spec: Spec): void {
  new ApiObject(scope, `${kind}-${name}`, {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind,
    metadata: { name },
    spec: { interval: '1h', ...spec },
  });
}

function postgres(scope: Chart): void {
  const restoreWindow = Duration.days(30);
  new BackedUpPostgres(scope, 'db', { storage, backup: continuous({ to: offsite, restoreWindow }) });
}

function snapshot(crashConsistent: string | undefined, labels: Readonly<Record<string, string>> = {}): HeldClaim {
  return {
    storage,
    storageClass: 'ceph-block',
    labels,
    backup: nightly({
      to: offsite,
      keep: { daily: 14 },
      ...(crashConsistent === undefined ? {} : { crashConsistent }),
    }),
  };
}

const DATA = `{ claim: 'gitea-shared-storage', heldBy: { helmRelease: 'forge' }, storage: Size.gibibytes(50), storageClass: 'ceph-block', labels: {} }`;
const SERVER = `{ host: '…', pods: { labels: { app: '…' } }, database: 'gitea', user: { secret: '…', key: 'user' }, password: { secret: '…', key: 'password' }, keptIn: 'where they are kept outside the cluster' }`;

function alone(chart: string, database = SERVER): string {
  return `
    1 volume of Gitea is copied at another moment than its database: [gitea-copied-alone]

      ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
          made by          example
          because          the chart '${chart}' of HelmRelease paperless/forge keeps its repositories on it, as far as names tell
          in its place     new GiteaBackup(this, 'gitea-shared-storage-backup', { data: ${DATA}, pods: { 'app.kubernetes.io/instance': 'forge', 'app.kubernetes.io/name': '${chart}' }, layout: 'chart', image: '…', database: ${database}, backup: nightly({ to: offsite, keep: { daily: 7 } }) })
          what to do       that stands in the place of 'gitea-shared-storage' in holds
          if it has both   crashConsistent: 'why what a power cut leaves is good enough'
  `;
}

describe('the volume of a Gitea that a HelmRelease makes', () => {
  for (const [what, chart, spec, sources] of [
    ['a repository of charts', 'gitea', inRepository('gitea'), () => {}],
    ['a folder of a Git repository', 'forgejo', inRepository('./charts/forgejo/'), () => {}],
    [
      'an OCI artifact',
      'forgejo',
      { chartRef: { kind: 'OCIRepository', name: 'git' } },
      (scope: Chart) => source(scope, 'OCIRepository', 'git', { url: 'oci://code.forgejo.org/forgejo-helm/forgejo' }),
    ],
    [
      'a HelmChart',
      'gitea',
      { chartRef: { kind: 'HelmChart', name: 'git' } },
      (scope: Chart) => source(scope, 'HelmChart', 'git', { chart: 'gitea' }),
    ],
    ['a source that nobody sees', 'gitea', { chartRef: { kind: 'HelmChart', name: 'gitea' } }, () => {}],
  ] as const)
    refuses('gitea-copied-alone', ['T06'], `of ${what}, and that only Velero copies`, {
      build: ({ chart: scope }, changed) => {
        sources(scope);
        release(scope, 'forge', spec);
        holds(scope, { helmRelease: 'forge' }, { 'gitea-shared-storage': snapshot(changed ? undefined : SENTENCE) });
      },
      says: alone(chart),
    });

  refuses('gitea-copied-alone', ['T06'], 'and that only Velero copies, beside the Cluster that its values name', {
    build: ({ chart }, changed) => {
      postgres(chart);
      release(chart, 'forge', {
        ...inRepository('gitea'),
        values: { gitea: { config: { database: { HOST: 'db-rw:5432' } } } },
      });
      holds(chart, { helmRelease: 'forge' }, { 'gitea-shared-storage': snapshot(changed ? undefined : SENTENCE) });
    },
    says: alone('gitea', `{ cluster: 'db' }`),
  });

  refuses('gitea-copied-alone', ['T06'], 'and that only Velero copies, where its database is a file', {
    build: ({ chart }, changed) => {
      const values = { gitea: { config: { database: { DB_TYPE: 'sqlite3' } } } };
      release(chart, 'forge', { ...inRepository('gitea'), values });
      holds(chart, { helmRelease: 'forge' }, { 'gitea-shared-storage': snapshot(changed ? undefined : SENTENCE) });
    },
    says: `
      1 volume of Gitea is copied at another moment than its database: [gitea-copied-alone]

        ✖ PersistentVolumeClaim paperless/gitea-shared-storage (50Gi)
            made by          example
            because          the chart 'gitea' of HelmRelease paperless/forge keeps its repositories on it, as far as names tell
            if it has both   crashConsistent: 'why what a power cut leaves is good enough'
    `,
  });

  it('has a twin, which may be copied alone: caches of the same chart, and what charts of other names make', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      release(chart, 'forge', inRepository('gitea'));
      holds(
        chart,
        { helmRelease: 'forge' },
        {
          'gitea-shared-storage': {
            storage,
            labels: { app: 'forge' },
            backup: excluded('Its users push all of it again.'),
          },
          'valkey-data-forge-valkey-cluster-0': snapshot(undefined, { app: 'valkey' }),
        },
      );
      release(chart, 'registry', inRepository('registry'));
      holds(chart, { helmRelease: 'registry' }, { images: snapshot(undefined, { app: 'registry' }) });
    });
    expect(findings).toEqual([]);
  });
});

function asFiles(name: string, chart: string, of: string, labels: string): string {
  return `
    1 database on a plain volume is copied while it writes: [crash-consistent]

      ✖ PersistentVolumeClaim paperless/${name} (50Gi)
          made by          example
          because          the PostgreSQL of the chart '${chart}' of HelmRelease paperless/${of} writes to it, as far as names tell
          to fix           crashConsistent: 'why what a power cut leaves is good enough'
          or to dump it    new PostgresBackup(this, '${name}-backup', { data: { claim: '${name}', heldBy: { helmRelease: '${of}' }, storage: Size.gibibytes(50), storageClass: 'ceph-block', labels: {} }, server: { host: '…', pods: { labels: ${labels} }, user: { secret: '…', key: 'username' }, password: { secret: '…', key: 'postgres-password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: offsite, keep: { daily: 7 } }) })
          what to do       that stands in the place of '${name}' in holds
  `;
}

describe('the volume of a PostgreSQL that a HelmRelease makes', () => {
  for (const [what, chart, of, name, spec, instance, server] of [
    ['by its chart', 'postgresql', 'tickets', 'data-tickets-postgresql-0', {}, 'tickets', 'postgresql'],
    [
      'by its chart, under another name',
      'postgresql-ha',
      'tickets',
      'tickets-db-0',
      { releaseName: 'support' },
      'support',
      'postgresql-ha',
    ],
    ['by that of a Gitea', 'gitea', 'forge', 'data-forge-postgresql-0', {}, 'forge', 'postgresql'],
    [
      'by that of a Gitea, with replicas',
      'gitea',
      'forge',
      'data-forge-postgresql-ha-postgresql-1',
      {},
      'forge',
      'postgresql-ha',
    ],
    [
      'by that of something else',
      'wiki',
      'wiki',
      'data-wiki-postgresql-0',
      { targetNamespace: 'paperless' },
      'paperless-wiki',
      'postgresql',
    ],
  ] as const)
    refuses('crash-consistent', [], `${what}, and that is copied as files`, {
      build: ({ chart: scope }, changed) => {
        release(scope, of, { ...inRepository(chart), ...spec });
        const sentence = 'PostgreSQL replays its log, and one volume is one moment.';
        holds(scope, { helmRelease: of }, { [name]: snapshot(changed ? undefined : sentence) });
      },
      says: asFiles(
        name,
        chart,
        of,
        `{ 'app.kubernetes.io/instance': '${instance}', 'app.kubernetes.io/name': '${server}' }`,
      ),
    });

  it('has a twin, which may be copied alone: the dumps of its chart, and what has no such name', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      release(chart, 'tickets', inRepository('postgresql'));
      holds(
        chart,
        { helmRelease: 'tickets' },
        {
          'tickets-postgresql-pgdumpall': snapshot(undefined, { app: 'dumps' }),
          'data-tickets-postgresql-0': {
            storage,
            labels: { app: 'db' },
            backup: excluded('The chart dumps it every night, and that is backed up.'),
          },
        },
      );
      release(chart, 'wiki', inRepository('wiki'));
      holds(chart, { helmRelease: 'wiki' }, { 'wiki-postgresql-files': snapshot(undefined, { app: 'wiki' }) });
    });
    expect(findings).toEqual([]);
  });
});

describe('a line that is pasted for what a HelmRelease makes', () => {
  /** What a person replaces, and nothing else. */
  function completed(text: string): string {
    return text
      .replace("claim: '…'", "claim: 'data-tickets-postgresql-0'")
      .replace("image: '…'", "image: 'docker.gitea.com/gitea:1.26.0-rootless'")
      .replaceAll("'where they are kept outside the cluster'", `'${PLACE}'`)
      .replace("labels: { app: '…' }", "labels: { 'app.kubernetes.io/name': 'postgresql' }")
      .replace(`excluded('why losing it is acceptable')`, `excluded('A cache, which is filled again.')`)
      .replace(`'why what a power cut leaves is good enough'`, `'${SENTENCE}'`)
      .replace("host: '…'", "host: 'forge-postgresql'")
      .replaceAll("'…'", "'forge-db'");
  }

  function findingsWith(build: (chart: Chart) => void, lines: readonly string[]): readonly string[] {
    const { paste } = run(pasted('pasted.ts', lines.map(completed)));
    if (typeof paste !== 'function') throw new Error('the file exports no function');
    return synthesizeScenario(({ app, chart }) => {
      build(chart);
      paste.call(chart, app, offsite, offsite);
    }).findings.map(({ rule, because = '' }) => `${rule}: ${because}`);
  }

  function linesFor(build: (chart: Chart) => void, label: string): string {
    const { findings } = synthesizeScenario(({ chart }) => build(chart));
    const text = findings.flatMap(({ remedies }) => remedies).find((each) => each.label === label)?.text;
    if (text === undefined) throw new Error(`no finding says '${label}'`);
    return text;
  }

  const gitea =
    (values: Spec = {}) =>
    (chart: Chart): void =>
      release(chart, 'forge', { ...inRepository('gitea'), values });

  it.each([
    ['a Gitea', gitea(), ['to back it up', 'if it adds none']],
    ['a Gitea with caches', gitea(), ['to back it up', 'otherwise']],
    ['a Gitea with its database', gitea({ postgresql: { enabled: true } }), ['to back it up', 'and its database']],
    [
      'a Gitea with a Cluster',
      (chart: Chart) => {
        postgres(chart);
        gitea({ gitea: { config: { database: { HOST: 'db-rw' } } } })(chart);
      },
      ['to back it up', 'if it adds none'],
    ],
    ['a Gitea with SQLite', gitea({ gitea: { config: { database: { DB_TYPE: 'sqlite3' } } } }), ['otherwise']],
    [
      'a PostgreSQL',
      (chart: Chart) => release(chart, 'tickets', inRepository('postgresql')),
      ['to dump it', 'if it adds none'],
    ],
  ] as const)('[opaque-object] backs up %s', (_, build, labels) => {
    const lines = labels.map((label) => linesFor(build, label));
    expect(findingsWith(build, lines)).toEqual([]);
  });

  it('[opaque-object] prints no snapshot of a Gitea or of a PostgreSQL', () => {
    const build = (chart: Chart): void => {
      gitea()(chart);
      release(chart, 'tickets', inRepository('postgresql'));
    };
    const texts = synthesizeScenario(({ chart }) => build(chart)).findings.flatMap(({ remedies }) =>
      remedies.map(({ text }) => text).filter((text) => text.startsWith('holds(')),
    );
    expect(texts.filter((text) => text.includes('nightly('))).toEqual([]);
    expect(texts).toHaveLength(4);
  });

  it.each([
    ['[gitea-copied-alone] backs up a Gitea', 'gitea', 'gitea-shared-storage', 'in its place'],
    ['[crash-consistent] dumps a PostgreSQL', 'postgresql', 'data-forge-postgresql-0', 'or to dump it'],
  ] as const)('%s in the place of a snapshot', (_, chart, name, label) => {
    const build = (scope: Chart): void => release(scope, 'forge', inRepository(chart));
    const line = linesFor((scope) => {
      build(scope);
      holds(scope, { helmRelease: 'forge' }, { [name]: snapshot(undefined) });
    }, label);
    expect(findingsWith(build, [line, `holds(this, { helmRelease: 'forge' }, {})`])).toEqual([]);
  });

  it.each([
    ['a Gitea', 'gitea', 'gitea-shared-storage', {}, 'to back it up'],
    ['a PostgreSQL', 'postgresql', 'data-forge-postgresql-0', {}, 'to back it up'],
  ] as const)(
    '[no-strategy] backs up %s that untyped code names without an answer',
    (_, chart, name, values, label) => {
      const build = (scope: Chart): void => release(scope, 'forge', { ...inRepository(chart), values });
      const line = linesFor((scope) => {
        build(scope);
        holds(scope, { helmRelease: 'forge' }, { [name]: { storage, labels: {} } as never });
      }, label);
      expect(line).toContain(chart === 'gitea' ? 'new GiteaBackup(' : 'new PostgresBackup(');
      expect(findingsWith(build, [line, `holds(this, { helmRelease: 'forge' }, {})`])).toEqual([]);
    },
  );

  it('[no-strategy] says of a Gitea with SQLite that a snapshot has both', () => {
    const values = { gitea: { config: { database: { DB_TYPE: 'sqlite3' } } } };
    const line = linesFor((chart) => {
      gitea(values)(chart);
      holds(chart, { helmRelease: 'forge' }, { 'gitea-shared-storage': { storage, labels: {} } as never });
    }, 'to back it up');
    expect(line).toMatch(/^backup: nightly\(.*crashConsistent: /);
  });
});
