/** What a person reads beside a `no`: it names what they wrote, and says what is missing. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import { predict } from '../../lib/velero/predict';
import {
  ask,
  backup,
  claim,
  FORGE,
  IN_FORGE,
  LOCATION,
  namespace,
  pod,
  policy,
  SNAPSHOT_CLASS,
  STORAGE_CLASS,
  USES_POLICY,
  veleroServer,
  volumeOf,
} from './support/cluster';

const WITHOUT_POD = [namespace('forge'), ...claim('data')];
const BY_RULE = { ...IN_FORGE, ...USES_POLICY };
const FS_RULE = policy([[{}, 'fs-backup']]);
const BY_DEFAULT = { ...IN_FORGE, defaultVolumesToFsBackup: true, snapshotVolumes: false };
const WITHOUT_PODS = { excludedNamespaceScopedResources: ['pods'] };

function whyOf(spec: Readonly<Record<string, unknown>>, objects: readonly KubeObject[], name = 'data'): string {
  const { copied, why } = volumeOf(ask(backup(spec), objects), name);
  return `${copied}: ${why}`;
}

describe('file-system backup that was asked for', () => {
  it.each([
    ['by a rule', BY_RULE, 'Rule 1 of the policy says fs-backup'],
    ['by default', BY_DEFAULT, 'The Backup says snapshotVolumes: false'],
  ])('%s says that no pod mounts the claim', (_, spec, asked) => {
    expect(whyOf(spec, [...WITHOUT_POD, FS_RULE])).toBe(
      `no: ${asked}; nothing reads its files: no running pod mounts the claim.`,
    );
  });

  it('names the pod that is not in the Backup, and what keeps it out', () => {
    expect(whyOf({ ...BY_RULE, ...WITHOUT_PODS }, [...FORGE, FS_RULE])).toBe(
      'no: Rule 1 of the policy says fs-backup; nothing reads its files: Pod forge/app, which mounts the claim, is not in the Backup: the resource filters leave out pods.',
    );
  });

  it('names volumes that Velero never reads', () => {
    const token = pod('app', [], { container: { name: 'main', volumeMounts: [{ name: 'default-token-x' }] } });
    const volumes = [{ name: 'default-token-x', persistentVolumeClaim: { claimName: 'data' } }];
    const mounting = { ...token, spec: { ...(token['spec'] as object), volumes } };
    expect(whyOf(BY_RULE, [...WITHOUT_POD, mounting, FS_RULE])).toBe(
      'no: Rule 1 of the policy says fs-backup; nothing reads its files: each pod mounts the claim under a name that file-system backup leaves out.',
    );
  });

  it('says of a pod that is only rendered that nobody knows', () => {
    const rendered = pod('app', ['data'], { phase: '' });
    expect(whyOf(BY_DEFAULT, [...WITHOUT_POD, rendered])).toBe(
      'unknown: Its files are read through Pod forge/app, if Pod forge/app runs at the time, which manifests cannot show.',
    );
  });

  it('says what a pod is that does not run', () => {
    const finished = pod('app', ['data'], { phase: 'Succeeded' });
    expect(whyOf(BY_DEFAULT, [...WITHOUT_POD, finished])).toBe(
      'no: File-system backup reads only running pods, and Pod forge/app is Succeeded.',
    );
  });
});

describe('snapshots that are not taken', () => {
  it.each([
    [
      'a field',
      { ...IN_FORGE, snapshotVolumes: false },
      [],
      'The Backup says snapshotVolumes: false, and file-system backup is not chosen for it.',
    ],
    [
      'an action of nobody',
      BY_RULE,
      [policy([[{}, 'custom']])],
      'Rule 1 of the policy says custom, which Velero leaves to plugins.',
    ],
  ])('name %s as it is written', (_, spec, objects, why) => {
    expect(whyOf(spec, [...FORGE, ...objects])).toBe(`no: ${why}`);
  });

  it('name the policy of the server, which the CSI plugin does not read', () => {
    const server = veleroServer('--features=EnableCSI', '--global-backup-volume-policies-configmap=policy');
    const objects = [server, LOCATION, STORAGE_CLASS, SNAPSHOT_CLASS, ...FORGE, policy([[{}, 'snapshot']])];
    const asked = predict({ backup: backup({ ...IN_FORGE, snapshotVolumes: false }), objects });
    expect(volumeOf(asked)).toMatchObject({
      copied: 'no',
      why: 'The policy of the server does not reach the CSI plugin, and the Backup says snapshotVolumes: false, and file-system backup is not chosen for it.',
    });
  });

  it('name a class that is empty, by which no server finds one', () => {
    const asked = ask(backup(IN_FORGE), [namespace('forge'), ...claim('data', { storageClass: '' })]);
    expect(asked.phase).toBe('PartiallyFailed');
    expect(volumeOf(asked).why).toBe(
      'Its backup fails, and its manifest stays out too: its storageClassName is empty, and the snapshot class is found by it.',
    );
  });
});

describe('copies that are not recorded', () => {
  it('name the volume that belongs to another claim', () => {
    const [made, volume] = claim('data');
    const other = {
      ...volume,
      spec: { ...(volume?.['spec'] as object), claimRef: { namespace: 'forge', name: 'old' } },
    };
    expect(whyOf(IN_FORGE, [namespace('forge'), made, other] as readonly KubeObject[])).toBe(
      'no: A CSI snapshot is taken, which stays in the storage cluster, but Velero does not record it: its volume does not name the claim.',
    );
  });
});

describe('what is not in the Backup', () => {
  const hidden = namespace('forge', { 'velero.io/exclude-from-backup': 'true' });

  it('names the label of the namespace, in a glob and by its name', () => {
    expect(whyOf({ includedNamespaces: ['for*'] }, [hidden, ...claim('data')])).toBe(
      'no: It is not in the Backup: the namespace forge has the label velero.io/exclude-from-backup=true.',
    );
    expect(ask(backup(IN_FORGE), [hidden, ...claim('data')]).reasons).toEqual([
      "The namespace 'forge' is included by its name and excluded by its label velero.io/exclude-from-backup=true.",
    ]);
  });

  it('says of a pod which of its claims fails it', () => {
    const asked = ask(backup(IN_FORGE), [
      namespace('forge'),
      ...claim('data', { phase: 'Pending' }),
      pod('app', ['data']),
    ]);
    expect(asked.objects.filter(({ kind }) => kind === 'Pod').map(({ why }) => why)).toEqual([
      'It cannot be backed up: its claim data cannot be backed up: it is bound to no volume.',
    ]);
    expect(asked.reasons).toEqual([
      'Pod forge/app cannot be backed up: its claim data cannot be backed up: it is bound to no volume.',
    ]);
  });
});
