/** Velero's objects, whoever wrote them: what they will really do. */
import { veleroCopies } from '../../methods/velero/plan';
import { isLabelValue } from '../../model/label-selector';
import { at, booleanAt, textAt, textsAt, type KubeObject } from '../../model/kube-object';
import { nearest } from '../../model/nearest';
import type { RenderedObject } from '../../model/rendered';
import { counted, enumerated } from '../../model/text';
import { undecodableDurations } from '../../velero/backup-spec';
import type { Cluster } from '../../velero/cluster';
import { predict } from '../../velero/predict';
import { isNamespaceProblem, NamespaceSelection } from '../../velero/namespaces';
import {
  isPolicyProblem,
  readResourcePolicy,
  silentProblems,
  silentReferenceProblem,
} from '../../velero/resource-policy';
import { backupOfSchedule } from '../../velero/schedule';
import { takesKind } from '../../velero/takes-kind';
import { EXCLUDE_LABEL } from '../../velero/validation';
import type { GateContext } from '../context';
import { plannedSchedules } from '../copies';
import { aboutDataset, aboutObject, inWords, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';
import { whyNotCopied, type VeleroRun } from '../velero-runs';

/** A Schedule of somebody's own, for the examples: `template` is what is wrong with it. */
function scheduleExample(name: string, spec: string): string {
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
      const planned = veleroCopies(dataset).flatMap((strategy) => plannedSchedules(dataset, strategy, context));
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
  heading: (n) => `${counted(n, 'duration')} that stop${n === 1 ? 's' : ''} all of Velero's Backups`,
  what: 'A duration of a Backup or a Schedule is none that Go knows, such as `30d`.',
  why: 'The API server takes it, and Velero can no longer list any Backup of the cluster: none is made until the object is gone, and the storage location stays Available.',
  fix: 'Write hours: `720h0m0s`.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', template: { includedNamespaces: ['paperless'], storageLocation: 'offsite', ttl: '30d', excludedResources: ['secrets'] } }`,
  ),
  check: (context) =>
    backupsAndSchedules(context).flatMap(({ object, origin }) =>
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
    veleroRuns.all.flatMap(({ schedule: { object, origin, generated = false }, prediction }) => {
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
  heading: (n) => `${counted(n, 'Schedule')} whose Backups all fail`,
  what: 'Velero will refuse or fail every Backup of a Schedule: a storage location that does not exist, filters that exclude each other, a resource policy that cannot be read.',
  why: 'The Schedule itself is Enabled: Velero checks only its cron expression.',
  fix: 'The finding says what Velero will say.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', template: { includedNamespaces: ['paperless'], storageLocation: 'nowhere', excludedResources: ['secrets'] } }`,
  ),
  check: ({ veleroRuns }) =>
    veleroRuns.all
      .filter(({ prediction }) => prediction.schedule?.makesBackups === true && prediction.phase !== 'Completed')
      .map(({ schedule: { object, origin }, prediction }) => ({
        ...aboutObject(object, origin),
        because: `${prediction.phase}: ${prediction.reasons.join(' ')}`,
        remedies: inWords('correct what the reason names'),
      })),
};

