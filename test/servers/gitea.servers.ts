import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOTLESS_LAYOUT } from '../../lib/jobs/gitea';
import type { Receipt } from '../../lib/model/receipt';
import { makeBucket } from './support/bucket';
import { createGiteaDatabase, GITEA_DATABASE, ownByGitea, startGitea, type GiteaServer } from './support/gitea';
import {
  attach,
  claimedBucket,
  failMigration,
  fillBucket,
  fillGitea,
  giteaDigest,
  giteaJob,
  giteaSource,
  push,
} from './support/gitea-data';
import type { Job, Run } from './support/job';
import { startPostgres, type PostgresServer } from './support/postgres';
import { makeStore, type Store } from './support/store';

/** What a bucket may have in the place of the volume. */
const MOVED = ['LFS objects', 'attachments', 'package files', 'avatars', 'repository avatars'] as const;

describe('a copy of Gitea', () => {
  let postgres: PostgresServer;
  let gitea: GiteaServer;
  let store: Store;
  let job: Job;

  beforeAll(async () => {
    [postgres, store] = await Promise.all([startPostgres(), makeStore()]);
    await createGiteaDatabase(postgres);
    // So that it tries a migration that must fail.
    gitea = await startGitea(postgres, { 'migrations.ALLOW_LOCALNETWORKS': 'true' });
    job = giteaJob(store, gitea, postgres);
    await fillGitea(gitea, postgres);
  });
  afterAll(async () => {
    await gitea.remove();
    await postgres.stop();
  });

  it('has all that the database names, while others push (T03)', async () => {
    let pushes = 0;
    const failed = await runWhile(async () => {
      await push(gitea, 'alice/docs', `busy-${pushes}`);
      await gitea.api('POST', '/user/repos', { name: `busy-${pushes}`, auto_init: true, default_branch: 'main' });
      pushes += 1;
    });
    expect(failed).toBeUndefined();
    expect(pushes).toBeGreaterThan(0);
    for (let n = 0; n < pushes; n += 1) await gitea.api('DELETE', `/repos/alice/busy-${n}`);
  });

  it('does without a file whose row was deleted meanwhile, and says so and what else it has', async () => {
    await attach(gitea, '/repos/alice/docs/issues/1/assets?name=doomed.txt', Buffer.from('doomed'));
    const { failed } = await job.run({
      beforeStart: async (container) => {
        if (container !== 'copy') return;
        const [asset] = (await gitea.api('GET', '/repos/alice/docs/issues/1/assets')) as { id: number }[];
        await gitea.api('DELETE', `/repos/alice/docs/issues/1/assets/${asset?.id}`);
      },
    });
    expect(failed).toBeUndefined();
    const receipt = await lastReceipt();
    expect(receipt.counts).toEqual({
      repositories: 6,
      'git repositories checked': 8,
      'git refs': expect.any(Number) as number,
      ...(await wikisOf('docs', '.profile')),
      'unfinished migrations': 0,
      branches: 6,
      tags: 1,
      'LFS objects': 3,
      'LFS pointers': 4,
      'LFS pointers without an object': 1,
      attachments: 3,
      'package files': 2,
      avatars: 2,
      'repository avatars': 1,
      'Actions logs': 1,
      'Actions artifacts': 1,
      'deleted during the run': 1,
    });
    const listed = await store.restic(job.repository, 'dump', receipt.copy, '/data/deleted-during-the-run.tsv');
    expect(listed.stdout).toMatch(/^attachments\t\S+\t6\t\n$/);
    expect(receipt.items).toMatchObject({ counted: 'rows and large objects', source: receipt.items.copy });
    const { database = '', files = '' } = receipt.moments ?? {};
    const moments = [receipt.startedAt, database, files, receipt.finishedAt];
    expect(moments).toEqual(moments.toSorted());
    expect(receipt.tools).toMatchObject({ git: expect.any(String) as string, pg_dump: expect.any(String) as string });
  });

  it('leaves out a repository whose migration has failed, of which Gitea keeps the row, and says so', async () => {
    await failMigration(gitea, postgres, 'imported');
    expect(existsSync(join(gitea.volume, 'git/repositories/alice/imported.git'))).toBe(false);
    const { failed, containers } = await job.run();
    await gitea.api('DELETE', '/repos/alice/imported');
    expect(failed).toBeUndefined();
    expect((await lastReceipt()).counts).toMatchObject({ repositories: 6, 'unfinished migrations': 1 });
    expect(containers.find(({ name }) => name === 'compare')?.log).toContain(
      'Repository alice/imported.git is left out: its migration goes on, or has failed.\n',
    );
  });

  it('lets wikis be deleted and their repositories be renamed, and does not let them be lost', async () => {
    const folder = (name: string): string => join(gitea.volume, 'git/repositories/alice', name);
    for (const name of ['noted', 'renamed'])
      await gitea.api('POST', '/user/repos', { name, auto_init: true, default_branch: 'main' });
    for (const name of ['noted', 'renamed'])
      await gitea.api('POST', `/repos/alice/${name}/wiki/new`, { title: 'Home', content_base64: 'eA==' });
    const wikis = await wikisOf('noted', 'renamed', 'docs', '.profile');
    expect((await job.run()).failed).toBeUndefined();
    expect((await lastReceipt()).counts).toMatchObject(wikis);

    await gitea.api('PATCH', '/repos/alice/renamed', { name: 'other' });
    expect((await job.run()).failed).toBeUndefined();
    expect((await lastReceipt()).counts).toMatchObject(wikis);

    rmSync(folder('other.wiki.git'), { recursive: true });
    expect((await job.run()).failed).toMatchObject({
      name: 'compare',
      message:
        'The wiki alice/other.wiki.git is gone, and the last copy had it: when that is meant, let one run go through with smallestPercent: 0.',
    });
    expect((await job.run({ job: { smallestPercent: 0 } })).failed).toBeUndefined();

    // What Gitea does when somebody deletes it in the settings.
    await postgres.sql(
      `delete from repo_unit where type = 5 and repo_id = (select id from repository where lower_name = 'noted')`,
      GITEA_DATABASE,
    );
    rmSync(folder('noted.wiki.git'), { recursive: true });
    expect((await job.run()).failed).toBeUndefined();
    expect((await lastReceipt()).counts).toMatchObject(await wikisOf('docs', '.profile'));
    for (const name of ['noted', 'other']) await gitea.api('DELETE', `/repos/alice/${name}`);
  });

  it('has not sharply fewer refs than the last copy, unless somebody says so', async () => {
    const wiki = join(gitea.volume, 'git/repositories/alice/docs.wiki.git');
    const [head = ''] = filesBelow(join(wiki, 'refs', 'heads'));
    const heads = Array.from({ length: 40 }, (_, n) => `${head}-${n}`);
    for (const other of heads) cpSync(head, other);
    ownByGitea(wiki);
    expect((await job.run()).failed).toBeUndefined();
    for (const other of heads) rmSync(other);
    expect((await job.run()).failed).toMatchObject({
      name: 'compare',
      message: expect.stringMatching(
        /^There are \d+ git refs, and at the last copy there were \d+: when that is meant, /,
      ) as string,
    });
    expect((await job.run({ job: { smallestPercent: 0 } })).failed).toBeUndefined();
  });

  it('accepts as many files without content as somebody has said are lost, and not one more', async () => {
    const knownLosses = { attachments: 1, avatars: 1 };
    const source = giteaSource(postgres, { knownLosses });
    const away = mkdtempSync(join(tmpdir(), 'backed-up-lost-'));
    const lost = filesBelow(join(gitea.volume, 'data/attachments'))[0] ?? '';
    cpSync(lost, join(away, 'lost'), { preserveTimestamps: true });
    rmSync(lost);
    expect((await job.run()).failed?.message).toMatch(
      /^Of 3 attachments that the database names, in data\/attachments 1 are not there, \S+ among them\. If nobody can bring them back, say knownLosses: \{ 'attachments': 1 \}\.$/,
    );
    expect((await job.run({ job: { source } })).failed).toBeUndefined();
    const receipt = await lastReceipt();
    expect(receipt.counts).toMatchObject({ attachments: 3, 'attachments without a file': 1 });
    expect(receipt.counts).not.toHaveProperty('avatars without a file');
    expect(receipt.verifiedBy).toMatch(/; known to be lost: at most 1 attachments and 1 avatars$/);
    const object = filesBelow(join(gitea.volume, 'git/lfs'))[0] ?? '';
    cpSync(object, join(away, 'object'), { preserveTimestamps: true });
    rmSync(object);
    const withObject = giteaSource(postgres, { knownLosses: { ...knownLosses, 'LFS objects': 1 } });
    expect((await job.run({ job: { source } })).failed?.message).toMatch(/^Of 3 LFS objects .* 1 are not there, /);
    expect((await job.run({ job: { source: withObject } })).failed).toBeUndefined();
    cpSync(join(away, 'lost'), lost, { preserveTimestamps: true });
    cpSync(join(away, 'object'), object, { preserveTimestamps: true });
    ownByGitea(gitea.volume);
    rmSync(away, { recursive: true });
  });

  it('needs its files only where they are, when some are in a bucket', async () => {
    const elsewhere = giteaSource(postgres, { bucket: { files: MOVED, isListed: false } });
    const putBack = moveAway();
    const { failed } = await job.run({ job: { source: elsewhere, smallestPercent: 0 } });
    putBack();
    expect(failed).toBeUndefined();
    const { counts, verifiedBy } = await lastReceipt();
    expect(counts).toMatchObject({
      'LFS objects in a bucket, not compared': 3,
      'attachments in a bucket, not compared': 3,
      repositories: 6,
    });
    expect(counts).not.toHaveProperty('attachments');
    expect(verifiedBy).toMatch(/; not compared: LFS objects, .* in a bucket that is copied by itself$/);
    expect(counts).not.toHaveProperty('LFS pointers without an object');
  });

  it('looks for them in the bucket, whose objects may come and go meanwhile (T01)', async () => {
    const bucket = await makeBucket();
    await fillBucket(bucket, gitea, ...MOVED);
    const knownLosses = { attachments: 1 };
    const [source, lenient] = [{}, { knownLosses }].map((options) =>
      giteaSource(postgres, { bucket: { files: MOVED, isListed: true }, ...options }),
    );
    const run: Run = {
      ...claimedBucket(bucket),
      job: { ...(source === undefined ? {} : { source }), smallestPercent: 0 },
    };
    const putBack = moveAway();
    await attach(gitea, '/repos/alice/docs/issues/1/assets?name=doomed.txt', Buffer.from('doomed'));
    const { failed } = await job.run({
      ...run,
      beforeStart: async (container) => {
        if (container !== 'copy') return;
        const [asset] = (await gitea.api('GET', '/repos/alice/docs/issues/1/assets')) as { id: number }[];
        await gitea.api('DELETE', `/repos/alice/docs/issues/1/assets/${asset?.id}`);
        await bucket.put('attachments/f/0/f00', 'of somebody who came later');
      },
    });
    const receipt = await lastReceipt();
    const objects = Object.keys(await bucket.content());
    const key = objects.find((each) => /^attachments\/(?!f\/0\/f00$)/.test(each)) ?? '';
    await bucket.remove(key);
    const withLoss = await job.run({
      ...run,
      job: { ...(lenient === undefined ? {} : { source: lenient }), smallestPercent: 0 },
    });
    putBack();
    expect(failed).toBeUndefined();
    expect(receipt.counts).toMatchObject({
      'LFS objects': 3,
      'LFS pointers without an object': 1,
      attachments: 3,
      'package files': 2,
      'objects in the bucket': objects.length,
      'deleted during the run': 1,
    });
    expect(receipt.verifiedBy).toMatch(
      /; LFS objects, .* found by name, and by size .*, in a bucket that is copied by itself$/,
    );
    expect(withLoss.failed).toBeUndefined();
    expect((await lastReceipt()).counts).toMatchObject({ attachments: 3, 'attachments without a file': 1 });
  });

  it('comes back equal in a new database and on a new volume', async () => {
    const before = await giteaDigest(gitea);
    const complaints = await complaintsOfDoctor(gitea);
    expect((await job.run({ job: { smallestPercent: 0 } })).failed).toBeUndefined();
    const { copy } = await lastReceipt();

    await gitea.stop('SIGKILL');
    await postgres.stop();
    rmSync(gitea.volume, { recursive: true });
    const folder = mkdtempSync(join(tmpdir(), 'backed-up-restore-'));
    postgres = await startPostgres();
    await createGiteaDatabase(postgres);
    expect((await store.restic(job.repository, 'restore', copy, '--target', folder)).code).toBe(0);
    const dump = join(folder, 'data', `${GITEA_DATABASE}.dump`);
    await postgres.program('pg_restore', '--exit-on-error', '-d', GITEA_DATABASE, dump);
    cpSync(join(folder, 'data', 'files'), gitea.volume, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
    ownByGitea(gitea.volume);
    rmSync(folder, { recursive: true });
    const settings = { ...gitea.settings, 'database.HOST': `127.0.0.1:${postgres.port}` };
    gitea.settings = settings;
    await gitea.start();
    expect((await gitea.program('admin', 'regenerate', 'hooks')).code).toBe(0);
    expect(await giteaDigest(gitea)).toEqual(before);

    expect(await complaintsOfDoctor(gitea)).toEqual(complaints);
    await gitea.api('POST', '/repos/alice/code/issues', { title: 'after the restore' });
    await push(gitea, 'alice/docs', 'after');

    // The comparison would have seen another SECRET_KEY (T08), of which the doctor says nothing (T07).
    await gitea.stop();
    gitea.settings = { ...settings, 'security.SECRET_KEY': 'another' };
    await gitea.start();
    await expect(gitea.api('GET', '/repos/alice/code/hooks')).rejects.toThrow('500');
    expect(await complaintsOfDoctor(gitea)).toEqual(complaints);
  });

  /** As if it kept them in a bucket. @returns what puts them back. */
  function moveAway(): () => void {
    const away = join(gitea.volume, '..', 'away');
    const move = (from: string, to: string): void => {
      for (const path of MOVED.map((kind) => ROOTLESS_LAYOUT.folders[kind])) {
        cpSync(join(from, path), join(to, path), { recursive: true, preserveTimestamps: true });
        rmSync(join(from, path), { recursive: true });
      }
    };
    move(gitea.volume, away);
    return () => {
      rmSync(join(gitea.volume, 'data/attachments'), { recursive: true, force: true });
      move(away, gitea.volume);
      ownByGitea(gitea.volume);
    };
  }

  /** What a receipt counts of them. */
  async function wikisOf(...names: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const list = names.map((name) => `'${name}'`).join(', ');
    const ids = await postgres.sql(`select id from repository where lower_name in (${list})`, GITEA_DATABASE);
    return Object.fromEntries(ids.split('\n').map((id) => [`refs of wiki ${id}`, 1]));
  }

  async function lastReceipt(): Promise<Receipt> {
    const receipt = (await job.receipts()).at(-1);
    if (receipt === undefined) throw new Error('there is no receipt');
    return receipt;
  }

  /** Does something again and again as long as a run takes, and returns how that failed. */
  async function runWhile(busy: () => Promise<void>): Promise<unknown> {
    const state = { isOver: false };
    const work = (async (): Promise<void> => {
      while (!state.isOver) await busy();
    })();
    const { failed } = await job.run();
    state.isOver = true;
    await work;
    return failed;
  }
});

describe('a copy of a Gitea whose tables are in a schema of its own', () => {
  it('finds them there', async () => {
    const [postgres, store] = await Promise.all([startPostgres(), makeStore()]);
    await createGiteaDatabase(postgres);
    await postgres.sql(`create schema forge authorization ${GITEA_DATABASE}`, GITEA_DATABASE);
    const gitea = await startGitea(postgres, { 'database.SCHEMA': 'forge' });
    const job = giteaJob(store, gitea, postgres);
    await gitea.api('POST', '/user/repos', { name: 'code', auto_init: true, default_branch: 'main' });
    const { failed } = await job.run();
    await gitea.remove();
    await postgres.stop();
    expect(failed).toBeUndefined();
    expect((await job.receipts()).at(-1)?.counts).toMatchObject({ repositories: 1, branches: 1 });
  });
});

function filesBelow(folder: string): readonly string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

/** Its exit code is 0 whatever it finds, so what it says counts. */
async function complaintsOfDoctor(gitea: GiteaServer): Promise<readonly string[]> {
  const { stdout, stderr } = await gitea.program('doctor', 'check', '--all');
  return `${stdout}${stderr}`.split('\n').filter((line) => /\[[EW]\]/.test(line));
}
