import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdSnapshot } from '../../lib/jobs/etcd';
import { clusterDatasetId } from '../../lib/model/dataset';
import { makeCopy, type Copy } from './support/copy';
import { startEtcd, type EtcdServer } from './support/etcd';
import {
  complaintsAbout,
  fullScratch,
  goodCopy,
  hurried,
  isAny,
  leaveLock,
  lostAt,
  lostPack,
  nodeFaults,
  objectsOf,
  runTwice,
  sourceFaults,
  storeFaults,
  type Before,
  type Copying,
  type Fault,
  type World,
} from './support/faults';
import { announceFaults } from './support/faults-page';
import { faultyStore, type Request } from './support/faulty-store';
import { makeJob, type Job } from './support/job';
import { makeStore, type Store } from './support/store';

const dataset = clusterDatasetId('etcd', 'lab');
const STEPS = ['begin', 'receipts', 'source', 'copy', 'moment', 'receipt'];
const TO_MIRROR: Copying = {
  step: 'copy',
  isData: ({ method, path }) => method === 'PUT' && /\/data\/[0-9a-f]{2}\//.test(path),
  says: /^The snapshots were not copied: /,
};
const isPack = ({ method, path }: Request): boolean => method === 'GET' && /\/data\/\w\w\//.test(path);

