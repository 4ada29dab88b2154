/** Objects of a namespace that refuse the pods of jobs: nobody is told but by an event of the Job. */
import { JOB_LABEL } from '../../methods/common-jobs';
import { groupBy } from '../../model/collections';
import { at, describeObject, listAt, mappingAt, objectId, textAt, type KubeObject } from '../../model/kube-object';
import { parseQuantity, sumOfQuantities, type Quantity } from '../../model/quantity';
import { counted, enumerated } from '../../model/text';
import { podContainers, podLabels, podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { aboutObject, inWords, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';

export const jobOverLimits: Rule = {
  id: 'job-over-limits',
  heading: (n) =>
    `${counted(n, 'ResourceQuota or LimitRange', 'ResourceQuotas and LimitRanges')} that refuse${n === 1 ? 's' : ''} the pods of jobs`,
  what: 'A ResourceQuota of a namespace counts limits of CPU, which the containers of its jobs do not have. Or a ResourceQuota or LimitRange allows less than one pod of a job or its scratch volume asks for by itself, or a LimitRange wants more.',
  why: 'The CronJob is accepted and makes its Job every night. The API server then refuses the pod (`FailedCreate`), so that there is no log, and no copy.',
  fix: 'Say `cpuLimit` in `platform.jobs.resources`, or let the object of the namespace allow what the jobs ask for. What all pods of a namespace ask for together is not looked at.',
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
  if (isForSome) return [];
  return Object.entries(mappingAt(quota, 'spec', 'hard')).flatMap(([name, bound]) => [
    ...(name === 'limits.cpu' ? withoutCpuLimit('it counts limits.cpu', jobs, ranges) : []),
    ...outside({ name, bound, is: 'max' }, jobs, (job) => askedOf(name, job)),
  ]);
};

/** What one pod of a job takes of what a ResourceQuota counts by that name. */
function askedOf(name: string, job: KubeObject): readonly Quantity[] {
  const [, resource = ''] = /^(?:(?:requests|limits)\.)?(cpu|memory)$/.exec(name) ?? [];
  if (resource !== '') return podAsks(job, name.startsWith('limits.') ? 'limits' : 'requests', resource);
  if (name === 'pods' || name === 'count/pods') return ONE;
  const [, storageClass, what] =
    /^(?:(.+)\.storageclass\.storage\.k8s\.io\/)?(requests\.storage|(?:count\/)?persistentvolumeclaims)$/.exec(name) ??
    [];
  if (what === undefined) return [];
  const scratch = scratchOf(job, storageClass);
  return what === 'requests.storage' || scratch.length === 0 ? scratch : ONE;
}

/** A pod, and a claim, of which a job has one at a time. */
const ONE: readonly Quantity[] = [{ text: '1', bytes: 1 }];

const rangeProblems: Problems = (range, jobs, ranges) =>
  listAt(range, 'spec', 'limits').flatMap((limits) => {
    const type = textAt(limits, 'type');
    const compared = (resource: string, asked: Asked): readonly Problem[] =>
      (['max', 'min'] as const).flatMap((is) =>
        outside({ name: `${is}.${resource}`, bound: at(limits, is, resource), is }, jobs, asked),
      );
    if (type === 'PersistentVolumeClaim') return compared('storage', (job) => scratchOf(job));
    if (type !== 'Container' && type !== 'Pod') return [];
    const isUnlimited = type === 'Pod' && at(limits, 'max', 'cpu') !== undefined;
    return [
      ...(isUnlimited ? withoutCpuLimit('it wants a limit of CPU', jobs, ranges) : []),
      ...['cpu', 'memory'].flatMap((resource) =>
        compared(resource, (job) =>
          (['requests', 'limits'] as const).flatMap((kind) =>
            type === 'Pod'
              ? podAsks(job, kind, resource)
              : podContainers(job).flatMap((container) => containerAsks(container, kind, resource)),
          ),
        ),
      ),
    ];
  });

type Kind = 'requests' | 'limits';
type Asked = (job: KubeObject) => readonly Quantity[];

function containerAsks(container: unknown, kind: Kind, resource: string): readonly Quantity[] {
  const asked = parseQuantity(at(container, 'resources', kind, resource));
  return asked === undefined ? [] : [asked];
}

/** What a pod counts for: its containers together, or one that runs before them, where that is more; and beside either its servers. */
function podAsks(job: KubeObject, kind: Kind, resource: string): readonly Quantity[] {
  const spec = at(podTemplateOf(job), 'spec');
  const servers: Quantity[] = [];
  const groups: (readonly Quantity[])[] = [];
  for (const container of listAt(spec, 'initContainers')) {
    const asked = containerAsks(container, kind, resource);
    if (textAt(container, 'restartPolicy') === 'Always') servers.push(...asked);
    else groups.push([...servers, ...asked]);
  }
  groups.push([...servers, ...listAt(spec, 'containers').flatMap((each) => containerAsks(each, kind, resource))]);
  const sums = groups.flatMap((group) => sumOf(group, resource) ?? []);
  return sums.toSorted((a, b) => b.bytes - a.bytes).slice(0, 1);
}

function sumOf(quantities: readonly Quantity[], resource: string): Quantity | undefined {
  if (resource !== 'cpu' || quantities.length < 2) return sumOfQuantities(quantities);
  const cores = quantities.reduce((sum, { bytes }) => sum + bytes, 0);
  return { text: `${Math.round(cores * 1000)}m`, bytes: cores };
}

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

/** How much there may be of something, or has to be. */
interface Bound {
  /** As the object calls it. */
  readonly name: string;
  readonly bound: unknown;
  readonly is: 'max' | 'min';
}

/** @param asked quantities of a job, each of which has to be within the bound. */
function outside({ name, bound, is }: Bound, jobs: readonly KubeObject[], asked: Asked): readonly Problem[] {
  const limit = parseQuantity(bound);
  if (limit === undefined) return [];
  const wrong = jobs.flatMap((job) => {
    const quantity = asked(job).find(({ bytes }) => (is === 'max' ? bytes > limit.bytes : bytes < limit.bytes));
    return quantity === undefined ? [] : [{ job, quantity }];
  });
  if (wrong.length === 0) return [];
  const amounts = [...groupBy(wrong, ({ quantity }) => quantity.text)].map(
    ([text, same]) => `the ${text} of ${names(same.map(({ job }) => job))}`,
  );
  const [, resource = ''] = /(cpu|memory|storage)$/.exec(name) ?? [];
  return [
    {
      because: `its ${name} is ${limit.text}, which is ${is === 'max' ? 'less' : 'more'} than ${enumerated(amounts)}`,
      remedies: inWords(REMEDIES[resource] ?? 'let it allow that'),
    },
  ];
}

const REMEDIES: Readonly<Record<string, string>> = {
  cpu: 'say another cpu, or cpuLimit, in jobs.resources of the platform, or let it allow that',
  memory: 'say another memory and memoryLimit in jobs.resources of the platform, or let it allow that',
  storage: 'say another scratch in the construct, as large as a copy, or let it allow that',
};

function names(jobs: readonly KubeObject[]): string {
  return enumerated(jobs.map((job) => describeObject(objectId(job))));
}

/** @param ofClass only of that class. */
function scratchOf(job: KubeObject, ofClass?: string): readonly Quantity[] {
  return listAt(podTemplateOf(job), 'spec', 'volumes').flatMap((volume) => {
    const spec = at(volume, 'ephemeral', 'volumeClaimTemplate', 'spec');
    if (ofClass !== undefined && textAt(spec, 'storageClassName') !== ofClass) return [];
    return parseQuantity(at(spec, 'resources', 'requests', 'storage')) ?? [];
  });
}
