/** Strategies that no set of Velero Schedules can carry out. */
import type { PlanProblem, VeleroPlan } from '../../methods/velero/plan';
import type { AnsweredDataset } from '../../model/answered';
import { FIELDS_SAID_ELSEWHERE } from '../../methods/velero/settings';
import { distinctBy } from '../../model/collections';
import { describeDataset } from '../../model/dataset';
import type { Labels } from '../../model/label-selector';
import { isDnsLabel } from '../../model/names';
import { counted, describeSeconds, enumerated, PLACEHOLDERS } from '../../model/text';
import { aboutDataset, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { answerLine, mirrorLine, nightlyLine } from '../remedies';
import type { GateContext } from '../context';
import type { Rule } from '../rule';

function problemsOf<T extends PlanProblem['type']>(
  context: GateContext,
  type: T,
): readonly Extract<PlanProblem, { readonly type: T }>[] {
  return context.methods.velero.problems.filter(
    (problem): problem is Extract<PlanProblem, { readonly type: T }> => problem.type === type,
  );
}

export const scheduleInvalid: Rule = {
  id: 'schedule-invalid',
  heading: (n) => `${counted(n, 'schedule')} that cannot be rendered`,
  what: 'A schedule or a retention is one that some backend would read differently, that never comes, or that keeps nothing.',
  why: 'Velero runs a Backup every minute for `0 0 30 2 *`, six fields mean something else in every tool, and a night on which the clocks change has no 02:30.',
  fix: 'Write five fields with a day that exists, and times outside the change of the clocks.',
  example: `new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: every('0 0 30 2 *', { to: offsite, keep: { daily: 7 } }) });`,
  check: (context) =>
    [...problemsOf(context, 'schedule'), ...context.jobProblems]
      .filter((problem) => problem.type === 'schedule')
      .map(({ dataset, subject, problem, line, advice }) => ({
        ...aboutDataset(dataset),
        because: `${subject} ${problem}`,
        remedies: advice === undefined ? toFix(line ?? againLine(dataset, context)) : inWords(advice),
      })),
};

/** The strategy, on a schedule that always comes. */
function againLine(dataset: AnsweredDataset, context: GateContext): string {
  return dataset.methods.mirrored === undefined
    ? answerLine(dataset, nightlyLine(context), context)
    : mirrorLine(dataset, context);
}

export const planDisagrees: Rule = {
  id: 'plan-disagrees',
  heading: (n) => `${counted(n, 'dataset')} whose plan copies otherwise`,
  what: 'Two datasets of one namespace and one plan are to be copied on different schedules, to different places, or kept differently.',
  why: 'Everything of a plan is in one Velero Backup: one of the two would get the schedule of the other.',
  fix: 'Give one of them a plan of its own, or the same strategy.',
  example: `new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
new BackedUpVolume(chart, 'media', { storage: Size.gibibytes(200), backup: nightly({ to: offsite, keep: { daily: 14 } }) });`,
  check: (context) =>
    problemsOf(context, 'disagreement').map(({ dataset, first, plan }) => ({
      ...aboutDataset(dataset),
      because: `in plan '${plan}' ${describeDataset(first.id)} is copied otherwise`,
      remedies: [...toFix(`plan: '${dataset.id.name}'`), ...inWords('or give both the same strategy')],
    })),
};

export const claimsIndistinguishable: Rule = {
  id: 'claims-indistinguishable',
  heading: (n) => `${counted(n, 'dataset')} that Velero cannot tell from another`,
  what: 'Claims of one namespace carry the same labels, or none that is known, and are answered differently. Or one of those that an object makes is told apart by its labels, and nobody says which another one carries.',
  why: 'Velero tells claims apart by labels and nothing else: an exclusion would be copied, or a weekly volume nightly.',
  fix: 'Say which labels the claims carry, or answer them alike. The claims of a StatefulSet carry labels of our own once they are rendered beside it.',
  example: `new ApiObject(chart, 'registry', {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'registry' },
  spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'registry' } },
});
holds(chart, { helmRelease: 'registry' }, {
  data: { storage: Size.gibibytes(100), backup: nightly({ to: offsite, keep: { daily: 7 } }) },
  cache: excluded('A pull-through cache, filled again on demand.'),
});`,
  check: (context) => [
    ...problemsOf(context, 'indistinguishable').map(({ dataset, other, labels }) => ({
      ...aboutDataset(dataset),
      because: whyAlike(describeDataset(other.id), labels),
      remedies: [...tellingApart(dataset), ...inWords('or answer both alike')],
    })),
    ...problemsOf(context, 'labels unknown').map(({ dataset, other, labels }) => ({
      ...aboutDataset(dataset),
      because: `nobody says which labels its claims carry, and if they are those of ${describeDataset(other.id)}, ${shown(labels)}, what is said of that one is done with them`,
      remedies: [...claimLabels(dataset), ...inWords('of claims that carry none, write labels: {}')],
    })),
  ],
};

function whyAlike(other: string, labels: Labels): string {
  return Object.keys(labels).length === 0
    ? `neither its claims nor those of ${other} carry a label that is known`
    : `its claims and those of ${other} carry the same labels, ${shown(labels)}`;
}

function shown(labels: Labels): string {
  return enumerated(Object.entries(labels).map(([label, value]) => `${label}: ${value}`));
}

function tellingApart(dataset: AnsweredDataset): readonly Remedy[] {
  const { id, claims, declaration, undeclaredClaim } = dataset;
  if (declaration.held !== undefined || undeclaredClaim === true) return claimLabels(dataset);
  const [claim] = claims;
  if (id.part === undefined || claim === undefined)
    return inWords('give the claim a label in its file that the others do not have');
  return inWords(
    `render ${claim.name} and the claims of the other replicas beside the set, as its template has them: BackedUpStatefulSet does`,
  );
}

function claimLabels({ id }: AnsweredDataset): readonly Remedy[] {
  return [
    ...toFix(`labels: { 'app.kubernetes.io/name': '…' }`),
    ...inWords(
      `write labels that its claims carry, and only they: kubectl get pvc -n ${id.namespace ?? '…'} --show-labels`,
    ),
  ];
}

export const copiedAnyway: Rule = {
  id: 'copied-anyway',
  severity: 'warning',
  heading: (n) => `${counted(n, 'dataset')} ${n === 1 ? 'is' : 'are'} left out and copied all the same`,
  what: 'Data is left out, or copied by somebody else, but its claims carry no known label, so that the default plan of the namespace takes them.',
  why: 'It costs space and time, and loses nothing.',
  fix: 'Say which labels the claims carry.',
  example: `new ApiObject(chart, 'registry', {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'registry' },
  spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'registry' } },
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
holds(chart, { helmRelease: 'registry' }, { cache: excluded('A pull-through cache, filled again on demand.') });`,
  check: (context) =>
    problemsOf(context, 'copied anyway').map(({ dataset, plan }) => ({
      ...aboutDataset(dataset),
      because: `plan '${plan}' takes every claim without a label of its own`,
      remedies: claimLabels(dataset),
    })),
};

export const planName: Rule = {
  id: 'plan-name',
  heading: (n) => `${counted(n, 'plan')} with a name that cannot be used`,
  what: 'The name of a plan is not a label value, makes the name of a Velero Schedule longer than 63 characters or equal to another one, or is not the only one that the strategies of a dataset name.',
  why: 'Velero takes a Schedule with a longer name, calls it Enabled, and never makes a Backup. Of two Schedules with one name only one is there, and a claim has one label for its plan.',
  fix: 'Choose another name for the plan, the location or the namespace.',
  example: `new BackedUpVolume(chart, 'data', {
  storage: Size.gibibytes(20),
  backup: nightly({ to: offsite, keep: { daily: 7 }, plan: 'everything-that-the-scanner-and-the-mail-import-have-written' }),
});`,
  check: (context) => [...unusableNames(context), ...equalNames(context), ...severalNames(context)],
};

function unusableNames({ methods }: GateContext): readonly RuleFinding[] {
  return methods.velero.plans.flatMap((plan) => {
    const tooLong = plan.schedules.find(({ name }) => name.length > 63);
    const because =
      tooLong === undefined
        ? `'${plan.plan}' is not a lower case name of letters, digits and '-'`
        : `the Schedule ${tooLong.name} has ${tooLong.name.length} characters, and 63 are the most`;
    if (tooLong === undefined && isDnsLabel(plan.plan)) return [];
    return [{ ...aboutPlan(plan), because, remedies: toFix(`plan: 'media'`) }];
  });
}

/** Names join namespace, plan, location and retention by hyphens, which each of them may have as well. */
function equalNames({ methods }: GateContext): readonly RuleFinding[] {
  const named = methods.velero.plans.flatMap((plan) => [
    { name: plan.policyName, what: 'resource policy', plan },
    ...plan.schedules.map(({ name }) => ({ name, what: 'Schedule', plan })),
  ]);
  const first = new Map<string, VeleroPlan>();
  const findings = named.flatMap(({ name, what, plan }) => {
    const key = `${what} ${name}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, plan);
      return [];
    }
    const because =
      other === plan
        ? `two of its Schedules would be called ${name}`
        : `a ${what} of ${describePlan(other)} would be called ${name} too`;
    const remedies = inWords(other === plan ? 'rename one of the locations' : 'rename one of the two plans');
    return [{ other, plan, finding: { ...aboutPlan(plan), because, remedies } }];
  });
  return distinctBy(findings, ({ other, plan }) => describePlan(other) + describePlan(plan)).map(
    ({ finding }) => finding,
  );
}

function severalNames(context: GateContext): readonly RuleFinding[] {
  return problemsOf(context, 'several plans').map(({ dataset, names }) => ({
    ...aboutDataset(dataset),
    because: `its strategies name the plans ${enumerated(names.map((name) => `'${name}'`))}, and its claims have one label`,
    remedies: [...toFix(`plan: '${names[0] ?? ''}'`), ...inWords('name the same plan in all of its strategies')],
  }));
}

function describePlan({ plan, namespace }: VeleroPlan): string {
  return `plan '${plan}' of namespace ${namespace}`;
}

function aboutPlan(plan: VeleroPlan): Pick<RuleFinding, 'subject' | 'at'> {
  const [dataset] = plan.datasets;
  return { subject: describePlan(plan), ...(dataset === undefined ? {} : { at: dataset.origin }) };
}

/** The RPO is computed from them: what is too short for any copy would make a promise that nothing keeps. */
const SHORTEST = [
  { setting: 'csiSnapshotTimeoutSeconds', option: 'csiSnapshotTimeout', seconds: 60 },
  { setting: 'itemOperationTimeoutSeconds', option: 'itemOperationTimeout', seconds: 600 },
] as const;

export const veleroSettings: Rule = {
  id: 'velero-settings',
  heading: (n) =>
    `${counted(n, 'setting')} of Velero's Backups that ${n === 1 ? 'is' : 'are'} said elsewhere, or nowhere`,
  what: 'The `template` of a VeleroBackup has a field that follows from strategies or from its other properties, `volumes` is a word that nobody reads, or a time-out is shorter than any copy takes. Typed code does not compile.',
  why: 'What is said in two places is true in one of them: the RPO would be computed from one time-out, and Velero would wait for the other.',
  fix: 'Say it where the finding names.',
  example: `new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
new VeleroBackup(chart, 'velero', { template: { itemOperationTimeout: '72h0m0s' } as never });`,
  check: ({ input }) =>
    input.veleroSettings.flatMap(({ namespace, settings, at }) => {
      const about = { subject: `VeleroBackup of namespace ${namespace}`, at };
      const fields: RuleFinding[] = Object.entries(FIELDS_SAID_ELSEWHERE)
        .filter(([field]) => Object.hasOwn(settings.template, field))
        .map(([field, text]) => ({ ...about, because: `its template gives ${field}`, remedies: inWords(text) }));
      fields.push(
        ...SHORTEST.filter(({ setting, seconds }) => settings[setting] < seconds).map(
          ({ setting, seconds, option }) => ({
            ...about,
            because: `${option} is ${describeSeconds(settings[setting])}, and no copy is made in that time`,
            remedies: toFix(`${option}: Duration.minutes(${seconds / 60})`),
          }),
        ),
      );
      if (['data-mover', 'fs-backup'].includes(settings.volumes)) return fields;
      const because = `volumes is '${settings.volumes}'`;
      return [...fields, { ...about, because, remedies: toFix(`volumes: 'data-mover'`) }];
    }),
};

export const veleroMissing: Rule = {
  id: 'velero-missing',
  heading: () => 'Velero is needed, and the platform does not have it',
  what: 'Volumes are to be backed up by Velero, and the platform states no Velero.',
  why: 'The Schedules would be objects that nobody reads.',
  fix: 'Install Velero and state it in `definePlatform`.',
  example: `const platform = definePlatform({
  cluster: 'home',
  storageClasses: { 'ceph-block': { driver: 'rook-ceph.rbd.csi.ceph.com', snapshotClass: 'ceph-block', isDefault: true } },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });`,
  check: ({ platform, methods }) => {
    const { plans } = methods.velero;
    if (platform.velero !== undefined || plans.length === 0) return [];
    return [
      {
        subject: `${counted(plans.length, 'plan')} for Velero`,
        remedies: toFix(
          `velero: { version: '1.18', enableCSI: true, nodeAgent: true, repositoryPassword: { keptIn: '${PLACEHOLDERS.place}' } }`,
        ),
      },
    ];
  },
};
