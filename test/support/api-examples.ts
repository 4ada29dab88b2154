/** The examples beside the public API as files of a user. */
import { examplesOf, publicExports } from './public-api';
import type { Snippet } from './snippets';

export interface ApiExample {
  readonly name: string;
  readonly code: string;
}

const EXPORTS = publicExports();
export const API_EXAMPLES: readonly ApiExample[] = EXPORTS.flatMap(({ name, statement }) =>
  statement === undefined ? [] : examplesOf(statement).map((code) => ({ name, code })),
);

/** A file in which the example stands in a method of a chart. What it makes for the app itself is returned. */
export function apiExampleFile({ name, code }: ApiExample): Snippet {
  const text = `
import { readFileSync } from 'node:fs';
import { ApiObject, App, Chart, Duration, Include, Size } from 'cdk8s';
import { ${EXPORTS.map((each) => each.name).join(', ')} } from 'cdk8s-backed-up';

export function example(this: Chart, app: BackedUpApp, offsite: Location, platform: Platform) {
{
${code}
${/^const etcd =/m.test(code) ? 'return { etcd };' : ''}
}
}
`;
  return { name: `${name}.ts`, text };
}
