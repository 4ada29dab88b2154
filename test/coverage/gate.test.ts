/** What holds of the gate whatever the cluster is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../lib';
import { build, clusters, datasetOf, flawsOf, shuffled, type Flaws, type GeneratedCluster } from '../support/clusters';
import { explain, synthesizeScenario } from '../support/scenario';

function findingsOf(cluster: GeneratedCluster, flaws: Flaws = new Map()): readonly Finding[] {
  return synthesizeScenario(({ app }) => build(app, cluster, flaws)).findings;
}

describe('in any cluster', () => {
  it('[no-strategy] an answer left out is a finding that names its dataset, and the only one', () => {
    fc.assert(
      fc.property(clusters, fc.nat(), (cluster, choice) => {
        expect(explain(findingsOf(cluster))).toBe('');
        const forgotten = cluster.volumes[choice % cluster.volumes.length];
        if (forgotten === undefined) return;
        const findings = findingsOf(cluster, new Map([[forgotten.name, 'unanswered']]));
        expect(findings.map(({ rule, dataset }) => ({ rule, dataset }))).toEqual([
          { rule: 'no-strategy', dataset: datasetOf(forgotten) },
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it('the order of declaration changes no finding', () => {
    const twice = clusters.chain((cluster) =>
      fc.record({ cluster: fc.constant(cluster), other: shuffled(cluster), flaws: flawsOf(cluster) }),
    );
    fc.assert(
      fc.property(twice, ({ cluster, other, flaws }) => {
        expect(findingsOf(other, flaws)).toEqual(findingsOf(cluster, flaws));
      }),
      { numRuns: 60 },
    );
  });
});