describe('the mirror of a repository, when something goes wrong', () => {
  let etcd: EtcdServer;
  let local: Store;
  let store: Store;
  let source: Job;
  let world: World<Copy>;
  let before: Before;

  beforeAll(async () => {
    [etcd, local, store] = await Promise.all([startEtcd(), makeStore('local'), makeStore('offsite', 'battery staple')]);
    await etcd.etcdctl(['put', '/registry/large'], 'x'.repeat(1_000_000));
    source = makeJob(local, dataset, etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node }));
    await change();
    const job = makeCopy(local, store, dataset);
    world = { method: 'Mirror of a repository', store, job, content: objectsOf(store, job) };
    before = await goodCopy(world);
    announceFaults({ method: world.method, faults: faults.length });
  });
  afterAll(async () => etcd.remove());

  /** So that every run has something to copy, which it has when the one before has copied nothing. */
  async function change(): Promise<void> {
    const [there, here] = await Promise.all([store, local].map(async (at) => at.snapshots(source.repository)));
    if ((there?.length ?? 0) < (here?.length ?? 0)) return;
    const { failed } = await source.run();
    expect(failed).toBeUndefined();
  }

  const sourceFault = sourceFaults<Copy>((port) => ({ job: { from: local.at(port) } }));

  /** The newest receipt of the source says another moment. */
  const falseReceipt = (what: string, says: RegExp, startedAt: string): Fault<Copy> => {
    let undo = async (): Promise<void> => {};
    return {
      what,
      fails: 'moment',
      says,
      run: async () => {
        const at = `s:${local.location.bucket}/${source.receiptsPath}`;
        const place = `${at}/${(await local.rclone('lsf', at)).trimEnd().split('\n').at(-1)}`;
        const text = await local.rclone('cat', place);
        undo = async () => local.put(place, text);
        await local.put(place, text.replace(/"startedAt":"[^"]*"/, `"startedAt":"${startedAt}"`));
        return {};
      },
      undo: async () => undo(),
    };
  };

  const wholes: readonly Fault<Copy>[] = [
    ...storeFaults(TO_MIRROR),
    ...nodeFaults(STEPS, TO_MIRROR),
    fullScratch('copy', /no space left on device|the scratch volume is full/),
    {
      what: 'The keys of the mirror expire during the run',
      fails: 'copy',
      says: /^The (store lists the repository of the mirror and does not give it|repository \S+ does not open|snapshots were not copied|container 'store' serves nothing)/,
      run: async () => ({
        ...hurried('copy'),
        beforeStart: async (container) => {
          if (container === 'copy') await store.revoke();
        },
      }),
      undo: async () => store.restore(),
    },
    {
      what: 'The mirror hides the configuration of its repository from all but a list',
      fails: 'copy',
      says: /^The store lists the repository of the mirror and does not give it|^The repository rest:\S+ does not open/,
      run: async () => {
        const port = await faultyStore(({ method, path }) =>
          method !== 'PUT' && path.endsWith('/config') ? { status: 403 } : undefined,
        );
        return { job: { location: store.at(port) } };
      },
    },
    lostPack('The mirror has lost a pack', 'copy', /^The repository of the mirror has lost data /),
    sourceFault('The source refuses everything (403)', 'receipts', /^The store does not list /, isAny, { status: 403 }),
    sourceFault(
      'The source refuses its repository (403)',
      'source',
      /does not open/,
      ({ path }) => !path.includes('receipts'),
      { status: 403 },
    ),
    sourceFault('The source does not answer', 'receipts', /^The store does not list .*no end after 8 s/, isAny, {
      delaySeconds: 1000,
    }),
    sourceFault('The source loses a pack in between', 'copy', /^The snapshots were not copied: /, isPack, {
      status: 404,
    }),
    sourceFault('The source hangs up in the middle of a pack', 'copy', /^The snapshots were not copied: /, isPack, {
      cutAnswerAfter: 100,
    }),
    {
      what: 'The password of the source is another one',
      fails: 'source',
      says: /^The password does not open the repository /,
      run: async () => ({ secrets: { 'backed-up-local': { ...local.secret, RESTIC_PASSWORD: 'wrong' } } }),
    },
    {
      what: 'The password of the mirror is another one',
      fails: 'copy',
      says: /^The password does not open the repository /,
      run: async () => ({ secrets: { 'backed-up-offsite': { ...store.secret, RESTIC_PASSWORD: 'wrong' } } }),
    },
    {
      what: 'The snapshots of the source have no receipts',
      fails: 'source',
      says: /^None of the \d+ snapshots of \S+ has a receipt: /,
      run: async () => {
        await local.rclone(
          'move',
          `s:${local.location.bucket}/${source.receiptsPath}`,
          `s:${local.location.bucket}/away`,
        );
        return {};
      },
      undo: async () =>
        void (await local.rclone(
          'move',
          `s:${local.location.bucket}/away`,
          `s:${local.location.bucket}/${source.receiptsPath}`,
        )),
    },
    sourceFault(
      'The source refuses the receipt of its newest snapshot (403)',
      'moment',
      /^The receipt \S+ cannot be read: .*403/,
      ({ path }) => path.includes('.json'),
      { status: 403 },
    ),
    falseReceipt(
      'The receipt of the newest snapshot does not say when its data was read',
      /^The receipt \S+ is not one: delete it when the one before it is good\.$/,
      'soon',
    ),
    falseReceipt(
      'The receipt of the newest snapshot says that its data was read at a time to come',
      /^The receipt \S+ says that the data was read at 2999-01-02T03:00:00Z, and here it is only 20[-0-9T:]*Z: set the clocks right, /,
      '2999-01-02T03:00:00Z',
    ),
    {
      what: 'A dead run has left an exclusive lock on the mirror',
      fails: 'copy',
      says: /^(The repository of the mirror is locked, by another run or by a dead one|The repository \S+ does not open): /,
      run: async () => {
        await leaveLock(store, source);
        return { job: { answerSeconds: 8 } };
      },
      undo: async () => void (await store.restic(source.repository, 'unlock', '--remove-all')),
    },
  ];

  /** What leaves something half done. */
  const halves: readonly Fault<Copy>[] = [
    lostAt('between two packs', 'copy', TO_MIRROR.isData, 2),
    lostAt(
      'between the data of a snapshot and the snapshot',
      'copy',
      ({ method, path }) => method === 'PUT' && path.includes('/snapshots/'),
      1,
    ),
  ];
  const faults = [...wholes, ...halves];

  it.each(wholes.map((fault) => [fault.what, fault] as const))('%s', async (_, fault) => {
    await change();
    expect(await complaintsAbout(fault, world, before)).toEqual([]);
  });

  it.each(halves.map((fault) => [fault.what, fault] as const))('%s, and the next run ends well', async (_, fault) => {
    await change();
    expect(await complaintsAbout(fault, world, before)).toEqual([]);
    before = await goodCopy(world);
    expect(await timesAt(store)).toEqual(await timesAt(local));
  });

  it('succeeds again when all is well, and twice at the same time', async () => {
    const runs = await runTwice(world.job);
    expect(runs.map(({ succeeded }) => succeeded)).toContain(true);
    expect((await world.job.run()).failed).toBeUndefined();
    // Of two at once each may have copied what the other had not yet: that is twice there, and harms nobody.
    expect(await timesAt(store)).toEqual(await timesAt(local));
    expect((await store.restic(source.repository, 'check', '--no-lock', '--read-data')).code).toBe(0);
  });

  async function timesAt(at: Store): Promise<ReadonlySet<string>> {
    return new Set((await at.snapshots(source.repository)).map(({ time }) => time));
  }
});
