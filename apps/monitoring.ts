import { Chart, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { HelmRelease, HelmReleaseSpecChartSpecSourceRefKind } from '../imports/helm.toolkit.fluxcd.io';
import {
  Prometheus,
  PrometheusSpecStorageVolumeClaimTemplateSpecResourcesRequests,
} from '../imports/monitoring.coreos.com';
import { exclude, holds, nightly, type Location } from '../lib';

/** Metrics that may be lost, and the dashboards that may not. */
export class Monitoring extends Chart {
  constructor(scope: Construct, { offsite }: { offsite: Location }) {
    super(scope, 'monitoring', { namespace: 'monitoring' });

    new Prometheus(this, 'prometheus', {
      metadata: { name: 'main' },
      spec: {
        retention: '15d',
        storage: {
          volumeClaimTemplate: {
            spec: {
              storageClassName: 'ceph-block',
              resources: {
                requests: { storage: PrometheusSpecStorageVolumeClaimTemplateSpecResourcesRequests.fromString('50Gi') },
              },
            },
          },
        },
      },
    });
    exclude(
      this,
      { prometheus: 'main' },
      {
        reason: 'Fifteen days of metrics; nobody has ever asked for older ones after an outage.',
      },
    );

    // The chart makes its volume at run time, so nobody sees it beforehand.
    new HelmRelease(this, 'grafana', {
      metadata: { name: 'grafana' },
      spec: {
        interval: '1h',
        chart: {
          spec: {
            chart: 'grafana',
            version: '10.1.4',
            sourceRef: {
              kind: HelmReleaseSpecChartSpecSourceRefKind.HELM_REPOSITORY,
              name: 'grafana',
              namespace: 'flux-system',
            },
          },
        },
        values: { persistence: { enabled: true, size: '10Gi' } },
      },
    });
    holds(
      this,
      { helmRelease: 'grafana' },
      {
        grafana: {
          storage: Size.gibibytes(10),
          labels: { 'app.kubernetes.io/name': 'grafana' },
          backup: nightly({
            to: offsite,
            keep: { daily: 14 },
            crashConsistent: 'SQLite replays its journal, and dashboards are changed by one person at a time.',
          }),
        },
      },
    );
  }
}
