/** What each Velero Schedule of the repository will do, by the model of Velero: what the gate proves strategies with. */
import { storageLocationObject } from '../methods/velero/objects';
import type { PlannedSchedule } from '../methods/velero/plan';
import type { AnsweredDataset } from '../model/answered';
import { distinctBy, groupBy } from '../model/collections';
import { isClusterScoped } from '../model/cluster-scoped';
import { isDurationProblem, parseGoDuration } from '../model/go-duration';
import { at, textAt, textsAt, type KubeObject } from '../model/kube-object';
import { veleroPrefix, type Location } from '../model/location';
import type { RenderedObject } from '../model/rendered';
import { isScheduleProblem, largestGap, makeSchedule } from '../model/schedule';
import { predictIn, readWorld, type World } from '../velero/predict';
import type { Prediction, VolumePrediction } from '../velero/prediction';
import type { GateContext } from './context';

export interface VeleroRun {
  readonly schedule: RenderedObject;
  /** What its Backups meet. */
  readonly met: World;
  readonly prediction: Prediction;
  /** By claim. */
  readonly volumes: ReadonlyMap<string, VolumePrediction>;
  readonly gapSeconds: number;
  readonly keepSeconds: number;
  /** The place it writes to, as `storeOf` tells it; absent when no object says. */
  readonly store: string | undefined;
}

/** The Schedules of a repository, by what is asked about them. */
export class VeleroRuns {
  readonly all: readonly VeleroRun[];
  private readonly byName: ReadonlyMap<string, VeleroRun>;
  private readonly byClaim: ReadonlyMap<string, readonly VeleroRun[]>;

  constructor(context: GateContext) {
    const surroundings = new Surroundings(context);
    this.all = context.ofKind('velero.io', 'Schedule').map((schedule): VeleroRun => {
      const { object } = schedule;
      const objects = surroundings.around(object);
      const met = readWorld({ backup: object, objects, platform: context.platform });
      const prediction = predictIn(met, object);
      return {
        schedule,
        met,
        prediction,
        volumes: new Map(prediction.volumes.map((volume) => [claimKey(volume.namespace, volume.claim), volume])),
        gapSeconds: gapOf(textAt(object, 'spec', 'schedule') ?? ''),
        keepSeconds: ttlOf(object),
        store: storeOfSchedule(object, context),
      };
    });
    this.byName = new Map(this.all.map((run) => [run.schedule.object.metadata.name, run]));
    const byClaim = groupBy(
      this.all.flatMap((run) => [...run.volumes.keys()].map((claim) => ({ claim, run }))),
      ({ claim }) => claim,
    );
    this.byClaim = new Map([...byClaim].map(([claim, found]) => [claim, found.map(({ run }) => run)]));
  }

  named(name: string): VeleroRun | undefined {
    return this.byName.get(name);
  }

  /** The runs that know all claims of a dataset. */
  around({ claims }: AnsweredDataset): readonly VeleroRun[] {
    const [first] = claims;
    return first === undefined ? this.all : (this.byClaim.get(claimKey(first.namespace, first.name)) ?? []);
  }
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
  const copiesIt = (run: VeleroRun): boolean =>
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
function makesBackups({ prediction }: VeleroRun): boolean {
  return prediction.schedule?.makesBackups === true && prediction.phase === 'Completed';
}

/** Whether two places have the name, which is a finding of its own. */
function isAmbiguous({ name }: Location, { locations }: GateContext): boolean {
  return locations.filter(({ location }) => location.name === name).length > 1;
}

function whyRunFails(run: VeleroRun, dataset: AnsweredDataset, planned: PlannedSchedule): string | undefined {
  if (run.gapSeconds > planned.gapSeconds)
    return `it runs too rarely, ${textAt(run.schedule.object, 'spec', 'schedule') ?? ''}`;
  if (run.keepSeconds < planned.keepSeconds) return 'it keeps copies for a shorter time than was declared';
  for (const { namespace, name } of dataset.claims) {
    const volume = run.volumes.get(claimKey(namespace, name));
    const reason = volume === undefined ? 'no object shows it' : whyVolumeFails(volume, planned);
    if (reason !== undefined) return `claim ${name}: ${reason}`;
  }
  return undefined;
}

function whyVolumeFails({ copied, method, why }: VolumePrediction, planned: PlannedSchedule): string | undefined {
  // Whether the pods of a workload run at the time is the audit's to see.
  const counts = copied === 'yes' || (copied === 'unknown' && method === 'fs-backup');
  if (!counts) return why;
  if (planned.movesData && method === 'csi-snapshot')
    return 'its data never leaves the storage: only a snapshot is made';
  return undefined;
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
  const url = textAt(spec, 'config', 's3Url') ?? '';
  return JSON.stringify([
    hostOf(url),
    textAt(spec, 'objectStorage', 'bucket'),
    textAt(spec, 'objectStorage', 'prefix') ?? '',
  ]);
}

function storeOf(location: Location, cluster: string): string {
  return JSON.stringify([hostOf(location.endpoint), location.bucket, veleroPrefix(location, cluster)]);
}

/** The host of a URL; what is none, as it is. */
export function hostOf(url: string): string {
  try {
    return new URL(url).hostname;
  } catch {
    return url;
  }
}

/** In elapsed time, and without end for what cannot be computed beforehand. */
function gapOf(expression: string): number {
  const zoned = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(expression);
  const schedule = makeSchedule(zoned?.[2] ?? expression, zoned?.[1] ?? 'UTC');
  return isScheduleProblem(schedule) ? Number.POSITIVE_INFINITY : largestGap(schedule);
}

/** Velero keeps Backups for 30 days unless they say otherwise. */
function ttlOf(schedule: KubeObject): number {
  const ttl = parseGoDuration(textAt(schedule, 'spec', 'template', 'ttl') ?? '720h');
  return isDurationProblem(ttl) ? 0 : ttl.seconds;
}

export function claimKey(namespace: string, claim: string): string {
  return JSON.stringify([namespace, claim]);
}

/** The objects of the repository, and those that will be there although no file has them. */
class Surroundings {
  private readonly clusterWide: readonly KubeObject[];
  private readonly byNamespace: ReadonlyMap<string, readonly KubeObject[]>;
  /** What every Backup has to do with: the server and its storage locations. */
  private readonly server: readonly KubeObject[];
  private readonly policies: ReadonlyMap<string, KubeObject>;

