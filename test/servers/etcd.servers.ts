import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdSnapshot } from '../../lib/jobs/etcd';
import { clusterDatasetId } from '../../lib/model/dataset';
import { startEtcd, type EtcdServer } from './support/etcd';
import { makeJob, type Job } from './support/job';
import { makeStore, type Store } from './support/store';
import { output, TOOLS } from './support/tools';

describe('a snapshot of etcd', () => {
  let etcd: EtcdServer;
  let store: Store;
  let job: Job;

  beforeAll(async () => {
    [etcd, store] = await Promise.all([startEtcd(), makeStore()]);
    const source = etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node });
    await etcd.etcdctl(['put', '/registry/first', 'value']);
    job = makeJob(store, clusterDatasetId('etcd', 'lab'), source);
  });
  afterAll(async () => etcd.remove());

  it('counts keys, however few bytes a defragmentation leaves, and whatever was restarted', async () => {
    for (let i = 0; i < 20; i += 1) await etcd.etcdctl(['put', '/registry/often'], String(i).repeat(500_000));
    for (let i = 0; i < 5; i += 1) await etcd.etcdctl(['put', `/registry/kept-${i}`, 'value']);
    await etcd.etcdctl(['del', '/registry/kept-0']);
    await etcd.etcdctl(['put', '/registry/kept-0', 'again']);
    await etcd.etcdctl(['del', '/registry/kept-1']);
    const data = join(etcd.folder, 'data');
    // With and without the history of deleted keys.
    for (const change of [async () => {}, etcd.defragment]) {
      await change();
      await etcd.crash();
      await etcd.restart(data);
      expect((await job.run()).failed).toBeUndefined();
      expect((await job.receipts()).at(-1)?.counts).toEqual({ 'keys at the source': await etcd.keys() });
    }
    const [before, after] = await job.receipts();
    expect(after?.bytes).toBeLessThan((before?.bytes ?? 0) / 4);
  });

  it.each([
    ['as two items', (path: string) => `- --encryption-provider-config\n    - ${path}`],
    [
      'in quotes, with another before',
      (path: string) =>
        `- --encryption-provider-config=/a\n    - "--encryption_provider_config"\n    - '${path}' # of 2026`,
    ],
    [
      'beside what begins alike',
      (path: string) =>
        `- "--encryption-provider-config=${path}"\n    - --encryption-provider-config-automatic-reload=true\n    # - --encryption-provider-config=/old`,
    ],
  ])('has the encryption configuration that the manifest names %s', async (_, flag) => {
    const manifest = join(etcd.node, 'manifests', 'kube-apiserver.yaml');
    const text = readFileSync(manifest, 'utf8');
    const config = join(etcd.node, 'encryption', 'config.yaml');
    writeFileSync(manifest, text.replace(/- --encryption-provider-config=.*/, flag(config)));
    const run = await job.run().finally(() => writeFileSync(manifest, text));
    expect(run.failed).toBeUndefined();
    const copy = (await job.receipts()).at(-1)?.copy ?? '';
    const dumped = await store.restic(job.repository, 'dump', copy, '/data/encryption-configuration.yaml');
    expect(dumped.stdout).toBe(readFileSync(config, 'utf8'));
  });

  it('has the configuration of a KMS, where somebody said where its key is kept', async () => {
    const config = join(etcd.node, 'encryption', 'config.yaml');
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, 'resources: [{ resources: [secrets], providers: [{ kms: { name: x } }] }]\n');
    const source = etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node, isKmsKept: true });
    const run = await job.run({ job: { source } }).finally(() => writeFileSync(config, text));
    expect(run.failed).toBeUndefined();
  });

  it('has the new encryption configuration in the run after the one in which it changed (E07)', async () => {
    const config = join(etcd.node, 'encryption', 'config.yaml');
    const text = readFileSync(config, 'utf8');
    const other = text.replace('bm90IHJlYWxseSBhIGtleQ==', 'YW5vdGhlciBrZXk=');
    try {
      const run = await job.run({
        beforeStart: (step) => {
          if (step === 'keys') writeFileSync(config, other);
        },
      });
      expect(run.failed?.message).toMatch(/^The encryption configuration of the API server has changed /);
      expect((await job.run()).failed).toBeUndefined();
    } finally {
      writeFileSync(config, text);
    }
    const copy = (await job.receipts()).at(-1)?.copy ?? '';
    const dumped = await store.restic(job.repository, 'dump', copy, '/data/encryption-configuration.yaml');
    expect(dumped.stdout).toBe(other);
  });

  it('comes back equal after the member is lost', async () => {
    await fill(etcd);
    const before = await etcd.content();

    const run = await job.run();
    expect(run.failed).toBeUndefined();
    expect(run.containers.map(({ name }) => name)).toEqual([
      'begin',
      'count',
      'snapshot',
      'verify',
      'keys',
      'commit',
      'receipt',
    ]);
    const receipt = (await job.receipts()).at(-1);
    expect(receipt).toMatchObject({ version: 1, dataset: job.dataset, verifiedBy: 'etcdutl snapshot restore' });
    expect(receipt?.counts).toEqual({ 'keys at the source': await etcd.keys() });

    await etcd.etcdctl(['del', '', '--prefix']);
    await etcd.crash();

    // As docs/jobs.md says it.
    const restic = await store.restic(job.repository, 'restore', receipt?.copy ?? '', '--target', `${etcd.folder}/out`);
    expect(restic.code).toBe(0);
    // What makes a cluster of it again, byte by byte.
    const copied = join(etcd.folder, 'out', 'data');
    await output('diff', ['--recursive', join(etcd.node, 'pki'), join(copied, 'pki')]);
    const config = join(etcd.node, 'encryption', 'config.yaml');
    await output('cmp', [config, join(copied, 'encryption-configuration.yaml')]);
    expect(readFileSync(join(copied, 'encryption-configuration.path'), 'utf8')).toBe(`${config}\n`);
    rmSync(join(etcd.node, 'pki', 'sa.key'));
    writeFileSync(config, 'of another time');
    const { stop, configure, restore, start, check, authorities } = wayBack(etcd);
    await stop();
    // In another form than kubeadm's.
    const manifest = join(etcd.node, 'stopped', 'kube-apiserver.yaml');
    const text = readFileSync(manifest, 'utf8');
    writeFileSync(
      manifest,
      text.replace(`--encryption-provider-config=${config}`, '--encryption-provider-config=/old'),
    );
    expect(await configure()).toContain(`STOP: name ${config} in --encryption-provider-config\n`);
    rmSync(config);
    writeFileSync(manifest, text.replace('provider-config=', `provider_config\n    - `));
    expect(await configure()).not.toContain('STOP');
    for (const step of [restore, authorities, start]) await step();
    await etcd.restart(join(etcd.folder, 'data'));
    expect(await check()).toContain(etcd.endpoint);
    expect(await etcd.content()).toBe(before);
    await output('diff', ['--recursive', join(etcd.node, 'pki'), join(copied, 'pki')]);
    await output('cmp', [config, join(copied, 'encryption-configuration.yaml')]);
    expect(readdirSync(join(etcd.node, 'manifests')).toSorted()).toEqual(MANIFESTS.map((name) => `${name}.yaml`));
  });
});

