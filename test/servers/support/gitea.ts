/** A Gitea of a test, laid out as in the rootless image: the same app.ini, and one volume. */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresServer } from './postgres';
import { freePort } from './ports';
import { output, run, tool, TOOLS, until, type Ended } from './tools';

/** Gitea's user in all of its images. */
export const GITEA_USER = 1000;
const ADMIN = 'alice';
const PASSWORD = 'Passw0rd!x';
const DATABASE_PASSWORD = 'gitea $(HOME) ${x}';

export interface GiteaServer {
  readonly url: string;
  /** What its Secret with settings would hold. A test changes it to start with others. */
  settings: Readonly<Record<string, string>>;
  /** Whom all others log in as. */
  readonly admin: { readonly username: string; readonly password: string };
  /** What the Secret with the credentials of its database holds. */
  readonly secret: Readonly<Record<string, string>>;
  /** The folder that is its volume. */
  readonly volume: string;
  readonly start: () => Promise<void>;
  /** As an orderly end, or as a crash. */
  readonly stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** Runs the program itself. */
  readonly program: (...args: readonly string[]) => Promise<Ended>;
  /** Asks the API as administrator. Anything but a JSON body of success throws. */
  readonly api: (method: string, path: string, body?: object) => Promise<unknown>;
  /** Any address, as administrator. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
  /** Runs git as a user of the server would, in a folder. */
  readonly git: (folder: string, ...args: readonly string[]) => Promise<string>;
  /** Where a user pushes to. */
  readonly remote: (repository: string) => string;
  readonly remove: () => Promise<void>;
}

/** The name of its database, and of the role that owns it. */
export const GITEA_DATABASE = 'gitea';

export async function createGiteaDatabase(postgres: PostgresServer): Promise<void> {
  await postgres.sql(`create role ${GITEA_DATABASE} login password '${DATABASE_PASSWORD}'`);
  // Gitea waits for git inside of transactions, on a busy machine for seconds.
  await postgres.sql(`alter role ${GITEA_DATABASE} set idle_in_transaction_session_timeout = '1min'`);
  await postgres.sql(`create database ${GITEA_DATABASE} owner ${GITEA_DATABASE}`);
}

/**
 * @param postgres has its database, with or without tables.
 * @param settings besides those that all tests need.
 */
