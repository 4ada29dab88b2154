/** What nobody has said, in a sentence, and the line that would say it. */
export interface Unsaid {
  readonly because: string;
  readonly line: string;
}
