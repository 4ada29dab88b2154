/** Jobs that Kubernetes accepts and that never run, or run something else than meant. */
import { isCronProblem, parseCron } from '../../model/cron';
import { isDurationProblem, parseGoDuration } from '../../model/go-duration';
import { isPinned } from '../../model/image';
import { at, booleanAt, listAt, textAt } from '../../model/kube-object';
import { nearest } from '../../model/nearest';
import { clockChangeClash } from '../../model/schedule';
import { isTimeZone } from '../../model/time-zone';
import { counted } from '../../model/text';
import { podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { evidenceCronJobs } from '../evidence';
import { aboutObject, inWords, toFix, type Remedy } from '../finding';
import { podSecurityOf, podSecurityViolations } from '../pod-security';
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
      const problems: { because: string; fix: string }[] = [];
      const problem = scheduleProblem(schedule);
      if (problem !== undefined)
        problems.push({ because: `'${schedule}' ${problem}`, fix: `schedule: '${scheduleMeant(schedule)}'` });
      if (timeZone !== undefined && !isTimeZone(timeZone)) {
        const because = `'${schedule}' is in the time zone '${timeZone}', which does not exist`;
        problems.push({ because, fix: `timeZone: 'Etc/UTC'` });
      }
      return problems.map(({ because, fix }) => ({
        ...aboutObject(object, origin),
        because,
        remedies: toFix(fix),
      }));
    }),
};

/** What Kubernetes has against a schedule (robfig/cron v3.0.1, parser.go), or why it never comes. */
function scheduleProblem(schedule: string): string | undefined {
  if (schedule.startsWith(EVERY)) {
    const interval = schedule.slice(EVERY.length);
    const duration = parseGoDuration(interval);
    return isDurationProblem(duration) ? `has the interval '${interval}': it ${duration.problem}` : undefined;
  }
  const fields = parseCron(schedule, 'CronJob');
  if (isCronProblem(fields)) return fields.problem;
  const isDescriptor = schedule.trim().startsWith('@');
  return isDescriptor && schedule !== scheduleMeant(schedule)
    ? 'is not a word that Kubernetes knows: it has small letters, and no spaces around it'
    : undefined;
}

const EVERY = '@every ';

function scheduleMeant(schedule: string): string {
  const meant = schedule.trim().toLowerCase();
  return meant.startsWith('@') && !isCronProblem(parseCron(meant, 'CronJob')) ? meant : '0 3 * * *';
}

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
    const fields = parseCron(textAt(object, 'spec', 'schedule') ?? '', 'CronJob');
    const clash = isCronProblem(fields) ? undefined : clockChangeClash(fields, timeZone);
    if (clash !== undefined) reasons.push({ because: `it ${clash}`, remedies: inWords('choose another time, or UTC') });
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
    const enforced = new Map(
      context.ofKind('', 'Namespace').map(({ object }) => [object.metadata.name, podSecurityOf(object)] as const),
    );
    return [...context.ofKind('batch', 'CronJob'), ...context.ofKind('batch', 'Job')].flatMap(({ object, origin }) => {
      const { namespace = '' } = object.metadata;
      const security = enforced.get(namespace);
      const violations = security === undefined ? [] : podSecurityViolations(podTemplateOf(object), security);
      if (security === undefined || violations.length === 0) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `namespace ${namespace} enforces '${security.level}': ${violations.join('; ')}`,
          remedies: inWords('set the securityContext of the pod and of each container, or lower the level'),
        },
      ];
    });
  },
};
