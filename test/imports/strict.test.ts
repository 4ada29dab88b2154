import { describe, expect, it } from 'vitest';
import { hasSchema, validateStrictly } from '../../lib/schema/objects';
import { mappingAt, type KubeObject, type Mapping } from '../../lib/model/kube-object';
import { filled, INDEX, schemaOf } from './example';

const metadata = { name: 'data', namespace: 'paperless' };

function podTemplate(container: Mapping = {}): Mapping {
  return {
    metadata: { labels: { app: 'paperless' } },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'dump',
          image: 'postgres:17',
          resources: { requests: { cpu: 0.5, memory: '1Gi' } },
          ports: [{ containerPort: 80 }],
          livenessProbe: { httpGet: { path: '/', port: 'http' } },
          readinessProbe: { httpGet: { path: '/', port: 8080 } },
          volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
          ...container,
        },
      ],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    },
  };
}

function claim(spec: Mapping = {}, others: Mapping = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata,
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } }, ...spec },
    ...others,
  };
}

function configMap(others: Mapping = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'dump.sh': 'true' }, ...others };
}

function cronJob(spec: Mapping = {}, container: Mapping = {}): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata,
    spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: podTemplate(container) } }, ...spec },
  };
}

function schedule(template: Mapping = {}): KubeObject {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Schedule',
    metadata,
    spec: { schedule: '0 3 * * *', template: { includedNamespaces: ['paperless'], ttl: '720h0m0s', ...template } },
  };
}

function cluster(spec: Mapping = {}): KubeObject {
  return {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'Cluster',
    metadata,
    spec: { instances: 1, storage: { size: '20Gi' }, resources: { requests: { cpu: 1 } }, ...spec },
  };
}

function rule(group: Mapping = {}): KubeObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata,
    spec: {
      groups: [{ name: 'backups', rules: [{ alert: 'BackupStale', expr: 'vector(1)', for: '1h30m' }], ...group }],
    },
  };
}

function didYouMean(field: string): string {
  return `unknown field; did you mean \`${field}\`?`;
}

