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
import { isExcluded } from '../model/declaration';
import type { OneOrMore, PostgresStrategy } from '../model/kinds';
import { DISABLED, MANAGED_BY, PRUNE_ANNOTATION } from '../model/marks';
import type { Continuous } from '../model/strategy';
import { answerOf } from './answer';
import { demandGate, Ledger, originOf } from './ledger';

/** How a database is protected. */
export interface PostgresProtection {
  /** `continuous` to one location, or `elsewhere`. A database has one archive: further places are mirrors of the location. */
  readonly backup: OneOrMore<PostgresStrategy>;
  /**
   * Whether a PodMonitor has Prometheus read the pods' metrics, among them those of the plugin that say when the last base
   * copy was made. Default `true`; `false` where nobody installed prometheus-operator, whose kind would stop the folder.
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

  constructor(scope: Construct, id: string, props: BackedUpPostgresProps) {
    super(scope, id);
    const { name = id, storage, storageClass, instances = 1, generation = 1 } = props;
    this.name = name;
    this.host = `${name}-rw`;
    this.secretName = `${name}-app`;
    const archives = protect(this, name, Chart.of(this).namespace, props);
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
        ...props.spec,
      },
    });
  }
}

/** A database that somebody else installed, and how it is protected. */
export interface PostgresBackupProps extends PostgresProtection {
  /** Name of the Cluster. */
  readonly cluster: string;
  /** Where it is. Default: the chart's namespace. */
  readonly namespace?: string;
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
    protect(this, props.cluster, props.namespace ?? Chart.of(this).namespace, props);
  }
}

/**
 * Declares a database, and renders what its strategy needs besides the Cluster.
 *
 * @returns whether its log is to be archived.
 */
function protect(
  construct: Construct,
  name: string,
  namespace: string | undefined,
  { backup, podMonitor = true }: PostgresProtection,
): boolean {
  const answer = answerOf(backup);
  const place = namespace === undefined ? {} : { namespace };
  Ledger.of(construct).declarations.push({
    dataset: { group: 'postgresql.cnpg.io', kind: 'Cluster', ...place, name },
    answer,
    at: originOf(construct),
  });
  demandGate(construct);
  const strategies = answer === undefined || isExcluded(answer) ? [] : answer.strategies;
  // A database has one archive: that its log goes nowhere else is said by the gate.
  const strategy = strategies.find((each) => each.type === 'continuous');
  if (strategy === undefined) return false;
  renderProtection(construct, name, { ...place, name, labels: MANAGED_BY }, strategy, podMonitor);
  return true;
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
