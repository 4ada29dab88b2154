/**
 * What Velero 1.18 will do for a Backup or a Schedule on given objects: its phase, what is in the tarball, and the data
 * of which claims is copied how.
 *
 * It follows the server step by step and is compared with recorded answers of a real one (test/fixtures/velero-runs).
 * What it cannot know, it leaves out: whether a storage driver or the storage location fails, hooks that can run and
 * then fail, time-outs, and Backups that are already in the bucket under the same name. Plugins other than Velero's own
 * are taken to do nothing.
 */
import { compareText, sortedBy } from '../model/collections';
import { annotationsOf, mappingAt, type KubeObject } from '../model/kube-object';
import type { Platform } from '../model/platform';
import { BackupRun, type Fate, type RunContext } from './backup-run';
import { readBackupSpec, undecodableDurations } from './backup-spec';
import { Cluster } from './cluster';
import { Hooks } from './hooks';
import { isNamespaceProblem, NamespaceSelection } from './namespaces';
import type { BackupPhase, ObjectPrediction, Prediction, VolumePrediction } from './prediction';
import { resourceFilter } from './resource-filter';
import { backupOfSchedule, predictSchedule } from './schedule';
import { Selection } from './selection';
import { readServer, type Server } from './server';
import { validate } from './validation';
import type { ClaimView, ItemView, VolumeView } from './views';
import { VolumeDecisions } from './volume-decisions';

/** What `predict` is asked. */
export interface PredictInput {
  /** A velero.io Backup or Schedule (its template). */
  readonly backup: KubeObject;
  /** Live or rendered objects: workloads, claims, volumes, classes, namespaces, storage locations, policy ConfigMaps … */
  readonly objects: readonly KubeObject[];
  /** What the objects do not show; deduced from them where they do (Velero Deployment args, node-agent DaemonSet, StorageClasses). */
  readonly platform?: Pick<Platform, 'velero' | 'storageClasses'>;
}

/**
 * What Velero 1.18 will do for a Backup or a Schedule: the phase that it will report, what will be in the tarball, and the
 * data of which claims will be copied how. The command `backed-up predict` is this function.
 *
 * It follows the server step by step and was compared with recorded runs of real ones. What the objects cannot show is
 * `unknown`, and what was assumed is among the reasons.
 *
 * @example
 * const backup = {
 *   apiVersion: 'velero.io/v1',
 *   kind: 'Backup',
 *   metadata: { name: 'own', namespace: 'velero' },
 *   spec: { includedNamespaces: ['paperless'], storageLocation: 'offsite', snapshotMoveData: true },
 * };
 * const objects: KubeObject[] = [backup]; // and everything else that the cluster holds
 * const { phase, volumes } = predict({ backup, objects, platform });
 * const missing = volumes.filter(({ copied }) => copied !== 'yes').map(({ claim, why }) => `${claim}: ${why}`);
 */
export function predict(input: PredictInput): Prediction {
  return predictIn(readWorld(input), input.backup);
}

/** What a Backup meets: the server and the objects. Reading it once serves for several questions. */
export interface World {
  readonly server: Server;
  readonly cluster: Cluster;
}

export function readWorld({ backup, objects, platform }: PredictInput): World {
  return {
    server: readServer(objects, platform?.velero, backup.metadata.namespace),
    cluster: new Cluster(objects, platform?.storageClasses),
  };
}

export function predictIn({ server, cluster }: World, backup: KubeObject): Prediction {
  if (backup.kind !== 'Schedule') return predictBackup(backup, cluster, server);
  const schedule = predictSchedule(backup, server.namespace);
  return schedule.makesBackups
    ? { ...predictBackup(backupOfSchedule(backup), cluster, server), schedule }
    : { ...nothing('New', schedule.reasons, cluster, 'the Schedule makes no Backups'), schedule };
}

/** @param problems why the API server refuses the object, so that Velero never sees it. */
export function predictRefused(input: PredictInput, problems: readonly string[]): Prediction {
  const reasons = [
    ...problems.map((problem) => `The API server refuses it: ${problem}`),
    'kubectl and Flux have it checked. Of a client that does not (kubectl --validate=false) it drops unknown fields without a word, and Velero goes by the rest.',
  ];
  const prediction = nothing('New', reasons, readWorld(input).cluster, 'the API server refuses the object');
  if (input.backup.kind !== 'Schedule') return prediction;
  return { ...prediction, schedule: { phase: 'New', makesBackups: false, reasons } };
}

