/** Commands of somebody's own jobs that end well, or never start, and leave no copy that comes back. */
import { serversOf, serverVersion, type ServerVersion } from '../../methods/jobs/database-server';
import { etcdImage, isPostgresBackupLocal } from '../../model/database-images';
import { postgresMajor } from '../../model/image';
import { textAt } from '../../model/kube-object';
import { counted, enumerated } from '../../model/text';
import type { GateContext } from '../context';
import { aboutObject, inWords, toFix, type RuleFinding } from '../finding';
import { clusterBehind, selectorOf, serviceAt } from '../gitea-databases';
import { settingsIn } from '../gitea-settings';
import { storesIn } from '../gitea-stores';
import { ownCommands, type Command } from '../job-commands';
import type { Rule } from '../rule';

export const backupCommand: Rule = {
  id: 'backup-command',
  heading: (n) =>
    `${counted(n, 'command')} of jobs that ${n === 1 ? 'leaves' : 'leave'} no copy, or not the one that is meant`,
  what: 'A CronJob or Job of somebody’s own runs a backup tool in a way in which it never starts, does nothing, or does something else than is meant.',
  why: '`etcdctl snapshot restore` of version 3.6 prints its help and ends with 0. An image of etcd has no shell to run a script in. `pg_dump` refuses a newer server. `gitea dump` in the dialect of another database ends with 0, and no database reads it. `restic forget` that does not group by paths takes the copies of different data for copies of one. `gitea dump` leaves avatars and what Actions wrote in their bucket. Prometheus refuses a snapshot with a code that only `curl --fail` tells, and one without its head lacks the last hours. What such a job is evidence of has no copy.',
  fix: 'Write the command as the finding says, or leave the copy to a construct of this library.',
  example: `new k8s.KubeCronJob(chart, 'etcd', {
  metadata: { name: 'etcd' },
  spec: {
    schedule: '0 3 * * *',
    timeZone: 'Etc/UTC',
    jobTemplate: { spec: { template: { spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'save', image: 'registry.k8s.io/etcd:3.6.16-0', command: ['/bin/sh', '-c', 'etcdctl snapshot save /backup/snapshot.db'] }],
    } } } },
  },
});`,
  check: (context) =>
    ownCommands(context).flatMap((command) =>
      CHECKS.flatMap((check) => {
        const problem = check(command, context);
        if (problem === undefined) return [];
        const because = `container '${command.container}' ${problem.because}`;
        return [{ ...aboutObject(command.object, command.origin), because, remedies: problem.remedies }];
      }),
    ),
};

type Problem = Pick<RuleFinding, 'because' | 'remedies'>;

const CHECKS: readonly ((command: Command, context: GateContext) => Problem | undefined)[] = [
  shellThatIsNotThere,
  etcdctlThatIsGone,
  olderClient,
  foreignDialect,
  mergedPaths,
  leftInBucket,
  unheardRefusal,
  withoutHead,
];

/** E05. */
function shellThatIsNotThere({ image, words }: Command): Problem | undefined {
  const [shell = '', ...rest] = words;
  if (!/^(\/.*\/)?(ba|da|a)?sh$/.test(shell) || etcdImage(image)?.hasShell !== false) return undefined;
  const script = rest.find((word) => !word.startsWith('-')) ?? '';
  const isPlain = /^[\w ./:=@,-]+$/.test(script.trim());
  const plain = script
    .trim()
    .split(/\s+/)
    .map((word) => `'${word}'`)
    .join(', ');
  return {
    because: `starts ${shell}, and ${image} has no shell: its pod never starts`,
    remedies: isPlain
      ? toFix(`command: [${plain}]`)
      : inWords(
          'name the program and its arguments in command, and do what needs a shell in a container of another image',
        ),
  };
}

/** E02. */
function etcdctlThatIsGone({ image, text }: Command): Problem | undefined {
  const [, what] = /\betcdctl\b[^\n;|&]*\bsnapshot\s+(status|restore)\b/.exec(text) ?? [];
  if (what === undefined || etcdImage(image)?.isFrom36 !== true) return undefined;
  return {
    because: `runs 'etcdctl snapshot ${what}', which ${image} no longer has: it prints its help, and ends with 0`,
    remedies: inWords(`write 'etcdutl snapshot ${what}'`),
  };
}

