/** Gitea and Forgejo: a database and a volume that only make sense together. */
import { Chart, type Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { GITEA_FILES, ROOTLESS_LAYOUT } from '../jobs/gitea';
import { JOB_IMAGES } from '../jobs/images';
import type { OneOrMore } from '../model/kinds';
import { datasetIdOf } from '../model/refs';
import type { Elsewhere, Scheduled } from '../model/strategy';
import { given } from '../model/untyped';
import type { CephBucketWithBackupGrant } from './ceph-bucket';
import { declareCopies, JOBS, keysOf, type GiteaCopyProps, type GiteaSettings } from './gitea-copies';
import { GITEA_KEYS, ownVariables, podSpec, PORTS, VOLUME } from './gitea-pod';
import { BACKED_UP_GITEA, configBeside } from './gitea-props';
import { isMisused } from './misuse';
import type { BackedUpPostgres } from './postgres';
import { renderStatefulSet } from './stateful-set';

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
