/** For `npm run test:rules`: notes in which files of tests each rule has findings. */
import { appendFileSync } from 'node:fs';
import { expect } from 'vitest';
import { rules } from '../../lib/coverage/rules';

const trace = process.env['RULE_TRACE'] ?? '';
const isWrapped: { [wrapped: symbol]: unknown } = globalThis;
const WRAPPED = Symbol.for('backed-up/rule-trace');
const noted = new Set<string>();

// Without isolation every file of tests runs this anew, on the same rules.
if (isWrapped[WRAPPED] === undefined) {
  isWrapped[WRAPPED] = true;
  for (const rule of rules) {
    const check = rule.check.bind(rule);
    const value: typeof check = (context) => {
      const findings = [...check(context)];
      const line = `${JSON.stringify({ rule: rule.id, file: expect.getState().testPath })}\n`;
      if (findings.length > 0 && !noted.has(line)) {
        noted.add(line);
        appendFileSync(trace, line);
      }
      return findings;
    };
    Object.defineProperty(rule, 'check', { value });
  }
}
