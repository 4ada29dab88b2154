/** Ends the lab: every process of it, every mount, its network, and its folder. What is cached outside of it stays. */
import { readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CannotRun } from '../../lib/model/cannot-run';
import { listAt, textAt } from '../../lib/model/kube-object';
import { output, until } from '../servers/support/tools';
import { killDaemons } from './daemons';
import { ETC_KUBERNETES, requireLab, type Layout } from './layout';
import { removeNetwork } from './network';
import { restoreMachineSettings } from './node';
import { requireRoot } from './packages';
import { stopwatch, type Say } from './stopwatch';

const SHIM_SOCKETS = '/run/containerd/s';
const NETWORK_RESULTS = '/var/lib/cni/results';
const DEVICE_PLUGINS = '/var/lib/kubelet/device-plugins';
const CONTAINER_LOGS = '/var/log/containers';

export async function down(say: Say): Promise<void> {
  requireRoot();
  const lab = requireLab();
  const done = stopwatch(say);
  const step = async (what: string, work: Promise<void>): Promise<void> => {
    await work;
    done(what);
  };
  const tasks = tasksOf(lab);
  await step('daemons', killDaemons(lab));
  await step('containers', killContainers(lab));
  await step('mounts', unmountAll(lab));
  await step('network', removeNetwork(tasks.flatMap(({ network }) => network)));
  restoreMachineSettings(lab);
  removeControlGroups();
  removeTraces(lab, tasks);
  rmSync(lab.state, { recursive: true, force: true });
  rmSync(ETC_KUBERNETES);
  await step('folder', Promise.resolve());
}

interface Task {
  readonly id: string;
  /** The namespaces that containerd has made for it. */
  readonly network: readonly string[];
  /** Where its shim listens. */
  readonly socket: string;
}

/** The containers, as containerd has written them down for runc: it need not answer any more. */
function tasksOf(lab: Layout): readonly Task[] {
  const folder = join(lab.containerd.state, 'io.containerd.runtime.v2.task', 'k8s.io');
  return namesIn(folder).map((id) => {
    const config: unknown = JSON.parse(textOf(join(folder, id, 'config.json')) ?? '{}');
    const namespaces = listAt(config, 'linux', 'namespaces').filter((each) => textAt(each, 'type') === 'network');
    const paths = namespaces.map((each) => textAt(each, 'path') ?? '').filter((path) => path.includes('/netns/cni-'));
    const socket = (textOf(join(folder, id, 'address')) ?? '').replace('unix://', '');
    return { id, network: paths.map((path) => basename(path)), socket };
  });
}

/** Each pod has a shim, which names the socket of its containerd, and has the processes of the pod below it. */
async function killContainers(lab: Layout): Promise<void> {
  const shims = processes().filter((pid) =>
    (textOf(`/proc/${pid}/cmdline`) ?? '').split('\0').includes(lab.containerd.socket),
  );
  const doomed = new Set(shims);
  // Until nothing more has a parent among them.
  for (let before = 0; before !== doomed.size;) {
    before = doomed.size;
    for (const pid of processes()) if (doomed.has(parentOf(pid))) doomed.add(pid);
  }
  for (const pid of doomed) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  await until('the end of all containers', 30, async () => [...doomed].every((pid) => parentOf(pid) === -1));
}

async function unmountAll(lab: Layout): Promise<void> {
  // Those below others come last in the table, and have to go first.
  for (const path of mountsOf(lab).toReversed()) await output('umount', ['--lazy', path]);
  const left = mountsOf(lab);
  // What is below would be removed with the folder.
  if (left.length > 0)
    throw new CannotRun(`${left.join(', ')} is still mounted. Unmount it, and run again: npm run lab -- down`);
}

function mountsOf(lab: Layout): readonly string[] {
  const paths = (textOf('/proc/self/mounts') ?? '').split('\n').map((line) => line.split(' ')[1] ?? '');
  return paths.filter((path) => path.startsWith(`${lab.state}/`));
}

/** kubelet makes one for all pods in every hierarchy, and leaves them. */
function removeControlGroups(): void {
  const roots = ['/sys/fs/cgroup', ...namesIn('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))];
  for (const pods of roots.map((root) => join(root, 'kubepods'))) removeGroup(pods);
}

function removeGroup(path: string): void {
  for (const entry of foldersIn(path)) removeGroup(join(path, entry));
  removeIfEmpty(path);
}

/** What containerd, its network plugins and kubelet write in places that cannot be chosen. */
function removeTraces(lab: Layout, tasks: readonly Task[]): void {
  for (const { id, socket } of tasks) {
    if (socket !== '') rmSync(socket, { force: true });
    for (const name of namesIn(NETWORK_RESULTS)) if (name.includes(id)) rmSync(join(NETWORK_RESULTS, name));
  }
  rmSync(join(DEVICE_PLUGINS, 'kubelet.sock'), { force: true });
  for (const name of namesIn(CONTAINER_LOGS)) {
    const link = join(CONTAINER_LOGS, name);
    if (targetOf(link)?.startsWith(`${lab.state}/`) === true) rmSync(link);
  }
  const folders = [SHIM_SOCKETS, NETWORK_RESULTS, DEVICE_PLUGINS, CONTAINER_LOGS];
  for (const folder of [...folders, ...folders.slice(0, 3).map(dirname)]) removeIfEmpty(folder);
}

function processes(): readonly number[] {
  return namesIn('/proc')
    .map(Number)
    .filter((pid) => pid > 0);
}

/** -1 for what is not there, or a zombie that its new parent has not noticed yet. */
function parentOf(pid: number): number {
  const status = textOf(`/proc/${pid}/status`) ?? '';
  return /^State:\tZ/m.test(status) ? -1 : Number(/^PPid:\t(\d+)/m.exec(status)?.[1] ?? -1);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // There is none, or somebody else has something in it.
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
