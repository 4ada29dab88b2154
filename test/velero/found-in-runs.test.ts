/** What only runs of a real Velero showed (test/fixtures/velero-runs), each by the smallest cluster that shows it. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import {
  ask,
  backup,
  claim,
  copyOf,
  FORGE,
  IN_FORGE,
  includedIn,
  namespace,
  object,
  pod,
  USES_POLICY,
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
