/** Volumes of Gitea and Forgejo, as the pods show them that mount them. */
import { CNPG_GROUP } from '../methods/cnpg/archive';
import { podsLine } from '../methods/jobs/makers';
import type { FoundDataset } from '../model/answered';
import { giteaContainer } from '../model/database-images';
import { at, listAt, mappingAt, textAt, type KubeObject } from '../model/kube-object';
import { PLACEHOLDERS, UNKNOWN } from '../model/text';
import {
  mountsClaim,
  podTemplateOf,
  tellingLabels,
  volumesOfClaim,
  writableMounts,
  writableVolumesOfClaim,
} from '../model/workloads';
import type { UnansweredDataset } from './answers';
import type { GateContext } from './context';
import { inWords, type Remedy } from './finding';
import { clusterOf } from './gitea-databases';
import { settingsIn, type Settings } from './gitea-settings';
import { nightlyLine } from './remedies';

/** A Gitea that keeps its repositories on a volume, or may do so. */
export interface GiteaVolume {
  readonly workload: KubeObject;
  readonly image: string;
  readonly mountPath: string;
  /** Absent where it is none that GiteaBackup knows by name, or an `app.ini` that nobody sees says it. */
  readonly layout?: 'rootless' | 'chart';
  /** What the environment of its pods says. */
  readonly settings: Settings;
}

/** The Gitea that keeps its repositories in a dataset. */
export function giteaOn({ claims }: FoundDataset, context: GateContext): GiteaVolume | undefined {
  const found = claims.flatMap(({ namespace, name }) =>
    context.giteas.flatMap((object) => {
      const image = textAt(giteaContainer(object), 'image');
      if (image === undefined || !mountsClaim(object, namespace, name)) return [];
      const settings = settingsIn([object], context);
      const set = settings.get('repository.ROOT');
      const mountPath = mountForRepositories(object, name, set);
      if (mountPath === undefined) return [];
      const layout = layoutIn(repositoriesOf(object, name, set)?.folder ?? '');
      return [{ workload: object, image, mountPath, settings, ...(layout === undefined ? {} : { layout }) }];
    }),
  );
  return found.find(({ layout }) => layout !== undefined) ?? found[0];
}

/** Whether its database is a file, which a snapshot of its volume has. */
export function usesSqlite({ settings }: GiteaVolume): boolean {
  return settings.get('database.DB_TYPE') === 'sqlite3';
}

/** How it is copied together with its database by jobs, which dump that of a server. */
export function giteaBackupRemedies(
  label: string,
  dataset: UnansweredDataset,
  { layout, ...gitea }: GiteaVolume,
  context: GateContext,
): readonly Remedy[] {
  return layout === undefined
    ? inWords(
        'copy it together with its database by GiteaBackup, with layout: { folders: { … }, leftOut: [ … ] }, which says where each folder is on the volume',
      )
    : [{ label, text: giteaBackupLine(dataset, { ...gitea, layout }, context) }];
}

function giteaBackupLine(
  dataset: UnansweredDataset,
  { workload, image, layout, settings: shown }: GiteaVolume,
  context: GateContext,
): string {
  const { id, declaration, origin } = dataset;
  const place = context.refTo({ id, origin: declaration?.at ?? origin });
  const isOneOfMany = typeof shown.get('database.HOST') !== 'string' && hasClusters(id.namespace, context);
  const database = databaseToPaste(clusterOf(shown, id.namespace, context) ?? (isOneOfMany ? UNKNOWN : undefined));
  // In the layout of the chart the volume has them.
  const settings =
    layout === 'chart' ? '' : `settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], ${KEPT_IN} }, `;
  return `new GiteaBackup(this, '${id.name}-backup', { data: ${place}, ${podsLine(tellingLabels(workload))}, layout: '${layout}', ${settings}image: '${image}', database: ${database}, backup: ${nightlyLine(context)} })`;
}

const KEPT_IN = `keptIn: '${PLACEHOLDERS.place}'`;

/** @param cluster absent where it is a server that CloudNativePG did not make. */
export function databaseToPaste(cluster: string | undefined): string {
  if (cluster !== undefined) return `{ cluster: '${cluster}' }`;
  const login = ['user', 'password'].map((key) => `${key}: { secret: '${UNKNOWN}', key: '${key}' }`);
  return `{ host: '${UNKNOWN}', pods: { labels: { app: '${UNKNOWN}' } }, database: 'gitea', ${login.join(', ')}, ${KEPT_IN} }`;
}

function hasClusters(namespace: string | undefined, context: GateContext): boolean {
  return context.ofKind(CNPG_GROUP, 'Cluster').some(({ object }) => object.metadata.namespace === namespace);
}

/** What `layout` of GiteaBackup is, by the folder of the repositories on the volume. */
export function layoutIn(folder: string): 'rootless' | 'chart' | undefined {
  if (folder === 'git/repositories') return 'rootless';
  return folder === 'git/gitea-repositories' ? 'chart' : undefined;
}

