/** Schedules as CloudNativePG reads them: robfig/cron v1.2.0, seconds first, in the zone of the operator, which is UTC. */
import { isCronProblem, parseCron, type CronProblem } from '../../model/cron';
import { isDurationProblem, parseGoDuration } from '../../model/go-duration';
import { largestGapOfFields } from '../../model/schedule';

export interface BaseCopyPace {
  /** The longest time between two runs, in seconds. */
  readonly gapSeconds: number;
}

/** @returns how often it comes, or what is wrong with it as the end of a sentence that begins with the expression. */
export function readSchedule(schedule: string): BaseCopyPace | CronProblem {
  const text = schedule.trim();
  if (text.startsWith('@every ')) {
    const interval = parseGoDuration(text.slice('@every '.length).trim());
    return isDurationProblem(interval) ? interval : { gapSeconds: interval.seconds };
  }
  if (text.startsWith('@')) return paceOf(text);
  const [second = '', ...rest] = text.split(/\s+/);
  if (/^(CRON_)?TZ=/i.test(second)) {
    return { problem: 'names a time zone, which the operator refuses: it reads UTC' };
  }
  if (rest.length === 4) {
    return { problem: 'has five fields, and the first of six are the seconds: it is read as another time' };
  }
  if (rest.length !== 5)
    return { problem: `has ${text === '' ? 0 : rest.length + 1} fields, and the operator takes six` };
  const seconds = parseCron(`${second} * * * *`, 'CronJob');
  return isCronProblem(seconds) ? { problem: `has '${second}' as second` } : paceOf(rest.join(' '));
}

/** @param cron five fields, or a word such as `@daily`. */
function paceOf(cron: string): BaseCopyPace | CronProblem {
  const fields = parseCron(cron, 'CronJob');
  if (isCronProblem(fields)) return fields;
  const gapSeconds = largestGapOfFields(fields, 'UTC');
  return Number.isFinite(gapSeconds) ? { gapSeconds } : { problem: 'never comes' };
}
