import { beforeAll, describe, expect, it } from 'vitest';
import { faultyStore } from './support/faulty-store';
import { makeStore, type Store } from './support/store';
import { makeStoreMirror, type StoreMirror } from './support/store-mirror';
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
    if (versioned) await offsite.rclone('backend', 'versioning', `s:${offsite.location.bucket}`, 'Enabled');
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
    expect(failed?.message).toMatch(/^There is no backup in source:\S+, so there is nothing to mirror\.$/);
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
    const newest = JSON.parse(
      await local.rclone(
        'lsjson',
        '--stat',
        '--use-server-modtime',
        `s:${local.location.bucket}/${velero.path}/backups/second/velero-backup.json`,
      ),
    ) as { ModTime: string };
    expect(receipt).toMatchObject({
      dataset: { kind: 'BackupStorageLocation', name: 'local' },
      counts: { backups: 2 },
      moments: { newestBackup: `${newest.ModTime.slice(0, 19)}Z` },
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
      const wanted = (await objectsIn(local, velero.path)).filter((name) => !/\/(s|_log)/.test(name));
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
    const proxy = await faultyStore(({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/kopia/')) return undefined;
      meanwhile ??= (async () => {
        await expire('second');
        await backUp('fifth');
        await velero.maintain();
      })();
      return { waitFor: meanwhile };
    });
    const { failed, containers } = await mirror
      .run({ job: { location: { ...offsite.at(proxy.port), versioned } } })
      .finally(proxy.close);
    expect(failed).toBeUndefined();
    expect(meanwhile).toBeDefined();
    // It had to begin anew.
    expect(containers.find(({ name }) => name === 'mirror')?.log.match(/copying layer 3 /g)?.length).toBeGreaterThan(1);
    expect(await mirrored()).toContain('fifth');
    await expectEqual();
  });

  it('leaves a backup that is being written to the next run', async () => {
    await backUp('sixth');
    const entry = `s:${local.location.bucket}/${velero.path}/backups/sixth/velero-backup.json`;
    const text = await local.rclone('cat', entry);
    let meanwhile: Promise<unknown> | undefined;
    const proxy = await faultyStore(({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/kopia/')) return undefined;
      meanwhile ??= local.put(entry, `${text}\n`);
      return { waitFor: meanwhile };
    });
    const run = await mirror.run({ job: { location: { ...offsite.at(proxy.port), versioned } } }).finally(proxy.close);
    expect(run.failed).toBeUndefined();
    const entries = async (): Promise<readonly string[]> =>
      (await objectsIn(offsite, `${mirror.path}/backups`)).filter((name) => name.startsWith('sixth/'));
    expect(await entries()).toEqual(['sixth/sixth.tar.gz']);
    expect((await mirror.run({ job: { location: location() } })).failed).toBeUndefined();
    expect(await entries()).toEqual(['sixth/sixth.tar.gz', 'sixth/velero-backup.json']);
    await expectEqual();
  });
});
