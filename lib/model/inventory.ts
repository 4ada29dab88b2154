/**
 * The inventory: every dataset with its strategy, copies and evidence, and what all of it assumes of the platform. Plain
 * JSON, versioned; audit, alerts, restore and survival read nothing else. Nothing about cdk8s is in it. Its JSON Schema
 * is `schemas/inventory.v1.json` in the package.
 */
import type { DatasetId } from './dataset';
import type { FailureDomain } from './location';
import type { MethodName } from './kinds';
import type { Keep, StrategyType } from './strategy';

/** The version that this release writes, and the only one that it reads. */
export const INVENTORY_VERSION = 1;

/** Every dataset of a cluster with its copies, and what they rest on. */
export interface Inventory {
  /** Version of this form. */
  readonly version: typeof INVENTORY_VERSION;
  /** Name of the cluster, from its platform. */
  readonly cluster: string;
  /** Sorted by namespace and name. */
  readonly datasets: readonly InventoryDataset[];
  /** Objects that make others at run time, and that were said to make only the claims listed above. */
  readonly opaque: readonly {
    readonly group: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
  }[];
  /** Where the copies are, sorted by name. */
  readonly locations: readonly InventoryLocation[];
  /** Secrets that a person provides, and where each value is also kept. */
  readonly requiredSecrets: readonly RequiredSecret[];
  /** What a proof took from the platform, in sentences for people and with the values for the audit. */
  readonly assumptions: readonly Assumption[];
}

/** Something that would be lost, and what becomes of it. */
export interface InventoryDataset {
  /** What it is, by the object that brings it into being. */
  readonly id: DatasetId;
  /** Construct that declares it, `forge/gitea/data`. */
  readonly declaredAt: string;
  /** Chart whose folder it belongs to. */
  readonly chart: string;
  /** What was requested, as far as an object says. */
  readonly storageBytes?: number;
  /** Absent where the cluster's default is meant, and where there is none. */
  readonly storageClass?: string;
  /** The claims that hold it, as far as they are known by name, with the labels by which Velero tells them apart. */
  readonly claims: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  /** Present exactly when nobody copies it. */
  readonly excluded?: { readonly reason: string; readonly reviewBy?: string };
  /** As declared; absent for what nobody copies. */
  readonly strategies?: readonly InventoryStrategy[];
  /** Every place where it also is; empty for what nobody copies. */
  readonly copies: readonly InventoryCopy[];
  /** Absent for what nobody copies. */
  readonly rpo?: {
    /** Worst age of the newest copy that survives the loss of the cluster. */
    readonly achievedSeconds: number;
    /** What was declared as acceptable. */
    readonly acceptedSeconds?: number;
  };
}

/** How a dataset is copied, as it was declared. */
export interface InventoryStrategy {
  /** Which of the strategies it is. */
  readonly type: StrategyType;
  /** Name of a location. */
  readonly to?: string;
  /** `hourly`, `nightly`, `weekly`, or a cron expression. */
  readonly pace?: string;
  /** What is copied together with it; all strategies of a dataset share one. */
  readonly plan?: string;
  /** Copies per calendar bucket. */
  readonly keep?: Keep;
}

/** One place where a dataset also is. */
export interface InventoryCopy {
  /** What makes it. */
  readonly by: MethodName | 'mirror' | 'elsewhere';
  /** Name of a location; absent for a place of somebody else. */
  readonly location?: string;
  /** What is lost together with it, as it was proven. */
  readonly failureDomain: FailureDomain;
  /** How old it is at worst: just before the next one is there. */
  readonly worstAgeSeconds: number;
  /** Age at which an alert fires. */
  readonly alertAgeSeconds: number;
  /** How long the copies are kept that are kept longest; absent where nobody said. */
  readonly keptSeconds?: number;
  /** What proves that the copy exists. */
  readonly evidence: Evidence;
  /** How it comes back. */
  readonly restore: Restore;
}

/** What proves that a copy exists and is fresh. */
export type Evidence =
  | { readonly type: 'velero'; readonly namespace: string; readonly schedules: readonly VeleroEvidence[] }
  | CnpgEvidence
  | ReceiptEvidence
  | { readonly type: 'cronJob'; readonly namespace: string; readonly name: string }
  /** Somebody's word. */
  | { readonly type: 'statement'; readonly sentence: string }
  /** The copy that it is a copy of, at another location. */
  | { readonly type: 'mirror'; readonly of: string };

/** How a copy comes back. */
export type Restore =
  | StoreRestore
  | ResticRestore
  | RcloneRestore
  /** By whoever copies it. */
  | { readonly type: 'ask'; readonly sentence: string }
  /** From the mirror, in the way of the copy that it mirrors. */
  | { readonly type: 'mirror'; readonly of: string };

/** From the store of another tool. */
export type StoreRestore = VeleroRestore | CnpgRestore;

/**
 * A Velero Restore that selects the claims of one plan by label; those of the default plan also by the absence of any label
 * of ours. Without the selection, claims of other plans come back bound and empty (docs/volumes.md).
 */
export interface VeleroRestore extends MirroredStore {
  readonly type: 'velero';
  /** Of the claims. */
  readonly namespace: string;
  /** What was copied together. */
  readonly plan: string;
  /** Whether claims that carry no label of ours belong to it too, which charts and operators make. */
  readonly defaultPlan: boolean;
}

/** Where the store of another tool is. */
export interface MirroredStore {
  /**
   * Path of the mirror in the bucket of the copy's location, `home/mirrors/local/velero`: a BackupStorageLocation or an
   * ObjectStore of its own has to name it. Absent for the store itself, whose object is there.
   */
  readonly path?: string;
}

