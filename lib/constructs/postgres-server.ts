/** How jobs reach a server of PostgreSQL, and log in. */
import { POSTGRES_PORT, type PostgresDumpOptions } from '../jobs/postgres';
import type { SecretKey } from '../jobs/step';
import type { DumpedServer } from '../methods/jobs/declaration';
import type { RequiredSecret } from '../model/inventory';

/** A server of PostgreSQL, in the namespace of its volume. */
export interface PostgresServer {
  /** Name of its Service, without the namespace: `tickets-db`. It has to lead to what mounts the volume (`postgres-server`). */
  readonly host: string;
  /** Port of the Service. Default 5432. */
  readonly port?: number;
  /** The pods behind the Service, and the port on which they listen, for the NetworkPolicy of the job. */
  readonly pods: { readonly labels: Readonly<Record<string, string>>; readonly port?: number };
  /**
   * A superuser, or a member of `pg_read_all_data` with `BYPASSRLS` who was granted every large object: a dump by a role
   * that may not read everything fails.
   */
  readonly user: SecretKey;
  /** Password of that role. */
  readonly password: SecretKey;
  /** Where both are kept outside of the cluster, in words for the person who restores (`keys-inside`): no dump carries them. */
  readonly keptIn: string;
  /** `require` refuses a server without TLS. Default `prefer`. */
  readonly sslMode?: 'prefer' | 'require';
}

/** By its Service for writes, because a replica refuses the locks of a dump now and then. */
export function primaryOf(namespace: string, name: string): Pick<PostgresDumpOptions, 'host' | 'server' | 'sslMode'> {
  return {
    host: `${name}-rw.${namespace}.svc`,
    // cloudnative-pg v1.30.0, docs/src/labels_annotations.md.
    server: { namespace, labels: { 'cnpg.io/cluster': name, 'cnpg.io/instanceRole': 'primary' }, port: POSTGRES_PORT },
    sslMode: 'require',
  };
}

/** How a job logs in to a server in a namespace, and reaches it. */
export function loginTo(
  { host, port = POSTGRES_PORT, pods, user, password, sslMode }: PostgresServer,
  namespace: string,
): PostgresDumpOptions {
  return {
    host: `${host}.${namespace}.svc`,
    port,
    server: { namespace, labels: pods.labels, port: pods.port ?? port },
    user,
    password,
    ...(sslMode === undefined ? {} : { sslMode }),
  };
}

/** What of that the gate compares with the objects. */
export function reached({ host, port = POSTGRES_PORT, pods }: PostgresServer): DumpedServer {
  return { service: host, port, pods: pods.labels, podPort: pods.port ?? port };
}

/** The Secrets with that login, which a person provides. */
export function loginSecrets({ user, password, keptIn }: PostgresServer, namespace: string): readonly RequiredSecret[] {
  return [user, password].map(({ secret: name, key }) => ({ namespace, name, keys: [key], keptIn }));
}
