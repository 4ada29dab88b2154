/** Lines that say what is done, each with the seconds since the beginning. */
export type Say = (line: string) => void;

/** @returns what says that something is done. */
export function stopwatch(say: Say): (what: string) => void {
  const start = performance.now();
  return (what) => say(`${((performance.now() - start) / 1000).toFixed(1).padStart(7)} s  ${what}`);
}
