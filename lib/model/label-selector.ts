/**
 * Kubernetes label selectors: `matchLabels` and `matchExpressions`, as `metav1.LabelSelectorAsSelector` reads them
 * (k8s.io/apimachinery v0.33).
 */
import { isMapping, listAt, textAt, textMapAt, textsAt } from './kube-object';
import { isLabelKey, isLabelValue } from './names';

/** Of every namespace, with its name, by Kubernetes itself. */
export const NAMESPACE_LABEL = 'kubernetes.io/metadata.name';

export type Labels = Readonly<Record<string, string>>;

/** Whether an object with labels is one of those that some of them are asked for, as the selector of a Service does. */
export function carries(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** As a property to paste: `{ app: 'db', 'app.kubernetes.io/part-of': 'wiki' }`. */
export function labelsToPaste(labels: Labels): string {
  const entries = Object.entries(labels).map(([key, value]) => {
    const name = /^[A-Za-z_]\w*$/.test(key) ? key : `'${key}'`;
    return `${name}: '${value}'`;
  });
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** For people: `app=db,tier=data`. */
export function describeLabels(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

export interface LabelSelector {
  matches(labels: Labels): boolean;
  /** Whether it may match an object of which only some labels are known. */
  mayMatch(known: Labels): boolean;
  /** Whether it matches such an object, whatever its other labels are. */
  mustMatch(known: Labels): boolean;
  /** Whether it has no requirement, and so matches every object. */
  readonly isEmpty: boolean;
}

export interface SelectorProblem {
  /** What is wrong, as a sentence without its full stop. */
  readonly problem: string;
}

interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: ReadonlySet<string>;
}

/** @param value what stands in the field, such as `labelSelector`. What is not a mapping selects as an empty one does. */
export function parseLabelSelector(value: unknown): LabelSelector | SelectorProblem {
  const requirements: Requirement[] = [];
  for (const [key, text] of Object.entries(textMapAt(value, 'matchLabels'))) {
    requirements.push({ key, operator: 'In', values: new Set([text]) });
  }
  for (const expression of listAt(value, 'matchExpressions')) {
    const requirement = parseExpression(expression);
    if ('problem' in requirement) return requirement;
    requirements.push(requirement);
  }
  for (const { key, values } of requirements) {
    if (!isLabelKey(key)) return { problem: `'${key}' is not a label key` };
    const wrong = [...values].find((text) => !isLabelValue(text));
    if (wrong !== undefined) return { problem: `'${wrong}' is not a label value` };
  }
  return {
    matches: (labels) => requirements.every((requirement) => isMet(requirement, labels)),
    mayMatch: (known) =>
      requirements.every((requirement) => !Object.hasOwn(known, requirement.key) || isMet(requirement, known)),
    mustMatch: (known) =>
      requirements.every((requirement) => Object.hasOwn(known, requirement.key) && isMet(requirement, known)),
    isEmpty: requirements.length === 0,
  };
}

export function isSelectorProblem(result: LabelSelector | SelectorProblem): result is SelectorProblem {
  return 'problem' in result;
}

function parseExpression(expression: unknown): Requirement | SelectorProblem {
  const key = textAt(expression, 'key') ?? '';
  const operator = isMapping(expression) ? expression['operator'] : undefined;
  const values = textsAt(expression, 'values');
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) return { problem: `the expression on '${key}' needs values for ${operator}` };
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) return { problem: `the expression on '${key}' takes no values for ${operator}` };
      break;
    default:
      return {
        problem: `the expression on '${key}' has the operator '${String(operator)}', which Kubernetes does not know`,
      };
  }
  return { key, operator, values: new Set(values) };
}

function isMet({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.has(value);
    case 'NotIn':
      return value === undefined || !values.has(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
