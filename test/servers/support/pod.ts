/**
 * Runs the pod of a rendered CronJob as a kubelet would: its containers one after another, each by `runc` with exactly
 * its command, environment, user, capabilities and mounts, on the root file system of its image. What differs from a
 * cluster: the network is that of the machine, and images are made of the same tools instead of pulled.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  at,
  booleanAt,
  isMapping,
  listAt,
  numberAt,
  textAt,
  textMapAt,
  textsAt,
  type KubeObject,
} from '../../../lib/model/kube-object';
import { parseQuantity } from '../../../lib/model/quantity';
import { podTemplateOf } from '../../../lib/model/workloads';
import type { ApiServer } from './api-server';
import { output, run, TOOLS } from './tools';

export interface PodOptions {
  /** Secrets of the job's namespace, by name. */
  readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** ConfigMaps of the job's namespace besides those that are rendered, by name. */
  readonly configMaps?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folders that are the claims of the job's namespace, by name. */
  readonly claims?: Readonly<Record<string, string>>;
  /** Whom its pods may ask, with the token of their account. */
  readonly apiServer?: Pick<ApiServer, 'port' | 'ca' | 'token'>;
  /** Replaces the size of the scratch volume, to see what a full one does. */
  readonly scratchSize?: string;
  /** Replaces how long a container waits for anything, in seconds, to see soon what it does then. */
  readonly patience?: { readonly container: string; readonly seconds: number };
  /** Is called before a container starts. */
  readonly beforeStart?: (container: string, pod: RunningPod) => void | Promise<void>;
  /** Is called when a container has started. */
  readonly onStart?: (container: string, pod: RunningPod) => void | Promise<void>;
}

export interface RunningPod {
  /** As the end of the deadline does: SIGTERM, and SIGKILL when the grace is over. */
  readonly terminate: (graceSeconds?: number) => Promise<void>;
  /** As the loss of the node does. */
  readonly kill: () => Promise<void>;
  readonly scratch: string;
}

/** What a cluster would show of the pod. */
export interface PodResult {
  readonly succeeded: boolean;
  /** The containers that ran, in order. */
  readonly containers: readonly ContainerResult[];
  /** Of the one that failed. */
  readonly failed?: ContainerResult;
}

export interface ContainerResult {
  readonly name: string;
  readonly code: number;
  /** `status.containerStatuses[].state.terminated.message`. */
  readonly message: string;
  /** Whether the message is the end of the log, because the container itself has said nothing. */
  readonly isFromLog: boolean;
  readonly log: string;
}

interface Image {
  /** A part of its name. */
  readonly name: string;
  /** Its files, below the folder that `install.sh` makes. */
  readonly rootfs: string;
  /** Its PATH. */
  readonly path: string;
  /** Folders of the machine that stand for its own. */
  readonly binds?: readonly string[];
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const IMAGES: readonly Image[] = [
  { name: '/restic/restic:', rootfs: 'restic', path: DEFAULT_PATH },
  { name: '/rclone/rclone:', rootfs: 'rclone', path: DEFAULT_PATH },
  { name: '/kubectl:', rootfs: 'kubectl', path: '/bin' },
  { name: '/gitea:', rootfs: 'gitea', path: DEFAULT_PATH },
  { name: '/etcd:', rootfs: 'etcd', path: '/usr/local/bin:/usr/bin:/bin' },
  { name: '/library/postgres:18', rootfs: 'postgres-18', path: `${DEFAULT_PATH}:/usr/lib/postgresql/18/bin` },
  {
    name: '/library/postgres:15',
    rootfs: 'postgres-15',
    path: `${DEFAULT_PATH}:/usr/lib/postgresql/15/bin`,
    binds: ['/usr', '/etc/alternatives', '/etc/postgresql-common'],
  },
];

let pods = 0;

export async function runPod(objects: readonly KubeObject[], options: PodOptions): Promise<PodResult> {
  const cronJob = objects.find(({ kind }) => kind === 'CronJob');
  if (cronJob === undefined) throw new Error('there is no CronJob');
  const template = podTemplateOf(cronJob);
  pods += 1;
  const pod = new Pod(`backed-up-${process.pid}-${pods}`, at(template, 'spec'), objects, options);
  try {
    return await pod.run();
  } finally {
    await pod.remove();
  }
}

class Pod {
  private readonly folder: string;
  private current: string | undefined;
  private readonly servers: { readonly id: string; readonly ended: Promise<unknown> }[] = [];
  private ended = false;
  private lost = false;

  constructor(
    private readonly id: string,
    private readonly spec: unknown,
    private readonly objects: readonly KubeObject[],
    private readonly options: PodOptions,
  ) {
    this.folder = mkdtempSync(join(tmpdir(), 'backed-up-pod-'));
    chmodSync(this.folder, 0o711);
  }

  async run(): Promise<PodResult> {
    for (const volume of listAt(this.spec, 'volumes')) await this.makeVolume(volume);
    const deadline = numberAt(this.spec, 'activeDeadlineSeconds') ?? 0;
    const timer = setTimeout(() => void this.handle().terminate(), deadline * 1000);
    try {
      return await this.runContainers();
    } finally {
      clearTimeout(timer);
    }
  }

