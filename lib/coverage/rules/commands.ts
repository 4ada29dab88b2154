/** Commands of somebody's own jobs that end well, or never start, and leave no copy that comes back. */
import { serversOf, serverVersion, type ServerVersion } from '../../methods/jobs/database-server';
import { etcdImage } from '../../model/database-images';
import { postgresMajor } from '../../model/image';
import { at, listAt, textAt, textsAt, type KubeObject } from '../../model/kube-object';
import { counted } from '../../model/text';
import { podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { aboutObject, inWords, toFix, type RuleFinding } from '../finding';
import { clusterBehind, selectorOf, serviceAt } from '../gitea-databases';
import { settingsIn } from '../gitea-settings';
import type { Rule } from '../rule';

export const backupCommand: Rule = {
  id: 'backup-command',
  heading: (n) =>
    `${counted(n, 'command')} of jobs that ${n === 1 ? 'leaves' : 'leave'} no copy, or not the one that is meant`,
  what: 'A CronJob or Job of somebody’s own runs a backup tool in a way in which it never starts, does nothing, or does something else than is meant.',
  why: '`etcdctl snapshot restore` of version 3.6 prints its help and ends with 0. An image of etcd has no shell to run a script in. `pg_dump` refuses a newer server. `gitea dump` in the dialect of another database ends with 0, and no database reads it. `restic forget` that does not group by paths takes the copies of different data for copies of one. What such a job is evidence of has no copy.',
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
    [...context.ofKind('batch', 'CronJob'), ...context.ofKind('batch', 'Job')]
      .filter(({ generated }) => generated !== true)
      .flatMap(({ object, origin }) =>
        commandsOf(object, context).flatMap((command) =>
          CHECKS.flatMap((check) => {
            const problem = check(command, context);
            if (problem === undefined) return [];
            const because = `container '${command.container}' ${problem.because}`;
            return [{ ...aboutObject(object, origin), because, remedies: problem.remedies }];
          }),
        ),
      ),
};

/** What a container of a job runs. */
interface Command {
  readonly object: KubeObject;
  readonly container: string;
  readonly image: string;
  /** What it starts, word by word. */
  readonly words: readonly string[];
  /** The same with the scripts that are mounted, one command a line, without comments. */
  readonly text: string;
  /** Values of its variables. */
  readonly values: readonly string[];
}

type Problem = Pick<RuleFinding, 'because' | 'remedies'>;

function commandsOf(object: KubeObject, context: GateContext): readonly Command[] {
  const spec = at(podTemplateOf(object), 'spec');
  return [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')].map((container) => {
    const image = textAt(container, 'image') ?? '';
    const command = textsAt(container, 'command');
    // The image of restic starts it.
    const program = command.length === 0 && /(^|\/)restic(:|@|$)/.test(image) ? ['restic'] : command;
    const words = [...program, ...textsAt(container, 'args')];
    return {
      object,
      container: textAt(container, 'name') ?? '',
      image,
      words,
      text: [words.map(withoutComments).join(' '), ...mountedScripts(object, spec, container, context)].join('\n'),
      values: listAt(container, 'env').flatMap((variable) => textAt(variable, 'value') ?? []),
    };
  });
}

function mountedScripts(
  { metadata: { namespace = '' } }: KubeObject,
  spec: unknown,
  container: unknown,
  context: GateContext,
): readonly string[] {
  const mounted = new Set(listAt(container, 'volumeMounts').map((mount) => textAt(mount, 'name')));
  const volumes = listAt(spec, 'volumes').filter((volume) => mounted.has(textAt(volume, 'name')));
  return context
    .configMapsOf(volumes, namespace)
    .flatMap((configMap) => context.scripts.of(configMap).map(({ text }) => withoutComments(text)));
}

function withoutComments(script: string): string {
  return script.replaceAll(/\\\n/g, ' ').replaceAll(/^\s*#.*$/gm, '');
}

const CHECKS: readonly ((command: Command, context: GateContext) => Problem | undefined)[] = [
  shellThatIsNotThere,
  etcdctlThatIsGone,
  olderClient,
  foreignDialect,
  mergedPaths,
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
  const [program] = /\bpg_dump(all)?\b/.exec(command.text) ?? [];
  if (client === undefined || program === undefined) return undefined;
  const server = hostsOf(command)
    .flatMap((host) => versionsBehind(host, command.object.metadata.namespace ?? '', context))
    .find(({ major }) => major > client);
  if (server === undefined) return undefined;
  return {
    because: `dumps a server of version ${server.major} with ${program} of version ${client}, which refuses it`,
    remedies: toFix(`image: '${server.image}'`),
  };
}

/** Whatever may be the name of a server: the arguments that say so, and values of variables that could be one. */
function hostsOf({ text, values }: Command): readonly string[] {
  const named = [...text.matchAll(/(?:\s-h\s*|--host[ =]|PGHOST=|host=|@)["']?([\w.-]+)/g)].map(
    ([, host = '']) => host,
  );
  const ofValues = values.flatMap(
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

/** T10. */
function foreignDialect({ object, text }: Command, context: GateContext): Problem | undefined {
  const [, options = ''] = /\b(?:gitea|forgejo)\b[^\n;|&]*\sdump(?![\w-])([^\n;|&]*)/.exec(text) ?? [];
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
