/** Retention as the Barman plugin has it: a window of whole days, weeks or months, `30d`. */

const DAY = 86_400;

/** Barman counts months of 31 days (barman 3.19.1, barman/retention_policies.py). */
const SECONDS: Readonly<Record<string, number>> = { d: DAY, w: 7 * DAY, m: 31 * DAY };

/** Rounded up, so that nothing goes too early; a day at least, also for what is not a number, which strategy-misfit refuses. */
export function formatRetention(seconds: number): string {
  return `${Math.max(1, Math.ceil(seconds / DAY) || 1)}d`;
}

/** In seconds; `undefined` for what the plugin's schema refuses. */
export function parseRetention(text: string): number | undefined {
  const [, count, unit = ''] = /^([1-9]\d*)([dwm])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (SECONDS[unit] ?? 0);
}
