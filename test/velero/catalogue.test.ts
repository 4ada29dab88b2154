/** The rows of the catalogue of false successes that a prediction can tell, each beside a twin that is accepted. */
import { describe, expect, it } from 'vitest';
import { predict } from '../../lib/velero/predict';
import {
  ask,
  backup,
  claim,
  copyOf,
  FORGE,
  IN_FORGE,
  includedIn,
  LOCATION,
  namespace,
  NODE_AGENT,
  object,
  pod,
  policy,
  schedule,
  SNAPSHOT_CLASS,
  STORAGE_CLASS,
  USES_POLICY,
  veleroServer,
  volumeOf,
} from './support/cluster';

const BY_FILES = { ...IN_FORGE, defaultVolumesToFsBackup: true };
const HOST_PATH = { hostPath: { path: '/srv/data' } };
const NFS = { nfs: { server: 'nfs.example', path: '/data' } };

describe('the accepted example', () => {
  it('is copied by a snapshot, by data movement and by files, as it asks for', () => {
    const asked = [IN_FORGE, { ...IN_FORGE, snapshotMoveData: true }, BY_FILES].map((spec) => ask(backup(spec)));
    expect(asked.map(({ phase }) => phase)).toEqual(['Completed', 'Completed', 'Completed']);
    expect(asked.map((one) => copyOf(one))).toEqual(['yes csi-snapshot', 'yes data-mover', 'yes fs-backup']);
  });

  it('is in the Backup with all that hangs on it', () => {
    expect(includedIn(ask(backup(IN_FORGE)))).toEqual([
      'Namespace forge',
      'PersistentVolume pv-forge-data',
      'PersistentVolumeClaim forge/data',
      'Pod forge/app',
    ]);
  });

  it('is what a Schedule makes each night', () => {
    const { phase, schedule: own } = ask(schedule(IN_FORGE));
    expect({ phase, own }).toEqual({ phase: 'Completed', own: { phase: 'Enabled', makesBackups: true, reasons: [] } });
  });
});

describe('V01: a duration that Go cannot read', () => {
  it('leaves the Backup without a phase', () => {
    const asked = ask(backup({ ...IN_FORGE, ttl: '30d' }));
    expect(asked.phase).toBe('New');
    expect(asked.reasons.join(' ')).toContain("ttl '30d' has the unit 'd'");
    expect(copyOf(asked)).toBe('no none');
  });

  it('in another Backup stops this one too', () => {
    const broken = backup({ ttl: '4w' }, 'another');
    expect(ask(backup(IN_FORGE), [...FORGE, broken]).phase).toBe('New');
    expect(ask(backup(IN_FORGE), [...FORGE, backup({ ttl: '672h' }, 'another')]).phase).toBe('Completed');
  });

  it.each(['csiSnapshotTimeout', 'itemOperationTimeout'])('in %s does the same', (field) => {
    expect(ask(backup({ ...IN_FORGE, [field]: '1 hour' })).phase).toBe('New');
    expect(ask(backup({ ...IN_FORGE, [field]: '1h' })).phase).toBe('Completed');
  });

  it('in the template of a Schedule makes no Backups', () => {
    expect(ask(schedule({ ...IN_FORGE, ttl: '30d' })).schedule).toMatchObject({ phase: 'New', makesBackups: false });
  });
});

it('V02: a cron expression that never comes makes a Backup every minute', () => {
  const { schedule: own } = ask(schedule(IN_FORGE, { schedule: '0 0 30 2 *' }));
  expect(own).toMatchObject({ phase: 'Enabled', makesBackups: true });
  expect(own?.reasons.join(' ')).toContain('every minute');
});

it('V03: a Schedule with a name over 63 characters is Enabled and makes no Backup', () => {
  const named = (length: number) => ask(schedule(IN_FORGE, {}, 'x'.repeat(length))).schedule;
  expect(named(64)).toMatchObject({ phase: 'Enabled', makesBackups: false });
  expect(named(63)).toMatchObject({ phase: 'Enabled', makesBackups: true });
});

it.each([{}, { schedule: 'nonsense' }])('V05: a paused Schedule is not even checked, with %j', (rest) => {
  const asked = ask(schedule(IN_FORGE, { ...rest, paused: true }));
  expect(asked.schedule).toMatchObject({ phase: 'New', makesBackups: false });
  expect(copyOf(asked)).toBe('no none');
});

it('an invalid cron expression is the one mistake that a Schedule shows', () => {
  expect(ask(schedule(IN_FORGE, { schedule: 'nonsense' })).schedule).toMatchObject({
    phase: 'FailedValidation',
    makesBackups: false,
  });
});

