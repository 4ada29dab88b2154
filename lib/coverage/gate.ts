/** The gate: all rules over all objects, all findings at once. */
import { compareText } from '../model/collections';
import type { GateContext } from './context';
import { describeOrigin, type Finding } from './finding';
import { rules } from './rules';

/** @returns in the order of the rules, then of their subjects. */
export function examine(context: GateContext): readonly Finding[] {
  return rules.flatMap((rule) =>
    [...rule.check(context)]
      .map((finding): Finding => ({ rule: rule.id, severity: rule.severity ?? 'error', ...finding }))
      .toSorted((a, b) => compareText(sortKey(a), sortKey(b))),
  );
}

export function refuses(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === 'error');
}

function sortKey({ subject, at, because = '' }: Finding): string {
  return JSON.stringify([subject, at === undefined ? '' : describeOrigin(at), because]);
}
