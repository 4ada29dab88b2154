/** Settings of PostgreSQL as a Cluster gives them: all of them are texts. */
import { textAt, type KubeObject } from '../../model/kube-object';

export function textOfParameter(cluster: KubeObject, name: string): string | undefined {
  return textAt(cluster, 'spec', 'postgresql', 'parameters', name)?.trim();
}

/** What CloudNativePG sets unless the Cluster does (cloudnative-pg v1.30.0, pkg/postgres/configuration.go). */
const DEFAULT_ARCHIVE_TIMEOUT = 300;

/**
 * After how many seconds at the latest PostgreSQL hands over a piece of its log that is not full; without end where it
 * waits until it is, or where the setting cannot be read.
 */
export function archiveTimeout(cluster: KubeObject): number {
  const text = textOfParameter(cluster, 'archive_timeout');
  if (text === undefined) return DEFAULT_ARCHIVE_TIMEOUT;
  const [, number, unit = 's'] = /^(\d+)\s*(us|ms|s|min|h|d)?$/.exec(text) ?? [];
  const seconds = number === undefined ? 0 : Math.round(Number(number) * (SECONDS[unit] ?? 0));
  return seconds === 0 ? Number.POSITIVE_INFINITY : seconds;
}

/** Units of time of PostgreSQL 18 (src/backend/utils/misc/guc.c). */
const SECONDS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86_400 };
