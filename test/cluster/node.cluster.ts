/** What the other tests take for granted: that the cluster enforces what it promises, and that its storage has snapshots. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import { until } from '../servers/support/tools';
import { connect } from './support/cluster';
import { finished, pod, type Finished } from './support/pods';

const cluster = connect(inject('kubeconfig'));

const RESTRICTED = { 'pod-security.kubernetes.io/enforce': 'restricted' };
const SPACES = ['lab-network', 'lab-security', 'lab-storage'] as const;
const [NETWORK, SECURITY, STORAGE] = SPACES;

beforeAll(async () => {
  await cluster.apply(
    ...SPACES.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: RESTRICTED } })),
  );
  for (const name of SPACES)
    await until('the account of pods', 60, async () =>
      (await cluster.kubectl('-n', name, 'get', 'serviceaccount', 'default')).includes('default'),
    );
});

afterAll(async () => cluster.kubectl('delete', 'namespace', ...SPACES, '--wait=false'));

describe('Pod Security', () => {
  it('lets a pod in that asks for nothing', async () => {
    expect(await finished(cluster, pod(SECURITY, 'modest', 'id -u'))).toEqual({ succeeded: true, log: '65532\n' });
  });

  it('keeps one out that asks for more', async () => {
    const { spec, ...rest } = pod(SECURITY, 'greedy', 'id -u');
    const greedy = { ...rest, spec: { ...(spec as object), hostNetwork: true } };
    expect(await cluster.objectionsTo(greedy)).toMatch(/violates PodSecurity "restricted:latest": host namespaces/);
  });
});

describe('the network', () => {
  const served = { app: 'web' };
  const SERVICE: KubeObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: NETWORK },
    spec: { selector: served, ports: [{ port: 80, targetPort: 8080 }] },
  };

  beforeAll(async () => {
    const script = 'mkdir /tmp/www && echo hello > /tmp/www/index.html && exec busybox httpd -f -p 8080 -h /tmp/www';
    await cluster.apply(pod(NETWORK, 'web', script, { labels: served }), SERVICE);
    await cluster.kubectl('-n', NETWORK, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
  });

  // Not as the first process of the pod, which nobody can end.
  const ASK = '{ timeout 5 wget -qO- http://web.lab-network.svc.cluster.local/ || exit 1; } 2> /dev/null';
  const policy = (name: string, spec: object): KubeObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: NETWORK },
    spec,
  });
  const ask = async (name: string, labels: Readonly<Record<string, string>> = {}): Promise<Finished> =>
    finished(cluster, pod(NETWORK, name, ASK, { labels }));

  it('knows Services by name', async () => {
    expect(await ask('anybody')).toEqual({ succeeded: true, log: 'hello\n' });
  });

  it('knows no other names', async () => {
    const script = 'nslookup nobody.lab-network.svc.cluster.local';
    const { succeeded, log } = await finished(cluster, pod(NETWORK, 'lost', script));
    expect({ succeeded, log }).toMatchObject({ succeeded: false, log: expect.stringContaining('NXDOMAIN') as unknown });
  });

  it('lets through what a NetworkPolicy allows, and nothing else', async () => {
    const allow = (port: number): KubeObject =>
      policy('web', {
        podSelector: { matchLabels: served },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: { matchLabels: { friend: 'yes' } } }], ports: [{ port }] }],
      });
    await cluster.apply(allow(8080));
    await until('the policy', 60, async () => !(await ask(`stranger-${Date.now()}`)).succeeded);
    expect(await ask('friend', { friend: 'yes' })).toEqual({ succeeded: true, log: 'hello\n' });
    // The port of the Service is not that of the pod.
    await cluster.apply(allow(80));
    await until('the other policy', 60, async () => !(await ask(`friend-${Date.now()}`, { friend: 'yes' })).succeeded);
  });

  it('lets a pod out to where its NetworkPolicy says, and nowhere else', async () => {
    const labels = { out: 'dns-only' };
    await cluster.apply(
      policy('dns-only', {
        podSelector: { matchLabels: labels },
        policyTypes: ['Egress'],
        egress: [{ ports: [{ protocol: 'UDP', port: 53 }] }],
      }),
    );
    const script = `sleep 3; nslookup web.lab-network.svc.cluster.local > /dev/null && echo name; ${ASK}`;
    const { succeeded, log } = await finished(cluster, pod(NETWORK, 'prisoner', script, { labels }));
    expect({ succeeded, log }).toEqual({ succeeded: false, log: 'name\n' });
  });
});

describe('storage', () => {
  const claim = (name: string, dataSource?: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: STORAGE },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...(dataSource === undefined ? {} : { dataSource }),
    },
  });
  const read = async (name: string): Promise<string> => {
    const { log } = await finished(
      cluster,
      pod(STORAGE, `read-${name}`, 'cat /data/log', { claims: { '/data': name } }),
    );
    return log;
  };
  const write = async (name: string, text: string): Promise<void> => {
    const script = `echo ${text} >> /data/log`;
    const object = pod(STORAGE, name, script, { claims: { '/data': 'live' } });
    expect(await finished(cluster, object)).toEqual({ succeeded: true, log: '' });
  };

  beforeAll(async () => {
    const classes = await cluster.kubectl('get', 'storageclass', '--output=json');
    await cluster.apply(
      {
        apiVersion: 'snapshot.storage.k8s.io/v1',
        kind: 'VolumeSnapshotClass',
        metadata: { name: 'lab' },
        driver: defaultDriver(classes),
        deletionPolicy: 'Delete',
      },
      claim('live'),
    );
    await write('first', 'before');
  });

  afterAll(async () => cluster.kubectl('delete', 'volumesnapshotclass', 'lab', '--wait=false'));

  it('restores a snapshot as it was at its moment, and not as the volume became', async () => {
    await cluster.apply({
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { name: 'moment', namespace: STORAGE },
      spec: { volumeSnapshotClassName: 'lab', source: { persistentVolumeClaimName: 'live' } },
    });
    await cluster.kubectl(
      '-n',
      STORAGE,
      'wait',
      'volumesnapshot/moment',
      '--for=jsonpath={.status.readyToUse}=true',
      '--timeout=60s',
    );
    await write('second', 'after');
    await cluster.apply(
      claim('restored', { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'moment' }),
    );
    expect(await read('restored')).toBe('before\n');
    expect(await read('live')).toBe('before\nafter\n');
  });

  it('clones a volume', async () => {
    await cluster.apply(claim('clone', { kind: 'PersistentVolumeClaim', name: 'live' }));
    expect(await read('clone')).toMatch(/^before\n/);
  });
});

function defaultDriver(classes: string): string {
  const { items } = JSON.parse(classes) as {
    readonly items: readonly (KubeObject & { readonly provisioner: string })[];
  };
  const isDefault = ({ metadata }: KubeObject): boolean =>
    metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
  const driver = items.find(isDefault)?.provisioner;
  if (driver === undefined)
    throw new Error('No StorageClass of the cluster is the default: annotate one that makes snapshots');
  return driver;
}
