/**
 * Globs as Velero matches them: github.com/gobwas/glob v0.2.3, compiled without separators, so that `*` crosses dots.
 * Left out are its mistakes about braces with empty alternatives, some of which crash it.
 */

/** Characters that make a pattern more than a literal. */
const SPECIAL = /[*?[{\\]/;

export function isLiteral(pattern: string): boolean {
  return !SPECIAL.test(pattern);
}

/** A test for one pattern, `undefined` for a pattern that the library refuses. */
export function compileGlob(pattern: string): ((text: string) => boolean) | undefined {
  if (isLiteral(pattern)) return (text) => text === pattern;
  const ends = /^([^*?[{\\]+)\*+([^*?[{\\]+)$/.exec(pattern);
  if (ends !== null) {
    const [, start = '', end = ''] = ends;
    // The library does not ask whether the two overlap: `a*a` matches `a`.
    return (text) => text.startsWith(start) && text.endsWith(end);
  }
  const source = translate([...pattern]);
  if (source === undefined) return undefined;
  // The library lets a lone `?` match the empty text too, which is how Velero writes `all namespaces` in places.
  const expression = source === '.' ? /^.?$/su : new RegExp(`^${source}$`, 'su');
  return (text) => expression.test(text);
}

/** The pattern as a regular expression. An alternative that is never closed ends with the pattern, as in the library. */
function translate(characters: readonly string[]): string | undefined {
  let source = '';
  let depth = 0;
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else if (character === '\\') {
      index += 1;
      source += literal(characters[index] ?? '');
    } else if (character === '[') {
      const range = translateRange(characters, index + 1);
      if (range === undefined) return undefined;
      source += range.source;
      index = range.end;
    } else if (character === '{') {
      source += '(?:';
      depth += 1;
    } else if (character === '}' && depth > 0) {
      source += ')';
      depth -= 1;
    } else if (character === ',' && depth > 0) source += '|';
    else source += literal(character);
  }
  return source + ')'.repeat(depth);
}

/** `[abc]`, `[a-c]`, `[!abc]`: one list or one range, never both. */
function translateRange(
  characters: readonly string[],
  start: number,
): { readonly source: string; readonly end: number } | undefined {
  const negated = characters[start] === '!';
  const first = negated ? start + 1 : start;
  const caret = negated ? '^' : '';
  if (characters[first + 1] === '-') {
    const low = characters[first] ?? '';
    const high = characters[first + 2];
    if (high === undefined || characters[first + 3] !== ']') return undefined;
    if ((high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) return undefined;
    return { source: `[${caret}${member(low)}-${member(high)}]`, end: first + 3 };
  }
  let list = '';
  let index = first;
  while (characters[index] !== ']') {
    const escaped = characters[index] === '\\';
    const character = characters[escaped ? index + 1 : index];
    if (character === undefined) return undefined;
    list += member(character);
    index += escaped ? 2 : 1;
  }
  return list === '' ? undefined : { source: `[${caret}${list}]`, end: index };
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`);
}

function member(character: string): string {
  return character.replace(/[\\^\-[\]]/, String.raw`\$&`);
}
