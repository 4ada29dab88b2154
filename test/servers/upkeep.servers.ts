import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdSnapshot } from '../../lib/jobs/etcd';
import { clusterDatasetId } from '../../lib/model/dataset';
import { startEtcd, type EtcdServer } from './support/etcd';
import { contentOf, leaveLock } from './support/faults';
import { faultyStore } from './support/faulty-store';
import { makeJob, type Job } from './support/job';
import { makeStore, type Store } from './support/store';
import { output, run, tool } from './support/tools';

describe('the upkeep of a repository', () => {
  let etcd: EtcdServer;
  let store: Store;
  let job: Job;

  beforeAll(async () => {
    [etcd, store] = await Promise.all([startEtcd(), makeStore()]);
    await etcd.etcdctl(['put', '/registry/large'], 'x'.repeat(1_000_000));
    job = makeJob(store, clusterDatasetId('etcd', 'lab'), etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node }));
  });
  afterAll(async () => etcd.remove());

  it('fails where nothing has been backed up', async () => {
    const { failed } = await job.upkeep();
    expect(failed?.message).toMatch(/^There is no repository \S+, so nothing has been backed up there\.$/);
    expect(await store.snapshots(job.repository)).toEqual([]);
  });

  it('[S17] keeps what the policy says, and what is kept comes back', async () => {
    for (let i = 0; i < 3; i += 1) expect((await job.run()).failed).toBeUndefined();
    const before = await store.snapshots(job.repository);
    expect(before).toHaveLength(3);
    const last = (await job.receipts()).at(-1);
    const content = await contentOf(store, job, last);

    const { failed, containers } = await job.upkeep();
    expect(failed).toBeUndefined();
    expect(containers[0]?.log).toContain('1 snapshots are kept.');
    expect((await store.snapshots(job.repository)).map(({ id }) => id)).toEqual([last?.copy]);
    expect(await contentOf(store, job, last)).toBe(content);
  });

  it('[S16] fails with keys that may not delete, where restic says that all is well', async () => {
    expect((await job.run()).failed).toBeUndefined();
    // What an append-only store does: it accepts, and keeps. Locks it lets go.
    const port = await faultyStore(({ method, path }) =>
      method === 'DELETE' && path.includes('/snapshots/') ? { status: 204 } : undefined,
    );
    const { failed } = await job.upkeep({ job: { location: store.at(port) } });
    expect(failed?.message).toMatch(
      /^The policy removes 1 snapshots of \S+, and 1 are still there: these keys may not delete\.$/,
    );
    expect(await store.snapshots(job.repository)).toHaveLength(2);
    expect((await job.upkeep()).failed).toBeUndefined();
    expect(await store.snapshots(job.repository)).toHaveLength(1);
  });

  it('fails with another password', async () => {
    const secrets = { 'backed-up-offsite': { ...store.secret, RESTIC_PASSWORD: 'wrong' } };
    const { failed } = await job.upkeep({ secrets });
    expect(failed?.message).toMatch(/^The password does not open the repository /);
  });

  it('waits for a lock, and says so when it stays', async () => {
    await leaveLock(store, job);
    const stays = await job.upkeep({ job: { answerSeconds: 3 } });
    expect(stays.failed?.message).toMatch(/^The repository \S+ is still locked: /);

    const goes = job.upkeep({ job: { answerSeconds: 3 } });
    await new Promise((resolve) => setTimeout(resolve, 8000));
    await store.restic(job.repository, 'unlock', '--remove-all');
    expect((await goes).failed).toBeUndefined();
  });

  it('[S14] finds a flipped bit in the share that it reads', async () => {
    const packs = `s:${store.location.bucket}/${job.repository}/data`;
    const sizes = (await store.rclone('lsf', '--recursive', '--files-only', '--format=sp', packs)).trim().split('\n');
    const [, largest = ''] =
      sizes.map((line) => line.split(';')).toSorted((a, b) => Number(b[0]) - Number(a[0]))[0] ?? [];
    const file = `${etcd.folder}/pack`;
    await store.rclone('copyto', `${packs}/${largest}`, file);
    await output('cp', [file, `${file}.good`]);
    await run('sh', ['-c', `printf '\\377\\000' | dd of="$1" bs=1 seek=500 conv=notrunc status=none`, 'sh', file]);
    await store.rclone('copyto', '--ignore-times', file, `${packs}/${largest}`);

    const { failed } = await job.upkeep({ job: { checkShares: 1 } });
    expect(failed?.message).toMatch(/^Failed at reading part 1 of 1 of the data of /);

    await store.rclone('copyto', '--ignore-times', `${file}.good`, `${packs}/${largest}`);
    expect((await job.upkeep({ job: { checkShares: 1 } })).failed).toBeUndefined();
    expect(await output(tool('restic'), ['version'])).toContain('0.18.1');
  });
});
