/** Volumes that no object shows, because something makes them at run time. */
import type { Size } from 'cdk8s';
import type { Declaration } from '../model/declaration';
import { at, mappingAt } from '../model/kube-object';
import type { OpaqueRef } from '../model/kinds';
import { opaqueIdOf } from '../model/refs';
import { quantityOf } from './foreign';
import { isSize, isText, isTextMap, type Expected } from './misuse';

/** A claim that a HelmRelease makes at run time. What else that makes is said by `holds`. */
export interface HeldVolume {
  /** Name of the claim. */
  readonly claim: string;
  /** Where it is. Default: the chart's namespace. */
  readonly namespace?: string;
  /** What makes it: `{ helmRelease: 'gitea' }`. */
  readonly heldBy: OpaqueRef;
  /** How much it requests. */
  readonly storage: Size;
  /** Its class. Default: the cluster's default class. */
  readonly storageClass?: string;
  /** Labels that it carries, by which Velero tells it apart. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What the answer for a volume says besides, where it is such a one. */
export function heldDeclaration(data: object, namespace: string | undefined): Pick<Declaration, 'labels' | 'held'> {
  if (!isHeld(data)) return {};
  const { heldBy, storage, storageClass, labels } = data;
  return {
    labels,
    held: {
      by: opaqueIdOf(heldBy, namespace),
      storage: quantityOf(storage),
      ...(storageClass === undefined ? {} : { storageClass }),
    },
  };
}

/** The volume of an application, by a name that may be its own: where no types do, all of what is needed has to be said. */
export function volumeOf(name: string): Expected {
  return {
    is: (data) =>
      at(data, 'heldBy') === undefined
        ? isText(at(data, 'claim')) || (isText(at(data, 'statefulSet')) && isText(at(data, 'template')))
        : isHeldVolume(data),
    write: (data) =>
      at(data, 'heldBy') === undefined
        ? `data: { claim: '${name}-data' }, or { statefulSet: '${name}', template: 'data' }`
        : `data: { claim: 'data-${name}-0', heldBy: { helmRelease: '${name}' }, storage: Size.gibibytes(20), labels: { app: '${name}' } }`,
  };
}

function isHeld(data: object): data is HeldVolume {
  return at(data, 'heldBy') !== undefined;
}

function isHeldVolume(data: unknown): boolean {
  return (
    isText(at(data, 'claim')) &&
    Object.values(mappingAt(at(data, 'heldBy'))).some(isText) &&
    isSize(at(data, 'storage')) &&
    isTextMap(at(data, 'labels'))
  );
}