  private async runContainers(): Promise<PodResult> {
    const containers: ContainerResult[] = [];
    for (const container of [...listAt(this.spec, 'initContainers'), ...listAt(this.spec, 'containers')]) {
      if (textAt(container, 'restartPolicy') === 'Always') {
        await this.startServer(container);
        continue;
      }
      const result = await this.runContainer(container);
      containers.push(result);
      if (result.code !== 0) return { succeeded: false, containers, failed: result };
    }
    return { succeeded: true, containers };
  }

  /** A sidecar: it goes on until the pod ends, and the next container does not wait for it. */
  private async startServer(container: unknown): Promise<void> {
    const name = textAt(container, 'name') ?? '';
    const { id, bundle } = this.bundleOf(container);
    await this.options.beforeStart?.(name, this.handle());
    this.servers.push({ id, ended: run('runc', ['run', '--bundle', bundle, id]) });
  }

  async remove(): Promise<void> {
    for (const { id, ended } of this.servers) {
      // What has not started yet cannot be ended.
      await runs(id);
      await run('runc', ['kill', id, 'KILL']);
      await ended;
    }
    await run('umount', [this.volumePath('scratch')]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private volumePath(name: string): string {
    return join(this.folder, 'volumes', name);
  }

  private async makeVolume(volume: unknown): Promise<void> {
    const name = textAt(volume, 'name') ?? '';
    const path = this.volumePath(name);
    mkdirSync(path, { recursive: true });
    const group = numberAt(this.spec, 'securityContext', 'fsGroup') ?? 0;
    const configMap = textAt(volume, 'configMap', 'name');
    const secret = textAt(volume, 'secret', 'secretName');
    if (configMap !== undefined) {
      const object = this.objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap);
      writeFiles(path, textMapAt(object, 'data'), numberAt(volume, 'configMap', 'defaultMode') ?? 0o644, group);
    } else if (secret !== undefined) {
      const data = this.options.secrets[secret] ?? {};
      const items = listAt(volume, 'secret', 'items').map((item): [string, string] => {
        return [textAt(item, 'path') ?? '', data[textAt(item, 'key') ?? ''] ?? ''];
      });
      const files = items.length === 0 ? data : Object.fromEntries(items);
      writeFiles(path, files, numberAt(volume, 'secret', 'defaultMode') ?? 0o644, group);
    } else if (isMapping(at(volume, 'projected'))) {
      const token = await this.options.apiServer?.token(textAt(this.spec, 'serviceAccountName') ?? '');
      const files = { token: token ?? '', 'ca.crt': this.options.apiServer?.ca ?? '', namespace: 'forge' };
      writeFiles(path, files, numberAt(volume, 'projected', 'defaultMode') ?? 0o644, group);
    } else if (isMapping(at(volume, 'hostPath')) || isMapping(at(volume, 'persistentVolumeClaim'))) {
      // Bound where it is.
    } else {
      const size =
        this.options.scratchSize ??
        textAt(volume, 'emptyDir', 'sizeLimit') ??
        textAt(volume, 'ephemeral', 'volumeClaimTemplate', 'spec', 'resources', 'requests', 'storage');
      await output('mount', ['-t', 'tmpfs', '-o', `size=${parseQuantity(size)?.bytes}`, name, path]);
      // As the kubelet applies fsGroup.
      chownSync(path, 0, group);
      chmodSync(path, 0o2775);
    }
  }

  private async runContainer(container: unknown): Promise<ContainerResult> {
    const name = textAt(container, 'name') ?? '';
    if (this.ended) return { name, code: 137, message: '', isFromLog: false, log: '' };
    await this.options.beforeStart?.(name, this.handle());
    if (this.lost) return { name, code: 137, message: '', isFromLog: false, log: '' };
    const { id, bundle, message } = this.bundleOf(container);
    this.current = id;
    const running = run('runc', ['run', '--bundle', bundle, id]);
    if (this.options.onStart !== undefined) {
      await runs(id);
      await this.options.onStart(name, this.handle());
    }
    const { code: own, stdout, stderr } = await running;
    // Nobody hears of what a container on a lost node has come to.
    const code = this.lost ? 137 : own;
    const log = `${stdout}${stderr}`;
    const said = readFileSync(message, 'utf8').trim();
    // FallbackToLogsOnError: the end of the log where a container has failed and said nothing.
    const isFallback =
      code !== 0 && said === '' && textAt(container, 'terminationMessagePolicy') === 'FallbackToLogsOnError';
    return { name, code, message: isFallback ? log.slice(-2048).trim() : said, isFromLog: isFallback, log };
  }

  private bundleOf(container: unknown): { readonly id: string; readonly bundle: string; readonly message: string } {
    const name = textAt(container, 'name') ?? '';
    const bundle = join(this.folder, name);
    mkdirSync(bundle);
    const message = join(bundle, 'termination-log');
    writeFileSync(message, '');
    // The kubelet lets any user write it.
    chmodSync(message, 0o666);
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(this.runtimeSpec(container, message)));
    return { id: `${this.id}-${name}`, bundle, message };
  }

