/**
 * How the resource policy of a plan tells the claims that it copies from all others of the namespace: by their labels,
 * because Velero can select by nothing else.
 */
import type { AnsweredDataset } from '../../model/answered';
import { distinctBy, groupBy, sortedBy } from '../../model/collections';
import { objectKey } from '../../model/kube-object';
import type { Labels } from '../../model/label-selector';
import { METHOD_LABEL, PLAN_LABEL } from '../../model/marks';

export interface PolicyRule {
  readonly conditions: {
    readonly pvcPhase?: readonly string[];
    readonly pvcLabels?: Labels;
  };
  readonly action: 'skip' | CopyAction;
}

export type CopyAction = 'snapshot' | 'fs-backup';

/** A dataset of a namespace, and the plan that copies it; `undefined` where Velero does not. */
export interface Assigned {
  readonly dataset: AnsweredDataset;
  readonly plan: string | undefined;
}

/**
 * The rules of a plan, of which the first that matches a claim decides.
 *
 * @param datasets all of the namespace.
 * @param plans all of the namespace.
 */
export function rulesOf(
  plan: string,
  isDefault: boolean,
  datasets: readonly Assigned[],
  plans: readonly string[],
  copy: CopyAction,
): readonly PolicyRule[] {
  const mine = datasets.filter((one) => one.plan === plan);
  const others = datasets.filter((one) => one.plan !== plan);
  // By its own label whatever claims there are now: those of replicas that a set no longer has carry it too.
  const copied = [
    { [PLAN_LABEL]: plan },
    ...mine.flatMap(({ dataset }) => [...selectorsOf(dataset), dataset.furtherClaims ?? {}]),
  ];
  const isCopied = new Set(copied.map(selectorKey));
  const skipped = [
    ...plans.filter((other) => other !== plan).map((other) => ({ [PLAN_LABEL]: other })),
    ...others.flatMap(({ dataset }) => selectorsOf(dataset)),
  ].filter((selector) => !isCopied.has(selectorKey(selector)));
  return [
    // A claim without a volume fails the whole Backup, every night (V27).
    { conditions: { pvcPhase: ['Pending', 'Lost'] }, action: 'skip' },
    ...byPrecedence([
      ...skipped.map((pvcLabels): LabelRule => ({ conditions: { pvcLabels }, action: 'skip' })),
      ...copied.map((pvcLabels): LabelRule => ({ conditions: { pvcLabels }, action: copy })),
    ]),
    ...catchAll(isDefault ? copy : 'skip'),
  ];
}

/**
 * What happens to the claims that no rule names. Reading files takes whatever a pod mounts, emptyDirs and the file servers
 * of others too: only claims are in a phase, and of those the first rule left the bound ones (Velero v1.18.3,
 * internal/volumehelper/volume_policy_helper.go). Of what is not a claim there are no snapshots.
 */
function catchAll(action: PolicyRule['action']): readonly PolicyRule[] {
  if (action !== 'fs-backup') return [{ conditions: {}, action }];
  return [
    { conditions: { pvcPhase: ['Bound'] }, action },
    { conditions: {}, action: 'skip' },
  ];
}

interface LabelRule extends PolicyRule {
  readonly conditions: { readonly pvcLabels: Labels };
}

/** Our own label says what was decided; of other labels those say more that are more. */
function byPrecedence(rules: readonly LabelRule[]): readonly LabelRule[] {
  const known = distinctBy(
    rules.filter(({ conditions }) => Object.keys(conditions.pvcLabels).length > 0),
    ({ conditions }) => selectorKey(conditions.pvcLabels),
  );
  const rank = ({ conditions: { pvcLabels } }: LabelRule): number =>
    isMark(pvcLabels) ? Number.POSITIVE_INFINITY : Object.keys(pvcLabels).length;
  const sorted = sortedBy(known, ({ conditions, action }) =>
    JSON.stringify([action === 'skip' ? 0 : 1, selectorKey(conditions.pvcLabels)]),
  );
  return sorted
    .toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))
    .map(({ conditions, action }) => ({ conditions: { pvcLabels: inOrder(conditions.pvcLabels) }, action }));
}

