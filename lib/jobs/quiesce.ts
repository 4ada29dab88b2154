/**
 * An application that is stopped for its copy, so that all of it is of one moment. What holds, whatever goes wrong:
 *
 *     look       how many pods it has when it runs; one that a person has stopped stays as it is
 *     stop       at once: no pods are wanted, a mark says how many there were, and Flux, which would start it, is held off;
 *                where a person holds it off already, the mark says that too
 *     gone       none of them runs any more
 *     …          what reads the data
 *     still-gone none of them runs, so that nobody has written meanwhile; otherwise there is no receipt
 *     start      at once: as many pods as there were are wanted, and Flux takes care of it again, unless a person holds it off
 *
 * Between `stop` and `start` all steps are scripts: one that fails leaves that to the first step after the application is up
 * again, and the others do nothing. A pod that is killed between `stop` and `start` is tried once more, which comes to the same end. When that fails as
 * well, an undo job starts what is marked, at a time at which no run can last.
 */
import type { KubeObject } from '../model/kube-object';
import { hoursFor, timesBetween } from '../model/between-runs';
import type { CronProblem } from '../model/cron';
import type { Schedule } from '../model/schedule';
import { cronJobObjects, STARTS_LATE, waits, type CronJobOptions } from './cron-job';
import type { ScriptName } from './scripts';
import type { Access, Mount, Peer, Source, Step } from './step';

/** What is stopped, in the namespace of the job. */
export interface Stopped {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly name: string;
  /** Of its pods, and of no others in the namespace. */
  readonly pods: Readonly<Record<string, string>>;
}

/** On the live object while a run has it stopped: how many pods it had, and which of the `HOLDS` were there before. */
const MARK = 'backed-up/stopped';
/**
 * With `disabled`, kustomize-controller leaves a live object alone that has the one (v1.9, docs/spec/v1/kustomizations.md),
 * and helm-controller, which corrects drift where it is told to, one that has the other (v1.6, fluxcd/pkg ssa/jsondiff).
 */
const HOLDS = ['kustomize.toolkit.fluxcd.io/reconcile', 'helm.toolkit.fluxcd.io/driftDetection'];
/** Seconds that it may take the pods to end. */
const ENDS_WITHIN = 600;

/** On the pods of a job: the name of what it stops. */
const STOPS_LABEL = 'backed-up/stops';

const TOKEN: Mount = { path: '/var/run/secrets/kubernetes.io/serviceaccount', volume: { token: 'api-server' } };

/**
 * Whom `kubectl` asks. The address of the API server is in no object, and behind its Service it listens on another port
 * than 443 as a rule.
 */
export const API_SERVER: readonly Peer[] = [443, 6443].map((port) => ({ outsideOf: [], port }));

/** The same source, with the application stopped while its data is read. */
export function quiesced(source: Source, stopped: Stopped): Source {
  const reading = source.steps.filter(({ reads }) => reads === true);
  const whileStopped = [
    waitUntilGone('gone', stopped, ENDS_WITHIN),
    ...reading,
    waitUntilGone('still-gone', stopped, 0),
    // A variable of scripts: what fails is said later.
  ].map((step) => ({ ...step, env: { ...step.env, WHILE_STOPPED: 'yes' } }));
  return {
    ...source,
    steps: [
      lookUp(stopped, 'stop'),
      patched(stopped, 'stop'),
      ...whileStopped,
      patched(stopped, 'start'),
      ...source.steps.filter((step) => !reading.includes(step)),
    ],
    peers: [...source.peers, ...API_SERVER],
    // On the node of its pods there is none any more when a run is tried again.
    ...(source.placement?.on === 'same-node' ? { placement: { ...source.placement, preferred: true } } : {}),
    labels: jobStopping(stopped),
    access: accessTo(stopped),
  };
}

/**
 * Labels of the pods of the job that stops an application. They have its volume until they end, so that where one node at a
 * time can have it, the application comes up again on their node only.
 */
export function jobStopping({ name }: Pick<Stopped, 'name'>): Readonly<Record<string, string>> {
  return { [STOPS_LABEL]: name };
}

/** The CronJob that undoes what a killed run has left, and what belongs to it. */
export function undoJob(options: CronJobOptions, stopped: Stopped): readonly KubeObject[] {
  return cronJobObjects(options, {
    steps: [lookUp(stopped, 'start', waits(options)), patched(stopped, 'start')],
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

/** @param what is to be done next; only a run that is about to stop it takes what it finds for what is wanted. */
function lookUp({ kind, name, pods }: Stopped, what: 'stop' | 'start', env: Step['env'] = {}): Step {
  return asking('look', 'look-up.sh', [what], {
    ...env,
    OBJECT: `${resourceOf(kind)}/${name}`,
    POD_LABELS: selectorOf(pods).join(' '),
    MARK,
    HOLDS: HOLDS.join(' '),
  });
}

function waitUntilGone(name: string, { pods }: Stopped, seconds: number): Step {
  const labels = selectorOf(pods);
  return asking(name, 'wait-gone.sh', [String(seconds)], {
    POD_LABELS: labels.join(' '),
    SELECTOR: encodeURIComponent(labels.join(',')),
  });
}

/** A script that asks the API server, in an image with a shell that can ask a server. */
function asking(name: string, script: ScriptName, args: readonly string[], env: Step['env']): Step {
  return {
    name,
    image: 'rclone',
    run: { script, args },
    env: { ...env, RCLONE_CONFIG: '/notfound' },
    mounts: [TOKEN],
  };
}

/**
 * Without `--request-timeout`, with which kubectl no longer looks for the API server of its own cluster (1.36, client-go's
 * IsDefaultConfig): what the deadline of the job is for.
 */
function patched({ kind, name }: Stopped, what: 'stop' | 'start'): Step {
  const object = `${kind.toLowerCase()}/${name}`;
  const patch = ['patch', object, '--type=merge', `--patch-file=/scratch/patches/${what}.json`];
  return { name: what, image: 'kubectl', run: { program: ['/bin/kubectl', ...patch] }, mounts: [TOKEN] };
}

function resourceOf(kind: Stopped['kind']): string {
  return `${kind.toLowerCase()}s`;
}

function selectorOf(pods: Stopped['pods']): readonly string[] {
  return Object.entries(pods).map(([key, value]) => `${key}=${value}`);
}

/** To that one object, and to see whether pods are there. */
function accessTo({ kind, name }: Stopped): readonly Access[] {
  return [
    { apiGroups: ['apps'], resources: [resourceOf(kind)], resourceNames: [name], verbs: ['get', 'patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  ];
}
