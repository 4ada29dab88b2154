/** What happens when a person pastes what a finding prints, and reads nothing. */
import { Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { describe, expect, it } from 'vitest';
import { BackedUpVolume, nightly, type Finding } from '../../lib';
import { pasted } from '../support/remedies';
import { offsite, synthesizeScenario } from '../support/scenario';
import { run } from '../support/snippets';

/** The findings about a claim that nobody answers for, after a line was pasted. */
function findingsAfter(line: string): readonly Finding[] {
  const { paste } = run(pasted('pasted.ts', [line]));
  if (typeof paste !== 'function') throw new Error('the file exports no function');
  return synthesizeScenario(({ app, chart }) => {
    const storage = Size.gibibytes(20);
    new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep: { daily: 7 } }) });
    const requests = { storage: k8s.Quantity.fromString('20Gi') };
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests } };
    new k8s.KubePersistentVolumeClaim(chart, 'more', { metadata: { name: 'more' }, spec });
    paste.call(chart, app, offsite);
  }).findings;
}

function remedy(label: string): string {
  const [finding] = findingsAfter('undefined');
  const found = finding?.remedies.find((each) => each.label === label);
  if (found === undefined) throw new Error(`no finding says '${label}'`);
  return found.text;
}

describe('a pasted remedy', () => {
  it('[no-strategy] backs the data up', () => {
    expect(findingsAfter(remedy('to back it up'))).toEqual([]);
  });

  it('[no-strategy] [thin-reason] leaves nothing out as long as nobody says why', () => {
    expect(findingsAfter(remedy('to leave it out')).map(({ rule }) => rule)).toEqual(['thin-reason']);
    const reason = remedy('to leave it out').replace(/reason: '.*'/, `reason: 'The scanner sends its pages again.'`);
    expect(findingsAfter(reason)).toEqual([]);
  });
});
