/** docs/findings.md: every example triggers the finding that it stands for. */
import { describe, expect, it } from 'vitest';
import { App, Chart } from 'cdk8s';
import { rules } from '../../lib/coverage/rules';
import type { Platform } from '../../lib';
import { offsite, synthesizeScenario, type ScenarioOptions } from '../support/scenario';
import { exampleOf } from '../support/rule-examples';
import { run } from '../support/snippets';

describe('the examples of docs/findings.md', () => {
  for (const rule of rules) {
    it(`[${rule.id}] the example`, () => {
      const { example } = run(exampleOf(rule));
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

function optionsOf(props: Overrides): ScenarioOptions {
  return { props } as ScenarioOptions;
}
