/** When something runs: one schedule, rendered for each backend in its own dialect, with the arithmetic that RPOs need. */
import { Cron } from 'croner';
import { isCronProblem, normalizeCron, parseCron, type CronFields, type CronProblem } from './cron';
import { clockChanges, isTimeZone } from './time-zone';

/** A schedule that has been checked: every backend reads it the same way and it does fire. */
export interface Schedule {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
}

/** The fields of a backend's own object. */
export interface RenderedSchedule {
  readonly schedule: string;
  readonly timeZone?: string;
}

export type Backend = 'CronJob' | 'Velero' | 'CloudNativePG';

/**
 * Checks an expression and a zone.
 *
 * @returns the schedule, or what is wrong with it as the end of a sentence that begins with the expression.
 */
export function makeSchedule(expression: string, timeZone: string): Schedule | CronProblem {
  const key = `${timeZone} ${expression}`;
  const schedule = schedules.get(key) ?? checkSchedule(expression, timeZone);
  schedules.set(key, schedule);
  return schedule;
}

/** A cluster has few different schedules, and asks about them often. */
const schedules = new Map<string, Schedule | CronProblem>();

function checkSchedule(expression: string, timeZone: string): Schedule | CronProblem {
  if (!isTimeZone(timeZone))
    return { problem: `is in the time zone '${timeZone}', which does not exist: use a name such as 'Europe/Berlin'` };
  const fields = parseCron(expression);
  if (isCronProblem(fields)) return fields;
  const cron = normalizeCron(expression);
  // A second opinion by a library with its own calendar: it must know the expression and find a next run.
  if (nextRun(cron) === undefined) return { problem: 'never comes' };
  const clash = clockChangeClash(fields, timeZone);
  return clash === undefined ? { cron, timeZone } : { problem: clash };
}

export function isScheduleProblem(result: Schedule | CronProblem): result is CronProblem {
  return 'problem' in result;
}

/**
 * The schedule as a backend's object has it.
 *
 * - `CronJob`: five fields and `timeZone` (Kubernetes refuses a zone inside the expression).
 * - `Velero`: five fields behind `CRON_TZ=`; there is no field for the zone.
 * - `CloudNativePG`: six fields, seconds first; it knows no zone and reads UTC. Five fields would be accepted with
 *   another meaning (CNPG 1.30 webhook: a warning only).
 */
export function renderSchedule(schedule: Schedule, backend: Backend): RenderedSchedule {
  switch (backend) {
    case 'CronJob':
      return { schedule: schedule.cron, timeZone: schedule.timeZone };
    case 'Velero':
      return { schedule: `CRON_TZ=${schedule.timeZone} ${schedule.cron}` };
    case 'CloudNativePG':
      return { schedule: `0 ${schedule.cron}` };
  }
}

/**
 * The longest time between two runs, in seconds, as elapsed time: a night on which the clocks go back counts 25 hours.
 *
 * Days are enumerated over nine years, so that months of 31 days and leap years are in it.
 */
export function largestGap(schedule: Schedule): number {
  const key = `${schedule.timeZone} ${schedule.cron}`;
  const gap = gaps.get(key) ?? computeLargestGap(schedule);
  gaps.set(key, gap);
  return gap;
}

const gaps = new Map<string, number>();

function computeLargestGap({ cron, timeZone }: Schedule): number {
  const fields = parseCron(cron);
  return isCronProblem(fields) ? Number.POSITIVE_INFINITY : largestGapOfFields(fields, timeZone);
}

/** The same for what a backend's own parser made of an expression; without end for what never comes. */
export function largestGapOfFields(fields: CronFields, timeZone: string): number {
  const times = minutesOfDay(fields);
  const days = matchingDays(fields);
  if (times.length === 0 || days.length < 2) return Number.POSITIVE_INFINITY;
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? 0;
  let gap = 0;
  for (let i = 1; i < times.length; i += 1) gap = Math.max(gap, (times[i] ?? 0) - (times[i - 1] ?? 0));
  for (let i = 1; i < days.length; i += 1) {
    gap = Math.max(gap, ((days[i] ?? 0) - (days[i - 1] ?? 0)) * DAY_MINUTES + first - last);
  }
  return Math.max(gap, gapOverClockChanges(fields, days, times, timeZone)) * 60;
}

/** When it runs in nine years from 2027 on, in minutes since 1970 on the wall clock. */
export function localRuns({ cron }: Schedule): readonly number[] {
  const fields = parseCron(cron);
  if (isCronProblem(fields)) return [];
  const times = minutesOfDay(fields);
  return matchingDays(fields).flatMap((day) => times.map((time) => day * DAY_MINUTES + time));
}

