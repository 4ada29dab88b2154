import type { DatasetAnswer } from '../model/declaration';
import type { OneOrMore } from '../model/kinds';
import type { Answer, Strategy } from '../model/strategy';

/** What was given as `backup`, as one answer; `undefined` where untyped code gave nothing, which the gate reports. */
export function answerOf(given: OneOrMore<Strategy> | Answer | undefined): DatasetAnswer | undefined {
  if (given === undefined || given === null) return undefined;
  if (isList(given)) return { strategies: given };
  return given.type === 'excluded' ? given : { strategies: [given] };
}

function isList(given: OneOrMore<Strategy> | Answer): given is readonly [Strategy, ...Strategy[]] {
  return Array.isArray(given);
}
