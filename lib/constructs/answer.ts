import type { DatasetAnswer } from '../model/declaration';
import { isCadence } from '../model/cadence';
import { isMapping, textAt } from '../model/kube-object';
import type { Answer, Strategy } from '../model/strategy';

/**
 * What was given as `backup`, as one answer. `undefined` where untyped code gave nothing, or something that is no
 * strategy; the gate reports it.
 */
export function answerOf(given: unknown): DatasetAnswer | undefined {
  const answers: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (answers.length === 1 && isExclusion(answers[0])) return answers[0];
  return answers.length > 0 && answers.every(isStrategy) ? { strategies: answers } : undefined;
}

export function isExclusion(value: unknown): value is Answer & { readonly type: 'excluded' } {
  return isMapping(value) && value['type'] === 'excluded';
}

function isStrategy(value: unknown): value is Strategy {
  if (!isMapping(value) || typeof value['type'] !== 'string') return false;
  if (value['type'] === 'elsewhere') return true;
  if (textAt(value, 'to', 'type') !== 's3') return false;
  return value['type'] === 'continuous'
    ? isCadence(value['baseCopies']) && typeof value['restoreWindowSeconds'] === 'number'
    : isCadence(value['cadence']);
}
