/** Gitea and Forgejo: a database and a volume that only make sense together. */
import { Chart, type Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import {
  CHART_LAYOUT,
  GITEA_FILES,
  giteaDump,
  ROOTLESS_LAYOUT,
  type GiteaFiles,
  type GiteaLayout,
  type KnownLosses,
} from '../jobs/gitea';
import { JOB_IMAGES } from '../jobs/images';
import type { PostgresDumpOptions } from '../jobs/postgres';
import type { SecretKey } from '../jobs/step';
import type { DumpedServer } from '../methods/jobs/declaration';
import type { Stops } from '../methods/jobs/stopped';
import type { DatasetId } from '../model/dataset';
import type { RequiredSecret } from '../model/inventory';
import type { OneOrMore } from '../model/kinds';
import { datasetIdOf } from '../model/refs';
import type { Elsewhere, Scheduled } from '../model/strategy';
import { given } from '../model/untyped';
import { answerOf } from './answer';
import type { CephBucketWithBackupGrant } from './ceph-bucket';
import { jobSettings, type JobProps } from './jobs';
import { demandGate, Ledger, originOf } from './ledger';
import { GITEA_KEYS, ownVariables, podSpec, PORTS, USER, VOLUME } from './gitea-pod';
import { BACKED_UP_GITEA, configBeside, giteaBackupProps } from './gitea-props';
import { heldDeclaration, type HeldVolume } from './held-volume';
import { isMisused } from './misuse';
import type { BackedUpPostgres } from './postgres';
import { loginSecrets, loginTo, primaryOf, reached, type PostgresServer } from './postgres-server';
import { renderStatefulSet } from './stateful-set';

/** How the copies are made, where the defaults do not fit. */
export interface GiteaCopyProps extends JobProps {
  /**
   * Space for one full copy, of the volume and of the dump. Default: what the volume and the database request, or the volume
   * alone where nobody sees what the database does.
   */
  readonly scratch?: Size;
  /**
   * Files that were lost for good before, by their kind: `{ attachments: 1 }` lets one row of an attachment have no file, and
   * more than that fail the run. The receipt counts them, and the inventory has them among its assumptions. Default: none.
   */
  readonly knownLosses?: KnownLosses;
  /** Image with the clients of PostgreSQL, of the server's major version. Default as for `PostgresDumpProps`. */
  readonly postgresImage?: string;
}

/** Gitea with its volume, and how both it and its database are copied together. */
export interface BackedUpGiteaProps {
  /** Name of the StatefulSet and of the Service. Default: the construct's id. */
  readonly name?: string;
  /** The database, which has a backup of its own besides: each copy of Gitea carries a dump that fits its files. */
  readonly database: BackedUpPostgres;
  /** How much is requested for repositories and everything else that is no row: `Size.gibibytes(50)`. */
  readonly storage: Size;
  /** Name of the StorageClass. Default: the cluster's default class. */
  readonly storageClass?: string;
  /** `nightly` and its like, or `elsewhere`. */
  readonly backup: OneOrMore<Scheduled | Elsewhere>;
  /** The Secret with Gitea's keys, which a person provides: no copy carries them. */
  readonly settings: GiteaSettings;
  /**
   * What else is set, by section and key: `{ 'server.ROOT_URL': 'https://git.example.net/' }`. It stands in Git, so that
   * passwords belong into the Secret of `settings`. Default: that LFS objects are taken, and that SSH is offered at the host
   * of `server.ROOT_URL`, port 22.
   */
  readonly config?: Readonly<Record<string, string>>;
  /** Where attachments, packages, LFS objects and avatars are kept, all but repositories. Default: on the volume. */
  readonly bucket?: CephBucketWithBackupGrant;
  /**
   * A rootless image of Gitea or Forgejo. Its git looks at the copies, too. Default `docker.gitea.com/gitea:1.26.0-rootless`,
   * and for the copies that of the platform's `jobs`.
   */
  readonly image?: string;
  /** What the container asks for and gets. Default: nothing is said. */
  readonly resources?: k8s.ResourceRequirements;
  /** Further fields of the pods, such as `nodeSelector`. Default: none. */
  readonly pod?: Partial<Omit<k8s.PodSpec, 'containers' | 'volumes' | 'securityContext'>>;
  /**
   * `stop`: no pods while database and volume are read, so that both are of one moment, to the minute of their copy. Flux is
   * held off meanwhile. Default: it keeps running, and what comes during a run may be in the files only.
   */
  readonly quiesce?: 'stop';
  /** How the copies are made. */
  readonly copies?: GiteaCopyProps;
}

/** A Secret whose keys are environment variables of Gitea: `GITEA__security__SECRET_KEY`. */
export interface GiteaSettings {
  /** Its name. It holds at least the four keys of `GITEA_KEYS`; the pod does not start without them. */
  readonly secret: string;
  /** Where its values are kept outside of the cluster, in words for the person who restores (`keys-inside`). */
  readonly keptIn: string;
}

/** All that can be in a bucket. */
const NOT_REPOSITORIES = GITEA_FILES.filter((kind) => kind !== 'repositories');

/**
 * Gitea in its rootless image, as a StatefulSet of one pod with a Service of the same name, ports 80 and 22. A CronJob
 * dumps its database and then copies its volume, so that whatever the dump names on the volume is in the copy, which is checked:
 * every repository by git, and every file that a row names by its size and, where it has one, its hash.
 *
 * Gitea is configured by its environment: `config`, and every key of the Secret `settings`. Its `app.ini` is made anew
 * with each start, and is nothing to keep.
 *
 * @throws Error of cdk8s if the scope is in no Chart.
 * @example
 * const db = new BackedUpPostgres(this, 'db', {
 *   storage: Size.gibibytes(20),
 *   backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
 * });
 * new BackedUpGitea(this, 'gitea', {
 *   database: db,
 *   storage: Size.gibibytes(50),
 *   storageClass: 'ceph-block',
 *   settings: { secret: 'gitea-settings', keptIn: 'SOPS file in the private repository' },
 *   config: { 'server.ROOT_URL': 'https://git.example.net/' },
 *   backup: nightly({ to: offsite, keep: { daily: 14, monthly: 12 } }),
 * });
 * // apiVersion: v1
 * // kind: PersistentVolumeClaim
 * // metadata:
 * //   annotations:
 * //     backed-up/dataset: StatefulSet paperless/gitea, claim template 'data'
 * //     kustomize.toolkit.fluxcd.io/prune: disabled
 * //   labels:
 * //     app.kubernetes.io/name: gitea
 * //     backed-up/method: jobs
 * //   name: data-gitea-0
 * //   namespace: paperless
 * // and beside it StatefulSet and Service gitea, and in the backup folder CronJob gitea-offsite
 */
export class BackedUpGitea extends Construct {
  /** Name of the StatefulSet and of the Service. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: BackedUpGiteaProps) {
    super(scope, id);
    this.name = given(props).name ?? id;
    if (isMisused(this, props, BACKED_UP_GITEA) || isMisused(this, props, configBeside(ownVariables(props)))) return;
    const { name } = this;
    const { database, storage, storageClass, backup, settings, bucket, image } = props;
    const { namespace } = Chart.of(this);
    const labels = { 'app.kubernetes.io/name': name };
    const claims = renderStatefulSet(
      this,
      name,
      {
        selector: labels,
        podTemplate: { spec: podSpec({ ...props, name }, image ?? JOB_IMAGES.gitea) },
        volumes: { [VOLUME]: { storage, ...(storageClass === undefined ? {} : { storageClass }), backup } },
      },
      JOBS,
    );
    new k8s.KubeService(this, 'Service', {
      metadata: { name, labels },
      spec: {
        selector: labels,
        ports: Object.entries(PORTS).map(([port, { service }]) => ({
          name: port,
          port: service,
          targetPort: k8s.IntOrString.fromString(port),
        })),
      },
    });
    const [claim = ''] = claims[VOLUME] ?? [];
    declareCopies(this, datasetIdOf({ statefulSet: name, template: VOLUME }, namespace), {
      claim,
      pods: labels,
      database,
      layout: ROOTLESS_LAYOUT,
      ...(image === undefined ? {} : { image }),
      ...(bucket === undefined ? {} : { bucket: { files: NOT_REPOSITORIES, claim: bucket.name } }),
      keys: [keysOf({ ...settings, keys: GITEA_KEYS }, namespace)],
      copies: props.copies,
      ...(props.quiesce === 'stop' ? { stops: { pods: labels } } : {}),
    });
  }
}

/** A Gitea or Forgejo that somebody else installed, and how it is copied. */
export interface GiteaBackupProps {
  /** The volume with its repositories. Velero then leaves it out. */
  readonly data:
    | { readonly statefulSet: string; readonly template: string; readonly namespace?: string }
    | { readonly claim: string; readonly namespace?: string }
    | HeldVolume;
  /** Labels of its pods: the job runs on their node. */
  readonly pods: Readonly<Record<string, string>>;
  /** Its database, and the role that owns it; of a Cluster of CloudNativePG its name is enough. */
  readonly database: BackedUpPostgres | GiteaCluster | GiteaDatabase;
  /**
   * Where on the volume its files are: `chart` for Gitea's Helm chart, whose volume is `/data`, `rootless` for the rootless
   * image, whose volume is `/var/lib/gitea`, or each folder by itself. With another one than the server's the job fails.
   */
  readonly layout: 'chart' | 'rootless' | GiteaLayout;
  /**
   * The Secret that holds its keys. Left out where its `app.ini` is on the volume, as the `layout` says: the copy then
   * carries them, and the job fails when they are not there. Without either there is no copy (`keys-inside`).
   */
  readonly settings?: GiteaSettings & {
    /** Keys of the Secret that a restore needs, that with SECRET_KEY among them. */
    readonly keys: readonly string[];
  };
  /** What is not on the volume but in a bucket. Default: nothing. */
  readonly bucket?: GiteaBucket;
  /** Its own image, whose git looks at the copies. */
  readonly image: string;
  /**
   * `stop`: none of its `pods` while database and volume are read, so that both are of one moment, to the minute of their
   * copy. What is stopped is the StatefulSet or Deployment that makes them; where a HelmRelease brings that, it is named:
   * `{ stop: { deployment: 'gitea' } }`. Flux is held off meanwhile. Default: it keeps running.
   */
  readonly quiesce?: 'stop' | { readonly stop: { readonly deployment: string } | { readonly statefulSet: string } };
  /** What the pod of the job has of its pods. Default: what synth sees of them; where a HelmRelease makes them, nothing. */
  readonly pod?: GiteaPod;
  /** `nightly` and its like, or `elsewhere`. */
  readonly backup: OneOrMore<Scheduled | Elsewhere>;
  /** How the copies are made. */
  readonly copies?: GiteaCopyProps;
}

/** What a pod needs to run on the node of a Gitea, with its image, and to read its files. */
export interface GiteaPod extends Pick<k8s.PodSpec, 'tolerations' | 'nodeSelector' | 'imagePullSecrets'> {
  /** Whose files are on the volume. Default 1000, which is Gitea's user in all of its images. */
  readonly runAsUser?: number;
}

/** What Gitea keeps in a bucket. The gate asks for the backup of that, so its ObjectBucketClaim has to be in the output. */
export interface GiteaBucket {
  /** Kinds of files that are there, and not on the volume. */
  readonly files: readonly Exclude<GiteaFiles, 'repositories'>[];
  /** Name of its ObjectBucketClaim, in the namespace of the volume. Default: that of the bucket which the settings name, where synth sees them. */
  readonly claim?: string;
  /** Who copies the bucket, as a sentence, where it is no ObjectBucketClaim. It is taken at its word. */
  readonly copiedBy?: string;
}

/** The database that CloudNativePG makes of a Cluster, with the login that it puts into the Secret `<cluster>-app`. */
export interface GiteaCluster {
  /** Name of the Cluster, in the namespace of the volume. */
  readonly cluster: string;
}

/** The database of a Gitea that CloudNativePG did not make. */
export interface GiteaDatabase extends PostgresServer {
  /** Its name. */
  readonly database: string;
}

/**
 * The same copies for a Gitea or Forgejo that a Helm chart, an include or a HelmRelease brings.
 *
 * @throws Error of cdk8s if the scope is in no Chart.
 * @example
 * new ApiObject(this, 'gitea', {
 *   apiVersion: 'helm.toolkit.fluxcd.io/v2',
 *   kind: 'HelmRelease',
 *   metadata: { name: 'gitea' },
 *   spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'gitea' } },
 * });
 * holds(this, { helmRelease: 'gitea' }, {});
 * new GiteaBackup(this, 'gitea-backup', {
 *   data: {
 *     claim: 'gitea-shared-storage',
 *     heldBy: { helmRelease: 'gitea' },
 *     storage: Size.gibibytes(50),
 *     storageClass: 'ceph-block',
 *     labels: { 'app.kubernetes.io/name': 'gitea' },
 *   },
 *   pods: { 'app.kubernetes.io/name': 'gitea' },
 *   layout: 'chart',
 *   image: 'docker.gitea.com/gitea:1.26.0-rootless',
 *   database: {
 *     host: 'gitea-postgresql',
 *     pods: { labels: { 'app.kubernetes.io/name': 'postgresql' } },
 *     database: 'gitea',
 *     user: { secret: 'gitea-database', key: 'username' },
 *     password: { secret: 'gitea-database', key: 'password' },
 *     keptIn: 'SOPS file in the private repository',
 *   },
 *   backup: nightly({ to: offsite, keep: { daily: 14 } }),
 * });
 * // apiVersion: batch/v1
 * // kind: CronJob
 * // metadata:
 * //   annotations:
 * //     backed-up/dataset: PersistentVolumeClaim paperless/gitea-shared-storage
 * //   name: gitea-shared-storage-offsite
 * //   namespace: paperless
 */
export class GiteaBackup extends Construct {
  constructor(scope: Construct, id: string, props: GiteaBackupProps) {
    super(scope, id);
    if (isMisused(this, props, giteaBackupProps(props))) return;
    const { data, backup, layout, settings, quiesce, ...copies } = props;
    const { namespace } = Chart.of(this);
    const dataset = datasetIdOf(data, namespace);
    Ledger.of(this).declarations.push({
      dataset,
      answer: answerOf(backup),
      at: originOf(this),
      by: { name: 'GiteaBackup', takesBackup: true },
      methods: JOBS,
      ...heldDeclaration(data, namespace),
    });
    demandGate(this);
    const { configuration: _, ...withoutConfiguration } = layoutOf(layout);
    declareCopies(this, dataset, {
      ...copies,
      claim: 'claim' in data ? data.claim : `${data.template}-${data.statefulSet}-0`,
      copies: props.copies,
      ...(quiesce === undefined ? {} : { stops: stopsOf(quiesce, props.pods) }),
      layout: settings === undefined ? layoutOf(layout) : withoutConfiguration,
      keys: settings === undefined ? [] : [keysOf(settings, dataset.namespace)],
    });
  }
}

/** Jobs copy its volume, and not what copies other volumes. */
const JOBS = { scheduled: 'jobs' } as const;

function layoutOf(layout: GiteaBackupProps['layout']): GiteaLayout {
  if (layout === 'chart') return CHART_LAYOUT;
  return layout === 'rootless' ? ROOTLESS_LAYOUT : layout;
}

function stopsOf(quiesce: NonNullable<GiteaBackupProps['quiesce']>, pods: GiteaBackupProps['pods']): Stops {
  if (quiesce === 'stop') return { pods };
  const { stop } = quiesce;
  const named =
    'deployment' in stop
      ? { kind: 'Deployment' as const, name: stop.deployment }
      : { kind: 'StatefulSet' as const, name: stop.statefulSet };
  return { pods, named };
}

function keysOf(
  { secret, keys, keptIn }: GiteaSettings & { readonly keys: readonly string[] },
  namespace = '',
): RequiredSecret {
  return { namespace, name: secret, keys, keptIn };
}

interface Copies {
  readonly claim: string;
  readonly pods: Readonly<Record<string, string>>;
  readonly database: BackedUpPostgres | GiteaCluster | GiteaDatabase;
  /** Default: the platform's. */
  readonly image?: string;
  readonly layout: GiteaLayout;
  readonly bucket?: GiteaBucket;
  readonly keys: readonly RequiredSecret[];
  readonly copies: GiteaCopyProps | undefined;
  readonly pod?: GiteaPod;
  readonly stops?: Stops;
}

function declareCopies(construct: Construct, dataset: DatasetId, options: Copies): void {
  const { claim, pods, database, layout, bucket, keys, image, copies = {}, pod, stops } = options;
  const { namespace = '', name } = dataset;
  const { knownLosses } = copies;
  const postgres = copies.postgresImage ?? ('secretName' in database ? database.image : undefined);
  const { login, secrets, server } = databaseOf(database, namespace);
  Ledger.of(construct).jobs.push({
    dataset,
    name,
    namespace,
    source: giteaDump({
      claim,
      pods,
      layout,
      user: USER,
      database: login,
      ...(bucket === undefined ? {} : { elsewhere: bucket.files }),
      ...(knownLosses === undefined ? {} : { knownLosses }),
    }),
    settings: {
      ...jobSettings(construct, 'copies', copies),
      images: {
        ...(image === undefined ? {} : { gitea: image }),
        ...(postgres === undefined ? {} : { postgres }),
      },
    },
    keys: [...keys, ...secrets],
    folders: layout.folders,
    ...(bucket === undefined ? {} : { bucket }),
    ...(knownLosses === undefined ? {} : { knownLosses }),
    ...(server === undefined ? {} : { server }),
    ...(pod === undefined ? {} : { pod }),
    ...(stops === undefined ? {} : { stops }),
    at: originOf(construct),
  });
}

/** CloudNativePG makes the login of its own. */
function databaseOf(
  database: Copies['database'],
  namespace: string,
): {
  readonly login: PostgresDumpOptions & { readonly database: string | SecretKey };
  readonly secrets: readonly RequiredSecret[];
  readonly server?: DumpedServer;
} {
  if ('database' in database) {
    const login = { ...loginTo(database, namespace), database: database.database };
    return { login, secrets: loginSecrets(database, namespace), server: { ...reached(database), isBeside: true } };
  }
  const name = 'cluster' in database ? database.cluster : database.name;
  const inSecret = (key: string): SecretKey => ({ secret: `${name}-app`, key });
  const login = { user: inSecret('username'), password: inSecret('password'), database: inSecret('dbname') };
  return { login: { ...primaryOf(namespace, name), ...login }, secrets: [] };
}
