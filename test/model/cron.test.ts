import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCronProblem, parseCron } from '../../lib/model/cron';

describe('parseCron', () => {
  it('expands lists, ranges, steps and names', () => {
    expect(parseCron('*/20 8-10,22 1-3 JAN,jun *')).toEqual({
      minutes: [0, 20, 40],
      hours: [8, 9, 10, 22],
      daysOfMonth: [1, 2, 3],
      months: [1, 6],
      daysOfWeek: [0, 1, 2, 3, 4, 5, 6],
    });
    expect(parseCron('5 4 * * MON-FRI')).toMatchObject({ minutes: [5], hours: [4], daysOfWeek: [1, 2, 3, 4, 5] });
  });

  it.each([
    [
      '',
      'has 0 fields: write five, minute, hour, day of month, month and day of week; seconds are added where a backend wants them',
    ],
    [
      '0 3 * *',
      'has 4 fields: write five, minute, hour, day of month, month and day of week; seconds are added where a backend wants them',
    ],
    [
      '0 0 3 * * *',
      'has 6 fields: write five, minute, hour, day of month, month and day of week; seconds are added where a backend wants them',
    ],
    ['TZ=UTC 0 3 * * *', 'names a time zone inside: give it as `timeZone`'],
    ['CRON_TZ=UTC 0 3 * * *', 'names a time zone inside: give it as `timeZone`'],
    ['@every 6h', 'is no time that can be computed beforehand: write five fields, such as `0 */6 * * *`'],
    ['@reboot', 'is no time that can be computed beforehand: write five fields, such as `0 */6 * * *`'],
    [
      'constructor',
      'has 1 fields: write five, minute, hour, day of month, month and day of week; seconds are added where a backend wants them',
    ],
    ['H 3 * * *', "has 'H' as minute: it lies between 0 and 59"],
    ['60 3 * * *', "has '60' as minute: it lies between 0 and 59"],
    ['0 24 * * *', "has '24' as hour: it lies between 0 and 23"],
    ['0 3 0 * *', "has '0' as day of month: it lies between 1 and 31"],
    ['0 3 * * 7', "has '7' as day of week: it lies between 0 and 6; Sunday is 0"],
    ['0 3 L * *', "has 'L' as day of month: it lies between 1 and 31"],
    ['0 3 15W * *', "has '15W' as day of month: it lies between 1 and 31"],
    [
      '0 3 * * MON#2',
      "has 'MON#2' as day of week, which not every backend understands: use numbers, lists, ranges and steps",
    ],
    ['0 3 ? * *', "has '?' as day of month, which not every backend understands: use numbers, lists, ranges and steps"],
    ['5/10 * * * *', "has '5/10' as minute, which backends read differently: write '*/10' or a range with a step"],
    ['*/90 * * * *', 'has step 90 as minute: a step lies between 1 and 59'],
    ['*/0 * * * *', 'has step 0 as minute: a step lies between 1 and 59'],
    ['0 22-4 * * *', "has the range '22-4' as hour, which runs backwards: write two ranges"],
    ['0 3 1 * MON', 'gives a day of month and a day of week: cron runs on either, not on both, so say only one'],
    ['0 3 1-31 * MON', 'gives a day of month and a day of week: cron runs on either, not on both, so say only one'],
    ['0 3 31 2 *', 'never comes: no month in it has such a day'],
    ['0 3 31 2,4,6 *', 'never comes: no month in it has such a day'],
  ])('refuses %j', (expression, problem) => {
    expect(parseCron(expression)).toEqual({ problem });
  });

  it('takes 29 February, which comes', () => {
    expect(isCronProblem(parseCron('0 3 29 2 *'))).toBe(false);
  });

  it('takes what only Kubernetes takes when it reads a CronJob', () => {
    expect(parseCron('5/10 3 ? * MON', 'CronJob')).toMatchObject({ minutes: [5, 15, 25, 35, 45, 55], daysOfWeek: [1] });
    expect(parseCron('*/90 3 1 * MON', 'CronJob')).toMatchObject({ minutes: [0], daysOfMonth: [1], daysOfWeek: [1] });
    expect(parseCron('0 3 * * 7', 'CronJob')).toEqual({
      problem: "has '7' as day of week: it lies between 0 and 6; Sunday is 0",
    });
    expect(parseCron('0 3 31 2 *', 'CronJob')).toEqual({ problem: 'never comes: no month in it has such a day' });
  });

  it('agrees with a library that has its own parser', () => {
    const field = (min: number, max: number): fc.Arbitrary<string> =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min, max }).map(String),
        fc.integer({ min: 1, max: max - min }).map((step) => `*/${step}`),
        fc
          .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
          .map((ends) => ends.toSorted((a, b) => a - b).join('-')),
      );
    // Days of the month and days of the week together are refused.
    const days = fc.oneof(
      field(1, 31).map((day) => [day, '*', '*']),
      fc.tuple(field(1, 31), field(1, 12)).map(([day, month]) => [day, month, '*']),
      fc.tuple(field(1, 12), field(0, 6)).map(([month, day]) => ['*', month, day]),
    );
    const expression = fc
      .tuple(field(0, 59), field(0, 23), days)
      .map(([minute, hour, rest]) => [minute, hour, ...rest].join(' '));
    fc.assert(
      fc.property(expression, (text) => {
        const fields = parseCron(text);
        const next = new Cron(text, { timezone: 'UTC' }).nextRun(new Date('2027-01-01T00:00:00Z'));
        if (isCronProblem(fields)) {
          expect(fields.problem).toBe('never comes: no month in it has such a day');
          expect(next).toBeNull();
          return;
        }
        expect(next).not.toBeNull();
        expect(fields.minutes).toContain(next?.getUTCMinutes());
        expect(fields.hours).toContain(next?.getUTCHours());
        expect(fields.months).toContain((next?.getUTCMonth() ?? -1) + 1);
        expect(fields.daysOfMonth).toContain(next?.getUTCDate());
        expect(fields.daysOfWeek).toContain(next?.getUTCDay());
      }),
    );
  });
});
