/** When an object that Flux applied is healthy, for kinds that Flux cannot judge by itself. */

interface Health {
  readonly apiVersion: string;
  readonly current: string;
  readonly failed?: string;
}

/** As many pods as were asked for are ready (prometheus-operator v0.93.0, pkg/operator/statefulset_reporter.go). */
const AVAILABLE: Health = {
  apiVersion: 'monitoring.coreos.com/v1',
  current: `status.conditions.exists(c, c.type == 'Available' && c.status == 'True')`,
};

/**
 * Kinds for which Flux's own health check says Ready at once, whether or not anything reads them (seen with
 * kustomize-controller v1.9.4), and what they say when they work. An expression on a field that is not there yet counts
 * as not ready. An ObjectStore of the Barman plugin says nothing before its first backup (v0.14.0, its CRD), and has none.
 */
export const HEALTH: Readonly<Record<string, Health>> = {
  'velero.io/Schedule': {
    apiVersion: 'velero.io/v1',
    current: `status.phase == 'Enabled'`,
    failed: `status.phase == 'FailedValidation'`,
  },
  'velero.io/BackupStorageLocation': { apiVersion: 'velero.io/v1', current: `status.phase == 'Available'` },
  'objectbucket.io/ObjectBucketClaim': {
    apiVersion: 'objectbucket.io/v1alpha1',
    current: `status.phase == 'Bound'`,
    failed: `status.phase == 'Failed'`,
  },
  'ceph.rook.io/CephObjectStore': { apiVersion: 'ceph.rook.io/v1', current: `status.phase == 'Ready'` },
  'ceph.rook.io/CephObjectStoreUser': { apiVersion: 'ceph.rook.io/v1', current: `status.phase == 'Ready'` },
  'postgresql.cnpg.io/Cluster': {
    apiVersion: 'postgresql.cnpg.io/v1',
    current: `status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')`,
  },
  // Set when the operator first reads the schedule, unless it never comes or is suspended (cloudnative-pg v1.30.0,
  // internal/controller/scheduledbackup_controller.go).
  'postgresql.cnpg.io/ScheduledBackup': {
    apiVersion: 'postgresql.cnpg.io/v1',
    current: `(has(spec.suspend) && spec.suspend) || has(status.lastCheckTime)`,
  },
  // What OpenSearch's own health API says; one node alone is always yellow. The phase is RUNNING before any pod is
  // (opensearch-k8s-operator v3.0.2, controllers/opensearchController.go). Of the old group, opensearch.opster.io, that
  // version writes no status.
  'opensearch.org/OpenSearchCluster': {
    apiVersion: 'opensearch.org/v1',
    current: `status.health in ['green', 'yellow']`,
  },
  'monitoring.coreos.com/Prometheus': AVAILABLE,
  'monitoring.coreos.com/Alertmanager': AVAILABLE,
  'monitoring.coreos.com/ThanosRuler': AVAILABLE,
};
