import { ApiObject, Chart, Lazy, type Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  archiverPlugin,
  destinationPath,
  objectStoreSpec,
  podMonitorSpec,
  scheduledBackupSpec,
  serverNameOf,
} from '../methods/cnpg/objects';
import { postgresDump } from '../jobs/postgres';
import type { Source } from '../jobs/step';
import type { JobDeclaration } from '../methods/jobs/declaration';
import type { DatasetId } from '../model/dataset';
import { isExcluded, type Declaration, type Declarer } from '../model/declaration';
import type { OneOrMore, PostgresStrategy } from '../model/kinds';
import { DISABLED, MANAGED_BY, PRUNE_ANNOTATION } from '../model/marks';
import { datasetIdOf } from '../model/refs';
import type { Continuous, Elsewhere, Scheduled, Strategy } from '../model/strategy';
import { given } from '../model/untyped';
import { answerOf } from './answer';
import { heldDeclaration, type HeldVolume } from './held-volume';
import { jobSettings, type JobProps } from './jobs';
import { demandGate, Ledger, originOf } from './ledger';
import { isMisused } from './misuse';
import { loginSecrets, loginTo, primaryOf, reached, type PostgresServer } from './postgres-server';
import { BACKED_UP_POSTGRES, postgresBackupProps } from './postgres-props';

/** How the dumps of a database are made, where the defaults do not fit. */
export interface PostgresDumpProps extends JobProps {
  /**
   * Image with the clients, of the server's major version (`postgres-dump`). Default: that of the platform's `jobs`, or
   * else one of the version that the output shows; where it shows none, of version 18, and a run against another fails.
   */
  readonly image?: string;
}

/** How a database is protected. */
export interface PostgresProtection {
  /**
   * `continuous` to one location, or `elsewhere`. A database has one archive: further places are mirrors of the location.
   * `nightly` and its like are dumps of every database, a second copy that no defect of the engine or the archive reaches;
   * they log in as the superuser.
   */
  readonly backup: OneOrMore<PostgresStrategy>;
  /** How the dumps are made. */
  readonly dump?: PostgresDumpProps;
  /**
   * Where the Secrets are kept outside of the cluster that the Cluster names, those of logins, managed roles and
   * certificates, in words for the person who restores (`keys-inside`): no copy carries them. Needed where it names any;
   * what the operator or cert-manager makes is made again.
   */
  readonly secretsKeptIn?: string;
  /**
   * Whether a PodMonitor has Prometheus read the pods' metrics, among them those of the plugin that say when the last base
   * copy was made. Default `true`; `false` where nobody installed prometheus-operator, so that Flux does not report the
   * folder `backup-metrics`.
   */
  readonly podMonitor?: boolean;
}

/** Fields of a Cluster's spec that nothing else says, as YAML has them. */
export type PostgresSpec = Readonly<Record<string, unknown>> & {
  readonly instances?: never;
  readonly storage?: never;
  readonly plugins?: never;
};

/** A database, and how it is protected. */
export interface BackedUpPostgresProps extends PostgresProtection {
  /** Name of the Cluster, at most 50 characters. Default: the construct's id. */
  readonly name?: string;
  /** How much is requested for each instance: `Size.gibibytes(20)`, which is `20Gi`. */
  readonly storage: Size;
  /** Name of the StorageClass. Default: the cluster's default class. */
  readonly storageClass?: string;
  /** Number of servers: one primary, and replicas. Default 1. */
  readonly instances?: number;
  /**
   * Counts how often the database was restored, from 1. Its archive is called `<name>-<generation>`, and a restored
   * database, which must not write into the archive that it came from, gets the next one. Default 1.
   */
  readonly generation?: number;
  /** Further fields of the Cluster's spec, such as `postgresql`, `bootstrap` or `walStorage`. Default: none. */
  readonly spec?: PostgresSpec;
}

