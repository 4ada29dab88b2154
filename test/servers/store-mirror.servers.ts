import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { restoreArchive, startArchivedPostgres, type Archive } from './support/barman';
import { rot } from './support/bucket';
import { faultyStore } from './support/faulty-store';
import type { PostgresServer } from './support/postgres';
import { makeStore, type Store } from './support/store';
import { makeStoreMirror, type StoreMirror } from './support/store-mirror';
import { until } from './support/tools';
import { backupsIn, makeVeleroStore, restoreFrom, type VeleroStore } from './support/velero-store';

describe.each([
  ['keeps old versions', true],
  ['keeps none', false],
] as const)('the mirror of a store of Velero, at a location that %s', (_, versioned) => {
  let local: Store;
  let offsite: Store;
  let velero: VeleroStore;
  let mirror: StoreMirror;
  /** What each backup has to come back as. */
  const digests = new Map<string, string>();

  beforeAll(async () => {
    [local, offsite] = await Promise.all([makeStore('local'), makeStore('offsite', 'battery staple')]);
    if (versioned) await offsite.keepVersions();
    velero = await makeVeleroStore(local);
    mirror = makeStoreMirror('velero', local, velero.path, offsite);
  });

  const location = () => ({ ...offsite.location, versioned });
  async function backUp(...names: readonly string[]): Promise<void> {
    for (const name of names) digests.set(name, await velero.backUp(name));
  }
  async function expire(name: string): Promise<void> {
    await velero.expire(name);
    digests.delete(name);
  }
  const mirrored = async (): Promise<readonly string[]> => backupsIn(offsite, mirror.path);
  async function objectsIn(store: Store, path: string): Promise<readonly string[]> {
    const listed = await store.rclone('lsf', '--recursive', '--files-only', `s:${store.location.bucket}/${path}`);
    return listed.trimEnd().split('\n').toSorted();
  }

  /** Of all backups that the source still has, and the mirror lists. */
  async function expectEqual(): Promise<void> {
    for (const name of await mirrored())
      if (digests.has(name))
        expect([name, await restoreFrom(offsite, mirror.path, name)]).toEqual([name, digests.get(name)]);
  }

  it('fails where nothing has been backed up', async () => {
    const { failed } = await mirror.run({ job: { location: location() } });
    expect(failed?.name).toBe('mirror');
    expect(failed?.message).toMatch(/^There is no finished backup in source:\S+, so there is nothing to mirror\.$/);
    expect(await mirror.receipts()).toEqual([]);
  });

  it('comes back equal, and its receipt says how far it reaches', async () => {
    await backUp('first', 'second');
    const { failed, containers } = await mirror.run({ job: { location: location() } });
    expect(failed).toBeUndefined();
    const steps = ['begin', 'mirror', 'compare', ...(versioned ? ['remove'] : []), 'receipt'];
    expect(containers.map(({ name }) => name)).toEqual(steps);
    expect(await mirrored()).toEqual(['first', 'second']);
    await expectEqual();
    const [receipt] = await mirror.receipts();
    expect(receipt).toMatchObject({
      dataset: { kind: 'BackupStorageLocation', name: 'local' },
      counts: { backups: 2 },
      moments: { newestBackup: '2026-01-02T03:00:00Z' },
      copy: mirror.path,
    });
    expect(receipt?.items.copy).toBe((await objectsIn(offsite, mirror.path)).length);
  });

  it('comes back after the maintenance of its source has removed what was mirrored', async () => {
    await backUp('third');
    await expire('first');
    await velero.maintain();
    const before = await objectsIn(offsite, mirror.path);
    const source = await objectsIn(local, velero.path);
    expect(before.filter((name) => !source.includes(name) && /\/p[0-9a-f]{32}/.test(name))).not.toEqual([]);
    expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
    await expectEqual();
    const after = await objectsIn(offsite, mirror.path);
    if (versioned) {
      const wanted = (await objectsIn(local, velero.path)).filter((name) => !/^kopia\/forge\/(s|_log)/.test(name));
      expect(after).toEqual(wanted);
      // What was removed is an old version, and can be had back.
      const versions = await offsite.rclone(
        'lsf',
        '--recursive',
        '--files-only',
        '--s3-versions',
        `s:${offsite.location.bucket}/${mirror.path}/backups`,
      );
      expect(versions).toContain('first/velero-backup-v');
    } else expect(before.filter((name) => !after.includes(name))).toEqual([]);
  });

  it('points to nothing that it has not, when the source is backed up and maintained during the run', async () => {
    await backUp('fourth');
    let meanwhile: Promise<unknown> | undefined;
    const port = await faultyStore(({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/kopia/')) return undefined;
      meanwhile ??= (async () => {
        await expire('second');
        await backUp('fifth');
        await velero.maintain();
      })();
      return { waitFor: meanwhile };
    });
    const { failed, containers } = await mirror.run({ job: { location: { ...offsite.at(port), versioned } } });
    expect(failed).toBeUndefined();
    expect(meanwhile).toBeDefined();
    // It had to begin anew.
    expect(containers.find(({ name }) => name === 'mirror')?.log.match(/copying layer 4 /g)?.length).toBeGreaterThan(1);
    expect(await mirrored()).toContain('fifth');
    await expectEqual();
  });

  it('leaves a backup that goes on to the next run, and one that has failed for ever', async () => {
    await backUp('sixth', 'seventh');
    await velero.say('sixth', 'WaitingForPluginOperations');
    await velero.say('seventh', 'Failed');
    const count = async (): Promise<number | undefined> => (await mirror.receipts()).at(-1)?.counts?.['backups'];
    const before = await count();
    expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
    const entries = async (): Promise<readonly string[]> =>
      (await objectsIn(offsite, `${mirror.path}/backups`)).filter((name) => /^s(ix|even)th\//.test(name));
    expect(await entries()).toEqual(['seventh/seventh.tar.gz', 'sixth/sixth.tar.gz']);
    expect(await count()).toBe(before);

    await velero.say('sixth', 'Completed');
    expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
    expect(await entries()).toEqual(['seventh/seventh.tar.gz', 'sixth/sixth.tar.gz', 'sixth/velero-backup.json']);
    await expectEqual();
  });

  it('is left to the next run when it is replaced during this one', async () => {
    await backUp('eighth');
    let meanwhile: Promise<unknown> | undefined;
    const port = await faultyStore(({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/kopia/')) return undefined;
      meanwhile ??= velero.say('eighth', 'Completed');
      return { waitFor: meanwhile };
    });
    const run = await mirror.run({ job: { location: { ...offsite.at(port), versioned } } });
    expect(run.failed).toBeUndefined();
    expect(await objectsIn(offsite, `${mirror.path}/backups`)).not.toContain('eighth/velero-backup.json');
    expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
    expect(await objectsIn(offsite, `${mirror.path}/backups`)).toContain('eighth/velero-backup.json');
  });

  it('is mirrored further, and says of the second mirror how old it is as of the first', async () => {
    const vault = await makeStore('vault');
    const second = makeStoreMirror('velero', offsite, mirror.path, vault, mirror.path);
    expect((await second.run()).failed).toBeUndefined();
    expect(await backupsIn(vault, second.path)).toEqual(await mirrored());
    for (const name of ['sixth', 'eighth']) expect(await restoreFrom(vault, second.path, name)).toBe(digests.get(name));
    const moments = async (job: StoreMirror) => (await job.receipts()).at(-1)?.moments;
    expect(await moments(second)).toEqual(await moments(mirror));
  });
});

describe('the mirror of an archive of Barman', () => {
  let local: Store;
  let offsite: Store;
  let archive: Archive;
  let mirror: StoreMirror;
  const backups: string[] = [];

  beforeAll(async () => {
    [local, offsite] = await Promise.all([makeStore('local'), makeStore('offsite', 'battery staple')]);
    await offsite.keepVersions();
    archive = await startArchivedPostgres(local);
    await archive.server.sql('create table notes (id int primary key, text text)');
    mirror = makeStoreMirror('barman', local, archive.path, offsite);
  });
  afterAll(async () => archive.server.stop());

  const location = () => ({ ...offsite.location, versioned: true });
  async function write(id: number): Promise<void> {
    await archive.server.sql(
      `insert into notes select ${id}, string_agg(md5(g::text), '') from generate_series(1, 3000) g`,
    );
    await archive.flush();
  }
  /** Of all rows, by the server that has them. */
  const digest = async ({ sql }: PostgresServer): Promise<string> =>
    sql(`select md5(string_agg(id || ':' || text, ',' order by id)) from notes`);

  async function expectEqual(backup: string): Promise<void> {
    const restored = await restoreArchive(offsite, mirror.path, backup);
    try {
      await until(
        'the end of the recovery',
        60,
        async () => (await restored.sql('select pg_is_in_recovery()')) === 'f',
      );
      expect(await digest(restored)).toBe(await digest(archive.server));
    } finally {
      await restored.stop();
    }
  }

  it('fails where there is a log, and no base copy', async () => {
    await write(1);
    const { failed } = await mirror.run({ job: { location: location() } });
    expect(failed?.message).toMatch(/^There is no finished backup in source:\S+, so there is nothing to mirror\.$/);
  });

  it('comes back from the mirror to the last change, when the retention of its source has removed what was mirrored', async () => {
    backups.push(await archive.backUp());
    await write(2);
    expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
    await expectEqual(backups[0] ?? '');

    const began = Date.now();
    backups.push(await archive.backUp());
    const ended = Date.now();
    await write(3);
    await archive.keep(1);
    // There is so little that all goes of what was mirrored, as after an outage that is longer than the retention.
    expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
    expect(await backupsOf()).toEqual([backups[1]]);
    const receipt = (await mirror.receipts()).at(-1);
    expect(receipt).toMatchObject({ counts: { backups: 1, repaired: 0 } });
    // Without fractions of a second, whatever the zone of the server.
    const newest = Date.parse(receipt?.moments?.['newestBackup'] ?? '');
    expect(newest).toBeGreaterThan(began - 1000);
    expect(newest).toBeLessThan(ended);
    await expectEqual(backups[1] ?? '');
  });

  it('copies a base copy again that has rotted, which size and time do not show, and keeps what it had', async () => {
    const data = `db-1/base/${backups[1]}/data.tar.gz`;
    await rot(offsite.owner, `/${offsite.location.bucket}/${mirror.path}/${data}`);
    const objects = (await mirror.receipts()).at(-1)?.items.copy ?? 0;
    let repaired: number | undefined = 0;
    // Each run compares another share.
    for (let runs = 0; repaired === 0 && runs < objects; runs += 1) {
      expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
      repaired = (await mirror.receipts()).at(-1)?.counts?.['repaired'];
    }
    expect(repaired).toBe(1);
    await expectEqual(backups[1] ?? '');
    const kept = await offsite.rclone(
      'lsf',
      '--recursive',
      '--files-only',
      `s:${offsite.location.bucket}/${mirror.path}_damaged`,
    );
    expect(kept).toMatch(new RegExp(`^\\d{8}T\\d{6}Z-[0-9a-f]{8}/${data}\n$`));
  });

  it('has all that its base copies need, when one is made and one removed during the run', async () => {
    await write(4);
    let meanwhile: Promise<unknown> | undefined;
    const port = await faultyStore(({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/wals/')) return undefined;
      meanwhile ??= (async () => {
        backups.push(await archive.backUp());
        await archive.keep(1);
      })();
      return { waitFor: meanwhile };
    });
    const { failed } = await mirror.run({ job: { location: { ...offsite.at(port), versioned: true } } });
    expect(failed).toBeUndefined();
    expect(await backupsOf()).toEqual([backups[2]]);
    await expectEqual(backups[2] ?? '');
  });

  describe('where a base copy lacks what it needs', () => {
    let backup: string;
    let place: string;
    let last: string;
    const put = async (name: string, from: string): Promise<unknown> =>
      local.rclone('moveto', from, `${place}/${name}`);
    /** Of the log, from the last segment on that the base copy needs: the server may have begun others meanwhile. */
    const segments = async (): Promise<readonly string[]> => {
      const names = (await local.rclone('lsf', '--recursive', '--files-only', `${place}/wals`)).trim().split('\n');
      return names.filter((name) => (/\/(\w{24})\.gz$/.exec(name)?.[1] ?? '') >= last).toSorted();
    };

    beforeAll(async () => {
      place = `s:${local.location.bucket}/${archive.path}/db-1`;
      backup = await archive.backUp();
      backups.push(backup);
      const info = await local.rclone('cat', `${place}/base/${backup}/backup.info`);
      [, last = ''] = /^end_wal=(\S+)/m.exec(info) ?? [];
    });

    it('leaves one whose log is still to come to the next run, and then has it', async () => {
      const coming = await segments();
      for (const segment of coming)
        await local.rclone('moveto', `${place}/wals/${segment}`, `${place}-away/${segment}`);
      const { failed, containers } = await mirror.run({ job: { location: location() } });
      expect(failed).toBeUndefined();
      expect(containers.find(({ name }) => name === 'mirror')?.log).toContain(
        `The log that 'db-1/base/${backup}/backup.info' needs is not there yet.`,
      );
      expect(await backupsOf()).toEqual(backups.slice(2, 3));

      for (const segment of coming) await put(`wals/${segment}`, `${place}-away/${segment}`);
      expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
      expect(await backupsOf()).toEqual(backups.slice(2));
      await expectEqual(backup);
    });

    it.each([
      ['log', async () => `wals/${(await segments())[0] ?? ''}`, /^wals\/\w{16}\/\w{24}$/],
      ['data', async () => `base/${backup}/data.tar.gz`, /^base\/\w+\/data\.tar$/],
    ])('fails where its %s is gone, and leaves in the mirror what it has (P16)', async (_, nameOf, needed) => {
      const before = await mirror.receipts();
      const name = await nameOf();
      await local.rclone('moveto', `${place}/${name}`, `${place}-away`);
      const { failed } = await mirror.run({ job: { location: location() } });
      await put(name, `${place}-away`);
      const [, lacks = ''] =
        /^The backup 'db-1\/base\/\w+\/backup\.info' in source:\S+ cannot be restored: it needs 'db-1\/(\S+)', which is not there\. /.exec(
          failed?.message ?? '',
        ) ?? [];
      expect(lacks).toMatch(needed);
      expect(await mirror.receipts()).toEqual(before);
      await expectEqual(backup);
    });

    it('fails where a first mirror finds that its data is gone', async () => {
      const empty = await makeStore('offsite', 'battery staple');
      await empty.keepVersions();
      const first = makeStoreMirror('barman', local, archive.path, empty);
      const data = `base/${backup}/data.tar.gz`;
      await local.rclone('moveto', `${place}/${data}`, `${place}-away`);
      const { failed } = await first.run({ job: { location: { ...empty.location, versioned: true } } });
      await put(data, `${place}-away`);
      expect(failed?.message).toMatch(
        / cannot be restored: it needs 'db-1\/base\/\w+\/data\.tar', which is not there\. /,
      );
      expect(await first.receipts()).toEqual([]);
    });

    it('fails where another cluster has taken the place of the one that was mirrored', async () => {
      expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
      const before = await backupsOf();
      const latest = await archive.backUp();
      const entry = `${place}/base/${latest}/backup.info`;
      const info = await local.rclone('cat', entry);
      const other = info.replace(/^systemid=\d+$/m, 'systemid=7000000000000000001');
      expect(other).not.toBe(info);
      await local.put(entry, other);
      expect((await mirror.run({ job: { location: location() } })).failed?.message).toMatch(
        /^What source:\S+ has in db-1 was made anew, and is another than in the mirror: move that folder of the mirror aside, /,
      );
      expect(await backupsOf()).toEqual(before);
      await local.put(entry, info);
      expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
    });
  });

  async function backupsOf(): Promise<readonly string[]> {
    const place = `s:${offsite.location.bucket}/${mirror.path}/db-1/base`;
    const listed = await offsite.rclone('lsf', '--recursive', '--files-only', '--include', 'backup.info', place);
    return listed
      .trimEnd()
      .split('\n')
      .map((name) => name.replace('/backup.info', ''));
  }
});
