/** What Velero makes of the Schedules of `dist/`, what comes back of it, and whether `predict` said so. */
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { at, isKubeObject, listAt, mappingAt, textAt, type KubeObject } from '../../lib/model/kube-object';
import { predict } from '../../lib/velero/predict';
import { told } from '../servers/support/bucket';
import { distObjects, named } from '../servers/support/dist';
import type { Store } from '../servers/support/store';
import { until } from '../servers/support/tools';
import { connect } from './support/cluster';
import { failureOf, jobsOf } from './support/jobs';
import { preparePlatform, type Platform } from './support/platform';
import { finished, pod, type PodOptions } from './support/pods';
import { VELERO_NAMESPACE } from './support/velero';

const cluster = connect(inject('kubeconfig'));

const BACKUPS = 'backups.velero.io';

/** The kinds that decide about data, and what Velero goes by. */
const KINDS = [
  'configmaps',
  'namespaces',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'storageclasses',
  'volumesnapshotclasses',
  'deployments.apps',
  'daemonsets.apps',
  'backupstoragelocations.velero.io',
];

/** With data in each, of which one plan copies only the first. */
const CLAIMS = ['photos', 'settings', 'thumbnails'];
const ONLY_PHOTOS = { photos: 'succeeded', settings: 'skipped', thumbnails: 'skipped' };

describe.skipIf(!inject('lab'))('Velero', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await preparePlatform(cluster);
    await cluster.apply(...['object-storage', 'cluster-backup', 'media', 'media-backup'].flatMap(ofVelero));
    for (const name of CLAIMS)
      await finished(cluster, pod('media', `writes-${name}`, `echo ${name} > /data/file`, mounting(name)));
    await storageIsAvailable();
  });

  it('enables the Schedules of dist/', async () => {
    const phases = new Set<string>();
    for (const { metadata } of ofVelero('media-backup').filter(({ kind }) => kind === 'Schedule'))
      phases.add(await phaseOf('schedules.velero.io', metadata.name));
    expect([...phases]).toEqual(['Enabled']);
  });

  it('moves off-site the data of a plan, which comes back equal, and nothing beside it', async () => {
    const name = await run('media-nightly-offsite-daily');
    expect(await volumesIn(platform.offsite, name)).toEqual(ONLY_PHOTOS);
    const policy = [
      { matchLabels: { 'backed-up/plan': 'nightly' } },
      { matchExpressions: ['plan', 'method'].map((key) => ({ key: `backed-up/${key}`, operator: 'DoesNotExist' })) },
    ];
    await restore(name, 'media-restored', policy);
    const names = ['get', 'persistentvolumeclaims', '--output=jsonpath={.items[*].metadata.name}'];
    expect(await cluster.kubectl('-n', 'media-restored', ...names)).toBe('photos');
    const reads = pod('media-restored', 'reads', 'cat /data/file', mounting('photos'));
    expect(await finished(cluster, reads)).toEqual({ succeeded: true, log: 'photos\n' });
  });

  it('keeps snapshots of a plan in the cluster', async () => {
    const name = await run('media-nightly-local');
    expect(await volumesIn(platform.local, name)).toEqual(ONLY_PHOTOS);
  });

  it('has its local store mirrored off-site', async () => {
    await cluster.apply(...jobsOf('cluster-backup'));
    expect(await failureOf(cluster, 'backed-up', 'velero-local-to-offsite-b29b4277')).toBe('');
    const mirror = 's:home-backups/home/mirrors/local/velero/backups';
    expect(await platform.offsite.rclone('lsf', mirror)).toContain('media-nightly-local-now/\n');
  });

  /** As the Schedule does when its time has come. */
  async function run(schedule: string): Promise<string> {
    const { spec } = named(distObjects('media-backup'), 'Schedule', schedule);
    const template = mappingAt(spec, 'template');
    const name = `${schedule}-now`;
    const backup = object('Backup', name, template);
    const expected = predict({ backup, objects: await liveObjects() });
    await cluster.apply(backup);
    expect(await phaseOf(BACKUPS, name)).toBe(expected.phase);
    expect(expected.phase).toBe('Completed');
    const store = textAt(template, 'storageLocation') === 'local' ? platform.local : platform.offsite;
    const copied = expected.volumes.filter((volume) => volume.copied === 'yes').map((volume) => volume.claim);
    const real = Object.entries(await volumesIn(store, name)).filter(([, result]) => result === 'succeeded');
    expect(real.map(([each]) => each)).toEqual(copied);
    return name;
  }

  async function restore(backupName: string, into: string, orLabelSelectors: readonly object[]): Promise<void> {
    await cluster.apply(
      object('Restore', into, {
        backupName,
        includedNamespaces: ['media'],
        includedResources: ['persistentvolumeclaims', 'persistentvolumes'],
        namespaceMapping: { media: into },
        orLabelSelectors,
        restorePVs: true,
      }),
    );
    expect(await phaseOf('restores.velero.io', into)).toBe('Completed');
  }
});

