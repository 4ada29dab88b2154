/** Where a dataset's copies lie in a location, and how restic and rclone are told. */
import type { DatasetId } from '../model/dataset';
import { endpointPort, secretNameOf, storePath, type Location } from '../model/location';
import type { EnvValue, Mount, Peer } from './step';

/** The folder of a dataset without a namespace; no namespace can be called so. */
const CLUSTER_FOLDER = '_cluster';

/**
 * Path of a dataset below `data/` and `receipts/`, `forge/statefulset_gitea_data`: no two datasets that one job library
 * backs up share it, because no name of Kubernetes has an underscore.
 */
export function datasetPath({ kind, namespace, name, part }: DatasetId): string {
  const words = [kind.toLowerCase(), name, ...(part === undefined ? [] : [part.name])];
  return `${namespace ?? CLUSTER_FOLDER}/${words.join('_')}`;
}

/** The dataset's restic repository and its receipts, below the bucket. */
export interface StorePaths {
  readonly data: string;
  readonly receipts: string;
}

export function storePaths(location: Location, cluster: string, dataset: DatasetId): StorePaths {
  const path = datasetPath(dataset);
  return {
    data: storePath(location, cluster, 'data', path),
    receipts: storePath(location, cluster, 'receipts', path),
  };
}

/** The store of a location, for the NetworkPolicy: as it says, or at any address but the cluster's. */
export function storePeer(location: Location, clusterRanges: readonly string[]): Peer {
  const { reachedAt } = location;
  if (reachedAt !== undefined && 'labels' in reachedAt) return reachedAt;
  // What is no URL is a finding of its own.
  const port = endpointPort(location) ?? 443;
  return reachedAt === undefined ? { outsideOf: clusterRanges, port } : { ...reachedAt, port };
}

/** Where the certificate that signed the store's is mounted: a pod may know two stores. */
function caFolder(secret: string): string {
  return `/etc/backed-up/${secret}`;
}

/** The certificate of a location that has its own. */
export function caMounts(location: Location, secret = secretNameOf(location)): readonly Mount[] {
  return location.customCa ? [caMount(secret)] : [];
}

/** The same for a server that is no location. */
export function remoteCaMounts({ caSecret }: Remote): readonly Mount[] {
  return caSecret === undefined ? [] : [caMount(caSecret)];
}

function caMount(secret: string): Mount {
  return { path: caFolder(secret), volume: { secret, items: { 'ca.crt': 'ca.crt' } } };
}

/** As restic is told. */
export function resticRepository({ endpoint, bucket }: Location, { data }: StorePaths): string {
  return `s3:${endpoint.replace(/\/+$/, '')}/${bucket}/${data}`;
}

/** @param secret with the keys, by default the one that every namespace has for the location. */
export function resticEnv(
  location: Location,
  cluster: string,
  paths: StorePaths,
  secret = secretNameOf(location),
): Readonly<Record<string, EnvValue>> {
  return {
    RESTIC_REPOSITORY: resticRepository(location, paths),
    RESTIC_PASSWORD: { secret, key: 'RESTIC_PASSWORD' },
    AWS_ACCESS_KEY_ID: { secret, key: 'AWS_ACCESS_KEY_ID' },
    AWS_SECRET_ACCESS_KEY: { secret, key: 'AWS_SECRET_ACCESS_KEY' },
    AWS_DEFAULT_REGION: location.region,
    // One host for all pods: restic groups snapshots by it.
    RESTIC_HOST: cluster,
    // This one has no variable (restic 0.18, doc/030_preparing_a_new_repo.rst).
    RESTIC_OPTIONS: location.pathStyle ? '--option=s3.bucket-lookup=path' : '--option=s3.bucket-lookup=dns',
    ...(location.customCa ? { RESTIC_CACERT: `${caFolder(secret)}/ca.crt` } : {}),
  };
}

