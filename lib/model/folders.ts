/** The folders of the output: one for each chart, one for what backs it up, and a few that all charts share. */
import { groupOf } from './kube-object';
import { MANAGED_BY } from './marks';
import type { RenderedObject } from './rendered';

/** Holds nothing but Kustomizations, for all other folders. */
export const FLUX_FOLDER = 'flux';
export const NAMESPACES_FOLDER = 'namespaces';
/** What all charts share stands in the backup folder of this one: storage locations, and the answers for what no object betrays. */
export const CLUSTER_CHART = 'cluster';
/** Holds the user that reads buckets: claims with a policy that names it wait for this folder, and for no backup tool. */
export const BACKUP_USER_FOLDER = 'backup-user';
/** Holds what Prometheus is told: nothing else waits for the operator whose kinds these are. */
export const BACKUP_METRICS_FOLDER = 'backup-metrics';
/** Where the ConfigMaps of the inventory live, and later what watches the backups. */
export const BACKED_UP_NAMESPACE = 'backed-up';

/** The folder that a written object stands in. */
export function folderOf(rendered: RenderedObject): string {
  if (rendered.folder !== undefined) return rendered.folder;
  if (isMonitor(rendered)) return BACKUP_METRICS_FOLDER;
  const chart = rendered.origin.type === 'construct' ? rendered.origin.chart : '';
  return isBackup(rendered) ? backupFolderOf(chart) : chart;
}

export function backupFolderOf(chart: string): string {
  return `${chart}-backup`;
}

/**
 * Whether an object belongs to what makes backups, whoever wrote it: only backup tools read it. An ObjectStore of the
 * Barman plugin does not, because the database that names it does not start without it (plugin-barman-cloud v0.14.0,
 * internal/cnpgi/operator/reconciler.go).
 */
export function isBackup(rendered: RenderedObject): boolean {
  const { object, backup = false } = rendered;
  const group = groupOf(object.apiVersion);
  return (
    backup ||
    isMonitor(rendered) ||
    group === 'velero.io' ||
    (group === 'postgresql.cnpg.io' && BASE_COPIES.has(object.kind))
  );
}

/** Of this library's own. */
function isMonitor({ object: { apiVersion, kind, metadata } }: RenderedObject): boolean {
  const isOurs = Object.entries(MANAGED_BY).every(([key, value]) => metadata.labels?.[key] === value);
  return groupOf(apiVersion) === 'monitoring.coreos.com' && kind === 'PodMonitor' && isOurs;
}

const BASE_COPIES = new Set(['Backup', 'ScheduledBackup']);