/** Where repositories are in a pod, and on its volume. */
export interface Repositories {
  readonly root: string;
  readonly mountPath: string;
  /** From the root of the volume. */
  readonly folder: string;
}

/**
 * Where the pods of an object mount a claim so that repositories may be on it: where nobody sees their place, anywhere but
 * among configuration and what is for the moment.
 */
function mountForRepositories(object: KubeObject, claim: string, set: unknown): string | undefined {
  const spec = at(podTemplateOf(object), 'spec');
  const container = giteaContainer(object);
  return writableMounts(container, writableVolumesOfClaim(object, claim))
    .flatMap((mount) => textAt(mount, 'mountPath')?.replace(/\/$/, '') ?? [])
    .find((path) => {
      const root = set ?? defaultRoot(spec, container, path);
      if (typeof root !== 'string') return !/^\/(?:etc|tmp)(?:\/|$)/.test(path);
      return `${root}/`.startsWith(`${path}/`) || path.startsWith(`${root}/`);
    });
}

/**
 * Where the pods of an object keep repositories, as far as it says.
 *
 * @param set what its settings say, if anything; a text only where they show it.
 */
export function repositoriesOf(object: KubeObject, claim: string, set?: unknown): Repositories | undefined {
  const mounts = mountsOf(object, claim);
  const spec = at(podTemplateOf(object), 'spec');
  const [made] = mounts.flatMap(({ mountPath }) => defaultRoot(spec, giteaContainer(object), mountPath) ?? []);
  const root = set === undefined ? made : set;
  const mount = typeof root === 'string' ? mountFor(mounts, root) : undefined;
  if (typeof root !== 'string' || mount === undefined) return undefined;
  return { root, mountPath: mount.mountPath, folder: folderOn(mount, root) };
}

/** Where pods have a volume, or a folder of it. */
export interface MountedVolume {
  readonly mountPath: string;
  /** From the root of the volume; empty for all of it. */
  readonly subPath: string;
}

/** Where the pods of an object mount a claim, as far as it says. */
export function mountsOf(object: KubeObject, claim: string): readonly MountedVolume[] {
  const volumes = volumesOfClaim(object, claim);
  return listAt(giteaContainer(object), 'volumeMounts').flatMap((mount) => {
    const mountPath = textAt(mount, 'mountPath')?.replace(/\/$/, '');
    const isOfClaim = volumes.some((volume) => volume === textAt(mount, 'name'));
    // In it are variables of the pod.
    const isSeen = textAt(mount, 'subPathExpr') === undefined;
    return mountPath === undefined || !isOfClaim || !isSeen
      ? []
      : [{ mountPath, subPath: trimmed(textAt(mount, 'subPath') ?? '') }];
  });
}

/** Of several mounts that which has a path; where none has it, the first. */
export function mountFor(mounts: readonly MountedVolume[], path: string): MountedVolume | undefined {
  const having = mounts.filter(({ mountPath }) => path.startsWith(`${mountPath}/`));
  return having.toSorted((one, other) => other.mountPath.length - one.mountPath.length)[0] ?? mounts[0];
}

/** A folder of a pod, from the root of the volume; empty where it is not on it. */
export function folderOn({ mountPath, subPath }: MountedVolume, path: string): string {
  if (!path.startsWith(`${mountPath}/`)) return '';
  return [subPath, path.slice(mountPath.length + 1)].filter((part) => part !== '').join('/');
}

/** Without slashes at either end. */
export function trimmed(path: string): string {
  return path.replaceAll(/^\/+|\/+$/g, '');
}

/**
 * Gitea's chart puts its `app.ini` on the volume. The rootless image makes one with each start that finds none (Gitea 1.26,
 * docker/rootless/usr/local/bin/docker-setup.sh); one that somebody mounts may say anything.
 */
function defaultRoot(spec: unknown, container: unknown, mountPath: string): string | undefined {
  const env = (name: string): string | undefined =>
    textAt(
      listAt(container, 'env').find((each) => textAt(each, 'name') === name),
      'value',
    );
  const configuration = env('GITEA_APP_INI');
  if (configuration === `${mountPath}/gitea/conf/app.ini`) return `${mountPath}/git/gitea-repositories`;
  const kept = listAt(spec, 'volumes').filter((volume) => mappingAt(volume)['emptyDir'] === undefined);
  const names = new Set(kept.map((volume) => textAt(volume, 'name')));
  const isMounted = listAt(container, 'volumeMounts').some(
    (mount) => names.has(textAt(mount, 'name')) && textAt(mount, 'mountPath')?.startsWith('/etc/gitea') === true,
  );
  if (configuration !== undefined || isMounted || !/-rootless(@|$)/.test(textAt(container, 'image') ?? ''))
    return undefined;
  return `${env('GITEA_WORK_DIR') ?? '/var/lib/gitea'}/git/repositories`;
}
