/** Dumps of PostgreSQL: the job can log in, and its client understands the server. */
import { CNPG_GROUP, isReplica } from '../../methods/cnpg/archive';
import { secretsReadBy } from '../../methods/jobs/declaration';
import { serversOf, serverVersion } from '../../methods/jobs/database-server';
import type { PlannedJob } from '../../methods/jobs/plan';
import { postgresMajor } from '../../model/image';
import { at, booleanAt, groupOf, mappingAt, textAt, textsAt, type KubeObject } from '../../model/kube-object';
import { counted, UNKNOWN } from '../../model/text';
import type { GateContext } from '../context';
import { aboutDataset, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { isGiteaJob } from '../gitea-stores';
import type { Rule } from '../rule';

export const postgresDump: Rule = {
  id: 'postgres-dump',
  heading: (n) => `${counted(n, 'dump')} of PostgreSQL that ${n === 1 ? 'fails' : 'fail'} every time`,
  what: 'A database, also that of a Gitea, is to be dumped by a client of another version than the server’s, or with a login that CloudNativePG does not make.',
  why: '`pg_dump` refuses a newer server. Of an older one it writes what that version does not read back, such as `SET transaction_timeout` of version 17. Without `enableSuperuserAccess`, where the Cluster names a Secret of somebody’s own, and where it has no database of the application, the one with the password does not exist: the pod of the job waits for it until the deadline. All of it shows only at night, or during the restore.',
  fix: 'Name an image of the server’s version, let the superuser in, name the application’s database, and leave the Secrets to the operator.',
  example: `new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: nightly({ to: offsite, keep: { daily: 14 } }),
  spec: { imageName: 'ghcr.io/cloudnative-pg/postgresql:18.1' },
  dump: { image: 'docker.io/library/postgres:16.10' },
});`,
  check: (context) =>
    context.methods.jobs.jobs
      .filter(({ declaration: { source } }) => source.steps.some(({ image }) => image === 'postgres'))
      .flatMap((job) => [...lockedOut(job, context), ...unmadeLogins(job, context), ...ofAnotherVersion(job, context)]),
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

/** Secrets that the job reads, and that the operator does not make (cloudnative-pg v1.30.0, api/v1/cluster_funcs.go). */
function unmadeLogins(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const { dataset, declaration } = job;
  const read = secretsReadBy(declaration.source);
  return serversOf(declaration.source.peers, context)
    .filter(({ apiVersion }) => groupOf(apiVersion) === CNPG_GROUP)
    .flatMap((cluster) =>
      LOGINS.flatMap(({ suffix, fields }) => {
        const made = `${cluster.metadata.name}-${suffix}`;
        const named = fields.find((path) => ![undefined, '', made].includes(textAt(cluster, 'spec', ...path, 'name')));
        const reason =
          named === undefined
            ? whyUnmade(suffix, cluster)
            : {
                why: `names a Secret of its own in spec.${named.join('.')}`,
                remedies: inWords(`leave it out, or call that Secret '${made}'`),
              };
        if (reason === undefined || !read.has(made)) return [];
        const because = `the Cluster ${reason.why}, so that the operator makes no '${made}', which the job reads`;
        return [{ ...aboutDataset(dataset), because, remedies: reason.remedies }];
      }),
    );
}

/** Why the application has no login of the operator, where no Secret of somebody's own is named either. */
function whyUnmade(
  suffix: (typeof LOGINS)[number]['suffix'],
  cluster: KubeObject,
): { readonly why: string; readonly remedies: readonly Remedy[] } | undefined {
  if (suffix !== 'app') return undefined;
  if (isReplica(cluster)) {
    const remedies = inWords('let the job copy the Cluster that it follows');
    return { why: 'follows another one', remedies };
  }
  const { initdb } = mappingAt(at(cluster, 'spec', 'bootstrap'));
  const takesAll = textAt(initdb, 'import', 'type') === 'monolith';
  if (!takesAll || ![undefined, ''].includes(textAt(initdb, 'database'))) return undefined;
  const [first, ...others] = textsAt(initdb, 'import', 'databases');
  const database = first === undefined || first === '*' || others.length > 0 ? UNKNOWN : first;
  return {
    why: `imports databases as a monolith, and says of none in spec.bootstrap.initdb that it is the application's`,
    remedies: toFix(`database: '${database}', owner: '${UNKNOWN}'`),
  };
}

const LOGINS = [
  { suffix: 'superuser', fields: [['superuserSecret']] },
  {
    suffix: 'app',
    fields: ['initdb', 'recovery', 'pg_basebackup'].map((way) => ['bootstrap', way, 'secret']),
  },
] as const;

function ofAnotherVersion(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const { dataset, images, name } = job;
  const server = serversOf(job.declaration.source.peers, context)
    .map(serverVersion)
    .find((version) => version !== undefined);
  const client = postgresMajor(images.postgres);
  if (server === undefined || client === undefined || client === server.major) return [];
  const image = `'${server.image}'`;
  return [
    {
      ...aboutDataset(dataset),
      because: `the server is of version ${server.major}, and '${name}' asks it with a client of version ${client}, ${images.postgres}`,
      remedies: toFix(isGiteaJob(job) ? `copies: { postgresImage: ${image} }` : `dump: { image: ${image} }`),
    },
  ];
}
