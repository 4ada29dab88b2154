/** What the containers of somebody's own jobs run, as far as objects show it. */
import type { Origin } from '../model/declaration';
import { at, listAt, textAt, textsAt, type KubeObject } from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';
import { podContainers, podTemplateOf } from '../model/workloads';
import { mountedFiles, textsBeside } from './config-maps';
import type { GateContext } from './context';

/** What a container of a job runs. */
export interface Command {
  readonly object: KubeObject;
  readonly origin: Origin;
  readonly container: string;
  readonly image: string;
  /** What it starts, word by word; what `env` starts for it. */
  readonly words: readonly string[];
  /** The same with the scripts that are mounted, one command a line, without comments, and with the values of variables. */
  readonly text: string;
  /** Variables by name, those of ConfigMaps too. */
  readonly variables: ReadonlyMap<string, string>;
  /** Values of the variables that it sets itself. */
  readonly values: readonly string[];
  /** Files of ConfigMaps by the path at which it finds them. */
  readonly files: ReadonlyMap<string, string>;
}

/** Whose images start a program that no command names. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'aws-cli': 'aws',
  curl: 'curl',
  mc: 'mc',
  restic: 'restic',
  s3cmd: 's3cmd',
};

/** Of all CronJobs and Jobs that this library does not write. */
export function ownCommands(context: GateContext): readonly Command[] {
  return [...context.ofKind('batch', 'CronJob'), ...context.ofKind('batch', 'Job')]
    .filter(({ generated }) => generated !== true)
    .flatMap((job) => commandsOf(job, context));
}

function commandsOf({ object, origin }: RenderedObject, context: GateContext): readonly Command[] {
  const spec = at(podTemplateOf(object), 'spec');
  return podContainers(object).map((container) => {
    const image = textAt(container, 'image') ?? '';
    const variables = variablesOf(object, container, context);
    const words = wordsOf(container, image);
    const scripts = [words.map(withoutComments).join(' '), ...mountedScripts(object, spec, container, context)];
    return {
      object,
      origin,
      container: textAt(container, 'name') ?? '',
      image,
      words,
      text: withValues(scripts.join('\n'), variables),
      variables,
      values: listAt(container, 'env').flatMap((variable) => textAt(variable, 'value') ?? []),
      files: mountedFiles(object, container, context),
    };
  });
}

function wordsOf(container: unknown, image: string): readonly string[] {
  const command = textsAt(container, 'command');
  const [, name = ''] = /([^/:@]+)(?:[:@][^/]*)?$/.exec(image) ?? [];
  const words = [command.length === 0 ? (PROGRAMS[name] ?? []) : command, textsAt(container, 'args')].flat();
  const [first = '', ...rest] = words;
  if (!/(^|\/)env$/.test(first)) return words;
  const started = rest.findIndex((word) => !word.startsWith('-') && !word.includes('='));
  const [one = '', ...others] = started === -1 ? [] : rest.slice(started);
  // `env -S` is told all of it in one word.
  return [...one.split(/\s+/), ...others];
}

/** As Kubernetes has them: of two of one name the container's own holds, and of its own the later one. */
function variablesOf(object: KubeObject, container: unknown, context: GateContext): ReadonlyMap<string, string> {
  const dataOf = (name: string | undefined): Readonly<Record<string, string>> => textsBeside(object, name, context);
  const variables = new Map<string, string>();
  for (const source of listAt(container, 'envFrom')) {
    const prefix = textAt(source, 'prefix') ?? '';
    for (const [key, value] of Object.entries(dataOf(textAt(source, 'configMapRef', 'name'))))
      variables.set(`${prefix}${key}`, value);
  }
  for (const variable of listAt(container, 'env')) {
    const name = textAt(variable, 'name') ?? '';
    const key = textAt(variable, 'valueFrom', 'configMapKeyRef', 'key') ?? '';
    const ofConfigMap = dataOf(textAt(variable, 'valueFrom', 'configMapKeyRef', 'name'))[key];
    const value = textAt(variable, 'value') ?? ofConfigMap;
    if (value === undefined) variables.delete(name);
    else variables.set(name, value);
  }
  return variables;
}

/** In the three forms in which shells and Kubernetes write variables. */
function withValues(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(?:(\w+)|\{(\w+)\}|\((\w+)\))/g, (written: string, ...names: (string | undefined)[]) => {
    const name = names.slice(0, 3).find((each) => each !== undefined) ?? '';
    return variables.get(name) ?? written;
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
