/**
 * Takes whatever code without types gives. A strategy that is made of it is refused by the gate, which knows where it
 * stands; an exception would only show a stack.
 */
import type { Cron, Duration } from 'cdk8s';
import { isMapping } from './kube-object';

export function given<O extends object>(options: O | undefined): O {
  return options ?? ({} as O);
}

/** Not a number for what is not a Duration. */
export function secondsOf(duration: Duration): number {
  return isMapping(duration) && typeof duration.toSeconds === 'function'
    ? duration.toSeconds({ integral: false })
    : Number.NaN;
}

/** What a job can be ended by: Kubernetes takes whole seconds, from 1. */
export function isDeadline(seconds: unknown): boolean {
  return Number.isSafeInteger(seconds) && Number(seconds) > 0;
}

/** What a copy can be compared by: a shell takes no other number, and below 0 it would never refuse, above 100 always. */
export function isPercent(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 100;
}

export function cronText(cron: Cron | string): string {
  return typeof cron === 'object' && cron !== null ? cron.expressionString : String(cron);
}
