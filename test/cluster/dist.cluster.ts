/** What a real API server says to `dist/`: it has the upstream CustomResourceDefinitions with their rules. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { at, isMapping, textMapAt, type KubeObject } from '../../lib/model/kube-object';
import { podTemplateOf } from '../../lib/model/workloads';
import { distObjects, named } from '../servers/support/dist';
import { until } from '../servers/support/tools';
import { connect } from './support/cluster';

const cluster = connect(inject('kubeconfig'));

/** Of those who bring operators: no object of dist/ is one of them. */
const NAMESPACES_OF_OTHERS = ['flux-system', 'rook-ceph', 'velero'];

const files = readdirSync('dist', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml') && !file.endsWith('kustomization.yaml'))
  .map((file) => join('dist', file));

beforeAll(async () => {
  const others = NAMESPACES_OF_OTHERS.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  await cluster.apply(...others, ...distObjects('namespaces'));
});

describe('every object of dist/', () => {
  it('is accepted without a word', async () => {
    expect(files.length).toBeGreaterThan(100);
    expect(await cluster.objectionsToFiles(files)).toBe('');
  });
});

const RESTRICTED = 'lab-restricted';

describe('the pods of jobs', () => {
  const isOnNode = (template: unknown): boolean => at(template, 'spec', 'hostNetwork') === true;
  const pods = readdirSync('dist', { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? distObjects(entry.name) : []))
    .filter(({ kind }) => kind === 'CronJob')
    .map((job): KubeObject => {
      const template = podTemplateOf(job);
      const metadata = {
        name: job.metadata.name,
        namespace: RESTRICTED,
        labels: textMapAt(template, 'metadata', 'labels'),
      };
      return { apiVersion: 'v1', kind: 'Pod', metadata, spec: at(template, 'spec') };
    });

  it('meet the restricted standard of Pod Security, but for those that read the node', async () => {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: RESTRICTED, labels } });
    await until('the account of pods', 60, async () =>
      (await cluster.kubectl('-n', RESTRICTED, 'get', 'serviceaccount', 'default')).includes('default'),
    );
    const [onNode, others] = [pods.filter(isOnNode), pods.filter((pod) => !isOnNode(pod))];
    expect(others.length).toBeGreaterThan(8);
    for (const pod of others) expect(await cluster.objectionsTo(pod)).toBe('');
    expect(onNode.map(({ metadata }) => metadata.name)).toEqual(['etcd-offsite']);
    for (const pod of onNode)
      expect(await cluster.objectionsTo(pod)).toMatch(/violates PodSecurity "restricted:latest"/);
  });
});

const ETCD_JOB = ['cluster-backup', 'CronJob', 'etcd-offsite'] as const;

/** One thing changed, and what the API server then says. */
const MISTAKES: readonly (readonly [
  what: string,
  place: readonly [folder: string, kind: string, name: string],
  change: (object: KubeObject) => KubeObject,
  objection: RegExp,
])[] = [
  [
    'a misspelt field of a built-in kind, which Flux would drop',
    ETCD_JOB,
    (job) => withSpec(job, { concurencyPolicy: 'Forbid' }),
    unknown('concurencyPolicy'),
  ],
  [
    'a schedule that no clock has',
    ETCD_JOB,
    (job) => withSpec(job, { schedule: '61 2 * * *' }),
    /spec\.schedule: Invalid value: "61 2 \* \* \*"/,
  ],
  [
    'a time zone that does not exist',
    ETCD_JOB,
    (job) => withSpec(job, { timeZone: 'Europe/Berlinn' }),
    /unknown time zone Europe\/Berlinn/,
  ],
  [
    'a misspelt field of Velero',
    ['wiki-backup', 'Schedule', 'wiki-nightly-offsite'],
    (schedule) => withSpec(schedule, { shedule: '0 1 * * *' }),
    unknown('shedule'),
  ],
  [
    'a method of CloudNativePG that does not exist',
    ['forge-backup', 'ScheduledBackup', 'db'],
    (backup) => withSpec(backup, { method: 'plugins' }),
    /spec\.method: Unsupported value: "plugins"/,
  ],
  [
    'a rule in CEL: a release of Helm without a chart',
    ['monitoring', 'HelmRelease', 'grafana'],
    (release) => withoutSpec(release, 'chart'),
    /either chart or chartRef must be set/,
  ],
  [
    'a misspelt field of the OpenSearch operator',
    ['search', 'OpenSearchCluster', 'logs'],
    (logs) => withSpec(logs, { nodePool: [] }),
    unknown('nodePool'),
  ],
  [
    'a number where Rook wants a text',
    ['forge', 'ObjectBucketClaim', 'attachments'],
    (claim) => withSpec(claim, { storageClassName: 7 }),
    /storageClassName: .*expected string/,
  ],
];

describe('the API server', () => {
  it.each(MISTAKES)('refuses %s', async (_, [folder, kind, name], change, objection) => {
    const object = unknownToFlux(named(distObjects(folder), kind, name));
    expect(await cluster.objectionsTo(object)).toBe('');
    expect(await cluster.objectionsTo(change(object))).toMatch(objection);
  });
});

const SCHEDULED_BACKUP = ['forge-backup', 'ScheduledBackup', 'db'] as const;
const DATABASE = ['forge', 'Cluster', 'db'] as const;

/** What only the webhooks of CloudNativePG know; a cluster of one's own may be without them. */
const MISTAKES_IN_DATABASES: typeof MISTAKES = [
  [
    'an hour that no clock has',
    SCHEDULED_BACKUP,
    (backup) => withSpec(backup, { schedule: '0 0 25 * * *' }),
    /End of range \(25\) above maximum \(23\)/,
  ],
  [
    'a size that is none',
    DATABASE,
    (db) => withSpec(db, { storage: { size: '20GB' } }),
    /spec\.storage\.size: .*Size value isn.t valid/,
  ],
  [
    'a parameter of PostgreSQL that belongs to the operator',
    DATABASE,
    (db) => withSpec(db, { postgresql: { parameters: { archive_command: 'true' } } }),
    /archive_command/,
  ],
];

describe.skipIf(!inject('lab'))('CloudNativePG', () => {
  it.each(MISTAKES_IN_DATABASES)('refuses %s', async (_, [folder, kind, name], change, objection) => {
    const object = unknownToFlux(named(distObjects(folder), kind, name));
    expect(await cluster.objectionsTo(object)).toBe('');
    expect(await cluster.objectionsTo(change(object))).toMatch(objection);
  });
});

/** What a change leaves out of an object that is there already, whoever applied that object would keep. */
function unknownToFlux(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, name: 'mistaken' } };
}

/** As the API server says it, or kubectl, which asks the server for its schema while a definition is new. */
function unknown(field: string): RegExp {
  return new RegExp(`\\.${field}: field not declared in schema|unknown field "${field}"`);
}

function withSpec(object: KubeObject, fields: Readonly<Record<string, unknown>>): KubeObject {
  return { ...object, spec: { ...specOf(object), ...fields } };
}

function withoutSpec(object: KubeObject, field: string): KubeObject {
  const { [field]: _, ...rest } = specOf(object);
  return { ...object, spec: rest };
}

function specOf(object: KubeObject): Readonly<Record<string, unknown>> {
  const spec = object['spec'];
  return isMapping(spec) ? spec : {};
}
