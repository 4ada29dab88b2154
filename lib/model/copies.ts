/** How old a copy may be: arithmetic on schedules, without knowing what makes them. */

/** The age at which a copy is overdue: what its schedules promise, plus a quarter for a run that starts late. */
export function alertAge(worstAgeSeconds: number): number {
  return worstAgeSeconds * 1.25;
}

/**
 * How long copies must be kept at least where the last good one expires too: three alert ages, so that somebody who
 * returns from a long weekend still finds one.
 */
export function minimumRetention(worstAgeSeconds: number): number {
  return 3 * alertAge(worstAgeSeconds);
}

/**
 * The worst age of a copy: just before the next run ends, the newest data in it is as old as the time between two runs,
 * plus the time a run may take, plus how old its own source was.
 */
export function worstAge(gapSeconds: number, durationSeconds: number, upstreamAgeSeconds = 0): number {
  return gapSeconds + durationSeconds + upstreamAgeSeconds;
}
