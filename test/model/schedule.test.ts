import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestGap, makeSchedule, renderSchedule, type Schedule } from '../../lib/model/schedule';

const HOUR = 3600;
const DAY = 24 * HOUR;

function schedule(cron: string, timeZone = 'UTC'): Schedule {
  const made = makeSchedule(cron, timeZone);
  if ('problem' in made) throw new Error(made.problem);
  return made;
}

describe('makeSchedule', () => {
  it('spells descriptors out and tidies spaces', () => {
    expect(makeSchedule(' @daily ', 'UTC')).toEqual({ cron: '0 0 * * *', timeZone: 'UTC' });
    expect(makeSchedule('17  3 * * *', 'Europe/Berlin')).toEqual({ cron: '17 3 * * *', timeZone: 'Europe/Berlin' });
  });

  it.each([
    [
      '0 3 * * *',
      'Europe/Berlinn',
      "is in the time zone 'Europe/Berlinn', which does not exist: use a name such as 'Europe/Berlin'",
    ],
    ['0 3 * * *', '+01:00', "is in the time zone '+01:00', which does not exist: use a name such as 'Europe/Berlin'"],
    ['0 3 * * *', 'Local', "is in the time zone 'Local', which does not exist: use a name such as 'Europe/Berlin'"],
    [
      '30 2 * * *',
      'Europe/Berlin',
      'runs at 02:30 in Europe/Berlin, which does not exist on 2027-03-28 when the clocks change: choose a time outside 02:00–03:00, or the zone UTC',
    ],
    [
      '15 1 * * *',
      'America/New_York',
      'runs at 01:15 in America/New_York, which comes twice on 2027-11-07 when the clocks change: choose a time outside 01:00–02:00, or the zone UTC',
    ],
  ])('refuses %j in %s (W12)', (cron, timeZone, problem) => {
    expect(makeSchedule(cron, timeZone)).toEqual({ problem });
  });

  it('takes a time of the changing hour where it cannot be hit', () => {
    expect(makeSchedule('30 2 1 * *', 'Europe/Berlin')).toHaveProperty('cron');
    expect(makeSchedule('30 2 * * *', 'UTC')).toHaveProperty('cron');
    // Every hour has one run more or less, which nobody misses.
    expect(makeSchedule('30 * * * *', 'Europe/Berlin')).toHaveProperty('cron');
  });
});

describe('renderSchedule', () => {
  const nightly = schedule('17 3 * * *', 'Europe/Berlin');

  it('gives each backend its own dialect', () => {
    expect(renderSchedule(nightly, 'CronJob')).toEqual({ schedule: '17 3 * * *', timeZone: 'Europe/Berlin' });
    expect(renderSchedule(nightly, 'Velero')).toEqual({ schedule: 'CRON_TZ=Europe/Berlin 17 3 * * *' });
    expect(renderSchedule(nightly, 'CloudNativePG')).toEqual({ schedule: '0 17 3 * * *' });
  });
});

describe('largestGap', () => {
  it.each([
    ['every hour', '17 * * * *', 'Europe/Berlin', HOUR],
    ['every five minutes', '*/5 * * * *', 'UTC', 300],
    ['twenty past and ten to', '20,50 * * * *', 'UTC', 1800],
    ['steps that do not divide evenly', '*/25 * * * *', 'UTC', 1500],
    ['every night', '17 3 * * *', 'UTC', DAY],
    ['the night on which the clocks go back', '17 3 * * *', 'Europe/Berlin', 25 * HOUR],
    ['every six hours over the change', '0 */6 * * *', 'Europe/Berlin', 7 * HOUR],
    ['every hour of days that the change is not on', '0 * * * 1,4', 'Europe/Berlin', 3 * DAY + 2 * HOUR],
    ['half an hour of daylight saving', '0 4 * * *', 'Australia/Lord_Howe', 24.5 * HOUR],
    ['working days, over the weekend', '0 4 * * MON-FRI', 'UTC', 3 * DAY],
    ['every week', '0 4 * * 0', 'UTC', 7 * DAY],
    ['every month, the longest has 31 days', '0 4 1 * *', 'UTC', 31 * DAY],
    ['the 31st, which is not in every month', '0 4 31 * *', 'UTC', 61 * DAY],
    ['every year, with a leap day in it', '0 4 1 1 *', 'UTC', 366 * DAY],
    ['29 February', '0 4 29 2 *', 'UTC', (4 * 365 + 1) * DAY],
    ['two times a day, unevenly', '0 4,20 * * *', 'UTC', 16 * HOUR],
  ])('%s', (_, cron, timeZone, seconds) => {
    expect(largestGap(schedule(cron, timeZone))).toBe(seconds);
  });

  it('is the longest gap that a simulation finds', () => {
    const cron = fc
      .tuple(
        fc.constantFrom('0', '30', '*/20', '5,50'),
        fc.constantFrom('4', '*/6', '1-23/11', '3,4,22', '*'),
        fc.constantFrom('* * *', '* * 1,4', '1,15 * *'),
      )
      .map((parts) => parts.join(' '));
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Tokyo');
    fc.assert(
      fc.property(cron, zone, (text, timeZone) => {
        expect(largestGap(schedule(text, timeZone))).toBe(longestGapInAutumn(text, timeZone));
      }),
      { numRuns: 30 },
    );
  });
});

/** In seconds, around the change that makes a day longer; a month of 31 days is in it too. */
function longestGapInAutumn(cron: string, timezone: string): number {
  const runs = new Cron(cron, { timezone });
  const end = Date.parse('2027-11-20T00:00:00Z');
  let longest = 0;
  let previous = runs.nextRun(new Date('2027-10-10T00:00:00Z'));
  while (previous !== null && previous.getTime() < end) {
    const next = runs.nextRun(previous);
    longest = Math.max(longest, ((next?.getTime() ?? 0) - previous.getTime()) / 1000);
    previous = next;
  }
  return longest;
}
