/** CloudNativePG with the Barman Cloud plugin as a backup method: databases, by base copies and a log of every change. */
import type { Place } from '../../jobs/store-mirror-job';
import type { AnsweredDataset } from '../../model/answered';
import { distinctBy, sortedBy } from '../../model/collections';
import { worstAge } from '../../model/copies';
import { isExcluded } from '../../model/declaration';
import { BACKUP_METRICS_FOLDER } from '../../model/folders';
import type { Assumption, CnpgEvidence, CnpgRestore, RequiredSecret } from '../../model/inventory';
import { textAt, type KubeObject } from '../../model/kube-object';
import type { RenderedObject } from '../../model/rendered';
import type { Continuous, Strategy } from '../../model/strategy';
import type { JobProblem } from '../common-jobs';
import type { MethodInput, MethodPlan, PlannedCopy, PlannedObject, PlannedRun } from '../method';
import {
  aboutMirrors,
  mirroredCopies,
  mirrorSecrets,
  planStoreMirrors,
  type PlannedStoreMirror,
  type StoreMirrors,
  type ToolStore,
} from '../store-mirrors';
import {
  archiveOf,
  BARMAN_GROUP,
  clusterOfBackup,
  CNPG_GROUP,
  methodOfBackup,
  placeOf,
  secretsOf,
  type Archive,
} from './archive';
import { nextServerName, serverNameOf } from './objects';
import { archiveTimeout } from './parameters';
import { parseRetention } from './retention';
import { readSchedule } from './schedule';
import { namedSecrets, secretsMadeIn } from './secrets';

/** What a piece of the log may take from PostgreSQL to the location. What takes longer falls behind, and alerts. */
const ARCHIVING_SECONDS = 300;
/** What a base copy may take; the operator itself waits without end. */
const BASE_COPY_SECONDS = 4 * 3600;

/** plugin-barman-cloud v0.14.0, internal/cnpgi/instance/metrics.go. */
const METRICS: CnpgEvidence['metrics'] = {
  lastBackup: 'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp',
  lastFailedBackup: 'barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp',
  firstRecoverabilityPoint: 'barman_cloud_cloudnative_pg_io_first_recoverability_point',
};

/** A database with the objects that protect it, as far as they are there. */
export interface ProtectedCluster {
  readonly cluster: KubeObject;
  /** Absent where the plugin does not archive its log. */
  readonly archive?: Archive;
  /** Absent where no object of that name is in the Cluster's namespace. */
  readonly objectStore?: RenderedObject;
  /** What makes base copies of it by a plugin. */
  readonly scheduledBackups: readonly RenderedObject[];
}

export class CnpgMethodPlan implements MethodPlan {
  /** The mirrors of archives. Constructs render everything else, and other files may. */
  readonly objects: readonly PlannedObject[];
  readonly jobProblems: readonly JobProblem[];
  private readonly scheduledBackups: readonly RenderedObject[];
  /** By place: Clusters may share an ObjectStore, and ObjectStores a path. */
  private readonly mirrors: ReadonlyMap<string, StoreMirrors>;

  constructor(private readonly input: MethodInput) {
    this.scheduledBackups = sortedBy(
      input.objects.ofKind(CNPG_GROUP, 'ScheduledBackup'),
      ({ object }) => object.metadata.name,
    );
    const stores = distinctBy(
      input.datasets.flatMap((dataset) => this.storeOf(dataset) ?? []),
      ({ place }) => placeKey(place),
    );
    this.mirrors = new Map(stores.map((store) => [placeKey(store.place), planStoreMirrors(store, input)]));
    const planned = [...this.mirrors.values()];
    this.jobProblems = [...planned.flatMap(({ problems }) => problems), ...nestedIn(stores)];
    this.objects = planned.flatMap(({ mirrors }) =>
      mirrors.flatMap(({ objects, to, store: { dataset } }) =>
        objects.map((object) => ({
          object,
          chart: dataset.declaration.at.chart,
          path: `${dataset.declaration.at.path}/mirror-to-${to.location.name}`,
        })),
      ),
    );
  }

  copyOf(dataset: AnsweredDataset, strategy: Strategy): PlannedCopy | undefined {
    if (strategy.type !== 'continuous' || dataset.methods.continuous !== 'cnpg') return undefined;
    const found = this.protectionOf(dataset);
    if (found === undefined) return undefined;
    const { cluster, objectStore, scheduledBackups } = found;
    const archive = found.archive ?? defaultArchive(cluster);
    const keptSeconds = keptBy(objectStore?.object) ?? strategy.restoreWindowSeconds;
    const restore = restoreOf(cluster, archive);
    return {
      location: strategy.to,
      staysInStorage: false,
      worstAgeSeconds: worstAge(archiveTimeout(cluster), ARCHIVING_SECONDS),
      keptSeconds,
      runs: scheduledBackups
        .flatMap(({ object }) => runOf(object, keptSeconds))
        .toSorted((a, b) => a.worstAgeSeconds - b.worstAgeSeconds),
      evidence: evidenceOf(found, archive),
      restore,
      mirrors: mirroredCopies(this.mirrorsOf(dataset), keptSeconds, restore),
    };
  }

