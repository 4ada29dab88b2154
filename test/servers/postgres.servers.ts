import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeJob, type Job } from './support/job';
import { CNPG_ROLES, fillPostgres, postgresDigest, postgresSource, POSTGRES_DATASET } from './support/postgres-data';
import { startPostgres, type PostgresServer } from './support/postgres';
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

  it('[P13] comes back equal on a new server', async () => {
    const before = await postgresDigest(server);
    // What is not committed when the dump begins is not in it.
    const open = server.session(`begin; insert into app.empty values (1); select pg_sleep(3600);`, 'app');
    const run = await job.run().finally(() => open.end());
    expect(run.failed).toBeUndefined();
    const receipt = (await job.receipts()).at(-1);
    expect(receipt?.items.counted).toBe('rows and large objects');
    expect(receipt?.items.copy).toBe(receipt?.items.source);
    expect(receipt?.items.copy).toBeGreaterThan(5000);
    expect(receipt?.tools['pg_dump']).toMatch(/^15\./);

    await server.stop();
    const folder = mkdtempSync(join(tmpdir(), 'backed-up-restore-'));
    try {
      const restored = await store.restic(job.repository, 'restore', receipt?.copy ?? '', '--target', folder);
      expect(restored.code).toBe(0);
      const data = join(folder, 'data');
      expect(await digestAfter(data, [], ['--create'])).toEqual(before);
      // Of CloudNativePG, which has made some of it already.
      const over = ['--clean', '--if-exists', '--create'];
      expect(await digestAfter(data, CNPG_ROLES, over, 'create database app owner app')).toEqual(before);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Restores all databases, as docs/jobs.md says, into a server that has some roles, and perhaps more. */
async function digestAfter(
  data: string,
  roles: readonly string[],
  options: readonly string[],
  more = '',
): Promise<Readonly<Record<string, string>>> {
  const target = await startPostgres();
  try {
    for (const role of roles) await target.sql(`create role ${role} login`);
    await target.sql(more);
    const there = new Set(['postgres', ...roles].map((role) => `CREATE ROLE ${role};`));
    const globals = readFileSync(join(data, 'globals.sql'), 'utf8').split('\n');
    await target.sql(globals.filter((line) => !there.has(line)).join('\n'));
    for (const file of readdirSync(data).filter((name) => name.endsWith('.dump'))) {
      const create = file === 'postgres.dump' ? [] : options;
      await target.program('pg_restore', '--exit-on-error', ...create, '-d', 'postgres', join(data, file));
    }
    return await postgresDigest(target);
  } finally {
    await target.stop();
  }
}
