/** The same code where nothing checks types: the gate refuses it, or the function throws a message that says what to write. */
import { Chart, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { BackedUpApp } from '../../lib';
import { clusterAnswers, offsite, platform } from '../support/scenario';
import { run } from '../support/snippets';
import { fileOf, WRONG_CODE, type WrongCode } from './cases';

function whatHappens(wrong: WrongCode): readonly string[] | string {
  const exported = run({ name: 'wrong.ts', text: fileOf(wrong) })['wrong'];
  if (typeof exported !== 'function') throw new Error('the file exports no function');
  const app = new BackedUpApp({ platform, ...clusterAnswers });
  const chart = new Chart(app, 'example', { namespace: 'paperless' });
  try {
    const own: unknown = exported(chart, { ...clusterAnswers, platform, offsite, storage: Size.gibibytes(20) });
    const findings = (own instanceof BackedUpApp ? own : app).findings();
    return findings.map(({ rule, subject, because = '' }) => `[${rule}] ${subject}: ${because}`);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('without types', () => {
  for (const wrong of WRONG_CODE) {
    const { what, says } = wrong;
    const rules = typeof says === 'string' ? [] : says.map((text) => text.slice(0, text.indexOf(' ')));
    it(`${[...new Set(rules), what].join(' ')} is refused`, () => {
      expect(whatHappens(wrong)).toEqual(says);
    });
  }
});
