/** Dumps of PostgreSQL: the job can log in, and its client understands the server. */
import { CNPG_GROUP } from '../../methods/cnpg/archive';
import type { PlannedJob } from '../../methods/jobs/plan';
import { at, booleanAt, groupOf, listAt, numberAt, textAt, type KubeObject } from '../../model/kube-object';
import { counted } from '../../model/text';
import { makesPods, podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { isPostgresImage } from '../database-images';
import { aboutDataset, inWords, toFix, type RuleFinding } from '../finding';
import { isGiteaJob } from '../gitea-stores';
import type { Rule } from '../rule';

export const postgresDump: Rule = {
  id: 'postgres-dump',
  heading: (n) => `${counted(n, 'dump')} of PostgreSQL that ${n === 1 ? 'fails' : 'fail'} every time`,
  what: 'A database, also that of a Gitea, is to be dumped by a client that is older than the server, or with a login that CloudNativePG does not make.',
  why: '`pg_dump` refuses a newer server, and without `enableSuperuserAccess`, or where the Cluster names a Secret of somebody’s own, the one with the password does not exist: the pod of the job waits for it until the deadline. Both show only at night.',
  fix: 'Name an image of the server’s version, let the superuser in, and leave the Secrets to the operator.',
  example: `new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: nightly({ to: offsite, keep: { daily: 14 } }),
  spec: { imageName: 'ghcr.io/cloudnative-pg/postgresql:18.1' },
  dump: { image: 'docker.io/library/postgres:16.10' },
});`,
  check: (context) =>
    context.methods.jobs.jobs
      .filter(({ declaration: { source } }) => source.steps.some(({ image }) => image === 'postgres'))
      .flatMap((job) => [...lockedOut(job, context), ...unmadeLogins(job, context), ...tooOld(job, context)]),
};

function lockedOut({ dataset }: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const cluster = context.object(dataset.id)?.object;
  if (dataset.id.group !== CNPG_GROUP || cluster === undefined) return [];
  if (booleanAt(cluster, 'spec', 'enableSuperuserAccess') === true) return [];
  return [
    {
      ...aboutDataset(dataset),
      because: 'its spec does not say enableSuperuserAccess: true, so that there is no Secret with the password',
      remedies: inWords('say enableSuperuserAccess: true in the spec of the Cluster'),
    },
  ];
}

/** The operator makes a Secret only where the Cluster names none (cloudnative-pg v1.30.0, api/v1/cluster_funcs.go). */
function unmadeLogins(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const { dataset, declaration } = job;
  const env = declaration.source.steps.flatMap((step) => Object.values(step.env ?? {}));
  const read = new Set(env.flatMap((value) => (typeof value === 'string' ? [] : [value.secret])));
  return serversOf(job, context)
    .filter(({ apiVersion }) => groupOf(apiVersion) === CNPG_GROUP)
    .flatMap((cluster) =>
      LOGINS.flatMap(({ suffix, fields }) => {
        const made = `${cluster.metadata.name}-${suffix}`;
        const named = fields.find((path) => ![undefined, '', made].includes(textAt(cluster, 'spec', ...path, 'name')));
        if (named === undefined || !read.has(made)) return [];
        return [
          {
            ...aboutDataset(dataset),
            because: `the Cluster names a Secret of its own in spec.${named.join('.')}, so that the operator makes no '${made}', which the job reads`,
            remedies: inWords(`leave it out, or call that Secret '${made}'`),
          },
        ];
      }),
    );
}

const LOGINS = [
  { suffix: 'superuser', fields: [['superuserSecret']] },
  {
    suffix: 'app',
    fields: ['initdb', 'recovery', 'pg_basebackup'].map((way) => ['bootstrap', way, 'secret']),
  },
] as const;

function tooOld(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const { dataset, images, name } = job;
  const server = serversOf(job, context)
    .map(serverVersion)
    .find((version) => version !== undefined);
  const client = majorOf(images.postgres);
  if (server === undefined || client === undefined || client >= server.major) return [];
  const image = `'${server.image ?? `docker.io/library/postgres:${server.major}`}'`;
  return [
    {
      ...aboutDataset(dataset),
      because: `the server is of version ${server.major}, and '${name}' asks it with a client of version ${client}, ${images.postgres}`,
      remedies: toFix(isGiteaJob(job) ? `copies: { postgresImage: ${image} }` : `dump: { image: ${image} }`),
    },
  ];
}

/** What makes the pods that a job asks, as far as it is in the output or beside it. */
function serversOf({ declaration: { source } }: PlannedJob, { input }: GateContext): readonly KubeObject[] {
  return source.peers.flatMap((peer) => {
    if (!('labels' in peer)) return [];
    const { namespace, labels } = peer;
    return input.objects.flatMap(({ object }) => (makesServers(object, namespace, labels) ? [object] : []));
  });
}

function makesServers(object: KubeObject, namespace: string, labels: Readonly<Record<string, string>>): boolean {
  const { kind, metadata } = object;
  if (kind !== 'Cluster' || groupOf(object.apiVersion) !== CNPG_GROUP) return makesPods(object, namespace, labels);
  return metadata.namespace === namespace && metadata.name === labels['cnpg.io/cluster'];
}

interface ServerVersion {
  readonly major: number;
  /** Where the object names it. */
  readonly image?: string;
}

/** As far as the object says: a digest, and the operator's own default, say nothing. */
function serverVersion(object: KubeObject): ServerVersion | undefined {
  const catalogue = numberAt(object, 'spec', 'imageCatalogRef', 'major');
  if (catalogue !== undefined) return { major: catalogue };
  const containers = listAt(at(podTemplateOf(object), 'spec'), 'containers').map((each) => textAt(each, 'image'));
  const image = [textAt(object, 'spec', 'imageName'), ...containers.filter((each) => isPostgresImage(each ?? ''))].find(
    (each) => each !== undefined,
  );
  const major = majorOf(image ?? '');
  return image === undefined || major === undefined ? undefined : { major, image };
}

function majorOf(image: string): number | undefined {
  const major = /:v?(\d+)(?:[.@-]|$)/.exec(image.slice(image.lastIndexOf('/') + 1))?.[1];
  return major === undefined ? undefined : Number(major);
}
