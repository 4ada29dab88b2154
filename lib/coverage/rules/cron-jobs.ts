/** Jobs that Kubernetes accepts and that never run, or run something else than meant. */
import { isCronProblem, parseCron } from '../../model/cron';
import { at, booleanAt, labelsOf, listAt, textAt } from '../../model/kube-object';
import { nearest } from '../../model/nearest';
import { makeSchedule } from '../../model/schedule';
import { isTimeZone } from '../../model/time-zone';
import { counted } from '../../model/text';
import type { GateContext } from '../context';
import { evidenceCronJobs } from '../evidence';
import { aboutObject, inWords, toFix, type Remedy } from '../finding';
import { podSecurityViolations, type PodSecurityLevel } from '../pod-security';
import type { Rule } from '../rule';

const CRON_JOB = `new k8s.KubeCronJob(chart, 'dump', {
  metadata: { name: 'dump' },
  spec: {
    schedule: '0 3 * * *',
    timeZone: 'Etc/UTC',
    jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'dump', image: 'postgres:17.2' }] } } } },
  },
});`;
const EVIDENCE = `new BackedUpVolume(chart, 'data', {
  storage: Size.gibibytes(20),
  backup: elsewhere('The CronJob dump writes to the NAS.', {
    failureDomain: 'site',
    rpo: Duration.hours(25),
    evidence: { cronJob: 'dump' },
  }),
});`;

export const cronJobSchedule: Rule = {
  id: 'cron-job-schedule',
  heading: (n) => `${counted(n, 'CronJob')} that never ${n === 1 ? 'runs' : 'run'}`,
  what: 'The schedule of a CronJob is one that Kubernetes refuses, or one that never comes.',
  why: 'Kubernetes accepts `0 3 31 2 *` without a word; a refused schedule stops the whole Flux Kustomization.',
  fix: 'Write five fields with a day that exists, and the zone in `timeZone`.',
  example: CRON_JOB.replace('0 3 * * *', '0 3 31 2 *'),
  check: (context) =>
    context.ofKind('batch', 'CronJob').flatMap(({ object, origin }) => {
      const schedule = textAt(object, 'spec', 'schedule') ?? '';
      const timeZone = textAt(object, 'spec', 'timeZone');
      const fields = isEvery(schedule) ? undefined : parseCron(schedule, 'CronJob');
      const problem =
        fields !== undefined && isCronProblem(fields)
          ? fields.problem
          : timeZone !== undefined && !isTimeZone(timeZone)
            ? `is in the time zone '${timeZone}', which does not exist`
            : undefined;
      if (problem === undefined) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `'${schedule}' ${problem}`,
          remedies: toFix(`schedule: '0 3 * * *'`),
        },
      ];
    }),
};

/** Kubernetes takes intervals; when they begin depends on the controller. */
function isEvery(schedule: string): boolean {
  return /^@every \d/.test(schedule.trim());
}

export const cronJobName: Rule = {
  id: 'cron-job-name',
  heading: (n) => `${counted(n, 'CronJob')} with a name that is too long`,
  what: 'The name of a CronJob has more than 52 characters.',
  why: 'Kubernetes adds eleven characters for each Job and refuses the CronJob when it is applied: all other objects of the folder stay as they were.',
  fix: 'Shorten the name.',
  example: CRON_JOB.replace(
    `name: 'dump' },`,
    `name: 'nightly-dump-of-the-paperless-database-to-the-network-storage' },`,
  ),
  check: (context) =>
    context
      .ofKind('batch', 'CronJob')
      .filter(({ object }) => object.metadata.name.length > 52)
      .map(({ object, origin }) => ({
        ...aboutObject(object, origin),
        because: `the name has ${object.metadata.name.length} characters, and 52 are the most`,
        remedies: toFix(`metadata: { name: '${object.metadata.name.slice(0, 52).replace(/-+$/, '')}' }`),
      })),
};

export const evidenceMissing: Rule = {
  id: 'evidence-missing',
  heading: (n) => `${counted(n, 'CronJob')} named as evidence that ${n === 1 ? 'does' : 'do'} not exist`,
  what: '`elsewhere` names a CronJob as evidence, and no object of that name is in the output or in the files that synth reads.',
  why: 'A copy that rests on a misspelt name would be called unknown for ever, or taken for granted.',
  fix: 'Correct the name, or read the file that has it with `alsoRead`.',
  example: EVIDENCE,
  check: (context) =>
    evidenceCronJobs(context)
      .filter(({ found }) => found === undefined)
      .map(({ about, namespace, name }) => ({
        ...about,
        because:
          namespace === undefined
            ? `nobody says in which namespace CronJob ${name} is`
            : `there is no CronJob ${namespace}/${name}`,
        remedies: [
          ...toFix(`evidence: { ${evidenceMeant(name, namespace, context)} }`),
          ...inWords('correct the name, or let alsoRead read the file that has it'),
        ],
      })),
};

