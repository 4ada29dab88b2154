/**
 * Logical dumps of a whole PostgreSQL server, every database in the custom format, and roles and tablespaces as SQL; or of
 * one database of it.
 */
import { SCRIPTS_PATH, type ScriptFile } from './scripts';
import type { EnvValue, Peer, SecretKey, Source, Step } from './step';

/** What a server listens on unless somebody changed it. */
export const POSTGRES_PORT = 5432;

export interface PostgresDumpOptions {
  /** Name of the Service, `db-rw.forge.svc`. */
  readonly host: string;
  /** Of the Service. Default 5432. */
  readonly port?: number;
  /** The pods behind the Service. */
  readonly server: Peer;
  /**
   * For all databases: a superuser, or a member of `pg_read_all_data` with `BYPASSRLS` who was granted every large object: whoever may not
   * read all of it fails the dump.
   */
  readonly user: SecretKey;
  readonly password: SecretKey;
  /** `require` refuses a server without TLS. Default `prefer`, which is what clients of PostgreSQL do. */
  readonly sslMode?: 'prefer' | 'require';
  /** Only this one, without roles and tablespaces: its owner may dump it. Default: all. */
  readonly database?: string | SecretKey;
}

export function postgresDump(options: PostgresDumpOptions): Source {
  return {
    steps: dumpSteps(options).steps,
    verifiedBy: 'pg_restore --data-only of every dump, with the rows of every table compared',
    peers: [options.server],
  };
}

/** Names are compared as the bytes that they are: one database may be in another encoding than the next. */
const BYTES = { LC_ALL: 'C' };

/**
 * The steps that dump and verify, and how any client reaches the server.
 *
 * @param listing a file of SQL that lists, in the transaction of the dump, what else belongs to the database.
 */
export function dumpSteps(
  options: PostgresDumpOptions,
  listing?: ScriptFile,
): { readonly steps: readonly Step[]; readonly env: Readonly<Record<string, EnvValue>> } {
  const { database } = options;
  const env: Readonly<Record<string, EnvValue>> = {
    PGHOST: options.host,
    PGPORT: String(options.port ?? POSTGRES_PORT),
    PGUSER: options.user,
    PGPASSWORD: options.password,
    // When all are dumped, only to ask which there are.
    PGDATABASE: database ?? 'postgres',
    PGSSLMODE: options.sslMode ?? 'prefer',
    PGCONNECT_TIMEOUT: '10',
    PGAPPNAME: 'backed-up',
    ...BYTES,
  };
  const only = database === undefined ? {} : { ONLY_DATABASE: 'yes' };
  const steps: readonly Step[] = [
    {
      name: 'dump',
      image: 'postgres',
      reads: true,
      run: { script: 'dump-postgres.sh' },
      env: {
        ...env,
        ...only,
        ...(listing === undefined ? {} : { LISTING: `${SCRIPTS_PATH}/${listing}` }),
      },
    },
    {
      name: 'verify',
      image: 'postgres',
      run: { script: 'verify-postgres.sh' },
      // It connects to nobody, but Debian's wrapper of the clients looks for a local server unless one is named
      // (postgresql-client-common 248, pg_wrapper).
      env: { PGHOST: options.host, ...BYTES, ...only },
    },
  ];
  return { steps, env };
}
