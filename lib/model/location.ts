/** Where copies live. */
import { isCadence } from './cadence';
import { at } from './kube-object';
import type { Elsewhere, Synchronized } from './strategy';

/**
 * What is lost together. `cluster`: the machines and the storage of this cluster. `site`: the building it stands in.
 * `offsite` or `offsite-<name>`: anywhere else; two names are lost independently of each other.
 */
export type FailureDomain = 'cluster' | 'site' | 'offsite' | `offsite-${string}`;

/** What `s3Location` needs to know of a bucket. */
export interface S3LocationProps {
  /**
   * URL of the server, without a path and without keys: `https://s3.example.net`, `http://nas.lan:9000`. A host that the
   * cluster itself serves puts the location into the failure domain `cluster`.
   */
  readonly endpoint: string;
  /** Name of the bucket. It has to exist; nothing creates it. */
  readonly bucket: string;
  /**
   * Key prefix before everything that is stored, without slashes around it. What synth renders stands below
   * `<prefix>/<cluster>/`. Default: none.
   */
  readonly prefix?: string;
  /** Region of the bucket. Default `us-east-1`, which servers without regions accept. */
  readonly region?: string;
  /** Whether the bucket stands in the path instead of the host name. Default `true`: what Ceph, MinIO and Garage expect. */
  readonly pathStyle?: boolean;
  /**
   * Whether the Secret of the location carries a `ca.crt`, the authority that signed the server's certificate. Default
   * `false`: a public authority did.
   */
  readonly customCa?: boolean;
  /**
   * Whether clients send the newer checksum headers of the AWS SDK. Default `false`, which renders an empty
   * `checksumAlgorithm`: Ceph RGW and Backblaze refuse them (velero-plugin-for-aws v1.14.3, backupstoragelocation.md).
   */
  readonly sendChecksums?: boolean;
  /** Whether the bucket keeps old versions of overwritten and deleted objects; mirrors ask it each time. Default `false`. */
  readonly versioned?: boolean;
  /** Whether objects are locked against deletion for a time (S3 Object Lock). Default `false`. */
  readonly objectLocked?: boolean;
  /**
   * Whether whoever can read the bucket may read the cluster's Secrets. Default `false`: Secrets are left out of
   * Velero's tarballs, which are not encrypted.
   */
  readonly trusted?: boolean;
  /** What is lost together with this location. A location that the cluster itself serves is in `cluster`, whatever it claims. */
  readonly failureDomain: FailureDomain;
  /**
   * Where its keys are also kept outside the cluster, in words for the person who rebuilds it: `sealed envelope, bank`. Words
   * that name only the cluster, or that put it off, are refused (`keys-inside`).
   */
  readonly keptIn: string;
  /**
   * How the whole location is copied to a further one: `nightly({ to: … })` and its like, or `elsewhere(…)` for who does.
   * What restic keeps in it is copied by restic, and the stores of Velero and Barman as the files that they are. The copies
   * of buckets are not: mirror a bucket to both (`mirror-unproven`). Default: it is not copied.
   */
  readonly mirror?: Synchronized | Elsewhere;
  /**
   * Whom pods that copy to it may reach, for their NetworkPolicies. Needed where pods of this cluster serve it
   * (`job-unready`), but for the gateway of `platform.rook`. Default: the port of the endpoint, at any address outside of
   * `platform.clusterRanges`. With ranges, Cilium takes those of nodes into account only with `policyCIDRMatchMode: nodes`.
   */
  readonly reachedAt?: LocationPeer;
}

/**
 * The pods that serve a location, by their labels and the port on which they listen, which may be another one than that
 * of their Service; or the addresses of its servers.
 */
export type LocationPeer =
  | { readonly namespace: string; readonly labels: Readonly<Record<string, string>>; readonly port: number }
  | { readonly cidrs: readonly string[] };

