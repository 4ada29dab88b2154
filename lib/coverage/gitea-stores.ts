/** What a Gitea keeps in buckets, as far as its settings are visible and its construct says it. */
import type { PlannedJob } from '../methods/jobs/plan';
import { textAt } from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';
import type { GateContext } from './context';
import { FILES, placeOf } from './gitea-places';
import { settingsOf, type Settings } from './gitea-settings';

/** Whether a job copies a Gitea. */
export function isGiteaJob({ declaration: { source } }: PlannedJob): boolean {
  return source.steps.some(({ image }) => image === 'gitea');
}

/** Whether BackedUpGitea deploys what a job copies, and so says nothing of where its files are. */
export function isOfBackedUpGitea({ dataset: { declaration } }: PlannedJob): boolean {
  return declaration.by === undefined;
}

export function giteaJobs({ methods }: GateContext): readonly PlannedJob[] {
  return methods.jobs.jobs.filter(isGiteaJob);
}

/** A store that is no folder of the volume. */
export interface Store {
  readonly files: readonly string[];
  readonly bucketName?: string;
  /** Name of the ObjectBucketClaim whose ConfigMap names the bucket. */
  readonly claim?: string;
}

/** What its construct says is in a bucket, besides what the settings show. */
export function declaredStores({ declaration: { bucket } }: PlannedJob, shown: readonly Store[]): readonly Store[] {
  if (bucket === undefined || (bucket.claim === undefined && shown.length > 0)) return [];
  const { files, claim } = bucket;
  return [{ files, ...(claim === undefined ? {} : { claim }) }];
}

/** Group and kind of what Rook makes buckets of. */
export const CLAIMS = ['objectbucket.io', 'ObjectBucketClaim'] as const;

/** The claim of a store, which stands in the output or beside it. */
export function claimOf(
  { bucketName, claim }: Store,
  job: PlannedJob,
  context: GateContext,
): RenderedObject | undefined {
  const { namespace } = job.dataset.id;
  return context
    .ofKind(...CLAIMS)
    .find(({ object }) =>
      claim === undefined
        ? bucketName !== undefined && textAt(object, 'spec', 'bucketName') === bucketName
        : object.metadata.name === claim && object.metadata.namespace === namespace,
    );
}

/** As far as the settings are visible. */
export function storesOf(job: PlannedJob, context: GateContext): readonly Store[] {
  return storesIn(settingsOf(job, context));
}

/** @param settings of a Gitea, however they were found. */
export function storesIn(settings: Settings): readonly Store[] {
  return FILES.flatMap((files) => {
    const place = placeOf(files, settings);
    if (place?.isInBucket !== true) return [];
    const { bucket = {} } = place;
    return [{ files: [files], ...(typeof bucket === 'string' ? { bucketName: bucket } : bucket) }];
  });
}

/** Kinds of files of which the settings say that they are on a volume. */
export function filesOnVolume(job: PlannedJob, context: GateContext): readonly string[] {
  const settings = settingsOf(job, context);
  return FILES.filter((files) => {
    const place = placeOf(files, settings);
    return place !== undefined && place.isSaid && !place.isInBucket;
  });
}
