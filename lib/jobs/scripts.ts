/** The scripts of the jobs: files of this folder, which shellcheck and real servers have seen, delivered as they are. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../model/kube-object';
import { DISABLED, MANAGED_BY, SUBSTITUTE_ANNOTATION } from '../model/marks';

/** Where a container finds them. */
export const SCRIPTS_PATH = '/scripts';

/** The files that each script reads besides itself. */
const SCRIPTS = {
  'begin.sh': ['common.sh', 'receipts.sh'],
  'list-receipts.sh': ['common.sh', 'receipts.sh'],
  'find-moment.sh': ['common.sh', 'receipts.sh', 'times.sh'],
  'look-up.sh': ['common.sh', 'api-server.sh'],
  'wait-gone.sh': ['common.sh', 'api-server.sh'],
  'count-etcd.sh': ['common.sh', 'cluster-keys.sh', 'node-path.awk'],
  'dump-postgres.sh': ['common.sh', 'dump-database.sql', 'count-tables.sql'],
  'verify-postgres.sh': ['common.sh', 'count-rows.awk'],
  'copy-cluster-keys.sh': ['common.sh', 'cluster-keys.sh', 'node-path.awk'],
  'copy-gitea.sh': ['common.sh', 'lfs-pointers.awk'],
  'list-gitea.sh': ['common.sh', 'list-gitea.sql'],
  'list-gitea-bucket.sh': ['common.sh', 'rclone.sh'],
  'compare-gitea.sh': ['common.sh'],
  'commit-restic.sh': ['common.sh', 'restic.sh'],
  'list-restic.sh': ['common.sh', 'restic.sh'],
  'copy-restic.sh': ['common.sh', 'restic.sh'],
  'write-receipt.sh': ['common.sh'],
  'upkeep-restic.sh': ['common.sh', 'restic.sh'],
  'mirror.sh': ['common.sh', 'rclone.sh'],
  'compare-mirror.sh': ['common.sh', 'rclone.sh'],
  'mirror-store.sh': ['common.sh', 'rclone.sh', 'store.sh', 'times.sh', 'barman-holes.awk'],
  'remove-vanished.sh': ['common.sh', 'rclone.sh', 'store.sh'],
  'expire-replaced.sh': ['common.sh', 'rclone.sh'],
  'probe-grants.sh': ['common.sh', 'rclone.sh'],
} as const;

export type ScriptName = keyof typeof SCRIPTS;

/** A file that scripts read. */
export type ScriptFile = (typeof SCRIPTS)[ScriptName][number];

/**
 * The ConfigMap with the scripts of a job. It is named after its content and cannot be changed, so that all steps of a
 * run are of one version. Flux must leave it alone: to a substitution, every `${…}` of a shell is a variable of its own.
 */
export function scriptsConfigMap(job: string, namespace: string, names: readonly ScriptName[]): KubeObject {
  const files = [...new Set(names.flatMap((name) => [name, ...SCRIPTS[name]]))].toSorted();
  const data = Object.fromEntries(files.map((file) => [file, textOf(file)]));
  const hash = createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 8);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: `${job}-scripts-${hash}`,
      namespace,
      labels: MANAGED_BY,
      annotations: { [SUBSTITUTE_ANNOTATION]: DISABLED },
    },
    immutable: true,
    data,
  };
}

/** Every job brings most of them. */
const texts = new Map<string, string>();

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(__dirname, 'scripts', file), 'utf8');
  texts.set(file, text);
  return text;
}