it.each([
  ['a missing storage location', { storageLocation: 'nowhere' }],
  ['both selectors', { labelSelector: {}, orLabelSelectors: [] }],
])('V06: a Schedule with %s is Enabled, and each of its Backups invalid', (_, fields) => {
  const asked = ask(schedule({ ...IN_FORGE, ...fields }));
  expect(asked.schedule).toMatchObject({ phase: 'Enabled', makesBackups: true });
  expect(asked.phase).toBe('FailedValidation');
  expect(copyOf(asked)).toBe('no none');
});

it.each([[{ includedNamespaces: ['forg?-*'] }], [{ includedNamespaces: ['forge'], excludedNamespaces: ['for*'] }]])(
  'V07: %j takes nothing and is Completed',
  (spec) => {
    const asked = ask(backup(spec));
    expect(asked.phase).toBe('Completed');
    expect(includedIn(asked)).toEqual([]);
    expect(copyOf(asked)).toBe('no none');
    expect(copyOf(ask(backup({ includedNamespaces: ['forg*'] })))).toBe('yes csi-snapshot');
  },
);

it('V08: a namespace with the exclude label is left out by a glob, and fails the Backup that names it', () => {
  const hidden = [namespace('forge', { 'velero.io/exclude-from-backup': 'true' }), ...claim('data')];
  const byGlob = ask(backup({ includedNamespaces: ['for*'] }), hidden);
  expect([byGlob.phase, copyOf(byGlob)]).toEqual(['Completed', 'no none']);
  const byName = ask(backup(IN_FORGE), hidden);
  expect([byName.phase, copyOf(byName)]).toEqual(['FailedValidation', 'no none']);
});

it('V09: a claim with the exclude label is left out, also when a selector matches it', () => {
  const labels = { app: 'db', 'velero.io/exclude-from-backup': 'true' };
  const spec = { ...IN_FORGE, labelSelector: { matchLabels: { app: 'db' } } };
  const asked = ask(backup(spec), [
    namespace('forge'),
    ...claim('data', { labels }),
    pod('app', ['data'], { labels: { app: 'db' } }),
  ]);
  expect(asked.phase).toBe('Completed');
  expect(includedIn(asked)).toEqual(['Namespace forge', 'Pod forge/app']);
  expect(volumeOf(asked).why).toContain('it has the label velero.io/exclude-from-backup=true');
  const isFalse = { ...labels, 'velero.io/exclude-from-backup': 'false' };
  expect(copyOf(ask(backup(spec), [namespace('forge'), ...claim('data', { labels: isFalse })]))).toBe(
    'yes csi-snapshot',
  );
});

it.each([{ app: 'nothing-has-it' }, { team: 'a' }])('V10: the selector %j leaves only the Namespace', (matchLabels) => {
  const objects = [
    namespace('forge', { team: 'a' }),
    ...claim('data', { labels: { app: 'db' } }),
    pod('app', ['data']),
  ];
  const asked = ask(backup({ ...IN_FORGE, labelSelector: { matchLabels } }), objects);
  expect(asked.phase).toBe('Completed');
  expect(includedIn(asked)).toEqual(['Namespace forge']);
  const twin = ask(backup({ ...IN_FORGE, labelSelector: { matchLabels: { app: 'db' } } }), objects);
  expect(copyOf(twin)).toBe('yes csi-snapshot');
});

it.each([
  [{ includedResources: ['persistentvolumeclaim-s', 'pv'] }, { includedResources: ['persistentvolumeclaims', 'pv'] }],
  [{ includedNamespaceScopedResources: ['pvcs'] }, { includedNamespaceScopedResources: ['pvc'] }],
])('V11: %j takes nothing, %j does', (misspelt, right) => {
  const asked = ask(backup({ ...IN_FORGE, ...misspelt }));
  expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no none']);
  expect(copyOf(ask(backup({ ...IN_FORGE, ...right })))).toBe('yes csi-snapshot');
});

it.each([
  [
    { includedResources: ['persistentvolumeclaims'] },
    { includedResources: ['persistentvolumeclaims', 'persistentvolumes'] },
  ],
  [{ includeClusterResources: false }, { includeClusterResources: true }],
  [{ excludedResources: ['persistentvolumes'] }, { excludedResources: ['secrets'] }],
])('V12: %j leaves the volume out, and with it the record of the copy; %j does not', (fields, right) => {
  const asked = ask(backup({ ...IN_FORGE, ...fields }));
  expect(asked.phase).toBe('Completed');
  expect(includedIn(asked)).not.toContain('PersistentVolume pv-forge-data');
  expect(copyOf(asked)).toBe('no csi-snapshot');
  expect(volumeOf(asked).why).toContain('Velero does not record it');
  expect(copyOf(ask(backup({ ...IN_FORGE, ...right })))).toBe('yes csi-snapshot');
});

