import { expect, it } from 'vitest';
import { isCronRefusal, largestVeleroGap, readVeleroCron } from '../../lib/velero/cron';

function reading(expression: string): string {
  const read = readVeleroCron(expression);
  return isCronRefusal(read) ? read.problem : read.comes;
}

it.each([
  '* * * * *',
  '0 3 * * 7',
  '0 3 * * MON-FRI',
  '0 3 * * fri-mon',
  ' 0 3 * * *',
  '0 22-2 * * *',
  '5/10 * * * *',
  '? 3 ? * ?',
  '0 3 29 2 *',
  '@daily',
  '@every 1m',
  'CRON_TZ=Europe/Berlin 0 3 * * *',
  'TZ="UTC" 0 3 * * *',
])('%s comes regularly', (expression) => {
  expect(reading(expression)).toBe('regularly');
});

it.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *', '@manual', ', * * * *'])('%s never comes', (expression) => {
  expect(reading(expression)).toBe('never');
});

// Day of month and day of week both have to match, so that a date on a weekday has gaps of years.
it.each(['0 0 29 2 1', '0 0 1 1 0'])('%s is missing for five years at times', (expression) => {
  expect(reading(expression)).toBe('seldom');
});

it.each([
  ['', 'it is empty'],
  ['61 * * * *', 'lies outside 0 to 59'],
  ['0 * * * * *', 'it has 6 fields'],
  ['H 3 * * *', 'no number'],
  ['0 3 L * *', 'no number'],
  ['0 3 * * FRI#3', 'no number'],
  ['*/60 * * * *', 'a step'],
  ['*/0 * * * *', 'a step'],
  ['1-2-3 * * * *', 'too many'],
  ['@reboot', 'does not know'],
  ['@Daily', 'does not know'],
  ['@every 1d', "the unit 'd'"],
  ['@every 10ms', 'more often than once a second'],
  ['TZ=Nowhere/Land 0 3 * * *', 'does not exist'],
  ['CRON_TZ=europe/berlin 0 3 * * *', 'does not exist'],
  ['TZ=UTC', 'no fields'],
])('%j is refused', (expression, problem) => {
  expect(reading(expression)).toContain(problem);
});

const HOUR = 3600;
const DAY = 24 * HOUR;

it.each([
  ['0 3 * * 7', 7 * DAY],
  ['0 3 * * fri-mon', 4 * DAY],
  ['0 22-2 * * *', 20 * HOUR],
  ['? 3 ? * ?', 23 * HOUR + 60],
  ['@weekly', 7 * DAY],
  ['@every 90m', 1.5 * HOUR],
  ['CRON_TZ=Europe/Berlin 0 3 * * *', 25 * HOUR],
  // On a day that is both.
  ['0 3 13 * 5', 427 * DAY],
  ['0 0 30 2 *', Number.POSITIVE_INFINITY],
  ['@manual', Number.POSITIVE_INFINITY],
  ['61 * * * *', Number.POSITIVE_INFINITY],
])('%s leaves %d seconds between two runs at worst', (expression, seconds) => {
  expect(largestVeleroGap(expression)).toBe(seconds);
});
