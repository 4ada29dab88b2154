/** Reading an inventory that somebody else wrote, and its published schema against the types of the same release. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseInventory, type Inventory } from '../../lib';
import { isMapping } from '../../lib/model/kube-object';

/** With every field, wherever the type says that one may be absent. */
type Full<T> = T extends readonly (infer U)[]
  ? readonly Full<U>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Full<T[K]> }
    : T;

const dataset: Full<Inventory['datasets'][number]> = {
  id: {
    group: 'apps',
    kind: 'StatefulSet',
    namespace: 'forge',
    name: 'db',
    part: { type: 'template', name: 'data' },
  },
  declaredAt: 'forge/db',
  chart: 'forge',
  storageBytes: 1024,
  storageClass: 'ceph-block',
  claims: [{ namespace: 'forge', name: 'data-db-0', labels: { app: 'db' } }],
  excluded: { reason: 'Made again on demand.', reviewBy: '2027-06-01' },
  strategies: [
    {
      type: 'scheduled',
      to: 'offsite',
      pace: 'nightly',
      plan: 'nightly',
      keep: { hourly: 1, daily: 7, weekly: 4, monthly: 12, yearly: 2 },
    },
  ],
  copies: [
    {
      by: 'velero',
      location: 'offsite',
      failureDomain: 'offsite-nas',
      worstAgeSeconds: 100_000,
      alertAgeSeconds: 125_000,
      keptSeconds: 604_800,
      evidence: {
        type: 'velero',
        namespace: 'velero',
        schedules: [
          {
            name: 'forge-nightly',
            schedule: '17 3 * * *',
            keptSeconds: 604_800,
            method: 'data-mover',
            plan: 'nightly',
          },
        ],
      },
      restore: {
        type: 'velero',
        namespace: 'forge',
        plan: 'nightly',
        defaultPlan: true,
        path: 'home/mirrors/local/velero',
      },
    },
    {
      by: 'elsewhere',
      location: '',
      failureDomain: 'site',
      worstAgeSeconds: 0,
      alertAgeSeconds: 0,
      keptSeconds: 0,
      evidence: { type: 'cronJob', namespace: 'forge', name: 'dump' },
      restore: { type: 'ask', sentence: 'The NAS fetches it every night.' },
    },
    {
      by: 'cnpg',
      location: 'offsite',
      failureDomain: 'offsite',
      worstAgeSeconds: 600,
      alertAgeSeconds: 750,
      keptSeconds: 2_592_000,
      evidence: {
        type: 'cnpg',
        namespace: 'forge',
        cluster: 'db',
        objectStore: 'db',
        serverName: 'db-1',
        scheduledBackups: [{ name: 'db', schedule: '0 30 2 * * *' }],
        metrics: { lastBackup: 'last', lastFailedBackup: 'failed', firstRecoverabilityPoint: 'first' },
      },
      restore: {
        type: 'cnpg',
        namespace: 'forge',
        cluster: 'db',
        objectStore: 'db',
        serverName: 'db-1',
        nextServerName: 'db-2',
        database: 'app',
        owner: 'app',
        path: 'home/mirrors/local/data/forge/db',
      },
    },
    {
      by: 'mirror',
      location: 'far',
      failureDomain: 'cluster',
      worstAgeSeconds: 0,
      alertAgeSeconds: 0,
      keptSeconds: 0,
      evidence: { type: 'mirror', of: 'offsite' },
      restore: { type: 'mirror', of: 'offsite' },
    },
    {
      by: 'elsewhere',
      location: '',
      failureDomain: 'offsite',
      worstAgeSeconds: 0,
      alertAgeSeconds: 0,
      keptSeconds: 0,
      evidence: { type: 'statement', sentence: 'Somebody copies it by hand.' },
      restore: { type: 'ask', sentence: 'Somebody copies it by hand.' },
    },
  ],
  rpo: { achievedSeconds: 100_000, acceptedSeconds: 200_000 },
};

