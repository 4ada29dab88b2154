import { beforeAll, describe, expect, it } from 'vitest';
import {
  complaintsAbout,
  fullScratch,
  mayNotAskForVersions,
  unversioned,
  goodCopy,
  isAny,
  isList,
  nodeFaults,
  runTwice,
  SHORT,
  sourceFaults,
  storeFaults,
  type Before,
  type Copying,
  type Fault,
  type World,
} from './support/faults';
import { announceFaults } from './support/faults-page';
import { faultyStore, type Request } from './support/faulty-store';
import { makeStore, type Store } from './support/store';
import { makeStoreMirror, type StoreMirror } from './support/store-mirror';
import { backupsIn, makeVeleroStore, restoreFrom, type VeleroStore } from './support/velero-store';

const STEPS = ['begin', 'mirror', 'compare', 'remove', 'receipt'];

/** Beside the mirrors of a location are its receipts. */
const TO_MIRROR: Copying = {
  step: 'mirror',
  isData: ({ method, path }) => method === 'PUT' && path.includes('/mirrors/'),
};

const isPack = ({ method, path }: Request): boolean => method === 'GET' && /\/kopia\/forge\/[pq]/.test(path);

describe('the mirror of a store, when something goes wrong', () => {
  let local: Store;
  let store: Store;
  let velero: VeleroStore;
  let world: World<StoreMirror>;
  let before: Before;
  let mirror: StoreMirror;

  beforeAll(async () => {
    [local, store] = await Promise.all([makeStore('local'), makeStore()]);
    await store.keepVersions();
    velero = await makeVeleroStore(local);
    for (const name of ['first', 'second']) await velero.backUp(name);
    const made = makeStoreMirror('velero', local, velero.path, store);
    mirror = {
      ...made,
      // Whatever stands before the store, it keeps old versions.
      run: async ({ job, ...run } = {}) => {
        const { location = store.location } = job ?? {};
        return made.run({ ...run, job: { ...job, location: { ...location, versioned: true } } });
      },
    };
    world = {
      method: 'Mirror of a store',
      store,
      job: mirror,
      content: async () => restoreFrom(store, mirror.path, 'second'),
    };
    before = await goodCopy(world);
    announceFaults({ method: world.method, faults: faults.length });
  });

  /** So that every run has something to copy, and to remove. */
  let changes = 0;
  async function change(): Promise<void> {
    changes += 1;
    await velero.backUp(`passing-${changes}`);
    if (changes > 1) await velero.expire(`passing-${changes - 1}`);
  }

  const sourceFault = sourceFaults<StoreMirror>((port) => ({
    job: { ...SHORT, from: { location: local.at(port), path: velero.path } },
  }));

  /** A run with a store at another path, that looks so. */
  async function withStore(path: string, fill: (place: string) => Promise<void>): Promise<RunOf> {
    await fill(`${path}/kopia/forge`);
    const entry = '{"status":{"phase":"Completed","startTimestamp":"2026-01-01T03:00:00Z"}}';
    await local.put(`s:${local.location.bucket}/${path}/backups/nightly/velero-backup.json`, entry);
    return { job: { from: { location: local.location, path } } };
  }
  async function put(place: string, size: number): Promise<void> {
    await local.put(`s:${local.location.bucket}/${place}`, 'x'.repeat(size));
  }

  const faults: readonly Fault<StoreMirror>[] = [
    ...storeFaults(TO_MIRROR),
    ...nodeFaults(STEPS, TO_MIRROR),
    {
      what: 'The keys of the mirror expire during the run',
      fails: 'mirror',
      says: /^The store does not say whether the bucket \S+ keeps old versions.*403/,
      run: async () => ({
        beforeStart: async (container) => {
          if (container === 'mirror') await store.revoke();
        },
      }),
      undo: async () => store.restore(),
    },
    {
      what: 'The keys of the mirror may not delete, and the store says that it has',
      fails: 'remove',
      says: /^\d+ objects are still in the mirror after they were removed, '.*' among them\.$/,
      run: async () => {
        const port = await faultyStore(({ method }) => (method === 'DELETE' ? { status: 204 } : undefined));
        return { job: { location: store.at(port) } };
      },
    },
    {
      what: 'The keys of the mirror may not delete',
      fails: 'remove',
      says: /^What the store has not any more could not be removed from the mirror: .*403/,
      run: async () => {
        const port = await faultyStore(({ method }) => (method === 'DELETE' ? { status: 403 } : undefined));
        return { job: { location: store.at(port) } };
      },
    },
    unversioned('mirror'),
    mayNotAskForVersions('mirror'),
    {
      what: 'An entry does not say when its backup began',
      fails: 'mirror',
      says: /^The entry 'backups\/timeless\/velero-backup\.json' in source:\S+ does not say when its backup began, but '': /,
      run: async () => {
        const entry = `s:${local.location.bucket}/${velero.path}/backups/timeless/velero-backup.json`;
        await local.put(entry, '{"status":{"phase":"Completed"}}');
        return {};
      },
      undo: async () =>
        void (await local.rclone('purge', `s:${local.location.bucket}/${velero.path}/backups/timeless`)),
    },
    fullScratch('mirror', /[Tt]he scratch volume is full/),
    sourceFault('The store refuses to be listed (403)', 'mirror', /^The store does not list source:.*403/, isList, {
      status: 403,
    }),
    sourceFault('The store does not answer', 'mirror', /^The store does not list source:.*no end after \d+ s/, isAny, {
      delaySeconds: 1000,
    }),
    sourceFault('A pack refuses to be read (403)', 'mirror', /^The copy of source:\S+ failed: .*403/, isPack, {
      status: 403,
    }),
    sourceFault('The store hangs up in the middle of a pack', 'mirror', /^The copy of source:\S+ failed: /, isPack, {
      cutAnswerAfter: 100,
    }),
    sourceFault(
      'The content of the mirror cannot be compared',
      'compare',
      /^The content of .* cannot be compared: |^Not a single object of \S+ could be compared/,
      ({ method, path }) => method === 'GET' && /\/(kopia|backups)\//.test(path) && !path.includes('list-type'),
      { status: 500 },
      'compare',
    ),
    {
      what: 'The secret key of the store that is mirrored is another one',
      fails: 'mirror',
      says: /^The store does not list source:.*403/,
      run: async () => ({ secrets: { 'backed-up-local': { ...local.secret, AWS_SECRET_ACCESS_KEY: 'wrong' } } }),
    },
    {
      what: 'The store that is mirrored is gone (S01)',
      fails: 'mirror',
      says: /^There is no finished backup in source:\S+, so there is nothing to mirror\.$/,
      run: async () => ({ job: { from: { location: local.location, path: 'base/nowhere' } } }),
    },
    {
      what: 'The store that is mirrored has lost most of its objects',
      fails: 'mirror',
      says: /^There are \d+ objects in source:\S+, and the last copy had \d+\.$/,
      run: async () => withStore('base/few', async (place) => put(`${place}/p0`, 5_000_000)),
    },
    {
      what: 'The store that is mirrored has lost most of its bytes',
      fails: 'mirror',
      says: /^There are \d+ bytes in source:\S+, and the last copy had \d+\.$/,
      run: async () =>
        withStore('base/small', async (place) => {
          for (let i = 0; i < 30; i += 1) await put(`${place}/p${i}`, 10);
        }),
    },
    {
      what: 'The store that is mirrored has other objects',
      fails: 'mirror',
      says: /^Of the \d+ objects of the copy, \d+ are not in source:\S+ any more, '.*' among them\.$/,
      run: async () =>
        // More than the mirror has, so that it would be the smaller part when all was copied.
        withStore('base/other', async (place) => {
          for (let i = 0; i < 60; i += 1) await put(`${place}/p${i}`, 100_000);
        }),
    },
    {
      what: 'A repository of the store was made anew',
      fails: 'mirror',
      says: /^What source:\S+ has in kopia\/forge was made anew, and is another than in the mirror: move that folder of the mirror aside, and run again\.$/,
      run: async () => {
        const again = await makeVeleroStore(local, 'base/again');
        for (const name of ['first', 'second', 'third']) await again.backUp(name);
        // Whatever has vanished: nothing may be copied over what opens the rest.
        return { job: { smallestPercent: 0, from: { location: local.location, path: again.path } } };
      },
    },
    {
      what: 'Packs are removed in each pass',
      fails: 'mirror',
      says: /^In each of 3 passes the store has changed below what points to it, at last so: '.*' was removed/,
      run: async () => {
        const pack = (i: number): string => `${velero.path}/kopia/forge/pchanging-${i}`;
        await put(pack(0), 10);
        let lists = 0;
        const port = await faultyStore((request) => {
          // The list of the mirror is asked for after those of the store.
          if (!isList(request) || !request.path.includes('mirrors')) return undefined;
          lists += 1;
          const replaced = async (i: number): Promise<void> => {
            await put(pack(i), 10);
            await local.rclone('deletefile', `s:${local.location.bucket}/${pack(i - 1)}`);
          };
          return { waitFor: replaced(lists) };
        });
        return { job: { location: store.at(port) } };
      },
    },
    {
      what: 'An object of the mirror is gone after it was written',
      fails: 'compare',
      says: /^The copy is not complete: 1 of \d+ objects are not in it or have another size, 'backups\/first\/first\.tar\.gz' among them\.$/,
      run: async () => ({
        beforeStart: async (container) => {
          const object = `s:${store.location.bucket}/${mirror.path}/backups/first/first.tar.gz`;
          if (container === 'compare') await store.rclone('deletefile', object);
        },
      }),
    },
  ];

  it.each(faults.map((fault) => [fault.what, fault] as const))('%s', async (_, fault) => {
    await change();
    expect(await complaintsAbout(fault, world, before)).toEqual([]);
  });

  it('points to nothing that it has not after all of that, and is whole again after a run, and two at once', async () => {
    for (const name of ['first', 'second']) await restoreFrom(store, mirror.path, name);
    // Two at the same time, of which one may find that the other was quicker.
    const runs = await runTwice(mirror, { job: { smallestPercent: 0 } });
    expect(runs.map(({ succeeded }) => succeeded)).toContain(true);
    expect((await mirror.run({ job: { smallestPercent: 0 } })).failed).toBeUndefined();
    expect(await backupsIn(store, mirror.path)).toEqual(['first', `passing-${changes}`, 'second'].toSorted());
    for (const name of await backupsIn(store, mirror.path)) await restoreFrom(store, mirror.path, name);
  });
});

type RunOf = NonNullable<Parameters<StoreMirror['run']>[0]>;
