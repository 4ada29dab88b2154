import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UpkeepJobOptions } from '../../lib/jobs/backup-job';
import type { EtcdServer } from './support/etcd';
import { startEtcdJob } from './support/etcd-job';
import {
  complaintsAbout,
  contentOf,
  expiringKeys,
  goodCopy,
  hurried,
  isAny,
  leaveLock,
  lostAt,
  lostIn,
  lostPack,
  otherPassword,
  storeFault,
  type Before,
  type Fault,
  type World,
} from './support/faults';
import { announceFaults } from './support/faults-page';
import { faultyStore, type Fault as StoreFault, type Request } from './support/faulty-store';
import type { Job, ReceiptJob } from './support/job';
import type { Store } from './support/store';

type Upkeep = ReceiptJob<UpkeepJobOptions> & Pick<Job, 'repository'>;

const requestOf =
  (method: string, kind: string) =>
  (request: Request): boolean =>
    request.method === method && new RegExp(`/${kind}/([0-9a-f]{2}/)?[0-9a-f]{64}$`).test(request.path);

const NOT_REMOVED = /^\d+ snapshots of \S+ were removed, and \d+ are still there: these keys may not delete\.$/;

describe('the upkeep of a repository, when something goes wrong', () => {
  let etcd: EtcdServer;
  let store: Store;
  let job: Job;
  let world: World<Upkeep>;
  let before: Before;

  beforeAll(async () => {
    ({ etcd, store, job } = await startEtcdJob());
    world = {
      method: 'Upkeep of a repository',
      store,
      job: { ...job, run: job.upkeep },
      content: (receipt) => contentOf(store, job, receipt),
    };
    await goodCopy({ ...world, job });
    // History goes back further than what is removed below.
    const at = `s:${store.location.bucket}/${job.receiptsPath}`;
    const [first] = (await store.rclone('lsf', at)).split('\n');
    await store.rclone('copyto', `${at}/${first}`, `${at}/20251231T000000Z-00000000.json`);
    const receipts = await job.receipts();
    before = { receipts, content: await world.content(receipts.at(-1)) };
    announceFaults({ method: world.method, faults: faults.length });
  });
  afterAll(async () => etcd.remove());

  /** Of a run that left no receipt, long ago: what the upkeep removes, with its data. */
  async function leaveTornSnapshot(): Promise<void> {
    const file = join(etcd.folder, 'torn');
    writeFileSync(file, randomBytes(1000));
    const { code, stderr } = await store.restic(
      job.repository,
      'backup',
      '--host=lab',
      '--time=2026-01-01 00:00:00',
      file,
    );
    rmSync(file);
    if (code !== 0) throw new Error(stderr);
  }

  const faults: readonly Fault<Upkeep>[] = [
    storeFault('The store refuses everything (403)', 'receipts', /^The store does not list .*403/, isAny, {
      status: 403,
    }),
    storeFault('The store does not answer', 'receipts', /no end after 8 s/, isAny, { delaySeconds: 1000 }),
    storeFault(
      'The store refuses to remove a snapshot (403)',
      'upkeep',
      NOT_REMOVED,
      ...refused('DELETE', 'snapshots'),
    ),
    // What an append-only store does.
    storeFault(
      'The store says that it has removed a snapshot, and keeps it (S16)',
      'upkeep',
      NOT_REMOVED,
      requestOf('DELETE', 'snapshots'),
      { status: 204 },
    ),
    storeFault(
      'The store refuses a new index (403)',
      'upkeep',
      /^Failed at freeing space /,
      ...refused('PUT', 'index'),
    ),
    storeFault(
      'The store refuses to remove an index (403)',
      'upkeep',
      /^Failed at freeing space /,
      ...refused('DELETE', 'index'),
    ),
    storeFault(
      'The store refuses to remove data (403)',
      'upkeep',
      /^\d+ files that nothing needs any more are still in \S+: .*AccessDenied/,
      ...refused('DELETE', 'data'),
    ),
    storeFault(
      'The store hangs up in the middle of the data that it is asked for',
      'upkeep',
      /^Failed at freeing space /,
      requestOf('GET', 'data'),
      { cutAnswerAfter: 100 },
    ),
    otherPassword('upkeep'),
    expiringKeys('upkeep'),
    {
      what: 'A dead run has left an exclusive lock',
      fails: 'upkeep',
      says: /^The repository \S+ is still locked: /,
      run: async () => {
        await leaveLock(store, job);
        return { job: { answerSeconds: 3 } };
      },
    },
    {
      what: 'The store hangs up in the middle of a lock',
      fails: 'upkeep',
      says: /^Stale locks of \S+ were not removed: .*(EOF|Fatal|error)/,
      run: async () => {
        await leaveLock(store, job);
        const port = await faultyStore((request) =>
          requestOf('GET', 'locks')(request) ? { cutAnswerAfter: 10 } : undefined,
        );
        return { ...hurried('upkeep'), job: { location: store.at(port) } };
      },
    },
    lostPack('The store has lost a pack of the repository', 'upkeep', /^Failed at freeing space /),
    ...['receipts', 'upkeep'].map(lostIn),
    lostAt('when a snapshot is removed', 'upkeep', requestOf('DELETE', 'snapshots'), 1),
    lostAt('when the new index is written', 'upkeep', requestOf('PUT', 'index'), 1),
    lostAt('when an old index is removed', 'upkeep', requestOf('DELETE', 'index'), 1),
    lostAt('between two packs that are removed', 'upkeep', requestOf('DELETE', 'data'), 2),
  ];

  it.each(faults.map((fault) => [fault.what, fault] as const))('%s', async (_, fault) => {
    // A run that is killed leaves its lock.
    await store.restic(job.repository, 'unlock', '--remove-all');
    await leaveTornSnapshot();
    expect(await complaintsAbout(fault, world, before)).toEqual([]);
  });

  it('goes well again after all of that, and keeps what has a receipt', async () => {
    await store.restic(job.repository, 'unlock', '--remove-all');
    const { failed } = await job.upkeep({ job: { checkShares: 1 } });
    expect(failed).toBeUndefined();
    expect((await store.snapshots(job.repository)).map(({ id }) => id)).toEqual([before.receipts.at(-1)?.copy]);
    expect(await world.content(before.receipts.at(-1))).toBe(before.content);
  });

  it('of two at the same time, each comes to its end or says that the other is there', async () => {
    await leaveTornSnapshot();
    const runs = await Promise.all([1, 2].map(async () => job.upkeep({ job: { answerSeconds: 5 } })));
    for (const { failed } of runs) if (failed !== undefined) expect(failed.message).toMatch(/ is still locked: /);
    expect(await world.content(before.receipts.at(-1))).toBe(before.content);
    expect((await store.restic(job.repository, 'check', '--read-data')).code).toBe(0);
  });

  function refused(method: string, kind: string): readonly [(request: Request) => boolean, StoreFault] {
    return [requestOf(method, kind), { status: 403 }];
  }
});
