/** `backed-up predict` and real Velero, asked about the same Backups of the same live objects. */
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { textAt, type KubeObject } from '../../lib/model/kube-object';
import { predict } from '../../lib/velero/predict';
import { until } from '../servers/support/tools';
import { connect } from './support/cluster';
import { preparePlatform, type Platform } from './support/platform';
import { pod } from './support/pods';
import {
  isWritten,
  liveObjects,
  openLocations,
  runBackups,
  resourcesIn,
  veleroObject,
  volumesIn,
} from './support/velero-results';

const cluster = connect(inject('kubeconfig'));

/**
 * Two namespaces that hold the same, so that one can be chosen. There are several such places, because Velero runs two
 * Backups at the same time only when they have no namespace in common (1.18.3, backup_queue_controller.go).
 */
interface Place {
  readonly name: string;
  readonly namespaces: readonly [string, string];
}

const PLACES = Array.from({ length: 8 }, (_, index): Place => {
  const name = `chosen-${index}`;
  return { name, namespaces: [`${name}-a`, `${name}-b`] };
});

type Rule = Readonly<Record<string, unknown>>;

function rulesOf({ name, namespaces: [chosen, other] }: Place): readonly Rule[] {
  return [
    { includedNamespaces: [chosen] },
    { includedNamespaces: [`${name}-?`] },
    { includedNamespaces: ['nobody-*'] },
    { excludedNamespaces: [other] },
    { includedResources: ['persistentvolumeclaims', 'pods'] },
    { includedResources: ['pvc', 'pv'] },
    { excludedResources: ['pods'] },
    { includedNamespaceScopedResources: ['persistentvolumeclaims'] },
    { excludedClusterScopedResources: ['persistentvolumes'] },
    { includeClusterResources: false },
    { labelSelector: { matchLabels: { app: 'db' } } },
    { orLabelSelectors: [{ matchLabels: { app: 'db' } }, { matchLabels: { app: 'nobody' } }] },
  ];
}

/** How data is copied. */
const NO_DATA = { snapshotVolumes: false };
const SNAPSHOTS = { snapshotVolumes: true };
const FILES = { snapshotVolumes: false, defaultVolumesToFsBackup: true };

/** The specs of Backups: no rule and each rule alone with every way to copy data, and each two rules without data. */
const SPECS: readonly ((place: Place) => Rule)[] = (() => {
  const rules = rulesOf(PLACES[0] ?? { name: '', namespaces: ['', ''] });
  const numbers = rules.map((_, index) => index);
  const alone = [[], ...numbers.map((index) => [index])];
  const pairs = numbers.flatMap((one) =>
    numbers.filter((other) => other > one && !haveOneField(rules[one], rules[other])).map((other) => [one, other]),
  );
  const chosen = [
    ...[NO_DATA, SNAPSHOTS, FILES].flatMap((data) => alone.map((some) => [some, data] as const)),
    ...pairs.map((some) => [some, NO_DATA] as const),
  ];
  return chosen.map(([some, data]) => (place) => ({
    storageLocation: 'local',
    includedNamespaces: place.namespaces,
    ...data,
    ...Object.assign({}, ...some.map((index) => rulesOf(place)[index])),
  }));
})();

function haveOneField(one: Rule = {}, other: Rule = {}): boolean {
  return Object.keys(one).some((field) => field in other);
}

describe.skipIf(!inject('lab'))('predict', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await preparePlatform(cluster);
    const namespaces = PLACES.flatMap((place) => place.namespaces);
    await cluster.apply(...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
    await cluster.apply(...namespaces.flatMap(claimsIn));
    await Promise.all(namespaces.map(startDatabase));
    await openLocations(cluster);
  });

  it('says what real Velero does of rules of selection, alone and in pairs, with data and without', async () => {
    const objects = await liveObjects(cluster);
    const [said, done]: [unknown[], unknown[]] = [[], []];
    for (let first = 0; first < SPECS.length; first += PLACES.length) {
      const round = PLACES.flatMap((place, index) => {
        const spec = SPECS[first + index]?.(place);
        if (spec === undefined) return [];
        return [{ spec, place, backup: veleroObject('Backup', `choice-${first + index}`, spec) }];
      });
      const backups = round.map(({ backup }) => backup);
      const phases = await runBackups(cluster, backups);
      for (const [index, { spec, place, backup }] of round.entries()) {
        said.push({ spec, ...predicted(place, backup, objects) });
        done.push({ spec, ...(await found(place, backup, phases[index] ?? '', objects)) });
      }
    }
    expect(said).toEqual(done);
    expect(said.length).toBeGreaterThan(90);
  }, 600_000);

  interface Answer {
    readonly phase: string;
    readonly included: readonly string[];
    readonly copied: readonly string[];
  }

  function predicted(place: Place, backup: KubeObject, objects: readonly KubeObject[]): Answer {
    const { phase, objects: rows, volumes } = predict({ backup, objects });
    const included = rows
      .filter((row) => row.included)
      .map(({ kind, namespace, name }) => keyOf(kind, namespace ?? undefined, name));
    const copied = volumes.filter((each) => each.copied === 'yes').map((each) => `${each.namespace}/${each.claim}`);
    return { phase, included: ofPlace(place, objects, included), copied: copied.toSorted() };
  }

  async function found(
    place: Place,
    { metadata: { name } }: KubeObject,
    phase: string,
    objects: readonly KubeObject[],
  ): Promise<Answer> {
    if (!isWritten(phase)) return { phase, included: [], copied: [] };
    const results = Object.entries(await volumesIn(platform.local, name));
    const copied = results.filter(([, result]) => result === 'succeeded').map(([claim]) => claim);
    const included = await resourcesIn(platform.local, name);
    return { phase, included: ofPlace(place, objects, included), copied: copied.toSorted() };
  }
});

/** Without what others have in the cluster, and without kinds that are not predicted. */
function ofPlace({ namespaces }: Place, objects: readonly KubeObject[], keys: readonly string[]): readonly string[] {
  const namespaceOf: Readonly<Record<string, (object: KubeObject) => string | undefined>> = {
    Namespace: ({ metadata }) => metadata.name,
    PersistentVolume: (object) => textAt(object, 'spec', 'claimRef', 'namespace'),
    PersistentVolumeClaim: ({ metadata }) => metadata.namespace,
    Pod: ({ metadata }) => metadata.namespace,
  };
  const known = objects.filter((object) => namespaces.includes(namespaceOf[object.kind]?.(object) ?? ''));
  const own = new Set(known.map(({ kind, metadata }) => keyOf(kind, metadata.namespace, metadata.name)));
  return keys.filter((key) => own.has(key)).toSorted();
}

function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** One with a pod, one without, and one that Velero is told to leave out. */
function claimsIn(namespace: string): readonly KubeObject[] {
  const labels = { db: { app: 'db' }, web: { app: 'web' }, out: { 'velero.io/exclude-from-backup': 'true' } };
  return Object.entries(labels).map(([name, ownLabels]) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, labels: ownLabels },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }));
}

async function startDatabase(namespace: string): Promise<void> {
  const options = { labels: { app: 'db' }, claims: { '/data': 'db' } };
  await until('the account of pods', 60, async () =>
    (await cluster.kubectl('-n', namespace, 'get', 'serviceaccount', 'default')).includes('default'),
  );
  await cluster.apply(pod(namespace, 'db', 'echo data > /data/file; sleep 3600', options));
  await cluster.kubectl('-n', namespace, 'wait', '--for=condition=Ready', 'pod/db', '--timeout=120s');
}
