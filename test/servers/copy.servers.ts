import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdSnapshot } from '../../lib/jobs/etcd';
import { clusterDatasetId } from '../../lib/model/dataset';
import type { Receipt } from '../../lib/model/receipt';
import { makeCopy, type Copy } from './support/copy';
import { startEtcd, type EtcdServer } from './support/etcd';
import { leaveLock, storeWithoutReceipts } from './support/faults';
import { faultyStore } from './support/faulty-store';
import { makeJob, type Job } from './support/job';
import { makeStore, type Store } from './support/store';

const dataset = clusterDatasetId('etcd', 'lab');

interface Answer {
  readonly header: { readonly revision: number };
}

describe('the mirror of a repository', () => {
  let etcd: EtcdServer;
  let local: Store;
  let offsite: Store;
  let job: Job;
  let mirror: Copy;

  beforeAll(async () => {
    // Another server could not differ more: other keys, another bucket, another password.
    [etcd, local, offsite] = await Promise.all([
      startEtcd(),
      makeStore('local'),
      makeStore('offsite', 'battery staple'),
    ]);
    await etcd.etcdctl(['put', '/registry/large'], 'x'.repeat(1_000_000));
    mirror = makeCopy(local, offsite, dataset);
    job = makeJob(local, dataset, etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node }));
  });
  afterAll(async () => etcd.remove());

  const receipts = async (): Promise<readonly Receipt[]> => mirror.receipts();

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
    const { failed } = await mirror.run();
    expect(failed?.name).toBe('source');
    expect(failed?.message).toMatch(/^The repository \S+ is gone, so there is nothing to copy\.$/);
    expect(await receipts()).toEqual([]);
    expect(await offsite.snapshots(job.repository)).toEqual([]);
  });

  it('[S15] has every snapshot, comes back without its source, and says how old the data is', async () => {
    expect((await job.run()).failed).toBeUndefined();
    await etcd.etcdctl(['put', '/registry/more'], 'y'.repeat(200_000));
    // As a large one, which is read long before it is in the repository.
    const slow = await job.run({
      beforeStart: async (container) => {
        if (container === 'commit') await new Promise((resolve) => setTimeout(resolve, 2000));
      },
    });
    expect(slow.failed).toBeUndefined();
    const newest = (await local.snapshots(job.repository)).at(-1);
    const read = (await job.receipts()).at(-1)?.startedAt ?? '';
    expect(Date.parse(read) + 1000).toBeLessThan(Date.parse(newest?.time ?? ''));

    const { failed, containers } = await mirror.run();
    expect(failed).toBeUndefined();
    expect(containers.map(({ name }) => name)).toEqual(['begin', 'receipts', 'source', 'copy', 'moment', 'receipt']);
    const [receipt, ...further] = await receipts();
    expect(further).toEqual([]);
    expect(receipt).toMatchObject({ items: { counted: 'snapshots', source: 2, copy: 2 } });
    expect(receipt?.startedAt).toBe(read);
    expect((await offsite.restic(job.repository, 'check', '--read-data')).code).toBe(0);

    const source = (await job.receipts()).at(-1);
    const folder = mkdtempSync(join(tmpdir(), 'backed-up-source-'));
    await local.restic(job.repository, 'restore', source?.copy ?? '', '--target', folder);
    const before = readFileSync(join(folder, 'data', 'snapshot.db'));
    rmSync(folder, { recursive: true });
    expect((await snapshotOf(receipt)).equals(before)).toBe(true);
  });

  it('copies only what is new, with keys that only read, and keeps what the upkeep of its source forgets', async () => {
    expect((await job.upkeep()).failed).toBeUndefined();
    expect(await local.snapshots(job.repository)).toHaveLength(1);
    expect((await job.run()).failed).toBeUndefined();
    // They could not remove it either.
    await leaveLock(local, job);
    const refused: string[] = [];
    const port = await faultyStore(({ method, path }) => {
      if (method === 'GET' || method === 'HEAD') return undefined;
      refused.push(`${method} ${path}`);
      return { status: 403 };
    });

    expect((await mirror.run({ job: { from: local.at(port) } })).failed).toBeUndefined();
    expect(refused).toEqual([]);
    await local.restic(job.repository, 'unlock', '--remove-all');
    expect(await offsite.snapshots(job.repository)).toHaveLength(3);
    expect((await receipts()).at(-1)).toMatchObject({ items: { source: 2, copy: 2 } });
    expect((await snapshotOf((await receipts())[0])).length).toBeGreaterThan(1_000_000);
  });

  it('leaves out snapshots that have no receipt, and says so', async () => {
    const read = (await job.receipts()).at(-1)?.startedAt;
    expect((await job.run({ job: { location: await storeWithoutReceipts(local) } })).failed?.name).toBe('receipt');
    const torn = (await local.snapshots(job.repository)).at(-1);

    const { failed, containers } = await mirror.run();
    expect(failed).toBeUndefined();
    expect(containers.find(({ name }) => name === 'source')?.log).toContain(
      `Left out, because they have no receipt: ${torn?.id}\n`,
    );
    expect(await offsite.snapshots(job.repository)).toHaveLength(3);
    expect((await receipts()).at(-1)).toMatchObject({ startedAt: read, items: { copy: 2 } });
    await local.restic(job.repository, 'forget', torn?.id ?? '');
  });

  it('refuses a source that has shrunk sharply, unless it is told to take that', async () => {
    await etcd.etcdctl(['del', '/registry/large']);
    const { header } = JSON.parse(await etcd.etcdctl(['get', '/', '--write-out=json'])) as Answer;
    await etcd.etcdctl(['compact', '--physical', String(header.revision)]);
    await etcd.etcdctl(['defrag']);
    expect((await job.run({ job: { smallestPercent: 0 } })).failed).toBeUndefined();

    const { failed } = await mirror.run();
    expect(failed?.message).toMatch(
      /^The newest snapshot has \d+ bytes, and at the last copy it had \d+: when that is meant, /,
    );
    expect((await mirror.run({ job: { smallestPercent: 0 } })).failed).toBeUndefined();
    expect((await receipts()).at(-1)).toMatchObject({ items: { copy: 3 } });
  });

  describe('that is mirrored itself', () => {
    let far: Store;
    beforeAll(async () => {
      far = await makeStore('far', 'far away');
    });

    it('goes there, though its receipts are not of runs that made its snapshots', async () => {
      const further = makeCopy(offsite, far, dataset);
      expect((await further.run()).failed?.message).toMatch(/^None of the 4 snapshots of \S+ has a receipt: /);
      expect((await further.run({ job: { isFromMirror: true } })).failed).toBeUndefined();
      expect(await far.snapshots(job.repository)).toHaveLength(4);
      expect((await further.receipts()).at(-1)?.startedAt).toBe((await job.receipts()).at(-1)?.startedAt);
    });

    it('does not speak for snapshots that are older than what its last receipt speaks of', async () => {
      await far.restic(job.repository, 'rewrite', '--forget', '--new-time=2026-01-01 00:00:00');
      const { failed } = await makeCopy(far, await makeStore('farther'), dataset).run({ job: { isFromMirror: true } });
      expect(failed?.message).toMatch(
        /^The receipt \S+ speaks of data of \S+, and the newest snapshot was made at 2026-01-01T00:00:00Z, so that a newer one is lost: let a run there go well first\.$/,
      );
    });
  });

  it('is kept by the policy, to which all of its snapshots count', async () => {
    const last = (await receipts()).at(-1);
    const upkeep = makeJob(offsite, dataset, etcdSnapshot()).upkeep({ job: { isMirror: true } });
    expect((await upkeep).failed).toBeUndefined();
    expect((await offsite.snapshots(job.repository)).map(({ id }) => id)).toEqual([last?.copy]);
  });

  it('fails when the source is gone or has no snapshot, and keeps what it has', async () => {
    const before = await offsite.snapshots(job.repository);
    for (const { id } of await local.snapshots(job.repository)) await local.restic(job.repository, 'forget', id);
    const { failed: empty } = await mirror.run();
    expect(empty?.message).toMatch(/^The repository \S+ has no snapshot: let a backup go well first\.$/);
    await local.rclone('purge', `s:${local.location.bucket}/${job.repository}`);
    const { failed: gone } = await mirror.run();
    expect(gone?.message).toMatch(/^The repository \S+ is gone/);
    expect(await offsite.snapshots(job.repository)).toEqual(before);
  });
});