describe.skipIf(!inject('lab'))('predict', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await preparePlatform(cluster);
    await cluster.apply(
      ...NAMESPACES.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
      ...ofVelero('cluster-backup'),
    );
    for (const namespace of NAMESPACES) {
      await cluster.apply(
        claimOf(namespace, 'db', { app: 'db' }),
        claimOf(namespace, 'web', { app: 'web' }),
        claimOf(namespace, 'out', { 'velero.io/exclude-from-backup': 'true' }),
      );
      await until('the account of pods', 60, async () =>
        (await cluster.kubectl('-n', namespace, 'get', 'serviceaccount', 'default')).includes('default'),
      );
      await cluster.apply(pod(namespace, 'db', 'sleep 3600', { labels: { app: 'db' }, ...mounting('db') }));
      await cluster.kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/db', '--timeout=90s');
    }
    await storageIsAvailable();
  });

  it('says what real Velero does of each rule of selection, alone and in pairs', async () => {
    const objects = await liveObjects();
    const ours = new Set(
      objects.filter(isOurs).map(({ kind, metadata }) => keyOf(kind, metadata.namespace, metadata.name)),
    );
    const backups = choices().map((spec, index) => object('Backup', `choice-${index}`, spec));
    const [said, done]: [unknown[], unknown[]] = [[], []];
    // Those that wait in Velero's line are looked at once a minute.
    for (let first = 0; first < backups.length; first += AT_ONCE) {
      const some = backups.slice(first, first + AT_ONCE);
      await cluster.apply(...some);
      for (const backup of some) {
        const { phase, objects: rows } = predict({ backup, objects });
        const included = rows
          .filter((row) => row.included)
          .map(({ kind, namespace, name }) => keyOf(kind, namespace ?? undefined, name));
        const real = await phaseOf(BACKUPS, backup.metadata.name);
        const written = real === 'FailedValidation' ? [] : await resourcesIn(platform.local, backup.metadata.name);
        const { spec } = backup;
        said.push({ spec, phase, included: included.filter((key) => ours.has(key)).toSorted() });
        done.push({ spec, phase: real, included: written.filter((key) => ours.has(key)).toSorted() });
      }
    }
    expect(said.length).toBeGreaterThan(40);
    expect(said).toEqual(done);
  });
});

const NAMESPACES = ['chosen-a', 'chosen-b'];
/** Fewer than Velero works on, because other tests have some as well. */
const AT_ONCE = 4;

/** Each rule alone, and each two that say nothing of the same field. */
function choices(): readonly object[] {
  const rules: readonly Readonly<Record<string, unknown>>[] = [
    { includedNamespaces: ['chosen-a'] },
    { includedNamespaces: ['chosen-?'] },
    { includedNamespaces: ['nobody-*'] },
    { excludedNamespaces: ['chosen-b'] },
    { includedResources: ['persistentvolumeclaims', 'pods'] },
    { includedResources: ['pvc', 'pv'] },
    { excludedResources: ['pods'] },
    { includedNamespaceScopedResources: ['persistentvolumeclaims'] },
    { excludedClusterScopedResources: ['persistentvolumes'] },
    { includeClusterResources: false },
    { labelSelector: { matchLabels: { app: 'db' } } },
    { orLabelSelectors: [{ matchLabels: { app: 'db' } }, { matchLabels: { app: 'nobody' } }] },
  ];
  const pairs = rules.flatMap((one, index) =>
    rules
      .slice(index + 1)
      .filter((other) => Object.keys(other).every((field) => !(field in one)))
      .map((other) => ({ ...one, ...other })),
  );
  const base = { storageLocation: 'local', snapshotVolumes: false, includedNamespaces: NAMESPACES };
  return [...rules, ...pairs].map((rule) => ({ ...base, ...rule }));
}

