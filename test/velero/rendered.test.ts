/** Objects that are not live yet. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import { predict } from '../../lib/velero/predict';
import { ask, backup, copyOf, IN_FORGE, LOCATION, object, pod, schedule, volumeOf } from './support/cluster';

const IN = { namespace: 'forge' };
const SIZE = { resources: { requests: { storage: '1Gi' } }, accessModes: ['ReadWriteOnce'] };
const BY_FILES = { ...IN_FORGE, defaultVolumesToFsBackup: true };

function rendered(name: string, spec: Readonly<Record<string, unknown>> = {}): KubeObject {
  return object('v1', 'PersistentVolumeClaim', name, { metadata: IN, spec: { ...SIZE, ...spec } });
}

const SET = object('apps/v1', 'StatefulSet', 'db', {
  metadata: IN,
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'db' } },
    template: {
      metadata: { labels: { app: 'db' } },
      spec: { containers: [{ name: 'main', volumeMounts: [{ name: 'data', mountPath: '/d' }] }] },
    },
    volumeClaimTemplates: [
      { metadata: { name: 'data', labels: { tier: 'gold' } }, spec: { ...SIZE, storageClassName: 'fast' } },
    ],
  },
});

const PLATFORM = {
  velero: { version: '1.18', enableCSI: true, nodeAgent: true },
  storageClasses: {
    fast: { driver: 'csi.example', snapshotClass: 'fast', isDefault: true },
    plain: { driver: 'csi.plain' },
    local: { driver: 'rancher.io/local-path' },
    static: { driver: 'kubernetes.io/no-provisioner' },
  },
};

function onPlatform(spec: Readonly<Record<string, unknown>>, ...objects: readonly KubeObject[]) {
  return predict({ backup: backup(spec), objects: [LOCATION, ...objects], platform: PLATFORM });
}

describe('a rendered claim', () => {
  it.each([
    [{ storageClassName: 'fast' }, 'yes csi-snapshot', 'Completed'],
    [{}, 'yes csi-snapshot', 'Completed'],
    [{ storageClassName: 'plain' }, 'no csi-snapshot', 'PartiallyFailed'],
    [{ storageClassName: 'local' }, 'no none', 'Completed'],
    [{ storageClassName: 'static' }, 'no none', 'PartiallyFailed'],
    [{ storageClassName: '' }, 'no none', 'PartiallyFailed'],
    [{ storageClassName: 'unheard-of' }, 'unknown csi-snapshot', 'Completed'],
  ])('with %j will be: %s', (spec, copy, phase) => {
    const asked = onPlatform(IN_FORGE, rendered('data', spec));
    expect([copyOf(asked), asked.phase]).toEqual([copy, phase]);
  });

  it('is bound to a volume that names it, or that fits', () => {
    const volume = (name: string, spec: Readonly<Record<string, unknown>>): KubeObject =>
      object('v1', 'PersistentVolume', name, {
        spec: { capacity: { storage: '2Gi' }, csi: { driver: 'csi.example' }, storageClassName: '', ...spec },
      });
    const asked = onPlatform(
      IN_FORGE,
      rendered('named', { storageClassName: '', volumeName: 'a' }),
      rendered('reserved', { storageClassName: '' }),
      rendered('fits', { storageClassName: 'static' }),
      volume('a', {}),
      volume('b', { claimRef: { namespace: 'forge', name: 'reserved' } }),
      volume('c', { storageClassName: 'static' }),
    );
    const bound = asked.objects.filter(({ kind, included }) => kind === 'PersistentVolume' && included);
    expect(bound.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });
});

describe('a rendered StatefulSet', () => {
  it('has a claim for each replica, with the labels that its controller gives it', () => {
    const byTemplate = onPlatform({ ...IN_FORGE, labelSelector: { matchLabels: { tier: 'gold', app: 'db' } } }, SET);
    expect(byTemplate.volumes.map(({ claim, copied }) => `${claim} ${copied}`)).toEqual([
      'data-db-0 yes',
      'data-db-1 yes',
    ]);
    expect(byTemplate.objects).toEqual([]);
  });

  it('takes over claims that are rendered beside it', () => {
    const asked = onPlatform(IN_FORGE, SET, rendered('data-db-0', { storageClassName: 'local' }));
    expect(asked.volumes.map(({ claim, copied }) => `${claim} ${copied}`)).toEqual(['data-db-0 no', 'data-db-1 yes']);
  });

  it('may or may not run, unless its pods are live', () => {
    const byFiles = { ...BY_FILES, snapshotVolumes: false };
    expect(copyOf(onPlatform(byFiles, SET), 'data-db-1')).toBe('unknown fs-backup');
    expect(volumeOf(onPlatform(byFiles, SET), 'data-db-1').why).toBe(
      'Its files are read through StatefulSet forge/db, if StatefulSet forge/db runs at the time, which manifests cannot show.',
    );
    const live = pod('db-0', ['data-db-0'], { labels: { app: 'db' } });
    const asked = onPlatform(byFiles, SET, live);
    expect([copyOf(asked, 'data-db-0'), copyOf(asked, 'data-db-1')]).toEqual(['yes fs-backup', 'no none']);
  });

  it('has none with replicas: 0', () => {
    const none = { ...SET, spec: { ...(SET['spec'] as object), replicas: 0 } };
    expect(onPlatform(IN_FORGE, none).volumes).toEqual([]);
  });
});

it('cdk8s puts namespaces on objects that have none; they do not count', () => {
  const stray = object('storage.k8s.io/v1', 'StorageClass', 'stray', { metadata: IN, provisioner: 'csi.example' });
  const asked = predict({
    backup: backup(IN_FORGE),
    objects: [LOCATION, stray, rendered('data', { storageClassName: 'stray' })],
    platform: PLATFORM,
  });
  expect(copyOf(asked)).toBe('yes csi-snapshot');
});

it('assumptions are said where neither objects nor platform tell', () => {
  const { reasons } = predict({ backup: backup(IN_FORGE), objects: [LOCATION] });
  expect(reasons.join(' ')).toContain('EnableCSI is taken to be on');
  expect(reasons.join(' ')).toContain('Node agents are taken to run');
  expect(ask(backup(IN_FORGE)).reasons).toEqual(['Nothing that the objects show goes wrong.']);
});

it('the flags of the server are read from its Deployment', () => {
  const server = (...args: readonly string[]): KubeObject =>
    object('apps/v1', 'Deployment', 'velero', {
      metadata: { namespace: 'backups' },
      spec: {
        template: { spec: { containers: [{ name: 'velero', command: ['/velero'], args: ['server', ...args] }] } },
      },
    });
  const location = object('velero.io/v1', 'BackupStorageLocation', 'main', {
    metadata: { namespace: 'backups' },
    status: { phase: 'Available' },
  });
  const asked = (...args: readonly string[]): string => {
    const made = { ...schedule(IN_FORGE), metadata: { name: 'nightly', namespace: 'backups' } };
    const objects = [location, server(...args), rendered('data', { storageClassName: 'fast' })];
    const prediction = predict({ backup: made, objects, platform: { storageClasses: PLATFORM.storageClasses } });
    return `${prediction.phase} ${copyOf(prediction)}`;
  };
  const csi = '--features=EnableCSI';
  const main = '--default-backup-storage-location=main';
  expect(asked(csi)).toBe('FailedValidation no none');
  expect(asked(csi, main)).toBe('Completed yes csi-snapshot');
  expect(asked(main)).toBe('Completed no none');
  // No node-agent DaemonSet stands beside the server.
  expect(asked(csi, main, '--default-snapshot-move-data')).toBe('PartiallyFailed no data-mover');
  expect(asked('--features', 'EnableCSI', main, '--default-snapshot-move-data=false')).toBe(
    'Completed yes csi-snapshot',
  );
});

it('the answer does not depend on the order of the objects', () => {
  const objects = [LOCATION, SET, rendered('a'), rendered('b', { storageClassName: 'plain' }), pod('p', ['a', 'b'])];
  const spec = { ...BY_FILES };
  const forward = predict({ backup: backup(spec), objects, platform: PLATFORM });
  expect(predict({ backup: backup(spec), objects: objects.toReversed(), platform: PLATFORM })).toEqual(forward);
});
