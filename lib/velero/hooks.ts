/** Backup hooks of pods, as far as objects show that they fail (internal/hook and pkg/podexec, Velero v1.18.3). */
import { at, listAt, textAt, textsAt } from '../model/kube-object';
import { isSelectorProblem, parseLabelSelector } from '../model/label-selector';
import type { Discovery } from './discovery';
import { NameFilter } from './name-filter';
import type { PodView } from './views';

export type HookPhase = 'pre' | 'post';

export interface HookResult {
  readonly errors: readonly string[];
  /** Whether the pod is left out for it; its claims are not. */
  readonly failsPod: boolean;
}

interface Hook {
  readonly name: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly failsPod: boolean;
}

export class Hooks {
  /** Why the hooks of the Backup cannot be read, which fails it as a whole. */
  readonly problem: string | undefined;

  constructor(
    private readonly specs: readonly unknown[],
    private readonly discovery: Discovery,
  ) {
    const [problem] = specs.flatMap((spec) => {
      const selector = parseLabelSelector(at(spec, 'labelSelector'));
      return isSelectorProblem(selector) ? [selector.problem] : [];
    });
    this.problem = problem;
  }

  /** A hook that can run is taken to succeed. */
  run(pod: PodView, phase: HookPhase): HookResult {
    const errors: string[] = [];
    for (const hook of this.#of(pod, phase)) {
      const problem = problemOf(hook, pod);
      if (problem === undefined) continue;
      errors.push(`The ${phase} hook of ${pod.description} fails: ${problem}.`);
      // The hooks after it are not run.
      if (hook.failsPod) return { errors, failsPod: true };
    }
    return { errors, failsPod: false };
  }

  /** Whether something is run in a pod, whatever it does. */
  areThere(pod: PodView, phase: HookPhase): boolean {
    return this.#of(pod, phase).length > 0;
  }

  #of(pod: PodView, phase: HookPhase): readonly Hook[] {
    const annotated = fromAnnotations(pod, phase);
    return annotated === undefined ? this.#fromSpec(pod, phase) : [annotated];
  }

  #fromSpec(pod: PodView, phase: HookPhase): readonly Hook[] {
    return this.specs.flatMap((spec) => {
      if (!this.#appliesTo(spec, pod)) return [];
      return listAt(spec, phase).flatMap((hook) => {
        const exec = at(hook, 'exec') ?? undefined;
        if (exec === undefined) return [];
        return [
          {
            name: textAt(spec, 'name') ?? '',
            container: textAt(exec, 'container') ?? '',
            command: textsAt(exec, 'command'),
            failsPod: textAt(exec, 'onError') === 'Fail',
          },
        ];
      });
    });
  }

  #appliesTo(spec: unknown, pod: PodView): boolean {
    const namespaces = NameFilter.of(textsAt(spec, 'includedNamespaces'), textsAt(spec, 'excludedNamespaces'));
    const resolve = (field: string): readonly string[] =>
      textsAt(spec, field).flatMap((name) => (name === '' ? [] : [this.discovery.resolve(name)?.id ?? name]));
    const resources = NameFilter.of(
      resolve('includedResources'),
      resolve('excludedResources').filter((name) => name !== '*'),
    );
    const selector = parseLabelSelector(at(spec, 'labelSelector'));
    return (
      namespaces.selects(pod.namespace) &&
      resources.selects('pods') &&
      (isSelectorProblem(selector) || selector.matches(pod.labels))
    );
  }
}

/** Annotations go before the hooks of the Backup; those without a phase are `pre`. */
function fromAnnotations({ annotations }: PodView, phase: HookPhase): Hook | undefined {
  const prefixes = phase === 'pre' ? ['pre.', ''] : ['post.'];
  const prefix = prefixes.find((one) => (annotations[`${one}hook.backup.velero.io/command`] ?? '') !== '');
  if (prefix === undefined) return undefined;
  const read = (field: string): string => annotations[`${prefix}hook.backup.velero.io/${field}`] ?? '';
  return {
    name: '<from-annotation>',
    container: read('container'),
    command: parseCommand(read('command')),
    failsPod: read('on-error') === 'Fail',
  };
}

function parseCommand(text: string): readonly string[] {
  if (!text.startsWith('[')) return [text];
  try {
    const parsed: unknown = JSON.parse(text);
    const words = Array.isArray(parsed) ? parsed.filter((word) => typeof word === 'string') : [];
    return Array.isArray(parsed) && words.length === parsed.length ? words : [text];
  } catch {
    return [text];
  }
}

function problemOf(hook: Hook, pod: PodView): string | undefined {
  if (hook.name === '') return 'it has no name';
  if (pod.containers.length === 0) return 'the pod has no container';
  if (hook.container !== '' && !pod.containers.includes(hook.container)) {
    return `the pod has no container '${hook.container}'`;
  }
  if (hook.command.length === 0) return 'it has no command';
  if (pod.phase === 'Succeeded' || pod.phase === 'Failed' || pod.isRunning === 'unknown') return undefined;
  if (pod.nodeName === '') return 'the pod is on no node';
  return pod.phase === 'Running' ? undefined : `the pod is ${pod.phase}, and no container can run it`;
}