/** An S3 bucket with everything that a client needs, except the keys: those are a Secret that a person provides. */
export interface Location {
  readonly type: 's3';
  /** Names the Secret `backed-up-<name>` and Velero's storage location. */
  readonly name: string;
  /** URL of the server. */
  readonly endpoint: string;
  /** Name of the bucket. */
  readonly bucket: string;
  /** Key prefix without slashes around it; empty for none. */
  readonly prefix: string;
  /** Region of the bucket. */
  readonly region: string;
  /** Whether the bucket stands in the path instead of the host name. */
  readonly pathStyle: boolean;
  /** Whether the Secret carries the authority of the server's certificate. */
  readonly customCa: boolean;
  /** Whether clients send the newer checksum headers of the AWS SDK. */
  readonly sendChecksums: boolean;
  /** Whether the bucket keeps old versions. */
  readonly versioned: boolean;
  /** Whether objects are locked against deletion for a time. */
  readonly objectLocked: boolean;
  /** Whether Secrets may be in it, in the clear. */
  readonly trusted: boolean;
  /** What is lost together with it, as it was claimed. */
  readonly failureDomain: FailureDomain;
  /** Where its keys are also kept outside the cluster. */
  readonly keptIn: string;
  /** How the whole location is copied to a further one. */
  readonly mirror?: Synchronized | Elsewhere;
  /** Whom pods that copy to it may reach; absent for whatever has its port. */
  readonly reachedAt?: LocationPeer;
}

/**
 * An S3 bucket as a place for copies. Describe each place once and share the value: two descriptions of one name, or two
 * names of one place, are refused (`location-ambiguous`). The repository that answers for the cluster renders it as a
 * BackupStorageLocation of Velero. Its keys are a Secret that a person provides, `backed-up-<name>` in Velero's namespace,
 * with `cloud`, an AWS credentials file, and `ca.crt` where `customCa` says so.
 *
 * @param name a DNS label of at most 20 characters, such as `offsite`. It stands in the names of Schedules, which Velero
 *   needs to be at most 63 characters long.
 * @example
 * const nas = s3Location('nas', {
 *   endpoint: 'https://nas.example.org',
 *   bucket: 'home-backups',
 *   failureDomain: 'site',
 *   keptIn: 'sealed envelope, bank',
 * });
 * new BackedUpVolume(this, 'data', {
 *   storage: Size.gibibytes(20),
 *   backup: nightly({ to: nas, keep: { daily: 14 } }),
 * });
 * // apiVersion: velero.io/v1
 * // kind: BackupStorageLocation
 * // metadata:
 * //   name: nas
 * //   namespace: velero
 * // spec:
 * //   provider: aws
 * //   objectStorage:
 * //     bucket: home-backups
 * //     prefix: home/velero
 * //   credential:
 * //     name: backed-up-nas
 * //     key: cloud
 * //   config:
 * //     region: us-east-1
 * //     s3ForcePathStyle: "true"
 * //     s3Url: https://nas.example.org
 * //     checksumAlgorithm: ""
 */
export function s3Location(name: string, props: S3LocationProps): Location {
  return {
    type: 's3',
    name,
    endpoint: props.endpoint,
    bucket: props.bucket,
    prefix: trimSlashes(props.prefix ?? ''),
    region: props.region ?? 'us-east-1',
    pathStyle: props.pathStyle ?? true,
    customCa: props.customCa ?? false,
    sendChecksums: props.sendChecksums ?? false,
    versioned: props.versioned ?? false,
    objectLocked: props.objectLocked ?? false,
    trusted: props.trusted ?? false,
    failureDomain: props.failureDomain,
    keptIn: props.keptIn,
    ...(props.mirror === undefined ? {} : { mirror: props.mirror }),
    ...(props.reachedAt === undefined ? {} : { reachedAt: props.reachedAt }),
  };
}

/** Whether a text is a {@link FailureDomain}: code without types may say anything. */
export function isFailureDomain(text: unknown): text is FailureDomain {
  return typeof text === 'string' && /^(cluster|site|offsite(-[a-z0-9-]+)?)$/.test(text);
}

/** Whether a location can be mirrored so: code without types may give anything. */
export function isMirror(mirror: unknown): mirror is Synchronized | Elsewhere {
  const type = at(mirror, 'type');
  if (type === 'elsewhere') return true;
  return type === 'scheduled' && at(mirror, 'to', 'type') === 's3' && isCadence(at(mirror, 'cadence'));
}

