/** Images of databases: what they write is only whole when they are asked for it, or recover from a power cut. */
import { listAt, textAt, type KubeObject } from './kube-object';
import { podTemplateOf } from './workloads';

/**
 * The last part of their names, without registry, tag and version; with the part before where that alone says nothing.
 * From the projects' own repositories, Docker Hub's official images, Bitnami, Red Hat's and the operators' that run them.
 */
const DATABASES: Readonly<Record<string, readonly string[]>> = {
  PostgreSQL: [
    'postgres',
    'postgresql',
    'postgresql-repmgr',
    'alloydbomni',
    'citus',
    'crunchy-postgres',
    'paradedb',
    'percona-distribution-postgresql',
    'pgvecto-rs',
    'pgvector',
    'postgis',
    'spilo',
    'timescaledb',
    'timescaledb-ha',
    'vchord-postgres',
    'vchord-suite',
  ],
  MySQL: [
    'mysql',
    'mysql-server',
    'mysql-cluster',
    'mariadb',
    'mariadb-galera',
    'percona',
    'percona-server',
    'percona-xtradb-cluster',
  ],
  MongoDB: [
    'mongo',
    'mongodb',
    'mongodb-atlas-local',
    'mongodb-community-server',
    'mongodb-enterprise-server',
    'mongodb-sharded',
    'percona-server-mongodb',
  ],
  Redis: [
    'redis',
    'redis-cluster',
    'redis-stack',
    'redis-stack-server',
    'dragonfly',
    'garnet',
    'keydb',
    'kvrocks',
    'valkey',
    'valkey-bundle',
    'valkey-cluster',
  ],
  'other relational ones': [
    'cockroach',
    'db2',
    'firebird',
    'mssql/server',
    'oracle-free',
    'oracle-xe',
    'rqlite',
    'tikv',
    'yugabyte',
  ],
  'documents, graphs and vectors': [
    'arangodb',
    'chroma',
    'couchbase/server',
    'couchdb',
    'dgraph',
    'milvus',
    'neo4j',
    'orientdb',
    'qdrant',
    'ravendb',
    'rethinkdb',
    'surrealdb',
    'weaviate',
  ],
  'wide columns': ['cassandra', 'cass-management-api', 'dse-server', 'foundationdb', 'scylla'],
  'time series and analytics': ['clickhouse', 'clickhouse-server', 'crate', 'greptimedb', 'influxdb', 'questdb'],
  search: ['elasticsearch', 'manticore', 'meilisearch', 'opensearch', 'quickwit', 'solr', 'typesense'],
  'keys and consensus': ['clickhouse-keeper', 'consul', 'etcd', 'openbao', 'vault', 'zookeeper'],
  directories: ['dirsrv', 'freeipa-server', 'openldap'],
};

const NAMES = new Set(Object.values(DATABASES).flat());
const POSTGRES_NAMES = new Set(DATABASES['PostgreSQL']);

/** @param image as a container names it: `registry.example.net:5000/bitnami/postgresql:17`. */
export function isDatabaseImage(image: string): boolean {
  return isNamed(image, NAMES);
}

export function isPostgresImage(image: string): boolean {
  return isNamed(image, POSTGRES_NAMES);
}

/** What dumps a server by itself, with the clients of its tag: it is made of the official image of that tag. */
const DUMPING = new Set(['postgres-backup-local']);

export function isPostgresBackupLocal(image: string): boolean {
  return isNamed(image, DUMPING);
}

/** What copies or watches the files of a PostgreSQL from beside it, and keeps none of its own on the volume. */
const POSTGRES_TOOLS = new Set([
  'barman',
  'crunchy-pgbackrest',
  'pgbackrest',
  'postgres-backup-local',
  'postgres-exporter',
  'wal-g',
]);

export function isPostgresTool(image: string): boolean {
  return isNamed(image, POSTGRES_TOOLS);
}

