/** A PostgreSQL server of a test, with the version that `dist/` names. */
import { spawn } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports';
import { output, TOOLS, until, type RunOptions } from './tools';

/** The root of each version's programs: the image of `dist/`, or the machine itself. */
const ROOTS = { 15: '/', 18: join(TOOLS, 'rootfs', 'postgres-18') } as const;
type Version = keyof typeof ROOTS;

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
  /** Runs a program of its version as superuser. */
  readonly program: (name: string, ...args: readonly string[]) => Promise<string>;
  /** Runs a script of bash that finds its programs. */
  readonly script: (script: string, folder: string) => Promise<string>;
  /** As a crash does. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface PostgresOptions {
  /** @defaultValue what `dist/` names */
  readonly version?: Version;
  /** Whether it takes clients that ask for TLS. */
  readonly tls?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Brings the folder of its data, which else is made new. The password is that of the server which it comes from. */
  readonly from?: (data: string) => Promise<void>;
}

export async function startPostgres({
  version = 18,
  tls = false,
  settings = {},
  from,
}: PostgresOptions = {}): Promise<PostgresServer> {
  const { uid, gid } = await postgresUser(version);
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-postgres-'));
  chownSync(folder, uid, gid);
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD);
  chownSync(passwordFile, uid, gid);
  const port = await freePort();
  const data = join(folder, 'data');
  const init = ['-D', data, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  const own = async (name: string, ...args: readonly string[]): Promise<string> =>
    within(version, [name, ...args], { user: uid });
  if (from === undefined) await own('initdb', ...init, '--locale=C.UTF-8', '--no-sync');
  else await from(data);
  if (tls) await makeCertificate(data);
  await output('chown', ['-R', `${uid}:${gid}`, data]);
  const conf = { idle_in_transaction_session_timeout: '2s', ssl: tls ? 'on' : 'off', ...settings };
  const lines = Object.entries(conf).map(([name, value]) => `${name} = '${value}'\n`);
  appendFileSync(join(data, 'postgresql.conf'), lines.join(''));
  const options = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories=${folder} -c fsync=off`;
  const start = async (): Promise<void> => {
    await own('pg_ctl', '-D', data, '-l', join(folder, 'log'), '-o', options, '-w', 'start');
  };
  await start();
  const env = { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres', PGPASSWORD: PASSWORD };
  const program = async (name: string, ...args: readonly string[]): Promise<string> =>
    within(version, [name, ...args], { env });
  const script = async (text: string, cwd: string): Promise<string> =>
    within(version, ['bash', '-e', '-o', 'pipefail'], { env, cwd, input: text });
  const crash = async (): Promise<void> => {
    if (existsSync(data)) await own('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop').catch(() => {});
  };
  const sql = async (query: string, database = 'postgres'): Promise<string> => {
    const psql = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-f', '-', '-d', conninfo(database)];
    return (await output('psql', psql, { env, input: query })).trimEnd();
  };
  const session = (query: string, database = 'postgres'): { end: () => void } => {
    const child = spawn('psql', ['-X', '-q', '-d', conninfo(database), '-c', query], {
      // So that the server ends with the client, and not when it wants to say something.
      env: { PATH: process.env['PATH'], ...env, PGOPTIONS: '-c client_connection_check_interval=200' },
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
    script,
    crash,
    start,
    stop: async () => {
      await crash();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Until so many clients of the server wait for a lock, as a dump does when its moment has begun and a table is locked. */
export async function untilLockIsAwaited(server: PostgresServer, clients = 1): Promise<void> {
  const waiting = `select count(*) from pg_stat_activity where application_name <> '' and wait_event_type = 'Lock'`;
  await until('clients that wait for a lock', 60, async () => Number(await server.sql(waiting)) >= clients);
}

/** SQL that does something and commits it when another client waits for that, so many times. */
export function whenAwaited(statement: string, times = 1): string {
  return `do $$ begin for n in 1..${times} loop
    ${statement};
    while not exists (select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))) loop
      perform pg_sleep(0.05);
    end loop;
    commit;
  end loop; end $$`;
}

/** Where the server looks for it. */
async function makeCertificate(data: string): Promise<void> {
  const files = ['-keyout', 'server.key', '-out', 'server.crt'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await output('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=localhost', ...files], { cwd: data });
}

async function postgresUser(version: Version): Promise<{ uid: number; gid: number }> {
  return {
    uid: Number(await within(version, ['id', '-u', 'postgres'])),
    gid: Number(await within(version, ['id', '-g', 'postgres'])),
  };
}

/** In a mount namespace of its own, where nothing is left behind: with the machine's devices, its files, and its folder for temporary ones. */
const ENTER = `root=$1 user=$2 folder=$3
shift 3
if [ "$root" != / ]; then
  mkdir -p "$root${tmpdir()}"
  for place in /dev "${tmpdir()}"; do mount --rbind "$place" "$root$place"; done
fi
exec chroot --userspec="$user" "$root" sh -c 'cd "$0" && exec "$@"' "$folder" "$@"`;

/** Runs a program that is found where a version's are. */
async function within(version: Version, command: readonly string[], options: RunOptions = {}): Promise<string> {
  const { user = 0, cwd = tmpdir(), env = {}, input } = options;
  return output('unshare', ['--mount', 'sh', '-c', ENTER, 'sh', ROOTS[version], String(user), cwd, ...command], {
    env: { ...env, PATH: `/usr/lib/postgresql/${version}/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
    ...(input === undefined ? {} : { input }),
  });
}

/** A name of a database, whatever characters it has. */
export function conninfo(database: string): string {
  return `dbname='${database.replaceAll(/['\\]/g, (character) => `\\${character}`)}'`;
}
