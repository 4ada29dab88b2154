import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EtcdServer } from './support/etcd';
import { startEtcdJob } from './support/etcd-job';
import { contentOf, isList, largestPack } from './support/faults';
import { faultyStore } from './support/faulty-store';
import type { Job } from './support/job';
import type { Store } from './support/store';

describe('what a run puts into a repository', () => {
  let etcd: EtcdServer;
  let store: Store;
  let job: Job;

  beforeAll(async () => {
    ({ etcd, store, job } = await startEtcdJob());
  });
  afterAll(async () => etcd.remove());

  it('is tagged with the run, which its receipt has in its name', async () => {
    expect((await job.run()).failed).toBeUndefined();
    const [snapshot] = JSON.parse((await store.restic(job.repository, 'snapshots', '--json')).stdout) as Tagged[];
    const receipts = await store.rclone('lsf', `s:${store.location.bucket}/${job.receiptsPath}`);
    expect(receipts).toMatch(new RegExp(`^\\d{8}T\\d{6}Z-${snapshot?.tags?.join()}\\.json\n$`));
  });

  it('is withdrawn when it cannot be read back', async () => {
    const before = await store.snapshots(job.repository);
    await etcd.etcdctl(['put', '/registry/new'], 'y'.repeat(1000));
    let isSaved = false;
    const port = await faultyStore(({ method, path }) => {
      isSaved ||= method === 'PUT' && path.includes('/snapshots/');
      return isSaved && method === 'GET' && /\/data\/[0-9a-f]{2}\//.test(path) ? { status: 404 } : undefined;
    });
    const { failed } = await job.run({ job: { location: store.at(port), deadlineSeconds: 120 } });
    expect(failed?.message).toMatch(/^The new snapshot [0-9a-f]{64} cannot be read: /);
    expect(await store.snapshots(job.repository)).toEqual(before);
  });

  it('is not taken for damaged where an upkeep removes a pack in the moments of the check', async () => {
    const pack = await largestPack(store, job);
    const away = `s:${store.location.bucket}/away`;
    const moves = [async () => store.rclone('moveto', pack, away), async () => store.rclone('moveto', away, pack)];
    const port = await faultyStore((request) => {
      const move = isList(request) && /data%2F(&|$)/.test(request.path) ? moves.shift() : undefined;
      return move === undefined ? undefined : { waitFor: move() };
    });
    expect((await job.run({ job: { location: store.at(port) } })).failed).toBeUndefined();
    expect(moves).toEqual([]);
  });

  it('is whole again after what a run that misses a pack says to do', async () => {
    await store.rclone('deletefile', await largestPack(store, job));
    const complaint = / run 'restic repair index' and this job again; if it still says so, forget the snapshots /;
    expect((await job.run()).failed?.message).toMatch(complaint);
    await store.restic(job.repository, 'repair', 'index');
    // The server has another state by now, so that what the first snapshot needs is nowhere any more.
    expect((await job.run()).failed?.message).toMatch(complaint);
    const { stdout } = await store.restic(job.repository, 'repair', 'snapshots', '--dry-run');
    const broken = stdout
      .split(/^snapshot /m)
      .flatMap((part) => (part.includes('would save new snapshot') ? [part.slice(0, 8)] : []));
    await store.restic(job.repository, 'forget', ...broken);
    expect((await job.run()).failed).toBeUndefined();
    expect(await contentOf(store, job, (await job.receipts()).at(-1))).toMatch(/^[0-9a-f]{64}$/);
  });
});

interface Tagged {
  readonly tags?: readonly string[];
}
