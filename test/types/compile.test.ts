/** What is wrong does not compile. */
import { describe, expect, it } from 'vitest';
import { typeErrors } from '../support/snippets';
import { fileOf, LINES_BEFORE, WRONG_CODE } from './cases';

describe('the compiler refuses', () => {
  // One program for all of them: each costs seconds.
  const errors = typeErrors(WRONG_CODE.map((wrong, index) => ({ name: `${index}.ts`, text: fileOf(wrong) })));

  it.each(WRONG_CODE.map((wrong, index) => [wrong.what, index, wrong] as const))('%s', (_, index, { code, error }) => {
    const mine = errors.filter((text) => text.startsWith(`${index}.ts:`));
    const wanted = code.split('\n').map((_line, line) => sorted(`${index}.ts:${LINES_BEFORE + line + 1}: ${error}`));
    expect(mine.map((text) => sorted(text.split('\n')[0] ?? ''))).toEqual([expect.toBeOneOf(wanted)]);
  });
});

/** The compiler names the words of a union in the order in which it has met them, wherever that was. */
function sorted(text: string): string {
  return text.replaceAll(/"[^"]+"( \| "[^"]+")+/g, (union) => union.split(' | ').toSorted().join(' | '));
}
