import { beforeAll, describe, expect, it } from 'vitest';
import type { MirrorJobOptions } from '../../lib/jobs/mirror-job';
import { makeBucket, told, type Bucket } from './support/bucket';
import {
  complaintsAbout,
  fullScratch,
  mayNotAskForVersions,
  unversioned,
  goodCopy,
  isAny,
  isList,
  lostAt,
  nodeFaults,
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
import type { Run } from './support/job';
import { bucketSource, makeMirror, rookSecret, type Mirror } from './support/mirror';
import { backupUser } from './support/rgw';
import type { S3User } from './support/s3';
import { makeStore, type Store } from './support/store';

const STEPS = ['begin', 'mirror', 'compare', 'receipt'];
const TO_COPY: Copying = {
  step: 'mirror',
  isData: ({ method, path }) => method === 'PUT' && path.includes('/current/'),
};

const isDeletion = ({ method }: Request): boolean => method === 'DELETE';
const isObject = ({ method, path }: Request): boolean => method === 'GET' && path.includes('/docs/');

describe('the mirror of a bucket, when something goes wrong', () => {
  let backup: S3User;
  let store: Store;
  let bucket: Bucket;
  let mirror: Mirror;
  let world: World<Mirror>;
  let before: Before;

  beforeAll(async () => {
    backup = await backupUser();
    [store, bucket] = await Promise.all([makeStore(), makeBucket()]);
    mirror = makeMirror(store, bucket, backup);
    await store.keepVersions();
    await putDocuments();
    await bucket.put('empty', '');
    let keys: readonly string[] | undefined;
    world = {
      method: 'Mirror of a bucket',
      store,
      job: mirror,
      // What a run has put aside that came to no good end is still there.
      content: async (receipt) => {
        const content = await mirror.copyAt(receipt?.startedAt ?? '');
        keys ??= Object.keys(content);
        return JSON.stringify(keys.map((key) => [key, content[key]]));
      },
    };
    before = await goodCopy(world);
    announceFaults({ method: world.method, faults: faults.length });
  });

  /** So that every run has something to copy, to put aside and to remove. */
  let changes = 0;
  async function change(): Promise<void> {
    changes += 1;
    await bucket.put('docs/changing', `${'changed '.repeat(1000)}${changes}`);
    await bucket.put('docs/coming and going', 'x'.repeat(5000 + changes));
  }

  const sourceFault = sourceFaults<Mirror>((port) => ({ secrets: rookSecret(backup, port) }));

  /** A run with a bucket that looks so. */
  async function withBucket(fill: (other: Bucket) => Promise<void>): Promise<Run<MirrorJobOptions>> {
    const other = await makeBucket();
    await fill(other);
    return { job: { source: bucketSource(other.name) } };
  }

  const text = (i: number): string => `${'content '.repeat(1000)}${i}`;
  const documents = Array.from({ length: 12 }, (_, i) => `docs/${i}`);
  async function putDocuments(): Promise<void> {
    for (const [i, key] of documents.entries()) await bucket.put(key, text(i));
  }

  /** An object of the copy, as somebody else changes it who has the keys. */
  async function inCopy(method: 'PUT' | 'DELETE', key: string, body = ''): Promise<void> {
    await told(store.owner, { method, path: `/${store.location.bucket}/${mirror.current}/${key}`, body });
  }

  const wholes: readonly Fault<Mirror>[] = [
    ...storeFaults(TO_COPY),
    ...nodeFaults(STEPS, TO_COPY),
    {
      what: 'The keys of the store expire during the run',
      fails: 'mirror',
      says: /^The store does not list store:.*403/,
      run: async () => ({
        beforeStart: async (container) => {
          if (container === 'mirror') await store.revoke();
        },
      }),
      undo: async () => store.restore(),
    },
    {
      what: 'The keys of the store may not delete, and the store says that it has',
      fails: 'compare',
      says: /^The copy has 1 objects that are not in the bucket any more, 'docs\/0' among them: these keys may not delete\.$/,
      run: async () => {
        await bucket.remove('docs/0');
        const port = await faultyStore(({ method }) => (method === 'DELETE' ? { status: 204 } : undefined));
        return { job: { location: { ...store.at(port), versioned: true } } };
      },
      undo: async () => bucket.put('docs/0', text(0)),
    },
    unversioned('mirror'),
    mayNotAskForVersions('mirror'),
    fullScratch('mirror', /^The scratch volume is full: /),
    sourceFault('The bucket refuses to be listed (403)', 'mirror', /^The store does not list source:.*403/, isList, {
      status: 403,
    }),
    sourceFault('The bucket answers 500 to everything', 'mirror', /^The store does not list source:/, isAny, {
      status: 500,
    }),
    sourceFault('The bucket does not answer', 'mirror', /^The store does not list source:.*no end after \d+ s/, isAny, {
      delaySeconds: 1000,
    }),
    sourceFault('An object refuses to be read (403)', 'mirror', /^The copy of source:\S+ failed: .*403/, isObject, {
      status: 403,
    }),
    sourceFault('The bucket answers 500 to an object', 'mirror', /^The copy of source:\S+ failed: /, isObject, {
      status: 500,
    }),
    sourceFault(
      'The bucket hangs up in the middle of an object',
      'mirror',
      /^The copy of source:\S+ failed: /,
      isObject,
      {
        cutAnswerAfter: 100,
      },
    ),
    sourceFault('The bucket is too slow for the deadline', 'mirror', /no end after \d+ s/, isObject, {
      bytesPerSecond: 100,
    }),
    sourceFault(
      'The content of the copy cannot be compared',
      'compare',
      /^The content of .* cannot be compared: /,
      isObject,
      { status: 500 },
      'compare',
    ),
    {
      what: 'Nobody listens at the address of the bucket',
      fails: 'mirror',
      says: /^The store does not list source:.*connection refused/,
      run: async () => ({ secrets: rookSecret(backup, 9) }),
    },
    {
      what: 'The secret key of the backup user is another one',
      fails: 'mirror',
      says: /^The store does not list source:.*403/,
      run: async () => ({ secrets: rookSecret({ ...backup, secretKey: 'wrong' }) }),
    },
    {
      what: 'The bucket has lost its grant (S24)',
      fails: 'mirror',
      says: /^The store does not list source:.*403.*AccessDenied/,
      run: async () => {
        await bucket.revoke();
        return {};
      },
      undo: async () => bucket.grant(),
    },
    {
      what: 'The bucket does not exist (S01)',
      fails: 'mirror',
      says: /^The bucket of source:nowhere-here does not exist\.$/,
      run: async () => ({ job: { source: bucketSource('nowhere-here') } }),
    },
    {
      what: 'The bucket is empty (S01)',
      fails: 'mirror',
      says: /^There is nothing to copy: source:\S+ has 0 objects with 0 bytes\.$/,
      run: async () => withBucket(async () => {}),
    },
    {
      what: 'The bucket has lost half of its objects',
      fails: 'mirror',
      says: /^There are 2 objects in source:\S+, and the last copy had \d+: when that is meant, let one run go through with smallestPercent: 0\.$/,
      run: async () =>
        withBucket(async (other) => {
          for (let i = 0; i < 2; i += 1) await other.put(`docs/${i}`, 'x'.repeat(100_000));
        }),
    },
    {
      what: 'The bucket has all its objects, and they are almost empty',
      fails: 'mirror',
      says: /^There are \d+ bytes in source:\S+, and the last copy had \d+: when that is meant, /,
      run: async () =>
        withBucket(async (other) => {
          for (let i = 0; i < 15; i += 1) await other.put(`docs/${i}`, 'x');
        }),
    },
    {
      what: 'The bucket has as much as before, of other names',
      fails: 'mirror',
      says: /^Of the \d+ objects of the copy, \d+ are not in source:\S+ any more, '.*' among them: when that is meant, /,
      run: async () =>
        withBucket(async (other) => {
          for (let i = 0; i < 15; i += 1) await other.put(`restored/docs/${i}`, 'x'.repeat(10_000));
        }),
    },
    {
      what: 'The bucket is emptied between the list and the copy (S02)',
      fails: 'mirror',
      says: /^During the run more than \d+ objects have vanished from the bucket of source:\S+\.$/,
      run: async () => {
        let emptied: Promise<void> | undefined;
        // The list of the copy is asked for after that of the bucket.
        const port = await faultyStore((request) => {
          if (!isList(request) || !request.path.includes('current')) return undefined;
          emptied ??= bucket.remove(...documents);
          return { waitFor: emptied };
        });
        return { job: { location: store.at(port) } };
      },
      undo: putDocuments,
    },
    {
      what: 'An object of the copy is damaged whenever it was written',
      fails: 'compare',
      says: /^The copy has another content, also after it was copied again: 1 objects differ, 'docs\/3' among them\. /,
      run: async () => {
        const port = await faultyStore(({ method, path }) =>
          method === 'GET' && path.includes('/current/docs/3')
            ? { waitFor: inCopy('PUT', 'docs/3', text(3).replaceAll('c', 'd')) }
            : undefined,
        );
        return { job: { checkShares: 1, location: store.at(port) } };
      },
      undo: async () => inCopy('PUT', 'docs/3', text(3)),
    },
    {
      what: 'An object of the copy is gone after it was written',
      fails: 'compare',
      says: /^The copy is not complete: 1 of \d+ objects are not in it or have another size, 'docs\/4' among them\.$/,
      run: async () => ({
        beforeStart: async (container) => {
          if (container === 'compare') await inCopy('DELETE', 'docs/4');
        },
      }),
      undo: async () => inCopy('PUT', 'docs/4', text(4)),
    },
    {
      what: 'The bucket is emptied during the run (S04)',
      fails: 'compare',
      says: /^During the run \d+ objects of source:\S+ have stayed as they were, and the last copy had \d+: when that is meant, /,
      run: async () => ({
        beforeStart: async (container) => {
          if (container === 'compare') await bucket.remove(...documents);
        },
      }),
      undo: putDocuments,
    },
  ];

  const keepSeconds = 30 * 86_400;
  /** What leaves something half done. */
  const halves: readonly Fault<Mirror>[] = [
    lostAt('between two objects', 'mirror', TO_COPY.isData, 2),
    lostAt('while it removes what has vanished', 'mirror', isDeletion, 1),
    lostAt<MirrorJobOptions>('while it removes what was replaced long ago', 'expire', isDeletion, 2, { keepSeconds }),
  ];
  const faults = [...wholes, ...halves];

  it.each(wholes.map((fault) => [fault.what, fault] as const))('%s', async (_, fault) => {
    await change();
    expect(await complaintsAbout(fault, world, before)).toEqual([]);
  });

  it.each(halves.map((fault) => [fault.what, fault] as const))('%s, and the next run ends well', async (_, fault) => {
    await bucket.remove(`docs/passing-${changes}`);
    await change();
    await bucket.put(`docs/passing-${changes}`, 'x');
    const place = `${store.location.bucket}/${mirror.replaced}`;
    for (let i = 0; i < 3; i += 1)
      await told(store.owner, { method: 'PUT', path: `/${place}/20200102T030405Z-00000000/${i}`, body: 'old' });

    expect(await complaintsAbout(fault, world, before)).toEqual([]);
    before = await goodCopy(world, { job: { keepSeconds } });
    expect(await mirror.copy()).toEqual(await bucket.content());
    expect(await store.rclone('lsf', '--dirs-only', `s:${place}`)).not.toContain('20200102T');
  });

  it('succeeds again when all is well, and twice at the same time', async () => {
    const runs = await runTwice(mirror);
    expect(runs.map(({ succeeded }) => succeeded)).toContain(true);
    expect((await mirror.run({ job: { checkShares: 1 } })).failed).toBeUndefined();
    expect(await mirror.copy()).toEqual(await bucket.content());
  });

  it('succeeds where little changes during the run, and leaves that to the next', async () => {
    const counts = async (): Promise<number | undefined> => (await mirror.receipts()).at(-1)?.items.source;
    const all = await counts();
    const { failed } = await mirror.run({
      job: { checkShares: 1 },
      beforeStart: async (container) => {
        if (container !== 'compare') return;
        await bucket.put('docs/1', text(1).replaceAll('c', 'd'));
        await bucket.remove('docs/2');
        await bucket.put('docs/new', 'new');
      },
    });
    expect(failed).toBeUndefined();
    expect((await mirror.receipts()).at(-1)?.counts).toEqual({ repaired: 0 });
    expect(await counts()).toBe((all ?? 0) - 2);
    expect((await mirror.run()).failed).toBeUndefined();
    expect(await mirror.copy()).toEqual(await bucket.content());
  });
});
