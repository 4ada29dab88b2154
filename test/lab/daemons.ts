/** The programs of the lab that run until it goes down, each known by its process id and when that process began. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../servers/support/tools';
import type { Layout } from './layout';
import { NAMESPACE_FILE } from './network';

/**
 * Starts a program in the network of the lab. Not by `ip netns exec`, which makes a mount namespace too: what kubelet
 * mounts there, containerd would not see.
 */
export function startDaemon(
  lab: Layout,
  name: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): void {
  const log = openSync(logOf(lab, name), 'a');
  const child = spawn('nsenter', [`--net=${NAMESPACE_FILE}`, program, ...args], {
    cwd: lab.pki,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${name} could not be started`);
  child.unref();
  writeFileSync(join(lab.pids, name), `${child.pid} ${startOf(child.pid)}`);
}

/** `--name=value` for each. */
export function flags(values: Readonly<Record<string, string | number | boolean>>): readonly string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

export function daemonNames(lab: Layout): readonly string[] {
  return readdirSync(lab.pids).toSorted();
}

/** @returns its process id, unless it has ended. */
export function pidOf(lab: Layout, name: string): number | undefined {
  const [pid = 0, start] = readFileSync(join(lab.pids, name), 'utf8').split(' ').map(Number);
  return startOf(pid) === start ? pid : undefined;
}

/** Ends all at once: nothing of what they hold is kept. */
export async function killDaemons(lab: Layout): Promise<void> {
  const names = daemonNames(lab);
  for (const name of names) {
    const pid = pidOf(lab, name);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }
  await until('the end of all daemons', 30, async () => names.every((name) => pidOf(lab, name) === undefined));
}

export function logOf(lab: Layout, name: string): string {
  return join(lab.logs, `${name}.log`);
}

/** In ticks since the machine started, as /proc says; `undefined` for what is not there or a zombie. */
function startOf(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the name, in parentheses, with whatever it has in it.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : Number(fields[18]);
}
