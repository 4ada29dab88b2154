/** Names of images, as a container has them. */

/** Whether an image is the same one at every pull, as far as its registry keeps its word: a digest, or a tag that is not moved. */
export function isPinned(image: unknown): boolean {
  if (typeof image !== 'string' || /\s/.test(image)) return false;
  return image.includes('@sha256:') || (/.:\w[\w.-]*$/.test(image) && !image.endsWith(':latest'));
}

/**
 * The major version of the PostgreSQL in an image, as far as its name says it: `postgres:16.11`, `pgvector:0.8.0-pg17`,
 * `spilo-16:3.2-p1`. Where a tag begins with the version of something else, as that of Citus does, it says nothing.
 */
export function postgresMajor(image: string): number | undefined {
  const [, name = '', tag = ''] = /([^/:]+)(?::([^/:]*))?$/.exec(image.replace(/@.*$/, '')) ?? [];
  const inTag = /(?:^|[._-])pg-?(\d+)/.exec(tag)?.[1];
  const inName = /^(?:postgres|postgresql|spilo)-?(\d+)$/.exec(name)?.[1];
  const first = TAGGED_BY_POSTGRES.has(name) ? /^v?(\d+)(?:[.-]|$)/.exec(tag)?.[1] : undefined;
  const major = inTag ?? inName ?? first;
  return major === undefined ? undefined : Number(major);
}

/** The two digits that the tag of an image begins with, which CloudNativePG takes for the version of the PostgreSQL in it. */
export function leadingMajor(image: string): number | undefined {
  const [, major] = /:(\d{2})(?:[.-][^/:]*)?$/.exec(image.replace(/@.*$/, '')) ?? [];
  return major === undefined ? undefined : Number(major);
}

/** Docker Hub's official image and what dumps with it, Bitnami's, PostGIS', and those that are made for CloudNativePG. */
const TAGGED_BY_POSTGRES = new Set([
  'cloudnative-pgvecto.rs',
  'cloudnative-vectorchord',
  'postgis',
  'postgres',
  'postgres-backup-local',
  'postgresql',
  'postgresql-repmgr',
]);
