/**
 * Cron expressions as Velero 1.18.3 reads them (`ParseStandard` of github.com/netresearch/go-cron v0.15.0): day of month
 * and day of week both have to match, ranges may run over the end, and Sunday is 0 and 7.
 */
import { normalizeCron, type CronFields } from '../model/cron';
import { isDurationProblem, parseGoDuration } from '../model/go-duration';
import { largestGapOfFields } from '../model/schedule';
import { isTimeZone } from '../model/time-zone';

export interface CronReading {
  /**
   * How often its time comes: `seldom` if there are five years without it. Velero looks no further ahead, and takes a
   * time that it does not find for one that has passed: it makes a Backup every minute.
   */
  readonly comes: 'regularly' | 'seldom' | 'never';
  /** Absent for an interval, and for what only a person starts. */
  readonly fields?: CronFields;
  /** As the expression names it. */
  readonly timeZone?: string;
  readonly everySeconds?: number;
}

export interface CronRefusal {
  /** As a sentence without its full stop, about the expression. */
  readonly problem: string;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of week', min: 0, max: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const DESCRIPTORS = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);
/** Of go-cron's own: jobs that are started by hand. Velero never does. */
const TRIGGERED = new Set(['@triggered', '@manual', '@none']);

const MAX_LENGTH = 1024;

export function readVeleroCron(expression: string): CronReading | CronRefusal {
  const reading = readings.get(expression) ?? readExpression(expression);
  readings.set(expression, reading);
  return reading;
}

/** A cluster has few different expressions, and asks about them often. */
const readings = new Map<string, CronReading | CronRefusal>();

function readExpression(expression: string): CronReading | CronRefusal {
  if (expression === '') return { problem: 'it is empty' };
  if (expression.length > MAX_LENGTH) return { problem: `it is longer than ${MAX_LENGTH} characters` };
  const zoned = withoutZone(expression);
  if ('problem' in zoned) return zoned;
  const { text, ...zone } = zoned;
  return text.startsWith('@') ? readDescriptor(text, zone) : readFields(text, zone);
}

/** The longest time between two runs, in seconds of elapsed time; without end for what never comes or is refused. */
export function largestVeleroGap(expression: string): number {
  const reading = readVeleroCron(expression);
  if (isCronRefusal(reading)) return Number.POSITIVE_INFINITY;
  const { fields, everySeconds, timeZone = 'UTC' } = reading;
  return everySeconds ?? (fields === undefined ? Number.POSITIVE_INFINITY : largestGapOfFields(fields, timeZone));
}

interface Zone {
  readonly timeZone?: string;
}

function readFields(text: string, zone: Zone): CronReading | CronRefusal {
  const parts = text.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== FIELDS.length) return { problem: `it has ${parts.length} fields, and Velero wants five` };
  const values: ReadonlySet<number>[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const read = readField(parts[index] ?? '', field);
    if ('problem' in read) return read;
    values.push(read);
  }
  const [minutes = NONE, hours = NONE, days = NONE, months = NONE, weekdays = NONE] = values;
  return {
    comes: minutes.size === 0 || hours.size === 0 ? 'never' : howOften(days, months, weekdays),
    fields: {
      minutes: inOrder(minutes),
      hours: inOrder(hours),
      daysOfMonth: inOrder(days),
      months: inOrder(months),
      daysOfWeek: inOrder(new Set([...weekdays].map((day) => day % 7))),
    },
    ...zone,
  };
}

function inOrder(values: ReadonlySet<number>): readonly number[] {
  return [...values].toSorted((a, b) => a - b);
}

const NONE: ReadonlySet<number> = new Set();

export function isCronRefusal(result: CronReading | CronRefusal): result is CronRefusal {
  return 'problem' in result;
}

