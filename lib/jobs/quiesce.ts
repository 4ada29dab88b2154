/**
 * An application that is stopped for its copy, so that all of it is of one moment. What holds, whatever goes wrong:
 *
 *     hold       Flux leaves the object alone, which would start it again
 *     stop       no pods are wanted
 *     gone       there are none
 *     …          what reads the data: a script that fails leaves that to the first step after the application is up again
 *     still-gone there are none, so that nobody has written meanwhile; otherwise there is no receipt
 *     start      the pods are wanted again
 *     release    Flux takes care of the object again
 *
 * A pod that is killed between `hold` and `release` is tried once more, which comes to the same end. When that fails as
 * well, an undo job starts and releases it, at a time at which no run can last.
 */
import type { KubeObject } from '../model/kube-object';
import { DISABLED } from '../model/marks';
import { hoursFor, timesBetween } from '../model/between-runs';
import type { CronProblem } from '../model/cron';
import type { Schedule } from '../model/schedule';
import { cronJobObjects, STARTS_LATE, type CronJobOptions } from './cron-job';
import type { Access, Mount, Peer, Source, Step } from './step';

/** What is stopped, in the namespace of the job. */
export interface Stopped {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly name: string;
  /** How many pods it has when it is not stopped. */
  readonly replicas: number;
  /** Of its pods, and of no others in the namespace. */
  readonly pods: Readonly<Record<string, string>>;
}

/** Flux's kustomize-controller leaves an object alone that has it (v1.9, docs/spec/v1/kustomizations.md). */
const RECONCILE = 'kustomize.toolkit.fluxcd.io/reconcile';
/** What it may take the pods to end. */
const ENDS_WITHIN = '600s';

const TOKEN: Mount = { path: '/var/run/secrets/kubernetes.io/serviceaccount', volume: { token: 'api-server' } };

/**
 * Whom `kubectl` asks. The address of the API server is in no object, and behind its Service it listens on another port
 * than 443 as a rule.
 */
export const API_SERVER: readonly Peer[] = [443, 6443].map((port) => ({ outsideOf: [], port }));

/** The same source, with the application stopped while its data is read. */
export function quiesced(source: Source, stopped: Stopped): Source {
  const reading = source.steps.filter(({ reads }) => reads === true);
  return {
    ...source,
    steps: [
      kubectl('hold', ['annotate', objectOf(stopped), `${RECONCILE}=${DISABLED}`, '--overwrite']),
      kubectl('stop', ['scale', objectOf(stopped), '--replicas=0']),
      kubectl('gone', goneWithin(stopped, ENDS_WITHIN)),
      // A variable of scripts: what fails is said later.
      ...reading.map((step) => ({ ...step, env: { ...step.env, WHILE_STOPPED: 'yes' } })),
      kubectl('still-gone', goneWithin(stopped, '1s')),
      ...startSteps(stopped),
      ...source.steps.filter((step) => !reading.includes(step)),
    ],
    peers: [...source.peers, ...API_SERVER],
    // On the node of its pods there is none any more when a run is tried again.
    ...(source.placement?.on === 'same-node' ? { placement: { ...source.placement, preferred: true } } : {}),
    access: accessTo(stopped),
  };
}

/** The CronJob that undoes what a killed run has left, and what belongs to it. */
export function undoJob(options: CronJobOptions, stopped: Stopped): readonly KubeObject[] {
  return cronJobObjects(options, {
    steps: startSteps(stopped),
    peers: API_SERVER,
    access: accessTo(stopped),
  });
}

/**
 * When no run can last any more: every day, some whole hours after the times of the runs.
 *
 * @returns a problem where the next run has begun by then.
 */
export function undoSchedule(schedule: Schedule, deadlineSeconds: number): Schedule | CronProblem {
  const seconds = STARTS_LATE + deadlineSeconds;
  const [undo] = timesBetween({ schedule, seconds });
  const within = hoursFor(seconds) + 1;
  return (
    undo ?? {
      problem: `runs again within ${within} hours, and only then is an application started again whose run was killed`,
    }
  );
}

function startSteps(stopped: Stopped): readonly Step[] {
  return [
    kubectl('start', ['scale', objectOf(stopped), `--replicas=${stopped.replicas}`]),
    kubectl('release', ['annotate', objectOf(stopped), `${RECONCILE}-`]),
  ];
}

/**
 * Without `--request-timeout`, with which kubectl no longer looks for the API server of its own cluster (1.36, client-go's
 * IsDefaultConfig): what the deadline of the job is for.
 */
function kubectl(name: string, args: readonly string[]): Step {
  return {
    name,
    image: 'kubectl',
    run: { program: ['/bin/kubectl', ...args] },
    mounts: [TOKEN],
  };
}

function objectOf({ kind, name }: Stopped): string {
  return `${kind.toLowerCase()}/${name}`;
}

function goneWithin({ pods }: Stopped, timeout: string): readonly string[] {
  const selector = Object.entries(pods).map(([key, value]) => `${key}=${value}`);
  return ['wait', 'pod', `--selector=${selector.join(',')}`, '--for=delete', `--timeout=${timeout}`];
}

/** To that one object, and to see whether pods are there. */
function accessTo({ kind, name }: Stopped): readonly Access[] {
  const resource = `${kind.toLowerCase()}s`;
  return [
    { apiGroups: ['apps'], resources: [resource, `${resource}/scale`], resourceNames: [name], verbs: ['get', 'patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
  ];
}
