/**
 * Buckets of Ceph: the user that reads them, the job that tries what it may, the jobs that mirror, and what all of that
 * rests on. The grants themselves stand in the claims, which constructs and other people render.
 */
import { storePaths } from '../../jobs/store';
import { BACKUP_USER, BACKUP_USER_ARN } from '../../model/bucket-grant';
import type { AnsweredDataset } from '../../model/answered';
import { datasetKey, describeDataset } from '../../model/dataset';
import { BACKED_UP_NAMESPACE, BACKUP_USER_FOLDER, CLUSTER_CHART } from '../../model/folders';
import type { Assumption, RequiredSecret } from '../../model/inventory';
import { textAt, type KubeObject } from '../../model/kube-object';
import { secretNameOf } from '../../model/location';
import { FLUX_NAMESPACE } from '../../model/platform';
import type { Strategy } from '../../model/strategy';
import {
  aboutClusterRanges,
  aboutUnguarded,
  isJobProblem,
  placesTwice,
  receiptEvidence,
  type JobProblem,
} from '../common-jobs';
import type { MethodInput, MethodPlan, PlannedCopy, PlannedObject, PlannedRun } from '../method';
import { allowedObcFields, backupUserObject, canGrant } from './backup-user';
import { backupUserSecret, GATEWAY_CA, gatewayOf } from './gateway';
import { mirroredOf, mirrorObjects, planMirror, type PlannedBucketMirror } from './mirror';
import { probeName, probeObjects } from './probe';

export class CephMethodPlan implements MethodPlan {
  readonly objects: readonly PlannedObject[];
  readonly jobProblems: readonly JobProblem[];
  readonly mirrors: readonly PlannedBucketMirror[];
  private readonly granted: ReadonlySet<string>;
  private readonly rendered: ReadonlyMap<PlannedBucketMirror, readonly KubeObject[]>;

  constructor(private readonly input: MethodInput) {
    const { platform, grants, datasets } = input;
    this.granted = new Set(grants.map(({ bucket }) => datasetKey(bucket)));
    const results = datasets.flatMap((dataset) => this.planFor(dataset));
    this.jobProblems = [
      ...results.filter(isJobProblem),
      ...datasets.flatMap((dataset) => placesTwice(dataset, mirroredOf(dataset))),
      ...this.unreachable(),
    ];
    this.mirrors = results.flatMap((result) => (isJobProblem(result) ? [] : [result]));
    this.rendered = new Map(this.mirrors.map((mirror) => [mirror, this.render(mirror)]));
    const { rook } = platform;
    this.objects =
      rook === undefined || !canGrant(rook)
        ? []
        : [
            ...this.backupUser(),
            ...probeObjects(input, rook),
            ...this.mirrors.flatMap((mirror) =>
              (this.rendered.get(mirror) ?? []).map((object) => ({
                object,
                chart: mirror.dataset.declaration.at.chart,
                path: `${mirror.dataset.declaration.at.path}/${mirror.name}`,
              })),
            ),
          ];
  }

  /** The mirror that carries out a strategy of a dataset. */
  mirrorFor({ id }: AnsweredDataset, strategy: Strategy): PlannedBucketMirror | undefined {
    if (strategy.type !== 'mirrored') return undefined;
    const key = datasetKey(id);
    return this.mirrors.find(
      ({ dataset, location }) => datasetKey(dataset.id) === key && location.name === strategy.to.name,
    );
  }

  copyOf(dataset: AnsweredDataset, strategy: Strategy): PlannedCopy | undefined {
    const mirror = this.mirrorFor(dataset, strategy);
    if (mirror === undefined) return undefined;
    const { name, bucket, location, schedule, worstAgeSeconds, kept } = mirror;
    const { data, receipts } = storePaths(location, this.input.platform.cluster, dataset.id);
    return {
      location,
      staysInStorage: false,
      worstAgeSeconds,
      ...(kept === undefined ? {} : { keptSeconds: kept.keepSeconds }),
      runs: runsOf(mirror),
      evidence: receiptEvidence(BACKED_UP_NAMESPACE, name, schedule, receipts),
      restore: {
        type: 'rclone',
        bucket,
        current: `${data}/current`,
        ...(location.versioned && kept === undefined ? {} : { replaced: `${data}/replaced` }),
        namespace: BACKED_UP_NAMESPACE,
        secret: secretNameOf(location),
      },
      mirrors: [],
    };
  }

  jobObjectsFor(dataset: AnsweredDataset, strategy: Strategy): readonly KubeObject[] {
    const mirror = this.mirrorFor(dataset, strategy);
    return mirror === undefined ? [] : (this.rendered.get(mirror) ?? []);
  }

  private render(mirror: PlannedBucketMirror): readonly KubeObject[] {
    const { platform, objects } = this.input;
    const { rook } = platform;
    if (rook === undefined) return [];
    const server = gatewayOf(rook, objects);
    return 'because' in server ? [] : mirrorObjects(mirror, rook, server, platform);
  }

  /** Rook makes the keys of the backup user. */
  secretsFor(datasets: readonly AnsweredDataset[]): readonly RequiredSecret[] {
    const { rook } = this.input.platform;
    const isRead = datasets.some(({ id }) => this.granted.has(datasetKey(id)));
    const ofGateway =
      rook?.customCa === true && isRead
        ? [
            {
              namespace: BACKED_UP_NAMESPACE,
              name: GATEWAY_CA,
              keys: ['ca.crt'],
              keptIn: 'what signs the certificate of the gateway',
            },
          ]
        : [];
    const ofLocations = this.mirrorsOf(datasets).map(({ location }) => ({
      namespace: BACKED_UP_NAMESPACE,
      name: secretNameOf(location),
      keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', ...(location.customCa ? ['ca.crt'] : [])],
      keptIn: location.keptIn,
    }));
    return [...ofGateway, ...ofLocations];
  }

