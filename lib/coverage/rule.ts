import type { RuleFinding } from './finding';
import type { GateContext } from './context';

/**
 * One rule of the gate. Everything that people read about it stands here; `docs/findings.md` is generated from it, and
 * a test runs the example.
 */
export interface Rule {
  /** Stable over releases, in kebab case. */
  readonly id: string;
  /** Default `error`. */
  readonly severity?: 'warning';
  /** Above its findings: `2 datasets have no backup strategy`. */
  readonly heading: (count: number) => string;
  /** What is wrong, in a sentence. */
  readonly what: string;
  /** Why it matters: what a tool would have said, and what would have been lost. */
  readonly why: string;
  readonly fix: string;
  /** TypeScript that triggers it, inside a chart called `example` in the namespace `paperless`. */
  readonly example: string;
  readonly check: (context: GateContext) => Iterable<RuleFinding>;
}
