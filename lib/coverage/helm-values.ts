/** What a HelmRelease says of its chart, as far as it or what it refers to shows. */
import {
  at,
  booleanAt,
  isMapping,
  listAt,
  mappingAt,
  textAt,
  type KubeObject,
  type Mapping,
} from '../model/kube-object';
import { parseAsKubernetes } from '../yaml/read';
import { textsBeside } from './config-maps';
import type { GateContext } from './context';

/** Name of its chart in a repository, or of the OCI artifact; where nobody sees that, of the object that brings the chart. */
export function chartOf(release: KubeObject, context: GateContext): string | undefined {
  return shownChartOf(release, context) ?? textAt(release, 'spec', 'chartRef', 'name');
}

/** The same without a guess. */
export function shownChartOf(release: KubeObject, context: GateContext): string | undefined {
  const reference = at(release, 'spec', 'chartRef');
  const source = context
    .ofKind('source.toolkit.fluxcd.io', textAt(reference, 'kind') ?? '')
    .find(
      ({ object: { metadata } }) =>
        metadata.name === textAt(reference, 'name') &&
        metadata.namespace === (textAt(reference, 'namespace') ?? release.metadata.namespace),
    );
  const chart =
    textAt(release, 'spec', 'chart', 'spec', 'chart') ??
    textAt(source?.object, 'spec', 'url') ??
    textAt(source?.object, 'spec', 'chart');
  // `oci://docker.gitea.com/charts/gitea`, `./charts/gitea`.
  return chart?.replace(/\/$/, '').split('/').at(-1);
}

/** What Helm calls a release, which its objects are called after. */
export function releaseNameOf({ metadata, spec }: KubeObject): string {
  const target = textAt(spec, 'targetNamespace');
  return textAt(spec, 'releaseName') ?? (target === undefined ? metadata.name : `${target}-${metadata.name}`);
}

/**
 * The values of a release: its own, and those of ConfigMaps that it takes values from. What a Secret sets at a path is left
 * out, and of a whole file of values in a Secret nothing is known, as of a variable that comes from there.
 */
export function valuesOf(release: KubeObject, context: GateContext): Mapping {
  const from = listAt(release, 'spec', 'valuesFrom').reduce<Mapping>((values, reference) => {
    const text = textFrom(reference, release, context);
    const path = textAt(reference, 'targetPath');
    if (path !== undefined) return merged(values, nested(pathOf(path), text));
    return text === undefined ? values : merged(values, mappingAt(parseAsKubernetes(text, 'values').documents[0]));
  }, {});
  return merged(from, mappingAt(release, 'spec', 'values'));
}

function textFrom(reference: unknown, release: KubeObject, context: GateContext): string | undefined {
  if (textAt(reference, 'kind') !== 'ConfigMap') return undefined;
  const data = textsBeside(release, textAt(reference, 'name'), context);
  return data[textAt(reference, 'valuesKey') ?? 'values.yaml'];
}

/** As Helm does: mappings are joined, and everything else takes the place of what was there. */
function merged(values: Mapping, over: Mapping): Mapping {
  const joined = Object.entries(over).map(([key, value]) => {
    const before = values[key];
    return [key, isMapping(before) && isMapping(value) ? merged(before, value) : value] as const;
  });
  return { ...values, ...Object.fromEntries(joined) };
}

/** `gitea.config.storage\.lfs.STORAGE_TYPE`, where a dot with a backslash is part of a name. */
function pathOf(text: string): readonly string[] {
  return text.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'));
}

function nested([first = '', ...rest]: readonly string[], value: unknown): Mapping {
  return { [first]: rest.length === 0 ? value : nested(rest, value) };
}

/**
 * Where values switch a volume on that the chart makes, `primary.persistence.enabled`: what is switched off as a whole is
 * left out, and so is what another object makes. Charts have more switches; these are what nearly all of them call so.
 */
export function persistenceIn(values: unknown, path: readonly string[] = []): readonly string[] {
  if (!isMapping(values) || values['enabled'] === false) return [];
  return Object.entries(values).flatMap(([key, value]) => {
    const here = [...path, key];
    if (key !== 'persistence' || booleanAt(value, 'enabled') !== true) return persistenceIn(value, here);
    const isMadeElsewhere = booleanAt(value, 'create') === false || (textAt(value, 'existingClaim') ?? '') !== '';
    return isMadeElsewhere ? [] : [[...here, 'enabled'].join('.')];
  });
}
