import { join } from 'node:path';
import { Chart, Include } from 'cdk8s';
import type { Construct } from 'constructs';
import { backUp, exclude, nightly, type Location } from 'cdk8s-backed-up';

/** A wiki from a Helm chart, rendered once and committed: `helm template wiki … > apps/wiki/rendered.yaml`. */
export class Wiki extends Chart {
  constructor(scope: Construct, { offsite }: { offsite: Location }) {
    super(scope, 'wiki', { namespace: 'wiki' });

    new Include(this, 'chart', { url: join(__dirname, 'wiki', 'rendered.yaml') });
    backUp(this, { claim: 'wiki-data' }, nightly({ to: offsite, keep: { daily: 14 } }));
    exclude(
      this,
      { statefulSet: 'wiki-redis', template: 'data' },
      {
        reason: 'Redis holds only sessions, people log in again.',
      },
    );
  }
}
