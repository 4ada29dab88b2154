/** Steps → the objects of a job: the CronJob, the ConfigMap with its scripts, and the NetworkPolicy of its pods. */
import type { JobImages } from '../model/job-images';
import type { KubeObject } from '../model/kube-object';
import { DISABLED, MANAGED_BY, SUBSTITUTE_ANNOTATION } from '../model/marks';
import type { JobResources } from '../model/platform';
import { renderSchedule, type Schedule } from '../model/schedule';
import { JOB_IMAGES } from './images';
import { networkPolicy } from './network';
import { podTemplate, type Scratch } from './pod';
import { scriptsConfigMap, type ScriptName } from './scripts';
import type { Access, Peer, Placement, Source, Step } from './step';

/** What all jobs are told. */
export interface CronJobOptions {
  /** Of the CronJob and of all that belongs to it; at most 52 characters, because Kubernetes adds a time. */
  readonly name: string;
  readonly namespace: string;
  readonly schedule: Schedule;
  readonly scratch: Scratch;
  /** Seconds after which a run is ended. Default 4 hours. */
  readonly deadlineSeconds?: number;
  /** Seconds that the store or a server may take to answer one question, or another run to free its lock. Default 300. */
  readonly answerSeconds?: number;
  readonly images?: Partial<JobImages>;
  readonly resources?: Partial<JobResources>;
  readonly priorityClassName?: string;
}

/** What a run does. */
export interface Work {
  readonly steps: readonly Step[];
  /** All that the pods may reach, besides DNS. */
  readonly peers: readonly Peer[];
  /** Default: on any node. */
  readonly placement?: Placement;
  /** Of all steps. Default: one that is nobody's. */
  readonly user?: number;
  /** Further fields of the pods. */
  readonly pod?: Source['pod'];
  /** Of the pods, besides those that all jobs have. */
  readonly labels?: Source['labels'];
  /** What the pods may ask of the API server. Default: nothing. */
  readonly access?: readonly Access[];
  /** Of the CronJob. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What a run may take, in seconds, where nobody says. */
export const DEADLINE = 4 * 3600;
const ANSWER = 300;
/** Seconds. A run that is later is better left to the next time. */
export const STARTS_LATE = 3600;
/** What each container asks for and gets, where nobody says. */
export const RESOURCES: JobResources = { cpu: '50m', memory: '256Mi', memoryLimit: '1Gi' };

/** How long scripts wait, in the variables that they read. */
export function waits(options: CronJobOptions): Readonly<Record<string, string>> {
  return {
    ANSWER_SECONDS: String(options.answerSeconds ?? ANSWER),
    STEP_SECONDS: String(before(podDeadline(options), 60)),
  };
}

/** In seconds. The Job, when its own deadline comes, deletes the pod, and with it what the containers have said. */
function podDeadline({ deadlineSeconds = DEADLINE }: CronJobOptions): number {
  return before(deadlineSeconds, 300);
}

/** So much earlier, or by a tenth of what is little. */
function before(seconds: number, earlier: number): number {
  return seconds - Math.min(earlier, Math.ceil(seconds / 10));
}

export function imagesOf({ images }: CronJobOptions): JobImages {
  return { ...JOB_IMAGES, ...images };
}

export function cronJobObjects(options: CronJobOptions, work: Work): readonly KubeObject[] {
  const { name, namespace, priorityClassName } = options;
  const { steps, peers, placement = { on: 'any-node' }, user, pod, labels = {}, access, annotations = {} } = work;
  const used = steps.flatMap(({ run }): readonly ScriptName[] => ('script' in run ? [run.script] : []));
  const scripts = scriptsConfigMap(name, namespace, used);
  const selector = { [JOB_LABEL]: name };
  const template = podTemplate(steps, {
    images: imagesOf(options),
    scratch: options.scratch,
    deadlineSeconds: podDeadline(options),
    resources: { ...RESOURCES, ...options.resources },
    placement,
    ...(user === undefined ? {} : { user }),
    ...(pod === undefined ? {} : { pod }),
    ...(access === undefined ? {} : { serviceAccount: name }),
    ...(used.length === 0 ? {} : { scripts: scripts.metadata.name }),
    labels: { ...MANAGED_BY, ...labels, ...selector },
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
  });
  const cronJob: KubeObject = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      name,
      namespace,
      labels: MANAGED_BY,
      annotations: { ...annotations, [SUBSTITUTE_ANNOTATION]: DISABLED },
    },
    spec: {
      ...renderSchedule(options.schedule, 'CronJob'),
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: STARTS_LATE,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: {
          // Once more, for the node that went away: a second snapshot of the same data costs nothing.
          backoffLimit: 1,
          activeDeadlineSeconds: options.deadlineSeconds ?? DEADLINE,
          template,
        },
      },
    },
  };
  // No policy applies to a pod in the network of its node.
  const isOnHost = placement.on === 'control-plane';
  return [
    cronJob,
    ...(used.length === 0 ? [] : [scripts]),
    ...(isOnHost ? [] : [networkPolicy(name, namespace, selector, peers)]),
    ...(access === undefined ? [] : accessObjects(name, namespace, access)),
  ];
}

/** The account that the pods have, and what it may do. */
function accessObjects(name: string, namespace: string, rules: readonly Access[]): readonly KubeObject[] {
  const metadata = { name, namespace, labels: MANAGED_BY };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata, automountServiceAccountToken: false },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
}

/** On the pods of a job, for its NetworkPolicy and those of others. */
export const JOB_LABEL = 'backed-up/job';
