/** Dumps of PostgreSQL: the job can log in, and its client understands the server. */
import { CNPG_GROUP } from '../../methods/cnpg/archive';
import { serversOf, serverVersion } from '../../methods/jobs/database-server';
import type { PlannedJob } from '../../methods/jobs/plan';
import { postgresMajor } from '../../model/image';
import { booleanAt, groupOf, textAt } from '../../model/kube-object';
import { counted } from '../../model/text';
import type { GateContext } from '../context';
import { aboutDataset, inWords, toFix, type RuleFinding } from '../finding';
import { isGiteaJob } from '../gitea-stores';
import type { Rule } from '../rule';

export const postgresDump: Rule = {
  id: 'postgres-dump',
  heading: (n) => `${counted(n, 'dump')} of PostgreSQL that ${n === 1 ? 'fails' : 'fail'} every time`,
  what: 'A database, also that of a Gitea, is to be dumped by a client of another version than the server’s, or with a login that CloudNativePG does not make.',
  why: '`pg_dump` refuses a newer server. Of an older one it writes what that version does not read back, such as `SET transaction_timeout` of version 17. Without `enableSuperuserAccess`, or where the Cluster names a Secret of somebody’s own, the one with the password does not exist: the pod of the job waits for it until the deadline. All of it shows only at night, or during the restore.',
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

/** The operator makes a Secret only where the Cluster names none (cloudnative-pg v1.30.0, api/v1/cluster_funcs.go). */
function unmadeLogins(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const { dataset, declaration } = job;
  const env = declaration.source.steps.flatMap((step) => Object.values(step.env ?? {}));
  const read = new Set(env.flatMap((value) => (typeof value === 'string' ? [] : [value.secret])));
  return serversOf(declaration.source.peers, context)
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
