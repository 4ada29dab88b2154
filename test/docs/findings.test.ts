/** docs/findings.md: every example triggers the finding that it stands for, with remedies that can be pasted. */
import { describe, expect, it } from 'vitest';
import { rules } from '../../lib/coverage/rules';
import { isTypeScript, linesToPaste } from '../support/remedies';
import { findingsOfExample } from '../support/rule-examples';

describe('the examples of docs/findings.md', () => {
  for (const rule of rules) {
    it(`[${rule.id}] the example`, () => {
      const findings = findingsOfExample(rule);
      expect(new Set(findings.map((finding) => finding.rule))).toEqual(new Set([rule.id]));
      expect(linesToPaste(findings).filter((line) => !isTypeScript(line))).toEqual([]);
    });
  }
});
