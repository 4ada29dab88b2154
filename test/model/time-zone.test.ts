import { describe, expect, it } from 'vitest';
import { isTimeZone, timeZoneMeant } from '../../lib/model/time-zone';

/** Names of old, in all the forms that there are: JavaScript lists none of them. */
const ALIASES =
  'Asia/Kolkata America/Port-au-Prince America/Argentina/ComodRivadavia Antarctica/DumontDUrville Etc/UTC Etc/GMT+5 US/Pacific GB-Eire NZ-CHAT W-SU PRC EST5EDT GMT0 Zulu UTC';
const NAMES = [...Intl.supportedValuesOf('timeZone'), ...ALIASES.split(' ')];

describe('names of time zones', () => {
  it('are known as they are spelt', () => {
    expect(NAMES.filter((name) => !isTimeZone(name))).toEqual([]);
  });

  it('are not known in small letters, in which Go finds no file', () => {
    expect(NAMES.filter((name) => isTimeZone(name.toLowerCase()))).toEqual([]);
  });

  it.each(['Europe/Berlinn', 'EUROPE/KYIV', 'ASIA/KOLKATA', 'TURKEY', '+01:00', 'Local', ''])('are not %s', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });

  it.each([
    ['europe/berlin', 'Europe/Berlin'],
    ['Europe/Berlinn', 'Europe/Berlin'],
    ['asia/kolkata', 'Asia/Kolkata'],
    ['est5edt', 'America/New_York'],
    ['America/new york', 'America/New_York'],
    ['Middle Earth', 'Europe/Berlin'],
  ])('that were meant by %s: %s', (name, meant) => {
    expect(timeZoneMeant(name)).toBe(meant);
  });
});
