/** Words for people. */

/** What findings print where only a person knows the words. Pasted as it is, it says nothing, and is refused again. */
export const PLACEHOLDERS = {
  exclusion: 'why losing it is acceptable',
  copy: 'Who copies it, and how.',
  bucketCopy: 'Who copies the bucket, and how.',
  repositoryCopy: 'Who mirrors it, and where to.',
  keyCopy: 'Who keeps them, and where.',
  crashConsistent: 'why what a power cut leaves is good enough',
  clusterWide: 'Which repository answers for them.',
  place: 'where they are kept outside the cluster',
} as const;

/** What findings print for a name that only the cluster knows: it is none that an object can have. */
export const UNKNOWN = '…';

/** Whether a reason is a sentence: four words or more, and neither a label nor what a finding printed. */
export function isSentence(text: unknown): text is string {
  if (typeof text !== 'string' || isPlaceholder(text)) return false;
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => /\p{L}/u.test(word));
  return words.length >= 4 && new Set(words).size > 1;
}

/**
 * Why a text does not say where keys are kept outside the cluster; `undefined` if it does. Anything counts that is not
 * known to be no place, and that names something besides the cluster: only a person can judge the rest.
 */
export function placeProblem(text: unknown): string | undefined {
  const unsaid = 'nobody said where they are kept outside the cluster';
  if (typeof text !== 'string') return unsaid;
  if (isPlaceholder(text)) return `nobody has replaced '${text}'`;
  const words = text.toLowerCase().match(/[\p{L}\d][^\s,;()]*/gu) ?? [];
  if (NO_PLACE.test(words.join(' ')) || !/[\p{L}\d]{2}/u.test(text)) return unsaid;
  const ofSecrets = words.some((word) => /^secrets?\b/.test(word));
  const outside = words.filter((word) => !INSIDE.test(word) && !(ofSecrets && /[/]|^backed-up-|^velero-/.test(word)));
  return outside.length > 0 ? undefined : `'${text}' is in the cluster, and lost with it`;
}

const NO_PLACE =
  /^(n\/a|na|none|nowhere|tbd|tba|todo|fixme|x+|unknown|later|no idea|not (yet|known|sure|decided)( yet)?|(i |we )?don['’]?t know( yet)?|nobody knows|to be (decided|done))\W*$/;

/** The cluster and what is in it, and words that say nothing of a place. */
const INSIDE =
  /^(etcd|kubernetes|k8s|cluster(['’]s)?|secrets?|namespaces?|velero|itself|same|in|inside|within|on|at|as|of|by|the|a|an|this|that|its|our|own|only|just|also|and|is|are|kept|stored|there|here)\W*$/;

/** Whether a text is still what a finding printed in its place. */
export function isPlaceholder(text: unknown): boolean {
  if (typeof text !== 'string') return false;
  return Object.values(PLACEHOLDERS).some((placeholder) => essence(placeholder) === essence(text));
}

function essence(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\d]+/gu, ' ')
    .trim();
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
