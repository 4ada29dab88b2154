/**
 * What a backup method is: a module that says how datasets are protected, how anybody knows, and how they come back. The
 * gate and the inventory know methods only by this; a rule that proves what one method renders knows that method too.
 */
import type { AnsweredDataset } from '../model/answered';
import type { GrantDeclaration } from '../model/declaration';
import type { Assumption, Evidence, RequiredSecret, Restore } from '../model/inventory';
import type { KubeObject, ObjectId } from '../model/kube-object';
import type { Location } from '../model/location';
import type { Platform } from '../model/platform';
import type { RenderedObject } from '../model/rendered';
import type { Bucket, Strategy } from '../model/strategy';
import type { JobProblem } from './common-jobs';
import type { JobDeclaration } from './jobs/declaration';
import type { SettingsDeclaration } from './velero/settings';

/** What all methods plan from. */
export interface MethodInput {
  /** All datasets that have an answer, those of other methods too. */
  readonly datasets: readonly AnsweredDataset[];
  /** What is written and what is only read, without what methods and synth add to it. */
  readonly objects: ObjectIndex;
  readonly platform: Platform;
  /** Zone of the schedules that name none; one that exists. */
  readonly timeZone: string;
  /** Whether this repository answers for the cluster, and so brings what all of its repositories share. */
  readonly isClusterWide: boolean;
  readonly veleroSettings: readonly SettingsDeclaration[];
  /** What jobs of this library copy. */
  readonly jobs: readonly JobDeclaration[];
  /** The buckets that the backup user is to read. */
  readonly grants: readonly GrantDeclaration[];
}

/** Objects, as methods look them up. */
export interface ObjectIndex {
  object(id: ObjectId): RenderedObject | undefined;
  ofKind(group: string, kind: string): readonly RenderedObject[];
}

/** What a method does for the datasets of a cluster. */
export interface MethodPlan {
  /** The objects that follow from the strategies alone. Everything else is rendered by constructs. */
  readonly objects: readonly PlannedObject[];
  /** What jobs of this library are needed for, and cannot carry out. */
  readonly jobProblems: readonly JobProblem[];
  /** @returns the copy that a strategy of a dataset makes; `undefined` where this method does not carry it out. */
  copyOf(dataset: AnsweredDataset, strategy: Strategy): PlannedCopy | undefined;
  /** The jobs of this library that carry out a strategy of a dataset, with all that belongs to them. */
  jobObjectsFor(dataset: AnsweredDataset, strategy: Strategy): readonly KubeObject[];
  /** Secrets that a person provides for the copies of these datasets. */
  secretsFor(datasets: readonly AnsweredDataset[]): readonly RequiredSecret[];
  /** What the copies of these datasets rest on that no object shows. */
  assumptionsFor(datasets: readonly AnsweredDataset[]): readonly Assumption[];
}

/** An object, and the chart whose backup folder it belongs to. */
export interface PlannedObject {
  readonly object: KubeObject;
  readonly chart: string;
  /** What it is for, in the place of a construct path: `forge/velero`. */
  readonly path: string;
  /** The folder that it stands in instead, where others wait for it alone. */
  readonly folder?: string;
}

/** What one strategy yields. */
export interface PlannedCopy {
  readonly location: Location;
  /** Whether the data stays in the storage that it protects, and only a record of it is at the location. */
  readonly staysInStorage: boolean;
  readonly worstAgeSeconds: number;
  /** Absent where nothing of it expires. */
  readonly keptSeconds?: number;
  /** What makes it, those whose copies are the youngest first; none where copies do not expire by their age. */
  readonly runs: readonly PlannedRun[];
  readonly evidence: Evidence;
  readonly restore: Restore;
  /** The mirrors of its location that this method makes of it, nearest first. */
  readonly mirrors: readonly PlannedMirror[];
}

/** A copy of a copy, at the location to which the first one's is mirrored. */
export interface PlannedMirror {
  readonly to: Location;
  /** What a run may take. */
  readonly durationSeconds: number;
  /** Absent where nothing of it expires. */
  readonly keptSeconds?: number;
  readonly evidence: Evidence;
  readonly restore: Restore;
}

/** One schedule of a copy, with a retention of its own. */
export interface PlannedRun {
  readonly name: string;
  /** How old its newest copy is at worst. */
  readonly worstAgeSeconds: number;
  readonly keepSeconds: number;
  readonly kept: Kept;
}

/** In which words it was said how long copies are kept. */
export type Kept =
  | {
      readonly type: 'count';
      readonly bucket: Bucket;
      /** Copies that are kept when all goes well. */ readonly count: number;
    }
  /** All that a restore to any moment of a time needs. */
  | { readonly type: 'window' };