function predictBackup(backup: KubeObject, cluster: Cluster, server: Server): Prediction {
  const unread = unreadable(backup, cluster, server);
  if (unread !== undefined) return nothing('New', [unread], cluster, 'the Backup is never processed');
  const spec = readBackupSpec(mappingAt(backup, 'spec'), server);
  const { problems, remarks, policy, ownPolicy, excludedNamespaces } = validate(spec, cluster, server);
  const asides = [...remarks, ...server.assumptions];
  if (problems.length > 0) {
    return nothing('FailedValidation', [...problems, ...asides], cluster, 'the Backup fails its validation');
  }
  const included = spec.includedNamespaces.length === 0 ? ['*'] : spec.includedNamespaces;
  const namespaces = NamespaceSelection.of(included, excludedNamespaces, [...cluster.namespaces.keys()]);
  const hooks = new Hooks(spec.hooks, cluster.discovery);
  if (isNamespaceProblem(namespaces)) {
    const reason = `The namespaces cannot be told: ${namespaces.problem}.`;
    return nothing('Failed', [reason, ...asides], cluster, 'the Backup fails');
  }
  if (hooks.problem !== undefined) {
    const reason = `The label selector of a hook is invalid: ${hooks.problem}.`;
    return nothing('Failed', [reason, ...asides], cluster, 'the Backup fails');
  }
  const resources = resourceFilter(spec, cluster.discovery, namespaces.isEverything, policy?.includeExcludePolicy);
  const selection = new Selection(spec, cluster, namespaces, resources, policy);
  if (selection.panic !== undefined) {
    const reason = `A selector of orLabelSelectors is invalid, and the server panics on it: ${selection.panic}.`;
    return nothing('InProgress', [reason, ...asides], cluster, 'the Backup never ends');
  }
  const decisions = new VolumeDecisions(
    spec,
    cluster,
    policy?.volumePolicies,
    ownPolicy?.volumePolicies,
    !selection.includesClaims(),
  );
  const context: Omit<RunContext, 'assumeRunning'> = {
    backup: { name: backup.metadata.name, annotations: annotationsOf(backup) },
    spec,
    cluster,
    server,
    selection,
    decisions,
    hooks,
  };
  return summarize(context, asides);
}

/** Pods of which nobody knows whether they run are once taken to run and once not to. */
function summarize(context: Omit<RunContext, 'assumeRunning'>, asides: readonly string[]): Prediction {
  const { cluster } = context;
  const running = new BackupRun({ ...context, assumeRunning: true });
  running.run();
  let stopped = running;
  if ([...cluster.pods.values()].some(({ isRunning }) => isRunning === 'unknown')) {
    stopped = new BackupRun({ ...context, assumeRunning: false });
    stopped.run();
  }
  const errors = [...new Set(running.errors)];
  const reasons = errors.length === 0 ? ['Nothing that the objects show goes wrong.'] : errors;
  return {
    phase: errors.length === 0 ? 'Completed' : 'PartiallyFailed',
    reasons: [...reasons, ...asides],
    namespaces: context.selection.namespacesOf([...cluster.namespaces.keys()]),
    objects: objectRows(cluster, (item) => {
      const why = running.included.get(item);
      if (why !== undefined && stopped.included.has(item)) return { included: true, why };
      const left = (why === undefined ? running : stopped).left.get(item) ?? context.selection.whyNotCollected(item);
      return { included: false, why: `${sentence(left ?? 'nothing brings it into the Backup')}.` };
    }),
    volumes: volumeRows(cluster, (claim) => {
      const fate = fateOf(claim, running, context);
      const other = fateOf(claim, stopped, context);
      return fate.copied === other.copied
        ? fate
        : { ...fate, copied: 'unknown', why: onlyIfRunning(fate, claim, cluster) };
    }),
  };
}

function onlyIfRunning(fate: Fate, claim: ClaimView, cluster: Cluster): string {
  const pod = cluster.podsUsing(claim).find(({ isRunning }) => isRunning === 'unknown');
  return `${fate.why}, if ${pod?.description ?? 'a pod that uses it'} runs at the time, which manifests cannot show`;
}

