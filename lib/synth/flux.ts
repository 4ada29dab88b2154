/** What Flux is told: one Kustomization per folder, so that one broken object stops only its own folder. */
import { compareText, sortedBy } from '../model/collections';
import { groupOf, textAt, type KubeObject } from '../model/kube-object';
import { HEALTH } from '../model/flux-health';
import { namesBackupUser } from '../model/bucket-grant';
import { BACKUP_USER_FOLDER, NAMESPACES_FOLDER } from '../model/folders';
import { FLUX_NAMESPACE, type FluxPlatform } from '../model/platform';
import type { Folder } from './layout';

/** Operators whose Kustomizations a folder waits for, by the API group of what is in it. */
const OPERATOR_OF_GROUP: Readonly<Record<string, keyof NonNullable<FluxPlatform['operators']>>> = {
  'velero.io': 'velero',
  'postgresql.cnpg.io': 'cnpg',
  'barmancloud.cnpg.io': 'cnpg',
  'objectbucket.io': 'rook',
  'ceph.rook.io': 'rook',
};

/**
 * One Flux Kustomization for each folder; the folder itself is what `spec.path` names.
 *
 * @param prefix of the Kustomizations' names, so that two repositories of one cluster do not share one.
 */
export function fluxKustomizations(
  folders: readonly Folder[],
  flux: FluxPlatform,
  prefix: string,
): readonly KubeObject[] {
  const namespace = flux.namespace ?? FLUX_NAMESPACE;
  const names = new Set(folders.map((folder) => folder.name));
  const beforeUser = [NAMESPACES_FOLDER, ...foldersOfStore(folders)];
  return folders.map((folder) => ({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: `${prefix}${folder.name}`, namespace },
    spec: {
      ...dependencies(folder, flux, names, beforeUser, prefix),
      ...healthChecks(folder),
      interval: '10m0s',
      path: `${flux.path.replace(/\/+$/, '')}/${folder.name}`,
      prune: true,
      // Heals a namespace or a kind that appears a moment later.
      retryInterval: '1m0s',
      sourceRef: { kind: flux.sourceRef.kind, name: flux.sourceRef.name },
      timeout: '5m0s',
      wait: true,
    },
  }));
}

/**
 * Only backup folders wait for backup tools: an application must come up when the tool is down. They do not wait for the
 * storage locations: one bucket that nobody reaches would stop the backups to all others, and Velero looks for the location
 * of a Schedule only when it makes a Backup (v1.18, pkg/controller/schedule_controller.go). A bucket whose policy names
 * the backup user cannot come before that user: newer gateways refuse a policy for somebody they do not know (ceph v18.2,
 * doc/releases/reef.rst).
 */
function dependencies(
  folder: Folder,
  flux: FluxPlatform,
  folders: ReadonlySet<string>,
  beforeUser: readonly string[],
  prefix: string,
): { readonly dependsOn?: readonly { name: string }[] } {
  const before = [...folder.dependsOn, ...sharedBefore(folder, beforeUser)].filter(
    (name) => folders.has(name) && name !== folder.name,
  );
  const operators = folder.backup ? [...operatorsOf(folder)] : [];
  const names = new Set([
    ...before.map((name) => `${prefix}${name}`),
    ...operators.flatMap((operator) => flux.operators?.[operator] ?? []),
    ...(waitsForBackupUser(folder, folders, prefix) ? [BACKUP_USER_FOLDER] : []),
  ]);
  return names.size === 0 ? {} : { dependsOn: [...names].toSorted(compareText).map((name) => ({ name })) };
}

/** The repository that answers for the cluster brings the user, and no prefix to its names. */
function waitsForBackupUser(folder: Folder, folders: ReadonlySet<string>, prefix: string): boolean {
  if (prefix === '' && !folders.has(BACKUP_USER_FOLDER)) return false;
  return folder.objects.some(({ object }) => namesBackupUser(object));
}

/** @param beforeUser what the backup user waits for: not for what all backups share, which waits for backup tools. */
function sharedBefore(folder: Folder, beforeUser: readonly string[]): readonly string[] {
  if (folder.name === BACKUP_USER_FOLDER) return beforeUser;
  return folder.backup ? [NAMESPACES_FOLDER] : [];
}

/** The folders that bring the object store which the backup user is made in. */
function foldersOfStore(folders: readonly Folder[]): readonly string[] {
  const user = folders.find(({ name }) => name === BACKUP_USER_FOLDER)?.objects[0]?.object;
  const isStore = ({ apiVersion, kind, metadata }: KubeObject): boolean =>
    groupOf(apiVersion) === 'ceph.rook.io' &&
    kind === 'CephObjectStore' &&
    metadata.name === textAt(user, 'spec', 'store') &&
    metadata.namespace === textAt(user, 'spec', 'clusterNamespace');
  return folders.filter(({ objects }) => objects.some(({ object }) => isStore(object))).map(({ name }) => name);
}

/** The operators that a folder's objects need. */
export function operatorsOf(folder: Folder): ReadonlySet<keyof NonNullable<FluxPlatform['operators']>> {
  const operators = folder.objects.map(({ object }) => OPERATOR_OF_GROUP[groupOf(object.apiVersion)]);
  return new Set(operators.filter((operator) => operator !== undefined));
}

function healthChecks(folder: Folder): { readonly healthCheckExprs?: readonly Readonly<Record<string, string>>[] } {
  const kinds = new Set(folder.objects.map(({ object }) => `${groupOf(object.apiVersion)}/${object.kind}`));
  const expressions = sortedBy(kinds, (kind) => kind).flatMap((kind) => {
    const health = HEALTH[kind];
    if (health === undefined) return [];
    const { apiVersion, current, failed } = health;
    return [
      { apiVersion, current, ...(failed === undefined ? {} : { failed }), kind: kind.slice(kind.indexOf('/') + 1) },
    ];
  });
  return expressions.length === 0 ? {} : { healthCheckExprs: expressions };
}
