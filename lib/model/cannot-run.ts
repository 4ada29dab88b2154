/** Something outside the code kept a command from running at all. The message says what and what to do; no stack is shown. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}
