/** Time zones: whether a name is one, and when its clocks change. From the time zone data of Node.js. */
import { nearest } from './nearest';

/** A moment at which the clocks of a zone go forward or back. Local times are minutes since 1970-01-01 on the wall clock. */
export interface ClockChange {
  /** Wall clock just before the change. */
  readonly before: number;
  /** Wall clock just after it. Larger than `before` when the clocks go forward. */
  readonly after: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

// A fixed horizon, so that the answer depends on the zone and not on the day of the build. Rules that repeat every
// year show all their changes in it.
const FROM_MS = Date.UTC(2027, 0, 1);
const TO_MS = Date.UTC(2036, 0, 1);

/**
 * Whether both Go's time package and JavaScript know the name. Go looks for a file of that name, in which capitals
 * count, and JavaScript does not care about them; offsets such as `+01:00` are not names.
 */
export function isTimeZone(name: string): boolean {
  const canonical = canonicalName(name);
  if (canonical === undefined) return false;
  return canonical === name || (canonical.toLowerCase() !== name.toLowerCase() && isSpeltAsAlias(name));
}

/** The zone that somebody meant who wrote a name that is none: one in other capitals, or with nearly the same name. */
export function timeZoneMeant(name: string): string {
  const capitalised = String(name)
    .toLowerCase()
    .replaceAll(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
  if (isTimeZone(capitalised)) return capitalised;
  return canonicalName(name) ?? nearest(name, Intl.supportedValuesOf('timeZone')) ?? 'Europe/Berlin';
}

function canonicalName(name: unknown): string | undefined {
  if (typeof name !== 'string' || !/^[A-Za-z]/.test(name) || name === 'Local') return undefined;
  if (!canonicalNames.has(name)) canonicalNames.set(name, formatOf(name)?.resolvedOptions().timeZone);
  return canonicalNames.get(name);
}

/** Asking a format takes long, and every CronJob names a zone. */
const canonicalNames = new Map<string, string | undefined>();

/**
 * The older names of a zone are in no list that JavaScript gives. All begin each of their parts with a capital
 * (`Asia/Kolkata`, `US/Pacific`, `GB-Eire`); with digits they are capitals only (`EST5EDT`), and long ones never are.
 */
function isSpeltAsAlias(name: string): boolean {
  return name.split('/').every((part) => /^[A-Z]/.test(part) && !/^[A-Z]{4,}$|\d.*[a-z]|[a-z].*\d/.test(part));
}

/** All clock changes of a zone between 2027 and 2036; none for a zone without daylight saving. */
export function clockChanges(timeZone: string): readonly ClockChange[] {
  const known = changesByZone.get(timeZone);
  if (known !== undefined) return known;
  const changes: ClockChange[] = [];
  const format = formatOf(timeZone);
  if (format !== undefined) {
    let offset = offsetMinutes(format, FROM_MS);
    for (let day = FROM_MS; day < TO_MS; day += DAY_MS) {
      const next = offsetMinutes(format, day + DAY_MS);
      if (next === offset) continue;
      const at = instantOfChange(format, day, day + DAY_MS, offset) / MINUTE_MS;
      changes.push({ before: at + offset, after: at + next });
      offset = next;
    }
  }
  changesByZone.set(timeZone, changes);
  return changes;
}

const changesByZone = new Map<string, readonly ClockChange[]>();

const formats = new Map<string, Intl.DateTimeFormat | undefined>();

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (!formats.has(timeZone)) formats.set(timeZone, newFormat(timeZone));
  return formats.get(timeZone);
}

function newFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
}

function offsetMinutes(format: Intl.DateTimeFormat, instant: number): number {
  const name = format.formatToParts(instant).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const match = /([+-])(\d{2}):(\d{2})/.exec(name);
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

/** The first minute with another offset than `offset`, between two instants of which only the later has it. */
function instantOfChange(format: Intl.DateTimeFormat, from: number, to: number, offset: number): number {
  let low = from;
  let high = to;
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offsetMinutes(format, middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}