/** Images that are derived from the official one, and start a server as that does; others bring Patroni, repmgr or the like. */
const LIKE_THE_OFFICIAL = new Set([
  'postgres',
  'pgvecto-rs',
  'pgvector',
  'postgis',
  'timescaledb',
  'vchord-postgres',
  'vchord-suite',
]);
/** Replicates where its variables say so. */
const BITNAMI = /(^|\/)bitnami(legacy|secure)?\/postgresql$/;

/** Whether pods with a container are servers that know nothing of each other, as far as its image and variables tell. */
export function replicatesNothing(container: unknown): boolean {
  const image = textAt(container, 'image') ?? '';
  if (!isNamed(image, LIKE_THE_OFFICIAL) && !BITNAMI.test(partsOf(image).join('/'))) return false;
  // `POSTGRESQL_REPLICATION_MODE` of Bitnami, `REPLICATE_FROM` of kartoza/postgis.
  const variables = listAt(container, 'env').map((variable) => textAt(variable, 'name') ?? '');
  return listAt(container, 'envFrom').length === 0 && !variables.some((name) => name.includes('REPLICA'));
}

function isNamed(image: string, names: ReadonlySet<string>): boolean {
  const parts = partsOf(image);
  const last = parts.at(-1) ?? '';
  // `spilo-16`, `postgres17`, `mariadb-1011-c9s`.
  const unversioned = last.replace(/-?\d[\d.]*(-(c\d+s|el\d+))?$/, '');
  return [last, unversioned, parts.slice(-2).join('/')].some((name) => names.has(name));
}

/** The program of an image of Gitea or Forgejo, and its version as far as the tag has it. */
export interface GiteaImage {
  readonly program: 'gitea' | 'forgejo';
  readonly major?: string;
  readonly minor?: string;
}

/** @returns `undefined` for the image of anything else. */
export function giteaImage(image: string): GiteaImage | undefined {
  const program = partsOf(image).at(-1);
  if (program !== 'gitea' && program !== 'forgejo') return undefined;
  const [, major, minor] = /:v?(\d+)(?:\.(\d+))?[^/]*$/.exec(image.replace(/@.*$/, '')) ?? [];
  return { program, ...(major === undefined ? {} : { major }), ...(minor === undefined ? {} : { minor }) };
}

/** What an image of etcd has besides the server. */
export interface EtcdImage {
  /** Whether it is of version 3.6 or a later one. */
  readonly isFrom36: boolean;
  /** Absent where nobody knows. */
  readonly hasShell?: boolean;
}

/** @returns `undefined` for the image of anything else, and where the tag says no version; `3.6` is any of its patches. */
export function etcdImage(image: string): EtcdImage | undefined {
  const path = partsOf(image).join('/');
  const [, version = '', patch, suffix = ''] = /:v?(\d+\.\d+(\.\d+)?)([^/:]*)$/.exec(image.replace(/@.*$/, '')) ?? [];
  if (!/(^|\/)etcd$/.test(path) || version === '') return undefined;
  const isFrom36 = isFrom(version, [3, 6]);
  // The project's own since 3.5.7, and Kubernetes' since it takes those (kubernetes/kubernetes#134251).
  if (/(^|\/)(coreos|etcd-development)\/etcd$/.test(path)) {
    const hasShell = !isFrom(version, [3, 5, 7]);
    return { isFrom36, ...(patch === undefined && !isFrom36 ? {} : { hasShell }) };
  }
  return /^-\d+$/.test(suffix) ? { isFrom36, hasShell: !isFrom(version, [3, 6, 5]) } : { isFrom36 };
}

function isFrom(version: string, first: readonly number[]): boolean {
  const numbers = version.split('.').map(Number);
  const differing = first.findIndex((number, index) => numbers[index] !== number);
  return differing === -1 || (numbers[differing] ?? 0) > (first[differing] ?? 0);
}

/** The container in which the pods of an object run Gitea or Forgejo. */
export function giteaContainer(object: KubeObject): unknown {
  return listAt(podTemplateOf(object), 'spec', 'containers').find(
    (each) => giteaImage(textAt(each, 'image') ?? '') !== undefined,
  );
}

/** The path of an image, without tag and digest. */
function partsOf(image: string): readonly string[] {
  return image
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .split('/');
}
