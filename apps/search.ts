import { Chart, Duration } from 'cdk8s';
import type { Construct } from 'constructs';
import { OpenSearchCluster } from '../imports/opensearch.org';
import { backUp, elsewhere } from 'cdk8s-backed-up';

/** Logs and full-text search. */
export class Search extends Chart {
  constructor(scope: Construct) {
    super(scope, 'search', { namespace: 'search' });

    new OpenSearchCluster(this, 'logs', {
      metadata: { name: 'logs' },
      spec: {
        general: { serviceName: 'logs', version: '3.3.0' },
        nodePools: [{ component: 'nodes', replicas: 3, diskSize: '100Gi', roles: ['cluster_manager', 'data'] }],
      },
    });
    backUp(
      this,
      { openSearch: 'logs' },
      elsewhere('A Snapshot Management policy, set up by hand, writes to the bucket of the provider every night.', {
        failureDomain: 'offsite',
        rpo: Duration.hours(25),
      }),
    );
  }
}
