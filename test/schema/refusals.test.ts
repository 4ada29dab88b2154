/** Each of these objects was given to a kube-apiserver 1.36.3, which said the same of it. */
import { describe, expect, it } from 'vitest';
import type { KubeObject, Mapping } from '../../lib/model/kube-object';
import { nameProblem } from '../../lib/schema/names';
import { validateStrictly } from '../../lib/schema/objects';
import { refusals } from '../../lib/schema/refusals';
import { servedInstead } from '../../lib/schema/served';

const labels = { app: 'db' };

function object(apiVersion: string, kind: string, fields: Mapping = {}, name = 'db'): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: 'paperless' }, ...fields };
}

function template(pod: Mapping = {}, container: Mapping = {}): Mapping {
  return { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'db:1.0', ...container }], ...pod } };
}

function workload(kind: string, spec: Mapping = {}): KubeObject {
  return object('apps/v1', kind, { spec: { selector: { matchLabels: labels }, template: template(), ...spec } });
}

function job(spec: Mapping = {}, pod: Mapping = { restartPolicy: 'Never' }): KubeObject {
  return object('batch/v1', 'Job', { spec: { template: template(pod), ...spec } });
}

function claimSpec(spec: Mapping = {}): Mapping {
  return { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec };
}

function claim(spec: Mapping = {}): KubeObject {
  return object('v1', 'PersistentVolumeClaim', { spec: claimSpec(spec) });
}

function requests(storage: unknown): Mapping {
  return { resources: { requests: { storage } } };
}

const MOUNTS_DATA = template({}, { volumeMounts: [{ name: 'data', mountPath: '/data' }] });

function problemsOf(given: KubeObject): readonly string[] {
  return [...validateStrictly(given), ...refusals(given)].map(({ path, message }) => `${path}: ${message}`);
}

describe('taken', () => {
  it.each<[what: string, object: KubeObject]>([
    [
      'a ReplicationController without a selector',
      object('v1', 'ReplicationController', { spec: { template: template() } }),
    ],
    [
      'a mount of a claim template',
      workload('StatefulSet', {
        template: MOUNTS_DATA,
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec() }],
      }),
    ],
    ['a Job with a selector of its own', job({ manualSelector: true, selector: { matchLabels: labels } })],
    ['a volume without a source', workload('Deployment', { template: template({ volumes: [{ name: 'a' }] }) })],
    ['a quantity that is a number', claim(requests(1))],
    ['a fraction', claim(requests('1.5Gi'))],
    ['the class that is none', claim({ storageClassName: '' })],
    [
      'tolerations of every form',
      workload('Deployment', {
        template: template({
          tolerations: [
            { operator: 'Exists' },
            { key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 60 },
            { key: 'example.net/a', operator: 'Exists', effect: 'NoSchedule' },
            { key: 'a', operator: 'Equal' },
          ],
          nodeSelector: { 'example.net/disk': 'fast', empty: '' },
        }),
      }),
    ],
    [
      'requests up to the limit',
      workload('Deployment', {
        template: template(
          {},
          { resources: { requests: { cpu: '1000m', memory: '1Gi' }, limits: { cpu: 1, memory: '1024Mi' } } },
        ),
      }),
    ],
    [
      'a variable with a key of any letters',
      workload('Deployment', {
        template: template({}, { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'A-b_c.d' } } }] }),
      }),
    ],
  ])('%s', (_, given) => {
    expect(problemsOf(given)).toEqual([]);
  });
});

