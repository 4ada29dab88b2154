/** The tools that `install.sh` has put in place, and how tests run them. */
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const TOOLS = process.env['BACKED_UP_TOOLS'] ?? join(homedir(), '.cache', 'backed-up-tools');

export function tool(
  name: 'etcd' | 'etcdctl' | 'etcdutl' | 'gitea' | 'kopia' | 'kube-apiserver' | 'kubectl' | 'rclone' | 'restic',
): string {
  return join(TOOLS, 'bin', name);
}

export interface Ended {
  /** 128 and the number of the signal for what was killed, as shells have it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  readonly user?: number;
}

/** Runs a program to its end, with nothing but the given environment and PATH. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { env = {}, input, cwd, user } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...(user === undefined ? {} : { uid: user, gid: user }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? 128 + (signal === 'SIGKILL' ? 9 : 15), ...texts }));
    child.stdin.on('error', () => {}).end(input);
  });
}

/** The output of a program that has to succeed. */
export async function output(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr || stdout}`);
  return stdout;
}

/** Asks until the answer is yes. */
export async function until(what: string, seconds: number, ask: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await ask().catch(() => false))) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Not all at once: the gateway asks whoever has a thousand requests at a time to slow down. */
export async function inBatches<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += 50) results.push(...(await Promise.all(items.slice(i, i + 50).map(each))));
  return results;
}
