/** What keeps Flux from applying the output. */
import { at, booleanAt, textAt, type KubeObject } from '../../model/kube-object';
import { FLUX_NAMESPACE, folderInSource } from '../../model/platform';
import type { RenderedObject } from '../../model/rendered';
import { counted } from '../../model/text';
import type { GateContext } from '../context';
import { aboutObject, inWords, type RuleFinding } from '../finding';
import type { Rule } from '../rule';

export const outputUnapplied: Rule = {
  id: 'output-unapplied',
  heading: (n) => `${counted(n, 'object')} that ${n === 1 ? 'keeps' : 'keep'} Flux from applying the output`,
  what: 'The Kustomization that applies the output is suspended or moves it to another namespace, or the source that it reads is suspended or leaves files of the output out.',
  why: 'Nothing of what is proven here would be in the cluster. Flux reports no error: what is suspended keeps the status that it had.',
  fix: 'Remove the field.',
  example: `new ApiObject(chart, 'apps', {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'apps', namespace: 'flux-system' },
  spec: { interval: '10m', path: './dist', prune: true, suspend: true, sourceRef: { kind: 'GitRepository', name: 'flux-system' } },
});`,
  check: (context) => {
    const { sourceRef } = context.platform.flux;
    const kustomizations = context.ofKind('kustomize.toolkit.fluxcd.io', 'Kustomization');
    return [
      ...findings(kustomizations, (object) => whyKustomization(object, context)),
      ...findings(context.ofKind('source.toolkit.fluxcd.io', sourceRef.kind), (object) => whySource(object, context)),
    ];
  },
};

function findings(
  candidates: readonly RenderedObject[],
  why: (object: KubeObject) => readonly string[],
): readonly RuleFinding[] {
  return candidates
    .filter(({ generated }) => generated !== true)
    .flatMap(({ object, origin }) =>
      why(object).map((because) => ({
        ...aboutObject(object, origin),
        because,
        remedies: inWords('remove the field'),
      })),
    );
}

function whyKustomization(object: KubeObject, { platform, kustomizations }: GateContext): readonly string[] {
  const path = textAt(object, 'spec', 'path') ?? '';
  if (kustomizations.appliedBy(object) === undefined || folderInSource(path) !== folderInSource(platform.flux.path))
    return [];
  const moved = textAt(object, 'spec', 'targetNamespace');
  return [
    ...(isSuspended(object) ? ['it is suspended'] : []),
    ...(moved === undefined ? [] : [`targetNamespace moves all that it applies to ${moved}`]),
  ];
}

function whySource(object: KubeObject, { platform }: GateContext): readonly string[] {
  const { sourceRef, namespace = FLUX_NAMESPACE, path } = platform.flux;
  const { metadata } = object;
  if (metadata.name !== sourceRef.name || metadata.namespace !== namespace) return [];
  const ignored = (textAt(at(object, 'spec'), 'ignore') ?? '')
    .split('\n')
    .find((line) => leavesOut(line, folderInSource(path)));
  return [
    ...(isSuspended(object) ? ['it is suspended'] : []),
    ...(ignored === undefined ? [] : [`its ignore has ${ignored.trim()}`]),
  ];
}

function isSuspended(object: KubeObject): boolean {
  return booleanAt(object, 'spec', 'suspend') === true;
}

/** Whether a line in the format of `.gitignore` names the output, a folder above it, something in it, or all YAML. */
function leavesOut(line: string, output: string): boolean {
  const pattern = line.trim();
  if (pattern === '' || pattern.startsWith('#') || pattern.startsWith('!')) return false;
  const place = pattern.replaceAll(/^\*\*\/|^\/|(\/\*{0,2})$/g, '');
  return (
    ['*', '*.yaml'].includes(place) || `${output}/`.startsWith(`${place}/`) || `${place}/`.startsWith(`${output}/`)
  );
}
