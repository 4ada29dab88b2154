/** What each Backup and each Schedule of the repository will do, by the model of Velero: what the gate proves strategies with. */
import type { PlannedSchedule } from '../methods/velero/plan';
import type { AnsweredDataset } from '../model/answered';
import { groupBy } from '../model/collections';
import { claimKey } from '../model/dataset';
import { isDurationProblem, parseGoDuration } from '../model/go-duration';
import { at, textAt, type KubeObject } from '../model/kube-object';
import { storeKey, veleroPrefix, type Location } from '../model/location';
import type { RenderedObject } from '../model/rendered';
import { largestVeleroGap } from '../velero/cron';
import { predictIn, readWorld, type World } from '../velero/predict';
import type { Prediction, VolumePrediction } from '../velero/prediction';
import type { GateContext } from './context';
import { Surroundings } from './velero-surroundings';

export interface VeleroRun {
  /** A Backup or a Schedule. */
  readonly source: RenderedObject;
  /** What its Backups meet. */
  readonly met: World;
  readonly prediction: Prediction;
}

export interface ScheduledRun extends VeleroRun {
  /** By claim. */
  readonly volumes: ReadonlyMap<string, VolumePrediction>;
  readonly gapSeconds: number;
  readonly keepSeconds: number;
  /** The place it writes to, as `storeOf` tells it; absent when no object says. */
  readonly store: string | undefined;
}

/** The Backups and Schedules of a repository, by what is asked about them. */
export class VeleroRuns {
  readonly all: readonly VeleroRun[];
  readonly schedules: readonly ScheduledRun[];
  private readonly byName: ReadonlyMap<string, ScheduledRun>;
  private readonly byClaim: ReadonlyMap<string, readonly ScheduledRun[]>;

  constructor(context: GateContext) {
    const surroundings = new Surroundings(context);
    const runOf = (source: RenderedObject): VeleroRun => {
      const { object } = source;
      const met = readWorld({
        backup: object,
        objects: surroundings.around(object),
        platform: context.platform,
      });
      return { source, met, prediction: predictIn(met, object) };
    };
    this.schedules = context.ofKind('velero.io', 'Schedule').map((source) => scheduledRun(runOf(source), context));
    this.all = [...context.ofKind('velero.io', 'Backup').map(runOf), ...this.schedules];
    this.byName = new Map(this.schedules.map((run) => [run.source.object.metadata.name, run]));
    const byClaim = groupBy(
      this.schedules.flatMap((run) => [...run.volumes.keys()].map((claim) => ({ claim, run }))),
      ({ claim }) => claim,
    );
    this.byClaim = new Map([...byClaim].map(([claim, found]) => [claim, found.map(({ run }) => run)]));
  }

  named(name: string): ScheduledRun | undefined {
    return this.byName.get(name);
  }

  /** The Schedules that know the claims of a dataset. */
  around({ claims: [first] }: AnsweredDataset): readonly ScheduledRun[] {
    return first === undefined ? [] : (this.byClaim.get(claimKey(first.namespace, first.name)) ?? []);
  }
}

function scheduledRun(run: VeleroRun, context: GateContext): ScheduledRun {
  const { source, prediction } = run;
  return {
    ...run,
    volumes: new Map(prediction.volumes.map((volume) => [claimKey(volume.namespace, volume.claim), volume])),
    gapSeconds: largestVeleroGap(textAt(source.object, 'spec', 'schedule') ?? ''),
    keepSeconds: ttlOf(source.object),
    store: storeOfSchedule(source.object, context),
  };
}

/**
 * Why a planned Schedule's copies of a dataset will not be there; `undefined` when a run of the repository makes them.
 * What is wrong with a Schedule as a whole is said about the Schedule, once, and not about each of its datasets.
 */
