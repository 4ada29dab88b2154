/** What Velero's Backups and Schedules take along, whoever wrote them: nothing, no data, too little or too much. */
import { claimKey } from '../../model/dataset';
import { at, booleanAt, groupOf, textAt, textsAt, type KubeObject } from '../../model/kube-object';
import { nearest } from '../../model/nearest';
import { counted, enumerated } from '../../model/text';
import type { Discovery } from '../../velero/discovery';
import { predict } from '../../velero/predict';
import {
  isPolicyProblem,
  readResourcePolicy,
  silentProblems,
  silentReferenceProblem,
  type VolumeAction,
} from '../../velero/resource-policy';
import { backupOfSchedule } from '../../velero/schedule';
import { takesKind } from '../../velero/takes-kind';
import type { GateContext } from '../context';
import { aboutObject, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import type { Rule } from '../rule';
import type { VeleroRun } from '../velero-runs';
import { backupSpecOf } from '../velero-surroundings';
import { scheduleExample } from './velero';

/** The runs that somebody wrote and that do not fail: of ours, every dataset says so itself. */
function writtenRuns({ veleroRuns }: GateContext): readonly VeleroRun[] {
  return veleroRuns.all.filter(
    ({ source, prediction }) => prediction.phase === 'Completed' && source.generated !== true,
  );
}

/** The Backup itself, or the one that a Schedule makes. */
function backupOf({ source: { object } }: VeleroRun): KubeObject {
  return object.kind === 'Schedule' ? backupOfSchedule(object) : object;
}

export const veleroSelectsNothing: Rule = {
  id: 'velero-selects-nothing',
  heading: (n) =>
    `${counted(n, 'Backup or Schedule', 'Backups and Schedules')} that select${n === 1 ? 's' : ''} nothing`,
  what: 'A name, a glob or a selector of a Backup or a Schedule matches nothing that is known.',
  why: 'Velero reports Completed with no items, no warning and no error, every night.',
  fix: 'Correct the name or the selector.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', template: { includedNamespaces: ['papers-*'], storageLocation: 'offsite', excludedResources: ['secrets'] } }`,
  ),
  check: (context) =>
    writtenRuns(context).flatMap((run) => {
      const reason = whyNothing(run, context);
      if (reason === undefined) return [];
      const { object, origin } = run.source;
      return [{ ...aboutObject(object, origin), because: reason.because, remedies: reason.remedies }];
    }),
};

interface Nothing {
  readonly because: string;
  readonly remedies: readonly Remedy[];
}

function whyNothing(run: VeleroRun, context: GateContext): Nothing | undefined {
  const { prediction, met } = run;
  const spec = backupSpecOf(run.source.object);
  const unknown = unknownResources(spec, met.cluster.discovery, context);
  if (unknown !== undefined) return unknown;
  const remedies = inWords('correct the name or the selector');
  const named = textsAt(spec, 'includedNamespaces');
  if (named.length > 0 && prediction.namespaces.length === 0)
    return { because: `no namespace is left of ${enumerated(named.map((name) => `'${name}'`))}`, remedies };
  const included = new Set(prediction.objects.filter((row) => row.included).map(({ kind }) => kind));
  const hasSelector = at(spec, 'labelSelector') !== undefined || at(spec, 'orLabelSelectors') !== undefined;
  const isAboutData = ['persistentvolumeclaims', 'pods'].some((kind) => takesKind(met, backupOf(run), kind));
  if (hasSelector && isAboutData && !included.has('PersistentVolumeClaim') && !included.has('Pod'))
    return { because: 'its selector matches no claim and no pod', remedies };
  return undefined;
}

const INCLUDED = ['includedResources', 'includedNamespaceScopedResources', 'includedClusterScopedResources'];
const EXCLUDED = ['excludedResources', 'excludedNamespaceScopedResources', 'excludedClusterScopedResources'];

/** A misspelt kind. Some others may be of CRDs that are in no file, but not all. */
function unknownResources(spec: unknown, discovery: Discovery, context: GateContext): Nothing | undefined {
  for (const field of [...INCLUDED, ...EXCLUDED]) {
    for (const name of textsAt(spec, field)) {
      const meant = name === '*' || discovery.resolve(name) !== undefined ? undefined : meantResource(name, discovery);
      if (meant !== undefined) {
        const because = `${field} names '${name}', which no server knows; did you mean '${meant}'?`;
        return { because, remedies: inWords(`write '${meant}' in ${field}`) };
      }
    }
  }
  const included = INCLUDED.flatMap((field) => textsAt(spec, field));
  const groups = new Set(context.input.objects.map(({ object }) => groupOf(object.apiVersion)));
  const isKnown = (name: string): boolean =>
    name === '*' || discovery.resolve(name) !== undefined || (name.includes('.') && groups.has(groupOfResource(name)));
  if (included.length === 0 || included.some(isKnown)) return undefined;
  return {
    because: `it includes only what nobody knows: ${enumerated(included.map((name) => `'${name}'`))}`,
    remedies: inWords('correct the name, or read the file of its CustomResourceDefinition with alsoRead'),
  };
}

function meantResource(name: string, discovery: Discovery): string | undefined {
  const group = groupOfResource(name);
  if (group === '') {
    const core = discovery.resources.filter((resource) => resource.group === '');
    return nearest(
      name,
      core.flatMap(({ plural, shortNames }) => [plural, ...shortNames]),
    );
  }
  // Of a group that is known, a resource of another one; others a newer server may have.
  const isServed = discovery.resources.some((resource) => resource.group === group);
  return isServed ? discovery.resolve(name.slice(0, name.indexOf('.')))?.id : undefined;
}

/** `apps` of `deployments.apps`. */
function groupOfResource(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1);
}

export const veleroCopiesNothing: Rule = {
  id: 'velero-copies-nothing',
  heading: (n) =>
    `${counted(n, 'Backup or Schedule', 'Backups and Schedules')} that look${n === 1 ? 's' : ''} like a backup of volumes`,
  what: 'A Backup or a Schedule is to copy volumes, there are claims in its namespaces, and it will copy the data of none.',
  why: 'Velero reports Completed: the claims are listed, their data is not in the bucket, and a restore makes empty volumes of them.',
  fix: 'The finding says which rule of Velero leaves the data out. For manifests only, say `snapshotVolumes: false`.',
  example: `new ApiObject(chart, 'backup', {
  apiVersion: 'velero.io/v1',
  kind: 'Backup',
  metadata: { name: 'before-the-move', namespace: 'velero' },
  spec: { includedNamespaces: ['paperless'], storageLocation: 'offsite', excludedResources: ['secrets', 'persistentvolumes'] },
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });`,
  check: (context) => {
    const wanted = new Set(
      context.copied.flatMap(({ claims }) => claims.map(({ namespace, name }) => claimKey(namespace, name))),
    );
    return writtenRuns(context).flatMap((run) => {
      const { source, prediction } = run;
      const volumes = prediction.volumes.filter(
        ({ namespace, claim }) => prediction.namespaces.includes(namespace) && wanted.has(claimKey(namespace, claim)),
      );
      const [first] = volumes;
      if (first === undefined || volumes.some(({ copied }) => copied !== 'no')) return [];
      if (!asksForData(run, context) || whyNothing(run, context) !== undefined) return [];
      return [
        {
          ...aboutObject(source.object, source.origin),
          because: `it copies none of ${counted(volumes.length, 'claim')}; ${first.namespace}/${first.claim}: ${first.why}`,
          remedies: inWords(
            'correct what the reason names; for manifests only, snapshotVolumes: false and nothing else that asks for data',
          ),
        },
      ];
    });
  },
};

function asksForData(run: VeleroRun, context: GateContext): boolean {
  const spec = backupSpecOf(run.source.object);
  const isOn = (field: string): boolean => booleanAt(spec, field) === true;
  const actions = actionsOfPolicy(spec, context);
  const asksForFiles = isOn('defaultVolumesToFsBackup') || actions.has('fs-backup');
  // Pods that a chart makes at run time are in no file, and may mount what no pod here does.
  if (asksForFiles && context.input.opaque.length > 0) return false;
  if (asksForFiles || isOn('snapshotVolumes') || isOn('snapshotMoveData') || actions.has('snapshot')) return true;
  // Velero makes snapshots of the claims that it takes along, unless it is told otherwise.
  return booleanAt(spec, 'snapshotVolumes') !== false && takesKind(run.met, backupOf(run), 'persistentvolumeclaims');
}

function actionsOfPolicy(spec: unknown, context: GateContext): ReadonlySet<VolumeAction> {
  const name = textAt(spec, 'resourcePolicy', 'name') ?? '';
  const found = context.object({ group: '', kind: 'ConfigMap', namespace: context.veleroNamespace, name });
  const policy = found === undefined ? undefined : readResourcePolicy(found.object);
  if (policy === undefined || isPolicyProblem(policy)) return new Set();
  return new Set(policy.volumePolicies.map(({ action }) => action));
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
    context.veleroRuns.all.map(({ source }) => textAt(backupSpecOf(source.object), 'resourcePolicy', 'name')),
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
    context.veleroRuns.schedules.flatMap((run) => {
      const { source, prediction } = run;
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
        backup: backupOf(run),
        objects: [...world, waiting],
        platform: context.platform,
      });
      if (then.phase === 'Completed') return [];
      return [
        {
          ...aboutObject(source.object, source.origin),
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
  heading: (n) =>
    `${counted(n, 'Backup or Schedule', 'Backups and Schedules')} that write${n === 1 ? 's' : ''} Secrets in the clear`,
  what: 'A Backup or a Schedule takes Secrets along to a location that was not declared as trusted.',
  why: "Velero's tarball is not encrypted: whoever can read the bucket has all passwords of the namespace.",
  fix: 'Leave Secrets out, or declare the location `trusted`.',
  example: scheduleExample(
    'own',
    `{ schedule: '0 3 * * *', template: { includedNamespaces: ['default'], storageLocation: 'offsite' } }`,
  ),
  check: (context) =>
    context.veleroRuns.all.flatMap((run) => {
      const { object, origin } = run.source;
      const location = textAt(backupSpecOf(object), 'storageLocation') ?? 'default';
      const isTrusted = context.locations.some((known) => known.location.name === location && known.location.trusted);
      if (run.prediction.phase !== 'Completed' || isTrusted) return [];
      if (!takesKind(run.met, backupOf(run), 'secrets')) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `'${location}' is not declared as trusted`,
          remedies: [...toFix(`excludedResources: ['secrets']`), { label: 'if it is trusted', text: 'trusted: true' }],
        },
      ];
    }),
};
