/** A PostgreSQL whose log and base copies Barman keeps in a store, by the programs that the plugin of CloudNativePG runs. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type PostgresServer } from './postgres';
import type { Store } from './store';
import { output, until } from './tools';

export interface Archive {
  /** Path in the bucket of the location. */
  readonly path: string;
  readonly server: PostgresServer;
  /** Makes a base copy. @returns its id. */
  readonly backUp: () => Promise<string>;
  /** Hands over all of the log that there is. */
  readonly flush: () => Promise<void>;
  /** Keeps so many base copies, and the log that they need. */
  readonly keep: (copies: number) => Promise<void>;
}

const SERVER = 'db-1';

/** A server that can call programs of the machine. */
const WITH_PROGRAMS = { version: 15 } as const;

export async function startArchivedPostgres(store: Store, path = 'base/lab/data/forge/db'): Promise<Archive> {
  const barman = barmanOf(store, path, () => server);
  const archive = barman.script('barman-cloud-wal-archive', '--gzip');
  const server = await startPostgres({
    ...WITH_PROGRAMS,
    // Barman notes times in the zone of the server.
    settings: { timezone: 'Asia/Tokyo', archive_mode: 'on', archive_command: `${archive} %p` },
  });
  return {
    path,
    server,
    backUp: async () => {
      await barman.run('barman-cloud-backup', ['--gzip', '--immediate-checkpoint']);
      const listed = JSON.parse(await barman.run('barman-cloud-backup-list', ['--format=json'])) as {
        readonly backups_list: readonly { readonly backup_id: string }[];
      };
      return listed.backups_list.at(-1)?.backup_id ?? '';
    },
    flush: async () => {
      const file = await server.sql('select pg_walfile_name(pg_switch_wal())');
      const isArchived = `select last_archived_wal >= '${file}' from pg_stat_archiver`;
      await until('the archive of the log', 30, async () => (await server.sql(isArchived)) === 't');
    },
    keep: async (copies) =>
      void (await barman.run('barman-cloud-backup-delete', [`--retention-policy=REDUNDANCY ${copies}`])),
  };
}

/** As somebody restores who has nothing but the bucket: a base copy, and all of the log. */
export async function restoreArchive(store: Store, path: string, backup: string): Promise<PostgresServer> {
  const barman = barmanOf(store, path);
  return startPostgres({
    ...WITH_PROGRAMS,
    settings: { restore_command: `${barman.script('barman-cloud-wal-restore')} %f %p`, archive_mode: 'off' },
    from: async (data) => {
      await barman.run('barman-cloud-restore', [], [backup, data]);
      writeFileSync(join(data, 'recovery.signal'), '');
    },
  });
}

interface Barman {
  readonly run: (program: string, options: readonly string[], further?: readonly string[]) => Promise<string>;
  /** A file that a server can call. */
  readonly script: (program: string, ...options: readonly string[]) => string;
}

function barmanOf(store: Store, path: string, server?: () => PostgresServer): Barman {
  const { endpoint, accessKey, secretKey } = store.owner;
  const env = { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey, AWS_DEFAULT_REGION: 'us-east-1' };
  const place = `--endpoint-url=${endpoint}`;
  const target = [`s3://${store.location.bucket}/${path}`, SERVER];
  return {
    run: async (program, options, further = []) =>
      output(program, [place, ...options, ...target, ...further], { env: { ...env, ...server?.().env } }),
    script: (program, ...options) => {
      const folder = mkdtempSync(join(tmpdir(), 'backed-up-barman-'));
      chmodSync(folder, 0o755);
      const file = join(folder, program);
      const variables = Object.entries(env).map(([name, value]) => `export ${name}='${value}'\n`);
      const command = [program, place, ...options, ...target].join(' ');
      writeFileSync(file, `#!/bin/sh\n${variables.join('')}exec ${command} "$@"\n`, { mode: 0o755 });
      return file;
    },
  };
}
