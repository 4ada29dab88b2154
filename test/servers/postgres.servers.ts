import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresDump } from '../../lib/jobs/postgres';
import { makeJob, type Job } from './support/job';
import {
  CNPG_ROLES,
  FEW_LOCKS,
  fillPostgres,
  makeTables,
  postgresDigest,
  postgresOptions,
  postgresSource,
  POSTGRES_DATASET,
} from './support/postgres-data';
import { startPostgres, untilLockIsAwaited, whenAwaited, type PostgresServer } from './support/postgres';
import { makeStore, type Store } from './support/store';
import { until } from './support/tools';

describe('a dump of PostgreSQL', () => {
  let server: PostgresServer;
  let store: Store;
  let job: Job;

  beforeAll(async () => {
    [server, store] = await Promise.all([startPostgres(), makeStore()]);
    job = makeJob(store, POSTGRES_DATASET, postgresSource(server), { 'db-superuser': server.secret });
    await fillPostgres(server);
  });
  afterAll(async () => server.stop());

  it('is of one moment, while others write', async () => {
    await server.sql('create table app.busy (id int)', 'app');
    const writer = server.session(
      `do $$ begin loop
         insert into app.busy select generate_series(1, 10);
         delete from app.busy where random() < 0.1;
         commit;
       end loop; end $$`,
      'app',
    );
    const rows = async (): Promise<number> => Number(await server.sql('select count(*) from app.busy', 'app'));
    await until('a row', 30, async () => (await rows()) > 0);
    const run = await job.run().finally(() => writer.end());
    expect(run.failed).toBeUndefined();
    const [receipt] = await job.receipts();
    expect(receipt?.items.copy).toBe(receipt?.items.source);
    await server.sql('drop table app.busy', 'app');
  });

  describe('of a database whose tables others change', () => {
    const CHANGES = [
      ['emptied', 'truncate staging'],
      ['dropped', 'drop table staging'],
      ['renamed', 'alter table staging rename to swapped'],
      ['rewritten', 'alter table staging alter column a type bigint'],
    ] as const;

    let shop: Job;

    beforeAll(async () => {
      const source = postgresDump({ ...postgresOptions(server), database: 'shop' });
      shop = makeJob(store, { ...POSTGRES_DATASET, name: 'shop' }, source, { 'db-superuser': server.secret });
      await server.sql('create database shop');
      await server.sql('create sequence numbers; create table orders as select generate_series(1, 500) as a', 'shop');
    });
    beforeEach(async () => {
      const tables = 'drop table if exists staging, swapped, last; create table staging as table orders';
      await server.sql(`${tables}; create table last as table orders`, 'shop');
    });
    afterAll(async () => void (await server.sql('drop database shop with (force)')));

    /** While something is locked. */
    async function runWhile(locked: string, meanwhile: () => Promise<void>): Promise<string | undefined> {
      const lock = server.session(`begin; ${locked}; select pg_sleep(60)`, 'shop');
      const run = await shop.run({
        onStart: async (container) => {
          if (container !== 'dump') return;
          await untilLockIsAwaited(server);
          await meanwhile();
          lock.end();
        },
      });
      return run.failed?.message;
    }

    it.each(CHANGES)('counts a table as it was dumped that is %s while pg_dump reads', async (_, change) => {
      // pg_dump asks for the numbers of sequences after it has locked all tables.
      const failed = await runWhile('drop sequence numbers', async () => {
        server.session(change, 'shop');
        await untilLockIsAwaited(server, 2);
      });
      expect(failed).toBeUndefined();
    });

    it.each(CHANGES)(
      'begins anew when a table is %s after its moment, and before it is locked',
      async (what, change) => {
        server.session(whenAwaited(change), 'shop');
        let counted = '';
        const run = await shop.run({
          beforeStart: (container, { scratch }) => {
            if (container === 'verify') counted = readFileSync(join(scratch, 'counts', 'shop.source'), 'utf8');
          },
        });
        expect(run.failed).toBeUndefined();
        const rows = `${what === 'emptied' ? 0 : 500}\t"public"."${what === 'renamed' ? 'swapped' : 'staging'}"\t`;
        expect(counted.includes(rows)).toBe(what !== 'dropped');
      },
    );

    it('begins anew when somebody waits to empty a table before pg_dump has locked it', async () => {
      const failed = await runWhile('lock table last', async () => {
        server.session('truncate staging', 'shop');
        await untilLockIsAwaited(server, 2);
      });
      expect(failed).toBeUndefined();
    });
  });

  it('counts tables that cannot all be locked at once with their indexes', async () => {
    const many = await startPostgres({ settings: FEW_LOCKS });
    try {
      await makeTables(many, 300);
      const dataset = { ...POSTGRES_DATASET, name: 'many' };
      const run = await makeJob(store, dataset, postgresSource(many), { 'db-superuser': many.secret }).run();
      expect(run.failed).toBeUndefined();
    } finally {
      await many.stop();
    }
  });

  it('has the roles that are made while it goes on, and does without those that it names nowhere', async () => {
    await server.sql('create role bystander');
    const lock = server.session('begin; lock table app.items in access exclusive mode; select pg_sleep(60)', 'app');
    const run = await job.run({
      onStart: async (container) => {
        if (container !== 'dump') return;
        await untilLockIsAwaited(server);
        await server.sql('drop role bystander; create role "Tenant 7"');
        await server.sql('create table of_tenant (id int); alter table of_tenant owner to "Tenant 7"', 'hollow');
        lock.end();
      },
    });
    expect(run.failed).toBeUndefined();
    const digest = await postgresDigest(server, ['postgres']);
    await inRestored(async (folder) => {
      const [toServer = ''] = restoreCommands();
      expect(await digestAfter(folder, toServer, [])).toEqual(digest);
    });
  });

  it('[P13] comes back equal on a new server', async () => {
    const before = await postgresDigest(server, ['postgres']);
    const withoutCluster = await postgresDigest(server, ['postgres', ...CNPG_ROLES]);
    // What is not committed when the dump begins is not in it.
    const open = server.session(`begin; insert into app.empty values (1); select pg_sleep(3600);`, 'app');
    const run = await job.run().finally(() => open.end());
    expect(run.failed).toBeUndefined();
    const receipt = (await job.receipts()).at(-1);
    expect(receipt?.items.counted).toBe('rows and large objects');
    expect(receipt?.items.copy).toBe(receipt?.items.source);
    expect(receipt?.items.copy).toBeGreaterThan(5000);
    expect(receipt?.tools['pg_dump']).toMatch(/^18\./);

    await server.stop();
    await inRestored(async (folder) => {
      const [toServer = '', toCluster = ''] = restoreCommands();
      expect(await digestAfter(folder, toServer, [])).toEqual(before);
      // Of an image that was told POSTGRES_DB.
      expect(await digestAfter(folder, toServer, [], 'create database app')).toEqual(before);
      // Of CloudNativePG, which has made some of it already.
      expect(await digestAfter(folder, toCluster, CNPG_ROLES, 'create database app owner app')).toEqual(withoutCluster);
    });
  });

  /** Where `out/` is what the last receipt names. */
  async function inRestored(use: (folder: string) => Promise<void>): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'backed-up-restore-'));
    try {
      const copy = (await job.receipts()).at(-1)?.copy ?? '';
      const target = join(folder, 'out');
      expect((await store.restic(job.repository, 'restore', copy, '--target', target)).code).toBe(0);
      await use(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

/** What docs/jobs.md says to run in a shell: for a new server, and for a new Cluster of CloudNativePG. */
function restoreCommands(): readonly string[] {
  const [, section = ''] = readFileSync('docs/jobs.md', 'utf8').split(/^## PostgreSQL$/m);
  const blocks = [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, commands = '']) => commands);
  return blocks.slice(0, 2).map((commands) => commands.replace(/^in_server\(\) .*/m, 'in_server() { "$@"; }'));
}

/**
 * Runs the commands on a server that has some roles, and perhaps more, which all can log in with their passwords of before;
 * what is said of `app` is done with each database.
 */
async function digestAfter(
  folder: string,
  commands: string,
  roles: readonly string[],
  more = '',
): Promise<Readonly<Record<string, string>>> {
  const target = await startPostgres();
  try {
    for (const role of roles) await target.sql(`create role ${role} login password 'new ${role}'`);
    await target.sql(more);
    const others = readdirSync(join(folder, 'out', 'data')).filter((name) => /(?<!^postgres)\.dump$/.test(name));
    const script = commands.replace(/^.*app\.dump\n/m, (line) =>
      others.map((name) => line.replace('app.dump', name)).join(''),
    );
    await target.script(script, folder);
    for (const role of roles)
      await target.script(`PGUSER=${role} PGPASSWORD='new ${role}' psql -d app -c 'select 1'`, folder);
    return await postgresDigest(target, ['postgres', ...roles]);
  } finally {
    await target.stop();
  }
}
