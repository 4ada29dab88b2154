/** How jobs of this library copy a dataset, as a construct says it: what the strategy does not know. */
import type { ApplicationPod, Source } from '../../jobs/step';
import type { DatasetId } from '../../model/dataset';
import type { Origin } from '../../model/declaration';
import type { RequiredSecret } from '../../model/inventory';
import type { JobImages } from '../../model/job-images';
import type { JobResources } from '../../model/platform';
import type { Stops } from './stopped';

/** What a person may change about the jobs of a dataset. */
export interface JobSettings {
  /** Seconds after which a run is ended, part of the worst age of the copies. */
  readonly deadlineSeconds: number;
  /** Quantity; absent for what the dataset requests. */
  readonly scratchSize?: string;
  /** Absent for the class of the platform or of the dataset. */
  readonly scratchClass?: string;
  /** A copy must have this much of the one before, in percent; absent for the default. */
  readonly smallestPercent?: number;
  /** The Secret with the keys of the upkeep, which deletes; absent for that of the location. */
  readonly upkeepSecret?: string;
  /** What the platform's do not fit. */
  readonly resources?: Partial<JobResources>;
  /** What the platform's images do not fit. */
  readonly images?: Partial<JobImages>;
}

/** One dataset that jobs copy, and how. */
export interface JobDeclaration {
  readonly dataset: DatasetId;
  /** What the CronJobs are called, before the location: `db-dump`, `etcd`. */
  readonly name: string;
  /** Where they run. */
  readonly namespace: string;
  readonly source: Source;
  readonly settings: JobSettings;
  /** What its pod has of those of the application, where that is not what the output shows. */
  readonly pod?: ApplicationPod;
  /** What is stopped while its data is read; absent where the copy may be of several moments. */
  readonly stops?: Stops;
  /** What a restore needs besides the copy, because no copy may carry it. */
  readonly keys?: readonly RequiredSecret[];
  /** Where the key of the KMS is kept that a restore needs, which is in no Secret. */
  readonly kmsKeptIn?: string;
  /** The server without an operator that is dumped. */
  readonly server?: DumpedServer;
  /** Files of the application that are not on its volume. */
  readonly bucket?: FilesInBucket;
  /** Where on the volume of a Gitea the files of each kind are that are not in the bucket. */
  readonly folders?: Readonly<Record<string, string>>;
  /** How many files of a kind may be missing, because they were lost before. */
  readonly knownLosses?: Readonly<Record<string, number>>;
  readonly at: Origin & { readonly type: 'construct' };
}

/** How a job reaches a server, in the namespace of the volume: through a Service, and past NetworkPolicies. */
export interface DumpedServer {
  /** Name of the Service. */
  readonly service: string;
  /** Of the Service. */
  readonly port: number;
  /** Labels of the pods that the job may reach. */
  readonly pods: Readonly<Record<string, string>>;
  /** Where the job may reach them. */
  readonly podPort: number;
  /** Whether it has a volume of its own; otherwise it is dumped in the place of that of the dataset, and writes to it. */
  readonly isBeside?: boolean;
}

/** What an application keeps in a bucket, which has a backup of its own. */
export interface FilesInBucket {
  /** What kinds of files: `attachments`. */
  readonly files: readonly string[];
  /** Name of its ObjectBucketClaim, in the namespace of the dataset, with whose keys a job lists it; absent where none does. */
  readonly claim?: string;
  /** Where in the bucket the files of each kind are. */
  readonly folders: Readonly<Record<string, string>>;
  /** A sentence, where the bucket is no object that the gate sees. */
  readonly copiedBy?: string;
}

/** The claims of an application that a job mounts. */
export function claimsReadBy({ steps }: Source): readonly string[] {
  const volumes = steps.flatMap(({ mounts = [] }) => mounts).map(({ volume }) => volume);
  return volumes.flatMap((volume) => ('claim' in volume ? [volume.claim] : []));
}

/** Names of the Secrets in its namespace that a job has variables from. */
export function secretsReadBy({ steps }: Source): ReadonlySet<string> {
  const values = steps.flatMap(({ env = {} }) => Object.values(env));
  return new Set(values.flatMap((value) => (typeof value !== 'string' && 'secret' in value ? [value.secret] : [])));
}
