/**
 * The programs that are built from Go modules. What go.mod and go.sum pin is built once for all clones: the folder of a
 * module's programs is named after a hash of its files.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CannotRun } from '../../lib/model/cannot-run';
import { nearest } from '../../lib/model/nearest';
import { run, TOOLS, type Ended } from '../servers/support/tools';
import { stopwatch, type Say } from './stopwatch';

const MODULES = join(__dirname, 'modules');

/** By name: the folder of its module, and its package. */
const BINARIES = {
  'kube-apiserver': ['kubernetes', 'k8s.io/kubernetes/cmd/kube-apiserver'],
  'kube-controller-manager': ['kubernetes', 'k8s.io/kubernetes/cmd/kube-controller-manager'],
  'kube-scheduler': ['kubernetes', 'k8s.io/kubernetes/cmd/kube-scheduler'],
  kubelet: ['kubernetes', 'k8s.io/kubernetes/cmd/kubelet'],
  'kube-proxy': ['kubernetes', 'k8s.io/kubernetes/cmd/kube-proxy'],
  kubectl: ['kubernetes', 'k8s.io/kubernetes/cmd/kubectl'],
  etcd: ['etcd', 'go.etcd.io/etcd/server/v3'],
  etcdctl: ['etcd', 'go.etcd.io/etcd/etcdctl/v3'],
  etcdutl: ['etcd', 'go.etcd.io/etcd/etcdutl/v3'],
  coredns: ['coredns', '.'],
  forward: ['forward', '.'],
  'csi-driver': ['csi', './driver'],
  'csi-provisioner': ['csi', 'github.com/kubernetes-csi/external-provisioner/v6/cmd/csi-provisioner'],
  'csi-snapshotter': ['csi', 'github.com/kubernetes-csi/external-snapshotter/v8/cmd/csi-snapshotter'],
  'snapshot-controller': ['csi', 'github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller'],
  'cnpg-manager': ['cnpg', 'github.com/cloudnative-pg/cloudnative-pg/cmd/manager'],
  'barman-plugin': ['cnpg', 'github.com/cloudnative-pg/plugin-barman-cloud/cmd/manager'],
  'source-controller': ['flux', 'github.com/fluxcd/source-controller'],
  'kustomize-controller': ['flux', 'github.com/fluxcd/kustomize-controller'],
  'helm-controller': ['helm', 'github.com/fluxcd/helm-controller'],
  'kube-state-metrics': ['monitoring', 'k8s.io/kube-state-metrics/v2'],
  prometheus: ['monitoring', 'github.com/prometheus/prometheus/cmd/prometheus'],
  'prometheus-operator': ['monitoring', 'github.com/prometheus-operator/prometheus-operator/cmd/operator'],
  'prometheus-config-reloader': [
    'monitoring',
    'github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader',
  ],
  rook: ['rook', '.'],
  velero: ['velero', 'github.com/vmware-tanzu/velero/cmd/velero'],
  'velero-restore-helper': ['velero', 'github.com/vmware-tanzu/velero/cmd/velero-restore-helper'],
  'velero-plugin-for-aws': ['velero', 'github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws'],
} as const;

/** By folder of a module. Prometheus asks nobody but Kubernetes for targets: all others are the libraries of every cloud. */
const TAGS: Readonly<Record<string, string>> = { monitoring: 'remove_all_sd,enable_kubernetes_sd' };

export type BinaryName = keyof typeof BINARIES;

export const BINARY_NAMES = Object.keys(BINARIES) as readonly BinaryName[];

/** Of operators, which the cluster itself does without. */
const OPERATOR_MODULES = new Set<string>(['cnpg', 'flux', 'helm', 'monitoring', 'rook', 'velero']);

/** What the cluster is made of. */
export const CLUSTER_BINARIES = BINARY_NAMES.filter((name) => !OPERATOR_MODULES.has(BINARIES[name][0]));

/** What upstream wrote for a cluster that runs its programs: the folder of the module, the one that has it, and its files. */
const MANIFESTS = {
  snapshots: [
    'csi',
    'github.com/kubernetes-csi/external-snapshotter/client/v8',
    ['volumesnapshotclasses', 'volumesnapshotcontents', 'volumesnapshots'].map(
      (kind) => `config/crd/snapshot.storage.k8s.io_${kind}.yaml`,
    ),
  ],
  cnpg: ['cnpg', 'github.com/cloudnative-pg/cloudnative-pg', ['releases/cnpg-1.30.0.yaml']],
  'barman-plugin': ['cnpg', 'github.com/cloudnative-pg/plugin-barman-cloud', ['manifest.yaml']],
  'source-controller': [
    'flux',
    'github.com/fluxcd/source-controller',
    ['config/crd/bases', 'config/manager/deployment.yaml', 'config/manager/service.yaml'],
  ],
  'kustomize-controller': [
    'flux',
    'github.com/fluxcd/kustomize-controller',
    ['config/crd/bases', 'config/manager/deployment.yaml'],
  ],
  'helm-controller': [
    'helm',
    'github.com/fluxcd/helm-controller',
    ['config/crd/bases', 'config/manager/deployment.yaml'],
  ],
  'kube-state-metrics': ['monitoring', 'k8s.io/kube-state-metrics/v2', ['examples/standard']],
  'prometheus-operator': [
    'monitoring',
    'github.com/prometheus-operator/prometheus-operator',
    ['example/rbac/prometheus-operator', 'example/prometheus-operator-crd/monitoring.coreos.com_probes.yaml'],
  ],
} as const;

