import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EtcdServer } from './support/etcd';
import { startEtcdJob } from './support/etcd-job';
import { contentOf, largestPack, leaveLock, storeWithoutReceipts } from './support/faults';
import { faultyStore } from './support/faulty-store';
import type { Job } from './support/job';
import type { Store } from './support/store';
import { output, run, tool } from './support/tools';

describe('the upkeep of a repository', () => {
  let etcd: EtcdServer;
  let store: Store;
  let job: Job;

  beforeAll(async () => {
    ({ etcd, store, job } = await startEtcdJob());
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
    expect(containers.at(-1)?.log).toContain('1 snapshots are kept.');
    expect((await store.snapshots(job.repository)).map(({ id }) => id)).toEqual([last?.copy]);
    expect(await contentOf(store, job, last)).toBe(content);
  });

  it('keeps the last snapshot with a receipt, whatever is newer', async () => {
    const [good] = await store.snapshots(job.repository);
    const content = await contentOf(store, job, (await job.receipts()).at(-1));
    const torn = await tear();

    expect((await job.upkeep()).failed).toBeUndefined();
    expect((await store.snapshots(job.repository)).map(({ id }) => id)).toEqual([good?.id, torn]);
    expect(await contentOf(store, job, (await job.receipts()).at(-1))).toBe(content);
  });

  it('removes snapshots without a receipt, when one is newer and their run cannot go on any more', async () => {
    const [, torn = { id: '' }] = await store.snapshots(job.repository);
    await store.restic(job.repository, 'rewrite', '--forget', '--new-time=2026-01-01 00:00:00', torn.id);
    const [old] = await store.snapshots(job.repository);
    const at = `s:${store.location.bucket}/${job.receiptsPath}`;
    const [first] = (await store.rclone('lsf', at)).split('\n');
    await store.rclone('copyto', `${at}/${first}`, `${at}/20251231T000000Z-00000000.json`);
    const young = await tear();
    expect((await job.run()).failed).toBeUndefined();
    const last = (await job.receipts()).at(-1);

    const { failed, containers } = await job.upkeep();
    expect(failed).toBeUndefined();
    expect(containers.at(-1)?.log).toContain(`Removed, because they have no receipt: ${old?.id}\n`);
    expect((await store.snapshots(job.repository)).map(({ id }) => id)).toEqual([young, last?.copy]);
    await store.restic(job.repository, 'forget', young);
  });

  it('removes nothing where no snapshot has a receipt', async () => {
    const before = await store.snapshots(job.repository);
    const at = `s:${store.location.bucket}`;
    await store.rclone('move', `${at}/${job.receiptsPath}`, `${at}/away`);
    const { failed } = await job.upkeep();
    expect(failed?.message).toMatch(/^None of the 1 snapshots of \S+ has a receipt: let a backup go well first\.$/);
    expect(await store.snapshots(job.repository)).toEqual(before);
    await store.rclone('move', `${at}/away`, `${at}/${job.receiptsPath}`);
  });

  it('removes nothing that is older than the first receipt, when receipts were lost', async () => {
    const [last = { id: '' }] = await store.snapshots(job.repository);
    await store.restic(job.repository, 'rewrite', '--forget', '--new-time=2026-01-01 00:00:00', last.id);
    const [old] = await store.snapshots(job.repository);
    const at = `s:${store.location.bucket}`;
    await store.rclone('move', `${at}/${job.receiptsPath}`, `${at}/away`);
    expect((await job.run()).failed).toBeUndefined();

    const { failed, containers } = await job.upkeep();
    expect(failed).toBeUndefined();
    expect(containers.at(-1)?.log).toContain(`Kept, because they are older than all receipts: ${old?.id}\n`);
    expect((await store.snapshots(job.repository)).map(({ id }) => id)).toContain(old?.id);
    await store.rclone('move', `${at}/away`, `${at}/${job.receiptsPath}`);
    await store.restic(job.repository, 'forget', old?.id ?? '');
  });

  /** @returns the snapshot of a run that has left no receipt. */
  async function tear(): Promise<string> {
    const { failed } = await job.run({ job: { location: await storeWithoutReceipts(store) } });
    expect(failed?.name).toBe('receipt');
    return (await store.snapshots(job.repository)).at(-1)?.id ?? '';
  }

  it('[S16] fails with keys that may not delete, where restic says that all is well', async () => {
    expect((await job.run()).failed).toBeUndefined();
    // What an append-only store does: it accepts, and keeps. Locks it lets go.
    const port = await faultyStore(({ method, path }) =>
      method === 'DELETE' && path.includes('/snapshots/') ? { status: 204 } : undefined,
    );
    const { failed } = await job.upkeep({ job: { location: store.at(port) } });
    expect(failed?.message).toMatch(
      /^1 snapshots of \S+ were removed, and 1 are still there: these keys may not delete\.$/,
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
    const pack = await largestPack(store, job);
    const file = `${etcd.folder}/pack`;
    await store.rclone('copyto', pack, file);
    await output('cp', [file, `${file}.good`]);
    await run('sh', ['-c', `printf '\\377\\000' | dd of="$1" bs=1 seek=500 conv=notrunc status=none`, 'sh', file]);
    await store.rclone('copyto', '--ignore-times', file, pack);

    const { failed } = await job.upkeep({ job: { checkShares: 1 } });
    expect(failed?.message).toMatch(/^Failed at reading part 1 of 1 of the data of /);

    await store.rclone('copyto', '--ignore-times', `${file}.good`, pack);
    expect((await job.upkeep({ job: { checkShares: 1 } })).failed).toBeUndefined();
    expect(await output(tool('restic'), ['version'])).toContain('0.18.1');
  });
});
