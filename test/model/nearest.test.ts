import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearest } from '../../lib/model/nearest';

/** By the definition, without any shortcut. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  return Math.min(
    distance(a.slice(1), b) + 1,
    distance(a, b.slice(1)) + 1,
    distance(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
  );
}

/** Whether the letters at some place and the next one, changed in one word, make the other. */
function isSwapped(a: string, b: string): boolean {
  return [...a].some(
    (letter, i) => i > 0 && a !== b && `${a.slice(0, i - 1)}${letter}${a[i - 1] ?? ''}${a.slice(i + 1)}` === b,
  );
}

function simplyNearest(text: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, far: isSwapped(text, candidate) ? 1 : distance(text, candidate) }))
    .filter(({ far }) => far <= Math.max(1, Math.floor(text.length / 3)));
  return near.toSorted((a, b) => a.far - b.far)[0]?.candidate;
}

describe('the nearest name', () => {
  it('is the first of those with the fewest changes', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 7 });
    fc.assert(
      fc.property(word, fc.array(word, { maxLength: 6 }), (text, candidates) => {
        expect(nearest(text, candidates)).toBe(simplyNearest(text, candidates));
      }),
    );
  });

  it('takes two letters that changed places for one mistake', () => {
    expect(nearest('medai', ['model', 'media'])).toBe('media');
    expect(nearest('meida', ['made'])).toBeUndefined();
  });

  it('does not ask for more once nothing can be nearer', () => {
    const asked: string[] = [];
    function* candidates(): Generator<string> {
      for (const name of ['wiki-date', 'WIKI-DATA', 'wiki-data']) {
        asked.push(name);
        yield name;
      }
    }
    expect(nearest('wiki-data', candidates())).toBe('WIKI-DATA');
    expect(asked).toEqual(['wiki-date', 'WIKI-DATA']);
  });
});