const MANIFESTS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** The blocks of the page, on a folder in the place of a node that has nothing but etcd. */
function wayBack(
  etcd: EtcdServer,
): Readonly<Record<'stop' | 'configure' | 'restore' | 'start' | 'check' | 'authorities', () => Promise<string>>> {
  const stubs = join(etcd.folder, 'stubs');
  mkdirSync(stubs);
  for (const name of ['crictl', 'systemctl', 'kubectl'])
    writeFileSync(join(stubs, name), '#!/bin/sh\n', { mode: 0o755 });
  const manifest = `- --initial-advertise-peer-urls=${etcd.peerUrl}\n- --name=node\n`;
  for (const name of MANIFESTS.filter((each) => each !== 'kube-apiserver'))
    writeFileSync(join(etcd.node, 'manifests', `${name}.yaml`), manifest);
  const [, section = ''] = readFileSync('docs/jobs.md', 'utf8').split('\n### The way back of etcd\n');
  const blocks = [...section.slice(0, section.indexOf('\n## ')).matchAll(/^```sh\n(.*?)^```$/gms)].map(
    ([, text = '']) =>
      text
        .replaceAll('/etc/kubernetes', etcd.node)
        .replaceAll('/var/lib/etcd', join(etcd.folder, 'data'))
        .replaceAll('https://127.0.0.1:2379', etcd.endpoint)
        .replace(/^members=.*$/m, 'members=$name=$url'),
  );
  const env = { PATH: [stubs, join(TOOLS, 'bin'), process.env['PATH']].join(':') };
  const block = (index: number) => async (): Promise<string> =>
    output('bash', ['-euc', blocks[index] ?? 'exit 1'], { env, cwd: etcd.folder });
  return {
    stop: block(0),
    configure: block(1),
    restore: block(2),
    start: block(3),
    check: block(4),
    authorities: block(5),
  };
}

/** Many small keys, one large value, awkward bytes, an empty value, deleted and overwritten keys, and a lease. */
async function fill(etcd: EtcdServer): Promise<void> {
  for (let i = 0; i < 50; i += 1) await etcd.etcdctl(['put', `/registry/configmaps/default/cm-${i}`, `value ${i}`]);
  await etcd.etcdctl(['put', '/registry/large'], 'x'.repeat(1_000_000));
  await etcd.etcdctl(['put', '/registry/ünï/ 日本 \n key', 'line\nbreak\ttab "quotes" \\ $(HOME) ${x}']);
  await etcd.etcdctl(['put', '/registry/empty', '']);
  await etcd.etcdctl(['put', '/registry/configmaps/default/cm-1', 'another value']);
  await etcd.etcdctl(['del', '/registry/configmaps/default/cm-2']);
  const lease = /lease (\w+) granted/.exec(await etcd.etcdctl(['lease', 'grant', '3600']))?.[1] ?? '';
  await etcd.etcdctl(['put', `--lease=${lease}`, '/registry/leased', 'for an hour']);
}