/**
 * A PostgreSQL database of CloudNativePG, whose log the Barman Cloud plugin archives. The application's password is in the
 * Secret `<name>-app`, which the operator makes.
 *
 * The ObjectStore stands beside the Cluster and stays when the construct goes, as the Cluster does: a database whose archive
 * is gone keeps its log until the volume is full. The ScheduledBackup stands in `<chart>-backup/`. Each of them is patched as
 * any construct of cdk8s, and the gate proves what comes out:
 * `ApiObject.of(db.node.findChild('ObjectStore')).addJsonPatch(…)`. Velero leaves the volumes out, by their label
 * `cnpg.io/pvcRole`.
 *
 * @throws Error of cdk8s if the scope is in no Chart.
 * @example
 * new BackedUpPostgres(this, 'db', {
 *   storage: Size.gibibytes(20),
 *   backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
 *   spec: { postgresql: { parameters: { archive_timeout: '1min' } } },
 * });
 * // apiVersion: postgresql.cnpg.io/v1
 * // kind: Cluster
 * // metadata:
 * //   annotations:
 * //     backed-up/dataset: Cluster paperless/db
 * //     kustomize.toolkit.fluxcd.io/prune: disabled
 * //   labels:
 * //     backed-up/method: cnpg
 * //     backed-up/plan: continuous
 * //   name: db
 * //   namespace: paperless
 * // spec:
 * //   instances: 1
 * //   plugins:
 * //     - name: barman-cloud.cloudnative-pg.io
 * //       isWALArchiver: true
 * //       parameters:
 * //         barmanObjectName: db
 * //         serverName: db-1
 * //   postgresql:
 * //     parameters:
 * //       archive_timeout: 1min
 * //   storage:
 * //     size: 20Gi
 * // and beside it ObjectStore, ScheduledBackup and PodMonitor db
 */
export class BackedUpPostgres extends Construct {
  /** Name of the Cluster. */
  readonly name: string;
  /** Host name of the primary inside the namespace: the Service `<name>-rw`, port 5432. */
  readonly host: string;
  /** Name of the Secret with `username`, `password`, `dbname` and `uri` of the application's database. */
  readonly secretName: string;
  /** Image of the server, where `spec` names it. */
  readonly image?: string;

  constructor(scope: Construct, id: string, props: BackedUpPostgresProps) {
    super(scope, id);
    const { name = id } = given(props);
    this.name = name;
    this.host = `${name}-rw`;
    this.secretName = `${name}-app`;
    if (isMisused(this, props, BACKED_UP_POSTGRES)) return;
    const { storage, storageClass, instances = 1, generation = 1 } = props;
    const { namespace } = Chart.of(this);
    const image = props.spec?.['imageName'];
    if (typeof image === 'string') this.image = image;
    const { archives, dumps } = protect(this, name, namespace, props);
    new ApiObject(this, 'Resource', {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Cluster',
      metadata: { name },
      spec: {
        instances,
        storage: {
          size: storage.asString(),
          ...(storageClass === undefined ? {} : { storageClass }),
        },
        ...(archives ? { plugins: [archiverPlugin(name, serverNameOf(name, generation))] } : {}),
        ...(dumps ? { enableSuperuserAccess: true } : {}),
        ...props.spec,
      },
    });
  }
}

/** A database that somebody else installed, and how it is protected. */
export type PostgresBackupProps = ClusterBackupProps | ServerBackupProps;

/** A database of CloudNativePG. */
export interface ClusterBackupProps extends PostgresProtection {
  /** Name of the Cluster. */
  readonly cluster: string;
  /** Where it is. Default: the chart's namespace. */
  readonly namespace?: string;
}