describe('validateStrictly', () => {
  it.each<[what: string, good: KubeObject, twin: KubeObject, path: string, message: string]>([
    [
      'K01 CronJob with concurencyPolicy',
      cronJob({ concurrencyPolicy: 'Forbid' }),
      cronJob({ concurencyPolicy: 'Forbid' }),
      'spec.concurencyPolicy',
      didYouMean('concurrencyPolicy'),
    ],
    [
      'K01 CronJob with a field of its Job',
      cronJob({ suspend: false }),
      cronJob({ backoffLimit: 1 }),
      'spec.backoffLimit',
      'unknown field',
    ],
    [
      'K01 claim with storageClass',
      claim({ storageClassName: 'ceph-block' }),
      claim({ storageClass: 'ceph-block' }),
      'spec.storageClass',
      didYouMean('storageClassName'),
    ],
    [
      'K01 container with volumeMount',
      cronJob(),
      cronJob({}, { volumeMount: [] }),
      'spec.jobTemplate.spec.template.spec.containers[0].volumeMount',
      didYouMean('volumeMounts'),
    ],
    ['K01 ConfigMap with spec', configMap(), configMap({ spec: {} }), 'spec', 'unknown field'],
    [
      'misspelt metadata',
      configMap(),
      configMap({ metadata: { ...metadata, annotation: {} } }),
      'metadata.annotation',
      didYouMean('annotations'),
    ],
    [
      'label that is a number',
      configMap({ metadata: { ...metadata, labels: { 'app.kubernetes.io/version': '2' } } }),
      configMap({ metadata: { ...metadata, labels: { 'app.kubernetes.io/version': 2 } } }),
      'metadata.labels["app.kubernetes.io/version"]',
      'must be text, but is the number 2',
    ],
    [
      'text in place of a list',
      claim(),
      claim({ accessModes: 'ReadWriteOnce' }),
      'spec.accessModes',
      'must be a list, but is text',
    ],
    [
      'list in place of a mapping',
      cronJob(),
      cronJob({ jobTemplate: [] }),
      'spec.jobTemplate',
      'must be a mapping, but is a list',
    ],
    [
      'mapping in place of a number or text',
      cronJob(),
      cronJob({}, { resources: { requests: { cpu: {} } } }),
      'spec.jobTemplate.spec.template.spec.containers[0].resources.requests.cpu',
      'must be a number or text, but is a mapping',
    ],
    [
      'text in place of a truth value',
      cronJob({ suspend: true }),
      cronJob({ suspend: 'yes' }),
      'spec.suspend',
      'must be true or false, but is text',
    ],
    ['null in a list', claim(), claim({ accessModes: [null] }), 'spec.accessModes[0]', 'must be text, but is null'],
    [
      'schedule left out',
      cronJob({ schedule: '0 3 * * *' }),
      cronJob({ schedule: undefined }),
      'spec.schedule',
      'is missing',
    ],
    [
      'required field that is null',
      cronJob({ schedule: '0 3 * * *' }),
      cronJob({ schedule: null }),
      'spec.schedule',
      'is missing',
    ],
    [
      'misspelt field of a custom resource',
      schedule({ snapshotMoveData: true }),
      schedule({ snapshotMovesData: true }),
      'spec.template.snapshotMovesData',
      didYouMean('snapshotMoveData'),
    ],
    [
      'value outside a list of values',
      { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Backup', metadata, spec: { cluster: { name: 'db' } } },
      {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Backup',
        metadata,
        spec: { cluster: { name: 'db' }, method: 'dump' },
      },
      'spec.method',
      'must be "barmanObjectStore" or "volumeSnapshot" or "plugin", but is "dump"',
    ],
    ['too small a number', cluster(), cluster({ instances: 0 }), 'spec.instances', 'must be >= 1'],
    [
      'fraction where the API takes whole numbers',
      cluster(),
      cluster({ resources: { requests: { cpu: 0.5 } } }),
      'spec.resources.requests.cpu',
      'must be a whole number or text, but is the number 0.5',
    ],
    [
      'duration that Prometheus does not read',
      rule(),
      rule({ interval: '1.5h' }),
      'spec.groups[0].interval',
      'must match ^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$, but is "1.5h"',
    ],
    [
      'pattern that ignores case',
      rule({ partial_response_strategy: 'Warn' }),
      rule({ partial_response_strategy: 'warm' }),
      'spec.groups[0].partial_response_strategy',
      'must match ^([aA][bB][oO][rR][tT]|[wW][aA][rR][nN])?$, but is "warm"',
    ],
  ])('%s', (_, good, twin, path, message) => {
    expect(validateStrictly(good)).toEqual([]);
    expect(validateStrictly(twin)).toEqual([{ path, message }]);
  });

  it('says everything at once, each once, in order of the paths', () => {
    const object = claim({ storageClass: 'a', accessModes: 1, volumeNames: 'b' }, { Status: {} });
    expect(validateStrictly(object)).toEqual([
      { path: 'Status', message: didYouMean('status') },
      { path: 'spec.accessModes', message: 'must be a list, but is the number 1' },
      { path: 'spec.storageClass', message: didYouMean('storageClassName') },
      { path: 'spec.volumeNames', message: didYouMean('volumeName') },
    ]);
  });

  it('takes null for a field that is not there, as the API server does', () => {
    const object = claim(
      { storageClassName: null },
      { metadata: { ...metadata, creationTimestamp: null }, status: {} },
    );
    const before = structuredClone(object);
    expect(validateStrictly(object)).toEqual([]);
    expect(object).toEqual(before);
  });

  it('accepts what only live objects have', () => {
    const live = {
      ...metadata,
      uid: 'd0c5a1b2',
      resourceVersion: '17',
      generation: 2,
      creationTimestamp: '2026-11-24T00:00:00Z',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'b' }],
      managedFields: [{ manager: 'kustomize-controller', operation: 'Apply', fieldsV1: { 'f:spec': {} } }],
    };
    expect(validateStrictly(claim({}, { metadata: live, status: { phase: 'Bound', whatever: 1 } }))).toEqual([]);
  });

  it('leaves open what the API leaves open', () => {
    const release = {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata,
      spec: { interval: '1h', values: { any: [{ thing: null }, 1] } },
    };
    expect(validateStrictly(release)).toEqual([]);
    expect(validateStrictly({ ...release, spec: { ...release.spec, value: {} } })).toEqual([
      { path: 'spec.value', message: didYouMean('values') },
    ]);
  });

  it.each(INDEX.filter(([kind]) => !kind.endsWith('/CustomResourceDefinition')).map(([kind]) => kind))(
    '%s: knows its own fields and their types',
    (kind) => {
      const [apiVersion = '', name = ''] = kind.split(/\/(?=[^/]+$)/);
      const example = { ...mappingAt(filled(schemaOf(kind), 'example')), apiVersion, kind: name, metadata };
      const messages = validateStrictly(example).map((problem) => problem.message);
      expect(messages.filter((message) => !/^must (match|be [<>]=|NOT have)/.test(message))).toEqual([]);
    },
  );

  it('has nothing to say about kinds that it does not know', () => {
    for (const [apiVersion, kind] of [
      ['example.com/v1', 'Widget'],
      ['v2', 'ConfigMap'],
      ['__proto__', 'constructor'],
      ['../../package', 'json'],
    ] as const) {
      const object = { apiVersion, kind, metadata, anything: true };
      expect(hasSchema(object)).toBe(false);
      expect(validateStrictly(object)).toEqual([]);
    }
    expect(hasSchema(configMap())).toBe(true);
  });
});
