import { beforeAll, describe, expect, it } from 'vitest';
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
    for (const name of ['first', 'second', 'third']) await velero.backUp(name);
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

  /** So that every run has something to copy, and to remove, which it has when the one before has copied nothing. */
  let changes = 0;
  async function change(): Promise<void> {
    if (changes > 0 && !(await backupsIn(store, mirror.path)).includes(`passing-${changes}`)) return;
    changes += 1;
    await velero.backUp(`passing-${changes}`);
    if (changes > 1) await velero.expire(`passing-${changes - 1}`);
  }

  const sourceFault = sourceFaults<StoreMirror>((port) => ({
    job: { from: { location: local.at(port), path: velero.path } },
  }));

  /** A run with a store at another path, that looks so. */
  async function withStore(path: string, fill: (place: string) => Promise<void>): Promise<RunOf> {
    await fill(`${path}/kopia/forge`);
    for (let day = 1; day <= 3; day += 1)
      await putEntry(`${path}/backups/nightly-${day}`, `"startTimestamp":"2026-01-0${day}T03:00:00Z"`);
    return { job: { from: { location: local.location, path } } };
  }
  async function putEntry(place: string, moment: string): Promise<void> {
    const entry = `{"status":{"phase":"Completed",${moment}}}`;
    await local.put(`s:${local.location.bucket}/${place}/velero-backup.json`, entry);
  }
  async function put(place: string, size: number): Promise<void> {
    await local.put(`s:${local.location.bucket}/${place}`, 'x'.repeat(size));
  }

  const oddEntry = (what: string, says: RegExp, moment: string): Fault<StoreMirror> => ({
    what,
    fails: 'mirror',
    says,
    run: async () => {
      await putEntry(`${velero.path}/backups/odd`, moment);
      return {};
    },
    undo: async () => void (await local.rclone('purge', `s:${local.location.bucket}/${velero.path}/backups/odd`)),
  });

  /** An archive of Barman with one base copy, which began and ended with these segments of the log, and what else it has. */
  async function withArchive(
    path: string,
    ends: readonly [string, string],
    objects: readonly string[],
  ): Promise<RunOf> {
    const entry = `begin_time=2026-01-02 03:00:00.123+00:00\nbegin_wal=${ends[0]}\nend_wal=${ends[1]}\nstatus=DONE\n`;
    await local.put(`s:${local.location.bucket}/${path}/db-1/base/20260102T030000/backup.info`, entry);
    for (const name of objects) await put(`${path}/db-1/${name}`, 1000);
    return { job: { format: 'barman', smallestPercent: 0, from: { location: local.location, path } } };
  }
  const segment = (n: string): string => `wals/0000000100000001/0000000100000001000000${n}`;
  const data = 'base/20260102T030000/data.tar.bz2';

  const wholes: readonly Fault<StoreMirror>[] = [
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
    oddEntry(
      'An entry does not say when its backup began',
      /^The entry 'backups\/odd\/velero-backup\.json' in source:\S+ does not say when its backup began, but 'soon': /,
      '"startTimestamp":"soon"',
    ),
    oddEntry(
      'An entry says that its backup began at a time to come',
      /^The entry 'backups\/odd\/velero-backup\.json' in source:\S+ says that its backup began at 2999-01-02T03:00:00Z, and here it is only 20[-0-9T:]*Z: set the clocks right, /,
      '"startTimestamp":"2999-01-02T03:00:00Z"',
    ),
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
      says: /^There are \d+ objects in source:\S+, and the last copy had \d+: when that is meant, let one run go through with smallestPercent: 0\.$/,
      run: async () => withStore('base/few', async (place) => put(`${place}/p0`, 5_000_000)),
    },
    {
      what: 'The catalogue of the store that is mirrored has lost most of its backups, and its data is there',
      fails: 'mirror',
      says: /^There are 1 backups in source:\S+, and the last copy had 3: when that is meant, /,
      run: async () => {
        const at = `s:${local.location.bucket}`;
        const others = ['--filter=+ /backups/first/**', '--filter=- /backups/**'];
        await local.rclone('copy', ...others, `${at}/${velero.path}`, `${at}/base/wiped`);
        return { job: { from: { location: local.location, path: 'base/wiped' } } };
      },
    },
    {
      what: 'The store that is mirrored has lost most of its bytes',
      fails: 'mirror',
      says: /^There are \d+ bytes in source:\S+, and the last copy had \d+: when that is meant, /,
      run: async () =>
        withStore('base/small', async (place) => {
          for (let i = 0; i < 30; i += 1) await put(`${place}/p${i}`, 10);
        }),
    },
    {
      what: 'The store that is mirrored has other objects',
      fails: 'mirror',
      says: /^What is in source:\S+ looks like another store: \d+ of the \d+ objects of the mirror are not in it, and 3 of its 3 backups are not in the mirror and no newer, 'backups\/nightly-1\/velero-backup\.json' among them; when that is meant, /,
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
      what: 'A base copy of Barman has lost a segment of its log',
      fails: 'mirror',
      says: /^The backup 'db-1\/base\/20260102T030000\/backup\.info' in source:\S+ cannot be restored: it needs 'db-1\/wals\/0000000100000001\/0000000100000001000000FF', which is not there\. Make a new backup, /,
      run: async () =>
        withArchive(
          'base/holed',
          ['0000000100000001000000FE', '000000010000000200000001'],
          [
            data,
            `${segment('FE')}.gz`,
            // Neither is the segment.
            `${segment('FF')}.00000028.backup`,
            `${segment('FF')}.partial`,
            'wals/0000000100000002/000000010000000200000000.gz',
            'wals/0000000100000002/000000010000000200000001.gz',
          ],
        ),
    },
    {
      what: 'A base copy of Barman has lost its data',
      fails: 'mirror',
      says: /^The backup 'db-1\/base\/20260102T030000\/backup\.info' in source:\S+ cannot be restored: it needs 'db-1\/base\/20260102T030000\/data\.tar', which is not there\. /,
      run: async () =>
        withArchive('base/emptied', ['000000010000000100000001', '000000010000000100000001'], [segment('01')]),
    },
    {
      what: 'The log that the only base copy of Barman needs never arrives',
      fails: 'mirror',
      says: /^No backup in source:\S+ has all of the log that it needs, 'db-1\/base\/20260102T030000\/backup\.info' for one: /,
      run: async () =>
        withArchive(
          'base/early',
          ['000000010000000100000001', '000000010000000100000003'],
          [data, segment('02'), segment('01')],
        ),
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

  const ofPack = (method: string) => (request: Request) =>
    request.method === method && /\/kopia\/forge\/[pq]/.test(request.path);
  const removing = lostAt('while it removes packs', 'remove', ofPack('DELETE'), 2);
  /** What leaves something half done. */
  const halves: readonly Fault<StoreMirror>[] = [
    {
      ...removing,
      run: async (all) => {
        await velero.maintain();
        return removing.run(all);
      },
    },
    lostAt('between two packs', 'mirror', ofPack('PUT'), 2),
    lostAt(
      'between the data of a backup and its entry',
      'mirror',
      ({ method, path }) => method === 'PUT' && path.includes('/velero-backup.json'),
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
    await expectWhole();
    before = await goodCopy(world);
    expect(await backupsIn(store, mirror.path)).toEqual(await backupsIn(local, velero.path));
  });

  it('points to nothing that it has not after all of that, and two runs at once', async () => {
    // Of which one may find that the other was quicker.
    const runs = await runTwice(mirror);
    expect(runs.map(({ succeeded }) => succeeded)).toContain(true);
    expect((await mirror.run()).failed).toBeUndefined();
    expect(await backupsIn(store, mirror.path)).toEqual(['first', `passing-${changes}`, 'second', 'third'].toSorted());
    await expectWhole();
  });

  /** All that the mirror lists comes back, unless it was removed from the store before the run. */
  async function expectWhole(): Promise<void> {
    const known = await backupsIn(local, velero.path);
    for (const name of await backupsIn(store, mirror.path))
      if (known.includes(name)) await restoreFrom(store, mirror.path, name);
  }
});

type RunOf = NonNullable<Parameters<StoreMirror['run']>[0]>;