/** The CronJob with nearly that name in the same place, or the one of that name in another. */
function evidenceMeant(name: string, namespace: string | undefined, context: GateContext): string {
  const known = context.ofKind('batch', 'CronJob').map(({ object }) => object.metadata);
  const beside = known.filter((job) => job.namespace === namespace).map((job) => job.name);
  const meant = nearest(name, beside);
  const place = meant === undefined ? known.find((job) => job.name === name)?.namespace : namespace;
  return `cronJob: '${meant ?? name}', namespace: '${place ?? '…'}'`;
}

export const evidenceIdle: Rule = {
  id: 'evidence-idle',
  heading: (n) => `${counted(n, 'CronJob')} named as evidence that cannot be relied on`,
  what: 'A CronJob that is named as evidence is suspended, or leaves its time zone or its image to chance.',
  why: 'A suspended job fails nothing and copies nothing. Without a zone its night is the controller’s, and an image without a fixed tag cannot be pulled again when the registry is down.',
  fix: 'Switch it on, name the zone, and pin the image.',
  example: `${CRON_JOB.replace('spec: {', 'spec: {\n    suspend: true,')}
${EVIDENCE}`,
  check: (context) =>
    evidenceCronJobs(context).flatMap(({ found }) => {
      if (found === undefined) return [];
      const { object, origin } = found;
      return idleReasons(object).map((reason) => ({ ...aboutObject(object, origin), ...reason }));
    }),
};

interface IdleReason {
  readonly because: string;
  readonly remedies: readonly Remedy[];
}

function idleReasons(object: unknown): readonly IdleReason[] {
  const reasons: IdleReason[] = [];
  const timeZone = textAt(object, 'spec', 'timeZone');
  if (booleanAt(object, 'spec', 'suspend') === true)
    reasons.push({ because: 'it is suspended', remedies: toFix('suspend: false') });
  if (timeZone === undefined) {
    reasons.push({
      because: 'it names no time zone, so it runs in that of the controller manager',
      remedies: toFix(`timeZone: 'Etc/UTC'`),
    });
  } else {
    const schedule = makeSchedule(textAt(object, 'spec', 'schedule') ?? '', timeZone);
    if ('problem' in schedule && schedule.problem.includes('clocks change')) {
      reasons.push({ because: `it ${schedule.problem}`, remedies: inWords('choose another time, or UTC') });
    }
  }
  const pod = at(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec');
  for (const container of [...listAt(pod, 'initContainers'), ...listAt(pod, 'containers')]) {
    const image = textAt(container, 'image') ?? '';
    if (!isPinned(image))
      reasons.push({
        because: `its image '${image}' has no fixed tag`,
        remedies: toFix(`image: '${image.replace(/:latest$/, '')}:<version>'`),
      });
    if (textAt(container, 'imagePullPolicy') === 'Always') {
      reasons.push({
        because: `its image '${image}' is pulled for every run, and cannot be when the registry is down`,
        remedies: toFix(`imagePullPolicy: 'IfNotPresent'`),
      });
    }
  }
  return reasons;
}

function isPinned(image: string): boolean {
  return image.includes('@sha256:') || (/:\w[\w.-]*$/.test(image) && !image.endsWith(':latest'));
}

export const podSecurity: Rule = {
  id: 'pod-security',
  heading: (n) => `${counted(n, 'job')} that the namespace's Pod Security keeps from starting`,
  what: 'The pods of a CronJob or Job violate the Pod Security level that their namespace enforces.',
  why: 'The object is accepted with a warning that Flux does not show; the Job then waits for a pod that nobody may create.',
  fix: 'Give the pods the security context that the level asks for, or lower the level of the namespace.',
  example: `new k8s.KubeNamespace(chart, 'namespace', {
  metadata: { name: 'paperless', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
});
${CRON_JOB}`,
  check: (context) => {
    const levels = enforcedLevels(context);
    const jobs = [
      ...context
        .ofKind('batch', 'CronJob')
        .map((rendered) => ({ rendered, path: ['spec', 'jobTemplate', 'spec', 'template'] })),
      ...context.ofKind('batch', 'Job').map((rendered) => ({ rendered, path: ['spec', 'template'] })),
    ];
    return jobs.flatMap(({ rendered: { object, origin }, path }) => {
      const level = levels.get(object.metadata.namespace ?? '') ?? 'privileged';
      const violations = podSecurityViolations(at(object, ...path), level);
      if (violations.length === 0) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `namespace ${object.metadata.namespace ?? ''} enforces '${level}': ${violations.join('; ')}`,
          remedies: inWords('set the securityContext of the pod and of each container, or lower the level'),
        },
      ];
    });
  },
};

function enforcedLevels(context: GateContext): ReadonlyMap<string, PodSecurityLevel> {
  const levels = new Map<string, PodSecurityLevel>();
  for (const { object } of context.ofKind('', 'Namespace')) {
    const level = labelsOf(object)['pod-security.kubernetes.io/enforce'];
    if (level === 'baseline' || level === 'restricted') levels.set(object.metadata.name, level);
  }
  return levels;
}
