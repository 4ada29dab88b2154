/** Which jobs mirror which buckets, as plain data. */
import { DEADLINE } from '../../jobs/cron-job';
import { mirrorJob } from '../../jobs/mirror-job';
import type { Peer } from '../../jobs/step';
import type { AnsweredDataset } from '../../model/answered';
import { scheduleOf, tiersOf, type Tier } from '../../model/cadence';
import { minimumRetention, worstAge } from '../../model/copies';
import { isExcluded } from '../../model/declaration';
import { BACKED_UP_NAMESPACE } from '../../model/folders';
import type { KubeObject } from '../../model/kube-object';
import type { Location } from '../../model/location';
import { joinedName, MAX_CRON_JOB_NAME_LENGTH } from '../../model/names';
import type { Platform, RookPlatform } from '../../model/platform';
import { largestGap, type Schedule } from '../../model/schedule';
import type { Mirrored } from '../../model/strategy';
import { platformOptions, type JobProblem } from '../common-jobs';
import type { MethodInput } from '../method';
import { storeOf } from '../reach';
import { backupUserRemote } from './gateway';

/** What one strategy of a bucket becomes. */
export interface PlannedBucketMirror {
  readonly dataset: AnsweredDataset;
  readonly strategy: Mirrored;
  /** Of the CronJob. */
  readonly name: string;
  /** The bucket itself. */
  readonly bucket: string;
  readonly location: Location;
  readonly store: Peer;
  readonly schedule: Schedule;
  readonly deadlineSeconds: number;
  /** How old the copy is at worst. */
  readonly worstAgeSeconds: number;
  /** What is kept longest of what was replaced; absent where nobody said how long. */
  readonly kept?: Tier;
}

/** Room for the lists of a bucket with a million objects, on the node itself. */
const SCRATCH = '4Gi';

/** The strategies of a bucket that mirrors carry out. */
export function mirroredOf({ answer, methods }: AnsweredDataset): readonly Mirrored[] {
  if (isExcluded(answer) || methods.mirrored !== 'ceph') return [];
  return answer.strategies.filter((strategy) => strategy.type === 'mirrored');
}

export function planMirror(
  dataset: AnsweredDataset,
  strategy: Mirrored,
  bucket: string,
  { objects, platform, timeZone }: Pick<MethodInput, 'objects' | 'platform' | 'timeZone'>,
): PlannedBucketMirror | JobProblem {
  const { cadence, to: location, keep, deadlineSeconds = DEADLINE } = strategy;
  const { namespace = '', name: claim } = dataset.id;
  const parts = ['mirror', namespace, claim, location.name];
  const name = joinedName(parts, MAX_CRON_JOB_NAME_LENGTH);
  const subject = cadence.every === 'cron' ? `'${cadence.cron}'` : `the schedule of '${name}'`;
  const schedule = scheduleOf(cadence, parts, timeZone);
  if ('problem' in schedule) return { type: 'schedule', dataset, subject, ...schedule };
  const worstAgeSeconds = worstAge(largestGap(schedule), deadlineSeconds);
  const tiers = keep === undefined ? [] : tiersOf(cadence, schedule, keep, parts, minimumRetention(worstAgeSeconds));
  if ('problem' in tiers) return { type: 'schedule', dataset, subject, ...tiers };
  const store = storeOf(location, platform, objects);
  if ('because' in store) return { type: 'unready', dataset, ...store };
  const kept = tiers.toSorted((a, b) => b.keepSeconds - a.keepSeconds)[0];
  return {
    dataset,
    strategy,
    name,
    bucket,
    location,
    store,
    schedule,
    deadlineSeconds,
    worstAgeSeconds,
    ...(kept === undefined ? {} : { kept }),
  };
}

/** @param server how pods reach the gateway that serves the bucket. */
export function mirrorObjects(
  mirror: PlannedBucketMirror,
  rook: RookPlatform,
  server: Peer,
  platform: Platform,
): readonly KubeObject[] {
  const { dataset, strategy, name, bucket, location, store, schedule, deadlineSeconds, kept } = mirror;
  const { smallestPercent } = strategy;
  return mirrorJob({
    name,
    namespace: BACKED_UP_NAMESPACE,
    cluster: platform.cluster,
    dataset: dataset.id,
    location,
    store,
    schedule,
    deadlineSeconds,
    scratch: { size: SCRATCH },
    source: { ...backupUserRemote(rook), bucket, server },
    ...(kept === undefined ? {} : { keepSeconds: kept.keepSeconds }),
    ...(smallestPercent === undefined ? {} : { smallestPercent }),
    ...platformOptions(platform),
  });
}
