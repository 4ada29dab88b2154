/** Jobs that mirror the store of another tool to the locations that its own is mirrored to, one after another. */
import { DEADLINE } from '../jobs/cron-job';
import type { Peer } from '../jobs/step';
import { storePaths } from '../jobs/store';
import { storeMirrorJob, type Place, type StoreFormatName } from '../jobs/store-mirror-job';
import type { AnsweredDataset } from '../model/answered';
import { scheduleOf } from '../model/cadence';
import type { DatasetId } from '../model/dataset';
import type { Assumption, ReceiptEvidence, RequiredSecret, StoreRestore } from '../model/inventory';
import type { KubeObject } from '../model/kube-object';
import { mirrorHops, secretNameOf, storePath, type Location } from '../model/location';
import { joinedName, MAX_CRON_JOB_NAME_LENGTH } from '../model/names';
import type { Platform } from '../model/platform';
import { aboutClusterRanges, aboutUnguarded, platformOptions, receiptEvidence, type JobProblem } from './common-jobs';
import type { MethodInput, PlannedMirror } from './method';
import { storeOf } from './reach';
import type { Unsaid } from './unsaid';

/** A store at one location, as its tool has it. */
export interface ToolStore {
  readonly format: StoreFormatName;
  /** What tells the tool of it, which the receipts of its mirrors are about. */
  readonly id: DatasetId;
  readonly place: Place;
  /** What is in it, for findings. */
  readonly dataset: AnsweredDataset;
  /** Of the jobs. */
  readonly namespace: string;
}

/** One mirror of a store. */
export interface PlannedStoreMirror {
  /** Of the CronJob. */
  readonly name: string;
  readonly store: ToolStore;
  /** The store itself, or the mirror before. */
  readonly from: Place;
  readonly to: Place;
  readonly deadlineSeconds: number;
  /** How much of the last mirror the store must have, in percent; absent for the default. */
  readonly smallestPercent?: number;
  readonly evidence: ReceiptEvidence;
  /** What carries it out; none where something is not known that its pods need. */
  readonly objects: readonly KubeObject[];
}

export interface StoreMirrors {
  /** Nearest first. */
  readonly mirrors: readonly PlannedStoreMirror[];
  readonly problems: readonly JobProblem[];
}

/** Room for the lists of a store with a million objects, on the node itself. */
const SCRATCH = { size: '4Gi' };

export function planStoreMirrors(
  store: ToolStore,
  { objects: seen, platform, timeZone }: Pick<MethodInput, 'objects' | 'platform' | 'timeZone'>,
): StoreMirrors {
  const { format, id, namespace, dataset } = store;
  const { cluster } = platform;
  const mirrors: PlannedStoreMirror[] = [];
  const unready = (peer: Peer | Unsaid): readonly JobProblem[] =>
    'because' in peer ? [{ type: 'unready', dataset, ...peer }] : [];
  let from = store.place;
  const hops = mirrorHops(from.location).flatMap(({ by }) => (by.type === 'scheduled' ? [by] : []));
  if (hops.length === 0) return { mirrors, problems: [] };
  let fromStore = storeOf(from.location, platform, seen);
  const problems = [...unready(fromStore)];
  for (const { to: location, cadence, deadlineSeconds = DEADLINE, smallestPercent } of hops) {
    // Velero's store is called as its location.
    const own = id.name === from.location.name ? [] : [id.name];
    const parts = [format, ...own, from.location.name, 'to', location.name];
    const name = joinedName(parts, MAX_CRON_JOB_NAME_LENGTH);
    const schedule = scheduleOf(cadence, [namespace, name], timeZone);
    if ('problem' in schedule) {
      const advice = `correct the mirror of location '${from.location.name}'`;
      problems.push({ type: 'schedule', dataset, subject: `the mirror '${name}'`, advice, ...schedule });
      break;
    }
    const to = { location, path: mirrorPath(store.place, location, cluster) };
    const toStore = storeOf(location, platform, seen);
    problems.push(...unready(toStore));
    const guard = smallestPercent === undefined ? {} : { smallestPercent };
    const objects =
      'because' in fromStore || 'because' in toStore
        ? []
        : storeMirrorJob({
            ...platformOptions(platform),
            name,
            namespace,
            cluster,
            dataset: id,
            format,
            from,
            fromStore,
            location,
            store: toStore,
            path: to.path,
            schedule,
            scratch: SCRATCH,
            deadlineSeconds,
            ...guard,
          });
    const evidence = receiptEvidence(namespace, name, schedule, storePaths(location, cluster, id).receipts);
    mirrors.push({ name, store, from, to, deadlineSeconds, evidence, objects, ...guard });
    from = to;
    fromStore = toStore;
  }
  return { mirrors, problems };
}

/** Beside what the other location has of its own: its tool would take a store that it finds in its place for its own. */
function mirrorPath({ location, path }: Place, to: Location, cluster: string): string {
  const own = `${storePath(location, cluster)}/`;
  return storePath(to, cluster, 'mirrors', location.name, path.startsWith(own) ? path.slice(own.length) : path);
}

/** What the mirrors of a store are to a copy in it. */
export function mirroredCopies(
  mirrors: readonly PlannedStoreMirror[],
  keptSeconds: number,
  restore: StoreRestore,
): readonly PlannedMirror[] {
  return mirrors.map(({ to, deadlineSeconds, evidence }) => ({
    to: to.location,
    durationSeconds: deadlineSeconds,
    // Where nothing can be had back, nothing is removed.
    ...(to.location.versioned ? { keptSeconds } : {}),
    evidence,
    restore: { ...restore, path: to.path },
  }));
}

/** What mirrors rest on that no object shows. */
export function aboutMirrors(mirrors: readonly PlannedStoreMirror[], platform: Platform): readonly Assumption[] {
  if (mirrors.length === 0) return [];
  const versioned = new Set(mirrors.flatMap(({ to: { location } }) => (location.versioned ? [location.name] : [])));
  return [
    ...aboutClusterRanges(platform),
    ...mirrors.flatMap(({ name, smallestPercent }) => aboutUnguarded(`mirror '${name}'`, smallestPercent)),
    ...[...versioned].map((name) => ({
      about: `locations.${name}.versioned`,
      value: true,
      why: 'Mirrors delete there what their source has not any more, and it can be had back only as an old version.',
    })),
  ];
}

/** What a person provides for it. */
export function mirrorSecrets({ store, from, to }: PlannedStoreMirror): readonly RequiredSecret[] {
  return [from, to].map(({ location }) => ({
    namespace: store.namespace,
    name: secretNameOf(location),
    keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', ...(location.customCa ? ['ca.crt'] : [])],
    keptIn: location.keptIn,
  }));
}
