/** Velero's objects, whoever wrote them: what they will really do. */
import { veleroCopies } from '../../methods/velero/plan';
import { booleanAt, groupOf, type KubeObject } from '../../model/kube-object';
import { isLabelValue } from '../../model/names';
import { counted } from '../../model/text';
import { undecodableDurations } from '../../velero/backup-spec';
import { aboutDataset, aboutObject, inWords, toFix } from '../finding';
import type { Rule } from '../rule';
import { whyNotCopied } from '../velero-runs';

/** A Schedule of somebody's own, for the examples: `template` is what is wrong with it. */
export function scheduleExample(name: string, spec: string): string {
  return `new ApiObject(chart, 'schedule', {
  apiVersion: 'velero.io/v1',
  kind: 'Schedule',
  metadata: { name: '${name}', namespace: 'velero' },
  spec: ${spec},
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });`;
}

export const notCopied: Rule = {
  id: 'not-copied',
  heading: (n) => `${counted(n, 'dataset')} that Velero will not copy`,
  what: 'A strategy says that Velero copies the data, and by the rules of Velero it will not.',
  why: 'Velero reports Completed all the same: for a volume that is not CSI, a claim with the exclude label, a server without EnableCSI, a filter that leaves the PersistentVolume behind, a file-system backup of a pod that does not run.',
  fix: 'The finding says which rule of Velero leaves the data out.',
  example: `const volume = new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
ApiObject.of(volume).metadata.addLabel('velero.io/exclude-from-backup', 'true');`,
  check: (context) =>
    context.copied.flatMap((dataset) => {
      const planned = veleroCopies(dataset).flatMap((strategy) =>
        context.methods.velero.schedulesOf(dataset, strategy),
      );
      const reasons = new Set(
        planned.map((schedule) => whyNotCopied(dataset, schedule, context)).filter((why) => why !== undefined),
      );
      const [because] = reasons;
      if (because === undefined) return [];
      return [
        {
          ...aboutDataset(dataset),
          because,
          remedies: inWords('change what the reason names, or choose another strategy'),
        },
      ];
    }),
};

export const veleroDuration: Rule = {
  id: 'velero-duration',
  heading: (n) => `${counted(n, 'duration')} that stop${n === 1 ? 's' : ''} Velero`,
  what: 'A duration of a Backup, a Schedule or another object of Velero is none that Go knows, such as `30d`.',
  why: 'The API server takes it, and Velero can no longer list any object of that kind in the cluster: for a Backup, none is made until the object is gone, and the storage location stays Available.',
  fix: 'Write hours: `720h0m0s`.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', template: { includedNamespaces: ['paperless'], storageLocation: 'offsite', ttl: '30d', excludedResources: ['secrets'] } }`,
  ),
  check: ({ input }) =>
    input.objects
      .filter(({ object }) => groupOf(object.apiVersion) === 'velero.io')
      .flatMap(({ object, origin }) =>
        undecodableDurations(object).map((because) => ({
          ...aboutObject(object, origin),
          because,
          remedies: toFix(`'720h0m0s'`),
        })),
      ),
};

export const veleroNeverRuns: Rule = {
  id: 'velero-never-runs',
  heading: (n) => `${counted(n, 'Schedule')} that make${n === 1 ? 's' : ''} no Backups, or one every minute`,
  what: 'A Velero Schedule is paused, has a name that is too long, or a cron expression that Velero refuses or that never comes.',
  why: 'A name of 64 characters is Enabled and never makes a Backup; a day that never comes makes one every minute; a paused Schedule has no status at all.',
  fix: 'The finding says what keeps it from running.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', paused: true, template: { includedNamespaces: ['paperless'], storageLocation: 'offsite', excludedResources: ['secrets'] } }`,
  ),
  check: ({ veleroRuns }) =>
    veleroRuns.schedules.flatMap(({ source: { object, origin, generated = false }, prediction }) => {
      const reasons = prediction.schedule?.reasons ?? [];
      // Unreadable durations have a rule of their own, and so have the names that ours are made of.
      const isSaidElsewhere =
        undecodableDurations(object).length > 0 || (generated && !isLabelValue(object.metadata.name));
      if (reasons.length === 0 || isSaidElsewhere) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: reasons.join(' '),
          remedies: inWords('correct the Schedule, or delete it'),
        },
      ];
    }),
};

export const veleroSkipImmediately: Rule = {
  id: 'velero-skip-immediately',
  heading: (n) => `${counted(n, 'Schedule')} that Flux and Velero write in turn`,
  what: 'A Schedule sets `skipImmediately`, which the server writes back to false.',
  why: 'Each time Flux sets it again Velero counts a run as skipped; with a short interval no run is left.',
  fix: 'Leave the field out.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', skipImmediately: true, template: { includedNamespaces: ['default'], storageLocation: 'offsite', excludedResources: ['secrets'] } }`,
  ),
  check: (context) =>
    context
      .ofKind('velero.io', 'Schedule')
      .filter(({ object }) => booleanAt(object, 'spec', 'skipImmediately') === true)
      .map(({ object, origin }) => ({
        ...aboutObject(object, origin),
        remedies: inWords('leave skipImmediately out'),
      })),
};

export const veleroRefuses: Rule = {
  id: 'velero-refuses',
  heading: (n) => `${counted(n, 'Backup or Schedule', 'Backups and Schedules')} that ${n === 1 ? 'fails' : 'fail'}`,
  what: 'Velero will refuse or fail a Backup, or every Backup of a Schedule: a storage location that does not exist, filters that exclude each other, a resource policy that cannot be read.',
  why: 'The Schedule itself is Enabled: Velero checks only its cron expression.',
  fix: 'The finding says what Velero will say.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', template: { includedNamespaces: ['paperless'], storageLocation: 'nowhere', excludedResources: ['secrets'] } }`,
  ),
  check: (context) => {
    // As long as Velero cannot read one of them it processes none.
    const isReadable = !context.ofKind('velero.io', 'Backup').some(({ object }) => isUndecodable(object));
    return context.veleroRuns.all
      .filter(({ prediction }) => prediction.phase !== 'Completed' && prediction.schedule?.makesBackups !== false)
      .filter(({ prediction }) => isReadable || prediction.phase !== 'New')
      .map(({ source: { object, origin }, prediction }) => ({
        ...aboutObject(object, origin),
        because: `${prediction.phase}: ${prediction.reasons.join(' ')}`,
        remedies: inWords('correct what the reason names'),
      }));
  },
};

function isUndecodable(object: KubeObject): boolean {
  return undecodableDurations(object).length > 0;
}
