/** Gitea and Forgejo: the database first, then the volume, and every file that the database names found in the copy. */
import { enumerated } from '../model/text';
import { BUCKET_FOLDERS, type InBucket } from './gitea-bucket';
import { dumpSteps, type PostgresDumpOptions } from './postgres';
import type { Mount, SecretKey, Source } from './step';

/** What Gitea keeps in files, besides what is small and has no rows: configuration, keys, templates. */
export const GITEA_FILES = [
  'repositories',
  'LFS objects',
  'attachments',
  'package files',
  'avatars',
  'repository avatars',
  'Actions logs',
  'Actions artifacts',
] as const;

/** A kind of files of Gitea. */
export type GiteaFiles = (typeof GITEA_FILES)[number];

/** How many rows of each kind may have no file, or one of another size. */
export type KnownLosses = Readonly<Partial<Record<InBucket, number>>>;

/** Where on the volume they are. */
export interface GiteaLayout {
  /** Each from the root of the volume. */
  readonly folders: Readonly<Record<GiteaFiles, string>>;
  /** The `app.ini` with SECRET_KEY, where it is on the volume; absent where the keys are in a Secret. */
  readonly configuration?: string;
  /** What Gitea makes again by itself, and what is only for the moment. */
  readonly leftOut: readonly string[];
}

/** Of the rootless image, whose volume is `/var/lib/gitea` (Gitea 1.26, docker/rootless/etc/templates/app.ini). */
export const ROOTLESS_LAYOUT: GiteaLayout = {
  folders: {
    repositories: 'git/repositories',
    'LFS objects': 'git/lfs',
    attachments: 'data/attachments',
    'package files': 'packages',
    avatars: 'data/avatars',
    'repository avatars': 'data/repo-avatars',
    'Actions logs': 'actions_log',
    'Actions artifacts': 'actions_artifacts',
  },
  leftOut: ['tmp', 'queues', 'indexers', 'repo-archive', 'data/sessions', 'data/log'],
};

/**
 * Of Gitea's Helm chart, whose volume is `/data` (helm-gitea, templates/_helpers.tpl: `APP_DATA_PATH` and the `ROOT` of
 * repositories; everything else is where Gitea puts it below the former).
 */
export const CHART_LAYOUT: GiteaLayout = {
  // The names below the data folder are those in a bucket.
  folders: { repositories: 'git/gitea-repositories', ...BUCKET_FOLDERS },
  configuration: 'gitea/conf/app.ini',
  leftOut: ['tmp', 'queues', 'indexers', 'repo-archive', 'sessions', 'log'],
};

export interface GiteaDumpOptions {
  /** Gitea's own database, which the role owns. */
  readonly database: PostgresDumpOptions & { readonly database: string | SecretKey };
  /** The claim with Gitea's data, which the job reads on the node of the pods. */
  readonly claim: string;
  readonly pods: Readonly<Record<string, string>>;
  /** Default: that of the rootless image. */
  readonly layout?: GiteaLayout;
  /** What is not on the volume, but in a bucket, which has a backup of its own. Repositories never are. */
  readonly bucket?: {
    readonly files: readonly InBucket[];
    /** Where in the bucket they are. Default: where Gitea puts them. */
    readonly folders?: Readonly<Record<InBucket, string>>;
    /** Whether `listingBucket` has the job look into it; otherwise this copy only says how many there should be. */
    readonly isListed: boolean;
  };
  /** Default: none, so that each file has to be there. */
  readonly knownLosses?: KnownLosses;
  /** User and group that may read the volume. Default 1000, which is Gitea's in all of its images. */
  readonly user?: number;
}

export function giteaDump(options: GiteaDumpOptions): Source {
  const { database, layout = ROOTLESS_LAYOUT, bucket, knownLosses = {}, user = 1000 } = options;
  const volume: Mount = { path: '/volume', volume: { claim: options.claim } };
  const dump = dumpSteps(database, 'list-gitea.sql');
  const inBucket = bucket?.files ?? [];
  const folders = bucket?.folders ?? BUCKET_FOLDERS;
  const places = GITEA_FILES.map((kind) => {
    if (kind === 'repositories') return `${kind}=0=volume=${layout.folders[kind]}`;
    const lost = `${kind}=${knownLosses[kind] ?? 0}`;
    if (!inBucket.includes(kind)) return `${lost}=volume=${layout.folders[kind]}`;
    return bucket?.isListed === true ? `${lost}=bucket=${folders[kind]}` : `${lost}=unseen=`;
  });
  const losses = Object.entries(knownLosses).map(([kind, count]) => `${count} ${kind}`);
  return {
    steps: [
      ...dump.steps,
      {
        name: 'copy',
        image: 'gitea',
        reads: true,
        run: { script: 'copy-gitea.sh' },
        env: {
          VOLUME: volume.path,
          REPOSITORIES: layout.folders.repositories,
          LEFT_OUT: layout.leftOut.join(' '),
        },
        mounts: [volume],
      },
      { name: 'list', image: 'postgres', reads: true, run: { script: 'list-gitea.sh' }, env: dump.env },
      {
        name: 'compare',
        image: 'gitea',
        run: { script: 'compare-gitea.sh', args: places },
        env: { CONFIGURATION: layout.configuration ?? '' },
      },
    ],
    verifiedBy: [
      'pg_restore --data-only with the rows of every table compared, git fsck of every repository, every branch and tag that the database names found with its commit, and every file of the volume that it names, by its hash where it has one',
      ...(bucket === undefined || inBucket.length === 0 ? [] : [aboutBucket(bucket)]),
      ...(losses.length === 0 ? [] : [`known to be lost: at most ${enumerated(losses)}`]),
    ].join('; '),
    peers: [database.server],
    placement: { on: 'same-node', labels: options.pods },
    user,
  };
}

function aboutBucket({ files, isListed }: NonNullable<GiteaDumpOptions['bucket']>): string {
  return isListed
    ? `${enumerated(files)} found by name, and by size where the database has it, in a bucket that is copied by itself`
    : `not compared: ${enumerated(files)}, in a bucket that is copied by itself`;
}
