/** What an app says about its data, as plain data: the gate compares it with the objects. */
import type { PolicyStatement } from './bucket-policy';
import type { DatasetId } from './dataset';
import type { Methods } from './kinds';
import type { ObjectId } from './kube-object';
import type { Quantity } from './quantity';
import type { Excluded, Strategy } from './strategy';

/** Where something was said or made: a construct, or a line of a file that synth only reads. */
export type Origin =
  | {
      readonly type: 'construct';
      /** Construct path, `forge/gitea/data`. */
      readonly path: string;
      /** Id of the chart, which names the folder in the output. */
      readonly chart: string;
    }
  | { readonly type: 'file'; readonly file: string; readonly line: number };

/** One dataset's answer. */
export interface Declaration {
  readonly dataset: DatasetId;
  /** `undefined` where untyped code left it out; the gate reports it. */
  readonly answer: DatasetAnswer | undefined;
  readonly at: Origin & { readonly type: 'construct' };
  /** What was written, where that is neither `backUp`, `exclude` nor `holds`, nor the construct that makes the data. */
  readonly by?: Declarer;
  /** Labels that the claims carry without the library's doing. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What carries out its strategies, where that is not what its kind says: an application's own jobs copy its volume. */
  readonly methods?: Methods;
  /** Where the Secrets are also kept that the object itself names. */
  readonly secretsKeptIn?: string;
  /** Set for a claim that an opaque object makes at run time: no object shows it. */
  readonly held?: HeldClaim;
}

export interface Declarer {
  /** `PostgresBackup`. */
  readonly name: string;
  /** Whether the answer is its property `backup`. */
  readonly takesBackup: boolean;
}

export type DatasetAnswer = { readonly strategies: readonly Strategy[] } | Excluded;

/** Its dataset names no namespace where the declaration leaves that to the object. */
export interface HeldClaim {
  readonly by: ObjectId;
  readonly storage?: Quantity;
  readonly storageClass?: string;
}

/** What an opaque object makes at run time was declared; `{}` says that it makes nothing that lasts. */
export interface OpaqueDeclaration {
  readonly object: ObjectId;
  readonly at: Origin & { readonly type: 'construct' };
}

/** A bucket whose policy has to let the backup user read it. */
export interface GrantDeclaration {
  readonly bucket: DatasetId;
  /** What the policy has to say besides, unchanged; absent where somebody else writes the claim. */
  readonly statements?: readonly PolicyStatement[];
  readonly at: Origin & { readonly type: 'construct' };
}

export function isExcluded(answer: DatasetAnswer): answer is Excluded {
  return 'type' in answer;
}

export function strategiesOf(answer: DatasetAnswer): readonly Strategy[] {
  return isExcluded(answer) ? [] : answer.strategies;
}
