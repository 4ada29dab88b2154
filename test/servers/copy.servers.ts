import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyJob } from '../../lib/jobs/copy-job';
import { etcdSnapshot } from '../../lib/jobs/etcd';
import { clusterDatasetId } from '../../lib/model/dataset';
import type { Receipt } from '../../lib/model/receipt';
import { startEtcd, type EtcdServer } from './support/etcd';
import { faultyStore } from './support/faulty-store';
import { makeJob, nightly, throughYaml, type Job } from './support/job';
import { runPod, type PodOptions, type PodResult } from './support/pod';
import { makeStore, type Store } from './support/store';

const dataset = clusterDatasetId('etcd', 'lab');

describe('the mirror of a repository', () => {
  let etcd: EtcdServer;
  let local: Store;
  let offsite: Store;
  let job: Job;

  beforeAll(async () => {
    // Another server could not differ more: other keys, another bucket, another password.
    [etcd, local, offsite] = await Promise.all([
      startEtcd(),
      makeStore('local'),
      makeStore('offsite', 'battery staple'),
    ]);
    await etcd.etcdctl(['put', '/registry/large'], 'x'.repeat(1_000_000));
    job = makeJob(local, dataset, etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node }));
  });
  afterAll(async () => etcd.remove());

  async function copy(
    stores: { readonly from?: Store['location']; readonly to?: Store['location'] } = {},
    options: Partial<PodOptions> = {},
  ): Promise<PodResult> {
    const objects = copyJob({
      name: 'copy',
      namespace: 'kube-system',
      cluster: 'lab',
      dataset,
      from: stores.from ?? local.location,
      fromStore: { outsideOf: [], port: 443 },
      location: stores.to ?? offsite.location,
      store: { outsideOf: [], port: 443 },
      schedule: nightly(),
      scratch: { size: '512Mi' },
      deadlineSeconds: 60,
      answerSeconds: 15,
    });
    const secrets = { 'backed-up-local': local.secret, 'backed-up-offsite': offsite.secret };
    return runPod(throughYaml(objects), { secrets, ...options });
  }

  const receipts = async (): Promise<readonly Receipt[]> => offsite.receipts(job.receiptsPath);

  /** What a receipt of the mirror names, as restic gives it back. */
  async function snapshotOf(receipt: Receipt | undefined): Promise<Buffer> {
    const folder = mkdtempSync(join(tmpdir(), 'backed-up-mirror-'));
    try {
      const restored = await offsite.restic(job.repository, 'restore', receipt?.copy ?? '', '--target', folder);
      if (restored.code !== 0) throw new Error(restored.stderr);
      return readFileSync(join(folder, 'data', 'snapshot.db'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('fails where nothing has been backed up, and makes nothing', async () => {
    const { failed } = await copy();
    expect(failed?.name).toBe('source');
    expect(failed?.message).toMatch(/^The repository \S+ is gone, so there is nothing to copy\.$/);
    expect(await receipts()).toEqual([]);
    expect(await offsite.snapshots(job.repository)).toEqual([]);
  });

  it('[S15] has every snapshot, comes back without its source, and says how old the data is', async () => {
    expect((await job.run()).failed).toBeUndefined();
    await etcd.etcdctl(['put', '/registry/more'], 'y'.repeat(200_000));
    expect((await job.run()).failed).toBeUndefined();
    const newest = (await local.snapshots(job.repository)).at(-1);

    const { failed, containers } = await copy();
    expect(failed).toBeUndefined();
    expect(containers.map(({ name }) => name)).toEqual(['begin', 'source', 'copy', 'receipt']);
    const [receipt, ...further] = await receipts();
    expect(further).toEqual([]);
    expect(receipt).toMatchObject({ items: { counted: 'snapshots', source: 2, copy: 2 } });
    expect(receipt?.startedAt).toBe(`${newest?.time.slice(0, 19)}Z`);
    expect((await offsite.restic(job.repository, 'check', '--read-data')).code).toBe(0);

    const source = (await job.receipts()).at(-1);
    const folder = mkdtempSync(join(tmpdir(), 'backed-up-source-'));
    await local.restic(job.repository, 'restore', source?.copy ?? '', '--target', folder);
    const before = readFileSync(join(folder, 'data', 'snapshot.db'));
    rmSync(folder, { recursive: true });
    expect((await snapshotOf(receipt)).equals(before)).toBe(true);
  });

  it('copies only what is new, and keeps what the upkeep of its source forgets', async () => {
    expect((await job.upkeep()).failed).toBeUndefined();
    expect(await local.snapshots(job.repository)).toHaveLength(1);
    expect((await job.run()).failed).toBeUndefined();

    expect((await copy()).failed).toBeUndefined();
    expect(await offsite.snapshots(job.repository)).toHaveLength(3);
    expect((await receipts()).at(-1)).toMatchObject({ items: { source: 2, copy: 2 } });
    expect((await snapshotOf((await receipts())[0])).length).toBeGreaterThan(1_000_000);
  });

  it.each<
    readonly [
      what: string,
      store: 'from' | 'to',
      fault: Parameters<typeof faultyStore>[0],
      failed: string,
      says: RegExp,
    ]
  >([
    ['the source refuses', 'from', () => ({ status: 403 }), 'source', /does not open/],
    ['the mirror refuses to list', 'to', () => ({ status: 403 }), 'begin', /^The store does not list /],
    [
      'the mirror takes no data',
      'to',
      ({ method, path }) => (method === 'PUT' && path.includes('/data/') ? { status: 500 } : undefined),
      'copy',
      /^The snapshots were not copied: /,
    ],
    [
      'the mirror hides the configuration of its repository from all but a list',
      'to',
      ({ method, path }) => (method !== 'PUT' && path.endsWith('/config') ? { status: 403 } : undefined),
      'copy',
      /^The store lists the repository of the mirror and does not give it|^The repository rest:\S+ does not open/,
    ],
    [
      'the source loses a pack in between',
      'from',
      ({ method, path }) => (method === 'GET' && /\/data\/\w\w\//.test(path) ? { status: 404 } : undefined),
      'copy',
      /^The snapshots were not copied: /,
    ],
  ])('fails when %s, and leaves the mirror as it was', async (_, store, fault, step, says) => {
    expect((await job.run()).failed).toBeUndefined();
    const before = { receipts: await receipts(), snapshots: await offsite.snapshots(job.repository) };
    const faulty = await faultyStore(fault);
    const at = store === 'from' ? { from: local.at(faulty.port) } : { to: offsite.at(faulty.port) };
    const { failed } = await copy(at).finally(faulty.close);
    expect(failed?.name).toBe(step);
    expect(failed?.message).toMatch(says);
    expect(await receipts()).toEqual(before.receipts);
    expect(await offsite.snapshots(job.repository)).toEqual(before.snapshots);
    expect((await copy()).failed).toBeUndefined();
  });

  it('fails with the wrong password of either side', async () => {
    for (const [name, secret, step] of [
      ['backed-up-local', local.secret, 'source'],
      ['backed-up-offsite', offsite.secret, 'copy'],
    ] as const) {
      const right = { 'backed-up-local': local.secret, 'backed-up-offsite': offsite.secret };
      const secrets = { ...right, [name]: { ...secret, RESTIC_PASSWORD: 'wrong' } };
      const { failed } = await copy({}, { secrets });
      expect(failed?.name).toBe(step);
      expect(failed?.message).toMatch(/^The password does not open the repository /);
    }
  });

  it('fails when its node is lost at any step, and is whole after the next run', async () => {
    const count = (await receipts()).length;
    for (const step of ['begin', 'source', 'copy', 'receipt']) {
      expect((await job.run()).failed).toBeUndefined();
      const { failed } = await copy(
        {},
        {
          onStart: async (container, pod) => {
            if (container === step) await pod.kill();
          },
        },
      );
      // What has ended before it could be killed has done its work.
      if (failed === undefined) continue;
      expect(failed.name).toBe(step);
    }
    expect((await copy()).failed).toBeUndefined();
    expect((await receipts()).length).toBeGreaterThan(count);
    expect((await offsite.restic(job.repository, 'check', '--read-data')).code).toBe(0);
  });

  it('fails when the source is gone or has no snapshot, and keeps what it has', async () => {
    const before = await offsite.snapshots(job.repository);
    for (const { id } of await local.snapshots(job.repository)) await local.restic(job.repository, 'forget', id);
    const { failed: empty } = await copy();
    expect(empty?.message).toMatch(/has no snapshot, so there is nothing to copy\.$/);
    await local.rclone('purge', `s:${local.location.bucket}/${job.repository}`);
    const { failed: gone } = await copy();
    expect(gone?.message).toMatch(/^The repository \S+ is gone/);
    expect(await offsite.snapshots(job.repository)).toEqual(before);
  });
});
