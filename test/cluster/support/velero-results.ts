/** What Velero says of its objects, and what it has written of a Backup into its store. */
import { gunzipSync } from 'node:zlib';
import { at, isKubeObject, listAt, mappingAt, textAt, type KubeObject } from '../../../lib/model/kube-object';
import { told } from '../../servers/support/bucket';
import { distObjects } from '../../servers/support/dist';
import type { Store } from '../../servers/support/store';
import { until } from '../../servers/support/tools';
import type { Cluster } from './cluster';
import { VELERO_NAMESPACE } from './velero';

export function veleroObject(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: 'velero.io/v1', kind, metadata: { name, namespace: VELERO_NAMESPACE }, spec };
}

const KINDS_OF_VELERO = new Set([
  'BackupStorageLocation',
  'ConfigMap',
  'PersistentVolumeClaim',
  'Schedule',
  'VolumeSnapshotClass',
]);

/** What it reads of a folder of dist/. */
export function ofVelero(folder: string): readonly KubeObject[] {
  return distObjects(folder).filter(({ kind }) => KINDS_OF_VELERO.has(kind));
}

/** The locations of dist/, once it has found their stores. */
export async function openLocations(cluster: Cluster): Promise<void> {
  await cluster.create(...['object-storage', 'cluster-backup'].flatMap(ofVelero));
  const both = ['backupstoragelocation/local', 'backupstoragelocation/offsite'];
  const available = '--for=jsonpath={.status.phase}=Available';
  await cluster.kubectl('-n', VELERO_NAMESPACE, 'wait', available, '--timeout=120s', ...both);
}

/** The kinds that decide about data, and what Velero goes by. */
const KINDS = [
  'configmaps',
  'namespaces',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'storageclasses',
  'volumesnapshotclasses',
  'deployments.apps',
  'daemonsets.apps',
  'backupstoragelocations.velero.io',
];

/** What `predict` is asked about. */
export async function liveObjects(cluster: Cluster): Promise<readonly KubeObject[]> {
  const list: unknown = JSON.parse(await cluster.kubectl('get', KINDS.join(','), '--all-namespaces', '--output=json'));
  return listAt(list, 'items').filter(isKubeObject);
}

const ENDED = new Set(['Completed', 'Enabled', 'Failed', 'FailedValidation', 'PartiallyFailed']);

/** Of what Velero works off, when it is done with all of it. */
export async function phasesOf(cluster: Cluster, kind: string, names: readonly string[]): Promise<readonly string[]> {
  const phases = ['-n', VELERO_NAMESPACE, 'get', kind, ...names, '--output=jsonpath={..status.phase}'];
  let said: readonly string[] = [];
  await until(`the end of ${names.join(', ')}`, 150, async () => {
    said = (await cluster.kubectl(...phases)).split(' ');
    return said.length === names.length && said.every((phase) => ENDED.has(phase));
  });
  return said;
}

/**
 * Runs Backups to their end. Velero writes the keys of a location to the same file for each Backup, where another one may
 * read while it is empty (seen with 1.18.3, of which several Backups at a time were asked): that one is run again.
 *
 * @returns their phases.
 */
export async function runBackups(cluster: Cluster, backups: readonly KubeObject[]): Promise<readonly string[]> {
  const kind = 'backups.velero.io';
  const names = backups.map(({ metadata }) => metadata.name);
  await cluster.apply(...backups);
  await phasesOf(cluster, kind, names);
  for (const backup of backups) {
    const ofBackup = [kind, backup.metadata.name] as const;
    const reason = '--output=jsonpath={.status.failureReason}';
    if (!/no EC2 IMDS role found/.test(await cluster.kubectl('-n', VELERO_NAMESPACE, 'get', ...ofBackup, reason)))
      continue;
    await cluster.kubectl('-n', VELERO_NAMESPACE, 'delete', ...ofBackup);
    await runBackups(cluster, [backup]);
  }
  return phasesOf(cluster, kind, names);
}

/** Whether Velero writes down what it did before a Backup ends in that phase. */
export function isWritten(phase: string): boolean {
  return phase !== 'Failed' && phase !== 'FailedValidation';
}

/** Namespace and name of a claim → what its copy came to. */
export async function volumesIn(store: Store, backup: string): Promise<Readonly<Record<string, string>>> {
  const results = listAt(await fileOf(store, backup, 'volumeinfo')).map((row): [string, string] => [
    `${textAt(row, 'pvcNamespace') ?? ''}/${textAt(row, 'pvcName') ?? ''}`,
    at(row, 'skipped') === true ? 'skipped' : (textAt(row, 'result') ?? ''),
  ]);
  return Object.fromEntries(results);
}

/** `Kind name` or `Kind namespace/name` of all objects. */
export async function resourcesIn(store: Store, backup: string): Promise<readonly string[]> {
  const byKind = Object.entries(mappingAt({ list: await fileOf(store, backup, 'resource-list') }, 'list'));
  return byKind.flatMap(([kind, names]) =>
    listAt(names).map((name) => `${kind.split('/').at(-1) ?? ''} ${String(name)}`),
  );
}

/** One of the files that Velero has written about a Backup. */
async function fileOf(store: Store, backup: string, name: string): Promise<unknown> {
  const path = `/${store.location.bucket}/home/velero/backups/${backup}/${backup}-${name}.json.gz`;
  const { bytes } = await told(store.owner, { path });
  return JSON.parse(gunzipSync(Buffer.from(bytes)).toString()) as unknown;
}
