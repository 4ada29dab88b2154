/** In which namespace the claims are that `holds` lists. */
import { ApiObject, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { excluded, holds, type OpaqueRef } from '../../lib';
import { synthesizeScenario } from '../support/scenario';

const backup = excluded('A cache, filled again on demand.');

/** Namespaces of the two claims of an object in `paperless`; of one, the declaration says it. */
function namespaces(
  apiVersion: string,
  kind: string,
  spec: Readonly<Record<string, unknown>>,
  ref: OpaqueRef,
): readonly (string | undefined)[] {
  const { inventory } = synthesizeScenario(
    ({ chart }) => {
      // Said before the object exists.
      holds(chart, ref, { cache: backup, far: { storage: Size.gibibytes(1), namespace: 'far', backup } });
      new ApiObject(chart, 'object', { apiVersion, kind, metadata: { name: 'app' }, spec } as never);
    },
    { props: { kinds: { 'example.com/Store': 'opaque' } } },
  );
  const claims = inventory.datasets.filter(({ id }) => id.kind === 'PersistentVolumeClaim');
  return claims.toSorted((a, b) => (a.id.name < b.id.name ? -1 : 1)).map(({ id }) => id.namespace);
}

describe('a claim that an object makes at run time', () => {
  const helm = ['helm.toolkit.fluxcd.io/v2', 'HelmRelease'] as const;
  const argo = 'argoproj.io/v1alpha1';
  const destination = { namespace: 'shop' };

  it('is where its object installs, unless it says otherwise', () => {
    expect(namespaces(...helm, { targetNamespace: 'shop' }, { helmRelease: 'app' })).toEqual(['shop', 'far']);
    expect(namespaces(...helm, {}, { helmRelease: 'app' })).toEqual(['paperless', 'far']);
    expect(namespaces(argo, 'Application', { destination }, { application: 'app' })).toEqual(['shop', 'far']);
    const store = { kind: 'example.com/Store', name: 'app' } as const;
    expect(namespaces('example.com/v1', 'Store', {}, store)).toEqual(['paperless', 'far']);
    const flux = ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization'] as const;
    expect(namespaces(...flux, { targetNamespace: 'shop' }, { kustomization: 'app' })).toEqual(['shop', 'far']);
    expect(namespaces(...flux, {}, { kustomization: 'app' })).toEqual([undefined, 'far']);
    const template = { spec: { destination } };
    expect(namespaces(argo, 'ApplicationSet', { template }, { applicationSet: 'app' })).toEqual([undefined, 'far']);
  });
});
