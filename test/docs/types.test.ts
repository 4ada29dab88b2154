/** Every example of the documentation compiles, with the settings of this project. */
import { describe, expect, it } from 'vitest';
import { rules } from '../../lib/coverage/rules';
import { API_EXAMPLES, apiExampleFile } from '../support/api-examples';
import { exampleOf } from '../support/rule-examples';
import { typeErrors } from '../support/snippets';

describe('types', () => {
  it('of the examples of docs/findings.md, and of those beside the public API', () => {
    expect(typeErrors([...rules.map(exampleOf), ...API_EXAMPLES.map(apiExampleFile)])).toEqual([]);
  });

  it('are really checked', () => {
    const wrong = {
      name: 'wrong.ts',
      text: `import { nightly } from 'cdk8s-backed-up';\nnightly({ too: 'offsite' });\n`,
    };
    expect(typeErrors([wrong])).toEqual([expect.stringContaining('wrong.ts:2: ')]);
  });
});
