/** The database of `dist/` as CloudNativePG runs it: its archive, its base copies and its dumps, and what comes back. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { isMapping, type KubeObject } from '../../lib/model/kube-object';
import { distObjects, named } from '../servers/support/dist';
import type { Store } from '../servers/support/store';
import { until } from '../servers/support/tools';
import { connect } from './support/cluster';
import { failureOf, jobsOf } from './support/jobs';
import { preparePlatform, type Platform } from './support/platform';

const cluster = connect(inject('kubeconfig'));

const CLUSTERS = 'clusters.postgresql.cnpg.io';
const ARCHIVE = 'home/data/forge/db';
const DUMPS = 'home/data/forge/cluster_db';
const ROWS = "select count(*) || ' ' || md5(string_agg(t::text, '|' order by id)) from t";

describe.skipIf(!inject('lab'))('the database of dist/', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await preparePlatform(cluster);
    const ofDatabase = ({ kind }: KubeObject): boolean => ['Cluster', 'ObjectStore', 'ScheduledBackup'].includes(kind);
    await cluster.apply(...['forge', 'forge-backup'].flatMap((folder) => distObjects(folder).filter(ofDatabase)));
    await cluster.create(...jobsOf('forge-backup'));
    await isReady('db');
    // The application's own, because the job of Gitea dumps the database as that.
    const made = 'set role app; create table t(id int primary key, v text)';
    await sql('db', `${made}; insert into t select i, md5(i::text) from generate_series(1, 20000) i`);
  });

  it('hands over its log, and has a base copy made', async () => {
    const archiving = '{.status.conditions[?(@.type=="ContinuousArchiving")].status}';
    await until('the archive of the log', 120, async () => (await get(CLUSTERS, 'db', archiving)) === 'True');
    const phases = '{.items[*].status.phase}';
    await until('a base copy', 150, async () => {
      // The server would take minutes over the one that a base copy begins with.
      await sql('db', 'checkpoint');
      return (await get('backups.postgresql.cnpg.io', '', phases)) === 'completed';
    });
    const files = (await platform.offsite.rclone('lsf', '--recursive', `s:home-backups/${ARCHIVE}`)).split('\n');
    expect(files.filter((file) => /^db-1\/base\/\w+\/data\.tar\.gz$/.test(file))).toHaveLength(1);
    expect(files.filter((file) => /^db-1\/wals\/\w+\/\w{24}\.gz$/.test(file)).length).toBeGreaterThan(0);
  });

  it('is dumped, and the dump has all rows', async () => {
    expect(await failureOf(cluster, 'forge', 'db-dump-local')).toBe('');
    expect(await rowsInDump(platform.local)).toBe(20_000);
    expect(await platform.local.receipts('home/receipts/forge/cluster_db')).toHaveLength(1);
  });

  it('has its dumps brought off-site, and both repositories kept in order', async () => {
    for (const job of ['db-dump-local-to-offsite', 'db-dump-local-upkeep', 'db-dump-local-to-offsite-upkeep'])
      expect(await failureOf(cluster, 'forge', job)).toBe('');
    expect(await rowsInDump(platform.offsite)).toBe(20_000);
    expect(await platform.offsite.receipts('home/receipts/forge/cluster_db')).toHaveLength(1);
  });

  it('comes back as it was at a moment, as docs/postgres.md has it', async () => {
    const wanted = await sql('db', ROWS);
    const targetTime = await sql('db', 'select to_char(now() at time zone \'utc\', \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')');
    await sql('db', 'delete from t where id > 10');
    await handOverLog();
    await cluster.apply(restored(named(distObjects('forge'), 'Cluster', 'db'), 'db-restored', targetTime));
    await isReady('db-restored');
    expect(await sql('db-restored', ROWS)).toBe(wanted);
    expect(await sql('db', 'select count(*) from t')).toBe('10');
  });
});

/** The next generation, as the construct writes it, beside the one that it comes from. */
function restored(db: KubeObject, name: string, targetTime: string): KubeObject {
  const spec = isMapping(db['spec']) ? db['spec'] : {};
  const plugin = (serverName: string): object => ({
    name: 'barman-cloud.cloudnative-pg.io',
    parameters: { barmanObjectName: 'db', serverName },
  });
  return {
    ...db,
    metadata: { ...db.metadata, name },
    spec: {
      ...spec,
      bootstrap: { recovery: { source: 'before', database: 'app', owner: 'app', recoveryTarget: { targetTime } } },
      externalClusters: [{ name: 'before', plugin: plugin('db-1') }],
      plugins: [{ isWALArchiver: true, ...plugin('db-2') }],
    },
  };
}

async function isReady(name: string): Promise<void> {
  await kubectl('wait', `${CLUSTERS}/${name}`, '--for=condition=Ready', '--timeout=150s');
}

async function handOverLog(): Promise<void> {
  const file = await sql('db', 'select pg_walfile_name(pg_switch_wal())');
  const isArchived = `select last_archived_wal >= '${file}' from pg_stat_archiver`;
  await until('the archive of the log', 60, async () => (await sql('db', isArchived)) === 't');
}

/** As the tool of the server's own version reads them. */
async function rowsInDump(store: Store): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-restored-'));
  try {
    expect(await store.restic(DUMPS, 'restore', 'latest', `--target=${folder}`)).toMatchObject({ code: 0 });
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const dump = files.find((file) => file.endsWith('/app.dump')) ?? '';
    const read = 'base64 -d | pg_restore --data-only --table=t --file=-';
    const words = ['-n', 'forge', 'exec', '--stdin', 'db-1', '--container=postgres', '--', 'sh', '-c', read];
    const { stdout } = await cluster.try(words, readFileSync(join(folder, dump), 'base64'));
    return stdout.split('\n').filter((line) => /^\d+\t[0-9a-f]{32}$/.test(line)).length;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function sql(name: string, query: string): Promise<string> {
  const psql = ['psql', '--quiet', '--tuples-only', '--no-align', '--dbname=app', `--command=${query}`];
  return (await kubectl('exec', `${name}-1`, '--container=postgres', '--', ...psql)).trim();
}

async function get(kind: string, name: string, path: string): Promise<string> {
  return kubectl('get', kind, ...(name === '' ? [] : [name]), `--output=jsonpath=${path}`);
}

async function kubectl(...words: readonly string[]): Promise<string> {
  return cluster.kubectl('-n', 'forge', ...words);
}