/** One step of what is at a location to the next one. */
export interface MirrorHop {
  readonly from: Location;
  readonly by: Synchronized | Elsewhere;
}

/**
 * How what is at a location goes on from there, nearest first, until somebody else takes over, which is the last one. A
 * location names its mirror when it is made, so that none comes again.
 */
export function mirrorHops(location: Location): readonly MirrorHop[] {
  const hops: MirrorHop[] = [];
  let from = location;
  while (isMirror(from.mirror)) {
    const by = from.mirror;
    hops.push({ from, by });
    if (by.type === 'elsewhere') break;
    from = by.to;
  }
  return hops;
}

/** The Secret with the keys of a location, in every namespace that copies to it. */
export function secretNameOf(location: Location): string {
  return `backed-up-${location.name}`;
}

/**
 * The prefix that Velero has for itself: it refuses a location with other objects under its prefix (Velero 1.18,
 * `pkg/persistence/object_store_layout.go`).
 */
export function veleroPrefix(location: Location, cluster: string): string {
  return storePath(location, cluster, 'velero');
}

/** Where the copies of a dataset stand that a method of its own makes. */
export function dataPrefix(location: Location, cluster: string, namespace: string, dataset: string): string {
  return storePath(location, cluster, 'data', namespace, dataset);
}

/** A path in the bucket of a location, below the prefix that one cluster has there. */
export function storePath(location: Location, cluster: string, ...folders: readonly string[]): string {
  return [location.prefix, cluster, ...folders].filter((part) => part !== '').join('/');
}

/** The host that the server of a location is reached at, or `undefined` when the endpoint is not a URL. */
function endpointHost({ endpoint }: Pick<Location, 'endpoint'>): string | undefined {
  const url = parseUrl(endpoint);
  return url === undefined ? undefined : bareHost(url.hostname);
}

/** The port of the server of a location, or `undefined` when the endpoint is not a URL. */
export function endpointPort({ endpoint }: Pick<Location, 'endpoint'>): number | undefined {
  const url = parseUrl(endpoint);
  if (url === undefined) return undefined;
  return url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
}

/** The host names that a client of a location asks for: without path style the bucket has a name of its own. */
export function clientHosts(location: Location): readonly string[] {
  const host = endpointHost(location);
  if (host === undefined) return [];
  return location.pathStyle ? [host] : [host, `${location.bucket}.${host}`];
}

/** Equal for locations in one bucket of one server. Two ports of one host are two servers. */
export function storeKey({ endpoint, bucket }: Pick<Location, 'endpoint' | 'bucket'>): string {
  return JSON.stringify([serverName(endpoint), bucket]);
}

/** Host and port of an endpoint, without a port that the scheme implies; what is not a URL, as it is. */
export function serverName(endpoint: string): string {
  return parseUrl(endpoint)?.host.replace(/\.(?=:|$)/, '') ?? endpoint;
}

/**
 * Whether only the cluster itself can answer to a host name: the name of a Service, the machine that asks, or a name
 * without a domain, which a pod looks up among the Services of its namespace first.
 */
export function isClusterHost(host: string): boolean {
  return (
    /\.svc$|\.pod$|\.cluster\.local$|^localhost$|\.localhost$|^127\.[\d.]+$|^0\.0\.0\.0$|^::1?$/.test(host) ||
    !/[.:]/.test(host)
  );
}

/** A host in the one form in which it is compared: lower case, IP addresses as short as they go, no dot at the end. */
export function comparableHost(text: string): string {
  const host = text.trim();
  const isIpv6 = host.split(':').length > 2 && !host.startsWith('[');
  return bareHost(parseUrl(`http://${isIpv6 ? `[${host}]` : host}`)?.hostname ?? host.toLowerCase());
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function bareHost(hostname: string): string {
  return hostname.replaceAll(/^\[|\]$|\.$/g, '');
}

function trimSlashes(path: string): string {
  return path.replaceAll(/^\/+|\/+$/g, '');
}
