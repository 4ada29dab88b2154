/** Gitea and Forgejo: what a construct says of a server is what its pods show. */
import { CNPG_GROUP } from '../../methods/cnpg/archive';
import type { PlannedJob } from '../../methods/jobs/plan';
import { claimsReadBy } from '../../methods/jobs/declaration';
import { distinctBy } from '../../model/collections';
import { datasetKey } from '../../model/dataset';
import { at, listAt, mappingAt, textAt, textMapAt, type KubeObject } from '../../model/kube-object';
import { installNamespace } from '../../model/opaque-kinds';
import { counted } from '../../model/text';
import { claimTemplateOf, podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { giteaImage } from '../database-images';
import { aboutDataset, inWords, toFix, type RuleFinding } from '../finding';
import { giteaJobs, settingsOf, workloadsOf } from '../gitea-stores';
import type { Rule } from '../rule';

export const giteaContradicted: Rule = {
  id: 'gitea-contradicted',
  heading: (n) =>
    `${counted(n, 'copy of Gitea', 'copies of Gitea')} of something else than what ${n === 1 ? 'its' : 'their'} pods use`,
  what: 'The pods of a Gitea show another database, another place of the repositories, another program or more volumes than its copies are made of.',
  why: 'Whoever has moved a Gitea to another database, and left the old one running, has a dump every night that is well in itself, and none of the database that is in use. Of several volumes the inventory would list all, and the job reads one.',
  fix: 'Let the construct say what the pods do, or the pods what the construct says.',
  example: `new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
});
new ApiObject(chart, 'gitea', {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'gitea' },
  spec: {
    interval: '1h',
    chartRef: { kind: 'HelmChart', name: 'gitea' },
    values: { gitea: { config: { database: { DB_TYPE: 'postgres', HOST: 'db2-rw:5432' } } } },
  },
});
holds(chart, { helmRelease: 'gitea' }, {});
new GiteaBackup(chart, 'gitea-backup', {
  data: {
    claim: 'gitea-shared-storage',
    heldBy: { helmRelease: 'gitea' },
    storage: Size.gibibytes(50),
    storageClass: 'ceph-block',
    labels: { 'app.kubernetes.io/name': 'gitea' },
  },
  pods: { 'app.kubernetes.io/name': 'gitea' },
  layout: 'chart',
  image: 'docker.gitea.com/gitea:1.26.0-rootless',
  database: { cluster: 'db' },
  backup: nightly({ to: offsite, keep: { daily: 14 } }),
});`,
  check: (context) =>
    distinctBy(giteaJobs(context), ({ dataset }) => datasetKey(dataset.id)).flatMap((job) =>
      [databaseProblem(job, context), imageProblem(job, context), layoutProblem(job, context), volumesProblem(job)]
        .filter((problem) => problem !== undefined)
        .map((problem) => ({ ...aboutDataset(job.dataset), ...problem })),
    ),
};

type Problem = Pick<RuleFinding, 'because' | 'remedies'>;

function databaseProblem(job: PlannedJob, context: GateContext): Problem | undefined {
  const settings = settingsOf(job, context);
  const type = settings.get('database.DB_TYPE');
  if (typeof type === 'string' && type !== 'postgres') {
    const because = `its settings say that its database is ${type}, and the job dumps one of PostgreSQL`;
    return { because, remedies: inWords('move it to PostgreSQL, or say with elsewhere who copies it, and how') };
  }
  const { namespace = '' } = job.dataset.id;
  const cluster = peerCluster(job);
  const missing = cluster === undefined ? undefined : missingCluster(cluster, namespace, context);
  if (missing !== undefined) return missing;
  const host = settings.get('database.HOST');
  if (typeof host !== 'string') return undefined;
  const used = clusterBehind(host, namespace, context);
  const dumped = cluster === undefined ? clusterBehind(hostOf(job), namespace, context) : `${namespace}/${cluster}`;
  // Of any other server that the construct names, nothing says what is behind its names.
  if (used === dumped || (cluster === undefined && (used === undefined || dumped === undefined))) return undefined;
  const [place, name = ''] = used?.split('/') ?? [];
  return {
    because: `its settings say that its database is at '${host}', and the job dumps ${dumped === undefined ? 'another' : `Cluster ${dumped}`}`,
    remedies:
      place === namespace && isCluster(name, namespace, context)
        ? toFix(`database: { cluster: '${name}' }`)
        : inWords('name in database what its pods use, or let them use what it names'),
  };
}

/** The Cluster of CloudNativePG that the construct names. */
function peerCluster({ declaration: { source } }: PlannedJob): string | undefined {
  return source.peers.flatMap((peer) => ('labels' in peer ? (peer.labels['cnpg.io/cluster'] ?? []) : []))[0];
}

function hostOf({ declaration: { source } }: PlannedJob): string {
  const [host] = source.steps.flatMap(({ env }) => env?.['PGHOST'] ?? []);
  return typeof host === 'string' ? host : '';
}

function isCluster(name: string, namespace: string, context: GateContext): boolean {
  return context.object({ group: CNPG_GROUP, kind: 'Cluster', namespace, name }) !== undefined;
}

function missingCluster(name: string, namespace: string, context: GateContext): Problem | undefined {
  if (isCluster(name, namespace, context)) return undefined;
  const clusters = context.ofKind(CNPG_GROUP, 'Cluster').map(({ object }) => object.metadata);
  const elsewhere = clusters.find((each) => each.name === name);
  const because = `it names Cluster '${name}', which is not in namespace ${namespace}`;
  if (elsewhere !== undefined) {
    const place = elsewhere.namespace ?? '';
    return {
      because: `${because}, but in ${place}`,
      remedies: inWords(
        `let both be in one namespace, because only pods of ${place} can read the Secret with the login`,
      ),
    };
  }
  // A chart that nobody sees may bring it.
  if (context.data.opaque.some(({ object }) => installNamespace(object) === namespace)) return undefined;
  const beside = clusters.find((each) => each.namespace === namespace);
  return {
    because,
    remedies:
      beside === undefined
        ? inWords('name the Cluster of its database, and let alsoRead read the file with it where it is in no chart')
        : toFix(`database: { cluster: '${beside.name}' }`),
  };
}

/** `forge/db` for what the Services of a Cluster, its Poolers, and Services of somebody else lead to. */
function clusterBehind(host: string, ownNamespace: string, context: GateContext): string | undefined {
  const [service = '', namespace = ownNamespace] = host.replace(/:\d+$/, '').split('.');
  const id = { namespace, name: service };
  const pooler = context.object({ group: CNPG_GROUP, kind: 'Pooler', ...id })?.object;
  const selector = textMapAt(context.object({ group: '', kind: 'Service', ...id })?.object, 'spec', 'selector');
  const additional = context
    .ofKind(CNPG_GROUP, 'Cluster')
    .map(({ object }) => object)
    .find(
      (cluster) =>
        cluster.metadata.namespace === namespace &&
        listAt(cluster, 'spec', 'managed', 'services', 'additional').some(
          (each) => textAt(each, 'serviceTemplate', 'metadata', 'name') === service,
        ),
    );
  const name =
    textAt(pooler, 'spec', 'cluster', 'name') ??
    selector['cnpg.io/cluster'] ??
    additional?.metadata.name ??
    /^(.+)-(?:rw|ro|r)$/.exec(service)?.[1];
  return name === undefined ? undefined : `${namespace}/${name}`;
}

/** Its git has to understand what that of the server writes. */
function imageProblem(job: PlannedJob, context: GateContext): Problem | undefined {
  const own = giteaImage(job.images.gitea);
  const images = workloadsOf(job, context).flatMap((object) =>
    listAt(podTemplateOf(object), 'spec', 'containers').flatMap((container) => textAt(container, 'image') ?? []),
  );
  const [real, ...others] = images.filter((image) => giteaImage(image) !== undefined);
  if (real === undefined) return undefined;
  const fits = (image: string): boolean => {
    const server = giteaImage(image);
    if (own === undefined || server === undefined) return image === job.images.gitea;
    const isSame = (field: 'major' | 'minor'): boolean =>
      own[field] === undefined || server[field] === undefined || own[field] === server[field];
    return own.program === server.program && isSame('major') && isSame('minor');
  };
  if ([real, ...others].some(fits)) return undefined;
  return {
    because: `its pods run ${real}, and '${job.name}' looks at its repositories with ${job.images.gitea}`,
    remedies: toFix(`image: '${real}'`),
  };
}

/** Each pod of a StatefulSet has a volume of its own. */
function volumesProblem({ dataset, declaration: { source } }: PlannedJob): Problem | undefined {
  if (dataset.claims.length < 2) return undefined;
  const [claim = ''] = claimsReadBy(source);
  return {
    because: `its ${dataset.claims.length} pods have a volume each, and the job reads that of one, '${claim}'`,
    remedies: toFix('replicas: 1'),
  };
}

function layoutProblem(job: PlannedJob, context: GateContext): Problem | undefined {
  const [claim = ''] = claimsReadBy(job.declaration.source);
  const looked = job.declaration.source.steps.flatMap(({ env }) => env?.['REPOSITORIES'] ?? [])[0];
  const set = settingsOf(job, context).get('repository.ROOT');
  const places = workloadsOf(job, context).flatMap((object) => repositoriesOf(object, claim, set) ?? []);
  const [place] = places;
  if (place === undefined || places.some(({ folder }) => folder === looked)) return undefined;
  const layout = LAYOUTS[place.folder];
  return {
    because: `its pods keep repositories in ${place.root}, the volume is mounted at ${place.mountPath}, and the job looks for them in ${String(looked)} on it`,
    remedies: layout === undefined ? inWords('say in layout where each folder is on the volume') : toFix(layout),
  };
}

/** By the folder of the repositories on the volume. */
const LAYOUTS: Readonly<Record<string, string>> = {
  'git/repositories': `layout: 'rootless'`,
  'git/gitea-repositories': `layout: 'chart'`,
};

interface Repositories {
  readonly root: string;
  readonly mountPath: string;
  /** From the root of the volume. */
  readonly folder: string;
}

/** Where the pods of an object keep repositories, as far as it says. */
function repositoriesOf(object: KubeObject, claim: string, set: unknown): Repositories | undefined {
  const spec = at(podTemplateOf(object), 'spec');
  const volume =
    claimTemplateOf(object, claim) ??
    listAt(spec, 'volumes')
      .filter((each) => textAt(each, 'persistentVolumeClaim', 'claimName') === claim)
      .map((each) => textAt(each, 'name'))[0];
  const container = listAt(spec, 'containers').find((each) => giteaImage(textAt(each, 'image') ?? '') !== undefined);
  const mounts = listAt(container, 'volumeMounts');
  const mount = mounts.find((each) => textAt(each, 'name') === volume);
  const mountPath = textAt(mount, 'mountPath')?.replace(/\/$/, '');
  if (volume === undefined || mountPath === undefined || textAt(mount, 'subPath') !== undefined) return undefined;
  const root = typeof set === 'string' ? set : defaultRoot(spec, container, mountPath);
  if (root === undefined) return undefined;
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
