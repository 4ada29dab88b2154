/** The public API. */
export { BackedUpApp, requireBackups } from './synth/app';
export type {
  BackedUpAppProps,
  ClusterAnswers,
  ClusterWideProps,
  Gate,
  GateProps,
  RequireBackupsProps,
} from './synth/app';
export { GateError } from './synth/run';
export { BackedUpVolume, ScratchVolume } from './constructs/volume';
export type { AccessMode, BackedUpVolumeProps, ScratchVolumeProps, VolumeProps } from './constructs/volume';
export { BackedUpStatefulSet } from './constructs/stateful-set';
export type { BackedUpStatefulSetProps, StatefulSetVolume } from './constructs/stateful-set';
export { BackedUpPostgres, PostgresBackup } from './constructs/postgres';
export type {
  BackedUpPostgresProps,
  PostgresBackupProps,
  PostgresProtection,
  PostgresSpec,
} from './constructs/postgres';
export { BackedUpGitea } from './constructs/gitea';
export type { BackedUpGiteaProps } from './constructs/gitea';
export { GiteaBackup } from './constructs/gitea-backup';
export type { GiteaBackupProps } from './constructs/gitea-backup';
export type {
  GiteaBucket,
  GiteaCluster,
  GiteaCopyProps,
  GiteaDatabase,
  GiteaPod,
  GiteaSettings,
} from './constructs/gitea-copies';
export { GITEA_KEYS } from './constructs/gitea-pod';
export type { HeldVolume } from './constructs/held-volume';
export type { GiteaFiles, GiteaLayout, KnownLosses } from './jobs/gitea';
export { kubeadmEtcd } from './constructs/etcd';
export type { KubeadmEtcd, KubeadmEtcdProps } from './constructs/etcd';
export type { JobProps } from './constructs/jobs';
export { VeleroBackup } from './constructs/velero-backup';
export type { VeleroBackupProps } from './constructs/velero-backup';
export type { VeleroTemplate } from './methods/velero/settings';
export { VeleroSnapshotClass } from './constructs/velero-snapshot-class';
export type { VeleroSnapshotClassProps } from './constructs/velero-snapshot-class';
export { backUp, exclude, holds } from './constructs/foreign';
export type { ExcludeOptions, ForeignOptions, HeldClaim, HeldClaimProps } from './constructs/foreign';
export { CephBucketMirror, CephBucketWithBackupGrant, grantBackup } from './constructs/ceph-bucket';
export type { BucketRef, CephBucketMirrorProps, CephBucketWithBackupGrantProps } from './constructs/ceph-bucket';
export type { PolicyPrincipal, PolicyStatement } from './model/bucket-policy';
export { definePlatform } from './model/platform';
export type {
  CnpgPlatform,
  FluxPlatform,
  JobResources,
  JobsPlatform,
  Platform,
  RookPlatform,
  StorageClassPlatform,
  VeleroPlatform,
} from './model/platform';
export { s3Location } from './model/location';
export type { FailureDomain, Location, LocationPeer, S3LocationProps } from './model/location';
export type { JobImages } from './model/job-images';
export { continuous, every, hourly, mirrored, nightly, snapshotted, weekly } from './model/strategies';
export type {
  ContinuousOptions,
  EveryOptions,
  HourlyOptions,
  MirroredOptions,
  NightlyOptions,
  SnapshottedOptions,
  WeeklyOptions,
} from './model/strategies';
export { elsewhere, excluded } from './model/statements';
export type { ElsewhereOptions, ExcludedOptions } from './model/statements';
export type {
  Answer,
  Bucket,
  Continuous,
  Elsewhere,
  ElsewhereEvidence,
  Excluded,
  Keep,
  Mirrored,
  Scheduled,
  Snapshotted,
  Strategy,
  StrategyType,
  Weekday,
} from './model/strategy';
export type {
  BucketStrategy,
  ClusterStrategy,
  DataRef,
  DatasetRef,
  MethodName,
  OneOrMore,
  OpaqueRef,
  OwnKinds,
  PodVolumeRef,
  PostgresStrategy,
  StrategyFor,
  VolumeStrategy,
} from './model/kinds';
export type { DatasetId } from './model/dataset';
export type { Origin } from './model/declaration';
export type { KubeObject, ObjectId } from './model/kube-object';
export type { Finding, Remedy } from './coverage/finding';
export { INVENTORY_VERSION } from './model/inventory';
export type {
  Assumption,
  CnpgEvidence,
  CnpgRestore,
  Evidence,
  Inventory,
  InventoryCopy,
  InventoryDataset,
  InventoryLocation,
  InventoryStrategy,
  ReceiptEvidence,
  RequiredSecret,
  RcloneRestore,
  ResticRestore,
  Restore,
  VeleroEvidence,
} from './model/inventory';
export { parseInventory } from './schema/inventory';
export type { InventoryProblem } from './schema/inventory';
export type { Receipt } from './model/receipt';
export { predict } from './velero/predict';
export type { PredictInput } from './velero/predict';
export type {
  BackupPhase,
  CopyMethod,
  ObjectPrediction,
  Prediction,
  SchedulePrediction,
  VolumePrediction,
} from './velero/prediction';