describe('V13: a resource policy whose kind is not configmap', () => {
  const spec = { ...IN_FORGE, resourcePolicy: { kind: 'ConfigMaps', name: 'policy' } };
  const objects = [...FORGE, policy([[{}, 'skip']])];

  it('is ignored by a Backup', () => {
    const asked = ask(backup(spec), objects);
    expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'yes csi-snapshot']);
    expect(asked.reasons.join(' ')).toContain('the policy is ignored');
    expect(copyOf(ask(backup({ ...IN_FORGE, ...USES_POLICY }), objects))).toBe('no none');
  });

  it('is read by the Backups of a Schedule, for which Velero writes the kind itself', () => {
    expect(copyOf(ask(schedule(spec), objects))).toBe('no none');
  });
});

it('V14: a volume type that Velero does not know makes a rule that never matches', () => {
  const asked = (type: string) =>
    ask(backup({ ...IN_FORGE, ...USES_POLICY }), [...FORGE, policy([[{ volumeTypes: [type] }, 'skip']])]);
  expect(copyOf(asked('CSI'))).toBe('yes csi-snapshot');
  expect(asked('CSI').reasons.join(' ')).toContain("'CSI' in volumeTypes is none of");
  expect(copyOf(asked('csi'))).toBe('no none');
});

it.each([
  [
    'the first rule that matches skips',
    [
      [{ csi: {} }, 'skip'],
      [{}, 'snapshot'],
    ],
  ],
  ['the action is custom', [[{}, 'custom']]],
] as const)('V15: nothing is copied when %s', (_, rules) => {
  const spec = { ...IN_FORGE, ...USES_POLICY };
  const asked = ask(backup(spec), [...FORGE, policy(rules)]);
  expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no none']);
  expect(
    copyOf(
      ask(backup(spec), [
        ...FORGE,
        policy(
          rules
            .toReversed()
            .concat([[{}, 'snapshot']])
            .slice(-1),
        ),
      ]),
    ),
  ).toBe('yes csi-snapshot');
});

it.each([undefined, true])(
  'V16: a volume that is not CSI is not copied, snapshotVolumes being %s',
  (snapshotVolumes) => {
    const spec = { ...IN_FORGE, ...(snapshotVolumes === undefined ? {} : { snapshotVolumes }) };
    const asked = ask(backup(spec), [namespace('forge'), ...claim('data', { source: NFS }), pod('app', ['data'])]);
    expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no none']);
  },
);

it('V17: a server without EnableCSI copies no CSI volume and says nothing', () => {
  const objects = [NODE_AGENT, LOCATION, STORAGE_CLASS, SNAPSHOT_CLASS, ...FORGE];
  const asked = predict({ backup: backup(IN_FORGE), objects: [...objects, veleroServer()] });
  expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no none']);
  const platform = { velero: { version: '1.18', enableCSI: false, nodeAgent: true } };
  expect(copyOf(predict({ backup: backup(IN_FORGE), objects, platform }))).toBe('no none');
});

it('V18: snapshotVolumes false without file-system backup copies nothing', () => {
  const asked = ask(backup({ ...IN_FORGE, snapshotVolumes: false }));
  expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no none']);
  expect(copyOf(ask(backup({ ...BY_FILES, snapshotVolumes: false })))).toBe('yes fs-backup');
});

it('V19: file-system backup does not see a claim that no pod mounts', () => {
  const asked = ask(backup({ ...BY_FILES, snapshotVolumes: false }), [namespace('forge'), ...claim('data')]);
  expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no none']);
});

