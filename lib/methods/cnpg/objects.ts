/** The objects that archive the log of a Cluster and make its base copies, as plain data. */
import { scheduleOf } from '../../model/cadence';
import { normalizeCron } from '../../model/cron';
import type { Mapping } from '../../model/kube-object';
import { dataPrefix, secretNameOf, type Location } from '../../model/location';
import { isScheduleProblem, renderSchedule } from '../../model/schedule';
import type { Continuous } from '../../model/strategy';
import { BARMAN_PLUGIN } from './archive';
import { formatRetention } from './retention';

/** What the Cluster has to name, so that its log goes to an ObjectStore. */
export function archiverPlugin(objectStore: string, serverName: string): Mapping {
  return {
    name: BARMAN_PLUGIN,
    isWALArchiver: true,
    parameters: { barmanObjectName: objectStore, serverName },
  };
}

/** The server of a Cluster: no two generations write to one folder, because none may write to what another one left. */
export function serverNameOf(cluster: string, generation: number): string {
  return `${cluster}-${generation}`;
}

/** The server that a restored Cluster writes to. */
export function nextServerName(serverName: string): string {
  const [, name = serverName, generation = '1'] = /^(.+)-(\d+)$/.exec(serverName) ?? [];
  return serverNameOf(name, Number(generation) + 1);
}

/** @param cluster name of the Kubernetes cluster. */
export function destinationPath(location: Location, cluster: string, namespace: string, database: string): string {
  return `s3://${location.bucket}/${dataPrefix(location, cluster, namespace, database)}`;
}

/** @param path as {@link destinationPath} gives it, perhaps later. */
export function objectStoreSpec({ to, restoreWindowSeconds }: Continuous, path: string): Mapping {
  const secret = secretNameOf(to);
  return {
    retentionPolicy: formatRetention(restoreWindowSeconds),
    configuration: {
      destinationPath: path,
      endpointURL: to.endpoint,
      ...(to.customCa ? { endpointCA: { name: secret, key: 'ca.crt' } } : {}),
      s3Credentials: {
        accessKeyId: { name: secret, key: 'AWS_ACCESS_KEY_ID' },
        secretAccessKey: { name: secret, key: 'AWS_SECRET_ACCESS_KEY' },
      },
      wal: { compression: 'gzip' },
      data: { compression: 'gzip' },
    },
    instanceSidecarConfiguration: { env: environment(to) },
  };
}

/** Fields of the ObjectStore name a region only in a Secret (barman-cloud v0.5.1, pkg/credentials/env.go). */
function environment({ region, sendChecksums }: Location): readonly Mapping[] {
  const checksums = ['AWS_REQUEST_CHECKSUM_CALCULATION', 'AWS_RESPONSE_CHECKSUM_VALIDATION'];
  return [
    { name: 'AWS_DEFAULT_REGION', value: region },
    ...(sendChecksums ? [] : checksums.map((name) => ({ name, value: 'when_required' }))),
  ];
}

/** Base copies, on which the log is replayed. */
export function scheduledBackupSpec({ baseCopies }: Continuous, namespace: string, database: string): Mapping {
  const schedule = scheduleOf(baseCopies, [namespace, database], 'UTC');
  // What cannot be scheduled is rendered as it was given, and refused as such.
  const given = baseCopies.every === 'cron' ? `0 ${normalizeCron(baseCopies.cron)}` : '';
  return {
    schedule: isScheduleProblem(schedule) ? given : renderSchedule(schedule, 'CloudNativePG').schedule,
    // A log without a base copy before it restores nothing.
    immediate: true,
    // The record of a copy outlives what made it; the plugin deletes those whose copy has expired.
    backupOwnerReference: 'none',
    cluster: { name: database },
    method: 'plugin',
    pluginConfiguration: { name: BARMAN_PLUGIN },
  };
}

/** cloudnative-pg v1.30.0, docs/src/monitoring.md; `monitoring.enablePodMonitor` of a Cluster is deprecated. */
export function podMonitorSpec(database: string): Mapping {
  return { selector: { matchLabels: { 'cnpg.io/cluster': database } }, podMetricsEndpoints: [{ port: 'metrics' }] };
}
