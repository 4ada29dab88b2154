/** The public API. */
export { BackedUpApp, requireBackups } from './synth/app';
export type { BackedUpAppProps, ClusterAnswers, ClusterWideProps, GateProps, RequireBackupsProps } from './synth/app';
export { BackedUpVolume, ScratchVolume } from './constructs/volume';
export type { AccessMode, BackedUpVolumeProps, ScratchVolumeProps, VolumeProps } from './constructs/volume';
export { BackedUpStatefulSet } from './constructs/stateful-set';
export type { BackedUpStatefulSetProps, StatefulSetVolume } from './constructs/stateful-set';
export { VeleroBackup } from './constructs/velero-backup';
export type { VeleroBackupProps } from './constructs/velero-backup';
export type { VeleroTemplate } from './methods/velero/settings';
export { VeleroSnapshotClass } from './constructs/velero-snapshot-class';
export type { VeleroSnapshotClassProps } from './constructs/velero-snapshot-class';
export { backUp, exclude, holds } from './constructs/foreign';
export type { ExcludeOptions, ForeignOptions, HeldClaim, HeldClaimProps } from './constructs/foreign';
export { definePlatform } from './model/platform';
export type { FluxPlatform, Platform, RookPlatform, StorageClassPlatform, VeleroPlatform } from './model/platform';
export { s3Location } from './model/location';
export type { FailureDomain, Location, S3LocationProps } from './model/location';
export {
  continuous,
  elsewhere,
  every,
  excluded,
  hourly,
  mirrored,
  nightly,
  snapshotted,
  weekly,
} from './model/strategy';
export type * from './model/strategy';
export type { DatasetRef, OneOrMore, OpaqueRef, OwnKinds, StrategyFor, VolumeStrategy } from './model/kinds';
export type { Finding, Remedy } from './coverage/finding';
export type * from './model/inventory';
export type { Receipt } from './model/receipt';
export { parseInventory } from './schema/inventory';
export type { InventoryProblem } from './schema/inventory';
