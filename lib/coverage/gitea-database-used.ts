/** Whether a job dumps the database that its Gitea uses, as far as settings, Services and values of a chart show it. */
import { CNPG_GROUP } from '../methods/cnpg/archive';
import type { PlannedJob } from '../methods/jobs/plan';
import { isPostgresImage } from '../model/database-images';
import { at, describeObject, objectKey, textAt } from '../model/kube-object';
import { carries, labelsToPaste, type Labels } from '../model/label-selector';
import { installNamespace } from '../model/opaque-kinds';
import { podLabels, podTemplateOf } from '../model/workloads';
import type { GateContext } from './context';
import { runningContainers } from './database-writers';
import { inWords, toFix, type RuleFinding } from './finding';
import { applicationDatabase, clusterBehind, clusterOf, isCluster, selectorOf, serviceAt } from './gitea-databases';
import { releasedGitea } from './gitea-releases';
import { settingsOf, type Settings } from './gitea-settings';

/** What contradicts its construct, and what to do about it. */
export type Problem = Required<Pick<RuleFinding, 'because' | 'remedies'>>;

/** That its pods use another database than the one that the job dumps. */
export function databaseProblem(job: PlannedJob, context: GateContext): Problem | undefined {
  const settings = settingsOf(job, context);
  const type = settings.get('database.DB_TYPE');
  if (typeof type === 'string' && type !== 'postgres') {
    const because = `its settings say that its database is ${type}, and the job dumps one of PostgreSQL`;
    return { because, remedies: inWords('move it to PostgreSQL, or say with elsewhere who copies it, and how') };
  }
  const { namespace = '' } = job.dataset.id;
  const cluster = peerCluster(job);
  const missing = cluster === undefined ? undefined : missingCluster(cluster, namespace, settings, context);
  if (missing !== undefined) return missing;
  const host = settings.get('database.HOST');
  if (host === undefined) return bundledProblem(job, cluster, context);
  if (typeof host !== 'string') return undefined;
  const used = clusterBehind(host, namespace, context);
  const dumped = cluster === undefined ? clusterBehind(hostOf(job), namespace, context) : `${namespace}/${cluster}`;
  if (used === dumped && used !== undefined) return undefined;
  if (cluster === undefined && (used === undefined || dumped === undefined)) return serviceProblem(host, job, context);
  const [place, name = ''] = used?.split('/') ?? [];
  return {
    because: `its settings say that its database is at '${host}', and the job dumps ${dumped === undefined ? 'another' : `Cluster ${dumped}`}`,
    remedies:
      place === namespace && isCluster(name, namespace, context)
        ? toFix(`database: { cluster: '${name}' }`)
        : inWords('name in database what its pods use, or let them use what it names'),
  };
}

/** Without a host in its settings, the chart has its Gitea use the server that it brings. */
function bundledProblem(job: PlannedJob, cluster: string | undefined, context: GateContext): Problem | undefined {
  const { server } = releasedGitea(job, context) ?? {};
  if (server === undefined) return undefined;
  const { value, release, service, pods } = server;
  const isOfRelease =
    serviceAt(hostOf(job), '').name.startsWith(`${release}-postgresql`) ||
    job.declaration.server?.pods['app.kubernetes.io/instance'] === release;
  if (cluster === undefined && isOfRelease) return undefined;
  const dumped =
    cluster === undefined ? `that at '${hostOf(job)}'` : `Cluster ${job.dataset.id.namespace ?? ''}/${cluster}`;
  return {
    because: `its values name no host of a database, and with ${value} the chart has it use a server of its own, while the job dumps ${dumped}`,
    remedies: [
      ...toFix(`host: '${service}', pods: { labels: ${labelsToPaste(pods)} }`),
      ...inWords(`or take ${value} away and name the host in gitea.config.database.HOST`),
    ],
  };
}

/** Of servers that are no Cluster, only Services tell which pods they are: those of a primary and of all may be some of the same. */
function serviceProblem(host: string, job: PlannedJob, context: GateContext): Problem | undefined {
  const { namespace = '' } = job.dataset.id;
  const used = selectorOf(host, namespace, context);
  const dumped = selectorOf(hostOf(job), namespace, context);
  const [service, ofJob] = [host, hostOf(job)].map((each) => serviceAt(each, namespace));
  if (service === undefined || ofJob === undefined || objectKey(service) === objectKey(ofJob)) return undefined;
  if (isOfPooler(used, service.namespace, context)) return undefined;
  const isUnseen = [used, dumped].some((labels) => Object.keys(labels).length === 0);
  if (!isUnseen && (carries(used, dumped) || carries(dumped, used))) return undefined;
  const because = `its settings say that its database is at '${host}', and the job dumps that behind ${describeObject(ofJob)}`;
  if (isUnseen) {
    return {
      because: `${because}, and nobody sees whether both are one server`,
      remedies: inWords(
        'name in database the host that its pods use, or let them use what it names, or let alsoRead read the file with both Services',
      ),
    };
  }
  return {
    because,
    remedies:
      service.namespace === namespace
        ? toFix(`host: '${service.name}', pods: { labels: ${labelsToPaste(used)} }`)
        : inWords('name in database what its pods use, or let them use what it names'),
  };
}

/** Whether pods that are seen hand on what they are asked, as PgBouncer does: to which server, only their settings say. */
function isOfPooler(selector: Labels, namespace: string | undefined, { input }: GateContext): boolean {
  if (Object.keys(selector).length === 0) return false;
  const containers = input.objects
    .filter(({ object }) => object.metadata.namespace === namespace && carries(podLabels(object), selector))
    .flatMap(({ object }) => runningContainers(at(podTemplateOf(object), 'spec')));
  return containers.length > 0 && !containers.some((container) => isPostgresImage(textAt(container, 'image') ?? ''));
}

/** A server has many databases, and the job dumps one. */
export function databaseNameProblem(job: PlannedJob, context: GateContext): Problem | undefined {
  const used = settingsOf(job, context).get('database.NAME');
  const cluster = peerCluster(job);
  const [literal] = job.declaration.source.steps.flatMap(({ env }) => env?.['PGDATABASE'] ?? []);
  const dumped =
    typeof literal === 'string' || cluster === undefined
      ? literal
      : applicationDatabase(cluster, job.dataset.id.namespace ?? '', context);
  if (typeof used !== 'string' || typeof dumped !== 'string' || used === dumped) return undefined;
  return {
    because: `its settings say that its database is called '${used}', and the job dumps '${dumped}'`,
    remedies: inWords(
      typeof literal === 'string'
        ? `name '${used}' in database, beside its host, or let its pods use '${dumped}'`
        : `let its pods use '${dumped}', or name in database the host and the login of '${used}'`,
    ),
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

function missingCluster(
  name: string,
  namespace: string,
  settings: Settings,
  context: GateContext,
): Problem | undefined {
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
  const beside = clusterOf(settings, namespace, context);
  return {
    because,
    remedies:
      beside === undefined
        ? inWords('name the Cluster of its database, and let alsoRead read the file with it where it is in no chart')
        : toFix(`database: { cluster: '${beside}' }`),
  };
}
