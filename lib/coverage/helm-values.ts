/** What a HelmRelease says of its chart, as far as it says it itself. */
import { booleanAt, isMapping, textAt, type KubeObject } from '../model/kube-object';

/** Name of its chart; of a reference, that of the object that brings the chart. */
export function chartOf(release: KubeObject): string | undefined {
  return textAt(release, 'spec', 'chart', 'spec', 'chart') ?? textAt(release, 'spec', 'chartRef', 'name');
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
