/**
 * Buckets of Ceph: the user that reads them, and what its grants rest on. The grants themselves stand in the claims,
 * which constructs and other people render. Nothing copies a bucket yet.
 */
import { BACKUP_USER, BACKUP_USER_ARN } from '../../model/bucket-grant';
import type { AnsweredDataset } from '../../model/answered';
import { datasetKey, describeDataset } from '../../model/dataset';
import { BACKED_UP_NAMESPACE, BACKUP_USER_FOLDER, CLUSTER_CHART } from '../../model/folders';
import type { Assumption, RequiredSecret } from '../../model/inventory';
import { FLUX_NAMESPACE } from '../../model/platform';
import type { MethodInput, MethodPlan, PlannedCopy, PlannedObject } from '../method';
import { allowedObcFields, backupUserObject, canGrant } from './backup-user';

export class CephMethodPlan implements MethodPlan {
  /**
   * The backup user, wherever grants are possible: the repository that answers for the cluster does not know whether
   * another one has a bucket.
   */
  readonly objects: readonly PlannedObject[];
  private readonly granted: ReadonlySet<string>;

  constructor(private readonly input: MethodInput) {
    const { platform, isClusterWide, grants } = input;
    this.granted = new Set(grants.map(({ bucket }) => datasetKey(bucket)));
    const brings = isClusterWide && platform.rook !== undefined && canGrant(platform.rook);
    this.objects = brings
      ? [
          {
            object: backupUserObject(platform.rook),
            chart: CLUSTER_CHART,
            path: 'backup user',
            folder: BACKUP_USER_FOLDER,
          },
        ]
      : [];
  }

  /** A grant is no copy: it only lets one be made. */
  copyOf(): PlannedCopy | undefined {
    return undefined;
  }

  /** Rook makes the keys of the backup user. */
  secretsFor(): readonly RequiredSecret[] {
    return [];
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
      ...granted.map(({ id }) => ({
        about: `grant of ${describeDataset(id)}`,
        value: { user: BACKUP_USER_ARN },
        why: 'Ceph takes policies that grant nothing, and a bucket that was made again has none: only trying it shows.',
      })),
      ...this.aboutOtherRepositories(),
    ];
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
