/** Answers for data that somebody else's objects bring: a Helm chart, an include, a file of the same repository. */
import type { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import type { DatasetRef, OneOrMore, OpaqueRef, StrategyFor, VolumeStrategy } from '../model/kinds';
import { isMapping } from '../model/kube-object';
import { parseQuantity, type Quantity } from '../model/quantity';
import { datasetIdOf, opaqueIdOf } from '../model/refs';
import { excluded } from '../model/statements';
import type { Excluded } from '../model/strategy';
import { answerOf } from './answer';
import { chartFor, demandGate, Ledger, originOf } from './ledger';

/** What can be said of claims that somebody else makes. */
export interface ForeignOptions {
  /**
   * Labels that the claims carry without our doing, where the objects do not show them: `kubectl get pvc --show-labels`.
   * Velero tells claims apart by labels only. They are taken at their word; `{}` says that there are none. Default: what
   * the objects show. Of claims that no object shows they are asked for once others are told apart by theirs
   * (`claims-indistinguishable`).
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Backs up data that an object brings which somebody else wrote: a Helm chart that was rendered, an include, a file that
 * `alsoRead` names. A claim in the output gets the labels that Velero selects by.
 *
 * @param scope a construct in the chart whose backup folder gets the Schedules; usually `this`.
 * @param ref names the data; the namespace is the chart's unless the reference says otherwise. What names no data that
 *   exists is refused (`idle-declaration`).
 * @throws Error if untyped code passes a reference that names no kind of data, or the scope is in no Chart.
 * @example
 * new Include(this, 'wiki', { url: 'wiki.yaml' });
 * backUp(this, { claim: 'wiki-data' }, nightly({ to: offsite, keep: { daily: 14 } }));
 * // apiVersion: v1
 * // kind: PersistentVolumeClaim
 * // metadata:
 * //   name: wiki-data
 * //   namespace: paperless
 * //   annotations:
 * //     backed-up/dataset: PersistentVolumeClaim paperless/wiki-data
 * //     kustomize.toolkit.fluxcd.io/prune: disabled
 * //   labels:
 * //     backed-up/method: velero
 * //     backed-up/plan: nightly
 */
export function backUp<const R extends DatasetRef>(
  scope: Construct,
  ref: R,
  strategy: OneOrMore<StrategyFor<R>>,
  options: ForeignOptions = {},
): void {
  demandGate(scope);
  const chart = chartFor('backUp', scope);
  if (chart === undefined) return;
  Ledger.of(scope).declarations.push({
    dataset: datasetIdOf(ref, chart.namespace),
    answer: answerOf(strategy),
    at: originOf(scope),
    ...(options.labels === undefined ? {} : { labels: options.labels }),
  });
}

/** Why data is left out. */
export interface ExcludeOptions extends ForeignOptions {
  /** Why losing the data is acceptable: at least four words, and not those that a finding printed (`thin-reason`). */
  readonly reason: string;
  /** Day, `2027-06-01`, after which synth warns that the reason is to be looked at again. Default: never. */
  readonly reviewBy?: string;
}

/**
 * Leaves data of somebody else out, on purpose.
 *
 * @param scope a construct in the chart that answers for it; usually `this`.
 * @param ref as for {@link backUp}.
 * @throws Error if untyped code passes a reference that names no kind of data, or the scope is in no Chart.
 * @example
 * new Include(this, 'wiki', { url: 'wiki.yaml' });
 * exclude(this, { claim: 'wiki-data' }, { reason: 'The wiki is imported again from Git.', reviewBy: '2028-06-01' });
 * // apiVersion: v1
 * // kind: PersistentVolumeClaim
 * // metadata:
 * //   name: wiki-data
 * //   namespace: paperless
 * //   annotations:
 * //     backed-up/reason: The wiki is imported again from Git.
 * //     backed-up/review-by: "2028-06-01"
 * //   labels:
 * //     backed-up/method: excluded
 */
export function exclude(scope: Construct, ref: DatasetRef, options: ExcludeOptions): void {
  const { reason, reviewBy, labels } = { ...options };
  demandGate(scope);
  const chart = chartFor('exclude', scope);
  if (chart === undefined) return;
  Ledger.of(scope).declarations.push({
    dataset: datasetIdOf(ref, chart.namespace),
    answer: excluded(reason, reviewBy === undefined ? {} : { reviewBy }),
    at: originOf(scope),
    ...(labels === undefined ? {} : { labels }),
  });
}

/** A claim that an object makes at run time. */
export interface HeldClaimProps extends ForeignOptions {
  /** How much is requested: `Size.gibibytes(100)`, which is `100Gi`. */
  readonly storage: Size;
  /** Default: the cluster's default class. */
  readonly storageClass?: string;
  /**
   * Default: the namespace that the object installs into, which is `spec.targetNamespace` of a HelmRelease or a Flux
   * Kustomization, the destination of an Argo CD Application, and otherwise the object's own. Required where the object
   * does not tell.
   */
  readonly namespace?: string;
  /** How it is backed up, or `excluded('…')`. */
  readonly backup: OneOrMore<VolumeStrategy> | Excluded;
}

/** A claim with its answer; `excluded('…')` alone where nothing else is known of a claim that nobody copies. */
export type HeldClaim = HeldClaimProps | Excluded;

/**
 * Says which claims an object makes at run time that nobody sees beforehand, and answers for each. `{}` says that it
 * makes none. Velero is told to copy them by the labels that are vouched for.
 *
 * @param scope a construct in the chart whose backup folder gets the Schedules; usually `this`.
 * @param ref names the object: a HelmRelease, a Flux Kustomization, or one of a kind that `kinds` calls opaque.
 * @param claims by the names that they will have in the cluster.
 * @throws Error if untyped code passes a reference that names no such kind, or the scope is in no Chart.
 * @example
 * new ApiObject(this, 'registry', {
 *   apiVersion: 'helm.toolkit.fluxcd.io/v2',
 *   kind: 'HelmRelease',
 *   metadata: { name: 'registry' },
 *   spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'registry' } },
 * });
 * holds(this, { helmRelease: 'registry' }, {
 *   'registry-data': {
 *     storage: Size.gibibytes(100),
 *     storageClass: 'ceph-block',
 *     labels: { 'app.kubernetes.io/name': 'registry', component: 'data' },
 *     backup: nightly({ to: offsite, keep: { daily: 14 } }),
 *   },
 *   'registry-cache': {
 *     storage: Size.gibibytes(100),
 *     labels: { 'app.kubernetes.io/name': 'registry', component: 'cache' },
 *     backup: excluded('A pull-through cache, filled again on demand.'),
 *   },
 * });
 * // apiVersion: velero.io/v1
 * // kind: Schedule
 * // metadata:
 * //   name: paperless-nightly-offsite
 * //   namespace: velero
 * // spec:
 * //   template:
 * //     includedNamespaces:
 * //       - paperless
 * //     ttl: 336h0m0s
 * //     resourcePolicy:
 * //       kind: configmap
 * //       name: paperless-nightly
 */
export function holds(scope: Construct, ref: OpaqueRef, claims: Readonly<Record<string, HeldClaim>>): void {
  demandGate(scope);
  const chart = chartFor('holds', scope);
  if (chart === undefined) return;
  const ledger = Ledger.of(scope);
  const at = originOf(scope);
  const object = opaqueIdOf(ref, chart.namespace);
  if (!isMapping(claims)) {
    const problem = 'holds(…) names no claims: write {} as its last argument where the object makes none';
    ledger.misused.push({ path: scope.node.path, problem });
    return;
  }
  ledger.opaque.push({ object, at });
  for (const [name, claim] of Object.entries(claims)) {
    const { storage, storageClass, backup, labels, namespace } =
      isMapping(claim) && !('type' in claim) ? claim : { backup: claim };
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

/** A size as objects have it. */
export function quantityOf(size: Size): Quantity {
  const text = size.asString();
  return parseQuantity(text) ?? { text, bytes: size.toKibibytes() * 1024 };
}
