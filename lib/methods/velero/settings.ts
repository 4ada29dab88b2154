import type { Origin } from '../../model/declaration';

/** What a person may change about the Backups of a namespace. */
export interface VeleroSettings {
  /** How long one snapshot may take to be ready, in seconds. */
  readonly csiSnapshotTimeoutSeconds: number;
  /** How long the copying of all volumes may take, in seconds. */
  readonly itemOperationTimeoutSeconds: number;
  /** How data leaves a volume: from a CSI snapshot, or by reading the files of running pods. */
  readonly volumes: 'data-mover' | 'fs-backup';
  /** Further fields of the Backups, such as `hooks`. */
  readonly template: VeleroTemplate;
}

/** The settings of one namespace, as somebody gave them. */
export interface SettingsDeclaration {
  readonly namespace: string;
  readonly settings: VeleroSettings;
  readonly at: Origin & { readonly type: 'construct' };
}

/** The server's own defaults (Velero 1.18), written out because the achieved RPO rests on them. */
export const DEFAULT_SETTINGS: VeleroSettings = {
  csiSnapshotTimeoutSeconds: 600,
  itemOperationTimeoutSeconds: 4 * 3600,
  volumes: 'data-mover',
  template: {},
};

const VOLUMES = `volumes: 'fs-backup' of VeleroBackup, or snapshotted({ … })`;

/** Fields of a Backup that say what is said elsewhere, and where that is. */
export const FIELDS_SAID_ELSEWHERE = {
  includedNamespaces: 'each namespace has Schedules of its own: leave it out',
  storageLocation: `nightly({ to: s3Location('…', …), … })`,
  ttl: 'nightly({ …, keep: { daily: 14 } })',
  snapshotVolumes: VOLUMES,
  snapshotMoveData: VOLUMES,
  defaultVolumesToFsBackup: VOLUMES,
  csiSnapshotTimeout: 'csiSnapshotTimeout: Duration.minutes(20) of VeleroBackup',
  itemOperationTimeout: 'itemOperationTimeout: Duration.hours(8) of VeleroBackup',
} as const;

/** Fields of a Backup's spec that nothing else says. */
export type VeleroTemplate = Readonly<Record<string, unknown>> & {
  readonly [F in keyof typeof FIELDS_SAID_ELSEWHERE]?: never;
};
