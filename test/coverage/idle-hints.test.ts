/** Hints for declarations that match nothing, where there are many of them. */
import { Chart, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { BackedUpVolume, exclude, nightly } from '../../lib';
import { offsite, synthesizeScenario } from '../support/scenario';

const MANY = 1500;

describe('a namespace that was renamed', () => {
  // Each name against each other one takes minutes; the time that a test may take is far between the two.
  it('[idle-declaration] is hinted at for each of its datasets', () => {
    const { findings } = synthesizeScenario(({ app, chart }) => {
      const renamed = new Chart(app, 'renamed', { namespace: 'papers' });
      for (let n = 0; n < MANY; n += 1) {
        new BackedUpVolume(renamed, `documents-${n}`, {
          storage: Size.gibibytes(1),
          backup: nightly({ to: offsite, keep: { daily: 7 } }),
        });
        exclude(chart, { claim: `documents-${n}` }, { reason: 'Imported again from the scanner.' });
      }
    });
    const hints = findings.map(({ dataset, remedies }) => [dataset?.name, remedies[0]?.text]);
    const expected = Array.from({ length: MANY }, (_, n) => [
      `documents-${n}`,
      `{ claim: 'documents-${n}', namespace: 'papers' }`,
    ]);
    expect(new Map(hints as [string, string][])).toEqual(new Map(expected as [string, string][]));
  });
});
