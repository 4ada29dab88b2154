import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { holds } from 'cdk8s-backed-up';

/**
 * The operators, as plain YAML in `infrastructure/`: synth reads it and writes nothing of it. None of the charts asks for
 * a volume of its own.
 */
export class Infrastructure extends Chart {
  constructor(scope: Construct) {
    super(scope, 'infrastructure', { namespace: 'flux-system' });

    holds(this, { helmRelease: 'velero', namespace: 'velero' }, {});
    holds(this, { helmRelease: 'cert-manager', namespace: 'cert-manager' }, {});
    holds(this, { helmRelease: 'cloudnative-pg', namespace: 'cnpg-system' }, {});
    holds(this, { helmRelease: 'plugin-barman-cloud', namespace: 'cnpg-system' }, {});
    holds(this, { helmRelease: 'rook-ceph', namespace: 'rook-ceph' }, {});
    holds(this, { helmRelease: 'prometheus-operator', namespace: 'prometheus-operator' }, {});
    holds(this, { helmRelease: 'opensearch-operator', namespace: 'opensearch-operator' }, {});
  }
}
