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
  readonly version: typeof INVENTORY_VERSION;
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
  readonly locations: readonly InventoryLocation[];
  /** Secrets that a person provides, and where each value is also kept. */
  readonly requiredSecrets: readonly RequiredSecret[];
  /** What a proof took from the platform, in sentences for people and with the values for the audit. */
  readonly assumptions: readonly Assumption[];
}

/** Something that would be lost, and what becomes of it. */
export interface InventoryDataset {
  readonly id: DatasetId;
  /** Construct that declares it, `forge/gitea/data`. */
  readonly declaredAt: string;
  /** Chart whose folder it belongs to. */
  readonly chart: string;
  readonly storageBytes?: number;
  readonly storageClass?: string;
  readonly claims: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  /** Present exactly when nobody copies it. */
  readonly excluded?: { readonly reason: string; readonly reviewBy?: string };
  /** As declared; absent for what nobody copies. */
  readonly strategies?: readonly InventoryStrategy[];
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
  readonly type: StrategyType;
  /** Name of a location. */
  readonly to?: string;
  /** `hourly`, `nightly`, `weekly`, or a cron expression. */
  readonly pace?: string;
  readonly plan?: string;
  readonly keep?: Keep;
}

/** One place where a dataset also is. */
export interface InventoryCopy {
  readonly by: MethodName | 'mirror' | 'elsewhere';
  /** Name of a location; absent for a place of somebody else. */
  readonly location?: string;
  readonly failureDomain: FailureDomain;
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
  | { readonly type: 'cronJob'; readonly namespace: string; readonly name: string }
  /** Somebody's word. */
  | { readonly type: 'statement'; readonly sentence: string }
  /** The copy that it is a copy of, at another location. */
  | { readonly type: 'mirror'; readonly of: string };

/** How a copy comes back. */
export type Restore =
  /**
   * A Velero Restore that selects the claims of one plan by label; those of the default plan also by the absence of the
   * label. Without the selection, claims of other plans come back bound and empty.
   */
  | { readonly type: 'velero'; readonly namespace: string; readonly plan: string; readonly defaultPlan: boolean }
  /** By whoever copies it. */
  | { readonly type: 'ask'; readonly sentence: string }
  /** From the mirror, in the way of the copy that it mirrors. */
  | { readonly type: 'mirror'; readonly of: string };

/** A Schedule whose Backups hold the copy. */
export interface VeleroEvidence {
  readonly name: string;
  /** As the object has it. */
  readonly schedule: string;
  readonly keptSeconds: number;
  readonly method: 'data-mover' | 'csi-snapshot' | 'fs-backup';
  readonly plan: string;
}

/** Where copies live, without the keys. */
export interface InventoryLocation {
  readonly name: string;
  readonly endpoint: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly customCa: boolean;
  readonly sendChecksums: boolean;
  readonly failureDomain: FailureDomain;
  readonly versioned: boolean;
  readonly objectLocked: boolean;
  readonly trusted: boolean;
  readonly keptIn: string;
}

/** A Secret that a person provides. */
export interface RequiredSecret {
  readonly namespace: string;
  readonly name: string;
  readonly keys: readonly string[];
  readonly keptIn: string;
}

/** What a proof took as given, for the audit to check. */
export interface Assumption {
  /** What it is about: `velero.enableCSI`, `storageClasses.ceph-block`. */
  readonly about: string;
  readonly value: unknown;
  /** Why it matters, in a sentence. */
  readonly why: string;
}
