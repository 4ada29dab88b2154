/** Small helpers on lists; all keep the order of what they are given. */

/** Groups in order of first appearance. `Map.groupBy` came with Node 21. */
export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** By code unit, so that the order is the same on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Sorted by a text of each item, which is asked for once. */
export function sortedBy<T>(items: Iterable<T>, textOf: (item: T) => string): T[] {
  const keyed = Array.from(items, (item) => ({ item, text: textOf(item) }));
  return keyed.toSorted((a, b) => compareText(a.text, b.text)).map(({ item }) => item);
}

/** The items with different keys, first of each kept. */
export function distinctBy<T>(items: Iterable<T>, keyOf: (item: T) => string): T[] {
  const byKey = new Map<string, T>();
  for (const item of items) {
    const key = keyOf(item);
    if (!byKey.has(key)) byKey.set(key, item);
  }
  return [...byKey.values()];
}