/** A remote called `store`. */
export function storeEnv(location: Location, secret = secretNameOf(location)): Readonly<Record<string, EnvValue>> {
  return { ...remoteEnv('STORE', remoteOf(location, secret)), ...caEnv([location], secret) };
}

/** A remote called `source`, and one called `store`. */
export function twoStoresEnv(source: Location, store: Location): Readonly<Record<string, EnvValue>> {
  return {
    ...remoteEnv('SOURCE', remoteOf(source)),
    ...remoteEnv('STORE', remoteOf(store)),
    ...caEnv([source, store]),
  };
}

function remoteOf(location: Location, secret = secretNameOf(location)): Remote {
  const { endpoint, region, pathStyle } = location;
  return {
    endpoint,
    region,
    pathStyle,
    accessKey: { secret, key: 'AWS_ACCESS_KEY_ID' },
    secretKey: { secret, key: 'AWS_SECRET_ACCESS_KEY' },
  };
}

/** Where the image of rclone has the authorities that everybody trusts (Alpine 3.22, ca-certificates). */
const PUBLIC_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** rclone has one list of authorities for all its remotes, and forgets the public ones over it (v1.76.0, fs/fshttp/http.go). */
function caEnv(locations: readonly Location[], secret?: string): Readonly<Record<string, string>> {
  return trusting(locations.map((each) => (each.customCa ? (secret ?? secretNameOf(each)) : undefined)));
}

/** @param secrets of each server, with its authority; `undefined` for a public one. */
function trusting(secrets: readonly (string | undefined)[]): Readonly<Record<string, string>> {
  const own = secrets.filter((secret) => secret !== undefined);
  if (own.length === 0) return {};
  const files = own.map((secret) => `${caFolder(secret)}/ca.crt`);
  return { RCLONE_CA_CERT: [...files, ...(own.length < secrets.length ? [PUBLIC_AUTHORITIES] : [])].join(',') };
}

/** A remote called `source` that is no location, alone or beside the store. */
export function sourceEnv(source: Remote, store?: Location): Readonly<Record<string, EnvValue>> {
  const secret = store?.customCa === true ? secretNameOf(store) : undefined;
  return { ...remoteEnv('SOURCE', source), ...trusting([secret, source.caSecret].slice(store === undefined ? 1 : 0)) };
}

/** A path of a location's bucket, as rclone names it. */
export function inStore({ bucket }: Location, path: string): string {
  return `store:${bucket}/${path}`;
}

/** The same in the remote called `source`. */
export function inSource({ bucket }: Location, path: string): string {
  return `source:${bucket}/${path}`;
}

/** An S3 server and the keys for it. */
export interface Remote {
  /** Absent where the script puts it together. */
  readonly endpoint?: EnvValue;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly accessKey: EnvValue;
  readonly secretKey: EnvValue;
  /** With a `ca.crt` that signed the server's certificate. Default: there is no TLS, or a public authority did. */
  readonly caSecret?: string;
}

/** A remote of rclone by variables alone (rclone 1.76, docs/content/docs.md, "Config file" of environment variables). */
export function remoteEnv(
  name: 'STORE' | 'SOURCE',
  { endpoint, region, pathStyle, accessKey, secretKey }: Remote,
): Readonly<Record<string, EnvValue>> {
  const variable = (option: string): string => `RCLONE_CONFIG_${name}_${option}`;
  return {
    RCLONE_CONFIG: '/notfound',
    [variable('TYPE')]: 's3',
    [variable('PROVIDER')]: 'Other',
    ...(endpoint === undefined ? {} : { [variable('ENDPOINT')]: endpoint }),
    [variable('REGION')]: region,
    [variable('ACCESS_KEY_ID')]: accessKey,
    [variable('SECRET_ACCESS_KEY')]: secretKey,
    [variable('FORCE_PATH_STYLE')]: String(pathStyle),
    // A mistyped bucket must fail, and keys that may write need not be allowed to make one.
    [variable('NO_CHECK_BUCKET')]: 'true',
  };
}