function withoutZone(expression: string): (Zone & { readonly text: string }) | CronRefusal {
  const prefix = /^(?:CRON_)?TZ=/.exec(expression)?.[0];
  if (prefix === undefined) return { text: expression };
  const space = expression.indexOf(' ');
  const text = expression.slice(space).trim();
  if (space < 0 || text === '') return { problem: 'it has no fields after the time zone' };
  const zone = expression.slice(prefix.length, space).replace(/^(["'])(.*)\1$/, '$2');
  return zone === 'Local' || isTimeZone(zone)
    ? // The zone of the machine is that of a container.
      { text, timeZone: zone === 'Local' ? 'UTC' : zone }
    : { problem: `it names the time zone '${zone}', which does not exist` };
}

function readDescriptor(text: string, zone: Zone): CronReading | CronRefusal {
  if (DESCRIPTORS.has(text)) return readFields(normalizeCron(text), zone);
  if (TRIGGERED.has(text)) return { comes: 'never' };
  if (!text.startsWith('@every ')) return { problem: `it has the descriptor '${text}', which Velero does not know` };
  const every = text.slice('@every '.length);
  const duration = parseGoDuration(every);
  if (isDurationProblem(duration)) return { problem: `its duration '${every}' ${duration.problem}` };
  if (duration.seconds < 1) return { problem: 'it comes more often than once a second' };
  return { comes: 'regularly', everySeconds: duration.seconds };
}

function readField(text: string, field: Field): ReadonlySet<number> | CronRefusal {
  const problem = (what: string): CronRefusal => ({
    problem: `its ${field.name} '${text}' ${what}`,
  });
  const values = new Set<number>();
  for (const item of text.split(',').filter((one) => one !== '')) {
    const [range = '', stepText, ...more] = item.split('/');
    const [fromText = '', toText, ...further] = range.split('-');
    if (more.length > 0 || further.length > 0) return problem('has too many slashes or hyphens');
    const isStar = fromText === '*' || fromText === '?';
    const from = isStar ? field.min : readValue(fromText, field);
    const step = stepText === undefined ? 1 : readNumber(stepText);
    let to = from;
    if (isStar || (stepText !== undefined && toText === undefined)) to = field.max;
    else if (toText !== undefined) to = readValue(toText, field);
    if (from === undefined || to === undefined || step === undefined) return problem('has something that is no number');
    if (from < field.min || to > field.max) return problem(`lies outside ${field.min} to ${field.max}`);
    const size = from <= to ? to - from + 1 : field.max - from + 1 + (to - field.min + 1);
    if (step === 0 || (step > 1 && step >= size)) return problem('has a step of zero, or one as large as its range');
    const width = field.max - field.min + 1;
    for (let value = from; value <= (from <= to ? to : to + width); value += step) {
      values.add(value > field.max ? ((value - field.min) % width) + field.min : value);
    }
  }
  return values;
}

function readValue(text: string, { names }: Field): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named < 0) return readNumber(text);
  return names?.length === 12 ? named + 1 : named;
}

/** Go reads a sign; a negative number is out of any range. */
function readNumber(text: string): number | undefined {
  return /^\+?\d+$/.test(text) || /^-0+$/.test(text) ? Number(text) : undefined;
}

/** Weekdays and leap years come round in 28 years; these have no year without a leap day among them. */
const CYCLE_START = 2027;
const CYCLE_YEARS = 28;
const YEARS_AHEAD = 5;

function howOften(
  days: ReadonlySet<number>,
  months: ReadonlySet<number>,
  weekdays: ReadonlySet<number>,
): CronReading['comes'] {
  const isIn = (year: number): boolean =>
    [...months].some((month) =>
      [...days].some((day) => {
        const date = new Date(Date.UTC(year, month - 1, day));
        const weekday = date.getUTCDay();
        return date.getUTCDate() === day && (weekdays.has(weekday) || (weekday === 0 && weekdays.has(7)));
      }),
    );
  const years = Array.from({ length: CYCLE_YEARS + YEARS_AHEAD }, (_, index) => isIn(CYCLE_START + index));
  if (!years.includes(true)) return 'never';
  const isMissed = years.some(
    (_, index) => index < CYCLE_YEARS && !years.slice(index, index + YEARS_AHEAD).includes(true),
  );
  return isMissed ? 'seldom' : 'regularly';
}
