/** What the Velero server was started with, from its own Deployment and DaemonSet where they are among the objects. */
import { listAt, numberAt, textAt, textsAt, type KubeObject } from '../model/kube-object';
import type { Platform } from '../model/platform';
import { isLive } from './views';

export interface Server {
  /** Where it looks for its objects; it sees none elsewhere. */
  readonly namespace: string;
  readonly enableCSI: boolean;
  /** Whether the node-agent DaemonSet has a ready pod, which data movement asks for. */
  readonly nodeAgentReady: boolean;
  /** The nodes on which a node agent runs, where its pods are among the objects. */
  readonly agentNodes: ReadonlySet<string> | undefined;
  readonly defaultBackupLocation: string;
  /** Names by provider. */
  readonly defaultSnapshotLocations: Readonly<Record<string, string>>;
  readonly defaultVolumesToFsBackup: boolean;
  readonly defaultSnapshotMoveData: boolean;
  readonly volumeGroupSnapshotLabelKey: string;
  /** Name of the policy that is appended to that of every Backup, `''` for none. */
  readonly globalVolumePolicy: string;
  /** What was neither given nor seen, and how it was taken, as sentences. */
  readonly assumptions: readonly string[];
}

export function readServer(
  objects: readonly KubeObject[],
  platform: Platform['velero'],
  backupNamespace: string | undefined,
): Server {
  const deployment = findServer(objects, platform?.namespace ?? backupNamespace);
  const flags = new Flags(deployment === undefined ? [] : argumentsOf(deployment));
  const namespace = deployment?.metadata.namespace ?? platform?.namespace ?? backupNamespace ?? 'velero';
  const agent = readNodeAgent(objects, namespace, platform?.nodeAgent, deployment !== undefined);
  const assumptions: string[] = [];
  // Of a flag that is given twice, the last one counts.
  const enableCSI =
    deployment === undefined ? platform?.enableCSI : split(flags.text('features') ?? '').includes('EnableCSI');
  if (enableCSI === undefined)
    assumptions.push('EnableCSI is taken to be on: neither the platform nor a Velero Deployment says.');
  if (agent.isAssumed) assumptions.push('Node agents are taken to run: neither the platform nor a DaemonSet says.');
  return {
    namespace,
    enableCSI: enableCSI ?? true,
    nodeAgentReady: agent.isReady,
    agentNodes: agent.nodes,
    defaultBackupLocation: flags.text('default-backup-storage-location') ?? 'default',
    defaultSnapshotLocations: Object.fromEntries(
      flags
        .texts('default-volume-snapshot-locations')
        .flatMap(split)
        .map((pair) => pair.split(':'))
        .map(([provider = '', name = '']) => [provider, name]),
    ),
    defaultVolumesToFsBackup: flags.isOn('default-volumes-to-fs-backup'),
    defaultSnapshotMoveData: flags.isOn('default-snapshot-move-data'),
    volumeGroupSnapshotLabelKey: flags.text('volume-group-snapshot-label-key') ?? 'velero.io/volume-group',
    globalVolumePolicy: flags.text('global-backup-volume-policies-configmap') ?? '',
    assumptions,
  };
}

function findServer(objects: readonly KubeObject[], namespace: string | undefined): KubeObject | undefined {
  const servers = objects.filter((object) => object.kind === 'Deployment' && argumentsOf(object).includes('server'));
  return servers.find((object) => object.metadata.namespace === namespace) ?? servers[0];
}

/** Command and arguments of the container that runs Velero; none of a Deployment of something else. */
function argumentsOf(deployment: KubeObject): readonly string[] {
  const containers = listAt(deployment, 'spec', 'template', 'spec', 'containers');
  const velero = containers.find(
    (container) =>
      textsAt(container, 'command').some((word) => /(^|\/)velero$/.test(word)) ||
      textAt(container, 'name') === 'velero',
  );
  return [...textsAt(velero, 'command'), ...textsAt(velero, 'args')];
}

/** Flags of Go programs: `--name=value`, `--name value`, and `--name` alone for true. */
class Flags {
  constructor(private readonly args: readonly string[]) {}

  texts(name: string): readonly string[] {
    return this.args.flatMap((word, index) => {
      if (word.startsWith(`--${name}=`)) return [word.slice(name.length + 3)];
      return word === `--${name}` ? [this.args[index + 1] ?? ''] : [];
    });
  }

  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  isOn(name: string): boolean {
    const values = this.args.flatMap((word) => {
      if (word === `--${name}`) return ['true'];
      return word.startsWith(`--${name}=`) ? [word.slice(name.length + 3)] : [];
    });
    return ['true', '1', 't', 'T', 'TRUE', 'True'].includes(values.at(-1) ?? 'false');
  }
}

interface NodeAgent {
  readonly isReady: boolean;
  readonly nodes: ReadonlySet<string> | undefined;
  readonly isAssumed: boolean;
}

function readNodeAgent(
  objects: readonly KubeObject[],
  namespace: string,
  given: boolean | undefined,
  isServerSeen: boolean,
): NodeAgent {
  const isHere = ({ metadata }: KubeObject): boolean => metadata.namespace === namespace;
  const daemonSets = objects.filter(
    (object) =>
      object.kind === 'DaemonSet' &&
      isHere(object) &&
      ['node-agent', 'node-agent-windows'].includes(object.metadata.name),
  );
  const pods = objects.filter(
    (object) => object.kind === 'Pod' && isHere(object) && object.metadata.labels?.['role'] === 'node-agent',
  );
  const running = pods.filter(
    (pod) => textAt(pod, 'status', 'phase') === 'Running' && pod.metadata['deletionTimestamp'] === undefined,
  );
  const nodes = pods.length === 0 ? undefined : new Set(running.map((pod) => textAt(pod, 'spec', 'nodeName') ?? ''));
  if (daemonSets.length > 0) {
    const isReady = daemonSets.some((set) => !isLive(set) || (numberAt(set, 'status', 'numberReady') ?? 0) > 0);
    return { isReady, nodes: nodes ?? (isReady ? undefined : new Set()), isAssumed: false };
  }
  // Data movement asks for the DaemonSet, file-system backup for its pods: one may be seen without the other.
  const isReady = given ?? !isServerSeen;
  return {
    isReady,
    nodes: nodes ?? (isReady ? undefined : new Set()),
    isAssumed: given === undefined && !isServerSeen && nodes === undefined,
  };
}

function split(list: string): readonly string[] {
  return list.split(',');
}