describe('refused', () => {
  it.each<[what: string, object: KubeObject, problem: string]>([
    ['an empty selector', workload('Deployment', { selector: {} }), 'spec.selector: must not be empty'],
    [
      'a selector of a ReplicationController that finds other pods',
      object('v1', 'ReplicationController', { spec: { selector: { app: 'web' }, template: template() } }),
      'spec.selector: must select the labels of the template, {"app":"db"}',
    ],
    [
      'a selector with a value that no label has',
      claim({ selector: { matchLabels: { a: 'b c' } } }),
      "spec.selector: 'b c' is not a label value",
    ],
    [
      'a selector of a Job',
      job({ selector: { matchLabels: labels } }),
      'spec.selector: must be left out: Kubernetes makes that of a Job itself',
    ],
    ['a Job without a template of pods', object('batch/v1', 'Job', { spec: {} }), 'spec.template: is missing'],
    [
      'a Job that does not say when its pods restart',
      job({}, {}),
      'spec.template.spec.restartPolicy: must be "Never" or "OnFailure" in a Job',
    ],
    [
      'a label of the pods',
      workload('Deployment', { template: { ...template(), metadata: { labels: { ...labels, of: 'a b' } } } }),
      "spec.template.metadata.labels.of: 'a b' is not a label value; 'a-b' is one",
    ],
    [
      'a label with more than 63 characters',
      object('v1', 'ConfigMap', { metadata: { name: 'a', labels: { of: 'b'.repeat(64) } } }),
      `metadata.labels.of: has 64 characters, and 63 are the most; '${'b'.repeat(63)}' is one`,
    ],
    [
      'a mount where there are no volumes',
      workload('Deployment', { template: MOUNTS_DATA }),
      "spec.template.spec.containers[0].volumeMounts[0].name: there is no volume 'data'",
    ],
    [
      'a device of a volume that does not exist',
      workload('Deployment', { template: template({}, { volumeDevices: [{ name: 'data', devicePath: '/dev/a' }] }) }),
      "spec.template.spec.containers[0].volumeDevices[0].name: there is no volume 'data'",
    ],
    [
      'two mounts at one place',
      workload('Deployment', {
        template: template(
          { volumes: [{ name: 'a' }, { name: 'b' }] },
          { volumeMounts: ['a', 'b'].map((name) => ({ name, mountPath: '/data' })) },
        ),
      }),
      "spec.template.spec.containers[0].volumeMounts[1].mountPath: '/data' is there twice",
    ],
    [
      'a container with a name that is not a label',
      workload('Deployment', { template: template({}, { name: 'My_App' }) }),
      "spec.template.spec.containers[0].name: 'My_App' is not of lower case letters, digits and '-', at most 63",
    ],
    [
      'pods without containers',
      workload('Deployment', { template: template({ containers: [] }) }),
      'spec.template.spec.containers: must have at least 1 member',
    ],
    ['a claim for nothing', claim(requests('0')), 'spec.resources.requests.storage: must be more than zero'],
    ['a claim for less', claim(requests('-1Gi')), 'spec.resources.requests.storage: must be more than zero'],
    [
      'a quantity with a unit of another world',
      claim(requests('10gb')),
      "spec.resources.requests.storage: must be a quantity such as '500m' or '20Gi', but is \"10gb\"",
    ],
    ['a claim without a size', claim({ resources: {} }), 'spec.resources.requests: is missing'],
    [
      'an access mode in short',
      claim({ accessModes: ['RWX'] }),
      'spec.accessModes[0]: must be "ReadOnlyMany" or "ReadWriteMany" or "ReadWriteOnce" or "ReadWriteOncePod", but is "RWX"',
    ],
    [
      'a mode for one pod among others',
      claim({ accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] }),
      'spec.accessModes: ReadWriteOncePod goes with no other mode',
    ],
    [
      'a class with capital letters',
      claim({ storageClassName: 'Fast' }),
      "spec.storageClassName: 'Fast' is not the name of a class",
    ],
    [
      'a claim template without access modes',
      workload('StatefulSet', {
        volumeClaimTemplates: [{ metadata: { name: 'a' }, spec: claimSpec({ accessModes: [] }) }],
      }),
      'spec.volumeClaimTemplates[0].spec.accessModes: must have at least 1 member',
    ],
    [
      'a request beyond the limit',
      workload('Deployment', {
        template: template({}, { resources: { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } } }),
      }),
      'spec.template.spec.containers[0].resources.requests.memory: 2Gi is more than the limit, 1Gi',
    ],
    [
      'a variable from a key that no Secret has',
      workload('Deployment', {
        template: template({}, { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'a', key: 'a b' } } }] }),
      }),
      `spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef.key: 'a b' is not a key: letters, digits, '-', '_' and '.' make one`,
    ],
    [
      'a variable from a Secret that cannot be',
      workload('Deployment', {
        template: template({}, { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'My_Secret', key: 'a' } } }] }),
      }),
      `spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef.name: 'My_Secret' is not a name: lower case letters, digits, '-' and '.' make one`,
    ],
    [
      'more than 1 MiB',
      object('v1', 'Secret', { data: { a: Buffer.alloc(1_048_577).toString('base64') } }),
      'data: 1048577 bytes are more than 1 MiB',
    ],
  ])('%s', (_, given, problem) => {
    expect(problemsOf(given)).toEqual([problem]);
  });
});

