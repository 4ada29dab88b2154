import { describe, expect, it } from 'vitest';
import { runsBetween, timesBetween, type Runs } from '../../lib/model/between-runs';
import { scheduleOf } from '../jobs/jobs';

function runs(cron: string, hours: number, timeZone = 'Europe/Berlin'): Runs {
  return { schedule: scheduleOf(cron, timeZone), seconds: hours * 3600 };
}

describe('a schedule between the runs of another', () => {
  it.each([
    ['every day', '0 9 * * *', 5, '0 4 * * *', 5],
    ['until the next begins, also when the clocks go forward', '0 22 * * *', 5, '0 4 * * *', 5],
    ['more often than needed', '0 9 * * *', 5, '0 4 * * 0', 5],
    ['after each of several', '0 6,18 * * *', 2, '0 4,16 * * *', 2],
    ['after midnight', '0 1 * * *', 2, '0 20 * * *', 5],
  ])('has a run of its own %s', (_, inner, innerHours, outer, outerHours) => {
    expect(runsBetween(runs(inner, innerHours), runs(outer, outerHours))).toBe(true);
  });

  it.each([
    ['before the first is over', '59 8 * * *', 5, '0 4 * * *', 5],
    ['that is not over when the next begins', '1 23 * * *', 5, '0 4 * * *', 5],
    ['on some days only', '0 9 * * 1-6', 5, '0 4 * * *', 5],
    ['after some only', '0 6 * * *', 2, '0 4,16 * * *', 2],
    ['where there is no room', '0 * * * *', 1, '30 * * * *', 1],
  ])('has none %s', (_, inner, innerHours, outer, outerHours) => {
    expect(runsBetween(runs(inner, innerHours), runs(outer, outerHours))).toBe(false);
  });

  it('has an hour less on the night on which the clocks go forward', () => {
    expect(runsBetween(runs('0 4 * * *', 5), runs('30 0 * * *', 3))).toBe(false);
    expect(runsBetween(runs('0 4 * * *', 5, 'UTC'), runs('30 0 * * *', 3, 'UTC'))).toBe(true);
    expect(runsBetween(runs('30 4 * * *', 5), runs('30 0 * * *', 3))).toBe(true);
  });
});

describe('the times between runs', () => {
  it.each([
    ['0 4 * * *', 5, ['0 9 * * *', '0 10 * * *']],
    ['0 20 1 * *', 2.5, ['0 23 * * *', '0 0 * * *']],
    ['0 4,10 * * *', 5, ['0 9,15 * * *']],
    ['0 * * * *', 2, []],
    ['0,30 3 * * *', 2, []],
  ])('of %s, which take %s hours, are %j', (cron, hours, expected) => {
    expect(timesBetween(runs(cron, hours)).map((schedule) => schedule.cron)).toEqual(expected);
  });
});
