/** docs/findings.md: every example compiles and triggers the finding that it stands for. */
import { describe, expect, it } from 'vitest';
import { App, Chart } from 'cdk8s';
import { rules } from '../../lib/coverage/rules';
import type { Rule } from '../../lib/coverage/rule';
import type { Platform } from '../../lib';
import { offsite, synthesizeScenario, type ScenarioOptions } from '../support/scenario';
import { run, typeErrors, type Snippet } from '../support/snippets';

describe('the examples of docs/findings.md', () => {
  it('compile', () => {
    expect(typeErrors(rules.map(snippetOf))).toEqual([]);
  }, 120_000);

  for (const rule of rules) {
    it(`[${rule.id}] the example`, () => {
      const { example } = run(snippetOf(rule));
      if (!isExample(example)) throw new Error('the snippet exports no example');
      // An example may bring its own platform or answers, which come before the app.
      const app = new App();
      const own = example(app, new Chart(app, 'example', { namespace: 'paperless' }), offsite);
      const { findings } = synthesizeScenario(
        ({ app: real, chart }) => void example(real, chart, offsite),
        optionsOf(own),
      );
      expect(new Set(findings.map((finding) => finding.rule))).toEqual(new Set([rule.id]));
    });
  }
});

type Example = (app: App, chart: Chart, location: typeof offsite) => Overrides;

interface Overrides {
  readonly platform?: Platform;
  readonly alsoRead?: readonly string[];
  readonly fluxRepository?: unknown;
}

function isExample(value: unknown): value is Example {
  return typeof value === 'function';
}

function snippetOf({ id, example }: Rule): Snippet {
  const overrides = [...example.matchAll(/^const (platform|alsoRead|fluxRepository) =/gm)].map(([, name]) => name);
  const text = `
import { ApiObject, App, Chart, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import {
  BackedUpStatefulSet, BackedUpVolume, backUp, continuous, definePlatform, elsewhere, every, exclude, excluded, holds,
  nightly, s3Location, ScratchVolume, weekly, type Location,
} from 'cdk8s-backed-up';

export function example(app: App, chart: Chart, offsite: Location) {
${example}
return { ${overrides.join(', ')} };
}
void [ApiObject, App, Chart, Duration, Size, k8s, BackedUpStatefulSet, BackedUpVolume, backUp, continuous, definePlatform,
  elsewhere, every, exclude, excluded, holds, nightly, s3Location, ScratchVolume, weekly];
`;
  return { name: `${id}.ts`, text };
}

function optionsOf(props: Overrides): ScenarioOptions {
  return { props } as ScenarioOptions;
}
