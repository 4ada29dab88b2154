/**
 * What Velero keeps in a location, made by hand: the repository of a namespace by kopia itself, which is the library that
 * Velero calls, and an entry of the catalogue for each backup.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from './store';
import { output, tool } from './tools';

export interface VeleroStore {
  /** Path in the bucket of the location. */
  readonly path: string;
  /** Changes the data, and backs it up under that name. @returns a digest of the data. */
  readonly backUp: (name: string) => Promise<string>;
  /** Changes what the entry of a backup says. */
  readonly say: (name: string, phase: string) => Promise<void>;
  /** As Velero does with a backup whose time is over. */
  readonly expire: (name: string) => Promise<void>;
  /** Removes what no backup needs at once, where Velero's waits for a day. */
  readonly maintain: () => Promise<void>;
}

const PASSWORD = 'static-passw0rd';

export async function makeVeleroStore(store: Store, path = 'base/lab/velero'): Promise<VeleroStore> {
  const data = mkdtempSync(join(tmpdir(), 'backed-up-data-'));
  const kopia = kopiaOf(store, path);
  await kopia('repository', 'create', 's3', ...kopia.s3);
  await kopia('maintenance', 'set', '--owner=me');
  for (let i = 0; i < 20; i += 1) writeFileSync(join(data, `file-${i}`), randomBytes(20_000));
  writeFileSync(join(data, 'large'), randomBytes(3_000_000));
  const snapshots = new Map<string, string>();
  let changes = 0;
  const write = async (name: string, snapshot: string, phase: string, started: Date): Promise<void> => {
    const startTimestamp = `${started.toISOString().slice(0, 19)}Z`;
    const entry = { kind: 'Backup', metadata: { name }, status: { phase, startTimestamp }, snapshot };
    await store.put(`s:${store.location.bucket}/${path}/backups/${name}/velero-backup.json`, JSON.stringify(entry));
  };
  return {
    path,
    backUp: async (name) => {
      changes += 1;
      writeFileSync(join(data, `file-${changes % 20}`), randomBytes(20_000 + changes));
      mkdirSync(join(data, `folder-${changes}`));
      writeFileSync(join(data, `folder-${changes}`, 'new'), randomBytes(5000));
      const { id } = JSON.parse(await kopia('snapshot', 'create', '--json', data)) as { id: string };
      snapshots.set(name, id);
      const started = new Date(startOf(changes));
      // As Velero does: the entry first, and once more when all is over.
      await write(name, id, 'Finalizing', started);
      await store.put(`s:${store.location.bucket}/${path}/backups/${name}/${name}.tar.gz`, `objects of ${name}`);
      await write(name, id, 'Completed', started);
      return digestOf(data);
    },
    say: async (name, phase) => write(name, snapshots.get(name) ?? '', phase, new Date(startOf(changes))),
    expire: async (name) => {
      await store.rclone('purge', `s:${store.location.bucket}/${path}/backups/${name}`);
      await kopia('snapshot', 'delete', '--delete', snapshots.get(name) ?? '');
    },
    maintain: async () => {
      for (let i = 0; i < 2; i += 1) await kopia('maintenance', 'run', '--full', '--safety=none');
    },
  };
}

/** When the backups were made, one a day. */
export function startOf(number: number): number {
  return Date.UTC(2026, 0, number, 3);
}

/** The names in the catalogue of a store, or of its mirror. */
export async function backupsIn(store: Store, path: string): Promise<readonly string[]> {
  const place = `s:${store.location.bucket}/${path}/backups`;
  const entries = await store.rclone('lsf', '--recursive', '--include=/*/velero-backup.json', place);
  const names = entries.split('\n').filter((name) => name.endsWith('.json'));
  return names.map((name) => name.replace('/velero-backup.json', '')).toSorted();
}

/** As somebody restores who has nothing but the bucket and the password. @returns a digest of what came back. */
export async function restoreFrom(store: Store, path: string, name: string): Promise<string> {
  const entry = await store.rclone('cat', `s:${store.location.bucket}/${path}/backups/${name}/velero-backup.json`);
  const { snapshot } = JSON.parse(entry) as { snapshot: string };
  const target = mkdtempSync(join(tmpdir(), 'backed-up-restored-'));
  try {
    const kopia = kopiaOf(store, path);
    await kopia('repository', 'connect', 's3', '--readonly', ...kopia.s3);
    await kopia('restore', snapshot, target);
    return digestOf(target);
  } finally {
    rmSync(target, { recursive: true });
  }
}

/** A client of the repository of one namespace, which remembers nothing of others. */
function kopiaOf(store: Store, path: string): Kopia {
  const { endpoint, accessKey, secretKey } = store.owner;
  const home = mkdtempSync(join(tmpdir(), 'backed-up-kopia-'));
  const env = {
    HOME: home,
    KOPIA_CONFIG_PATH: join(home, 'config'),
    KOPIA_CACHE_DIRECTORY: join(home, 'cache'),
    KOPIA_LOG_DIR: join(home, 'log'),
    KOPIA_CHECK_FOR_UPDATES: 'false',
    KOPIA_PASSWORD: PASSWORD,
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey,
  };
  const s3 = [
    `--bucket=${store.location.bucket}`,
    `--prefix=${path}/kopia/forge/`,
    `--endpoint=${endpoint.replace('http://', '')}`,
    '--disable-tls',
    '--region=us-east-1',
    '--override-username=velero',
    '--override-hostname=lab',
  ];
  return Object.assign(
    async (...args: readonly string[]) =>
      output(tool('kopia'), [...args, '--no-progress', '--log-level=error'], { env }),
    { s3 },
  );
}

interface Kopia {
  (...args: readonly string[]): Promise<string>;
  /** How it finds the repository. */
  readonly s3: readonly string[];
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of entries.map((entry) => join(entry.parentPath, entry.name)).toSorted())
    hash.update(path.slice(folder.length)).update(readFileSync(path));
  return hash.digest('hex');
}
