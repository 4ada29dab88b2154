/** What nobody has said, in a sentence, and the line that would say it, or what to do where there is none. */
export type Unsaid = { readonly because: string } & Way;

export type Way =
  { readonly line: string; readonly advice?: never } | { readonly advice: string; readonly line?: never };
