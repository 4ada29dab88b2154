/** The texts of objects that a shell, or another program that reads `$`, will get to see. */
import {
  at,
  groupOf,
  isMapping,
  listAt,
  numberAt,
  textAt,
  textMapAt,
  textsAt,
  type KubeObject,
} from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';
import { podTemplateOf } from '../model/workloads';

export interface Text {
  readonly path: string;
  readonly text: string;
}

/** All texts of a value, with their paths. */
export function textsIn(value: unknown, path = ''): readonly Text[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, `${path}[${index}]`));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => textsIn(member, path === '' ? key : `${path}.${key}`));
}

/** The scripts of the objects of a repository: what of each a shell will run. */
export class Scripts {
  /** Keys of the files that workloads execute. */
  private readonly executed: ReadonlySet<string>;
  private readonly known = new Map<KubeObject, readonly Text[]>();

  constructor(objects: readonly RenderedObject[]) {
    this.executed = executedFiles(objects);
  }

  of(object: KubeObject): readonly Text[] {
    const known = this.known.get(object);
    if (known !== undefined) return known;
    const scripts = scriptsIn(object, this.executed);
    this.known.set(object, scripts);
    return scripts;
  }
}

function scriptsIn(object: KubeObject, executed: ReadonlySet<string>): readonly Text[] {
  switch (`${groupOf(object.apiVersion)}/${object.kind}`) {
    case '/ConfigMap':
      return fileScripts(object, executed);
    case 'velero.io/Schedule':
      return textsIn(at(object, 'spec', 'template', 'hooks'), 'spec.template.hooks');
    case 'velero.io/Backup':
    case 'velero.io/Restore':
      return textsIn(at(object, 'spec', 'hooks'), 'spec.hooks');
    default:
      return podScripts(podTemplateOf(object));
  }
}

function podScripts(template: unknown): readonly Text[] {
  const hooks = Object.entries(textMapAt(template, 'metadata', 'annotations'))
    .filter(([key]) => /hook\.(backup|restore)\.velero\.io\/command$/.test(key))
    .map(([key, text]) => ({ path: key, text }));
  return [...hooks, ...containersOf(template).flatMap(containerScripts)];
}

function containersOf(template: unknown): readonly unknown[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) => listAt(template, 'spec', field));
}

/** Where a container says what it runs, itself and in its handlers. */
const COMMANDS: readonly (readonly string[])[] = [
  ['command'],
  ['args'],
  ['lifecycle', 'postStart', 'exec', 'command'],
  ['lifecycle', 'preStop', 'exec', 'command'],
  ['livenessProbe', 'exec', 'command'],
  ['readinessProbe', 'exec', 'command'],
  ['startupProbe', 'exec', 'command'],
];

/** Commands; and values of variables, which end up in them and in the settings of what runs. */
function containerScripts(container: unknown): readonly Text[] {
  const name = textAt(container, 'name') ?? 'container';
  return [
    ...COMMANDS.flatMap((path) => textsIn(at(container, ...path), `${name}.${path.join('.')}`)),
    ...listAt(container, 'env').flatMap((variable) =>
      textsIn(at(variable, 'value'), `${name}.env.${textAt(variable, 'name') ?? ''}`),
    ),
  ];
}

function fileScripts(object: KubeObject, executed: ReadonlySet<string>): readonly Text[] {
  return Object.entries(textMapAt(object, 'data'))
    .filter(
      ([name, text]) =>
        isScript(name, text) || executed.has(keyOf(object.kind, object.metadata.namespace, object.metadata.name)),
    )
    .map(([name, text]) => ({ path: `data.${name}`, text }));
}

/** Lines that only a shell reads. */
const SHELL =
  /^\s*(set -[a-z]|export \w+=|if \[|for \w+ in |while |case .* in$|(function )?\w+\(\) *\{|exec |rm -|cd )/m;

function isScript(name: string, text: string): boolean {
  if (/\.(sh|bash|zsh|py|rb|pl)$/.test(name) || text.startsWith('#!')) return true;
  return !name.includes('.') && SHELL.test(text);
}

/** Keys of the ConfigMaps (Secrets with files are not written) whose files containers execute: by their mode, or because it is what they start. */
function executedFiles(objects: readonly RenderedObject[]): ReadonlySet<string> {
  return new Set(
    objects.flatMap(({ object }) => {
      const template = podTemplateOf(object);
      const volumes = listAt(template, 'spec', 'volumes').filter((volume) => at(volume, 'configMap') !== undefined);
      if (volumes.length === 0) return [];
      const run = runVolumes(template);
      return volumes.flatMap((volume) => {
        const configMap = textAt(volume, 'configMap', 'name');
        const isRun = run.has(textAt(volume, 'name') ?? '') || hasModeToRun(at(volume, 'configMap'));
        return isRun && configMap !== undefined ? [keyOf('ConfigMap', object.metadata.namespace, configMap)] : [];
      });
    }),
  );
}

/** Names of the volumes with the file that a container starts. */
function runVolumes(template: unknown): ReadonlySet<string> {
  return new Set(
    containersOf(template).flatMap((container) => {
      const [program = '', ...rest] = [...textsAt(container, 'command'), ...textsAt(container, 'args')];
      const script = INTERPRETER.test(program) ? rest.find((word) => !word.startsWith('-')) : undefined;
      return listAt(container, 'volumeMounts').flatMap((mount) => {
        const place = textAt(mount, 'mountPath');
        const isRun = place !== undefined && [program, script].some((path) => path?.startsWith(place));
        return isRun ? [textAt(mount, 'name') ?? ''] : [];
      });
    }),
  );
}

const INTERPRETER = /^(\/.*\/)?((ba|da|a|z)?sh|python3?|perl|ruby|node)$/;

function hasModeToRun(source: unknown): boolean {
  const modes = [numberAt(source, 'defaultMode'), ...listAt(source, 'items').map((item) => numberAt(item, 'mode'))];
  return modes.some((mode) => mode !== undefined && (mode & 0o111) !== 0);
}

function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return JSON.stringify([kind, namespace ?? null, name]);
}