function isOurs({ kind, metadata, ...rest }: KubeObject): boolean {
  if (kind === 'Namespace') return NAMESPACES.includes(metadata.name);
  const bound = textAt(rest, 'spec', 'claimRef', 'namespace');
  return NAMESPACES.includes((kind === 'PersistentVolume' ? bound : metadata.namespace) ?? '');
}

function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function claimOf(namespace: string, name: string, labels: Readonly<Record<string, string>>): KubeObject {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace, labels }, spec };
}

const KINDS_OF_VELERO = new Set([
  'BackupStorageLocation',
  'ConfigMap',
  'PersistentVolumeClaim',
  'Schedule',
  'VolumeSnapshotClass',
]);

/** What it reads of a folder of dist/. */
function ofVelero(folder: string): readonly KubeObject[] {
  return distObjects(folder).filter(({ kind }) => KINDS_OF_VELERO.has(kind));
}

function mounting(name: string): PodOptions {
  return { claims: { '/data': name } };
}

async function storageIsAvailable(): Promise<void> {
  const both = ['backupstoragelocation/local', 'backupstoragelocation/offsite'];
  const available = '--for=jsonpath={.status.phase}=Available';
  await cluster.kubectl('-n', VELERO_NAMESPACE, 'wait', available, '--timeout=120s', ...both);
}

function object(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: 'velero.io/v1', kind, metadata: { name, namespace: VELERO_NAMESPACE }, spec };
}

async function liveObjects(): Promise<readonly KubeObject[]> {
  const list: unknown = JSON.parse(await cluster.kubectl('get', KINDS.join(','), '--all-namespaces', '--output=json'));
  return listAt(list, 'items').filter(isKubeObject);
}

const ENDED = new Set(['Completed', 'Enabled', 'Failed', 'FailedValidation', 'PartiallyFailed']);

/** Of something that Velero works off. */
async function phaseOf(kind: string, name: string): Promise<string> {
  let phase = '';
  await until(`the end of ${name}`, 150, async () => {
    phase = await cluster.kubectl('-n', VELERO_NAMESPACE, 'get', kind, name, '--output=jsonpath={.status.phase}');
    return ENDED.has(phase);
  });
  return phase;
}

/** Claim → what its copy came to. */
async function volumesIn(store: Store, backup: string): Promise<Readonly<Record<string, string>>> {
  const rows = await fileOf(store, backup, 'volumeinfo');
  const results = listAt(rows).map((row) => [
    textAt(row, 'pvcName') ?? '',
    at(row, 'skipped') === true ? 'skipped' : (textAt(row, 'result') ?? ''),
  ]);
  return Object.fromEntries(results) as Readonly<Record<string, string>>;
}

async function resourcesIn(store: Store, backup: string): Promise<readonly string[]> {
  const byKind = Object.entries(mappingAt({ list: await fileOf(store, backup, 'resource-list') }, 'list'));
  return byKind.flatMap(([kind, names]) =>
    listAt(names).map((name) => `${kind.split('/').at(-1) ?? ''} ${String(name)}`),
  );
}

/** One of the files that Velero has written about a Backup. */
async function fileOf(store: Store, backup: string, name: string): Promise<unknown> {
  const path = `/${store.location.bucket}/home/velero/backups/${backup}/${backup}-${name}.json.gz`;
  let bytes = Buffer.alloc(0);
  await until(path, 30, async () => {
    bytes = Buffer.from((await told(store.owner, { path })).bytes);
    return true;
  });
  return JSON.parse(gunzipSync(bytes).toString()) as unknown;
}