/**
 * A server without an operator, which is dumped.
 *
 * @example
 * new ApiObject(this, 'tickets-db', {
 *   apiVersion: 'helm.toolkit.fluxcd.io/v2',
 *   kind: 'HelmRelease',
 *   metadata: { name: 'tickets-db' },
 *   spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'postgresql' } },
 * });
 * holds(this, { helmRelease: 'tickets-db' }, {});
 * new PostgresBackup(this, 'tickets-db-backup', {
 *   data: {
 *     claim: 'data-tickets-db-postgresql-0',
 *     heldBy: { helmRelease: 'tickets-db' },
 *     storage: Size.gibibytes(20),
 *     storageClass: 'ceph-block',
 *     labels: { 'app.kubernetes.io/instance': 'tickets-db' },
 *   },
 *   server: {
 *     host: 'tickets-db-postgresql',
 *     pods: { labels: { 'app.kubernetes.io/instance': 'tickets-db' } },
 *     user: { secret: 'tickets-db', key: 'username' },
 *     password: { secret: 'tickets-db', key: 'password' },
 *     keptIn: 'SOPS file in the private repository',
 *   },
 *   backup: nightly({ to: offsite, keep: { daily: 14 } }),
 * });
 * // apiVersion: batch/v1
 * // kind: CronJob
 * // metadata:
 * //   annotations:
 * //     backed-up/dataset: PersistentVolumeClaim paperless/data-tickets-db-postgresql-0
 * //   name: data-tickets-db-postgresql-0-dump-offsite
 * //   namespace: paperless
 */
export interface ServerBackupProps {
  /** The volume that it writes to, which Velero then leaves out. */
  readonly data:
    | { readonly statefulSet: string; readonly template: string; readonly namespace?: string }
    | { readonly claim: string; readonly namespace?: string }
    | HeldVolume;
  /** How a client reaches it. */
  readonly server: PostgresServer;
  /** `nightly` and its like, or `elsewhere`. */
  readonly backup: OneOrMore<Scheduled | Elsewhere>;
  /** How the dumps are made. */
  readonly dump?: PostgresDumpProps;
}

/**
 * The same protection for a database whose Cluster a Helm chart, an include or a file that `alsoRead` names brings. The
 * Cluster itself has to name the plugin, so synth looks for that in its YAML, and prints the lines that are missing
 * (`postgres-archive`).
 *
 * @throws Error of cdk8s if the scope is in no Chart.
 * @example
 * new ApiObject(this, 'wiki', {
 *   apiVersion: 'postgresql.cnpg.io/v1',
 *   kind: 'Cluster',
 *   metadata: { name: 'wiki' },
 *   spec: {
 *     instances: 1,
 *     storage: { size: '5Gi' },
 *     plugins: [
 *       {
 *         name: 'barman-cloud.cloudnative-pg.io',
 *         isWALArchiver: true,
 *         parameters: { barmanObjectName: 'wiki', serverName: 'wiki-1' },
 *       },
 *     ],
 *   },
 * });
 * new PostgresBackup(this, 'wiki-backup', {
 *   cluster: 'wiki',
 *   backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
 * });
 * // apiVersion: barmancloud.cnpg.io/v1
 * // kind: ObjectStore
 * // metadata:
 * //   annotations:
 * //     kustomize.toolkit.fluxcd.io/prune: disabled
 * //   name: wiki
 * //   namespace: paperless
 * // spec:
 * //   configuration:
 * //     destinationPath: s3://home-backups/home/data/paperless/wiki
 * //     endpointURL: https://s3.example.net
 * //     s3Credentials:
 * //       accessKeyId:
 * //         key: AWS_ACCESS_KEY_ID
 * //         name: backed-up-offsite
 * //       secretAccessKey:
 * //         key: AWS_SECRET_ACCESS_KEY
 * //         name: backed-up-offsite
 * //   retentionPolicy: 30d
 */
export class PostgresBackup extends Construct {
  constructor(scope: Construct, id: string, props: PostgresBackupProps) {
    super(scope, id);
    if (isMisused(this, props, postgresBackupProps(props))) return;
    const { namespace } = Chart.of(this);
    if ('cluster' in props) protect(this, props.cluster, props.namespace ?? namespace, props, POSTGRES_BACKUP);
    else protectServer(this, namespace, props);
  }
}

const POSTGRES_BACKUP: Declarer = { name: 'PostgresBackup', takesBackup: true };

/**
 * Declares a database, and renders what its strategy needs besides the Cluster.
 *
 * @param by absent where the construct makes the Cluster as well.
 * @returns whether its log is to be archived, and whether it is to be dumped.
 */