export type ManifestsName = keyof typeof MANIFESTS;

/** Where a program is once it has been built. */
export function binary(name: BinaryName): string {
  return join(folderOf(BINARIES[name][0]), name);
}

/** The folder with the manifests of that name, of the version of the programs, once these have been built. */
export function manifests(name: ManifestsName): string {
  return join(folderOf(MANIFESTS[name][0]), `manifests-${name}`);
}

export function binaryNamed(name: string): BinaryName {
  const found = BINARY_NAMES.find((each) => each === name);
  if (found !== undefined) return found;
  const close = nearest(name, BINARY_NAMES);
  const hint = close === undefined ? `They are: ${BINARY_NAMES.join(', ')}.` : `Did you mean ${close}?`;
  throw new CannotRun(`The lab builds no program called ${name}. ${hint}`);
}

/** Builds what is missing. `say` gets a line for each program that was. */
export async function build(names: readonly BinaryName[], say: Say): Promise<void> {
  const modules = new Set<string>(names.map((name) => BINARIES[name][0]));
  for (const name of Object.keys(MANIFESTS) as readonly ManifestsName[])
    if (modules.has(MANIFESTS[name][0]) && !existsSync(manifests(name))) await copyManifests(name);
  for (const name of names.filter((each) => !existsSync(binary(each)))) {
    const done = stopwatch(say);
    await compile(name);
    done(name);
  }
}

/** Makes the programs known under their names in another folder. */
export function link(names: readonly BinaryName[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const aside = join(folder, `.${name}.${process.pid}`);
    symlinkSync(binary(name), aside);
    renameSync(aside, join(folder, name));
  }
}

async function compile(name: BinaryName): Promise<void> {
  const [module, path] = BINARIES[name];
  const aside = `${binary(name)}.${process.pid}`;
  const options = ['-tags', TAGS[module] ?? '', '-ldflags', linkerFlags(module)];
  const ended = await go(module, ['build', ...options, '-o', aside, path]);
  if (ended.code !== 0) {
    throw new CannotRun(
      `Go could not build ${name}: ${ended.stderr.trim()}\n` +
        `Check the network and GOPROXY, and what test/lab/modules/${module}/go.mod asks for.`,
    );
  }
  renameSync(aside, binary(name));
}

async function copyManifests(name: ManifestsName): Promise<void> {
  const [module, path, files] = MANIFESTS[name];
  const { stdout } = await go(module, ['list', '-m', '-f', '{{.Dir}}', path]);
  const aside = `${manifests(name)}.${process.pid}`;
  for (const file of files) cpSync(join(stdout.trim(), file), join(aside, basename(file)), { recursive: true });
  renameSync(aside, manifests(name));
}

async function go(module: string, args: readonly string[]): Promise<Ended> {
  const env = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    return await run('go', args, {
      cwd: join(MODULES, module),
      env: { ...Object.fromEntries(env), GOFLAGS: '-buildvcs=false -mod=readonly -trimpath', CGO_ENABLED: '0' },
    });
  } catch {
    throw new CannotRun('The lab is built from source with Go 1.26 or newer, which is not in PATH: https://go.dev/dl');
  }
}

/** Without them Kubernetes and Velero do not know their own version, and `kubectl version` fails. */
function linkerFlags(module: string): string {
  const pinned = readFileSync(join(MODULES, module, 'go.mod'), 'utf8');
  const [, full = '', major = '', minor = ''] = /\/(?:kubernetes|velero) (v(\d+)\.(\d+)\S*)/.exec(pinned) ?? [];
  const values = { gitVersion: full, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const set: Readonly<Record<string, readonly string[]>> = {
    kubernetes: Object.entries(values).map(([name, value]) => `k8s.io/component-base/version.${name}=${value}`),
    velero: [`github.com/vmware-tanzu/velero/pkg/buildinfo.Version=${full}`],
  };
  return ['-s -w', ...(set[module] ?? []).map((each) => `-X ${each}`)].join(' ');
}

function folderOf(module: string): string {
  const hash = createHash('sha256');
  const folder = join(MODULES, module);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((file) => join(file.parentPath, file.name)).toSorted())
    hash.update(`${path.slice(folder.length)}\0${readFileSync(path, 'utf8')}\0`);
  return join(TOOLS, 'lab', `${module}-${hash.digest('hex').slice(0, 12)}`);
}
