/** File-system backup of a pod's volumes (pkg/podvolume/backupper.go and snapshot_tracker.go, Velero v1.18.3). */
import type { Fate, RunContext } from './backup-run';
import type { ClaimView, PodView, PodVolumeView } from './views';

interface Chosen {
  readonly volumes: readonly PodVolumeView[];
  readonly errors: readonly string[];
}

export class PodVolumes {
  /** What happened to each claim: the first pod decides whether it is to be read, the first that runs reads it. */
  readonly #states = new Map<string, 'chosen' | 'opted out' | 'taken'>();

  constructor(
    private readonly context: RunContext,
    private readonly settle: (claim: ClaimView, fate: Fate) => void,
  ) {}

  choose(pod: PodView): Chosen {
    const errors: string[] = [];
    const volumes = pod.volumes.filter((volume) => {
      const decision = this.context.decisions.fileBackup(pod, volume);
      if ('error' in decision) errors.push(decision.error);
      const claim = this.#claimOf(pod, volume);
      if ('wanted' in decision && decision.wanted === 'unknown' && claim !== undefined) {
        this.settle(claim, { method: 'none', copied: 'unknown', why: decision.why });
      }
      const isWanted = 'wanted' in decision && decision.wanted === true;
      const key = `${pod.namespace}/${volume.claim}`;
      if (!this.#states.has(key)) this.#states.set(key, isWanted ? 'chosen' : 'opted out');
      return isWanted && (volume.claim === '' || this.#states.get(key) !== 'taken');
    });
    return { volumes, errors };
  }

  /** Errors of the pod, as ends of a sentence about it; what cannot be read for a reason of the pod's own is only a warning. */
  copy(pod: PodView, volumes: readonly PodVolumeView[], isRunning: boolean): readonly string[] {
    if (volumes.length === 0) return [];
    const { server } = this.context;
    if (!isRunning) {
      this.#failAll(pod, volumes, `file-system backup reads only running pods, and ${pod.description} ${pod.state}`);
      return [];
    }
    const isOnKnownNode = pod.nodeName === '' || server.agentNodes?.has(pod.nodeName) !== false;
    if (server.agentNodes?.size === 0 || !isOnKnownNode) {
      const node = pod.nodeName === '' ? 'node' : `node '${pod.nodeName}'`;
      this.#failAll(pod, volumes, `no node agent runs on the ${node} of ${pod.description}`);
      return [`no node agent runs on its ${node}`];
    }
    const missing = pod.volumes.filter((volume) => volume.claim !== '' && this.#claimOf(pod, volume) === undefined);
    return [
      ...missing.map(({ claim }) => `its claim ${claim} does not exist`),
      ...volumes.flatMap((volume) => this.#copyOne(pod, volume) ?? []),
    ];
  }

  #copyOne(pod: PodView, volume: PodVolumeView): string | undefined {
    const claim = this.#claimOf(pod, volume);
    if (claim === undefined) return undefined;
    const behind = this.context.cluster.volumes.get(claim.volumeName);
    if (claim.volumeName !== '' && behind === undefined) {
      return `the volume ${claim.volumeName} of its claim ${claim.name} does not exist`;
    }
    const why = whyNotReadable(pod, volume, behind?.source.type);
    if (why !== undefined) {
      this.settle(claim, { method: 'fs-backup', copied: 'no', why });
      return undefined;
    }
    const key = `${pod.namespace}/${volume.claim}`;
    if (this.#states.get(key) === 'chosen') this.#states.set(key, 'taken');
    this.settle(claim, { method: 'fs-backup', copied: 'yes', why: `its files are read through ${pod.description}` });
    return undefined;
  }

  #failAll(pod: PodView, volumes: readonly PodVolumeView[], why: string): void {
    for (const volume of volumes) {
      const claim = this.#claimOf(pod, volume);
      if (claim !== undefined) this.settle(claim, { method: 'fs-backup', copied: 'no', why });
    }
  }

  #claimOf(pod: PodView, { claim }: PodVolumeView): ClaimView | undefined {
    return this.context.cluster.claims.get(`${pod.namespace}/${claim}`);
  }
}

function whyNotReadable(pod: PodView, { name }: PodVolumeView, type: string | undefined): string | undefined {
  if (type === 'hostPath') return 'file-system backup cannot read hostPath volumes';
  if (pod.devices.has(name)) return `file-system backup cannot read block devices, as ${pod.description} uses it`;
  return pod.mounted.has(name) ? undefined : `no container of ${pod.description} mounts it`;
}
