/** Receipts: what a job says of a copy when everything else about it has succeeded. A failed run writes none. */
import type { DatasetId } from './dataset';

/**
 * One run of a backup job, as small JSON at `<prefix>/<cluster>/receipts/<namespace>/<dataset>/<time>.json`.
 * Velero's copies and Barman's have none: what proves those is what Velero itself and the plugin record.
 */
export interface Receipt {
  readonly version: 1;
  /** What was copied. */
  readonly dataset: DatasetId;
  /** Moment of the data, RFC 3339 in UTC. */
  readonly startedAt: string;
  /** End of the run, RFC 3339 in UTC. */
  readonly finishedAt: string;
  /** Size of the copy; 0 only of a bucket in which there is nothing. */
  readonly bytes: number;
  /** The same things, counted at the source and in the copy: tables, entries, objects. */
  readonly items: { readonly counted: string; readonly source: number; readonly copy: number };
  /** When the parts of a copy were read that is not of one moment, RFC 3339 in UTC: `database`, `files`. */
  readonly moments?: Readonly<Record<string, string>>;
  /** What else was counted, by what it is and, where it was not found again in the copy, where: `keys at the source`. */
  readonly counts?: Readonly<Record<string, number>>;
  /** The command that would have found damage: `pg_restore -f /dev/null`. */
  readonly verifiedBy: string;
  /** Versions by the names of the tools. */
  readonly tools: Readonly<Record<string, string>>;
  /** How the copy is found where it is kept: a restic snapshot, a name in a bucket. */
  readonly copy: string;
}
