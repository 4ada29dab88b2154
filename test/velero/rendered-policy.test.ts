/** The resource policies that synth renders, as Velero reads them. */
import { Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { BackedUpVolume, nightly, VeleroBackup } from '../../lib';
import { isKubeObject } from '../../lib/model/kube-object';
import { isPolicyProblem, readResourcePolicy, type VolumeAction } from '../../lib/velero/resource-policy';
import { viewClaim, type ClaimView } from '../../lib/velero/views';
import { matchVolumePolicy, type PolicySubject } from '../../lib/velero/volume-policy';
import { explain, offsite, synthesizeScenario } from '../support/scenario';

const claim = { claim: claimWith({}) };
const marked = { claim: claimWith({ 'backed-up/plan': 'nightly' }) };
const pending = { claim: { ...claimWith({}), phase: 'Pending' } };
const emptyDir = { podSource: { type: 'emptyDir' } };
const share = { podSource: { type: 'nfs', nfs: { server: 'nas', path: '/media' } } };

describe('the policy of a default plan', () => {
  it('that reads files takes claims, whatever their labels, and nothing else that pods mount', () => {
    const actions = actionsOf('fs-backup', [claim, marked, pending, emptyDir, share]);
    expect(actions).toEqual(['fs-backup', 'fs-backup', 'skip', 'skip', 'skip']);
  });

  it('that makes snapshots takes claims, whatever their labels', () => {
    expect(actionsOf('data-mover', [claim, marked, pending])).toEqual(['snapshot', 'snapshot', 'skip']);
  });
});

function actionsOf(
  volumes: 'fs-backup' | 'data-mover',
  subjects: readonly PolicySubject[],
): readonly (VolumeAction | undefined)[] {
  const { findings, files } = synthesizeScenario(({ chart }) => {
    const strategy = nightly({ to: offsite, keep: { daily: 7 } });
    new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(1), backup: strategy });
    new VeleroBackup(chart, 'velero', { volumes });
    new k8s.KubePod(chart, 'app', {
      metadata: { name: 'app' },
      spec: {
        containers: [{ name: 'app', image: 'app:1.0', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    });
  });
  expect(explain(findings)).toBe('');
  const object: unknown = parse(files?.get('example-backup/velero.ConfigMap.paperless-nightly.yaml') ?? '');
  const policy = isKubeObject(object) ? readResourcePolicy(object) : { problem: 'it is missing' };
  if (isPolicyProblem(policy)) throw new Error(policy.problem);
  return subjects.map((subject) => matchVolumePolicy(policy.volumePolicies, subject).action);
}

function claimWith(labels: Readonly<Record<string, string>>): ClaimView {
  const live = { uid: '1', namespace: 'paperless', name: 'data', labels };
  const status = { phase: 'Bound' };
  return viewClaim({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: live, spec: {}, status });
}