function fateOf(claim: ClaimView, run: BackupRun, context: Omit<RunContext, 'assumeRunning'>): Fate {
  const { selection, cluster, backup } = context;
  const fate = run.fates.get(claim);
  if (fate === undefined) {
    const why = run.left.get(claim) ?? selection.whyNotCollected(claim) ?? 'nothing brings it into the Backup';
    return { method: 'none', copied: 'no', why: `it is not in the Backup: ${why}` };
  }
  if (fate.copied !== 'yes') {
    const unread = fate.copied === 'no' && run.included.has(claim) ? whyNotRead(claim, fate, run, context) : undefined;
    return unread === undefined ? fate : { ...fate, why: `${fate.why}; nothing reads its files: ${unread}` };
  }
  if (!run.included.has(claim)) {
    const left = run.left.get(claim) ?? selection.whyNotCollected(claim) ?? 'nothing brings it along';
    return { ...fate, copied: 'no', why: `${fate.why}, but the claim itself is not in the Backup: ${left}` };
  }
  if (!run.recorded.has(`${claim.namespace}/${claim.name}`)) {
    const why = whyNotRecorded(cluster.volumes.get(claim.volumeName), run, selection);
    return { ...fate, copied: 'no', why: `${fate.why}, but Velero does not record it: ${why}` };
  }
  if (fate.method === 'csi-snapshot' && backup.name.length > LONGEST_LABEL) {
    const why = `the Backup's name has ${backup.name.length} characters, and its snapshots are found by a label of at most ${LONGEST_LABEL}`;
    return { ...fate, copied: 'no', why: `${fate.why}, but Velero does not record it: ${why}` };
  }
  return fate;
}

/** Velero lists a claim by its volume, as it comes to that. */
function whyNotRecorded(volume: VolumeView | undefined, run: BackupRun, selection: Selection): string {
  if (volume === undefined) return 'the claim is bound to no volume';
  if (run.included.has(volume)) return 'its volume does not name the claim';
  const left = run.left.get(volume) ?? selection.whyNotCollected(volume) ?? 'nothing brings it along';
  return `its volume is not in the Backup, because ${left}`;
}

/** What keeps file-system backup, which was asked for, from even trying. */
function whyNotRead(
  claim: ClaimView,
  { method }: Fate,
  run: BackupRun,
  { cluster, decisions, selection }: Omit<RunContext, 'assumeRunning'>,
): string | undefined {
  if (method !== 'none' || !decisions.asksForFiles(claim)) return undefined;
  const pods = cluster.podsUsing(claim);
  if (pods.length === 0) return 'no running pod mounts the claim';
  const outside = pods.find((pod) => !run.included.has(pod));
  if (outside === undefined) return 'each pod mounts the claim under a name that file-system backup leaves out';
  const left = run.left.get(outside) ?? selection.whyNotCollected(outside) ?? 'nothing brings it along';
  return `${outside.description}, which mounts the claim, is not in the Backup: ${left}`;
}

const LONGEST_LABEL = 63;

/** Why no Backup is processed at all. */
function unreadable(backup: KubeObject, cluster: Cluster, server: Server): string | undefined {
  const { namespace } = backup.metadata;
  if (namespace !== undefined && namespace !== server.namespace) {
    return `The server looks for Backups in the namespace ${server.namespace} only.`;
  }
  const others = cluster.ofKind('Backup', server.namespace);
  for (const one of [backup, ...others]) {
    const [problem] = undecodableDurations(one);
    if (problem !== undefined) {
      const whose = one === backup ? 'its' : `Backup ${one.metadata.name}:`;
      return `Velero cannot read ${whose} ${problem}. Until that object is gone it processes no Backup of the cluster.`;
    }
  }
  return undefined;
}

function nothing(phase: BackupPhase, reasons: readonly string[], cluster: Cluster, why: string): Prediction {
  return {
    phase,
    reasons,
    namespaces: [],
    objects: objectRows(cluster, () => ({ included: false, why: `${sentence(why)}.` })),
    volumes: volumeRows(cluster, () => ({ method: 'none', copied: 'no', why })),
  };
}

function objectRows(
  cluster: Cluster,
  answer: (item: ItemView) => { readonly included: boolean; readonly why: string },
): readonly ObjectPrediction[] {
  const rows = cluster.objects.flatMap((object): readonly ObjectPrediction[] => {
    const item = cluster.viewOf(object);
    if (item === undefined) return [];
    const namespace = item.namespace === '' ? null : item.namespace;
    return [{ kind: item.kind, namespace, name: item.name, ...answer(item) }];
  });
  return sortedBy(rows, keyOf);
}

function keyOf({ kind, namespace, name }: ObjectPrediction): string {
  return `${kind}\0${namespace ?? ''}\0${name}`;
}

function volumeRows(cluster: Cluster, answer: (claim: ClaimView) => Fate): readonly VolumePrediction[] {
  const rows = [...cluster.claims.values()].map((claim): VolumePrediction => {
    const { method, copied, why } = answer(claim);
    return { namespace: claim.namespace, claim: claim.name, method, copied, why: `${sentence(why)}.` };
  });
  return rows.toSorted((a, b) => compareText(a.namespace, b.namespace) || compareText(a.claim, b.claim));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
