import { App, Chart, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { BackedUpStatefulSet, nightly } from '../../lib';
import { offsite } from '../support/scenario';

describe('BackedUpStatefulSet', () => {
  it('names its claims, in the order of the pods', () => {
    const chart = new Chart(new App(), 'search', { namespace: 'search' });
    const scratch = 'Filled again from the sources in an hour.';
    const storage = Size.gibibytes(5);
    const set = new BackedUpStatefulSet(chart, 'index', {
      replicas: 2,
      podTemplate: { spec: { containers: [{ name: 'index', image: 'index:1.0' }] } },
      volumes: { data: { storage, backup: nightly({ to: offsite, keep: { daily: 7 } }) }, tmp: { storage, scratch } },
    });
    const rendered = set.node.children.map(({ node }) => node.id).filter((id) => id !== 'Resource');
    expect(set.claims).toEqual({ data: ['data-index-0', 'data-index-1'], tmp: ['tmp-index-0', 'tmp-index-1'] });
    expect(Object.values(set.claims).flat()).toEqual(rendered);
  });
});
