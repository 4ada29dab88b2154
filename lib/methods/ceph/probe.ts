/** The job that tries, once a day, what the backup user may do in the buckets that one repository has granted to it. */
import { probeJob } from '../../jobs/probe-job';
import { scheduleOf } from '../../model/cadence';
import { sortedBy } from '../../model/collections';
import { BACKED_UP_NAMESPACE, CLUSTER_CHART } from '../../model/folders';
import { textAt } from '../../model/kube-object';
import { joinedName, MAX_CRON_JOB_NAME_LENGTH } from '../../model/names';
import type { RookPlatform } from '../../model/platform';
import { isScheduleProblem } from '../../model/schedule';
import { platformOptions } from '../common-jobs';
import type { MethodInput, PlannedObject } from '../method';
import { backupUserRemote, gatewayOf } from './gateway';

const DEADLINE = 3600;
/** Room for the list of a bucket with a million objects. */
const SCRATCH = '1Gi';

/** Several repositories of a cluster may have one each, in one namespace. */
export function probeName({ isClusterWide, platform }: MethodInput): string {
  const name = 'probe-grants';
  return isClusterWide ? name : joinedName([name, platform.flux.sourceRef.name], MAX_CRON_JOB_NAME_LENGTH);
}

export function probeObjects(input: MethodInput, rook: RookPlatform): readonly PlannedObject[] {
  const { grants, objects, platform, timeZone, isClusterWide } = input;
  const buckets = grants.flatMap(({ bucket: { part: _none, ...claim } }) => {
    const name = textAt(objects.object(claim)?.object, 'spec', 'bucketName');
    return name === undefined ? [] : [name];
  });
  const [first] = sortedBy(grants, ({ at }) => at.chart);
  const name = probeName(input);
  const server = gatewayOf(rook, objects);
  const schedule = scheduleOf({ every: 'night' }, [name, platform.cluster], timeZone);
  if (buckets.length === 0 || first === undefined || isScheduleProblem(schedule) || 'because' in server) return [];
  return probeJob({
    name,
    namespace: BACKED_UP_NAMESPACE,
    schedule,
    deadlineSeconds: DEADLINE,
    scratch: { size: SCRATCH },
    source: backupUserRemote(rook),
    server,
    buckets: [...new Set(buckets)].toSorted(),
    ...platformOptions(platform),
  }).map((object) => ({
    object,
    chart: isClusterWide ? CLUSTER_CHART : first.at.chart,
    path: 'probe of the grants',
  }));
}
