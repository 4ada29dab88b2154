/** What all jobs share that leave a receipt: what they are told, and their first and their last step. */
import { describeDataset, type DatasetId } from '../model/dataset';
import type { Location } from '../model/location';
import { DATASET_ANNOTATION } from '../model/marks';
import { waits, type CronJobOptions } from './cron-job';
import type { EnvValue, Peer, Step } from './step';
import { caMounts, inStore, storeEnv, storePaths } from './store';

/** What the jobs of a dataset are told. */
export interface JobOptions extends CronJobOptions {
  /** Part of every path in the store. */
  readonly cluster: string;
  readonly dataset: DatasetId;
  readonly location: Location;
  /** How the pods reach the location. */
  readonly store: Peer;
}

/** How much of the copy before a copy must have, if nobody says otherwise. */
export const SMALLEST_PERCENT = 50;

/** For the steps that compare a copy with the one before. */
export function smallestEnv({
  smallestPercent,
}: {
  readonly smallestPercent?: number;
}): Readonly<Record<string, string>> {
  return { SMALLEST_PERCENT: String(smallestPercent ?? SMALLEST_PERCENT) };
}

/** @param repository path of the restic repository that is looked for, in the bucket of the location. */
export function beginStep(options: JobOptions, repository?: string): Step {
  return {
    name: 'begin',
    image: 'rclone',
    run: { script: 'begin.sh' },
    env: {
      ...receiptsEnv(options),
      ...(repository === undefined ? {} : { REPOSITORY: inStore(options.location, repository) }),
    },
    mounts: caMounts(options.location),
  };
}

/** @param statedTools versions that an image without a shell cannot say itself. */
export function receiptStep(
  options: JobOptions,
  verifiedBy: string,
  statedTools: Readonly<Record<string, string>> = {},
): Step {
  const { location, dataset } = options;
  return {
    name: 'receipt',
    image: 'rclone',
    run: { script: 'write-receipt.sh' },
    env: {
      ...receiptsEnv(options),
      DATASET: JSON.stringify(dataset),
      VERIFIED_BY: verifiedBy,
      STATED_TOOLS: JSON.stringify(statedTools).slice(1, -1),
    },
    mounts: caMounts(location),
  };
}

/**
 * Which runs have left a receipt at a location: what its repository has besides is torn, or nothing has verified it.
 *
 * @param secret with the keys, by default the one of the location.
 */
export function listReceiptsStep(options: JobOptions, location: Location, secret?: string): Step {
  return {
    name: 'receipts',
    image: 'rclone',
    run: { script: 'list-receipts.sh' },
    env: receiptsEnv({ ...options, location }, secret),
    mounts: caMounts(location, secret),
  };
}

/** When the data was read that was copied from a location, by its receipts there. */
export function findMomentStep(options: JobOptions, location: Location): Step {
  return {
    name: 'moment',
    image: 'rclone',
    run: { script: 'find-moment.sh' },
    env: receiptsEnv({ ...options, location }),
    mounts: caMounts(location),
  };
}

/** On the CronJob, for people. */
export function aboutDataset(dataset: DatasetId): Readonly<Record<string, string>> {
  return { [DATASET_ANNOTATION]: describeDataset(dataset) };
}

function receiptsEnv(options: JobOptions, secret?: string): Readonly<Record<string, EnvValue>> {
  const { location, cluster, dataset } = options;
  return {
    ...waits(options),
    ...storeEnv(location, secret),
    RECEIPTS: inStore(location, storePaths(location, cluster, dataset).receipts),
  };
}