function protect(
  construct: Construct,
  name: string,
  namespace: string | undefined,
  { backup, dump = {}, secretsKeptIn, podMonitor = true }: PostgresProtection,
  by?: Declarer,
): { readonly archives: boolean; readonly dumps: boolean } {
  const place = namespace === undefined ? {} : { namespace };
  const dataset = { group: 'postgresql.cnpg.io', kind: 'Cluster', ...place, name };
  const strategies = declare(construct, {
    dataset,
    answer: answerOf(backup),
    ...(by === undefined ? {} : { by }),
    ...(secretsKeptIn === undefined ? {} : { secretsKeptIn }),
  });
  const dumps = strategies.some(({ type }) => type === 'scheduled');
  // The operator makes the Secret of the superuser.
  if (dumps) declareDump(construct, dataset, clusterDump(namespace ?? '', name), dump);
  // A database has one archive: that its log goes nowhere else is said by the gate.
  const strategy = strategies.find((each) => each.type === 'continuous');
  if (strategy !== undefined) {
    renderProtection(construct, name, { ...place, name, labels: MANAGED_BY }, strategy, podMonitor);
  }
  return { archives: strategy !== undefined, dumps };
}

/** @returns the strategies, as far as the answer names any. */
function declare(construct: Construct, declaration: Omit<Declaration, 'at'>): readonly Strategy[] {
  Ledger.of(construct).declarations.push({ ...declaration, at: originOf(construct) });
  demandGate(construct);
  const { answer } = declaration;
  return answer === undefined || isExcluded(answer) ? [] : answer.strategies;
}

function declareDump(
  construct: Construct,
  dataset: DatasetId,
  source: Source,
  dump: PostgresDumpProps,
  own: Pick<JobDeclaration, 'keys' | 'server'> = {},
): void {
  const { image } = dump;
  Ledger.of(construct).jobs.push({
    dataset,
    name: `${dataset.name}-dump`,
    namespace: dataset.namespace ?? '',
    source,
    settings: {
      ...jobSettings(construct, 'dump', dump),
      ...(image === undefined ? {} : { images: { postgres: image } }),
    },
    ...own,
    at: originOf(construct),
  });
}

function clusterDump(namespace: string, name: string): Source {
  const secret = `${name}-superuser`;
  const login = { user: { secret, key: 'username' }, password: { secret, key: 'password' } };
  return postgresDump({ ...primaryOf(namespace, name), ...login });
}

function protectServer(
  construct: Construct,
  chartNamespace: string | undefined,
  { data, server, backup, dump = {} }: ServerBackupProps,
): void {
  const dataset = datasetIdOf(data, chartNamespace);
  declare(construct, {
    dataset,
    answer: answerOf(backup),
    by: POSTGRES_BACKUP,
    methods: { scheduled: 'jobs' },
    ...heldDeclaration(data, chartNamespace),
  });
  const { namespace = '' } = dataset;
  declareDump(construct, dataset, postgresDump(loginTo(server, namespace)), dump, {
    keys: loginSecrets(server, namespace),
    server: reached(server),
  });
}

function renderProtection(
  construct: Construct,
  name: string,
  metadata: { readonly name: string; readonly namespace?: string; readonly labels: Record<string, string> },
  strategy: Continuous,
  podMonitor: boolean,
): void {
  const ledger = Ledger.of(construct);
  const namespace = metadata.namespace ?? '';
  // The name of the cluster is known when the tree is complete.
  const path: string = Lazy.any({ produce: () => destinationPath(strategy.to, ledger.cluster, namespace, name) });
  new ApiObject(construct, 'ObjectStore', {
    apiVersion: 'barmancloud.cnpg.io/v1',
    kind: 'ObjectStore',
    metadata: { ...metadata, annotations: { [PRUNE_ANNOTATION]: DISABLED } },
    spec: objectStoreSpec(strategy, path),
  });
  new ApiObject(construct, 'ScheduledBackup', {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'ScheduledBackup',
    metadata,
    spec: scheduledBackupSpec(strategy, namespace, name),
  });
  if (!podMonitor) return;
  new ApiObject(construct, 'PodMonitor', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata,
    spec: podMonitorSpec(name),
  });
}