  constructor(private readonly context: GateContext) {
    const objects = context.input.objects.map(({ object }) => object);
    const all = [...objects, ...expectedClaims(context), ...expectedLocations(context)];
    this.clusterWide = all.filter((object) => isClusterScoped(object) && object.kind !== 'Namespace');
    this.byNamespace = groupBy(
      all.filter((object) => !isClusterScoped(object) || object.kind === 'Namespace'),
      (object) => (object.kind === 'Namespace' ? object.metadata.name : (object.metadata.namespace ?? '')),
    );
    const ofVelero = this.byNamespace.get(context.veleroNamespace) ?? [];
    const policyNames = new Set(context.ofKind('velero.io', 'Schedule').map(({ object }) => policyNameOf(object)));
    const isPolicy = ({ kind, metadata }: KubeObject): boolean =>
      kind === 'ConfigMap' && policyNames.has(metadata.name);
    this.policies = new Map(ofVelero.filter(isPolicy).map((policy) => [policy.metadata.name, policy]));
    this.server = ofVelero.filter((object) => object.kind !== 'Schedule' && !isPolicy(object));
  }

  /** What a Schedule can have to do with: its namespaces, its policy, the server, and what is in no namespace. */
  around(schedule: KubeObject): readonly KubeObject[] {
    const included = textsAt(schedule, 'spec', 'template', 'includedNamespaces');
    const isLiteral = included.length > 0 && included.every((name) => /^[a-z0-9-]+$/.test(name));
    const namespaces = new Set(isLiteral ? included : this.byNamespace.keys());
    const ofNamespaces = [...namespaces].flatMap((name) => this.byNamespace.get(name) ?? []);
    if (namespaces.has(this.context.veleroNamespace)) return [...this.clusterWide, ...ofNamespaces];
    const policy = this.policies.get(policyNameOf(schedule) ?? '');
    return [...this.clusterWide, ...this.server, ...(policy === undefined ? [] : [policy]), ...ofNamespaces];
  }
}

function policyNameOf(schedule: KubeObject): string | undefined {
  return textAt(schedule, 'spec', 'template', 'resourcePolicy', 'name');
}

/** Claims that charts and operators make at run time, as they were declared, and those that a pod mounts and nobody declares. */
function expectedClaims(context: GateContext): readonly KubeObject[] {
  const { answered, unanswered } = context.answers;
  return [...answered, ...unanswered]
    .filter(({ id }) => id.part?.type !== 'template')
    .flatMap(({ claims, storageClass, storage }) =>
      claims
        .filter(
          ({ namespace, name }) =>
            context.object({ group: '', kind: 'PersistentVolumeClaim', namespace, name }) === undefined,
        )
        .map(({ namespace, name, labels }) => ({
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name, namespace, labels },
          spec: {
            ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
            resources: { requests: { storage: storage?.text ?? '1Gi' } },
          },
        })),
    );
}

/** Storage locations that another repository of the cluster writes. */
function expectedLocations(context: GateContext): readonly KubeObject[] {
  if (context.input.clusterWide.type === 'asked') return [];
  const locations = distinctBy(
    context.plans.plans.flatMap(({ schedules }) => schedules.map(({ location }) => location)),
    ({ name }) => name,
  );
  return locations.map((location) =>
    storageLocationObject(location, context.platform.cluster, context.veleroNamespace),
  );
}
