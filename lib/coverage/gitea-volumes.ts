/** Volumes of Gitea and Forgejo, as the pods show them that mount them. */
import { CNPG_GROUP } from '../methods/cnpg/archive';
import { podsLine } from '../methods/jobs/placed';
import type { FoundDataset } from '../model/answered';
import { giteaImage } from '../model/database-images';
import { at, listAt, mappingAt, textAt, type KubeObject } from '../model/kube-object';
import { PLACEHOLDERS, UNKNOWN } from '../model/text';
import { claimTemplateOf, mountsClaim, tellingLabels, podTemplateOf } from '../model/workloads';
import type { UnansweredDataset } from './answers';
import type { GateContext } from './context';
import { nightlyLine } from './remedies';

/** A Gitea that keeps its repositories on a volume. */
export interface GiteaVolume {
  readonly workload: KubeObject;
  readonly image: string;
  readonly layout: 'rootless' | 'chart';
}

/** The Gitea that keeps its repositories in a dataset, in a layout that GiteaBackup knows by name. */
export function giteaOn({ claims }: FoundDataset, { input }: GateContext): GiteaVolume | undefined {
  const found = claims.flatMap(({ namespace, name }) =>
    input.objects.flatMap(({ object }) => {
      if (!mountsClaim(object, namespace, name)) return [];
      const layout = layoutIn(repositoriesOf(object, name)?.folder ?? '');
      const image = textAt(giteaContainer(object), 'image');
      return layout === undefined || image === undefined ? [] : [{ workload: object, image, layout }];
    }),
  );
  return found[0];
}

/** The construct that copies it together with its database. */
export function giteaBackupLine(
  dataset: UnansweredDataset,
  { workload, image, layout }: GiteaVolume,
  context: GateContext,
): string {
  const { id, declaration, origin } = dataset;
  const place = context.refTo({ id, origin: declaration?.at ?? origin });
  const cluster = context
    .ofKind(CNPG_GROUP, 'Cluster')
    .find(({ object }) => object.metadata.namespace === id.namespace);
  const keptIn = `keptIn: '${PLACEHOLDERS.place}'`;
  const login = ['user', 'password'].map((key) => `${key}: { secret: '${UNKNOWN}', key: '${key}' }`);
  const database =
    cluster === undefined
      ? `{ host: '${UNKNOWN}', pods: { labels: { app: '${UNKNOWN}' } }, database: 'gitea', ${login.join(', ')}, ${keptIn} }`
      : `{ cluster: '${cluster.object.metadata.name}' }`;
  // In the layout of the chart the volume has them.
  const settings =
    layout === 'chart' ? '' : `settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], ${keptIn} }, `;
  return `new GiteaBackup(this, '${id.name}-backup', { data: ${place}, ${podsLine(tellingLabels(workload))}, layout: '${layout}', ${settings}image: '${image}', database: ${database}, backup: ${nightlyLine(context)} })`;
}

function giteaContainer(object: KubeObject): unknown {
  return listAt(podTemplateOf(object), 'spec', 'containers').find(
    (each) => giteaImage(textAt(each, 'image') ?? '') !== undefined,
  );
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
 * Where the pods of an object keep repositories, as far as it says.
 *
 * @param set what its settings say, if anything; a text only where they show it.
 */
export function repositoriesOf(object: KubeObject, claim: string, set?: unknown): Repositories | undefined {
  const spec = at(podTemplateOf(object), 'spec');
  const volume =
    claimTemplateOf(object, claim) ??
    listAt(spec, 'volumes')
      .filter((each) => textAt(each, 'persistentVolumeClaim', 'claimName') === claim)
      .map((each) => textAt(each, 'name'))[0];
  const container = giteaContainer(object);
  const mounts = listAt(container, 'volumeMounts');
  const mount = mounts.find((each) => textAt(each, 'name') === volume);
  const mountPath = textAt(mount, 'mountPath')?.replace(/\/$/, '');
  if (volume === undefined || mountPath === undefined || textAt(mount, 'subPath') !== undefined) return undefined;
  const root = set === undefined ? defaultRoot(spec, container, mountPath) : set;
  if (typeof root !== 'string') return undefined;
  return { root, mountPath, folder: root.startsWith(`${mountPath}/`) ? root.slice(mountPath.length + 1) : '' };
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
