/** Answers for data that somebody else's objects bring: a Helm chart, an include, a file of the same repository. */
import { Chart, type Size } from 'cdk8s';
import type { Construct } from 'constructs';
import type { DatasetRef, OneOrMore, OpaqueRef, StrategyFor, VolumeStrategy } from '../model/kinds';
import { parseQuantity, type Quantity } from '../model/quantity';
import { datasetIdOf, opaqueIdOf } from '../model/refs';
import { excluded, type Excluded } from '../model/strategy';
import { answerOf } from './answer';
import { demandGate, Ledger, originOf } from './ledger';

export interface ForeignOptions {
  /**
   * Labels that the claims carry without our doing, where the objects do not show them. Velero tells claims apart by
   * labels only. The audit checks that they are there.
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Backs up data that an object brings which somebody else wrote.
 *
 * @param ref names the data; the namespace is the chart's unless the reference says otherwise.
 * @example
 * backUp(this, { claim: 'wiki-data' }, nightly({ to: local, keep: { weekly: 4 } }));
 */
export function backUp<const R extends DatasetRef>(
  scope: Construct,
  ref: R,
  strategy: OneOrMore<StrategyFor<R>>,
  options: ForeignOptions = {},
): void {
  demandGate(scope);
  Ledger.of(scope).declarations.push({
    dataset: datasetIdOf(ref, Chart.of(scope).namespace),
    answer: answerOf(strategy),
    at: originOf(scope),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
  });
}

export interface ExcludeOptions extends ForeignOptions {
  /** Why losing the data is acceptable, in a sentence. */
  readonly reason: string;
  /** Day, `2027-06-01`, after which audit and alerts ask whether the reason still holds. */
  readonly reviewBy?: string;
}

/**
 * Leaves data out, on purpose.
 *
 * @example
 * exclude(this, { statefulSet: 'redis', template: 'data' }, { reason: 'Redis holds only sessions, people log in again.' });
 */
export function exclude(scope: Construct, ref: DatasetRef, options: ExcludeOptions): void {
  const { reason, reviewBy, labels } = options;
  demandGate(scope);
  Ledger.of(scope).declarations.push({
    dataset: datasetIdOf(ref, Chart.of(scope).namespace),
    answer: excluded(reason, reviewBy === undefined ? {} : { reviewBy }),
    at: originOf(scope),
    ...(labels === undefined ? {} : { labels }),
  });
}

/** A claim that an object makes at run time. */
export interface HeldClaimProps extends ForeignOptions {
  readonly storage: Size;
  /** Default: the cluster's default class. */
  readonly storageClass?: string;
  /**
   * Default: the namespace that the object installs into, which is `spec.targetNamespace` of a HelmRelease or a Flux
   * Kustomization, the destination of an Argo CD Application, and otherwise the object's own. Required where the object
   * does not tell.
   */
  readonly namespace?: string;
  readonly backup: OneOrMore<VolumeStrategy> | Excluded;
}

/** A claim with its answer; `excluded('…')` alone where nothing else is known of a claim that nobody copies. */
export type HeldClaim = HeldClaimProps | Excluded;

/**
 * Says which claims an object makes at run time that nobody sees beforehand, and answers for each. `{}` says that it
 * makes none; the audit checks that.
 *
 * @param claims by the names that they will have in the cluster.
 * @example
 * holds(this, { helmRelease: 'registry' }, {
 *   'registry-data': {
 *     storage: Size.gibibytes(100),
 *     storageClass: 'ceph-block',
 *     labels: { 'app.kubernetes.io/name': 'registry' },
 *     backup: nightly({ to: local, keep: { weekly: 4 } }),
 *   },
 *   'registry-cache': excluded('A pull-through cache, filled again on demand.'),
 * });
 */
export function holds(scope: Construct, ref: OpaqueRef, claims: Readonly<Record<string, HeldClaim>>): void {
  demandGate(scope);
  const ledger = Ledger.of(scope);
  const at = originOf(scope);
  const object = opaqueIdOf(ref, Chart.of(scope).namespace);
  ledger.opaque.push({ object, at });
  for (const [name, claim] of Object.entries(claims)) {
    const { storage, storageClass, backup, labels, namespace } = 'type' in claim ? { backup: claim } : claim;
    ledger.declarations.push({
      // Without a namespace until the object is known: it is rendered later.
      dataset: { group: '', kind: 'PersistentVolumeClaim', ...(namespace === undefined ? {} : { namespace }), name },
      answer: answerOf(backup),
      at,
      ...(labels === undefined ? {} : { labels }),
      held: {
        by: object,
        ...(storage === undefined ? {} : { storage: quantityOf(storage) }),
        ...(storageClass === undefined ? {} : { storageClass }),
      },
    });
  }
}

function quantityOf(size: Size): Quantity {
  const text = size.asString();
  return parseQuantity(text) ?? { text, bytes: size.toKibibytes() * 1024 };
}
