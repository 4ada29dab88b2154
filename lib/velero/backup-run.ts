/**
 * One run of a Backup, item by item, as Velero's server works through them (pkg/backup/backup.go, item_backupper.go and
 * pkg/itemblock/actions, v1.18.3): a pod brings its claims, a claim its volume and the running pods that use it, and
 * what fails takes with it what brought it.
 */
import type { BackupSpec } from './backup-spec';
import type { Cluster } from './cluster';
import type { Hooks } from './hooks';
import { PodVolumes } from './pod-volumes';
import type { CopyMethod } from './prediction';
import type { Selection } from './selection';
import type { Server } from './server';
import { Snapshots } from './snapshots';
import type { ClaimView, ItemView, PodView, VolumeView } from './views';
import type { VolumeDecisions } from './volume-decisions';

/** What became of the data of a claim. */
export interface Fate {
  readonly method: CopyMethod;
  readonly copied: 'yes' | 'no' | 'unknown';
  /** As the end of a sentence about the claim. */
  readonly why: string;
}

export interface RunContext {
  readonly backup: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly spec: BackupSpec;
  readonly cluster: Cluster;
  readonly server: Server;
  readonly selection: Selection;
  readonly decisions: VolumeDecisions;
  readonly hooks: Hooks;
  /** Whether pods run of which it is not known. */
  readonly assumeRunning: boolean;
}

/** Why an item could not be backed up, each as the end of a sentence about it. */
type Failure = readonly string[];

/** An action that says so leaves its item out; anybody may write the annotation. */
const SKIP_ANNOTATION = 'velero.io/skip-from-backup';
/** What an item brings along then comes in whatever excludes it. */
const FORCE_ANNOTATION = 'backup.velero.io/must-include-additional-items';

export class BackupRun {
  readonly errors: string[] = [];
  readonly included = new Map<ItemView, string>();
  readonly left = new Map<ItemView, string>();
  readonly fates = new Map<ClaimView, Fate>();
  /** Volumes that came up, by the claim that they name: Velero lists only their claims in `volumeinfo`. */
  readonly recorded = new Map<string, VolumeView>();
  readonly #done = new Set<ItemView>();
  readonly #blocked = new Map<ItemView, string>();
  readonly #podVolumes: PodVolumes;
  readonly #snapshots: Snapshots;

  constructor(private readonly context: RunContext) {
    this.#podVolumes = new PodVolumes(context, (claim, fate) => this.#settle(claim, fate));
    this.#snapshots = new Snapshots(context, (claim, fate) => this.#settle(claim, fate));
  }

  run(): void {
    const { items, errors } = this.context.selection.collect();
    this.errors.push(...errors);
    for (const item of items) {
      const block: ItemView[] = [];
      this.#addToBlock(item, 'The Backup selects it.', block);
      this.#backUpBlock(block);
    }
  }

  isRunning(pod: PodView): boolean {
    return pod.isRunning === 'unknown' ? this.context.assumeRunning : pod.isRunning;
  }

  /** An item and all that hangs together with it; each item comes into one block only. */
  #addToBlock(item: ItemView, why: string, block: ItemView[]): void {
    if (this.#blocked.has(item)) return;
    this.#blocked.set(item, why);
    const excluded = this.context.selection.whyNotAdmitted(item, false);
    if (excluded !== undefined) {
      this.left.set(item, excluded);
      return;
    }
    block.push(item);
    for (const related of this.#relatedTo(item)) {
      this.#addToBlock(related, `It comes along with ${describeItem(item)}.`, block);
    }
  }

