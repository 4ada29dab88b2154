import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresDump } from '../../lib/jobs/postgres';
import { announceFaults } from './support/faults-page';
import {
  commonFaults,
  complaintsAbout,
  contentOf,
  objectsOf,
  goodCopy,
  hurried,
  runTwice,
  type Before,
  type Fault,
  type World,
} from './support/faults';
import { makeJob } from './support/job';
import {
  FEW_LOCKS,
  fillPostgres,
  makeTables,
  postgresOptions,
  postgresSource,
  POSTGRES_DATASET,
} from './support/postgres-data';
import {
  startPostgres,
  untilLockIsAwaited,
  whenAwaited,
  type PostgresOptions,
  type PostgresServer,
} from './support/postgres';
import { postgresFaults } from './support/postgres-faults';
import { makeStore } from './support/store';

const STEPS = ['begin', 'dump', 'verify', 'commit', 'receipt'];

describe('a dump of PostgreSQL, when something goes wrong', () => {
  let server: PostgresServer;
  let world: World;
  let before: Before;
  let restored: string;

  beforeAll(async () => {
    const [started, store] = await Promise.all([startPostgres(), makeStore()]);
    server = started;
    await fillPostgres(server);
    const job = makeJob(store, POSTGRES_DATASET, postgresSource(server), { 'db-superuser': server.secret });
    world = { method: 'PostgreSQL', store, job, content: objectsOf(store, job) };
    before = await goodCopy(world);
    restored = await contentOf(store, job, before.receipts.at(-1));
    announceFaults({ method: world.method, faults: faults.length });
  });
  afterAll(async () => server.stop());

  const faults: readonly Fault[] = [
    ...commonFaults(STEPS),
    ...postgresFaults({
      what: 'server',
      server: () => server,
      secretName: 'db-superuser',
      secret: () => server.secret,
    }),
    {
      what: 'The server dies during the dump',
      fails: 'dump',
      says: /^Database app was not dumped: /,
      run: async () => {
        // pg_dump waits for this lock, so that there is a middle.
        const lock = server.session('begin; lock table app.items in access exclusive mode; select pg_sleep(60)', 'app');
        return {
          onStart: async (container) => {
            if (container !== 'dump') return;
            await untilLockIsAwaited(server);
            await server.crash();
            lock.end();
          },
        };
      },
      undo: async () => server.start(),
    },
    {
      what: 'A role that a dump names is dropped during the run',
      fails: 'verify',
      says: /^The dump of database app names the role leaver, which was dropped or renamed during the run: run the job again\.$/,
      run: async () => {
        await server.sql('create role leaver');
        await server.sql('grant usage on schema app to leaver', 'app');
        const lock = server.session('begin; lock table app.items in access exclusive mode; select pg_sleep(60)', 'app');
        return {
          onStart: async (container) => {
            if (container !== 'dump') return;
            await untilLockIsAwaited(server);
            await server.sql('drop owned by leaver; drop role leaver', 'app');
            lock.end();
          },
        };
      },
    },
    {
      what: 'A table is rewritten each time that the dump begins',
      fails: 'dump',
      // Whether before or after the dump has locked it is a matter of chance.
      says: /^Database app was not dumped: (The dump failed to begin: meanwhile somebody has .* dropped app\.empty, so|pg_dump failed to lock app\.empty, because somebody waits to .* it:) run it when nobody does \(after 3 attempts\)$/,
      run: async () => {
        await server.sql('alter table app.empty alter column id type bigint', 'app');
        server.session(
          whenAwaited(
            `execute 'alter table app.empty alter column id type ' || (array['int', 'bigint'])[1 + n % 2]`,
            4,
          ),
          'app',
        );
        return {};
      },
      undo: async () => {
        await server.sql("select pg_terminate_backend(pid) from pg_stat_activity where query like 'do $$%'");
      },
    },
    {
      what: 'A table is locked for longer than the deadline',
      fails: 'dump',
      says: /^Database app was not dumped: no end after \d+ s/,
      run: async () => {
        const lock = server.session('begin; lock table app.items in access exclusive mode; select pg_sleep(60)', 'app');
        end = lock.end;
        return hurried('dump');
      },
      undo: async () => end(),
    },
    {
      what: 'The role may read all tables and large objects, and not all rows (P04)',
      fails: 'dump',
      says: /^Database app was not dumped: .*row-level security/,
      run: async () => {
        await server.sql(`create role half login password 'half' in role pg_read_all_data`);
        await server.sql(
          `do $$ declare object oid; begin
             for object in select oid from pg_largeobject_metadata loop
               execute format('grant select on large object %s to half', object);
             end loop;
           end $$`,
          'app',
        );
        return { secrets: { 'db-superuser': { username: 'half', password: 'half' } } };
      },
    },
    {
      what: 'The role may read all rows, and not all large objects (P04)',
      fails: 'dump',
      says: /^Database app was not dumped: .*large object/,
      run: async () => {
        await server.sql(`create role rows login bypassrls password 'rows' in role pg_read_all_data`);
        return { secrets: { 'db-superuser': { username: 'rows', password: 'rows' } } };
      },
    },
    {
      what: 'The server wants no connection without TLS, and has none',
      fails: 'dump',
      says: /server does not support SSL/,
      run: async () => ({ job: { source: postgresDump({ ...postgresOptions(server), sslMode: 'require' }) } }),
    },
    {
      what: 'Most rows are gone since the last copy',
      fails: 'dump',
      says: /^PostgreSQL at 127\.0\.0\.1 holds \d+ rows and large objects, and at the last backup it held \d+: when that is meant, let one run go through with smallestPercent: 0\.$/,
      run: async () => {
        await server.sql('delete from app.items', 'app');
        return {};
      },
      undo: async () => {
        await server.sql(`insert into app.items(text) select 'again ' || n from generate_series(1, 5000) n`, 'app');
      },
    },
    {
      what: 'A database takes no connections',
      fails: 'dump',
      says: /^Databases that take no connections cannot be dumped \(1, hollow among them\): let them, or drop them\.$/,
      run: async () => {
        await server.sql('alter database hollow allow_connections false');
        return {};
      },
      undo: async () => void (await server.sql('alter database hollow allow_connections true')),
    },
    serverOf(
      'There are more tables than the server can lock',
      /^Database postgres was not dumped: .*out of shared memory \(You might need to increase "?max_locks_per_transaction"?\.\) \(after 3 attempts\)$/,
      { settings: FEW_LOCKS },
      async (other) => makeTables(other, 1200),
    ),
    {
      what: 'The server is newer than the client (P05)',
      fails: 'dump',
      says: /^pg_dump 15 cannot dump PostgreSQL 18: give the job an image of PostgreSQL 18\.$/,
      run: async () => ({ job: { images: { postgres: 'docker.io/library/postgres:15.15' } } }),
    },
    serverOf(
      'The server is older than the client',
      /^What pg_dump 18 dumps does not come back into PostgreSQL 15: give the job an image of PostgreSQL 15\.$/,
      { version: 15 },
    ),
    damaged(
      'A bit of a dump flips before it is verified (P02)',
      /^The dump of database app is (damaged|not complete): /,
      (data) => {
        const file = join(data, 'app.dump');
        const bytes = readFileSync(file);
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 20_000) ^ 1, bytes.length - 20_000);
        writeFileSync(file, bytes);
      },
    ),
    damaged('A dump is cut short before it is verified (P02)', /^The dump of database app is damaged: /, (data) => {
      const file = join(data, 'app.dump');
      truncateSync(file, readFileSync(file).length - 10_000);
    }),
    damaged(
      'Roles are cut short before they are verified (P03)',
      /^The dump of roles and tablespaces is cut short\.$/,
      (data) => {
        const file = join(data, 'globals.sql');
        truncateSync(file, readFileSync(file).length - 100);
      },
    ),
    damaged('A dump is empty', /^The dump of database app is damaged: /, (data) =>
      truncateSync(join(data, 'app.dump'), 0),
    ),
    damaged('A dump is gone', /^The dump of database app is damaged: /, (data) => rmSync(join(data, 'app.dump'))),
    damaged(
      'A dump is whole, and of another database',
      /^The dump of database app is not complete: \S+ has \d+ at the source and 0 in the dump\.$/,
      (data) => copyFileSync(join(data, 'hollow.dump'), join(data, 'app.dump')),
    ),
  ];
  let end: () => void = () => {};

  it.each(faults.map((fault) => [fault.what, fault] as const))('%s', async (_, fault) => {
    expect(await complaintsAbout(fault, world, before)).toEqual([]);
  });

  it('brings back the copy before, after all of that', async () => {
    expect(await contentOf(world.store, world.job, before.receipts.at(-1))).toBe(restored);
  });

  it('succeeds again when all is well, and twice at the same time', async () => {
    expect((await runTwice(world.job)).map(({ failed }) => failed)).toEqual([undefined, undefined]);
    for (const receipt of await world.job.receipts())
      expect(await contentOf(world.store, world.job, receipt)).toMatch(/^[0-9a-f]{64}$/);
    const check = await world.store.restic(world.job.repository, 'check', '--read-data');
    expect(check.code).toBe(0);
  });

  /** Another server is dumped. */
  function serverOf(
    what: string,
    says: RegExp,
    options: PostgresOptions,
    fill: (server: PostgresServer) => Promise<void> = async () => {},
  ): Fault {
    let stop: () => Promise<void> = async () => {};
    return {
      what,
      fails: 'dump',
      says,
      run: async () => {
        const other = await startPostgres(options);
        stop = other.stop;
        await fill(other);
        return { job: { source: postgresSource(other) } };
      },
      undo: async () => stop(),
    };
  }

  function damaged(what: string, says: RegExp, damage: (data: string) => void): Fault {
    return {
      what,
      fails: 'verify',
      says,
      run: async () => ({
        beforeStart: (container, { scratch }) => {
          if (container === 'verify') damage(join(scratch, 'data'));
        },
      }),
    };
  }
});