export function whyNotCopied(
  dataset: AnsweredDataset,
  planned: PlannedSchedule,
  context: GateContext,
): string | undefined {
  const { name, location } = planned;
  const store = storeOf(location, context.platform.cluster);
  const copiesIt = (run: ScheduledRun): boolean =>
    run.store === store && makesBackups(run) && whyRunFails(run, dataset, planned) === undefined;
  if (context.veleroRuns.around(dataset).some(copiesIt)) return undefined;
  const named = context.veleroRuns.named(name);
  if (named === undefined) return `no Schedule copies it to '${location.name}' as ${name} would`;
  if (!makesBackups(named)) return undefined;
  if (named.store !== store) {
    return isAmbiguous(location, context) ? undefined : `${name} does not write to the bucket of '${location.name}'`;
  }
  return `${name}: ${whyRunFails(named, dataset, planned) ?? ''}`;
}

/** Whether a Schedule makes Backups that do not fail as a whole. */
function makesBackups({ prediction }: ScheduledRun): boolean {
  return prediction.schedule?.makesBackups === true && prediction.phase === 'Completed';
}

/** Whether two places have the name, which is a finding of its own. */
function isAmbiguous({ name }: Location, { locations }: GateContext): boolean {
  return locations.filter(({ location }) => location.name === name).length > 1;
}

function whyRunFails(run: ScheduledRun, dataset: AnsweredDataset, planned: PlannedSchedule): string | undefined {
  if (run.gapSeconds > planned.gapSeconds)
    return `it runs too rarely, ${textAt(run.source.object, 'spec', 'schedule') ?? ''}`;
  if (run.keepSeconds < planned.keepSeconds) return 'it keeps copies for a shorter time than was declared';
  if (dataset.claims.length === 0) return 'none of its claims is known';
  for (const { namespace, name } of dataset.claims) {
    const volume = run.volumes.get(claimKey(namespace, name));
    const reason = volume === undefined ? 'no object shows it' : whyVolumeFails(volume, planned);
    if (reason !== undefined) return `claim ${name}: ${reason}`;
  }
  return undefined;
}

function whyVolumeFails({ copied, method, why }: VolumePrediction, planned: PlannedSchedule): string | undefined {
  if (!isCopied({ copied, method })) return why;
  if (planned.movesData && method === 'csi-snapshot')
    return 'its data never leaves the storage: only a snapshot is made';
  return undefined;
}

/** Whether the pods of a workload run at the time, no object shows: they are taken to. */
export function isCopied({ copied, method }: Pick<VolumePrediction, 'copied' | 'method'>): boolean {
  return copied === 'yes' || (copied === 'unknown' && method === 'fs-backup');
}

/** Where a Schedule writes to; what another repository of the cluster writes counts by its name. */
function storeOfSchedule(schedule: KubeObject, context: GateContext): string | undefined {
  const name = textAt(schedule, 'spec', 'template', 'storageLocation') ?? 'default';
  const rendered = context.object({
    group: 'velero.io',
    kind: 'BackupStorageLocation',
    namespace: context.veleroNamespace,
    name,
  });
  if (rendered !== undefined) return storeOfObject(rendered.object);
  if (context.input.clusterWide.type === 'asked') return undefined;
  const declared = context.locations.find(({ location }) => location.name === name);
  return declared === undefined ? undefined : storeOf(declared.location, context.platform.cluster);
}

function storeOfObject(storageLocation: KubeObject): string {
  const spec = at(storageLocation, 'spec');
  const endpoint = textAt(spec, 'config', 's3Url') ?? '';
  const bucket = textAt(spec, 'objectStorage', 'bucket') ?? '';
  return JSON.stringify([storeKey({ endpoint, bucket }), textAt(spec, 'objectStorage', 'prefix') ?? '']);
}

function storeOf(location: Location, cluster: string): string {
  return JSON.stringify([storeKey(location), veleroPrefix(location, cluster)]);
}

/** Velero takes a time of zero for none, and then keeps Backups for 30 days (v1.18.3, pkg/controller/backup_controller.go). */
function ttlOf(schedule: KubeObject): number {
  const ttl = parseGoDuration(textAt(schedule, 'spec', 'template', 'ttl') ?? '0');
  return isDurationProblem(ttl) ? 0 : ttl.seconds || 30 * 24 * 3600;
}
