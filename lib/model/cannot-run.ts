/** Something outside the code kept a command from running at all. The message says what and what to do; no stack is shown. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

/** The exit code of a command that could not do its work, as opposed to 1: it did, and found something wrong. */
export const COULD_NOT_RUN = 2;

/** What a command prints before it ends with that code: one line, or the stack of a mistake in code. */
export function describeFailure(error: unknown): string {
  if (error instanceof CannotRun) return `error: ${error.message}\n`;
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}

/** Ends in silence when nobody reads on, as in `… | head -1`: what was done is done, and the exit code says it. */
export function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.listeners('error').includes(ignoreClosedPipe)) stream.on('error', ignoreClosedPipe);
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