describe('V20: file-system backup reads running pods only', () => {
  it.each(['Pending', 'Succeeded', 'Failed'])('and not one that is %s, nor is a snapshot taken instead', (phase) => {
    const asked = ask(backup(BY_FILES), [namespace('forge'), ...claim('data'), pod('app', ['data'], { phase })]);
    expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no fs-backup']);
  });

  const template = {
    spec: {
      containers: [{ name: 'main', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
    },
  };
  const inForge = { metadata: { namespace: 'forge' } };

  it('and of a rendered Deployment nobody knows whether it runs, of a CronJob one does', () => {
    const deployment = object('apps/v1', 'Deployment', 'app', { ...inForge, spec: { template } });
    const scaledDown = object('apps/v1', 'Deployment', 'app', { ...inForge, spec: { replicas: 0, template } });
    const cronJob = object('batch/v1', 'CronJob', 'app', { ...inForge, spec: { jobTemplate: { spec: { template } } } });
    const copies = [deployment, scaledDown, cronJob].map((workload) =>
      copyOf(ask(backup({ ...BY_FILES, snapshotVolumes: false }), [namespace('forge'), ...claim('data'), workload])),
    );
    expect(copies).toEqual(['unknown fs-backup', 'no none', 'no fs-backup']);
  });
});

it('V21: file-system backup cannot read hostPath volumes', () => {
  const objects = (source: Readonly<Record<string, unknown>>) => [
    namespace('forge'),
    ...claim('data', { source }),
    pod('app', ['data']),
  ];
  const asked = ask(backup(BY_FILES), objects(HOST_PATH));
  expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no fs-backup']);
  expect(copyOf(ask(backup(BY_FILES), objects({ local: { path: '/srv/data' } })))).toBe('yes fs-backup');
});

describe('V22: file-system backup needs the pod in the Backup', () => {
  it('and copies nothing when pods are filtered out', () => {
    const asked = ask(backup({ ...BY_FILES, includedNamespaceScopedResources: ['persistentvolumeclaims'] }));
    expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no none']);
  });

  it('but a running pod comes along with its claim, whatever a selector says', () => {
    const spec = { ...BY_FILES, labelSelector: { matchLabels: { app: 'db' } } };
    const labelled = claim('data', { labels: { app: 'db' } });
    const running = ask(backup(spec), [namespace('forge'), ...labelled, pod('app', ['data'])]);
    expect(copyOf(running)).toBe('yes fs-backup');
    const finished = ask(backup(spec), [namespace('forge'), ...labelled, pod('app', ['data'], { phase: 'Succeeded' })]);
    expect([finished.phase, copyOf(finished)]).toEqual(['Completed', 'no none']);
  });
});

it('V23: the policy fs-backup does nothing for a claim without a pod, and snapshot nothing for NFS', () => {
  const spec = { ...IN_FORGE, snapshotMoveData: true, ...USES_POLICY };
  const withoutPod = [namespace('forge'), ...claim('data'), policy([[{}, 'fs-backup']])];
  expect(copyOf(ask(backup(spec), withoutPod))).toBe('no none');
  expect(copyOf(ask(backup(spec), [...withoutPod, pod('app', ['data'])]))).toBe('yes fs-backup');
  const nfs = [namespace('forge'), ...claim('data', { source: NFS }), policy([[{}, 'snapshot']])];
  expect(copyOf(ask(backup(spec), nfs))).toBe('no none');
});

it('V24: data movement does nothing for a volume that is not CSI', () => {
  const objects = [namespace('forge'), ...claim('data', { source: HOST_PATH })];
  const asked = ask(backup({ ...IN_FORGE, snapshotMoveData: true }), objects);
  expect([asked.phase, copyOf(asked)]).toEqual(['Completed', 'no none']);
});

it('V25: a snapshot without data movement stays in the storage cluster, and the method says so', () => {
  expect(volumeOf(ask(backup(IN_FORGE)))).toMatchObject({ method: 'csi-snapshot', copied: 'yes' });
  expect(volumeOf(ask(backup(IN_FORGE))).why).toContain('stays in the storage cluster');
});

describe('V27: a claim without a volume', () => {
  const pending = [...FORGE, ...claim('later', { phase: 'Pending' })];

  it('fails the Backup in part, and a rule about its phase mends it', () => {
    const asked = ask(backup(IN_FORGE), pending);
    expect([asked.phase, copyOf(asked), copyOf(asked, 'later')]).toEqual([
      'PartiallyFailed',
      'yes csi-snapshot',
      'no none',
    ]);
    const skipping = policy([[{ pvcPhase: ['Pending', 'Lost'] }, 'skip']]);
    expect(ask(backup({ ...IN_FORGE, ...USES_POLICY }), [...pending, skipping]).phase).toBe('Completed');
  });

  it('which was lost with its volume fails it in spite of such a rule', () => {
    const lost = [...FORGE, ...claim('gone', { phase: 'Lost', withoutVolume: true })];
    const skipping = policy([[{ pvcPhase: ['Pending', 'Lost'] }, 'skip']]);
    expect(ask(backup({ ...IN_FORGE, ...USES_POLICY }), [...lost, skipping]).phase).toBe('PartiallyFailed');
  });
});
