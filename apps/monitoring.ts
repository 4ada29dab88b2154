import { Chart, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { HelmRelease, HelmReleaseSpecChartSpecSourceRefKind } from '../imports/helm.toolkit.fluxcd.io';
import {
  Prometheus,
  PrometheusSpecStorageVolumeClaimTemplateSpecResourcesRequests,
} from '../imports/monitoring.coreos.com';
import { HelmRepository } from '../imports/source.toolkit.fluxcd.io';
import { exclude, holds, nightly, type Location } from 'cdk8s-backed-up';

/** Metrics that may be lost, and the dashboards that may not. */
export class Monitoring extends Chart {
  constructor(scope: Construct, { offsite }: { offsite: Location }) {
    super(scope, 'monitoring', { namespace: 'monitoring' });

    new Prometheus(this, 'prometheus', {
      metadata: { name: 'main' },
      spec: {
        retention: '15d',
        serviceAccountName: this.discovery(),
        // A new volume belongs to root.
        securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 2000 },
        // Every monitor of every namespace.
        serviceMonitorSelector: {},
        serviceMonitorNamespaceSelector: {},
        podMonitorSelector: {},
        podMonitorNamespaceSelector: {},
        ruleSelector: {},
        ruleNamespaceSelector: {},
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

    new HelmRepository(this, 'grafana-charts', {
      metadata: { name: 'grafana' },
      spec: { interval: '24h', url: 'https://grafana.github.io/helm-charts' },
    });
    // The chart makes its volume at run time, so nobody sees it beforehand.
    new HelmRelease(this, 'grafana', {
      metadata: { name: 'grafana' },
      spec: {
        interval: '1h',
        chart: {
          spec: {
            chart: 'grafana',
            version: '10.1.4',
            sourceRef: { kind: HelmReleaseSpecChartSpecSourceRefKind.HELM_REPOSITORY, name: 'grafana' },
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

  /** @returns the ServiceAccount by which Prometheus finds what it scrapes. */
  private discovery(): string {
    const name = 'prometheus-main';
    new k8s.KubeServiceAccount(this, 'service-account', { metadata: { name } });
    new k8s.KubeClusterRole(this, 'role', {
      metadata: { name },
      rules: [
        { apiGroups: [''], resources: ['services', 'endpoints', 'pods'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
      ],
    });
    new k8s.KubeClusterRoleBinding(this, 'binding', {
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'monitoring' }],
    });
    return name;
  }
}
