/** What a Gitea is made of, and the jobs that copy it, whoever deploys it. */
import type { Size } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { giteaDump, type GiteaLayout, type KnownLosses } from '../jobs/gitea';
import { BUCKET_FOLDERS, type InBucket } from '../jobs/gitea-bucket';
import type { PostgresDumpOptions } from '../jobs/postgres';
import type { SecretKey } from '../jobs/step';
import type { DumpedServer } from '../methods/jobs/declaration';
import type { Stops } from '../methods/jobs/stopped';
import type { DatasetId } from '../model/dataset';
import type { RequiredSecret } from '../model/inventory';
import { USER } from './gitea-pod';
import { jobSettings, type JobProps } from './jobs';
import { Ledger, originOf } from './ledger';
import type { BackedUpPostgres } from './postgres';
import { loginSecrets, loginTo, primaryOf, reached, type PostgresServer } from './postgres-server';

/** How the copies are made, where the defaults do not fit. */
export interface GiteaCopyProps extends JobProps {
  /**
   * Space for one full copy, of the volume and of the dump. Default: what the volume and the database request, or the volume
   * alone where nobody sees what the database does.
   */
  readonly scratch?: Size;
  /**
   * Files that were lost for good before, by their kind: `{ attachments: 1 }` lets one row of an attachment have no file, or
   * one of another size, and more than that fail the run. The receipt counts them, and the inventory has them among its
   * assumptions. Default: none.
   */
  readonly knownLosses?: KnownLosses;
  /** Image with the clients of PostgreSQL, of the server's major version. Default as for `PostgresDumpProps`. */
  readonly postgresImage?: string;
}

/** A Secret whose keys are environment variables of Gitea: `GITEA__security__SECRET_KEY`. */
export interface GiteaSettings {
  /** Its name. It holds at least the four keys of `GITEA_KEYS`; the pod does not start without them. */
  readonly secret: string;
  /** Where its values are kept outside of the cluster, in words for the person who restores (`keys-inside`). */
  readonly keptIn: string;
}

/** What a pod needs to run on the node of a Gitea, with its image, and to read its files. */
export interface GiteaPod extends Pick<k8s.PodSpec, 'tolerations' | 'nodeSelector' | 'imagePullSecrets'> {
  /** Whose files are on the volume. Default 1000, which is Gitea's user in all of its images. */
  readonly runAsUser?: number;
}

/** What Gitea keeps in a bucket. The gate asks for the backup of that, so its ObjectBucketClaim has to be in the output. */
export interface GiteaBucket {
  /** Kinds of files that are there, and not on the volume. */
  readonly files: readonly InBucket[];
  /**
   * Name of its ObjectBucketClaim, in the namespace of the volume: with the keys in the Secret of that name the job lists the
   * bucket, to find there what the database names. Left out where the bucket is none of Rook, or in another namespace: then
   * nothing compares the two.
   */
  readonly claim?: string;
  /**
   * Where in the bucket the files of a kind are, as `MINIO_BASE_PATH` says: `{ attachments: 'gitea/attachments' }`. Default:
   * where Gitea puts them, such as `lfs` and `attachments`.
   */
  readonly folders?: Readonly<Partial<Record<InBucket, string>>>;
  /** Who copies the bucket, as a sentence, where it is no ObjectBucketClaim. It is taken at its word. */
  readonly copiedBy?: string;
}

/** The database that CloudNativePG makes of a Cluster, with the login that it puts into the Secret `<cluster>-app`. */
export interface GiteaCluster {
  /** Name of the Cluster, in the namespace of the volume. */
  readonly cluster: string;
}

/** The database of a Gitea that CloudNativePG did not make. */
export interface GiteaDatabase extends PostgresServer {
  /** Its name. */
  readonly database: string;
}

/** Jobs copy its volume, and not what copies other volumes. */
export const JOBS = { scheduled: 'jobs' } as const;

export interface Copies {
  readonly claim: string;
  readonly pods: Readonly<Record<string, string>>;
  readonly database: BackedUpPostgres | GiteaCluster | GiteaDatabase;
  /** Default: the platform's. */
  readonly image?: string;
  readonly layout: GiteaLayout;
  readonly bucket?: GiteaBucket;
  readonly keys: readonly RequiredSecret[];
  readonly copies: GiteaCopyProps | undefined;
  readonly pod?: GiteaPod;
  readonly stops?: Stops;
}

export function declareCopies(construct: Construct, dataset: DatasetId, options: Copies): void {
  const { claim, pods, database, layout, keys, image, copies = {}, pod, stops } = options;
  const { namespace = '', name } = dataset;
  const bucket = options.bucket && { ...options.bucket, folders: { ...BUCKET_FOLDERS, ...options.bucket.folders } };
  const { knownLosses } = copies;
  const postgres = copies.postgresImage ?? ('secretName' in database ? database.image : undefined);
  const { login, secrets, server } = databaseOf(database, namespace);
  Ledger.of(construct).jobs.push({
    dataset,
    name,
    namespace,
    source: giteaDump({
      claim,
      pods,
      layout,
      user: USER,
      database: login,
      ...(bucket === undefined ? {} : { bucket: { ...bucket, isListed: bucket.claim !== undefined } }),
      ...(knownLosses === undefined ? {} : { knownLosses }),
    }),
    settings: {
      ...jobSettings(construct, 'copies', copies),
      images: {
        ...(image === undefined ? {} : { gitea: image }),
        ...(postgres === undefined ? {} : { postgres }),
      },
    },
    keys: [...keys, ...secrets],
    folders: layout.folders,
    ...(bucket === undefined ? {} : { bucket }),
    ...(knownLosses === undefined ? {} : { knownLosses }),
    ...(server === undefined ? {} : { server }),
    ...(pod === undefined ? {} : { pod }),
    ...(stops === undefined ? {} : { stops }),
    at: originOf(construct),
  });
}

export function keysOf(
  { secret, keys, keptIn }: GiteaSettings & { readonly keys: readonly string[] },
  namespace = '',
): RequiredSecret {
  return { namespace, name: secret, keys, keptIn };
}

/** CloudNativePG makes the login of its own. */
function databaseOf(
  database: Copies['database'],
  namespace: string,
): {
  readonly login: PostgresDumpOptions & { readonly database: string | SecretKey };
  readonly secrets: readonly RequiredSecret[];
  readonly server?: DumpedServer;
} {
  if ('database' in database) {
    const login = { ...loginTo(database, namespace), database: database.database };
    return { login, secrets: loginSecrets(database, namespace), server: { ...reached(database), isBeside: true } };
  }
  const name = 'cluster' in database ? database.cluster : database.name;
  const inSecret = (key: string): SecretKey => ({ secret: `${name}-app`, key });
  const login = { user: inSecret('username'), password: inSecret('password'), database: inSecret('dbname') };
  return { login: { ...primaryOf(namespace, name), ...login }, secrets: [] };
}
