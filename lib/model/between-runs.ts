/** Schedules that come when the runs of another are over, and before its next ones begin. */
import { isCronProblem, parseCron } from './cron';
import { isScheduleProblem, localRuns, makeSchedule, type Schedule } from './schedule';
import { clockChanges } from './time-zone';

/** Runs that take a time at most, counted from when they are due. */
export interface Runs {
  readonly schedule: Schedule;
  readonly seconds: number;
}

/**
 * Times between the runs: every day, so many whole hours later that a run is over; the earliest first. None where the next
 * run has begun by then.
 */
export function timesBetween({ schedule, seconds }: Runs): readonly Schedule[] {
  const fields = parseCron(schedule.cron);
  if (isCronProblem(fields) || fields.minutes.length > 1) return [];
  const { hours, minutes } = fields;
  const gaps = hours.map((hour, index) => (hours[index + 1] ?? (hours[0] ?? 0) + 24) - hour);
  const shift = hoursFor(seconds);
  // An hour that a change of the clocks skips is left to the next.
  return [shift, shift + 1].flatMap((late) => {
    if (Math.min(...gaps) <= late) return [];
    const shifted = hours.map((hour) => (hour + late) % 24).toSorted((a, b) => a - b);
    const between = makeSchedule(`${minutes.join(',')} ${shifted.join(',')} * * *`, schedule.timeZone);
    return isScheduleProblem(between) ? [] : [between];
  });
}

/** Whole hours after which a run is over. */
export function hoursFor(seconds: number): number {
  return Math.ceil(seconds / 3600);
}

/**
 * Whether between any two runs of `outer` one of `inner` begins, when the first is over, and is over itself before the
 * second begins. Both are in the same time zone.
 */
export function runsBetween(inner: Runs, outer: Runs): boolean {
  const begins = localRuns(outer.schedule);
  const between = localRuns(inner.schedule);
  const elapsed = elapsedIn(outer.schedule.timeZone);
  let index = 0;
  return begins.slice(0, -1).every((begin, position) => {
    const next = begins[position + 1] ?? begin;
    while ((between[index] ?? next) < next && elapsed(begin, between[index] ?? next) < outer.seconds) index += 1;
    return elapsed(between[index] ?? next, next) >= inner.seconds;
  });
}

/** Seconds between two times on the wall clock, at least. */
function elapsedIn(timeZone: string): (from: number, to: number) => number {
  const forward = clockChanges(timeZone).filter(({ before, after }) => after > before);
  return (from, to) => {
    const skipped = forward.filter(({ before, after }) => from < after && before < to);
    return (to - from - skipped.reduce((sum, { before, after }) => sum + after - before, 0)) * 60;
  };
}