  #relatedTo(item: ItemView): readonly ItemView[] {
    const { cluster, spec } = this.context;
    if (item.kind === 'Pod') return this.#claimsOf(item);
    if (item.kind !== 'PersistentVolumeClaim' || item.phase !== 'Bound' || item.volumeName === '') return [];
    const volume = cluster.volumes.get(item.volumeName);
    const pods = cluster.podsUsing(item).filter((pod) => this.isRunning(pod));
    return [...(volume === undefined ? [] : [volume]), ...pods, ...groupOf(item, spec, cluster)];
  }

  #claimsOf(pod: PodView): readonly ClaimView[] {
    return pod.volumes.flatMap(({ claim }) => this.context.cluster.claims.get(`${pod.namespace}/${claim}`) ?? []);
  }

  #backUpBlock(block: readonly ItemView[]): void {
    const { hooks } = this.context;
    const pods = block.filter((item): item is PodView => item.kind === 'Pod' && !this.#done.has(item));
    const hooked = pods.filter((pod) => {
      const { errors, failsPod } = hooks.run(pod, 'pre');
      this.errors.push(...errors);
      if (failsPod) {
        this.#done.add(pod);
        this.left.set(pod, 'its hook fails');
      }
      return !failsPod;
    });
    for (const item of block) {
      const failure = this.#backUp(item, false) ?? [];
      this.errors.push(...failure.map((why) => `${describeItem(item)} cannot be backed up: ${why}.`));
    }
    for (const pod of hooked) this.errors.push(...hooks.run(pod, 'post').errors);
  }

  /** @param isForced whether what excludes it does not count. */
  #backUp(item: ItemView, isForced: boolean): Failure | undefined {
    const excluded = this.context.selection.whyNotAdmitted(item, isForced);
    if (excluded !== undefined) {
      if (!this.included.has(item)) this.left.set(item, excluded);
      return undefined;
    }
    if (this.#done.has(item)) return undefined;
    this.#done.add(item);
    const failure = this.#backUpOne(item);
    if (failure === 'left out') return undefined;
    if (failure !== undefined) {
      this.left.set(item, `it cannot be backed up: ${failure.join('; ')}`);
      return failure;
    }
    this.left.delete(item);
    this.included.set(item, this.#blocked.get(item) ?? 'Another object brings it along.');
    return undefined;
  }

  #backUpOne(item: ItemView): Failure | 'left out' | undefined {
    switch (item.kind) {
      case 'Pod':
        return this.#backUpPod(item);
      case 'PersistentVolumeClaim':
        return this.#backUpClaim(item);
      case 'PersistentVolume':
        return this.#backUpVolume(item);
      case 'Namespace':
        return undefined;
    }
  }

  #backUpPod(pod: PodView): Failure | 'left out' | undefined {
    const chosen = this.#podVolumes.choose(pod);
    if (SKIP_ANNOTATION in pod.annotations) return this.#leaveOut(pod);
    for (const claim of this.#claimsOf(pod)) {
      const failure = this.#backUp(claim, pod.annotations[FORCE_ANNOTATION] === 'true');
      // What follows is not done: neither its other claims nor its files are copied on its behalf.
      if (failure !== undefined) {
        return [...chosen.errors, ...failure.map((why) => `its claim ${claim.name} cannot be backed up: ${why}`)];
      }
    }
    const errors = [...chosen.errors, ...this.#podVolumes.copy(pod, chosen.volumes, this.isRunning(pod))];
    return errors.length === 0 ? undefined : errors;
  }

  /** Of the two actions on claims, the one that brings the volume runs first. */
  #backUpClaim(claim: ClaimView): Failure | 'left out' | undefined {
    if (SKIP_ANNOTATION in claim.annotations) return this.#leaveOut(claim);
    const isBound = claim.phase === 'Bound' && claim.volumeName !== '';
    const volume = isBound ? this.context.cluster.volumes.get(claim.volumeName) : undefined;
    const failure =
      volume === undefined ? undefined : this.#backUp(volume, claim.annotations[FORCE_ANNOTATION] === 'true');
    if (failure !== undefined) return failure.map((why) => `its volume cannot be backed up: ${why}`);
    const error = this.#snapshots.take(claim);
    return error === undefined ? undefined : [error];
  }

  #backUpVolume(volume: VolumeView): Failure | undefined {
    const { claim } = volume;
    if (claim !== undefined) this.recorded.set(`${claim.namespace}/${claim.name}`, volume);
    const problem = this.#snapshots.takeOfVolume(volume);
    return problem === undefined ? undefined : [problem];
  }

  #leaveOut(item: ItemView): 'left out' {
    this.#done.delete(item);
    this.left.set(item, `it has the annotation ${SKIP_ANNOTATION}`);
    return 'left out';
  }

  /** A copy counts whatever was tried before or after; what was tried says more than what was not. */
  #settle(claim: ClaimView, fate: Fate): void {
    const known = this.fates.get(claim);
    if (known === undefined || rank(fate) > rank(known)) this.fates.set(claim, fate);
  }
}

function rank({ method, copied }: Fate): number {
  if (copied === 'yes') return 3;
  if (copied === 'unknown') return 2;
  return method === 'none' ? 0 : 1;
}

/** Claims of one namespace that are to be snapshotted together. */
function groupOf(claim: ClaimView, spec: BackupSpec, cluster: Cluster): readonly ClaimView[] {
  return cluster.claimsOfGroup(claim, spec.volumeGroupSnapshotLabelKey).filter((other) => other !== claim);
}

function describeItem(item: ItemView): string {
  return item.kind === 'Pod'
    ? item.description
    : `${item.kind} ${item.namespace === '' ? '' : `${item.namespace}/`}${item.name}`;
}
