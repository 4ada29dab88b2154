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

const VOLUMES = `say volumes: 'fs-backup' of VeleroBackup, or make the strategy snapshotted`;

/** Fields of a Backup that say what is said elsewhere, and where that is. */
export const FIELDS_SAID_ELSEWHERE = {
  includedNamespaces: 'leave it out: each namespace has Schedules of its own',
  storageLocation: 'say it in the strategy: to',
  ttl: 'say it in the strategy: keep',
  snapshotVolumes: VOLUMES,
  snapshotMoveData: VOLUMES,
  defaultVolumesToFsBackup: VOLUMES,
  csiSnapshotTimeout: 'say csiSnapshotTimeout of VeleroBackup itself',
  itemOperationTimeout: 'say itemOperationTimeout of VeleroBackup itself',
} as const;

/** Fields of a Backup's spec that nothing else says. */
export type VeleroTemplate = Readonly<Record<string, unknown>> & {
  readonly [F in keyof typeof FIELDS_SAID_ELSEWHERE]?: never;
};
