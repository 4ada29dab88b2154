/** Volumes that no object shows, because something makes them at run time. */
import type { Size } from 'cdk8s';
import type { Declaration } from '../model/declaration';
import { at, isMapping } from '../model/kube-object';
import type { OpaqueRef } from '../model/kinds';
import { opaqueIdOf } from '../model/refs';
import { quantityOf } from './foreign';
import { isSize, isText, isTextMap } from './misuse';

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

/** What the answer for such a volume says besides. */
export function heldDeclaration(
  { heldBy, storage, storageClass, labels }: HeldVolume,
  namespace: string | undefined,
): Pick<Declaration, 'labels' | 'held'> {
  return {
    labels,
    held: {
      by: opaqueIdOf(heldBy, namespace),
      storage: quantityOf(storage),
      ...(storageClass === undefined ? {} : { storageClass }),
    },
  };
}

/** Whether untyped code says all of it. */
export function isHeldVolume(data: unknown): boolean {
  return (
    isText(at(data, 'claim')) &&
    isMapping(at(data, 'heldBy')) &&
    isSize(at(data, 'storage')) &&
    isTextMap(at(data, 'labels'))
  );
}