/** P05. */
function olderClient(command: Command, context: GateContext): Problem | undefined {
  const client = postgresMajor(command.image);
  const isLocal = isPostgresBackupLocal(command.image);
  const [program] = /\bpg_dump(all)?\b/.exec(isLocal ? `${command.text}\npg_dump` : command.text) ?? [];
  if (client === undefined || program === undefined) return undefined;
  const server = hostsOf(command)
    .flatMap((host) => versionsBehind(host, command.object.metadata.namespace ?? '', context))
    .find(({ major }) => major > client);
  if (server === undefined) return undefined;
  return {
    because: `dumps a server of version ${server.major} with ${program} of version ${client}, which refuses it`,
    remedies: isLocal
      ? inWords(`take the tag of ${command.image.replace(/[:@].*$/, '')} that begins with ${server.major}`)
      : toFix(`image: '${server.image}'`),
  };
}

/** Whatever may be the name of a server: the arguments that say so, and values of variables that could be one. */
function hostsOf({ text, variables, values }: Command): readonly string[] {
  // Of all that a ConfigMap has for an application, what the clients look up themselves.
  const isTold = /\bpg_dump(all)?\b[^\n;|&]*(\s-h|\s--host\b|\bhost=|:\/\/)/.test(text);
  const lookedUp = isTold ? [] : ['PGHOST', 'POSTGRES_HOST'].flatMap((name) => variables.get(name) ?? []);
  const named = [...text.matchAll(/(?:\s-h\s*|--host[ =]|PGHOST=|host=|@)["']?([\w.-]+)/g)].map(
    ([, host = '']) => host,
  );
  const ofValues = [...lookedUp, ...values].flatMap(
    (value) => /^(?:\w+:\/\/(?:[^@/]*@)?)?([\w.-]+)(?::\d+)?(?:\/.*)?$/.exec(value)?.[1] ?? [],
  );
  return [...new Set([...named, ...ofValues])];
}

function versionsBehind(host: string, ownNamespace: string, context: GateContext): readonly ServerVersion[] {
  const { namespace } = serviceAt(host, ownNamespace);
  const [, cluster] = clusterBehind(host, ownNamespace, context)?.split('/') ?? [];
  const labels = cluster === undefined ? selectorOf(host, ownNamespace, context) : { 'cnpg.io/cluster': cluster };
  if (Object.keys(labels).length === 0) return [];
  return serversOf([{ namespace, labels, port: 0 }], context).flatMap((server) => serverVersion(server) ?? []);
}

const GITEA_DUMP = /\b(?:gitea|forgejo)\b[^\n;|&]*\sdump(?![\w-])([^\n;|&]*)/;

/** T10. */
function foreignDialect({ object, text }: Command, context: GateContext): Problem | undefined {
  const [, options = ''] = GITEA_DUMP.exec(text) ?? [];
  const [, dialect] = /\s(?:-d|--database)[ =]?["']?(\w+)/.exec(options) ?? [];
  if (dialect === undefined) return undefined;
  const { namespace } = object.metadata;
  const servers = context.giteas.filter(({ metadata }) => metadata.namespace === namespace);
  const isOwn = servers.some((server) => settingsIn([server], context).get('database.DB_TYPE') === dialect);
  if (isOwn) return undefined;
  return {
    because: `dumps for a database of type '${dialect}', and no Gitea in its namespace is seen to have one: the dump ends with 0 whatever its own is`,
    remedies: inWords('leave the option out, and the dump is for the database that it has'),
  };
}

/** S17. Where it picks the copies of one kind of data, there is nothing to merge. */
function mergedPaths({ text }: Command): Problem | undefined {
  const groups = [...text.matchAll(/\brestic\b[^\n;|&]*\sforget\b([^\n;|&]*)/g)]
    .map(([, options = '']) => options)
    .filter((options) => !/\s--(tag|path)[ =]/.test(options))
    .flatMap((options) => /\s(?:--group-by|-g)[ =]["']?([\w,]*)/.exec(options)?.[1] ?? [])
    .find((each) => !each.split(',').some((group) => /^paths?$/.test(group)));
  if (groups === undefined) return undefined;
  return {
    because: `lets restic forget by '${groups}', which takes the copies of different paths for copies of one, and keeps too few of each`,
    remedies: inWords(`write '--group-by ${groups === '' ? 'host' : groups},paths'`),
  };
}

/** What `gitea dump` takes out of a bucket (Gitea 1.26, cmd/dump.go). */
const DUMPED = new Set(['LFS objects', 'attachments', 'package files']);

/** T02. A bucket that a claim makes has an answer of its own, and what another command names may be copied by it. */
function leftInBucket(command: Command, context: GateContext): Problem | undefined {
  if (!GITEA_DUMP.test(command.text)) return undefined;
  const { namespace } = command.object.metadata;
  const servers = context.giteas.filter(
    (server) => server.metadata.namespace === namespace && !['CronJob', 'Job'].includes(server.kind),
  );
  const stores = servers.map((server) =>
    storesIn(settingsIn([server], context)).map(({ files, bucketName }) => ({
      files: files.filter((each) => !DUMPED.has(each)),
      bucketName,
    })),
  );
  const left = stores[0]?.find(({ files, bucketName }) => files.length > 0 && bucketName !== undefined);
  const bucketName = left?.bucketName ?? '';
  const isOfAll = stores.every((own) => own.some((store) => store.bucketName === bucketName));
  if (left === undefined || !isOfAll || isCopiedApart(bucketName, command, context)) return undefined;
  return {
    because: `dumps a Gitea and leaves ${enumerated(left.files)} out, which are in bucket '${bucketName}'`,
    remedies: inWords('copy the bucket with a job of its own, or let GiteaBackup make the copy'),
  };
}

function isCopiedApart(bucketName: string, command: Command, context: GateContext): boolean {
  return (
    context
      .ofKind('objectbucket.io', 'ObjectBucketClaim')
      .some(({ object }) => textAt(object, 'spec', 'bucketName') === bucketName) ||
    ownCommands(context).some(
      ({ object, container, text }) =>
        (object !== command.object || container !== command.container) && text.includes(bucketName),
    )
  );
}

const SNAPSHOT_OF_PROMETHEUS = '/api/v1/admin/tsdb/snapshot';

/** M01. Whoever reads the answer may find the error in it. */
function unheardRefusal({ text }: Command): Problem | undefined {
  const spoken = text.replaceAll(/\d?>&\d|\d?>\s*\/dev\/null|\s(-o|--output)\s*\/dev\/null/g, '');
  const isUnheard = [...spoken.matchAll(/(\$\(\s*|`)?\bcurl\b([^\n;|&]*)(\|(?!\|))?/g)].some(
    ([, captured, options = '', piped]) =>
      options.includes(SNAPSHOT_OF_PROMETHEUS) &&
      captured === undefined &&
      piped === undefined &&
      !/\s(-[A-Za-z]*f[A-Za-z]*|--fail|--fail-with-body)(\s|$)/.test(options) &&
      !/>|\s(-[A-Za-z]*[oOwK]|--output|--write-out|--config)(\s|$)/.test(options),
  );
  if (!isUnheard) return undefined;
  return {
    because:
      'asks Prometheus for a snapshot with a curl that ends with 0 when it is refused, as it is where the admin API is off',
    remedies: inWords(`write 'curl --fail'`),
  };
}

/** M02. */
function withoutHead({ text }: Command): Problem | undefined {
  if (!/\/api\/v1\/admin\/tsdb\/snapshot\b[^\n;|]*\bskip_head=(true|1|t)\b/i.test(text)) return undefined;
  return {
    because:
      'asks Prometheus for a snapshot without its head: it lacks the last hours, and of a young server everything',
    remedies: inWords('leave skip_head out'),
  };
}