  jobObjectsFor(dataset: AnsweredDataset, strategy: Strategy): readonly KubeObject[] {
    return strategy.type === 'continuous' ? this.mirrorsOf(dataset).flatMap(({ objects }) => objects) : [];
  }

  private mirrorsOf(dataset: AnsweredDataset): readonly PlannedStoreMirror[] {
    const store = this.storeOf(dataset);
    return store === undefined ? [] : (this.mirrors.get(placeKey(store.place))?.mirrors ?? []);
  }

  /** What holds the archive of a database; `undefined` where there is none yet, which is a finding of its own. */
  private storeOf(dataset: AnsweredDataset): ToolStore | undefined {
    const [strategy] = continuousOf(dataset);
    const objectStore = this.protectionOf(dataset)?.objectStore?.object;
    const place = objectStore === undefined ? undefined : placeOf(objectStore);
    if (strategy === undefined || objectStore === undefined || place === undefined) return undefined;
    const { namespace = '', name } = objectStore.metadata;
    return {
      format: 'barman',
      id: { group: BARMAN_GROUP, kind: 'ObjectStore', namespace, name },
      place: { location: strategy.to, path: place.prefix },
      dataset,
      namespace,
    };
  }

  /** The objects of a database; `undefined` where it is none, or none that an object shows. */
  protectionOf({ id }: AnsweredDataset): ProtectedCluster | undefined {
    const { namespace, name } = id;
    const cluster = this.input.objects.object(id)?.object;
    if (id.group !== CNPG_GROUP || cluster === undefined) return undefined;
    const archive = archiveOf(cluster);
    const objectStore =
      archive === undefined
        ? undefined
        : this.input.objects.object({ ...id, group: BARMAN_GROUP, kind: 'ObjectStore', name: archive.objectStore });
    return {
      cluster,
      ...(archive === undefined ? {} : { archive }),
      ...(objectStore === undefined ? {} : { objectStore }),
      scheduledBackups: this.scheduledBackups.filter(
        ({ object }) =>
          object.metadata.namespace === namespace &&
          clusterOfBackup(object) === name &&
          methodOfBackup(object) !== 'volumeSnapshot',
      ),
    };
  }

  secretsFor(datasets: readonly AnsweredDataset[]): readonly RequiredSecret[] {
    return datasets.flatMap((dataset) => [...this.locationSecretsOf(dataset), ...this.namedSecretsOf(dataset)]);
  }

  /** Those with the keys of stores, which are kept where their locations say. */
  private locationSecretsOf(dataset: AnsweredDataset): readonly RequiredSecret[] {
    const ofStores = continuousOf(dataset).flatMap(({ to }) => {
      const objectStore = this.protectionOf(dataset)?.objectStore;
      if (objectStore === undefined) return [];
      return [...secretsOf(objectStore.object)].map(([name, keys]) => ({
        namespace: dataset.id.namespace ?? '',
        name,
        keys,
        keptIn: to.keptIn,
      }));
    });
    return [...ofStores, ...this.mirrorsOf(dataset).flatMap(mirrorSecrets)];
  }

  /** The Secrets that a Cluster names and nothing makes again, with where they are said to be kept; empty where nobody says. */
  namedSecretsOf(dataset: AnsweredDataset): readonly RequiredSecret[] {
    const { id, answer, declaration } = dataset;
    const { namespace = '' } = id;
    const cluster = this.protectionOf(dataset)?.cluster;
    if (cluster === undefined || isExcluded(answer)) return [];
    const made = secretsMadeIn(namespace, this.input.objects);
    const ofLocations = new Set(this.locationSecretsOf(dataset).map(({ name }) => name));
    return namedSecrets(cluster)
      .filter(({ name }) => !made.has(name) && !ofLocations.has(name))
      .map((secret) => ({ namespace, ...secret, keptIn: declaration.secretsKeptIn ?? '' }));
  }

