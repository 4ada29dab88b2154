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

/** Whether one object will be in the tarball. */
export interface ObjectPrediction {
  /** Its kind; others are not predicted. */
  readonly kind: 'Namespace' | 'PersistentVolume' | 'PersistentVolumeClaim' | 'Pod';
  /** `null` for what has no namespace. */
  readonly namespace: string | null;
  /** Its name. */
  readonly name: string;
  /** Whether the tarball in the bucket holds the manifest. */
  readonly included: boolean;
  /** By which rule of Velero, in words. */
  readonly why: string;
}

/** Whether the data of one claim will be copied. */
export interface VolumePrediction {
  /** Namespace of the claim. */
  readonly namespace: string;
  /** Name of the claim. */
  readonly claim: string;
  /** How it is copied, or was tried to be. */
  readonly method: CopyMethod;
  /**
   * `yes` if the claim's manifest will be in the Backup and its `volumeinfo.json.gz` will list the claim with
   * `skipped: false` and `result: succeeded`: what proves a copy, and what a restore goes by. So data that is copied
   * and not recorded (the claim's PersistentVolume is not in the Backup, or the Backup's name is longer than a label)
   * is a `no`. `unknown` only where it depends on what the objects cannot show, such as whether the pod of a workload
   * that is not live will run.
   */
  readonly copied: 'yes' | 'no' | 'unknown';
  /** By which rule of Velero, in words. */
  readonly why: string;
}

/** A Schedule's own checks, which say nothing about the Backups that it makes. */
export interface SchedulePrediction {
  /** As the live object shows it; `New` where it shows none, as that of a paused one. */
  readonly phase: 'Enabled' | 'FailedValidation' | 'New';
  /** Whether it ever makes a Backup. */
  readonly makesBackups: boolean;
  /** Why not, in sentences. */
  readonly reasons: readonly string[];
}

/** What Velero will do for one Backup or Schedule. */
export interface Prediction {
  /** Phase of the Backup, or of those that the Schedule makes, when Velero is done. */
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
