/** The Git server of the cluster, by HTTP: one repository, which Flux reads and a test writes. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOST_ADDRESS } from '../../lab/layout';
import { output } from '../../servers/support/tools';

const NAME = 'cluster.git';

export interface GitServer {
  /** As pods find it. */
  readonly url: string;
  /** The files of the newest commit, to be changed. */
  readonly folder: string;
  /** Makes a commit of what has changed in the folder. @returns its id. */
  readonly push: (message: string) => Promise<string>;
  readonly close: () => void;
}

export async function startGitServer(): Promise<GitServer> {
  const root = mkdtempSync(join(tmpdir(), 'backed-up-git-'));
  const repository = join(root, NAME);
  const folder = join(root, 'files');
  mkdirSync(folder);
  const git = async (...args: readonly string[]): Promise<string> =>
    output('git', ['-c', 'user.name=lab', '-c', 'user.email=lab@lab.example', ...args], { cwd: folder });
  await git('init', '--quiet', '--bare', '--initial-branch=main', repository);
  await git('init', '--quiet', '--initial-branch=main');
  const server = createServer((request, response) => answer(root, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST_ADDRESS, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://host.lab.example:${port}/${NAME}`,
    folder,
    push: async (message) => {
      await git('add', '--all');
      await git('commit', '--quiet', '--allow-empty', `--message=${message}`);
      await git('push', '--quiet', repository, 'HEAD:main');
      return (await git('rev-parse', 'HEAD')).trim();
    },
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(root, { recursive: true });
    },
  };
}

/** Git has the protocol as a program for the Common Gateway Interface. */
function answer(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://git');
  const env = {
    PATH: process.env['PATH'],
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    // The repository is of whoever runs the tests.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
  };
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('error', () => response.writeHead(500).end());
  child.on('close', () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    const headers = all.subarray(0, end).toString().split('\r\n');
    let status = 200;
    for (const line of headers) {
      const [name = '', value = ''] = line.split(': ');
      if (name === 'Status') status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(end < 0 ? 500 : status).end(all.subarray(end + 4));
  });
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
}
