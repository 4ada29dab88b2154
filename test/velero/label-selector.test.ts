import { describe, expect, it } from 'vitest';
import { isSelectorProblem, parseLabelSelector } from '../../lib/model/label-selector';
import { isLabelKey, isLabelValue } from '../../lib/model/names';

const LABELS = { app: 'db', tier: '' };

function matches(selector: unknown): boolean | string {
  const parsed = parseLabelSelector(selector);
  return isSelectorProblem(parsed) ? parsed.problem : parsed.matches(LABELS);
}

describe('parseLabelSelector', () => {
  it.each([
    [{}, true],
    [{ matchLabels: { app: 'db' } }, true],
    [{ matchLabels: { app: 'DB' } }, false],
    [{ matchLabels: { app: 'db', other: 'x' } }, false],
    [{ matchLabels: { tier: '' } }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'db'] }] }, true],
    [{ matchExpressions: [{ key: 'gone', operator: 'In', values: [''] }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, true],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }] }, false],
    [{ matchExpressions: [{ key: 'gone', operator: 'NotIn', values: ['db'] }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'gone', operator: 'Exists', values: [] }] }, false],
    [{ matchExpressions: [{ key: 'gone', operator: 'DoesNotExist' }] }, true],
    [{ matchLabels: { app: 'db' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
  ])('%j on {app: db, tier: ""} is %s', (selector, expected) => {
    expect(matches(selector)).toBe(expected);
  });

  it.each([
    [{ matchExpressions: [{ key: 'app', operator: 'in', values: ['db'] }] }, "the operator 'in'"],
    [{ matchExpressions: [{ key: 'app', values: ['db'] }] }, "the operator 'undefined'"],
    [{ matchExpressions: [{ key: 'app', operator: 'In' }] }, 'needs values'],
    [{ matchExpressions: [{ key: 'app', operator: 'Exists', values: ['db'] }] }, 'takes no values'],
    [{ matchLabels: { 'a b': 'db' } }, "'a b' is not a label key"],
    [{ matchLabels: { app: 'd b' } }, "'d b' is not a label value"],
  ])('%j is refused', (selector, problem) => {
    expect(matches(selector)).toContain(problem);
  });
});

it('knows label keys and values', () => {
  expect(['app', 'app.kubernetes.io/name', 'A_b.c'].filter(isLabelKey)).toHaveLength(3);
  expect(['', '/x', 'x/', 'X.y/z', 'a/b/c', '-a', `${'a'.repeat(64)}`].filter(isLabelKey)).toEqual([]);
  expect(['', 'a', 'A-1_b.c', 'a'.repeat(63)].filter(isLabelValue)).toHaveLength(4);
  expect(['-', 'a-', 'ä', 'a'.repeat(64)].filter(isLabelValue)).toEqual([]);
});
