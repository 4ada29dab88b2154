/** Tests of the rules: a complete, accepted example, and its twin with one change that exactly one rule refuses. */
import { expect, it } from 'vitest';
import { isTypeScript, linesToPaste } from './remedies';
import { explain, synthesizeScenario, type Scenario, type ScenarioOptions } from './scenario';

export interface RuleTest {
  /** What is built; `changed` makes the one change. */
  readonly build: (scenario: Scenario, changed: boolean) => void;
  /** Where the change is in the platform, the app's properties or the files beside. */
  readonly options?: (changed: boolean) => ScenarioOptions;
  /** The whole text of the findings, as it is printed. */
  readonly says: string;
}

/**
 * @param rule id of the rule that refuses; `npm run test:rules` switches it off and wants exactly these tests to fail.
 * @param rows of the catalogue of false successes.
 */
export function refuses(rule: string, rows: readonly string[], situation: string, test: RuleTest): void {
  const { build, options = () => ({}), says } = test;
  it(`[${rule}] ${rows.map((row) => `${row} `).join('')}${situation}`, () => {
    const accepted = synthesizeScenario((scenario) => build(scenario, false), options(false));
    expect(explain(accepted.findings)).toBe('');
    const refused = synthesizeScenario((scenario) => build(scenario, true), options(true));
    expect(explain(refused.findings)).toBe(trimmed(says));
    expect(new Set(refused.findings.map((finding) => finding.rule))).toEqual(new Set([rule]));
    expect(linesToPaste(refused.findings).filter((line) => !isTypeScript(line))).toEqual([]);
  });
}

/** Takes the indentation of the test's own code away. */
function trimmed(text: string): string {
  const lines = text.replace(/^\n/, '').trimEnd().split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)?.[0].length ?? 0);
  const indent = Math.min(...indents);
  return lines.map((line) => line.slice(indent)).join('\n');
}
