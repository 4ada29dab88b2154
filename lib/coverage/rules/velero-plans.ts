/** Strategies that no set of Velero Schedules can carry out. */
import type { PlanProblem } from '../../methods/velero/plan';
import { describeDataset } from '../../model/dataset';
import { counted, PLACEHOLDERS } from '../../model/text';
import { aboutDataset, inWords, toFix } from '../finding';
import { answerLine, nightlyLine } from '../remedies';
import type { GateContext } from '../context';
import type { Rule } from '../rule';

function problemsOf<T extends PlanProblem['type']>(
  context: GateContext,
  type: T,
): readonly Extract<PlanProblem, { readonly type: T }>[] {
  return context.plans.problems.filter(
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
    problemsOf(context, 'schedule').map(({ dataset, problem, subject }) => ({
      ...aboutDataset(dataset),
      because: `${subject} ${problem}`,
      remedies: toFix(answerLine(dataset, nightlyLine(context), context)),
    })),
};

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
  what: 'Claims without a known label are answered differently in one namespace.',
  why: 'Velero tells claims apart by labels and nothing else. What carries none falls to the default plan: an exclusion would be copied, or a weekly volume nightly.',
  fix: 'Say which labels the claims carry.',
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
  check: (context) =>
    problemsOf(context, 'unlabelled').map(({ dataset, other }) => ({
      ...aboutDataset(dataset),
      because: `neither its claims nor those of ${describeDataset(other.id)} carry a label that is known`,
      remedies: [
        ...toFix(`labels: { 'app.kubernetes.io/name': '…' }`),
        ...inWords('write the labels that the claims carry'),
      ],
    })),
};

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
      remedies: [
        ...toFix(`labels: { 'app.kubernetes.io/name': '…' }`),
        ...inWords('write the labels that the claims carry'),
      ],
    })),
};

export const planName: Rule = {
  id: 'plan-name',
  heading: (n) => `${counted(n, 'plan')} with a name that cannot be used`,
  what: 'The name of a plan is not a label value, or makes the name of a Velero Schedule longer than 63 characters.',
  why: 'Velero takes a Schedule with a longer name, calls it Enabled, and never makes a Backup.',
  fix: 'Shorten the plan, the location or the namespace.',
  example: `new BackedUpVolume(chart, 'data', {
  storage: Size.gibibytes(20),
  backup: nightly({ to: offsite, keep: { daily: 7 }, plan: 'everything-that-the-scanner-and-the-mail-import-have-written' }),
});`,
  check: (context) =>
    context.plans.plans.flatMap((plan) => {
      const tooLong = plan.schedules.find(({ name }) => name.length > 63);
      const because =
        tooLong === undefined
          ? `'${plan.plan}' is not a lower case name of letters, digits and '-'`
          : `the Schedule ${tooLong.name} has ${tooLong.name.length} characters, and 63 are the most`;
      if (tooLong === undefined && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(plan.plan)) return [];
      return [
        {
          subject: `plan '${plan.plan}' of namespace ${plan.namespace}`,
          ...originOf(plan.datasets[0]),
          because,
          remedies: toFix(`plan: 'media'`),
        },
      ];
    }),
};

function originOf(dataset: { readonly origin: ReturnType<typeof aboutDataset>['at'] } | undefined): {
  readonly at?: NonNullable<ReturnType<typeof aboutDataset>['at']>;
} {
  return dataset?.origin === undefined ? {} : { at: dataset.origin };
}

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
  check: ({ platform, plans }) => {
    if (platform.velero !== undefined || plans.plans.length === 0) return [];
    return [
      {
        subject: `${counted(plans.plans.length, 'plan')} for Velero`,
        remedies: toFix(
          `velero: { version: '1.18', enableCSI: true, nodeAgent: true, repositoryPassword: { keptIn: '${PLACEHOLDERS.place}' } }`,
        ),
      },
    ];
  },
};
