/** Words for people. */

/** Whether a reason is a sentence and not a label. */
export function isSentence(text: unknown): text is string {
  return typeof text === 'string' && text.trim().split(/\s+/).length >= 4;
}

/** `28 h 10 min`, `3 d`, `45 s`: at most two units, exact where that is possible. */
export function describeSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'never';
  const units = [
    { name: 'd', size: 86_400 },
    { name: 'h', size: 3600 },
    { name: 'min', size: 60 },
    { name: 's', size: 1 },
  ];
  // Up to two days, hours say more than days.
  const first = units.findIndex((unit) => seconds >= (unit.name === 'd' ? 2 * unit.size : unit.size));
  if (first < 0) return '0 s';
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const unit of units.slice(first, first + 2)) {
    const count = Math.floor(rest / unit.size);
    rest -= count * unit.size;
    if (count > 0) parts.push(`${count} ${unit.name}`);
  }
  return parts.join(' ');
}

/** `1 volume`, `2 volumes`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/** `a, b and c`. */
export function enumerated(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}
