import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { EtcdServer } from './support/etcd';
import { startEtcdJob } from './support/etcd-job';
import { contentOf, isList, largestPack } from './support/faults';
import { faultyStore } from './support/faulty-store';
import type { Job } from './support/job';
import type { RunningPod } from './support/pod';
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

describe('a repository that was not made to its end', () => {
  it('is made by the run after somebody has done what its message says, and nothing else was in it', async () => {
    const { etcd, store, job } = await startEtcdJob();
    onTestFinished(async () => etcd.remove());
    let commit: RunningPod | undefined;
    const port = await faultyStore(({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/config')) return undefined;
      void commit?.kill();
      return { hangUp: true };
    });
    const killed = await job.run({
      job: { location: store.at(port) },
      beforeStart: (container, pod) => {
        if (container === 'commit') commit = pod;
      },
    });
    expect(killed.failed?.code).toBe(137);

    const { failed } = await job.run();
    const place = `store:${store.location.bucket}/${job.repository}/keys`;
    expect(failed?.message).toContain(
      `could not be made, because a run was killed while it made it: there are keys and nothing else. Delete all below ${place}, as with rclone purge, and run again (`,
    );
    expect(await job.receipts()).toEqual([]);

    // Something else may be of a repository that has lost its configuration, which nobody is told to delete.
    const snapshot = `s:${store.location.bucket}/${job.repository}/snapshots/${'0'.repeat(64)}`;
    await store.put(snapshot, 'x');
    expect((await job.run()).failed?.message).toMatch(
      /^The repository \S+ could not be made: .*already contains keys$/,
    );
    await store.rclone('deletefile', snapshot);

    await store.rclone('purge', place.replace('store:', 's:'));
    expect((await job.run()).failed).toBeUndefined();
    expect(await job.receipts()).toHaveLength(1);
  });
});

interface Tagged {
  readonly tags?: readonly string[];
}
