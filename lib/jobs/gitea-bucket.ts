/** The bucket of a Gitea: its job lists it, as the Gitea itself could, to find there what the database names. */
import type { Peer, Source, Step } from './step';
import { remoteCaMounts, sourceEnv } from './store';

/** Where Gitea puts files in a bucket of which no setting says it (Gitea 1.26, modules/setting/storage.go). */
export const BUCKET_FOLDERS = {
  'LFS objects': 'lfs',
  attachments: 'attachments',
  'package files': 'packages',
  avatars: 'avatars',
  'repository avatars': 'repo-avatars',
  'Actions logs': 'actions_log',
  'Actions artifacts': 'actions_artifacts',
} as const;

/** What Gitea can keep in a bucket: all but repositories. */
export type InBucket = keyof typeof BUCKET_FOLDERS;

/** How the pods of a job reach what serves the bucket. */
export interface BucketServer {
  readonly peer: Peer;
  readonly scheme: 'http' | 'https';
  /** With a `ca.crt` that signed its certificate. Default: there is no TLS, or a public authority did. */
  readonly caSecret?: string;
}

export interface ListedBucket {
  /** Name of the ObjectBucketClaim: Rook calls the ConfigMap and the Secret of its bucket the same. */
  readonly claim: string;
  /** Where in the bucket to look. */
  readonly folders: readonly string[];
  readonly server: BucketServer;
}

/**
 * The same copy of a Gitea, which lists the bucket before it asks the database for the second time: what was deleted before
 * one of these, the database does not name any more, and what came meanwhile is surplus.
 */
export function listingBucket(source: Source, { claim, folders, server }: ListedBucket): Source {
  const { peer, scheme, caSecret } = server;
  const remote = {
    region: 'us-east-1',
    pathStyle: true,
    accessKey: { secret: claim, key: 'AWS_ACCESS_KEY_ID' },
    secretKey: { secret: claim, key: 'AWS_SECRET_ACCESS_KEY' },
    ...(caSecret === undefined ? {} : { caSecret }),
  };
  const told = ['BUCKET_HOST', 'BUCKET_PORT', 'BUCKET_NAME'].map((key) => [key, { configMap: claim, key }] as const);
  const listing: Step = {
    name: 'list-bucket',
    image: 'rclone',
    reads: true,
    run: { script: 'list-gitea-bucket.sh', args: folders },
    env: { SCHEME: scheme, ...Object.fromEntries(told), ...sourceEnv(remote) },
    mounts: remoteCaMounts(remote),
  };
  return {
    ...source,
    steps: source.steps.flatMap((step) => (step.name === 'list' ? [listing, step] : [step])),
    peers: [...source.peers, peer],
  };
}
