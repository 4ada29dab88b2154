/** Every example of the documentation compiles, with the settings of this project. */
import { describe, expect, it } from 'vitest';
import { rules } from '../../lib/coverage/rules';
import { exampleOf } from '../support/rule-examples';
import { typeErrors } from '../support/snippets';

describe('types', () => {
  it('of the examples of docs/findings.md', () => {
    expect(typeErrors(rules.map(exampleOf))).toEqual([]);
  });

  it('are really checked', () => {
    const wrong = {
      name: 'wrong.ts',
      text: `import { nightly } from 'cdk8s-backed-up';\nnightly({ too: 'offsite' });\n`,
    };
    expect(typeErrors([wrong])).toEqual([expect.stringContaining('wrong.ts:2: ')]);
  });
});
