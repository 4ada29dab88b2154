/** Receipts: what a job says of a copy when everything else about it has succeeded. A failed run writes none. */
import type { DatasetId } from './dataset';

export const RECEIPT_VERSION = 1;

/** One run of a job, as small JSON at `<prefix>/<cluster>/receipts/<namespace>/<dataset>/<time>.json`. */
export interface Receipt {
  readonly version: typeof RECEIPT_VERSION;
  readonly dataset: DatasetId;
  /** Moment of the data and of the end of the run, RFC 3339 in UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly bytes: number;
  /** The same things, counted at the source and in the copy: tables, entries, objects. */
  readonly items: { readonly counted: string; readonly source: number; readonly copy: number };
  /** The command that would have found damage: `pg_restore -f /dev/null`. */
  readonly verifiedBy: string;
  /** Versions by the names of the tools. */
  readonly tools: Readonly<Record<string, string>>;
  /** How the copy is found where it is kept: a restic snapshot, a name in a bucket. */
  readonly copy: string;
}
