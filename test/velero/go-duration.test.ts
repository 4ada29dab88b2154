import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGoDuration, parseGoDuration } from '../../lib/model/go-duration';

describe('parseGoDuration', () => {
  it.each([
    ['720h', 2_592_000],
    ['720h0m0s', 2_592_000],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['.5s', 0.5],
    ['1.s', 1],
    ['-1h', -3600],
    ['+5m', 300],
    ['0', 0],
    ['-0', 0],
    ['10ms', 0.01],
  ])('reads %s as Go does', (text, seconds) => {
    expect(parseGoDuration(text)).toEqual({ seconds: seconds === 0 ? expect.closeTo(0) : seconds });
  });

  it.each([
    '',
    '30d',
    '1w',
    '30',
    '1h 30m',
    ' 1h',
    '1h ',
    'h',
    '.h',
    '-',
    '1e3s',
    '1H',
    'P1D',
    '2562048h',
    '1..5h',
    '٣h',
    '1constructor',
  ])('refuses %j as Go does', (text) => {
    expect(parseGoDuration(text)).toHaveProperty('problem');
  });

  it('says what to write instead of days', () => {
    expect(parseGoDuration('30d')).toEqual({
      problem: "has the unit 'd', which Go does not know: its largest unit is h",
    });
  });
});

describe('formatGoDuration', () => {
  it.each([
    [2_592_000, '720h0m0s'],
    [600, '10m0s'],
    [90, '1m30s'],
    [1.5, '1.5s'],
    [0.25, '250ms'],
    [0.000_002, '2µs'],
    [0, '0s'],
    [-3600, '-1h0m0s'],
    [3600.5, '1h0m0.5s'],
  ])('prints %d as Go does', (seconds, text) => {
    expect(formatGoDuration(seconds)).toBe(text);
  });

  it('is read back as the same duration', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (milliseconds) => {
        const seconds = milliseconds / 1000;
        expect(parseGoDuration(formatGoDuration(seconds))).toEqual({ seconds: expect.closeTo(seconds, 4) });
      }),
    );
  });
});
