/** What all methods have in common that are carried out by jobs of this library. */
import { RESOURCES, STARTS_LATE, type CronJobOptions } from '../jobs/cron-job';
import type { AnsweredDataset } from '../model/answered';
import type { Runs } from '../model/between-runs';
import type { TierProblem } from '../model/cadence';
import type { Assumption, ReceiptEvidence } from '../model/inventory';
import type { Location } from '../model/location';
import type { JobResources, Platform } from '../model/platform';
import { parseQuantity } from '../model/quantity';
import { renderSchedule, type Schedule } from '../model/schedule';
import type { Unsaid } from './unsaid';

export { JOB_LABEL, RESOURCES as JOB_RESOURCE_DEFAULTS } from '../jobs/cron-job';
export { JOB_IMAGES } from '../jobs/images';
export { POSTGRES_PORT } from '../jobs/postgres';

/** Why there is no job. */
export type JobProblem =
  /** `problem` is the end of a sentence that begins with `subject`. */
  | (TierProblem & { readonly type: 'schedule'; readonly dataset: AnsweredDataset; readonly subject: string })
  /** Something that the pods need is not known. `because` is a sentence. */
  | (Unsaid & { readonly type: 'unready'; readonly dataset: AnsweredDataset });

/** @param result a planned job, or why there is none. */
export function isJobProblem(result: object): result is JobProblem {
  return 'type' in result;
}

/** What the platform says of all jobs. */
export function platformOptions({
  jobs,
}: Platform): Pick<CronJobOptions, 'images' | 'resources' | 'priorityClassName'> {
  return {
    ...(jobs?.images === undefined ? {} : { images: jobs.images }),
    ...(jobs?.resources === undefined ? {} : { resources: jobs.resources }),
    ...(jobs?.priorityClassName === undefined ? {} : { priorityClassName: jobs.priorityClassName }),
  };
}

/** @returns what containers would ask for beyond their own limit, which the API server refuses. */
export function overLimits(
  given: Partial<JobResources>,
): readonly { readonly name: 'cpu' | 'memory'; readonly request: string; readonly limit: string }[] {
  const { cpu, cpuLimit, memory, memoryLimit } = { ...RESOURCES, ...given };
  return [
    { name: 'cpu' as const, request: cpu, limit: cpuLimit },
    { name: 'memory' as const, request: memory, limit: memoryLimit },
  ].flatMap(({ name, request, limit }) =>
    limit !== undefined && (parseQuantity(request)?.bytes ?? 0) > (parseQuantity(limit)?.bytes ?? Infinity)
      ? [{ name, request, limit }]
      : [],
  );
}

/** When a job runs, and how long after it is due a run may still last. */
export function runsOf(schedule: Schedule, deadlineSeconds: number): Runs {
  return { schedule, seconds: STARTS_LATE + deadlineSeconds };
}

/** @param receipts path in the bucket of the location. */
export function receiptEvidence(
  namespace: string,
  cronJob: string,
  schedule: Schedule,
  receipts: string,
): ReceiptEvidence {
  return {
    type: 'receipt',
    namespace,
    cronJob,
    schedule: renderSchedule(schedule, 'CronJob').schedule,
    timeZone: schedule.timeZone,
    receipts,
  };
}

export function aboutClusterRanges({ clusterRanges }: Platform): readonly Assumption[] {
  if (clusterRanges === undefined) return [];
  return [
    {
      about: 'clusterRanges',
      value: clusterRanges,
      why: 'Jobs that copy to a store outside may reach all other addresses at its port.',
    },
  ];
}

/** What the assumptions about copies begin with that take whatever is there. */
export const UNGUARDED = 'smallestPercent of ';

/**
 * A share of 0 is for the one run after something large was deleted, and nothing ends it: so it is said as long as it stands.
 *
 * @param copy `Cluster forge/db at 'offsite'`.
 */
export function aboutUnguarded(copy: string, smallestPercent: number | undefined): readonly Assumption[] {
  if (smallestPercent !== 0) return [];
  return [
    {
      about: `${UNGUARDED}${copy}`,
      value: 0,
      why: 'A source that has suddenly lost almost all that it had becomes the newest copy, and every run is good.',
    },
  ];
}

/**
 * A copy has one schedule and one retention.
 *
 * @param strategies of the dataset, that jobs carry out.
 */
export function placesTwice(
  dataset: AnsweredDataset,
  strategies: readonly { readonly to: Location }[],
): readonly JobProblem[] {
  const names = strategies.map(({ to }) => to.name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twice].map((name) => ({
    type: 'schedule',
    dataset,
    subject: `location '${name}'`,
    problem: 'is named by two of its strategies, and one job copies a dataset to one place: merge them',
    advice: 'declare one strategy, which runs as often as the two and keeps what they would',
  }));
}
