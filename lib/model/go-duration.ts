/**
 * Durations as Go writes and reads them (`time.ParseDuration`, `time.Duration.String`). Velero's API takes no other: one
 * Backup with `ttl: 30d` stops all Backups of a cluster, because its server can no longer list them (catalogue row V01).
 */

export interface GoDuration {
  /** Negative for `-1h`. Exact down to the microsecond. */
  readonly seconds: number;
}

export interface DurationProblem {
  /** What is wrong, as the end of a sentence that begins with the text. */
  readonly problem: string;
}

const SECONDS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-9],
  ['us', 1e-6],
  ['µs', 1e-6], // U+00B5, micro sign
  ['μs', 1e-6], // U+03BC, Greek letter mu
  ['ms', 1e-3],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
]);

/** In seconds: Go counts nanoseconds in 64 bits. */
export const LONGEST_GO_DURATION = 2 ** 63 / 1e9;

export function parseGoDuration(text: string): GoDuration | DurationProblem {
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return { seconds: 0 };
  if (unsigned === '') return { problem: 'is empty' };
  const sign = text.startsWith('-') ? -1 : 1;
  let seconds = 0;
  let rest = unsigned;
  while (rest !== '') {
    const part = /^(?<number>\d+(?:\.\d*)?|\.\d+)(?<unit>[^\d.]*)/.exec(rest)?.groups;
    if (part === undefined)
      return { problem: 'is not a Go duration: write hours, minutes and seconds, such as 720h0m0s' };
    const { number = '', unit = '' } = part;
    if (unit === '') return { problem: `has a number without a unit: write ${number}s, ${number}m or ${number}h` };
    const size = SECONDS_PER_UNIT.get(unit);
    if (size === undefined) return { problem: `has the unit '${unit}', which Go does not know: its largest unit is h` };
    seconds += Number(number) * size;
    rest = rest.slice(number.length + unit.length);
  }
  if (seconds > LONGEST_GO_DURATION) return { problem: 'is longer than Go can count, which is 292 years' };
  return { seconds: sign * seconds };
}

export function isDurationProblem(result: GoDuration | DurationProblem): result is DurationProblem {
  return 'problem' in result;
}

/** As Go prints it: `720h0m0s`, `10m0s`, `1.5s`, `250ms`, `0s`. Exact down to the microsecond. */
export function formatGoDuration(seconds: number): string {
  const sign = seconds < 0 ? '-' : '';
  const microseconds = Math.round(Math.abs(seconds) * 1e6);
  if (microseconds === 0) return '0s';
  if (microseconds < 1000) return `${sign}${microseconds}µs`;
  if (microseconds < 1e6) return `${sign}${microseconds / 1000}ms`;
  const total = microseconds / 1e6;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = (microseconds % 60e6) / 1e6;
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${sign}${minutes}m${rest}s` : `${sign}${rest}s`;
}