const full: Full<Inventory> = {
  version: 1,
  cluster: 'home',
  datasets: [dataset],
  opaque: [{ group: 'helm.toolkit.fluxcd.io', kind: 'HelmRelease', namespace: 'media', name: 'app' }],
  locations: [
    {
      name: 'offsite',
      endpoint: 'https://s3.example.net',
      bucket: 'home-backups',
      prefix: '',
      region: 'us-east-1',
      pathStyle: true,
      customCa: false,
      sendChecksums: true,
      failureDomain: 'offsite',
      versioned: false,
      objectLocked: false,
      trusted: false,
      keptIn: 'sealed envelope, bank',
    },
  ],
  requiredSecrets: [{ namespace: 'velero', name: 'backed-up-offsite', keys: ['cloud'], keptIn: 'bank' }],
  assumptions: [{ about: 'velero.nodeAgent', value: { any: ['thing'] }, why: 'It carries the data.' }],
};

/** With nothing that may be absent. */
const least: Inventory = {
  version: 1,
  cluster: 'home',
  datasets: [
    {
      id: { group: '', kind: 'PersistentVolumeClaim', name: 'data' },
      declaredAt: '',
      chart: '',
      claims: [],
      excluded: { reason: '' },
      strategies: [{ type: 'elsewhere' }, { type: 'scheduled', keep: { daily: 1 } }],
      copies: [
        {
          by: 'elsewhere',
          failureDomain: 'cluster',
          worstAgeSeconds: 0,
          alertAgeSeconds: 0,
          evidence: { type: 'statement', sentence: '' },
          restore: { type: 'ask', sentence: '' },
        },
      ],
      rpo: { achievedSeconds: 0 },
    },
    { id: { group: '', kind: '', name: '' }, declaredAt: '', chart: '', claims: [], copies: [] },
  ],
  opaque: [{ group: '', kind: '', name: '' }],
  locations: [],
  requiredSecrets: [],
  assumptions: [],
};

type Step = string | number;

/** Every mapping in a value, with the steps to it. */
function mappingsIn(value: unknown, path: readonly Step[] = []): readonly (readonly Step[])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => mappingsIn(item, [...path, index]));
  if (!isMapping(value)) return [];
  return [path, ...Object.entries(value).flatMap(([key, child]) => mappingsIn(child, [...path, key]))];
}

/** A copy in which the mapping at a path is another. */
function changed(
  value: unknown,
  path: readonly Step[],
  change: (mapping: Readonly<Record<string, unknown>>) => unknown,
): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return isMapping(value) ? change(value) : value;
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? changed(item, rest, change) : item));
  return isMapping(value) ? { ...value, [step]: changed(value[step], rest, change) } : value;
}

function problem(value: unknown): string | undefined {
  const read = parseInventory(JSON.stringify(value));
  return 'problem' in read ? read.problem : undefined;
}

/** Mappings whose keys are for whoever writes them. */
const OPEN = new Set(['labels', 'value']);
const closed = mappingsIn(full).filter((path) => !path.some((step) => OPEN.has(String(step))));

describe('the schema', () => {
  it('takes what the types allow, with all fields and with none that may be absent', () => {
    expect(parseInventory(JSON.stringify(full))).toEqual(full);
    expect(parseInventory(JSON.stringify(least))).toEqual(least);
  });

  it('takes the inventory of the example', () => {
    const text = readFileSync('dist/inventory.json', 'utf8');
    expect(parseInventory(text)).toEqual(JSON.parse(text));
  });

  it('refuses a further field, wherever it is', () => {
    expect(closed.length).toBeGreaterThan(20);
    for (const path of closed) {
      const extra = changed(full, path, (mapping) => ({ ...mapping, unheard: true }));
      expect({ path, problem: problem(extra) }).toEqual({
        path,
        problem: expect.stringMatching(/^is not an inventory: .*\bunheard unknown field$/),
      });
    }
  });

  it('wants exactly the fields that the types want', () => {
    const optional = new Set<string>();
    for (const path of closed) {
      for (const field of Object.keys(path.reduce<object>((value, step) => value[step as never], full))) {
        const without = changed(full, path, (mapping) =>
          Object.fromEntries(Object.entries(mapping).filter(([key]) => key !== field)),
        );
        if (problem(without) === undefined) {
          optional.add([...path.filter((step) => typeof step === 'string'), field].join('.'));
        }
      }
    }
    expect([...optional].toSorted()).toEqual([
      'datasets.copies.keptSeconds',
      'datasets.copies.location',
      'datasets.copies.restore.path',
      'datasets.excluded',
      'datasets.excluded.reviewBy',
      'datasets.id.namespace',
      'datasets.id.part',
      'datasets.rpo',
      'datasets.rpo.acceptedSeconds',
      'datasets.storageBytes',
      'datasets.storageClass',
      'datasets.strategies',
      'datasets.strategies.keep',
      'datasets.strategies.keep.daily',
      'datasets.strategies.keep.hourly',
      'datasets.strategies.keep.monthly',
      'datasets.strategies.keep.weekly',
      'datasets.strategies.keep.yearly',
      'datasets.strategies.pace',
      'datasets.strategies.plan',
      'datasets.strategies.to',
      'opaque.namespace',
    ]);
  });
});