export const veleroSelectsNothing: Rule = {
  id: 'velero-selects-nothing',
  heading: (n) => `${counted(n, 'Schedule')} that select${n === 1 ? 's' : ''} nothing`,
  what: 'A name, a glob or a selector of a Schedule matches nothing that is known.',
  why: 'Velero reports Completed with no items, no warning and no error, every night.',
  fix: 'Correct the name or the selector.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', template: { includedNamespaces: ['papers-*'], storageLocation: 'offsite', excludedResources: ['secrets'] } }`,
  ),
  check: ({ veleroRuns }) =>
    veleroRuns.all.flatMap((run) => {
      const { schedule, prediction } = run;
      // Of ours, every dataset says so itself.
      const because = prediction.phase === 'Completed' && schedule.generated !== true ? whyNothing(run) : undefined;
      if (because === undefined) return [];
      return [
        {
          ...aboutObject(schedule.object, schedule.origin),
          because,
          remedies: inWords('correct the name or the selector'),
        },
      ];
    }),
};

function whyNothing({ schedule, prediction, met }: VeleroRun): string | undefined {
  const template = at(schedule.object, 'spec', 'template');
  const unknown = unknownResources(template, met.cluster);
  if (unknown !== undefined) return unknown;
  const named = textsAt(template, 'includedNamespaces');
  const existing = [...met.cluster.namespaces.values()]
    .filter(({ labels }) => labels[EXCLUDE_LABEL] !== 'true')
    .map(({ name }) => name);
  const namespaces = NamespaceSelection.of(named, textsAt(template, 'excludedNamespaces'), existing);
  if (named.length > 0 && !isNamespaceProblem(namespaces) && !existing.some((name) => namespaces.selects(name)))
    return `no namespace is left of ${enumerated(named.map((name) => `'${name}'`))}`;
  const included = new Set(prediction.objects.filter((row) => row.included).map(({ kind }) => kind));
  const hasSelector = at(template, 'labelSelector') !== undefined || at(template, 'orLabelSelectors') !== undefined;
  if (hasSelector && !included.has('PersistentVolumeClaim') && !included.has('Pod'))
    return 'its selector matches no claim and no pod';
  return undefined;
}

/** A misspelt kind. Others may be of CRDs that are in no file. */
function unknownResources(template: unknown, { discovery }: Cluster): string | undefined {
  const fields = [
    'includedResources',
    'includedNamespaceScopedResources',
    'includedClusterScopedResources',
    'excludedResources',
    'excludedNamespaceScopedResources',
    'excludedClusterScopedResources',
  ];
  for (const field of fields) {
    for (const name of textsAt(template, field)) {
      if (name === '*' || name.includes('.') || discovery.resolve(name) !== undefined) continue;
      const meant = nearest(
        name,
        discovery.resources
          .filter(({ group }) => group === '')
          .flatMap(({ plural, shortNames }) => [plural, ...shortNames]),
      );
      if (meant !== undefined) return `${field} names '${name}', which no server knows; did you mean '${meant}'?`;
    }
  }
  return undefined;
}

export const veleroPolicyIgnored: Rule = {
  id: 'velero-policy-ignored',
  heading: (n) => `${counted(n, 'resource policy', 'resource policies')} that Velero ignores in part`,
  what: 'A resource policy has a condition that can never hold, or a Backup names it by a kind that Velero does not read.',
  why: 'The rule is as if it were not there: `NFS` instead of `nfs` matches no volume, and `kind: ConfigMaps` switches the whole policy off.',
  fix: 'Correct the value.',
  example: `new k8s.KubeConfigMap(chart, 'policy', {
  metadata: { name: 'own', namespace: 'velero' },
  data: { 'policy.yaml': 'version: v1\\nvolumePolicies:\\n  - conditions: { volumeTypes: [NFS] }\\n    action: { type: skip }\\n  - conditions: { pvcPhase: [Pending, Lost] }\\n    action: { type: skip }\\n' },
});
${scheduleExample('own', `{ schedule: '0 3 * * *', template: { includedNamespaces: ['paperless'], storageLocation: 'offsite', excludedResources: ['secrets'], resourcePolicy: { kind: 'configmap', name: 'own' } } }`)}`,
  check: (context) => [...ignoredConditions(context), ...ignoredReferences(context)],
};

function ignoredConditions(context: GateContext): readonly RuleFinding[] {
  const names = new Set(
    backupsAndSchedules(context).map(({ object }) => textAt(specOf(object), 'resourcePolicy', 'name')),
  );
  return context.ofKind('', 'ConfigMap').flatMap(({ object, origin }) => {
    if (object.metadata.namespace !== context.veleroNamespace || !names.has(object.metadata.name)) return [];
    const policy = readResourcePolicy(object);
    if (isPolicyProblem(policy)) return [];
    return silentProblems(policy).map((because) => ({
      ...aboutObject(object, origin),
      because,
      remedies: inWords('correct the value'),
    }));
  });
}

/** Velero writes the kind itself into the Backups of a Schedule. */
function ignoredReferences(context: GateContext): readonly RuleFinding[] {
  return context.ofKind('velero.io', 'Backup').flatMap(({ object, origin }) => {
    const kind = textAt(object, 'spec', 'resourcePolicy', 'kind');
    const because = kind === undefined ? undefined : silentReferenceProblem(kind);
    return because === undefined
      ? []
      : [
          {
            ...aboutObject(object, origin),
            because,
            remedies: toFix(
              `resourcePolicy: { kind: 'configmap', name: '${textAt(object, 'spec', 'resourcePolicy', 'name') ?? ''}' }`,
            ),
          },
        ];
  });
}

function specOf(object: KubeObject): unknown {
  return object.kind === 'Schedule' ? at(object, 'spec', 'template') : at(object, 'spec');
}

function backupsAndSchedules(context: GateContext): readonly RenderedObject[] {
  return [...context.ofKind('velero.io', 'Backup'), ...context.ofKind('velero.io', 'Schedule')];
}

export const veleroUnboundClaim: Rule = {
  id: 'velero-unbound-claim',
  heading: (n) => `${counted(n, 'Schedule')} that one unbound claim makes fail`,
  what: 'A Schedule has no rule that skips claims which are not bound.',
  why: 'One claim that nobody mounts makes every Backup of its namespace PartiallyFailed, and the time of the last success never moves again.',
  fix: 'Let the first rule of its resource policy skip the phases Pending and Lost.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', template: { includedNamespaces: ['paperless'], storageLocation: 'offsite', excludedResources: ['secrets'] } }`,
  ),
  check: (context) =>
    context.veleroRuns.all.flatMap((run) => {
      const { schedule, prediction } = run;
      if (prediction.phase !== 'Completed' || !prediction.objects.some(isIncludedClaim)) return [];
      const namespace = prediction.objects.find(isIncludedClaim)?.namespace ?? '';
      // The same Backup in a namespace with one claim that is waiting for its first pod.
      const waiting = {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'waiting', namespace },
        spec: {},
        status: { phase: 'Pending' },
      };
      const world = run.met.cluster.objects.filter(
        ({ apiVersion, kind, metadata }) =>
          apiVersion.startsWith('velero.io/') ||
          kind === 'Namespace' ||
          (kind === 'ConfigMap' && metadata.namespace === context.veleroNamespace),
      );
      const then = predict({
        backup: backupOfSchedule(schedule.object),
        objects: [...world, waiting],
        platform: context.platform,
      });
      if (then.phase === 'Completed') return [];
      return [
        {
          ...aboutObject(schedule.object, schedule.origin),
          because: `a claim of ${namespace} that is not bound makes its Backups ${then.phase}`,
          remedies: inWords(
            'begin its volumePolicies with { conditions: { pvcPhase: [Pending, Lost] }, action: { type: skip } }',
          ),
        },
      ];
    }),
};

