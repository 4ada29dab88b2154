import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOTLESS_LAYOUT } from '../../lib/jobs/gitea';
import { makeBucket, told, type Bucket } from './support/bucket';
import { createGiteaDatabase, GITEA_DATABASE, ownByGitea, startGitea, type GiteaServer } from './support/gitea';
import { attach, claimedBucket, fillBucket, fillGitea, giteaJob, giteaSource, push } from './support/gitea-data';
import {
  commonFaults,
  complaintsAbout,
  contentOf,
  objectsOf,
  goodCopy,
  runTwice,
  type Before,
  type Fault,
  type World,
} from './support/faults';
import { announceFaults } from './support/faults-page';
import { startPostgres, type PostgresServer } from './support/postgres';
import { postgresFaults } from './support/postgres-faults';
import { makeStore } from './support/store';
import { until } from './support/tools';

const STEPS = ['begin', 'dump', 'verify', 'copy', 'list-bucket', 'list', 'compare', 'commit', 'receipt'];

describe('a copy of Gitea, when something goes wrong', () => {
  let postgres: PostgresServer;
  let gitea: GiteaServer;
  let world: World;
  let before: Before;
  let restored: string;
  let bucket: Bucket;

  beforeAll(async () => {
    const [started, store] = await Promise.all([startPostgres(), makeStore()]);
    postgres = started;
    await createGiteaDatabase(postgres);
    gitea = await startGitea(postgres);
    await fillGitea(gitea, postgres);
    bucket = await makeBucket();
    await fillBucket(bucket, gitea, 'LFS objects', 'attachments', 'repository avatars');
    const job = giteaJob(store, gitea, postgres, { files: ['repository avatars'], bucket });
    world = { method: 'Gitea', store, job, content: objectsOf(store, job) };
    before = await goodCopy(world);
    restored = await contentOf(store, job, before.receipts.at(-1));
    announceFaults({ method: world.method, faults: faults.length });
  });
  afterAll(async () => {
    await gitea.remove();
    await postgres.stop();
  });

  const inVolume = (path: string): string => join(gitea.volume, path);
  let undo: () => void = () => {};
  let undoLater = async (): Promise<void> => {};
  const undone = async (): Promise<void> => undo();

  /** Something about the volume is not as it was, as long as the run takes. */
  const broken = (what: string, fails: string, says: RegExp, breakIt: () => () => void): Fault => ({
    what,
    fails,
    says,
    run: async () => {
      undo = breakIt();
      return {};
    },
    undo: undone,
  });
  const missing = (what: string, fails: string, says: RegExp, path: () => string): Fault =>
    broken(what, fails, says, () => {
      const from = path();
      const to = join(gitea.volume, '..', 'away');
      renameSync(from, to);
      return () => renameSync(to, from);
    });
  /** A repository in the place of which there is one that was just made. */
  const emptied = (what: string, says: RegExp, path: () => string): Fault =>
    broken(what, 'compare', says, () => {
      const folder = path();
      const away = join(gitea.volume, '..', 'away');
      renameSync(folder, away);
      cpSync(inVolume('git/repositories/alice/empty.git'), folder, { recursive: true });
      ownByGitea(folder);
      return () => {
        rmSync(folder, { recursive: true });
        renameSync(away, folder);
      };
    });
  /** As an older Gitea leaves them, whose branches have no rows yet. */
  const withoutBranches = (fault: Fault): Fault => {
    const mark = async (deleted: boolean): Promise<void> =>
      void (await postgres.sql(`update branch set is_deleted = ${deleted}`, GITEA_DATABASE));
    return {
      ...fault,
      run: async (of) => {
        await mark(true);
        return fault.run(of);
      },
      undo: async () => {
        await mark(false);
        undo();
      },
    };
  };
  const changed = (
    what: string,
    fails: string,
    says: RegExp,
    path: () => string,
    change: (path: string) => void,
  ): Fault =>
    broken(what, fails, says, () => {
      const file = path();
      const content = readFileSync(file);
      chmodSync(file, 0o600);
      change(file);
      return () => writeFileSync(file, content);
    });

  /** An object is not in the bucket as it was. */
  const inBucket = (what: string, says: RegExp, prefix: string, change: (key: string) => Promise<void>): Fault => {
    let putBack = async (): Promise<void> => {};
    return {
      what,
      fails: 'compare',
      says,
      run: async () => {
        const key = Object.keys(await bucket.content()).find((each) => each.startsWith(prefix)) ?? '';
        const { bytes } = await told(bucket.owner, { path: `/${bucket.name}/${key}` });
        putBack = async () => bucket.put(key, bytes);
        await change(key);
        return { job: { source: lookingThere() } };
      },
      undo: async () => putBack(),
    };
  };
  const lookingThere = () =>
    giteaSource(postgres, { bucket: { files: ['LFS objects', 'attachments'], isListed: true } });

  const faults: readonly Fault[] = [
    ...commonFaults(STEPS),
    ...postgresFaults({
      what: 'database',
      server: () => postgres,
      secretName: 'gitea-database',
      secret: () => gitea.secret,
    }),
    {
      what: 'The database dies after its dump',
      fails: 'list',
      says: /^PostgreSQL at 127\.0\.0\.1 does not say what it keeps in files: .*[Cc]onnection refused/,
      run: async () => ({
        beforeStart: async (container) => {
          if (container === 'list') await postgres.crash();
        },
      }),
      undo: async () => postgres.start(),
    },
    {
      what: 'The database is not that of a Gitea',
      fails: 'dump',
      says: /^Database other was not dumped: .*no schema has the tables of a Gitea$/,
      run: async () => {
        await postgres.sql(`create database other owner ${GITEA_DATABASE}`);
        await postgres.sql(`create table rows as select generate_series(1, 100000)`, 'other');
        await postgres.sql(`grant all on rows to ${GITEA_DATABASE}`, 'other');
        return { job: { source: giteaSource(postgres, {}, 'other') } };
      },
    },
    {
      what: 'The database has the tables of two Giteas',
      fails: 'dump',
      says: /^Database gitea was not dumped: .*there are tables of a Gitea in several schemas: old, public \(drop those that are not in use, /,
      run: async () => {
        const tables = ['repository', 'lfs_meta_object', 'attachment'].map(
          (name) => `create table old.${name} (id int)`,
        );
        await postgres.sql([`create schema old authorization ${GITEA_DATABASE}`, ...tables].join('; '), GITEA_DATABASE);
        await postgres.sql(`grant select on all tables in schema old to ${GITEA_DATABASE}`, GITEA_DATABASE);
        return {};
      },
      undo: async () => void (await postgres.sql('drop schema old cascade', GITEA_DATABASE)),
    },
    {
      what: 'Gitea was installed anew, on an empty database',
      fails: 'dump',
      says: /^PostgreSQL at 127\.0\.0\.1 holds \d+ rows and large objects, and at the last backup it held \d+: when that is meant, let one run go through with smallestPercent: 0\.$/,
      run: async () => {
        await postgres.sql(`create database fresh owner ${GITEA_DATABASE}`);
        await postgres.sql(await postgres.program('pg_dump', '--schema-only', GITEA_DATABASE), 'fresh');
        await postgres.sql('insert into version (id, version) values (1, 1)', 'fresh');
        return { job: { source: giteaSource(postgres, {}, 'fresh') } };
      },
    },
    missing('An LFS object is gone (T01)', 'compare', /^Of 3 LFS objects .*, in git\/lfs 1 are not there, /, () =>
      fileBelow('git/lfs'),
    ),
    missing('The folder of LFS is gone (T01)', 'compare', /^Of 3 LFS objects .*, in git\/lfs 3 are not there, /, () =>
      inVolume('git/lfs'),
    ),
    missing('All attachments are gone', 'compare', /^Of 3 attachments .* 3 are not there, /, () =>
      inVolume('data/attachments'),
    ),
    missing('The files of a package are gone', 'compare', /^Of 2 package files .* 1 are not there, /, () =>
      fileBelow('packages'),
    ),
    missing('All avatars are gone (T02)', 'compare', /^Of 2 avatars .* 2 are not there, /, () =>
      inVolume('data/avatars'),
    ),
    missing('A log of Actions is gone (T02)', 'compare', /^Of 1 Actions logs .* 1 are not there, /, () =>
      fileBelow('actions_log'),
    ),
    missing(
      'A repository is gone',
      'compare',
      /^Of 6 repositories .* 1 are not there, alice\/docs\.git among them/,
      () => inVolume('git/repositories/alice/docs.git'),
    ),
    missing(
      'All repositories are gone',
      'copy',
      /^The volume has no folder git\/repositories with repositories: /,
      () => inVolume('git/repositories'),
    ),
    {
      what: 'Files are in a bucket, of which the job was not told (T02)',
      fails: 'compare',
      says: /^Of 4 attachments that the database names, in data\/attachments 1 are not there, /,
      run: async ({ store }) => {
        const { settings } = gitea;
        await gitea.stop();
        gitea.settings = { ...settings, ...bucketSettings(store) };
        await gitea.start();
        await attach(gitea, '/repos/alice/docs/issues/1/assets?name=far.txt', Buffer.from('far away'));
        await gitea.stop();
        gitea.settings = settings;
        await gitea.start();
        return {};
      },
      undo: async () => {
        await gitea.api('DELETE', `/repos/alice/docs/issues/1/assets/${await lastAttachment()}`);
      },
    },
    changed(
      'An attachment is cut short',
      'compare',
      / 1 have another size, \S+ with 3 bytes instead of \d+ among them\. If nobody can bring them back, say knownLosses: /,
      () => fileBelow('data/attachments'),
      (file) => truncateSync(file, 3),
    ),
    changed(
      'A log of Actions is cut short (T02)',
      'compare',
      /^Of 1 Actions logs .* 1 have another size, \S+ with 999 bytes instead of 1000 among them\. /,
      () => fileBelow('actions_log'),
      (file) => truncateSync(file, 999),
    ),
    {
      what: 'A compressed log of Actions is empty (T02)',
      fails: 'compare',
      says: /^Of 1 Actions logs .* 1 have another size, \S+\.zst with 0 bytes instead of 1 among them\. /,
      run: async () => {
        const file = fileBelow('actions_log');
        const rename = async (from: string, to: string): Promise<void> =>
          void (await postgres.sql(
            `update action_task set log_filename = replace(log_filename, '${from}', '${to}')`,
            GITEA_DATABASE,
          ));
        await rename('.log', '.log.zst');
        writeFileSync(`${file}.zst`, '');
        ownByGitea(join(file, '..'));
        undoLater = async () => {
          rmSync(`${file}.zst`);
          await rename('.log.zst', '.log');
        };
        return {};
      },
      undo: async () => undoLater(),
    },
    changed(
      'An artifact of Actions is cut short (T02)',
      'compare',
      /^Of 1 Actions artifacts .* 1 have another size, \S+ with 3 bytes instead of 1000 among them\. /,
      () => fileBelow('actions_artifacts'),
      (file) => truncateSync(file, 3),
    ),
    inBucket(
      'The bucket of Gitea lacks an LFS object (T01)',
      /^Of 3 LFS objects .*, in lfs of the bucket 1 are not there, /,
      'lfs/',
      async (key) => bucket.remove(key),
    ),
    inBucket(
      'An attachment in the bucket of Gitea is cut short',
      /^Of 3 attachments .*, in attachments of the bucket 1 have another size, \S+ with 3 bytes instead of \d+ among them\. /,
      'attachments/',
      async (key) => bucket.put(key, 'cut'),
    ),
    {
      what: 'The bucket of Gitea is empty (T01)',
      fails: 'compare',
      says: /^Of 3 LFS objects .*, in lfs of the bucket 3 are not there, /,
      run: async () => ({ ...claimedBucket(await makeBucket()), job: { source: lookingThere() } }),
    },
    {
      what: 'The bucket of Gitea does not exist',
      fails: 'list-bucket',
      says: /^The bucket nowhere does not exist\.$/,
      run: async () => claimedBucket({ ...bucket, name: 'nowhere' }),
    },
    {
      what: 'The bucket of Gitea refuses its keys (403)',
      fails: 'list-bucket',
      says: /^The bucket \S+ is not listed with the keys of its ObjectBucketClaim: .*403/,
      run: async () => claimedBucket({ ...bucket, owner: (await makeBucket()).owner }),
    },
    changed(
      'A bit of an LFS object flips',
      'compare',
      /^The file git\/lfs\/\S+ is damaged: /,
      () => fileBelow('git/lfs'),
      flip,
    ),
    changed(
      'A bit of a package flips',
      'compare',
      /^The file packages\/\S+ is damaged: /,
      () => fileBelow('packages'),
      flip,
    ),
    changed(
      'A bit of a git object flips',
      'copy',
      /^Repository alice\/docs\.git is damaged: /,
      () => fileBelow('git/repositories/alice/docs.git/objects'),
      flip,
    ),
    missing('A git object is gone', 'copy', /^Repository alice\/docs\.git is damaged: /, () =>
      fileBelow('git/repositories/alice/docs.git/objects'),
    ),
    missing(
      'A repository has lost all of its refs, which is whole to git',
      'compare',
      /^Repository alice\/code\.git has no branch \S+, which the database names: refs were lost\. /,
      () => inVolume('git/repositories/alice/code.git/refs/heads'),
    ),
    missing(
      'A repository has lost one branch of many',
      'compare',
      /^Repository alice\/docs\.git has no branch feature, which the database names: /,
      () => inVolume('git/repositories/alice/docs.git/refs/heads/feature'),
    ),
    missing(
      'A repository has lost its tags',
      'compare',
      /^Repository alice\/code\.git has no tag v1, which the database names: refs were lost\. .* let it sync its tags: /,
      () => inVolume('git/repositories/alice/code.git/refs/tags'),
    ),
    emptied(
      'A wiki has lost its refs and objects',
      /^The wiki alice\/docs\.wiki\.git has no refs: they were lost\. /,
      () => inVolume('git/repositories/alice/docs.wiki.git'),
    ),
    missing('A wiki is gone', 'compare', /^The wiki alice\/docs\.wiki\.git is gone, and the last copy had it: /, () =>
      inVolume('git/repositories/alice/docs.wiki.git'),
    ),
    withoutBranches(
      emptied(
        'A repository has lost all of its refs, of which the database knows none',
        /^Repository acme\/shared\.git has no branch, no tag and no other ref, and the database says that it is not empty: /,
        () => inVolume('git/repositories/acme/shared.git'),
      ),
    ),
    {
      what: 'The folder of a repository was put back to an older state',
      fails: 'compare',
      says: /^Repository alice\/docs\.git does not have commit [0-9a-f]{40}, which the database names for branch main: the folder of the repository is older than the database, /,
      run: async () => {
        const folder = inVolume('git/repositories/alice/docs.git');
        const [older, newer] = ['older', 'newer'].map((name) => join(gitea.volume, '..', name)) as [string, string];
        cpSync(folder, older, { recursive: true, preserveTimestamps: true });
        const commit = await push(gitea, 'alice/docs', 'lost');
        await until('the row of the branch', 60, async () => {
          const rows = await postgres.sql(`select count(*) from branch where commit_id = '${commit}'`, GITEA_DATABASE);
          return rows === '1';
        });
        renameSync(folder, newer);
        renameSync(older, folder);
        ownByGitea(folder);
        undo = () => {
          rmSync(folder, { recursive: true });
          renameSync(newer, folder);
        };
        return {};
      },
      undo: undone,
    },
    {
      what: 'The objects of a tag are gone, and its name is there',
      fails: 'compare',
      says: /^Repository acme\/shared\.git does not have commit 0{39}1, which the database names for tag kept: /,
      run: async () => {
        await gitea.api('POST', '/repos/acme/Shared/tags', { tag_name: 'kept' });
        await postgres.sql(
          `update release set sha1 = '${'1'.padStart(40, '0')}' where tag_name = 'kept'`,
          GITEA_DATABASE,
        );
        return {};
      },
      undo: async () => void (await gitea.api('DELETE', '/repos/acme/Shared/tags/kept')),
    },
    broken(
      'A file belongs to somebody else',
      'copy',
      /^The files of the volume were not copied: .*[Pp]ermission denied/,
      () => {
        const file = fileBelow('packages');
        chmodSync(file, 0o600);
        chownSync(file, 0, 0);
        return () => {
          chownSync(file, 1000, 1000);
        };
      },
    ),
    {
      what: 'The job has another user than Gitea (T09)',
      fails: 'copy',
      says: /[Pp]ermission denied/,
      run: async () => ({ job: { source: giteaSource(postgres, { user: 65532 }) } }),
    },
    {
      what: 'The repositories are in another folder',
      fails: 'copy',
      says: /^The volume has no folder gitea-repositories with repositories: /,
      run: async () => {
        const folders = { ...ROOTLESS_LAYOUT.folders, repositories: 'gitea-repositories' };
        return { job: { source: giteaSource(postgres, { layout: { ...ROOTLESS_LAYOUT, folders } }) } };
      },
    },
    {
      what: 'SECRET_KEY is not where the job was told (T08)',
      fails: 'compare',
      says: /^There is no SECRET_KEY in gitea\/conf\/app\.ini on the volume, /,
      run: async () => ({
        job: { source: giteaSource(postgres, { layout: { ...ROOTLESS_LAYOUT, configuration: 'gitea/conf/app.ini' } }) },
      }),
    },
    {
      what: 'The scratch volume is too small for the volume',
      fails: 'copy',
      says: /No space left on device|the scratch volume is full/,
      run: async () => ({ scratchSize: '6Mi' }),
    },
    {
      what: 'A repository is deleted during the run',
      fails: 'compare',
      says: /^Repository acme\/doomed\.git was deleted or renamed during the run: run again\.$/,
      run: async () => {
        await gitea.api('POST', '/orgs/acme/repos', { name: 'doomed', auto_init: true, default_branch: 'main' });
        return {
          beforeStart: async (container) => {
            if (container === 'copy') await gitea.api('DELETE', '/repos/acme/doomed');
          },
        };
      },
    },
    {
      what: 'The list of what is in files is cut short',
      fails: 'compare',
      says: /^What the database keeps in files was not listed to its end\.$/,
      run: async () => ({
        beforeStart: (container, { scratch }) => {
          const list = join(scratch, 'lists', 'left');
          if (container === 'compare') truncateSync(list, readFileSync(list).length - 10);
        },
      }),
    },
  ];

  it.each(faults.map((fault) => [fault.what, fault] as const))('%s', async (_, fault) => {
    expect(await complaintsAbout(fault, world, before)).toEqual([]);
  });

  it('brings back the copy before, after all of that', async () => {
    expect(await contentOf(world.store, world.job, before.receipts.at(-1))).toBe(restored);
  });

  it('succeeds again when all is well, and twice at the same time', async () => {
    expect((await runTwice(world.job)).map(({ failed }) => failed)).toEqual([undefined, undefined]);
  });

  /** Some file below a folder of the volume, always the same. */
  function fileBelow(folder: string): string {
    const files = readdirSync(inVolume(folder), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const [first] = files.map((file) => join(file.parentPath, file.name)).toSorted();
    if (first === undefined || !existsSync(first)) throw new Error(`there is no file in ${folder}`);
    return first;
  }

  async function lastAttachment(): Promise<number | undefined> {
    const assets = (await gitea.api('GET', '/repos/alice/docs/issues/1/assets')) as { id: number }[];
    return assets.at(-1)?.id;
  }
});

function bucketSettings({ location, secret }: World['store']): Readonly<Record<string, string>> {
  return {
    'storage.STORAGE_TYPE': 'minio',
    'storage.MINIO_ENDPOINT': new URL(location.endpoint).host,
    'storage.MINIO_BUCKET': location.bucket,
    'storage.MINIO_BUCKET_LOOKUP_TYPE': 'path',
    'storage.MINIO_BASE_PATH': 'gitea/',
    'storage.MINIO_ACCESS_KEY_ID': secret['AWS_ACCESS_KEY_ID'] ?? '',
    'storage.MINIO_SECRET_ACCESS_KEY': secret['AWS_SECRET_ACCESS_KEY'] ?? '',
  };
}

function flip(file: string): void {
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  writeFileSync(file, bytes);
}
