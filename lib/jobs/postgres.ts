/** Logical dumps of a whole PostgreSQL server: every database in the custom format, and roles and tablespaces as SQL. */
import type { Peer, SecretKey, Source } from './step';

export interface PostgresDumpOptions {
  /** Name of the Service, `db-rw.forge.svc`. */
  readonly host: string;
  /** Of the Service. Default 5432. */
  readonly port?: number;
  /** The pods behind the Service. */
  readonly server: Peer;
  /**
   * A superuser, or a member of `pg_read_all_data` with `BYPASSRLS` who was granted every large object: whoever may not
   * read all of it fails the dump.
   */
  readonly user: SecretKey;
  readonly password: SecretKey;
  /** `require` refuses a server without TLS. Default `prefer`, which is what clients of PostgreSQL do. */
  readonly sslMode?: 'prefer' | 'require';
}

export function postgresDump(options: PostgresDumpOptions): Source {
  return {
    steps: [
      {
        name: 'dump',
        image: 'postgres',
        run: { script: 'dump-postgres.sh' },
        env: {
          PGHOST: options.host,
          PGPORT: String(options.port ?? 5432),
          PGUSER: options.user,
          PGPASSWORD: options.password,
          // Only to ask which others there are.
          PGDATABASE: 'postgres',
          PGSSLMODE: options.sslMode ?? 'prefer',
          PGCONNECT_TIMEOUT: '10',
          PGAPPNAME: 'backed-up',
          // Names and counts are read as they are, whatever the client's locale.
          PGCLIENTENCODING: 'UTF8',
        },
      },
      {
        name: 'verify',
        image: 'postgres',
        run: { script: 'verify-postgres.sh' },
        // It connects to nobody, but Debian's wrapper of the clients looks for a local server unless one is named
        // (postgresql-client-common 248, pg_wrapper).
        env: { PGHOST: options.host },
      },
    ],
    verifiedBy: 'pg_restore --data-only of every dump, with the rows of every table compared',
    peers: [options.server],
  };
}
