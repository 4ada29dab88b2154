/** What {@link predict} answers: the measure is what Velero itself records in the bucket. */

/**
 * Phase of the Backup when Velero is done with it. `New` is for one that is never processed, whose live object shows no
 * phase at all; `InProgress` for one that stays so until the server is restarted.
 */
export type BackupPhase = 'Completed' | 'PartiallyFailed' | 'Failed' | 'FailedValidation' | 'InProgress' | 'New';

/**
 * How the data of a claim is copied, or was tried to be: by a CSI snapshot that stays in the storage cluster, by moving
 * such a snapshot's data into the bucket, or by reading the files of a running pod. `none` if nothing even tries.
 */
export type CopyMethod = 'csi-snapshot' | 'data-mover' | 'fs-backup' | 'none';

export interface ObjectPrediction {
  readonly kind: 'Namespace' | 'PersistentVolume' | 'PersistentVolumeClaim' | 'Pod';
  /** `null` for what has no namespace. */
  readonly namespace: string | null;
  readonly name: string;
  /** Whether the tarball in the bucket holds the manifest. */
  readonly included: boolean;
  readonly why: string;
}

export interface VolumePrediction {
  readonly namespace: string;
  readonly claim: string;
  readonly method: CopyMethod;
  /**
   * `yes` if the claim's manifest will be in the Backup and its `volumeinfo.json.gz` will list the claim with
   * `skipped: false` and `result: succeeded`: what proves a copy, and what a restore goes by. So data that is copied
   * and not recorded (the claim's PersistentVolume is not in the Backup, or the Backup's name is longer than a label)
   * is a `no`. `unknown` only where it depends on what the objects cannot show, such as whether the pod of a workload
   * that is not live will run.
   */
  readonly copied: 'yes' | 'no' | 'unknown';
  readonly why: string;
}

/** A Schedule's own checks, which say nothing about the Backups that it makes. */
export interface SchedulePrediction {
  /** As the live object shows it; `New` where it shows none, as that of a paused one. */
  readonly phase: 'Enabled' | 'FailedValidation' | 'New';
  readonly makesBackups: boolean;
  readonly reasons: readonly string[];
}

export interface Prediction {
  readonly phase: BackupPhase;
  /** Why this phase, and what was assumed, in sentences. */
  readonly reasons: readonly string[];
  /** The namespaces that the Backup takes; none if it takes nothing. */
  readonly namespaces: readonly string[];
  /** Every namespace, volume, claim and pod among the objects. */
  readonly objects: readonly ObjectPrediction[];
  /** Every claim among the objects, and those that rendered StatefulSets will make. */
  readonly volumes: readonly VolumePrediction[];
  /** Only for a Schedule. If it makes no Backups, nothing of the above is in one. */
  readonly schedule?: SchedulePrediction;
}
