/** What a Schedule makes of itself (pkg/controller/schedule_controller.go and pkg/builder, Velero v1.18.3). */
import { at, booleanAt, isMapping, labelsOf, textAt, textMapAt, type KubeObject } from '../model/kube-object';
import { isLabelKey, isLabelValue } from '../model/names';
import { undecodableDurations } from './backup-spec';
import { isCronRefusal, readVeleroCron, type CronReading } from './cron';
import type { SchedulePrediction } from './prediction';

/** A Backup is named after its Schedule, a hyphen and a time of 14 digits. */
const TIME_SUFFIX = '-20260101000000';

/** The Backup that a Schedule would make; only its name differs from run to run, not its length. */
export function backupOfSchedule(schedule: KubeObject): KubeObject {
  const { name, namespace, annotations } = schedule.metadata;
  const template = at(schedule, 'spec', 'template');
  const policy = at(template, 'resourcePolicy') ?? undefined;
  return {
    apiVersion: schedule.apiVersion,
    kind: 'Backup',
    metadata: {
      name: `${name}${TIME_SUFFIX}`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      ...(isMapping(template) ? template : {}),
      // Velero writes the kind itself, so that a wrong one does no harm here.
      ...(policy === undefined ? {} : { resourcePolicy: { kind: 'configmap', name: textAt(policy, 'name') ?? '' } }),
    },
  };
}

export function predictSchedule(schedule: KubeObject, serverNamespace: string): SchedulePrediction {
  const undecodable = undecodableDurations(schedule);
  if (undecodable.length > 0) {
    return never('New', [
      `Velero cannot read it: ${undecodable.join('; ')}. A running server keeps to the Schedules that it knows, and after its next start it cannot read any and stops.`,
    ]);
  }
  const { namespace } = schedule.metadata;
  if (namespace !== undefined && namespace !== serverNamespace) {
    return never('New', [`The server looks for Schedules in the namespace ${serverNamespace} only.`]);
  }
  if (booleanAt(schedule, 'spec', 'paused') === true)
    return never('New', ['It is paused: Velero does not even check it.']);
  const cron = readVeleroCron(textAt(schedule, 'spec', 'schedule') ?? '');
  if (isCronRefusal(cron)) return never('FailedValidation', [`Its cron expression is invalid: ${cron.problem}.`]);
  const refusal = whyNoBackup(schedule);
  if (refusal !== undefined) return never('Enabled', [`${refusal} Only the log of the server says so.`]);
  const reasons = OVERRUNS[cron.comes];
  return { phase: 'Enabled', makesBackups: true, reasons };
}

const OVERRUNS: Readonly<Record<CronReading['comes'], readonly string[]>> = {
  regularly: [],
  seldom: [
    'There are five years in which the time of its cron expression never comes: then Velero makes a Backup every minute.',
  ],
  never: ['The time of its cron expression never comes: Velero makes a Backup every minute.'],
};

function never(phase: SchedulePrediction['phase'], reasons: readonly string[]): SchedulePrediction {
  return { phase, makesBackups: false, reasons };
}

/** What the API server has against the Backups. */
function whyNoBackup(schedule: KubeObject): string | undefined {
  const { name } = schedule.metadata;
  if (!isLabelValue(name)) {
    return `Its name is no label value${name.length > 63 ? `, being ${name.length} characters long` : ''}, and each of its Backups would have it as one: the API server refuses them.`;
  }
  const given = at(schedule, 'spec', 'template', 'metadata', 'labels');
  const labels = isMapping(given) ? textMapAt(schedule, 'spec', 'template', 'metadata', 'labels') : labelsOf(schedule);
  const wrong = Object.entries(labels).find(([key, value]) => !isLabelKey(key) || !isLabelValue(value));
  return wrong === undefined
    ? undefined
    : `The label '${wrong[0]}: ${wrong[1]}' that each of its Backups would have is no label: the API server refuses them.`;
}
