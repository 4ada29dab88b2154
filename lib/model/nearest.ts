/**
 * The candidate that somebody who wrote `text` most likely meant; `undefined` when none is close. Of several that are
 * equally close, the first.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  const wanted = text.toLowerCase();
  const row: number[] = [];
  let best: string | undefined;
  let limit = Math.max(1, Math.floor(text.length / 3));
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) > limit) continue;
    const word = candidate.toLowerCase();
    const distance = isSwapped(wanted, word) ? 1 : editDistance(wanted, word, limit, row);
    if (distance > limit) continue;
    best = candidate;
    if (distance === 0) break;
    limit = distance - 1;
  }
  return best;
}

/** Whether two words differ by two neighbouring letters that changed places, which is one mistake of a hand and not two. */
function isSwapped(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  return (
    start + 1 < a.length &&
    a[start] === b[start + 1] &&
    a[start + 1] === b[start] &&
    a.slice(start + 2) === b.slice(start + 2)
  );
}

/**
 * Insertions, deletions and replacements between two words, or more than `limit`. Only what lies within the limit of the
 * diagonal is computed, and nothing more once all of it is too far: most words differ at once.
 *
 * @param row scratch space for a row of the table.
 */
function editDistance(a: string, b: string, limit: number, row: number[]): number {
  const tooFar = limit + 1;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const width = b.length - start;
  for (let j = 0; j <= width; j += 1) row[j] = Math.min(j, tooFar);
  for (let i = 1; i <= a.length - start; i += 1) {
    const from = Math.max(1, i - limit);
    const to = Math.min(width, i + limit);
    const letter = a.charCodeAt(start + i - 1);
    let diagonal = row[from - 1] ?? tooFar;
    let left = from === 1 ? i : tooFar;
    let least = left;
    row[from - 1] = left;
    for (let j = from; j <= to; j += 1) {
      const above = row[j] ?? tooFar;
      const replaced = diagonal + (letter === b.charCodeAt(start + j - 1) ? 0 : 1);
      left = Math.min(replaced, above + 1, left + 1);
      least = Math.min(least, left);
      row[j] = left;
      diagonal = above;
    }
    if (least > limit) return tooFar;
  }
  return row[width] ?? tooFar;
}