  assumptionsFor(datasets: readonly AnsweredDataset[]): readonly Assumption[] {
    const { rook } = this.input.platform;
    const granted = datasets.filter(({ id }) => this.granted.has(datasetKey(id)));
    if (rook === undefined || granted.length === 0) return [];
    const classes = new Set(granted.flatMap(({ storageClass }) => storageClass ?? []));
    return [
      {
        about: 'rook.allowedObcFields',
        value: allowedObcFields(rook),
        why: 'A claim with a field that the operator does not allow is never bound.',
      },
      {
        about: 'rook.objectStore',
        value: { namespace: rook.namespace, name: rook.objectStore, allowUsersInNamespaces: [BACKED_UP_NAMESPACE] },
        why: 'The backup user is made in this store, which has to allow users of that namespace.',
      },
      ...(rook.reachedAt === undefined
        ? []
        : [
            {
              about: 'rook.reachedAt',
              value: rook.reachedAt,
              why: 'The jobs that read buckets may reach the gateway only there; Cilium takes ranges for those of nodes only with policyCIDRMatchMode: nodes.',
            },
          ]),
      {
        about: 'rook.version',
        value: rook.version,
        why: 'Before 1.19 Rook ignores the mask that makes the backup user read-only.',
      },
      ...[...classes].map((name) => ({
        about: `storageClasses.${name}.reclaimPolicy`,
        value: 'Retain',
        why: 'With another policy the bucket goes with its claim, and with the bucket its grant.',
      })),
      ...this.mirrorsOf(datasets).flatMap(({ dataset, location, strategy }) =>
        aboutUnguarded(`${describeDataset(dataset.id)} at '${location.name}'`, strategy.smallestPercent),
      ),
      ...granted.map(({ id }) => ({
        about: `grant of ${describeDataset(id)}`,
        value: { user: BACKUP_USER_ARN, triedBy: `CronJob ${BACKED_UP_NAMESPACE}/${probeName(this.input)}` },
        why: 'Ceph takes policies that grant nothing, and a bucket that was made again has none: only trying it shows.',
      })),
      {
        about: `Secret ${BACKED_UP_NAMESPACE}/${backupUserSecret(rook)}`,
        value: { keys: ['AccessKey', 'Endpoint', 'SecretKey'], madeBy: 'Rook' },
        why: 'The jobs that read buckets wait for it.',
      },
      ...(this.mirrorsOf(datasets).length === 0 ? [] : aboutClusterRanges(this.input.platform)),
      ...this.aboutOtherRepositories(),
    ];
  }

  /** Whether a bucket that is to be mirrored cannot be read: each reason is a finding of its own. */
  isUnread(dataset: AnsweredDataset): boolean {
    return mirroredOf(dataset).length > 0 && this.readableBucket(dataset) === undefined;
  }

  /** Once for all buckets, because they have one gateway. */
  private unreachable(): readonly JobProblem[] {
    const { platform, objects, datasets } = this.input;
    const dataset = datasets.find(({ id }) => this.granted.has(datasetKey(id)));
    if (platform.rook === undefined || !canGrant(platform.rook) || dataset === undefined) return [];
    const server = gatewayOf(platform.rook, objects);
    return 'because' in server ? [{ type: 'unready', dataset, ...server }] : [];
  }

  private planFor(dataset: AnsweredDataset): readonly (PlannedBucketMirror | JobProblem)[] {
    const bucket = this.readableBucket(dataset);
    if (bucket === undefined) return [];
    return mirroredOf(dataset).map((strategy) => planMirror(dataset, strategy, bucket, this.input));
  }

  /** The name of a bucket that has one, a grant, and a Rook that makes the user. */
  private readableBucket({ id }: AnsweredDataset): string | undefined {
    const { platform, objects } = this.input;
    if (platform.rook === undefined || !canGrant(platform.rook) || !this.granted.has(datasetKey(id))) return undefined;
    const { part: _none, ...claim } = id;
    return textAt(objects.object(claim)?.object, 'spec', 'bucketName');
  }

  private mirrorsOf(datasets: readonly AnsweredDataset[]): readonly PlannedBucketMirror[] {
    const keys = new Set(datasets.map(({ id }) => datasetKey(id)));
    return this.mirrors.filter(({ dataset }) => keys.has(datasetKey(dataset.id)));
  }

  /**
   * The backup user, wherever grants are possible: the repository that answers for the cluster does not know whether
   * another one has a bucket.
   */
  private backupUser(): readonly PlannedObject[] {
    const { platform, isClusterWide } = this.input;
    if (!isClusterWide || platform.rook === undefined) return [];
    const object = backupUserObject(platform.rook);
    return [{ object, chart: CLUSTER_CHART, path: 'backup user', folder: BACKUP_USER_FOLDER }];
  }

  private aboutOtherRepositories(): readonly Assumption[] {
    const { isClusterWide, platform } = this.input;
    if (isClusterWide) return [];
    return [
      {
        about: `CephObjectStoreUser ${BACKED_UP_NAMESPACE}/${BACKUP_USER}`,
        value: { kustomization: `${platform.flux.namespace ?? FLUX_NAMESPACE}/${BACKUP_USER_FOLDER}` },
        why: 'The repository that answers for the cluster brings it, and claims whose policy names it wait for that.',
      },
    ];
  }
}

/** What expires is not the copy, but what was replaced in it. */
function runsOf({ name, worstAgeSeconds, kept }: PlannedBucketMirror): readonly PlannedRun[] {
  if (kept === undefined) return [];
  const { bucket, count, keepSeconds } = kept;
  return [{ name, worstAgeSeconds, keepSeconds, kept: { type: 'count', bucket, count } }];
}
