/** What only runs of a real Velero showed (test/fixtures/velero-runs), each by the smallest cluster that shows it. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
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
  object,
  PLATFORM,
  pod,
  USES_POLICY,
  veleroServer,
} from './support/cluster';

const IN = { namespace: 'forge' };

function policyOf(text: string): KubeObject {
  return object('v1', 'ConfigMap', 'policy', { metadata: { namespace: 'velero' }, data: { policy: text } });
}

describe('namespaces that are all given', () => {
  const free = object('v1', 'PersistentVolume', 'free', { spec: { storageClassName: 'fast' } });
  const takesFree = (spec: Readonly<Record<string, unknown>>): boolean =>
    includedIn(ask(backup(spec), [...FORGE, free])).includes('PersistentVolume free');

  it('by a glob are as good as a star, which brings what is cluster-scoped', () => {
    expect(takesFree({ includedNamespaces: ['?*'], excludedResources: ['secrets'] })).toBe(true);
    expect(takesFree({ includedNamespaces: ['?*o*'], excludedResources: ['secrets'] })).toBe(false);
  });

  it('by a glob leave a namespace out that a selector finds nothing in', () => {
    const selecting = { labelSelector: { matchLabels: { app: 'db' } } };
    expect(includedIn(ask(backup({ ...selecting, includedNamespaces: ['?*'] })))).toEqual([]);
    expect(includedIn(ask(backup({ ...selecting, includedNamespaces: ['?*e'] })))).toEqual(['Namespace forge']);
  });
});

it.each([
  ['nope', 'PartiallyFailed'],
  ['"*", pods', 'PartiallyFailed'],
  ['pods.v1', 'PartiallyFailed'],
  ['deployments.apps', 'Completed'],
  ['persistentvolumes', 'Completed'],
])('a policy for namespaces that names [%s] makes a Backup %s', (kinds, phase) => {
  const filters = `[{kinds: [${kinds}]}, {kinds: [configmaps]}]`;
  const text = `version: v1\nnamespacedFilterPolicies: [{namespaces: [forge], resourceFilters: ${filters}}]`;
  expect(ask(backup({ ...IN_FORGE, ...USES_POLICY }), [...FORGE, policyOf(text)]).phase).toBe(phase);
});

describe('a workload that was read from a cluster', () => {
  const template = {
    metadata: { annotations: { 'backup.velero.io/backup-volumes': 'v' } },
    spec: { containers: [{ name: 'main' }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] },
  };
  const copied = (metadata: Readonly<Record<string, unknown>>): string =>
    copyOf(
      ask(backup(IN_FORGE), [
        namespace('forge'),
        ...claim('data'),
        object('apps/v1', 'Deployment', 'app', { metadata: { ...IN, ...metadata }, spec: { template } }),
      ]),
    );

  it('has the pods that are shown, even before its controller wrote a status', () => {
    expect(copied({ uid: 'a-b-c' })).toBe('yes csi-snapshot');
    expect(copied({})).toBe('no fs-backup');
  });
});

it('a hook fails for a pod that is on no node', () => {
  const hooks = { resources: [{ name: 'sync', pre: [{ exec: { command: ['sync'] } }] }] };
  const phaseOn = (nodeName: string): string =>
    ask(backup({ ...IN_FORGE, hooks }), [namespace('forge'), pod('app', [], { nodeName })]).phase;
  expect(phaseOn('')).toBe('PartiallyFailed');
  expect(phaseOn('n1')).toBe('Completed');
});

describe('flags of the server', () => {
  const copiedWith = (...args: readonly string[]): string =>
    copyOf(predict({ backup: backup(IN_FORGE), objects: [...FORGE, ...PLATFORM.slice(1), veleroServer(...args)] }));

  it('count as they are given last', () => {
    expect(copiedWith('--features=EnableAPIGroupVersions,EnableCSI')).toBe('yes csi-snapshot');
    expect(copiedWith('--features=EnableCSI', '--features=EnableAPIGroupVersions')).toBe('no none');
  });

  it('may name a policy that stops the server', () => {
    const server = veleroServer('--features=EnableCSI', '--global-backup-volume-policies-configmap=gone');
    const { phase, reasons } = predict({ backup: backup(IN_FORGE), objects: [...FORGE, LOCATION, server] });
    expect(phase).toBe('FailedValidation');
    expect(reasons).toContain(
      'A server that finds its volume policy like this when it starts stops, and processes no Backup.',
    );
  });
});

it.each([
  ['4.9s', 'PartiallyFailed', 'no csi-snapshot'],
  ['5s', 'Completed', 'yes csi-snapshot'],
  ['0s', 'Completed', 'yes csi-snapshot'],
])('csiSnapshotTimeout of %s makes a Backup %s, as Velero looks every five seconds', (timeout, phase, copied) => {
  const asked = ask(backup({ ...IN_FORGE, csiSnapshotTimeout: timeout }));
  expect([asked.phase, copyOf(asked)]).toEqual([phase, copied]);
});