/** A Schedule whose Backups hold the copy. */
export interface VeleroEvidence {
  /** Name of the Schedule. */
  readonly name: string;
  /** As the object has it: `CRON_TZ=Europe/Berlin 10 3 * * *`. */
  readonly schedule: string;
  /** How long Velero keeps each Backup. */
  readonly keptSeconds: number;
  /** How the data leaves the volume, or that it stays in the storage. */
  readonly method: 'data-mover' | 'csi-snapshot' | 'fs-backup';
  /** The plan whose claims it copies. */
  readonly plan: string;
}

/**
 * The live objects that say how far the archive of a database reaches: the Cluster's condition `ContinuousArchiving`, and
 * `status.serverRecoveryWindow` of the ObjectStore under the name of the server.
 */
export interface CnpgEvidence {
  readonly type: 'cnpg';
  /** Where all of its objects are. */
  readonly namespace: string;
  /** Name of the Cluster. */
  readonly cluster: string;
  /** Name of the ObjectStore that its log and its base copies go to. */
  readonly objectStore: string;
  /** The folder in the ObjectStore's path that is this Cluster's alone. */
  readonly serverName: string;
  /** What makes base copies; the schedule is as the object has it, `0 30 2 * * *`, in UTC. */
  readonly scheduledBackups: readonly { readonly name: string; readonly schedule: string }[];
  /** Metrics of the plugin by what they are the time of: those of the operator itself stay at 0. */
  readonly metrics: {
    readonly lastBackup: string;
    readonly lastFailedBackup: string;
    readonly firstRecoverabilityPoint: string;
  };
}

/** A new Cluster, whose `bootstrap.recovery` reads one archive and which writes another: it refuses one that is not empty. */
export interface CnpgRestore extends MirroredStore {
  readonly type: 'cnpg';
  /** Where the ObjectStore is. */
  readonly namespace: string;
  /** Name of the Cluster. */
  readonly cluster: string;
  /** Name of the ObjectStore. */
  readonly objectStore: string;
  /** What is read. */
  readonly serverName: string;
  /** What the restored Cluster writes: the next generation. */
  readonly nextServerName: string;
  /** The application's database: only with it and its owner does the operator make the Secret `<cluster>-app` anew. */
  readonly database: string;
  /** Owner of the application's database, who gets a new password. */
  readonly owner: string;
}

/** What a job of this library wrote at the location when everything else had succeeded: one file per good run. */
export interface ReceiptEvidence {
  readonly type: 'receipt';
  /** Where the CronJob is. */
  readonly namespace: string;
  /** Name of the CronJob. */
  readonly cronJob: string;
  /** As the object has it, five fields. */
  readonly schedule: string;
  /** Zone of the schedule. */
  readonly timeZone: string;
  /** Path in the location's bucket, below which the receipts are: `home/receipts/forge/cluster_db`. */
  readonly receipts: string;
}

/** A snapshot that a receipt names, from a restic repository that holds this dataset alone. */
export interface ResticRestore {
  readonly type: 'restic';
  /** As restic is told: `s3:https://s3.example.net/home-backups/home/data/forge/cluster_db`. */
  readonly repository: string;
  /** Where the Secret is. */
  readonly namespace: string;
  /** The Secret with the keys and the password of the repository. */
  readonly secret: string;
}

/** The objects of a bucket as files, copied back by rclone; names with empty parts, `a//b`, one by one (docs/buckets.md). */
export interface RcloneRestore {
  readonly type: 'rclone';
  /** Name of the bucket that they come from, and go back to. */
  readonly bucket: string;
  /** Path in the location's bucket, below which the objects are: `home/data/forge/objectbucketclaim_media/current`. */
  readonly current: string;
  /**
   * Path below which folders for each pass of a run have what that has replaced: `…/replaced/20261125T031000Z-5f0c92e1-1`. Absent
   * where the location keeps old versions instead.
   */
  readonly replaced?: string;
  /** Where the Secret is. */
  readonly namespace: string;
  /** The Secret with the keys of the location. */
  readonly secret: string;
}

/** Where copies live, without the keys. */
export interface InventoryLocation {
  /** As it was given to `s3Location`; so are all others that say nothing else. */
  readonly name: string;
  /** URL of the server. */
  readonly endpoint: string;
  /** Name of the bucket. */
  readonly bucket: string;
  /** Key prefix before everything; empty for none. */
  readonly prefix: string;
  /** Region of the bucket. */
  readonly region: string;
  /** Whether the bucket stands in the path instead of the host name. */
  readonly pathStyle: boolean;
  /** Whether the Secret carries the authority of the server's certificate. */
  readonly customCa: boolean;
  /** Whether clients send the newer checksum headers of the AWS SDK. */
  readonly sendChecksums: boolean;
  /** What is lost together with it: `cluster` if the cluster itself serves it, whatever was claimed. */
  readonly failureDomain: FailureDomain;
  /** Whether the bucket keeps old versions. */
  readonly versioned: boolean;
  /** Whether objects are locked against deletion for a time. */
  readonly objectLocked: boolean;
  /** Whether Secrets may be in it, in the clear. */
  readonly trusted: boolean;
  /** Where its keys are also kept outside the cluster. */
  readonly keptIn: string;
}

/** A Secret that a person provides. */
export interface RequiredSecret {
  /** Where it has to be. */
  readonly namespace: string;
  /** Its name. */
  readonly name: string;
  /** The keys that it has to have. */
  readonly keys: readonly string[];
  /** Where their values are also kept outside the cluster. */
  readonly keptIn: string;
}

/** What a proof took as given, for the audit to check. */
export interface Assumption {
  /** What it is about: `velero.enableCSI`, `storageClasses.ceph-block`. */
  readonly about: string;
  /** What was taken as given, in the form in which it was stated. */
  readonly value: unknown;
  /** Why it matters, in a sentence. */
  readonly why: string;
}
