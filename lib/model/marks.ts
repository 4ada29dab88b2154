/** Labels and annotations on objects: how a claim says what was decided about it, and what Flux is told about it. */
import { methodOf, type AnsweredDataset } from './answered';
import { describeDataset } from './dataset';
import { isExcluded, type DatasetAnswer } from './declaration';
import { mappingAt, type KubeObject } from './kube-object';
import type { Strategy } from './strategy';

/** On everything that synth makes itself. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'cdk8s-backed-up' };

export const METHOD_LABEL = 'backed-up/method';
export const PLAN_LABEL = 'backed-up/plan';
export const DATASET_ANNOTATION = 'backed-up/dataset';
export const REASON_ANNOTATION = 'backed-up/reason';
export const REVIEW_ANNOTATION = 'backed-up/review-by';

/** Flux deletes what leaves the repository, except objects with this annotation (kustomize-controller v1.9.4). */
export const PRUNE_ANNOTATION = 'kustomize.toolkit.fluxcd.io/prune';
/** With `disabled`, Flux leaves `${NAME}` and `$$` in the object alone (kustomize-controller v1.9.4). */
export const SUBSTITUTE_ANNOTATION = 'kustomize.toolkit.fluxcd.io/substitute';
export const DISABLED = 'disabled';

/** Whether an object tells Flux so, in a label or an annotation, in any case (fluxcd/pkg ssa v0.76.1, utils/meta.go). */
export function tellsFlux(object: KubeObject, what: 'force' | 'prune' | 'reconcile' | 'ssa', value: string): boolean {
  const key = `kustomize.toolkit.fluxcd.io/${what}`;
  return ['labels', 'annotations'].some((field) => {
    const text = mappingAt(object.metadata, field)[key];
    return typeof text === 'string' && text.toLowerCase() === value.toLowerCase();
  });
}

export interface Marks {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What stands on a claim: labels for Velero, which can select by nothing else, annotations for people. */
export function marksOf(dataset: AnsweredDataset): Marks {
  const { id, answer } = dataset;
  const annotations = { [DATASET_ANNOTATION]: describeDataset(id) };
  if (isExcluded(answer)) {
    const review = answer.reviewBy === undefined ? {} : { [REVIEW_ANNOTATION]: answer.reviewBy };
    return {
      labels: { [METHOD_LABEL]: 'excluded' },
      annotations: { ...annotations, [REASON_ANNOTATION]: answer.reason, ...review },
    };
  }
  const plan = planOf(answer);
  const method = methodOf(dataset);
  if (plan === undefined || method === undefined) {
    const [first] = answer.strategies;
    const reason = first?.type === 'elsewhere' ? { [REASON_ANNOTATION]: first.sentence } : {};
    return { labels: { [METHOD_LABEL]: 'elsewhere' }, annotations: { ...annotations, ...reason } };
  }
  // Velero would take a claim by the label of its plan.
  return { labels: { [METHOD_LABEL]: method, ...(method === 'jobs' ? {} : { [PLAN_LABEL]: plan }) }, annotations };
}

/** All copies of a dataset belong to one plan, because a claim carries one label: the one that is named, or the first strategy's. */
export function planOf(answer: DatasetAnswer): string | undefined {
  const [first] = isExcluded(answer) ? [] : answer.strategies.filter(({ type }) => type !== 'elsewhere');
  return namedPlans(answer)[0] ?? (first === undefined ? undefined : unnamedPlan(first));
}

/** The plans that the strategies of a dataset name; more than one contradict each other. */
export function namedPlans(answer: DatasetAnswer): readonly string[] {
  if (isExcluded(answer)) return [];
  return [...new Set(answer.strategies.flatMap((strategy) => ('plan' in strategy ? (strategy.plan ?? []) : [])))];
}

/** The name of the function that made the strategy. */
function unnamedPlan(strategy: Strategy): string {
  if (strategy.type !== 'scheduled') return strategy.type;
  const names = { hour: 'hourly', night: 'nightly', week: 'weekly', cron: 'scheduled' };
  return names[strategy.cadence.every];
}