describe('an inventory that cannot be read', () => {
  const OTHER =
    'and this program reads version 1: write it again with the same release of cdk8s-backed-up that reads it';
  const copy = ['datasets', 0, 'copies', 0];

  it.each([
    ['', 'is not JSON: write it again with `npm run synth`'],
    ['{ "version": 1,', 'is not JSON: write it again with `npm run synth`'],
    ['[]', 'is not an inventory: it names no version'],
    ['null', 'is not an inventory: it names no version'],
    ['{}', 'is not an inventory: it names no version'],
    ['{ "version": 2 }', `is an inventory of version 2, ${OTHER}`],
    ['{ "version": "1" }', `is an inventory of version "1", ${OTHER}`],
    ['{ "version": {} }', `is an inventory of version {}, ${OTHER}`],
    ['{ "version": 1 }', 'is not an inventory: assumptions is missing'],
  ])('%s', (text, says) => {
    expect(parseInventory(text)).toEqual({ problem: says });
  });

  it.each<[string, readonly Step[], Readonly<Record<string, unknown>>, string]>([
    ['a value of another type', [], { cluster: 7 }, 'cluster must be text, but is the number 7'],
    ['no list', [], { datasets: {} }, 'datasets must be a list, but is a mapping'],
    ['nothing', ['datasets', 0], { chart: null }, 'datasets[0].chart must be text, but is null'],
    [
      'a value that is none of a few',
      ['datasets', 0, 'strategies', 0],
      { type: 'daily' },
      'datasets[0].strategies[0].type must be "scheduled" or "snapshotted" or "continuous" or "mirrored" or "elsewhere", but is "daily"',
    ],
    ['a negative number', copy, { worstAgeSeconds: -1 }, 'datasets[0].copies[0].worstAgeSeconds must be >= 0'],
    [
      'a failure domain of another form',
      copy,
      { failureDomain: 'Cluster' },
      'datasets[0].copies[0].failureDomain must match ^(cluster|site|offsite(-.*)?)$, but is "Cluster"',
    ],
    [
      'evidence of another sort',
      [...copy, 'evidence'],
      { type: 'photo' },
      'datasets[0].copies[0].evidence.type is "photo", which is not a form that is known',
    ],
    [
      'evidence that lacks something',
      [...copy, 'evidence'],
      { schedules: undefined },
      'datasets[0].copies[0].evidence.schedules is missing',
    ],
    [
      'a restore that is nothing',
      copy,
      { restore: 'ask' },
      'datasets[0].copies[0].restore must be a mapping, but is text',
    ],
    [
      'a misspelt field',
      ['locations', 0],
      { bukket: 'home-backups' },
      'locations[0].bukket unknown field; did you mean `bucket`?',
    ],
    [
      'nothing kept',
      ['datasets', 0, 'strategies', 0],
      { keep: {} },
      'datasets[0].strategies[0].keep must NOT have fewer than 1 properties',
    ],
    [
      'a label of another type',
      ['datasets', 0, 'claims', 0],
      { labels: { tier: 1 } },
      'datasets[0].claims[0].labels.tier must be text, but is the number 1',
    ],
  ])('with %s', (_what, path, fields, says) => {
    const wrong = changed(full, path, (mapping) => ({ ...mapping, ...fields }));
    expect(parseInventory(JSON.stringify(wrong))).toEqual({ problem: `is not an inventory: ${says}` });
  });
});
