/** What a person may change about the Backups of a namespace. */
export interface VeleroSettings {
  /** How long one snapshot may take to be ready, in seconds. */
  readonly csiSnapshotTimeoutSeconds: number;
  /** How long the copying of all volumes may take, in seconds. */
  readonly itemOperationTimeoutSeconds: number;
  /** How data leaves a volume: from a CSI snapshot, or by reading the files of running pods. */
  readonly volumes: 'data-mover' | 'fs-backup';
  /** Further fields of the Backups, such as `hooks`. */
  readonly template: Readonly<Record<string, unknown>>;
}

/** The server's own defaults (Velero 1.18), written out because the achieved RPO rests on them. */
export const DEFAULT_SETTINGS: VeleroSettings = {
  csiSnapshotTimeoutSeconds: 600,
  itemOperationTimeoutSeconds: 4 * 3600,
  volumes: 'data-mover',
  template: {},
};
