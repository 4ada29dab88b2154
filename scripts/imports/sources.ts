/** Where every imported kind comes from, pinned: the one table to edit when an upstream project has a new release. */

export interface Source {
  readonly name: string;
  /** The Go module whose zip carries the files. */
  readonly module: string;
  readonly version: string;
  /** Where the project itself serves the same files, for a machine without Go. `{version}` and `{file}` are filled in. */
  readonly upstream: string;
  readonly files: readonly string[];
}

export interface CrdSource extends Source {
  /** The kinds that are used, by API version. All others that the files define are left out. */
  readonly kinds: Readonly<Record<string, readonly string[]>>;
}

/** Projects that carry CustomResourceDefinitions: classes in `imports/`, closed schemas in `schemas/`. */
export const CRD_SOURCES: readonly CrdSource[] = [
  {
    name: 'Velero',
    module: 'github.com/vmware-tanzu/velero',
    version: 'v1.18.3',
    upstream: 'https://raw.githubusercontent.com/velero-io/velero/{version}/{file}',
    files: [
      'config/crd/v1/bases/velero.io_backups.yaml',
      'config/crd/v1/bases/velero.io_backupstoragelocations.yaml',
      'config/crd/v1/bases/velero.io_restores.yaml',
      'config/crd/v1/bases/velero.io_schedules.yaml',
      'config/crd/v1/bases/velero.io_volumesnapshotlocations.yaml',
    ],
    kinds: { 'velero.io/v1': ['Backup', 'BackupStorageLocation', 'Restore', 'Schedule', 'VolumeSnapshotLocation'] },
  },
  {
    name: 'CloudNativePG',
    module: 'github.com/cloudnative-pg/cloudnative-pg',
    version: 'v1.30.0',
    upstream: 'https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/{version}/{file}',
    files: [
      'config/crd/bases/postgresql.cnpg.io_backups.yaml',
      'config/crd/bases/postgresql.cnpg.io_clusters.yaml',
      'config/crd/bases/postgresql.cnpg.io_scheduledbackups.yaml',
    ],
    kinds: { 'postgresql.cnpg.io/v1': ['Backup', 'Cluster', 'ScheduledBackup'] },
  },
  {
    name: "CloudNativePG's Barman plugin",
    module: 'github.com/cloudnative-pg/plugin-barman-cloud',
    version: 'v0.14.0',
    upstream: 'https://raw.githubusercontent.com/cloudnative-pg/plugin-barman-cloud/{version}/{file}',
    files: ['config/crd/bases/barmancloud.cnpg.io_objectstores.yaml'],
    kinds: { 'barmancloud.cnpg.io/v1': ['ObjectStore'] },
  },
  {
    name: 'Rook',
    module: 'github.com/rook/rook',
    version: 'v1.20.6',
    upstream: 'https://raw.githubusercontent.com/rook/rook/{version}/{file}',
    files: ['deploy/examples/crds.yaml'],
    kinds: {
      'ceph.rook.io/v1': ['CephBlockPool', 'CephCluster', 'CephObjectStore', 'CephObjectStoreUser'],
      'objectbucket.io/v1alpha1': ['ObjectBucketClaim'],
    },
  },
  {
    name: 'prometheus-operator',
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.93.0',
    upstream: 'https://raw.githubusercontent.com/prometheus-operator/prometheus-operator/{version}/{file}',
    files: [
      'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_prometheuses.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml',
      'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
    ],
    kinds: { 'monitoring.coreos.com/v1': ['PodMonitor', 'Prometheus', 'PrometheusRule', 'ServiceMonitor'] },
  },
  {
    name: 'external-snapshotter',
    module: 'github.com/kubernetes-csi/external-snapshotter/client/v8',
    version: 'v8.6.0',
    upstream: 'https://raw.githubusercontent.com/kubernetes-csi/external-snapshotter/client/{version}/client/{file}',
    files: [
      'config/crd/snapshot.storage.k8s.io_volumesnapshotclasses.yaml',
      'config/crd/snapshot.storage.k8s.io_volumesnapshots.yaml',
    ],
    kinds: { 'snapshot.storage.k8s.io/v1': ['VolumeSnapshot', 'VolumeSnapshotClass'] },
  },
  {
    name: "Flux's kustomize-controller",
    module: 'github.com/fluxcd/kustomize-controller',
    version: 'v1.9.4',
    upstream: 'https://raw.githubusercontent.com/fluxcd/kustomize-controller/{version}/{file}',
    files: ['config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml'],
    kinds: { 'kustomize.toolkit.fluxcd.io/v1': ['Kustomization'] },
  },
  {
    name: "Flux's source-controller",
    module: 'github.com/fluxcd/source-controller',
    version: 'v1.9.1',
    upstream: 'https://raw.githubusercontent.com/fluxcd/source-controller/{version}/{file}',
    files: [
      'config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml',
      'config/crd/bases/source.toolkit.fluxcd.io_helmrepositories.yaml',
    ],
    kinds: { 'source.toolkit.fluxcd.io/v1': ['GitRepository', 'HelmRepository'] },
  },
  {
    name: "Flux's helm-controller",
    module: 'github.com/fluxcd/helm-controller',
    version: 'v1.6.3',
    upstream: 'https://raw.githubusercontent.com/fluxcd/helm-controller/{version}/{file}',
    files: ['config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml'],
    kinds: { 'helm.toolkit.fluxcd.io/v2': ['HelmRelease'] },
  },
  {
    name: 'cert-manager',
    module: 'github.com/cert-manager/cert-manager',
    version: 'v1.21.1',
    upstream: 'https://raw.githubusercontent.com/cert-manager/cert-manager/{version}/{file}',
    files: [
      'deploy/crds/cert-manager.io_certificates.yaml',
      'deploy/crds/cert-manager.io_clusterissuers.yaml',
      'deploy/crds/cert-manager.io_issuers.yaml',
    ],
    kinds: { 'cert-manager.io/v1': ['Certificate', 'ClusterIssuer', 'Issuer'] },
  },
];

/**
 * The built-in kinds: schemas only, because cdk8s-plus brings their classes. All of them, in every version: what is
 * missing here is not served. One file, the OpenAPI document.
 */
export const KUBERNETES: Source = {
  name: 'Kubernetes',
  module: 'k8s.io/kubernetes',
  version: 'v1.36.3',
  upstream: 'https://raw.githubusercontent.com/kubernetes/kubernetes/{version}/{file}',
  files: ['api/openapi-spec/swagger.json'],
};

/** `github.com/vmware-tanzu/velero@v1.18.3`: what generated files name as their origin. */
export function pinOf(source: Source): string {
  return `${source.module}@${source.version}`;
}