/** What no rule can tell apart. */
export type Ambiguity =
  /** Its claims carry the labels of another dataset, or none as the other's, which is answered otherwise. */
  | {
      readonly type: 'indistinguishable';
      readonly dataset: AnsweredDataset;
      readonly other: AnsweredDataset;
      readonly labels: Labels;
    }
  /** Nobody says which labels its claims carry, and they may be those by which another dataset is told apart. */
  | {
      readonly type: 'labels unknown';
      readonly dataset: AnsweredDataset;
      readonly other: AnsweredDataset;
      readonly labels: Labels;
    }
  /** Nobody wants it copied, but the default plan cannot tell. Costs space, loses nothing. */
  | { readonly type: 'copied anyway'; readonly dataset: AnsweredDataset; readonly plan: string };

/** @param datasets all of the namespace. */
export function ambiguities(datasets: readonly Assigned[], defaultPlan: string | undefined): readonly Ambiguity[] {
  const uses = datasets.flatMap((one) => selectorsOf(one.dataset).map((labels) => ({ ...one, labels })));
  const found = [...groupBy(uses, ({ labels }) => selectorKey(labels)).values()].flatMap((alike): Ambiguity[] => {
    const labels = alike[0]?.labels ?? {};
    const copied = alike.filter(({ plan }) => plan !== undefined);
    // What carries no label falls to the default plan; that is chosen so that it is the plan of one of them.
    const other = copied.find(({ plan }) => plan === defaultPlan) ?? copied[0];
    if (other !== undefined) {
      return alike
        .filter(({ plan }) => plan !== other.plan)
        .map(({ dataset }) => ({ type: 'indistinguishable', dataset, other: other.dataset, labels }));
    }
    if (defaultPlan === undefined || Object.keys(labels).length > 0) return [];
    return alike.map(({ dataset }) => ({ type: 'copied anyway', dataset, plan: defaultPlan }));
  });
  return distinctBy([...found, ...unknownLabels(datasets)], (each) =>
    JSON.stringify([each.type, each.dataset.id, 'other' in each ? each.other.id : '']),
  );
}

/**
 * That no labels were given does not mean that claims carry none: what makes several mostly gives them the same, and the
 * rule that leaves one out, or to another plan, would take the others along. What nobody wants is only copied too often.
 */
function unknownLabels(datasets: readonly Assigned[]): readonly Ambiguity[] {
  const vouched = datasets.filter(({ dataset }) => isUnseen(dataset) && !isEmpty(dataset.declaration.labels));
  return datasets.flatMap(({ dataset, plan }): Ambiguity[] => {
    if (plan === undefined || !isUnseen(dataset) || dataset.declaration.labels !== undefined) return [];
    const other = vouched.find((each) => each.plan !== plan && mayShareMaker(each.dataset, dataset))?.dataset;
    if (other === undefined) return [];
    return [{ type: 'labels unknown', dataset, other, labels: other.declaration.labels ?? {} }];
  });
}

/** Whether no object shows the labels of its claims. */
function isUnseen({ heldBy, undeclaredClaim }: AnsweredDataset): boolean {
  return heldBy !== undefined || undeclaredClaim === true;
}

/** Nobody knows what makes a claim that only a pod names. */
function mayShareMaker(a: AnsweredDataset, b: AnsweredDataset): boolean {
  return a.heldBy === undefined || b.heldBy === undefined || objectKey(a.heldBy) === objectKey(b.heldBy);
}

function isEmpty(labels: Labels = {}): boolean {
  return Object.keys(labels).length === 0;
}

/** Whether some claim of a dataset falls to the default plan. */
export function hasUnlabelledClaim(dataset: AnsweredDataset): boolean {
  return dataset.claims.some(({ labels }) => Object.keys(labels).length === 0);
}

/** By what the claims of a dataset are known. */
function selectorsOf(dataset: AnsweredDataset): readonly Labels[] {
  return distinctBy(
    [...dataset.claims.map(({ labels }) => selectorOf(labels)), ...dataset.operatorClaims],
    selectorKey,
  );
}

/** Our own label says enough; a claim of somebody else is known by all labels that it has. */
function selectorOf(labels: Labels): Labels {
  const plan = labels[PLAN_LABEL];
  if (plan !== undefined) return { [PLAN_LABEL]: plan };
  const method = labels[METHOD_LABEL];
  return method === undefined ? labels : { [METHOD_LABEL]: method };
}

function isMark(selector: Labels): boolean {
  return PLAN_LABEL in selector || METHOD_LABEL in selector;
}

function inOrder(labels: Labels): Labels {
  // Nearly always: our own label.
  if (Object.keys(labels).length < 2) return labels;
  return Object.fromEntries(sortedBy(Object.entries(labels), ([label]) => label));
}

/** Equal for selectors that select the same. */
function selectorKey(selector: Labels): string {
  return JSON.stringify(inOrder(selector));
}