function isIncludedClaim({ kind, included }: { readonly kind: string; readonly included: boolean }): boolean {
  return included && kind === 'PersistentVolumeClaim';
}

export const veleroSecretsInClear: Rule = {
  id: 'velero-secrets-in-clear',
  heading: (n) => `${counted(n, 'Schedule')} that write${n === 1 ? 's' : ''} Secrets in the clear`,
  what: 'A Schedule takes Secrets along to a location that was not declared as trusted.',
  why: "Velero's tarball is not encrypted: whoever can read the bucket has all passwords of the namespace.",
  fix: 'Leave Secrets out, or declare the location `trusted`.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', template: { includedNamespaces: ['default'], storageLocation: 'offsite' } }`,
  ),
  check: (context) =>
    context.veleroRuns.all.flatMap(({ schedule: { object, origin }, met, prediction }) => {
      if (prediction.phase !== 'Completed' || isTrusted(object, context)) return [];
      if (!takesKind(met, backupOfSchedule(object), 'secrets')) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `'${textAt(object, 'spec', 'template', 'storageLocation') ?? 'default'}' is not declared as trusted`,
          remedies: [...toFix(`excludedResources: ['secrets']`), { label: 'if it is trusted', text: 'trusted: true' }],
        },
      ];
    }),
};

function isTrusted(schedule: KubeObject, { locations }: GateContext): boolean {
  const name = textAt(schedule, 'spec', 'template', 'storageLocation');
  return locations.some(({ location }) => location.name === name && location.trusted);
}