describe('refused of a pod', () => {
  it.each<[pod: Mapping, problem: string]>([
    [{ nodeSelector: { 'a b': 'c' } }, `nodeSelector["a b"]: 'a b' is not a label key`],
    [{ nodeSelector: { a: 'b c' } }, `nodeSelector.a: 'b c' is not a label value`],
    [{ tolerations: [{ key: 'a', operator: 'Nope' }] }, 'tolerations[0].operator: must be "Equal" or "Exists"'],
    [{ tolerations: [{ key: 'a b', operator: 'Exists' }] }, `tolerations[0].key: 'a b' is not a label key`],
    [{ tolerations: [{ value: 'a' }] }, 'tolerations[0].operator: must be "Exists" where there is no key'],
    [
      { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
      'tolerations[0].value: must be left out where the operator is "Exists"',
    ],
    [{ tolerations: [{ key: 'a', value: 'b c' }] }, `tolerations[0].value: 'b c' is not a label value`],
    [
      { tolerations: [{ key: 'a', operator: 'Exists', effect: 'Never' }] },
      'tolerations[0].effect: must be "NoSchedule" or "PreferNoSchedule" or "NoExecute"',
    ],
    [
      { tolerations: [{ key: 'a', operator: 'Exists', tolerationSeconds: 5 }] },
      'tolerations[0].effect: must be "NoExecute" where there are tolerationSeconds',
    ],
  ])('%j', (pod, problem) => {
    expect(problemsOf(workload('Deployment', { template: template(pod) }))).toEqual([`spec.template.spec.${problem}`]);
  });
});

describe('names', () => {
  it.each<[apiVersion: string, kind: string, name: string]>([
    ['v1', 'PersistentVolumeClaim', 'data.paperless'],
    ['batch/v1', 'Job', 'a'.repeat(63)],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:backup'],
    ['apiregistration.k8s.io/v1', 'APIService', 'v1.'],
    ['networking.k8s.io/v1', 'IPAddress', '2001:db8::1'],
  ])('%s %s may be called %s', (apiVersion, kind, name) => {
    expect(nameProblem(object(apiVersion, kind, {}, name))).toBeUndefined();
  });

  it.each<[apiVersion: string, kind: string, name: string, instead: string]>([
    ['v1', 'Namespace', 'paper.less', 'paper-less'],
    ['batch/v1', 'Job', 'a'.repeat(64), 'a'.repeat(63)],
    ['v1', 'ConfigMap', '_settings-.', 'settings'],
    ['v1', 'ConfigMap', 'a_.b', 'a.b'],
    ['v1', 'ConfigMap', '___', 'data'],
    ['velero.io/v1', 'Backup', 'Nightly', 'nightly'],
  ])('%s %s may not be called %s, but %s', (apiVersion, kind, name, instead) => {
    expect(nameProblem(object(apiVersion, kind, {}, name))?.instead).toBe(instead);
    expect(nameProblem(object(apiVersion, kind, {}, instead))).toBeUndefined();
  });
});

describe('versions', () => {
  it.each<[apiVersion: string, kind: string]>([
    ['batch/v1', 'CronJob'],
    // By Kubernetes 1.31.
    ['flowcontrol.apiserver.k8s.io/v1beta3', 'FlowSchema'],
    // By a newer Kubernetes than that of the schemas, perhaps.
    ['scheduling.k8s.io/v1beta1', 'Workload'],
    ['scheduling.k8s.io/v2', 'Turnstile'],
    ['example.com/v1', 'Ingress'],
    ['velero.io/v2', 'Backup'],
  ])('%s %s may be served', (apiVersion, kind) => {
    expect(servedInstead(object(apiVersion, kind))).toBeUndefined();
  });

  it.each<[apiVersion: string, kind: string, instead: string]>([
    ['policy/v1beta1', 'PodDisruptionBudget', 'policy/v1'],
    ['autoscaling/v2beta2', 'HorizontalPodAutoscaler', 'autoscaling/v2'],
    ['extensions/v1beta1', 'Deployment', 'apps/v1'],
    ['/v1', 'Pod', 'v1'],
  ])('%s %s is not, but in %s', (apiVersion, kind, instead) => {
    expect(servedInstead(object(apiVersion, kind))).toBe(instead);
  });
});