export async function startGitea(
  postgres: { readonly port: number },
  settings: Readonly<Record<string, string>> = {},
): Promise<GiteaServer> {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-gitea-'));
  chownSync(folder, GITEA_USER, GITEA_USER);
  // Its user may not look into the home of whoever runs the tests.
  const binary = join(folder, 'gitea');
  cpSync(tool('gitea'), binary);
  const files = join(folder, 'static');
  cpSync(join(TOOLS, 'gitea'), files, { recursive: true });
  const volume = join(folder, 'volume');
  const ini = join(folder, 'app.ini');
  for (const path of [volume, join(folder, 'tmp')]) makeFolder(path);
  const port = await freePort();
  // It wants the name that the machine has for its user, if there is one.
  const user = (await run('id', ['-nu', String(GITEA_USER)])).stdout.trim() || 'git';
  const url = `http://127.0.0.1:${port}`;
  const env = { HOME: join(folder, 'tmp'), USER: user, GITEA_WORK_DIR: volume, GITEA_CUSTOM: join(volume, 'custom') };
  const options = { user: GITEA_USER, cwd: volume, env };
  const program = async (...args: readonly string[]): Promise<Ended> =>
    run(binary, [...args, '--config', ini], options);
  const secrets: Record<string, string> = {};
  for (const name of ['SECRET_KEY', 'INTERNAL_TOKEN', 'JWT_SECRET', 'LFS_JWT_SECRET'])
    secrets[name] = (await output(binary, ['generate', 'secret', name], options)).trim();
  let child: ChildProcess | undefined;

  const server: GiteaServer = {
    url,
    settings: {
      'server.STATIC_ROOT_PATH': files,
      'server.HTTP_ADDR': '127.0.0.1',
      'server.DISABLE_SSH': 'true',
      'server.OFFLINE_MODE': 'true',
      'server.LFS_JWT_SECRET': secrets['LFS_JWT_SECRET'] ?? '',
      'database.SSL_MODE': 'disable',
      'security.SECRET_KEY': secrets['SECRET_KEY'] ?? '',
      'security.INTERNAL_TOKEN': secrets['INTERNAL_TOKEN'] ?? '',
      'oauth2.JWT_SECRET': secrets['JWT_SECRET'] ?? '',
      'cron.update_checker.ENABLED': 'false',
      'log.MODE': 'console',
      ...settings,
    },
    admin: { username: ADMIN, password: PASSWORD },
    secret: { username: GITEA_DATABASE, password: DATABASE_PASSWORD },
    volume,
    start: async () => {
      const values: Readonly<Record<string, string>> = {
        GITEA_WORK_DIR: volume,
        GITEA_TEMP: join(folder, 'tmp'),
        APP_NAME: 'Gitea',
        RUN_USER: user,
        RUN_MODE: 'prod',
        HTTP_PORT: String(port),
        ROOT_URL: url,
        LFS_START_SERVER: 'true',
        INSTALL_LOCK: 'true',
        DISABLE_REGISTRATION: 'true',
        DB_TYPE: 'postgres',
        DB_HOST: `127.0.0.1:${postgres.port}`,
        DB_NAME: GITEA_DATABASE,
        DB_USER: GITEA_DATABASE,
        DB_PASSWD: `\`${DATABASE_PASSWORD}\``,
      };
      const template = readFileSync(join(files, 'docker/rootless/etc/templates/app.ini'), 'utf8');
      const filled = template.replaceAll(/\$(\w+)/g, (_, name: string) => values[name] ?? '');
      writeFileSync(ini, withSettings(filled, server.settings), { mode: 0o600 });
      chownSync(ini, GITEA_USER, GITEA_USER);
      const started = spawn(binary, ['web', '--config', ini], {
        env: { PATH: process.env['PATH'], ...env },
        uid: GITEA_USER,
        gid: GITEA_USER,
        cwd: volume,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      let log = '';
      for (const stream of [started.stdout, started.stderr]) stream.on('data', (text) => (log += String(text)));
      await until('Gitea', 120, async () => started.exitCode !== null || (await fetch(`${url}/api/healthz`)).ok);
      if (started.exitCode !== null) throw new Error(`Gitea has ended: ${log.slice(-3000)}`);
    },
    stop: async (signal = 'SIGTERM') => {
      const running = child;
      if (running === undefined) return;
      child = undefined;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill(signal);
      await ended;
    },
    program,
    api: async (method, path, body) => {
      const response = await server.fetch(`/api/v1${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    },
    fetch: async (path, init = {}) => {
      const authorization = `Basic ${Buffer.from(`${ADMIN}:${PASSWORD}`).toString('base64')}`;
      return fetch(`${url}${path}`, { ...init, headers: { ...init.headers, authorization } });
    },
    git: async (where, ...args) =>
      output('git', args, {
        cwd: where,
        env: {
          HOME: where,
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_TERMINAL_PROMPT: '0',
          GIT_AUTHOR_NAME: 'Alice',
          GIT_AUTHOR_EMAIL: 'alice@example.net',
          GIT_COMMITTER_NAME: 'Alice',
          GIT_COMMITTER_EMAIL: 'alice@example.net',
        },
      }),
    remote: (repository) => `${url.replace('://', `://${ADMIN}:${encodeURIComponent(PASSWORD)}@`)}/${repository}.git`,
    remove: async () => {
      await server.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  if (!/\balice\b/.test((await program('admin', 'user', 'list')).stdout)) {
    const create = ['admin', 'user', 'create', '--admin', '--username', ADMIN, '--password', PASSWORD];
    const { code, stdout, stderr } = await program(
      ...create,
      '--email',
      'alice@example.net',
      '--must-change-password=false',
    );
    if (code !== 0) throw new Error(`there is no administrator: ${stdout}${stderr}`);
  }
  return server;
}

/** Adds settings to an app.ini: what comes last counts, in a section that is named again. */
function withSettings(ini: string, settings: Readonly<Record<string, string>>): string {
  const sections = Object.entries(settings).map(([name, value]) => {
    const dot = name.lastIndexOf('.');
    return `[${name.slice(0, dot)}]\n${name.slice(dot + 1)} = ${value}\n`;
  });
  return `${ini}\n${sections.join('')}`;
}

/** Gives all files below a folder to its user. */
export function ownByGitea(folder: string): void {
  chownSync(folder, GITEA_USER, GITEA_USER);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), GITEA_USER, GITEA_USER);
}

export function makeFolder(path: string): void {
  if (!existsSync(path)) mkdirSync(path, { recursive: true });
  chownSync(path, GITEA_USER, GITEA_USER);
}
