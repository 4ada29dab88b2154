/** A Gitea that somebody else installed. */
import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { CHART_LAYOUT, ROOTLESS_LAYOUT, type GiteaLayout } from '../jobs/gitea';
import type { Stops } from '../methods/jobs/stopped';
import type { OneOrMore } from '../model/kinds';
import { datasetIdOf } from '../model/refs';
import type { Elsewhere, Scheduled } from '../model/strategy';
import { answerOf } from './answer';
import {
  declareCopies,
  JOBS,
  keysOf,
  type GiteaBucket,
  type GiteaCluster,
  type GiteaCopyProps,
  type GiteaDatabase,
  type GiteaPod,
  type GiteaSettings,
} from './gitea-copies';
import { giteaBackupProps } from './gitea-props';
import { heldDeclaration, type HeldVolume } from './held-volume';
import { demandGate, Ledger, originOf } from './ledger';
import { isMisused } from './misuse';
import type { BackedUpPostgres } from './postgres';

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
