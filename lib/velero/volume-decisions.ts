/** What is to happen to the data of a volume (internal/volumehelper/volume_policy_helper.go, Velero v1.18.3). */
import type { BackupSpec } from './backup-spec';
import type { Cluster } from './cluster';
import type { VolumePolicy } from './resource-policy';
import type { ClaimView, PodView, PodVolumeView, VolumeView } from './views';
import { matchVolumePolicy, type PolicyMatch, type PolicySubject } from './volume-policy';

export interface Decision {
  readonly wanted: boolean | 'unknown';
  /** As the end of a sentence about the claim. */
  readonly why: string;
}

export interface DecisionError {
  readonly error: string;
}

interface ClaimName {
  readonly namespace: string;
  readonly name: string;
}

/** Without a policy at all some errors do not come up, so it is told from an empty one. */
type Rules = readonly VolumePolicy[] | undefined;

export class VolumeDecisions {
  constructor(
    private readonly spec: BackupSpec,
    private readonly cluster: Cluster,
    /** Of the Backup's policy and behind them of the server's. */
    private readonly rules: Rules,
    /** Of the Backup's policy alone, which is all that the CSI plugin reads. */
    private readonly ownRules: Rules,
    private readonly excludesClaims: boolean,
  ) {}

  /** Whether a snapshot of a claim is to be taken. */
  snapshotOfClaim(claim: ClaimView): Decision | DecisionError {
    return this.#snapshot(claim, this.rules);
  }

  /** What the CSI plugin makes of the same question, which it asks again. */
  snapshotByPlugin(claim: ClaimView): Decision | DecisionError {
    return this.#snapshot(claim, this.ownRules);
  }

  #snapshot(claim: ClaimView, rules: Rules): Decision | DecisionError {
    const volume = this.cluster.volumeOf(claim);
    const known = 'problem' in volume ? undefined : volume;
    const ruled = byRule(rules, { claim, volume: known }, 'snapshot');
    if (ruled !== undefined) return ruled;
    if (known === undefined) return { error: 'problem' in volume ? volume.problem : '' };
    return this.#snapshotByFields(known);
  }

  /** The same when Velero comes to the volume: there no rule about the claim matches. */
  snapshotOfVolume(volume: VolumeView): Decision {
    return byRule(this.rules, { volume }, 'snapshot') ?? this.#snapshotByFields(volume);
  }

  /** Whether the files of a pod's volume are to be read. */
  fileBackup(pod: PodView, volume: PodVolumeView): Decision | DecisionError {
    if (this.#isNeverRead(volume)) return { wanted: false, why: 'file-system backup leaves out volumes of its type' };
    if (this.rules !== undefined) {
      const subject = this.#subjectOf(pod, volume);
      if ('error' in subject) return subject;
      const ruled = byRule(this.rules, subject, 'fs-backup');
      if (ruled !== undefined) return ruled;
      const behind = subject.claim === undefined ? undefined : this.cluster.volumeOf(subject.claim);
      if (behind !== undefined && 'problem' in behind) {
        return { error: `its claim ${volume.claim} cannot be read: ${behind.problem}` };
      }
    }
    return isChosenByPod(pod, volume.name, this.spec.defaultVolumesToFsBackup)
      ? { wanted: true, why: 'file-system backup is chosen for it' }
      : { wanted: false, why: 'file-system backup is not chosen for it' };
  }

  /** What the rules say of a claim, without the fields of the Backup. */
  ruleFor(claim: ClaimView): PolicyMatch | undefined {
    const volume = this.cluster.volumes.get(claim.volumeName);
    return this.rules === undefined ? undefined : matchVolumePolicy(this.rules, { claim, volume });
  }

  /** Whether the files of a claim are to be read, if only a pod in the Backup mounts it. */
  asksForFiles(claim: ClaimView): boolean {
    const rule = this.ruleFor(claim);
    if (rule?.action !== undefined) return rule.action === 'fs-backup';
    return this.#fileBackupPod(claim) !== undefined || this.#isReadByDefault(claim);
  }

  get hasPolicy(): boolean {
    return this.rules !== undefined;
  }

  #snapshotByFields(volume: VolumeView): Decision {
    const pod = volume.claim === undefined ? undefined : this.#fileBackupPod(volume.claim);
    if (pod !== undefined) {
      return {
        wanted: false,
        why: `file-system backup is chosen for it by ${pod.description}, whether that runs or not`,
      };
    }
    if (this.spec.snapshotVolumes !== false) return { wanted: true, why: 'snapshots are not switched off' };
    const why = 'the Backup says snapshotVolumes: false';
    return volume.claim !== undefined && this.#isReadByDefault(volume.claim)
      ? { wanted: false, why }
      : { wanted: false, why: `${why}, and file-system backup is not chosen for it` };
  }

  /** A claim that no pod uses, and that file-system backup would read by default. */
  #isReadByDefault(claim: ClaimName): boolean {
    return this.spec.defaultVolumesToFsBackup && this.cluster.podsUsing(claim).length === 0;
  }

  #fileBackupPod(claim: ClaimName): PodView | undefined {
    const isChosen = (pod: PodView): boolean =>
      pod.volumes.some(
        (volume) => volume.claim === claim.name && isChosenByPod(pod, volume.name, this.spec.defaultVolumesToFsBackup),
      );
    return this.cluster.podsUsing(claim).find(isChosen);
  }

  #isNeverRead({ name, claim, source }: PodVolumeView): boolean {
    if (['hostPath', 'secret', 'configMap', 'projected', 'downwardAPI'].includes(source.type)) return true;
    return (claim !== '' && this.excludesClaims) || name.startsWith('default-token');
  }

  #subjectOf(pod: PodView, { claim, source }: PodVolumeView): PolicySubject | DecisionError {
    if (claim === '') return { podSource: source };
    const view = this.cluster.claims.get(`${pod.namespace}/${claim}`);
    if (view === undefined) return { error: `its claim ${claim} does not exist` };
    const volume = this.cluster.volumeOf(view);
    return 'problem' in volume ? { claim: view, podSource: source } : { claim: view, volume };
  }
}

function byRule(rules: Rules, subject: PolicySubject, wanted: 'snapshot' | 'fs-backup'): Decision | undefined {
  if (rules === undefined) return undefined;
  const { action, index, isUncertain } = matchVolumePolicy(rules, subject);
  if (isUncertain) {
    return { wanted: 'unknown', why: 'a rule of the policy asks for the type of its volume, which nothing shows' };
  }
  if (action === undefined) return undefined;
  const consequence = action === 'custom' ? ', which Velero leaves to plugins' : '';
  return { wanted: action === wanted, why: `rule ${index + 1} of the policy says ${action}${consequence}` };
}

/** Opt-in by annotation, or opt-out where file-system backup is the default. Names are not trimmed. */
function isChosenByPod({ annotations }: PodView, volume: string, isDefault: boolean): boolean {
  const named = (key: string): readonly string[] => (annotations[`backup.velero.io/${key}`] ?? '').split(',');
  return isDefault ? !named('backup-volumes-excludes').includes(volume) : named('backup-volumes').includes(volume);
}