const DAY_MINUTES = 1440;
const FIRST_DAY = Math.floor(Date.UTC(2027, 0, 1) / 86_400_000);
const LAST_DAY = Math.floor(Date.UTC(2036, 0, 1) / 86_400_000);

function minutesOfDay({ hours, minutes }: CronFields): readonly number[] {
  return hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
}

/** Day numbers since 1970 on which the schedule runs. Remembered, since most schedules of a cluster run on the same days. */
function matchingDays({ daysOfMonth, months, daysOfWeek, onEitherDay = false }: CronFields): readonly number[] {
  const key = JSON.stringify([daysOfMonth, months, daysOfWeek, onEitherDay]);
  const known = daysByFields.get(key);
  if (known !== undefined) return known;
  const days: number[] = [];
  for (let day = FIRST_DAY; day < LAST_DAY; day += 1) {
    const date = new Date(day * 86_400_000);
    const ofMonth = daysOfMonth.includes(date.getUTCDate());
    const ofWeek = daysOfWeek.includes(date.getUTCDay());
    const isDay = onEitherDay ? ofMonth || ofWeek : ofMonth && ofWeek;
    if (isDay && months.includes(date.getUTCMonth() + 1)) days.push(day);
  }
  daysByFields.set(key, days);
  return days;
}

const daysByFields = new Map<string, readonly number[]>();

/** Backends run an hourly schedule in both of the repeated hours, if it runs on that day; all else is stretched. */
function gapOverClockChanges(
  fields: CronFields,
  days: readonly number[],
  times: readonly number[],
  timeZone: string,
): number {
  let gap = 0;
  for (const { before, after } of clockChanges(timeZone)) {
    if (after >= before) continue;
    if (fields.hours.length === 24 && days.includes(Math.floor(after / DAY_MINUTES))) continue;
    // A run in the hour that comes twice may come in the first one only.
    const previous = lastRunBefore(days, times, before);
    const next = firstRunFrom(days, times, before);
    if (previous !== undefined && next !== undefined) gap = Math.max(gap, next - previous + (before - after));
  }
  return gap;
}

function lastRunBefore(days: readonly number[], times: readonly number[], minute: number): number | undefined {
  const day = days.findLast((candidate) => candidate * DAY_MINUTES + (times[0] ?? 0) < minute);
  if (day === undefined) return undefined;
  const time = times.findLast((candidate) => day * DAY_MINUTES + candidate < minute);
  return time === undefined ? undefined : day * DAY_MINUTES + time;
}

function firstRunFrom(days: readonly number[], times: readonly number[], minute: number): number | undefined {
  const day = days.find((candidate) => candidate * DAY_MINUTES + (times.at(-1) ?? 0) >= minute);
  if (day === undefined) return undefined;
  const time = times.find((candidate) => day * DAY_MINUTES + candidate >= minute);
  return time === undefined ? undefined : day * DAY_MINUTES + time;
}

/** A run whose local time does not exist on one day of the year, or comes twice, and what to do about it. */
export function clockChangeClash(fields: CronFields, timeZone: string): string | undefined {
  const changes = clockChanges(timeZone);
  if (fields.hours.length === 24 || changes.length === 0) return undefined;
  const times = minutesOfDay(fields);
  const days = new Set(matchingDays(fields));
  for (const { before, after } of changes) {
    const from = Math.min(before, after);
    const to = Math.max(before, after);
    for (let minute = from; minute < to; minute += 1) {
      if (!times.includes(minute % DAY_MINUTES) || !days.has(Math.floor(minute / DAY_MINUTES))) continue;
      const date = new Date(minute * 60_000).toISOString().slice(0, 10);
      const time = clockTime(minute % DAY_MINUTES);
      const what = after > before ? 'does not exist' : 'comes twice';
      return `runs at ${time} in ${timeZone}, which ${what} on ${date} when the clocks change: choose a time outside ${clockTime(from % DAY_MINUTES)}–${clockTime(to % DAY_MINUTES)}, or the zone UTC`;
    }
  }
  return undefined;
}

/** `03:07` of 187. */
function clockTime(minuteOfDay: number): string {
  return `${twoDigits(Math.floor(minuteOfDay / 60))}:${twoDigits(minuteOfDay % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function nextRun(cron: string): Date | undefined {
  try {
    return new Cron(cron, { paused: true, timezone: 'UTC' }).nextRun(new Date(FIRST_DAY * 86_400_000)) ?? undefined;
  } catch {
    return undefined;
  }
}
