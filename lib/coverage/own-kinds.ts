/** What the user's own code says of kinds, compared with what somebody had to say. */
import { roleOf } from '../model/kinds';
import { nearest } from '../model/nearest';
import type { GateInput } from './context';
import { findData } from './find-data';
import { inWords, type RuleFinding } from './finding';

/** Entries that nothing needs: misspelt, left over, or about what the library's own tables know. */
export function idleKinds({ objects, ownKinds }: GateInput): readonly RuleFinding[] {
  const keys = Object.keys(ownKinds);
  if (keys.length === 0) return [];
  const { unlistedKinds, unlistedSources } = findData(objects, []);
  const open = new Set([...unlistedKinds, ...unlistedSources].map(({ what }) => what));
  return keys
    .filter((key) => !open.has(key))
    .map((key) => ({
      subject: `kinds: { '${key}': … }`,
      because: whyIdle(key, open),
      remedies: inWords('correct the name, or delete the declaration'),
    }));
}

const ROLES: Readonly<Record<string, string>> = {
  data: 'hold data',
  workload: 'mount volumes',
  opaque: 'make others, which holds() answers for',
  'no data': 'hold no data',
};

function whyIdle(key: string, open: ReadonlySet<string>): string {
  const slash = key.lastIndexOf('/');
  if (slash < 0) return `it names no API group: write 'group/${key}', or '/${key}' for one in the core group`;
  const { role } = roleOf(key.slice(0, slash), key.slice(slash + 1));
  if (role !== 'unlisted') return whatKindIs(role);
  const meant = nearest(key, open);
  return `nothing in need of it is among the objects${meant === undefined ? '' : `; did you mean '${meant}'?`}`;
}

/** @param role that the library's own tables give a kind. */
export function whatKindIs(role: string): string {
  return `this library knows that objects of the kind ${ROLES[role] ?? role}, and goes by that`;
}
