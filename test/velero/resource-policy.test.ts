import { describe, expect, it } from 'vitest';
import { isPolicyProblem, readResourcePolicy, silentProblems } from '../../lib/velero/resource-policy';
import { object } from './support/cluster';

function read(text: string): ReturnType<typeof readResourcePolicy> {
  return readResourcePolicy(object('v1', 'ConfigMap', 'policy', { data: { policy: text } }));
}

function problemOf(text: string): string {
  const policy = read(text);
  return isPolicyProblem(policy) ? policy.problem : '';
}

function rule(conditions: string, action = '{type: skip}'): string {
  return `version: v1\nvolumePolicies: [{conditions: ${conditions}, action: ${action}}]`;
}

describe('readResourcePolicy', () => {
  it.each([
    rule('{}'),
    rule('{capacity: "1Gi,5Gi"}'),
    rule('{capacity: ",5Gi"}'),
    rule('{csi: {driver: a, volumeAttributes: {b: c}}, nfs: {}, storageClass: [x]}'),
    rule('{pvcLabels: {a: 1}, pvcPhase: [Pending], pvcVolumeMode: Block, pvcAccessModes: [ReadWriteOnce]}'),
    rule('{}', '{type: custom, parameters: {a: {b: [c]}}}'),
    'version: v1\nincludeExcludePolicy: {}',
    'version: v1\nnamespacedFilterPolicies: [{namespaces: ["a*"], resourceFilters: [{kinds: [pods], names: ["x*"]}]}]',
    'version: v1\n---\nanything: else',
  ])('takes %s', (text) => {
    expect(problemOf(text)).toBe('');
  });

  it.each([
    ['', 'it is empty'],
    ['version: v2', "its version is 'v2'"],
    ['volumePolicies: []', "its version is ''"],
    ['version: v1\nversion: v1', 'broken'],
    ['version: [', 'broken'],
    ['version: v1\nrules: []', "the field 'rules'"],
    [rule('{annotation: x}'), "the field 'annotation'"],
    [rule('{}', '{type: fsbackup}'), "the action 'fsbackup'"],
    [rule('{}', 'skip'), 'is no mapping'],
    [rule('{capacity: 10Gi}'), 'is no range'],
    [rule('{capacity: "5Gi,1Gi"}'), 'begins above its end'],
    [rule('{capacity: "a,b"}'), 'no quantity'],
    [rule('{storageClass: x}'), 'is no list'],
    [rule('{csi: {volumeAttributes: {a: b}}}'), 'no driver'],
    [rule('{pvcLabels: null}'), 'no mapping of texts'],
    [rule('{pvcVolumeMode: 1}'), 'is no text'],
    [rule('{pvcAccessModes: [1]}'), 'is no text'],
    [rule('{storageClass: *gone}'), "the alias '*gone' has no anchor"],
    ['version: v1\nincludeExcludePolicy: {excludedClusterScopedResources: ["*"]}', "has '*'"],
    ['version: v1\nclusterScopedFilterPolicy: {}', 'no resourceFilters'],
    ['version: v1\nclusterScopedFilterPolicy: {resourceFilters: [{}]}', 'without kinds'],
    ['version: v1\nnamespacedFilterPolicies: [{namespaces: [], resourceFilters: [{}]}]', 'no namespace'],
    [
      'version: v1\nnamespacedFilterPolicies: [{namespaces: [a], resourceFilters: [{}, {kinds: ["*"]}]}]',
      'more than one',
    ],
    ['version: v1\nnamespacedFilterPolicies: [{namespaces: [a, a], resourceFilters: [{}]}]', 'twice'],
  ])('refuses %s', (text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });

  it.each([0, 2])('refuses a ConfigMap with %d keys', (count) => {
    const data = Object.fromEntries(['a', 'b'].slice(0, count).map((key) => [key, 'version: v1']));
    expect(readResourcePolicy(object('v1', 'ConfigMap', 'policy', { data }))).toHaveProperty('problem');
  });
});

it('silentProblems names conditions that never hold', () => {
  const policy = read(
    rule('{volumeTypes: [NFS, nfs], pvcPhase: [pending], pvcVolumeMode: block, pvcAccessModes: [RWO]}'),
  );
  const found = isPolicyProblem(policy) ? [] : silentProblems(policy);
  expect(found.map((text) => text.replace(/ is none of.*/, ''))).toEqual([
    "volumePolicies[0]: 'NFS' in volumeTypes",
    "volumePolicies[0]: 'pending' in pvcPhase",
    "volumePolicies[0]: 'block' in pvcVolumeMode",
    "volumePolicies[0]: 'RWO' in pvcAccessModes",
  ]);
});
