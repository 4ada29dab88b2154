/** Every example of the documentation compiles, with the settings of this project. */
import { describe, expect, it } from 'vitest';
import { rules } from '../../lib/coverage/rules';
import { API_EXAMPLES, apiExampleFile } from '../support/api-examples';
import { linesToPaste, pasted } from '../support/remedies';
import { exampleOf, findingsOfExample } from '../support/rule-examples';
import { typeErrors } from '../support/snippets';

describe('types', () => {
  it('of the examples of docs/findings.md with what the findings print to paste, and of those beside the public API', () => {
    const remedies = rules.map((rule) => pasted(`${rule.id}-remedies.ts`, linesToPaste(findingsOfExample(rule))));
    expect(typeErrors([...rules.map(exampleOf), ...remedies, ...API_EXAMPLES.map(apiExampleFile)])).toEqual([]);
  });

  it('are really checked', () => {
    const wrong = {
      name: 'wrong.ts',
      text: `import { nightly } from 'cdk8s-backed-up';\nnightly({ too: 'offsite' });\n`,
    };
    expect(typeErrors([wrong])).toEqual([expect.stringContaining('wrong.ts:2: ')]);
  });
});