  assumptionsFor(datasets: readonly AnsweredDataset[]): readonly Assumption[] {
    const { cnpg } = this.input.platform;
    if (cnpg === undefined || datasets.every((dataset) => continuousOf(dataset).length === 0)) return [];
    return [
      { about: 'cnpg.version', value: cnpg.version, why: 'Plugins that archive the log came with 1.26.' },
      {
        about: 'cnpg.barmanPlugin',
        value: cnpg.barmanPlugin,
        why: 'A Cluster that names the plugin does not start without it.',
      },
      {
        about: 'cnpg.timeZone',
        value: 'UTC',
        why: 'The operator reads schedules in the time zone of its own pod.',
      },
      ...this.aboutMonitors(datasets),
      ...aboutMirrors(
        datasets.flatMap((dataset) => this.mirrorsOf(dataset)),
        this.input.platform,
      ),
    ];
  }

  private aboutMonitors(datasets: readonly AnsweredDataset[]): readonly Assumption[] {
    const monitored = datasets.filter(
      ({ id: { namespace = '', name } }) =>
        this.input.objects.object({ group: 'monitoring.coreos.com', kind: 'PodMonitor', namespace, name }) !==
        undefined,
    );
    if (monitored.length === 0) return [];
    return [
      {
        about: 'prometheus-operator',
        value: 'installed',
        why: `Without its kinds Flux applies nothing of ${BACKUP_METRICS_FOLDER}, and nobody reads when the last base copy was made; podMonitor: false leaves it out.`,
      },
    ];
  }
}

function placeKey({ location, path }: Place): string {
  return JSON.stringify([location.name, path]);
}

/** Those that are mirrored as a part of another one, whose mirror would remove what their own has copied. */
function nestedIn(stores: readonly ToolStore[]): readonly JobProblem[] {
  return stores
    .filter(({ place }) => place.location.mirror?.type === 'scheduled')
    .flatMap(({ id, place, dataset }) => {
      const outer = stores.find(
        (other) =>
          other.place.location.name === place.location.name &&
          (other.place.path === '' ? place.path !== '' : place.path.startsWith(`${other.place.path}/`)),
      );
      if (outer === undefined) return [];
      return [
        {
          type: 'unready',
          dataset,
          because: `ObjectStore ${id.name} keeps its archive below that of ObjectStore ${outer.id.name}, '${outer.place.path}', and the mirror of each would take what the other has for its own`,
          line: `destinationPath: 's3://${place.location.bucket}/${id.namespace}-${id.name}'`,
        } as const,
      ];
    });
}

/** The strategies of a dataset that this method carries out. */
export function continuousOf({ answer, methods }: AnsweredDataset): readonly Continuous[] {
  if (isExcluded(answer) || methods.continuous !== 'cnpg') return [];
  return answer.strategies.filter((strategy) => strategy.type === 'continuous');
}

/** What a Cluster would name that names nothing yet. */
export function defaultArchive({ metadata: { name } }: KubeObject): Archive {
  return { objectStore: name, serverName: serverNameOf(name, 1) };
}

/** How long an ObjectStore keeps what is in it; `undefined` where it deletes nothing, or says what nobody reads. */
export function keptBy(objectStore: KubeObject | undefined): number | undefined {
  const retention = textAt(objectStore, 'spec', 'retentionPolicy');
  return retention === undefined ? undefined : parseRetention(retention);
}

function runOf({ metadata, ...object }: KubeObject, keepSeconds: number): readonly PlannedRun[] {
  const pace = readSchedule(textAt(object, 'spec', 'schedule') ?? '');
  if ('problem' in pace) return [];
  return [
    {
      name: `ScheduledBackup ${metadata.name}`,
      worstAgeSeconds: worstAge(pace.gapSeconds, BASE_COPY_SECONDS),
      keepSeconds,
      kept: { type: 'window' },
    },
  ];
}

function evidenceOf({ cluster, scheduledBackups }: ProtectedCluster, archive: Archive): CnpgEvidence {
  const { namespace = '', name } = cluster.metadata;
  return {
    type: 'cnpg',
    namespace,
    cluster: name,
    objectStore: archive.objectStore,
    serverName: archive.serverName,
    scheduledBackups: scheduledBackups.map(({ object }) => ({
      name: object.metadata.name,
      schedule: textAt(object, 'spec', 'schedule') ?? '',
    })),
    metrics: METRICS,
  };
}

/** Without database and owner the operator leaves the passwords as they were, and nobody has those any more. */
function restoreOf(cluster: KubeObject, archive: Archive): CnpgRestore {
  const { namespace = '', name } = cluster.metadata;
  const bootstrap = ['initdb', 'recovery', 'pg_basebackup'] as const;
  const field = (key: string): string | undefined =>
    bootstrap.map((way) => textAt(cluster, 'spec', 'bootstrap', way, key)).find((value) => value !== undefined);
  const database = field('database') ?? 'app';
  return {
    type: 'cnpg',
    namespace,
    cluster: name,
    objectStore: archive.objectStore,
    serverName: archive.serverName,
    nextServerName: nextServerName(archive.serverName),
    database,
    owner: field('owner') ?? database,
  };
}
