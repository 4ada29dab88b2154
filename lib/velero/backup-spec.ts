/** The spec of a Backup, or the template of a Schedule, with what the server puts where nothing is written. */
import { isDurationProblem, parseGoDuration } from '../model/go-duration';
import { at, booleanAt, listAt, textAt, textMapAt, textsAt, type KubeObject } from '../model/kube-object';
import type { Server } from './server';

export interface BackupSpec {
  readonly includedNamespaces: readonly string[];
  readonly excludedNamespaces: readonly string[];
  readonly includedResources: readonly string[];
  readonly excludedResources: readonly string[];
  readonly includeClusterResources: boolean | undefined;
  readonly includedClusterScopedResources: readonly string[];
  readonly excludedClusterScopedResources: readonly string[];
  readonly includedNamespaceScopedResources: readonly string[];
  readonly excludedNamespaceScopedResources: readonly string[];
  /** As it is written, `undefined` where it is not. */
  readonly labelSelector: unknown;
  readonly orLabelSelectors: readonly unknown[] | undefined;
  readonly snapshotVolumes: boolean | undefined;
  readonly snapshotMoveData: boolean;
  readonly defaultVolumesToFsBackup: boolean;
  /** `''` where none is named. */
  readonly storageLocation: string;
  readonly volumeSnapshotLocations: readonly string[];
  readonly resourcePolicy: { readonly kind: string; readonly name: string } | undefined;
  /** Names in their order, by plural. */
  readonly orderedResources: ReadonlyMap<string, readonly string[]>;
  readonly hooks: readonly unknown[];
  readonly csiSnapshotTimeoutSeconds: number;
  /** `''` and `velero` mean the one that is built in. */
  readonly dataMover: string;
  readonly volumeGroupSnapshotLabelKey: string;
}

export function readBackupSpec(spec: unknown, server: Server): BackupSpec {
  const policy = at(spec, 'resourcePolicy') ?? undefined;
  const ordered = Object.entries(textMapAt(spec, 'orderedResources')).filter(([, names]) => names !== '');
  return {
    includedNamespaces: textsAt(spec, 'includedNamespaces'),
    excludedNamespaces: textsAt(spec, 'excludedNamespaces'),
    includedResources: textsAt(spec, 'includedResources'),
    excludedResources: textsAt(spec, 'excludedResources'),
    includeClusterResources: booleanAt(spec, 'includeClusterResources'),
    includedClusterScopedResources: textsAt(spec, 'includedClusterScopedResources'),
    excludedClusterScopedResources: textsAt(spec, 'excludedClusterScopedResources'),
    includedNamespaceScopedResources: textsAt(spec, 'includedNamespaceScopedResources'),
    excludedNamespaceScopedResources: textsAt(spec, 'excludedNamespaceScopedResources'),
    labelSelector: at(spec, 'labelSelector') ?? undefined,
    orLabelSelectors: Array.isArray(at(spec, 'orLabelSelectors')) ? listAt(spec, 'orLabelSelectors') : undefined,
    snapshotVolumes: booleanAt(spec, 'snapshotVolumes'),
    snapshotMoveData: booleanAt(spec, 'snapshotMoveData') ?? server.defaultSnapshotMoveData,
    defaultVolumesToFsBackup:
      // The old name of the field still counts where it is true.
      booleanAt(spec, 'defaultVolumesToRestic') === true ||
      (booleanAt(spec, 'defaultVolumesToFsBackup') ?? server.defaultVolumesToFsBackup),
    storageLocation: textAt(spec, 'storageLocation') ?? '',
    volumeSnapshotLocations: textsAt(spec, 'volumeSnapshotLocations'),
    resourcePolicy:
      policy === undefined ? undefined : { kind: textAt(policy, 'kind') ?? '', name: textAt(policy, 'name') ?? '' },
    orderedResources: new Map(ordered.map(([plural, names]) => [plural, names.split(',')])),
    hooks: listAt(spec, 'hooks', 'resources'),
    csiSnapshotTimeoutSeconds: secondsAt(spec, 'csiSnapshotTimeout') || DEFAULT_CSI_SNAPSHOT_TIMEOUT,
    dataMover: textAt(spec, 'datamover') ?? '',
    volumeGroupSnapshotLabelKey: textAt(spec, 'volumeGroupSnapshotLabelKey') || server.volumeGroupSnapshotLabelKey,
  };
}

const DEFAULT_CSI_SNAPSHOT_TIMEOUT = 600;

function secondsAt(spec: unknown, field: string): number {
  const duration = parseGoDuration(textAt(spec, field) ?? '0');
  return isDurationProblem(duration) ? 0 : duration.seconds;
}

/**
 * The durations of an object of Velero that Go cannot read. One of them in one Backup, and Velero can list no Backup of
 * the cluster any more: each stays as it is, without a phase, until the object is gone. So it is with every kind.
 */
export function undecodableDurations(object: KubeObject): readonly string[] {
  return durationsOf(object).flatMap(([field, value]) => {
    if (typeof value !== 'string') return [];
    const duration = parseGoDuration(value);
    return isDurationProblem(duration) ? [`${field} '${value}' ${duration.problem}`] : [];
  });
}

/** All fields of the type `metav1.Duration` (pkg/apis/velero, v1.18.3). */
function durationsOf(object: KubeObject): readonly (readonly [field: string, value: unknown])[] {
  const spec = at(object, 'spec');
  const fields = (from: unknown, ...names: readonly string[]): (readonly [string, unknown])[] =>
    names.map((name) => [name, at(from, name)]);
  switch (object.kind) {
    case 'Backup':
      return backupDurations(spec);
    case 'Schedule':
      return backupDurations(at(spec, 'template'));
    case 'BackupStorageLocation':
      return fields(spec, 'backupSyncPeriod', 'validationFrequency');
    case 'BackupRepository':
      return fields(spec, 'maintenanceFrequency');
    case 'Restore': {
      const hooks = listAt(spec, 'hooks', 'resources').flatMap((resource) => listAt(resource, 'postHooks'));
      return [
        ...fields(spec, 'itemOperationTimeout'),
        ...hooks.flatMap((hook) => [
          ...fields(at(hook, 'exec'), 'execTimeout', 'waitTimeout'),
          ...fields(at(hook, 'init'), 'timeout'),
        ]),
      ];
    }
    case 'DataUpload':
    case 'DataDownload':
      return fields(spec, 'operationTimeout');
    default:
      return [];
  }
}

function backupDurations(spec: unknown): readonly (readonly [field: string, value: unknown])[] {
  const named = ['ttl', 'csiSnapshotTimeout', 'itemOperationTimeout'].map((field) => [field, at(spec, field)] as const);
  const hooks = listAt(spec, 'hooks', 'resources').flatMap((hook) => [...listAt(hook, 'pre'), ...listAt(hook, 'post')]);
  return [...named, ...hooks.map((one) => ['the timeout of a hook', at(one, 'exec', 'timeout')] as const)];
}
