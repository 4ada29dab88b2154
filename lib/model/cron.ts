/**
 * Cron expressions in the subset that every backend reads the same way.
 *
 * Kubernetes CronJobs (robfig/cron v3), Velero (netresearch/go-cron) and CloudNativePG (robfig/cron v1, with seconds)
 * disagree on `7` for Sunday, on `?`, `L`, `W`, `#` and `H`, on descriptors, on zone prefixes, and on what it means when
 * day of month and day of week are both given. What one of them would read differently is refused here.
 */

/** The values of each field, sorted. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[];
  /** Whether it comes on a day that matches either of the two, instead of both. */
  readonly onEitherDay?: boolean;
}

export interface CronProblem {
  /** What is wrong and what to write instead, as the end of a sentence that begins with the expression. */
  readonly problem: string;
}

interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const FIELDS = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 6, names: WEEKDAYS },
] as const satisfies readonly FieldRule[];

const DESCRIPTORS: ReadonlyMap<string, string> = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

/** The expression as it is rendered: descriptors spelt out, one space between fields. Does not check it. */
export function normalizeCron(expression: string): string {
  const text = expression.trim().replaceAll(/\s+/g, ' ');
  return DESCRIPTORS.get(text.toLowerCase()) ?? text;
}

/**
 * @param reader `portable` refuses what any backend reads differently; `CronJob` takes what Kubernetes takes
 * (robfig/cron v3.0.1, ParseStandard).
 */
export function parseCron(expression: string, reader: 'portable' | 'CronJob' = 'portable'): CronFields | CronProblem {
  const key = `${reader} ${expression}`;
  const parsed = known.get(key) ?? readCron(expression, reader);
  known.set(key, parsed);
  return parsed;
}

/** A cluster has few different expressions, and asks about them often. */
const known = new Map<string, CronFields | CronProblem>();

function readCron(expression: string, reader: 'portable' | 'CronJob'): CronFields | CronProblem {
  const text = reader === 'CronJob' ? portableCron(normalizeCron(expression)) : normalizeCron(expression);
  if (/^(CRON_)?TZ=/i.test(text)) return { problem: 'names a time zone inside: give it as `timeZone`' };
  if (text.startsWith('@')) {
    return { problem: 'is no time that can be computed beforehand: write five fields, such as `0 */6 * * *`' };
  }
  const parts = text.split(' ');
  if (text === '' || parts.length !== FIELDS.length) {
    const count = text === '' ? 0 : parts.length;
    return {
      problem: `has ${count} fields: write five, minute, hour, day of month, month and day of week; seconds are added where a backend wants them`,
    };
  }
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = parts;
  const parsed = [minute, hour, dayOfMonth, month, dayOfWeek].map((part, index) =>
    parseField(part, FIELDS[index] ?? FIELDS[0]),
  );
  for (const field of parsed) if ('problem' in field) return field;
  const values = parsed.map((field) => ('problem' in field ? [] : field));
  const [minutes = [], hours = [], daysOfMonth = [], months = [], daysOfWeek = []] = values;
  // By the text and not by the values: the parsers take `1-31` for a restriction.
  const bothDays = dayOfMonth !== '*' && dayOfWeek !== '*';
  if (bothDays && reader === 'portable') {
    return { problem: 'gives a day of month and a day of week: cron runs on either, not on both, so say only one' };
  }
  const fields: CronFields = {
    minutes,
    hours,
    daysOfMonth,
    months,
    daysOfWeek,
    ...(bothDays ? { onEitherDay: true } : {}),
  };
  if (!bothDays && !canFire(fields)) return { problem: 'never comes: no month in it has such a day' };
  return fields;
}

/** What only Kubernetes' parser takes, in other words: `?` for `*`, `5/10` for `5-59/10`, steps beyond the range. */
function portableCron(text: string): string {
  const parts = text.split(' ');
  if (parts.length !== FIELDS.length) return text;
  return parts
    .map((part, index) => {
      const { min, max } = FIELDS[index] ?? FIELDS[0];
      return part
        .split(',')
        .map((item) => {
          const all = item.replace(/^\?/, '*').replace(/^(\w+)\//, `$1-${max}/`);
          const step = Number(/\/(\d+)$/.exec(all)?.[1] ?? 1);
          // Such a step only ever hits the first value.
          return step > max - min ? all.replace(/^\*\/.*$/, String(min)).replace(/^(\w+)-\w+\/.*$/, '$1') : all;
        })
        .join(',');
    })
    .join(' ');
}

export function isCronProblem(result: CronFields | CronProblem): result is CronProblem {
  return 'problem' in result;
}

function parseField(text: string, rule: FieldRule): readonly number[] | CronProblem {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const range = parseItem(item, rule);
    if ('problem' in range) return range;
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
  }
  return [...values].toSorted((a, b) => a - b);
}

function parseItem(item: string, rule: FieldRule): { from: number; to: number; step: number } | CronProblem {
  const match = /^(?:(?<star>\*)|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d+))?$/.exec(item);
  if (match?.groups === undefined) {
    return {
      problem: `has '${item}' as ${rule.name}, which not every backend understands: use numbers, lists, ranges and steps`,
    };
  }
  const { star, from: fromText = '', to: toText, step: stepText } = match.groups;
  const step = stepText === undefined ? 1 : Number(stepText);
  if (step < 1 || step > rule.max - rule.min) {
    return { problem: `has step ${step} as ${rule.name}: a step lies between 1 and ${rule.max - rule.min}` };
  }
  if (star !== undefined) return { from: rule.min, to: rule.max, step };
  if (stepText !== undefined && toText === undefined) {
    return {
      problem: `has '${item}' as ${rule.name}, which backends read differently: write '*/${step}' or a range with a step`,
    };
  }
  const from = parseValue(fromText, rule);
  const to = toText === undefined ? from : parseValue(toText, rule);
  if (from === undefined || to === undefined) {
    const hint = rule.max === 6 && (fromText === '7' || toText === '7') ? '; Sunday is 0' : '';
    return { problem: `has '${item}' as ${rule.name}: it lies between ${rule.min} and ${rule.max}${hint}` };
  }
  if (from > to) return { problem: `has the range '${item}' as ${rule.name}, which runs backwards: write two ranges` };
  return { from, to, step };
}

function parseValue(text: string, rule: FieldRule): number | undefined {
  const named = rule.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return named + rule.min;
  if (!/^\d{1,2}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= rule.min && value <= rule.max ? value : undefined;
}

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function canFire({ daysOfMonth, months }: CronFields): boolean {
  const firstDay = daysOfMonth[0] ?? 1;
  return months.some((month) => firstDay <= (DAYS_IN_MONTH[month - 1] ?? 0));
}