  private handle(): RunningPod {
    const signal = async (name: string): Promise<void> => {
      if (this.current !== undefined) await run('runc', ['kill', this.current, name]);
    };
    return {
      scratch: this.volumePath('scratch'),
      terminate: async (graceSeconds = 30) => {
        this.ended = true;
        await signal('TERM');
        setTimeout(() => void signal('KILL'), graceSeconds * 1000).unref();
      },
      kill: async () => {
        this.ended = true;
        this.lost = true;
        await signal('KILL');
      },
    };
  }

  /** https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md */
  private runtimeSpec(container: unknown, message: string): object {
    const name = textAt(container, 'image') ?? '';
    const image = IMAGES.find((each) => name.includes(each.name));
    if (image === undefined) throw new Error(`there are no files for the image ${name}`);
    const env = this.envOf(container);
    const pod = at(this.spec, 'securityContext');
    const args = [...textsAt(container, 'command'), ...textsAt(container, 'args')].map((text) => expand(text, env));
    return {
      ociVersion: '1.0.2',
      process: {
        user: {
          uid: numberAt(pod, 'runAsUser') ?? 0,
          gid: numberAt(pod, 'runAsGroup') ?? 0,
          additionalGids: [numberAt(pod, 'fsGroup') ?? 0],
        },
        args,
        env: [`PATH=${image.path}`, ...Object.entries(env).map(([variable, value]) => `${variable}=${value}`)],
        cwd: '/',
        capabilities: {},
        noNewPrivileges: booleanAt(container, 'securityContext', 'allowPrivilegeEscalation') === false,
      },
      root: {
        path: realpathSync(join(TOOLS, 'rootfs', image.rootfs)),
        readonly: booleanAt(container, 'securityContext', 'readOnlyRootFilesystem') === true,
      },
      hostname: this.id,
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
        ...(image.binds ?? []).map((path) => bind(path, path, true)),
        bind(message, '/dev/termination-log', false),
        ...listAt(container, 'volumeMounts').map((mount) => this.mountOf(mount)),
      ],
      linux: { namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })) },
    };
  }

  private mountOf(mount: unknown): object {
    const name = textAt(mount, 'name') ?? '';
    const volume = listAt(this.spec, 'volumes').find((each) => textAt(each, 'name') === name);
    const claim = textAt(volume, 'persistentVolumeClaim', 'claimName') ?? '';
    const path = textAt(volume, 'hostPath', 'path') ?? this.options.claims?.[claim] ?? this.volumePath(name);
    return bind(path, textAt(mount, 'mountPath') ?? '', booleanAt(mount, 'readOnly') === true);
  }

  private envOf(container: unknown): Readonly<Record<string, string>> {
    const env: Record<string, string> = {};
    const { apiServer } = this.options;
    if (apiServer !== undefined) {
      env['KUBERNETES_SERVICE_HOST'] = '127.0.0.1';
      env['KUBERNETES_SERVICE_PORT'] = String(apiServer.port);
    }
    for (const variable of listAt(container, 'env')) {
      const name = textAt(variable, 'name') ?? '';
      const value = textAt(variable, 'value');
      const secret = textAt(variable, 'valueFrom', 'secretKeyRef', 'name') ?? '';
      const key = textAt(variable, 'valueFrom', 'secretKeyRef', 'key') ?? '';
      const configMap = at(variable, 'valueFrom', 'configMapKeyRef');
      const kept =
        configMap === undefined
          ? this.options.secrets[secret]?.[key]
          : this.options.configMaps?.[textAt(configMap, 'name') ?? '']?.[textAt(configMap, 'key') ?? ''];
      if (value !== undefined) env[name] = expand(value, env);
      else if (kept !== undefined) env[name] = kept;
      else if (booleanAt(variable, 'valueFrom', 'secretKeyRef', 'optional') !== true)
        throw new Error(`CreateContainerConfigError: there is no key ${key} in Secret ${secret}`);
    }
    const { patience } = this.options;
    if (patience !== undefined && patience.container === textAt(container, 'name'))
      for (const limit of ['ANSWER_SECONDS', 'STEP_SECONDS']) if (limit in env) env[limit] = String(patience.seconds);
    return env;
  }
}

/** As the kubelet does (Kubernetes 1.36, third_party/forked/golang/expansion/expand.go). */
function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? match),
  );
}

function bind(source: string, destination: string, readOnly: boolean): object {
  return { destination, type: 'bind', source, options: ['bind', readOnly ? 'ro' : 'rw'] };
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>, mode: number, group: number): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    writeFileSync(path, text);
    chownSync(path, 0, group);
    chmodSync(path, mode);
  }
}

async function runs(id: string): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    const { stdout } = await run('runc', ['state', id]);
    if (/"status": "(running|stopped)"/.test(stdout)) return;
    if (!existsSync(`/run/runc/${id}`) && i > 20) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
