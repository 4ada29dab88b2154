/** Objects of a namespace that refuse the pods of jobs: nobody is told but by an event of the Job. */
import { JOB_LABEL } from '../../methods/common-jobs';
import { at, describeObject, listAt, objectId, textAt, type KubeObject } from '../../model/kube-object';
import { parseQuantity } from '../../model/quantity';
import { counted, enumerated } from '../../model/text';
import { podContainers, podLabels, podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { aboutObject, inWords, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';

export const jobOverLimits: Rule = {
  id: 'job-over-limits',
  heading: (n) =>
    `${counted(n, 'ResourceQuota or LimitRange', 'ResourceQuotas and LimitRanges')} that refuse${n === 1 ? 's' : ''} the pods of jobs`,
  what: 'A ResourceQuota of a namespace counts limits of CPU, which the containers of its jobs do not have. Or a LimitRange allows less than a container or the scratch volume of a job asks for, or wants more.',
  why: 'The CronJob is accepted and makes its Job every night. The API server then refuses the pod (`FailedCreate`), so that there is no log, and no copy.',
  fix: 'Say `cpuLimit` in `platform.jobs.resources`, or let the object of the namespace allow what the jobs ask for.',
  example: `new k8s.KubeResourceQuota(chart, 'quota', {
  metadata: { name: 'quota' },
  spec: { hard: { 'limits.cpu': k8s.Quantity.fromString('8') } },
});
new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: [nightly({ to: offsite, keep: { daily: 14 } }), continuous({ to: offsite, restoreWindow: Duration.days(30) })],
});`,
  check: (context) => {
    const jobs = context
      .ofKind('batch', 'CronJob')
      .map(({ object }) => object)
      .filter((object) => JOB_LABEL in podLabels(object));
    return [...context.ofKind('', 'ResourceQuota'), ...context.ofKind('', 'LimitRange')].flatMap(
      ({ object, origin }): readonly RuleFinding[] => {
        const { namespace } = object.metadata;
        const there = jobs.filter(({ metadata }) => metadata.namespace === namespace);
        const problems = object.kind === 'LimitRange' ? rangeProblems : quotaProblems;
        return problems(object, there, rangesIn(namespace, context)).map((problem) => ({
          ...aboutObject(object, origin),
          ...problem,
        }));
      },
    );
  },
};

type Problem = Required<Pick<RuleFinding, 'because' | 'remedies'>>;
type Problems = (object: KubeObject, jobs: readonly KubeObject[], ranges: readonly unknown[]) => readonly Problem[];

/** The limits of all LimitRanges of a namespace. */
function rangesIn(namespace: string | undefined, context: GateContext): readonly unknown[] {
  return context
    .ofKind('', 'LimitRange')
    .filter(({ object }) => object.metadata.namespace === namespace)
    .flatMap(({ object }) => listAt(object, 'spec', 'limits'));
}

/** One that is for some pods only is left out. */
const quotaProblems: Problems = (quota, jobs, ranges) => {
  const isForSome = ['scopes', 'scopeSelector'].some((field) => at(quota, 'spec', field) !== undefined);
  if (isForSome || at(quota, 'spec', 'hard', 'limits.cpu') === undefined) return [];
  return withoutCpuLimit('it counts limits.cpu', jobs, ranges);
};

const rangeProblems: Problems = (range, jobs, ranges) =>
  listAt(range, 'spec', 'limits').flatMap((limits) => {
    const type = textAt(limits, 'type');
    if (type === 'PersistentVolumeClaim') return outside(limits, 'storage', jobs, scratchOf);
    if (type !== 'Container' && type !== 'Pod') return [];
    const isUnlimited = type === 'Pod' && at(limits, 'max', 'cpu') !== undefined;
    return [
      ...(isUnlimited ? withoutCpuLimit('it wants a limit of CPU', jobs, ranges) : []),
      ...['cpu', 'memory'].flatMap((resource) => {
        const asked = (job: KubeObject): readonly unknown[] =>
          podContainers(job).flatMap((container) =>
            ['requests', 'limits'].map((kind) => at(container, 'resources', kind, resource)),
          );
        // A pod has as much as its containers together, and so at least what one of them asks for.
        return outside(type === 'Pod' ? { max: at(limits, 'max') } : limits, resource, jobs, asked);
      }),
    ];
  });

/** What a LimitRange gives a container that says no limit: its default, and its maximum where there is none. */
function withoutCpuLimit(because: string, jobs: readonly KubeObject[], ranges: readonly unknown[]): readonly Problem[] {
  const isGiven = ranges.some(
    (limits) =>
      textAt(limits, 'type') === 'Container' &&
      ['default', 'max'].some((field) => at(limits, field, 'cpu') !== undefined),
  );
  const without = jobs.filter((job) =>
    podContainers(job).some((container) => at(container, 'resources', 'limits', 'cpu') === undefined),
  );
  if (isGiven || without.length === 0) return [];
  return [
    {
      because: `${because}, and containers of ${names(without)} have none`,
      remedies: [
        ...toFix(`cpuLimit: '1'`),
        ...inWords('say that in jobs.resources of the platform, or let a LimitRange of the namespace say default.cpu'),
      ],
    },
  ];
}

/** @param asked quantities of a job, each of which has to be within the limits. */
function outside(
  limits: unknown,
  resource: string,
  jobs: readonly KubeObject[],
  asked: (job: KubeObject) => readonly unknown[],
): readonly Problem[] {
  return (['max', 'min'] as const).flatMap((field) => {
    const bound = parseQuantity(at(limits, field, resource));
    if (bound === undefined) return [];
    const wrong = jobs.flatMap((job) => {
      const quantity = asked(job)
        .flatMap((each) => parseQuantity(each) ?? [])
        .find(({ bytes }) => (field === 'max' ? bytes > bound.bytes : bytes < bound.bytes));
      return quantity === undefined ? [] : [{ job, quantity }];
    });
    const [first] = wrong;
    if (first === undefined) return [];
    const { text } = first.quantity;
    return [
      {
        because: `its ${field}.${resource} is ${bound.text}, which is ${field === 'max' ? 'less' : 'more'} than the ${text} of ${names(wrong.map(({ job }) => job))}`,
        remedies: inWords(REMEDIES[resource] ?? ''),
      },
    ];
  });
}

const REMEDIES: Readonly<Record<string, string>> = {
  cpu: 'say another cpu, or cpuLimit, in jobs.resources of the platform, or let it allow that',
  memory: 'say another memory and memoryLimit in jobs.resources of the platform, or let it allow that',
  storage: 'say another scratch in the construct, as large as a copy, or let it allow that',
};

function names(jobs: readonly KubeObject[]): string {
  return enumerated(jobs.map((job) => describeObject(objectId(job))));
}

function scratchOf(job: KubeObject): readonly unknown[] {
  return listAt(podTemplateOf(job), 'spec', 'volumes').map((volume) =>
    at(volume, 'ephemeral', 'volumeClaimTemplate', 'spec', 'resources', 'requests', 'storage'),
  );
}
