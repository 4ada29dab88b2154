/** The closed table of kinds whose objects make others at run time, which nobody sees beforehand: `holds` answers for them. */
import { groupOf, textAt, type KubeObject } from './kube-object';

interface OpaqueKindRow {
  readonly ref: string;
  readonly group: string;
  readonly kind: string;
  /** Where what it makes goes that names no namespace itself, as far as the object says so. */
  readonly installsInto: (object: KubeObject) => string | undefined;
}

export const OPAQUE_KINDS = [
  {
    ref: 'helmRelease',
    group: 'helm.toolkit.fluxcd.io',
    kind: 'HelmRelease',
    installsInto: (object) => textAt(object, 'spec', 'targetNamespace') ?? object.metadata.namespace,
  },
  {
    ref: 'kustomization',
    group: 'kustomize.toolkit.fluxcd.io',
    kind: 'Kustomization',
    installsInto: (object) => textAt(object, 'spec', 'targetNamespace'),
  },
  {
    ref: 'application',
    group: 'argoproj.io',
    kind: 'Application',
    installsInto: (object) => textAt(object, 'spec', 'destination', 'namespace'),
  },
  // Its generators fill the template: one set installs into many namespaces.
  { ref: 'applicationSet', group: 'argoproj.io', kind: 'ApplicationSet', installsInto: () => undefined },
] as const satisfies readonly OpaqueKindRow[];

/** The namespace of the claims that an opaque object makes; an operator makes them beside its own objects. */
export function installNamespace(object: KubeObject): string | undefined {
  const group = groupOf(object.apiVersion);
  const row: OpaqueKindRow | undefined = OPAQUE_KINDS.find((each) => each.kind === object.kind && each.group === group);
  return row === undefined ? object.metadata.namespace : row.installsInto(object);
}
