/** What the objects of CloudNativePG say of the archive of a database, whoever wrote them. */
import {
  annotationsOf,
  at,
  booleanAt,
  groupOf,
  isMapping,
  listAt,
  textAt,
  textMapAt,
  type KubeObject,
} from '../../model/kube-object';
import { textOfParameter } from './parameters';

export const CNPG_GROUP = 'postgresql.cnpg.io';
export const BARMAN_GROUP = 'barmancloud.cnpg.io';
/** The name under which Clusters and ScheduledBackups know it. */
export const BARMAN_PLUGIN = 'barman-cloud.cloudnative-pg.io';

/** A plugin that a Cluster names. */
export interface Plugin {
  readonly name: string;
  readonly archives: boolean;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Those that are not switched off. */
export function pluginsOf(cluster: KubeObject): readonly Plugin[] {
  return listAt(cluster, 'spec', 'plugins')
    .filter((plugin) => booleanAt(plugin, 'enabled') !== false)
    .map((plugin) => ({
      name: textAt(plugin, 'name') ?? '',
      archives: booleanAt(plugin, 'isWALArchiver') === true,
      parameters: textMapAt(plugin, 'parameters'),
    }));
}

/** A folder of an ObjectStore that holds the log and the base copies of one Cluster. */
export interface Archive {
  readonly objectStore: string;
  readonly serverName: string;
}

/** Where the Barman plugin archives the log of a Cluster; `undefined` if it does not. */
export function archiveOf(cluster: KubeObject): Archive | undefined {
  const plugin = pluginsOf(cluster).find(({ name, archives }) => name === BARMAN_PLUGIN && archives);
  return plugin === undefined ? undefined : archiveIn(plugin.parameters, cluster);
}

/** The same where the objects of the Cluster itself say the place, for the operator's own archive. */
export interface InCoreArchive {
  /** `destinationPath`, `endpointURL`, as an ObjectStore has them in its configuration. */
  readonly configuration: unknown;
  readonly serverName: string;
}

/** Where a Cluster archives its log, by the plugin or by the operator itself, which takes only one of them. */
export function logArchiveOf(cluster: KubeObject): Archive | InCoreArchive | undefined {
  const inCore = inCoreArchive(at(cluster, 'spec', 'backup', 'barmanObjectStore'), cluster.metadata.name);
  return archiveOf(cluster) ?? inCore;
}

/** What a Cluster restores from, or follows. */
export function sourcesOf(cluster: KubeObject): readonly (Archive | InCoreArchive)[] {
  const named = new Set([
    textAt(cluster, 'spec', 'bootstrap', 'recovery', 'source'),
    textAt(cluster, 'spec', 'replica', 'source'),
  ]);
  return listAt(cluster, 'spec', 'externalClusters').flatMap((external) => {
    const name = textAt(external, 'name') ?? '';
    if (!named.has(name)) return [];
    const isOfPlugin = textAt(external, 'plugin', 'name') === BARMAN_PLUGIN;
    const archive = isOfPlugin
      ? archiveIn(textMapAt(external, 'plugin', 'parameters'), cluster)
      : inCoreArchive(at(external, 'barmanObjectStore'), name);
    return archive ?? [];
  });
}

/** @param name of the Cluster or of the source, which stands for a server that nobody names (cloudnative-pg v1.30.0, api/v1). */
function inCoreArchive(configuration: unknown, name: string): InCoreArchive | undefined {
  if (!isMapping(configuration)) return undefined;
  return { configuration, serverName: textAt(configuration, 'serverName') || name };
}

/** The Cluster's own name stands for a server that nobody names (plugin-barman-cloud v0.14.0, internal/cnpgi/operator/config). */
function archiveIn(parameters: Readonly<Record<string, string>>, { metadata }: KubeObject): Archive | undefined {
  const { barmanObjectName = '', serverName = '' } = parameters;
  return barmanObjectName === ''
    ? undefined
    : { objectStore: barmanObjectName, serverName: serverName || metadata.name };
}

/** Where an ObjectStore keeps its folders. */
export interface StorePlace {
  readonly endpoint: string;
  readonly bucket: string;
  /** Without slashes around it. */
  readonly prefix: string;
}

/** `undefined` for what is not S3. */
export function placeOf(objectStore: KubeObject): StorePlace | undefined {
  return placeIn(at(objectStore, 'spec', 'configuration'));
}

/** @param configuration of an ObjectStore, or of an archive in core. */
export function placeIn(configuration: unknown): StorePlace | undefined {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(.*)$/.exec(textAt(configuration, 'destinationPath') ?? '') ?? [];
  if (bucket === undefined) return undefined;
  return { endpoint: textAt(configuration, 'endpointURL') ?? '', bucket, prefix: prefix.replaceAll(/^\/+|\/+$/g, '') };
}

/** Secrets by their names, with the keys that an ObjectStore reads from each. */
export function secretsOf(objectStore: KubeObject): ReadonlyMap<string, readonly string[]> {
  const configuration = at(objectStore, 'spec', 'configuration');
  const fields = ['accessKeyId', 'secretAccessKey', 'sessionToken', 'region'];
  const references = [
    ...fields.map((field) => at(configuration, 's3Credentials', field)),
    at(configuration, 'endpointCA'),
  ];
  const secrets = new Map<string, string[]>();
  for (const reference of references) {
    const [name, key] = [textAt(reference, 'name'), textAt(reference, 'key')];
    if (name !== undefined && key !== undefined) secrets.set(name, [...(secrets.get(name) ?? []), key].toSorted());
  }
  return secrets;
}

/** Whether it follows another one, so that nobody writes to it (cloudnative-pg v1.30.0, `IsReplica`). */
export function isReplica(cluster: KubeObject): boolean {
  const replica = at(cluster, 'spec', 'replica');
  if (replica === undefined || replica === null) return false;
  return (
    booleanAt(replica, 'enabled') ?? (textAt(replica, 'self') || cluster.metadata.name) !== textAt(replica, 'primary')
  );
}

/** Whether its pods are gone, and only its volumes are there. */
export function isHibernated(cluster: KubeObject): boolean {
  return annotationsOf(cluster)['cnpg.io/hibernation'] === 'on';
}

/** The pods in which PostgreSQL is stopped, as a list in JSON, where `"*"` is all of them (cloudnative-pg v1.30.0, `GetFencedInstances`). */
export function fencedInstances(cluster: KubeObject): string | undefined {
  const fenced = annotationsOf(cluster)['cnpg.io/fencedInstances'];
  return fenced === undefined || /^\s*\[\s*\]\s*$/.test(fenced) ? undefined : fenced;
}

/** What keeps PostgreSQL from handing over its log at all. */
export function whyLogIsKept(cluster: KubeObject): string | undefined {
  if (annotationsOf(cluster)['cnpg.io/skipWalArchiving'] === 'enabled') {
    return 'its annotation cnpg.io/skipWalArchiving switches the archive off';
  }
  const mode = textOfParameter(cluster, 'archive_mode') ?? '';
  return OFF.test(mode) ? `its parameter archive_mode is ${mode}` : undefined;
}

/** PostgreSQL 18, src/backend/access/transam/xlog.c, archive_mode_options: whole words, in any case. */
const OFF = /^(off|false|no|0)$/i;

/** Whether an object asks the operator for a base copy of a Cluster, once or on a schedule. */
export function isBackupObject({ apiVersion, kind }: KubeObject): boolean {
  return groupOf(apiVersion) === CNPG_GROUP && (kind === 'Backup' || kind === 'ScheduledBackup');
}

/** The method by which it is made: that of the operator itself unless it names one. */
export function methodOfBackup(backup: KubeObject): string {
  return textAt(backup, 'spec', 'method') ?? 'barmanObjectStore';
}

export function clusterOfBackup(backup: KubeObject): string {
  return textAt(backup, 'spec', 'cluster', 'name') ?? '';
}
