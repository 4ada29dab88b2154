/** Gitea and Forgejo: what they keep in a bucket is known, and has a backup that fits that of the database. */
import type { PlannedBucketMirror } from '../../methods/ceph/mirror';
import { runsOf } from '../../methods/common-jobs';
import type { PlannedJob } from '../../methods/jobs/plan';
import { runsBetween, timesBetween, type Runs } from '../../model/between-runs';
import { groupBy } from '../../model/collections';
import { datasetKey } from '../../model/dataset';
import { describeObject, objectId, objectKey } from '../../model/kube-object';
import { counted, describeSeconds, enumerated } from '../../model/text';
import type { GateContext } from '../context';
import { aboutDataset, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { FILES, placeOf } from '../gitea-places';
import { settingsOf } from '../gitea-settings';
import {
  CLAIMS,
  claimOf,
  declaredStores,
  filesOnVolume,
  giteaJobs,
  isOfBackedUpGitea,
  storesOf,
  type Store,
} from '../gitea-stores';
import type { Rule } from '../rule';

export const giteaBucket: Rule = {
  id: 'gitea-bucket',
  heading: (n) => `${counted(n, 'copy of Gitea', 'copies of Gitea')} that would not have what is in a bucket`,
  what: 'The settings of a Gitea name object storage for files that its job looks for on the volume, or the volume for files that its construct says are in a bucket, a bucket that nobody answers for, or another bucket or another place in it than the job looks into.',
  why: '`gitea dump` says that all is well and leaves avatars and the files of Actions in the bucket out. The job of this library fails every night instead, because the files of its database are not on the volume.',
  fix: 'Say which files are in the bucket, and back the bucket up.',
  example: `const db = new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
});
new BackedUpGitea(chart, 'gitea', {
  database: db,
  storage: Size.gibibytes(50),
  storageClass: 'ceph-block',
  settings: { secret: 'gitea-settings', keptIn: 'sealed envelope, bank' },
  config: { 'attachment.STORAGE_TYPE': 'minio', 'attachment.MINIO_BUCKET': 'attachments' },
  backup: nightly({ to: offsite, keep: { daily: 14 } }),
});`,
  check: (context) =>
    giteaJobs(context).flatMap((job) => [
      ...notLookedFor(job, context),
      ...notCompared(job, context),
      ...unanswered(job, context),
      ...notLookedInto(job, context),
    ]),
};

function notLookedFor(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const files = new Set(storesOf(job, context).flatMap((store) => store.files));
  const { bucket } = job.declaration;
  const missed = [...files].filter((kind) => bucket?.files.includes(kind) !== true);
  if (missed.length === 0) return [];
  const all = FILES.filter((kind) => files.has(kind) || bucket?.files.includes(kind));
  return [
    {
      ...aboutDataset(job.dataset),
      because: `its settings put ${enumerated(missed)} into a bucket, and the job looks for them on the volume`,
      remedies: isOfBackedUpGitea(job) ? inWords(GIVE_BUCKET) : toFix(bucketLine(job, all)),
    },
  ];
}

/** Without what the construct says of its bucket already. */
function bucketLine({ declaration: { bucket } }: PlannedJob, kinds: readonly string[]): string {
  const files = `files: [${kinds.map((kind) => `'${kind}'`).join(', ')}]`;
  return bucket === undefined ? `bucket: { ${files} }` : files;
}

/** What is said to be in a bucket is compared with nothing on the volume. */
function notCompared(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const { files = [] } = job.declaration.bucket ?? {};
  const onVolume = filesOnVolume(job, context);
  const wrong = files.filter((kind) => onVolume.includes(kind));
  if (wrong.length === 0) return [];
  const rest = files.filter((kind) => !wrong.includes(kind));
  return [
    {
      ...aboutDataset(job.dataset),
      because: `its settings keep ${enumerated(wrong)} on a volume, and the job takes them to be in a bucket, so that it compares none of them with the database`,
      remedies: remediesForBucket(job, rest),
    },
  ];
}

function remediesForBucket(job: PlannedJob, files: readonly string[]): readonly Remedy[] {
  if (isOfBackedUpGitea(job))
    return inWords('leave storage out of config: all files but repositories are in its bucket');
  if (files.length === 0) return inWords('leave bucket out');
  return toFix(bucketLine(job, files));
}

/** It has no other words for what is in a bucket. */
const GIVE_BUCKET =
  'make the bucket a CephBucketWithBackupGrant, give that to BackedUpGitea as bucket, which puts all files but repositories there, and leave storage out of config';

function unanswered(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  if (job.declaration.bucket?.copiedBy !== undefined) return [];
  const unknown = allStores(job, context).filter((store) => claimOf(store, job, context) === undefined);
  const byName = new Map(unknown.map((store) => [store.bucketName ?? store.claim ?? '(unnamed)', store]));
  return [...byName].map(([name, { claim }]) => {
    const { namespace = '' } = job.dataset.id;
    const other = claim === undefined ? undefined : claimElsewhere(claim, context);
    if (other !== undefined) {
      return {
        ...aboutDataset(job.dataset),
        because: `its bucket is that of ${other}, and pods of ${namespace} read neither the Secret nor the ConfigMap that Rook makes beside that`,
        remedies: inWords(`make the bucket in a chart of namespace ${namespace}, where its Gitea is`),
      };
    }
    return {
      ...aboutDataset(job.dataset),
      because: `bucket '${name}' holds files of it, and no ObjectBucketClaim in the output or beside it is that bucket`,
      remedies: inWords(
        isOfBackedUpGitea(job)
          ? GIVE_BUCKET
          : 'make it a CephBucketWithBackupGrant, let alsoRead read the file with its claim, name that in claim, or say in copiedBy who copies it',
      ),
    };
  });
}

function claimElsewhere(name: string, context: GateContext): string | undefined {
  const found = context.ofKind(...CLAIMS).find(({ object }) => object.metadata.name === name);
  return found === undefined ? undefined : describeObject(objectId(found.object));
}

/** The job finds in the bucket what the database names only where it looks into the right one, and at the right place. */
function notLookedInto(job: PlannedJob, context: GateContext): readonly RuleFinding[] {
  const { bucket } = job.declaration;
  if (bucket === undefined) return [];
  const used = storesOf(job, context).flatMap((store) => {
    const claim = claimOf(store, job, context)?.object.metadata;
    return claim === undefined || claim.namespace !== job.dataset.id.namespace ? [] : [{ store, claim: claim.name }];
  });
  if (bucket.claim === undefined) return notNamed(job, [...new Set(used.map(({ claim }) => claim))]);
  const others = used.filter(({ claim }) => claim !== bucket.claim);
  const [other] = others;
  if (other !== undefined) {
    return [
      {
        ...aboutDataset(job.dataset),
        because: `its settings put ${enumerated(others.flatMap(({ store }) => store.files))} into the bucket of ObjectBucketClaim '${other.claim}', and the job looks for them in that of '${bucket.claim}'`,
        remedies: otherBucketRemedies(job, used.length === others.length ? other.claim : undefined),
      },
    ];
  }
  const settings = settingsOf(job, context);
  return bucket.files.flatMap((kind) => {
    const { path, isInBucket } = placeOf(kind, settings) ?? {};
    const looked = bucket.folders[kind];
    if (path === undefined || isInBucket !== true || path.folder === looked) return [];
    return [
      {
        ...aboutDataset(job.dataset),
        because: `its settings keep ${kind} in '${path.folder}' of the bucket (${path.setting}), and the job looks for them in '${looked}' of it`,
        remedies: isOfBackedUpGitea(job)
          ? inWords(`leave ${path.setting} out of config, or make the copies with GiteaBackup`)
          : toFix(`folders: { '${kind}': '${path.folder}' }`),
      },
    ];
  });
}

/** @param claims those of the namespace that its settings lead to. */
function notNamed(job: PlannedJob, claims: readonly string[]): readonly RuleFinding[] {
  const [claim, ...others] = claims;
  if (claim === undefined || others.length > 0 || job.declaration.bucket?.copiedBy !== undefined) return [];
  return [
    {
      ...aboutDataset(job.dataset),
      because: `its bucket is that of ObjectBucketClaim '${claim}', and the construct does not name that, so that the job could not look for files there`,
      remedies: toFix(`claim: '${claim}'`),
    },
  ];
}

/** @param only where all files are in one bucket. */
function otherBucketRemedies(job: PlannedJob, only: string | undefined): readonly Remedy[] {
  if (isOfBackedUpGitea(job))
    return inWords('leave MINIO_BUCKET out of config: all files but repositories are in its bucket');
  if (only !== undefined) return toFix(`claim: '${only}'`);
  return inWords('keep all of them in one bucket, or leave claim out, so that the job compares none of them');
}

function allStores(job: PlannedJob, context: GateContext): readonly Store[] {
  const shown = storesOf(job, context);
  const declared = declaredStores(job, shown);
  // A bucket whose name the settings do not show is the one that the construct names.
  const isNamed = ({ bucketName, claim }: Store): boolean => bucketName !== undefined || claim !== undefined;
  return [...(declared.length === 0 ? shown : shown.filter(isNamed)), ...declared];
}

export const mirrorOutOfStep: Rule = {
  id: 'mirror-out-of-step',
  heading: (n) =>
    `${counted(n, 'mirror')} of a bucket that ${n === 1 ? 'does' : 'do'} not follow the dumps of ${n === 1 ? 'its' : 'their'} database`,
  what: 'A bucket holds files of a Gitea, and its mirror does not run between any two dumps of the database: begun when the one is over, and over when the next begins.',
  why: 'What is uploaded after the mirror has begun and before the dump is a row of the database and no object of the copy: the restored Gitea shows it, and answers with an error.',
  fix: 'Mirror the bucket when the dump is over. Either may begin an hour late and take as long as its `deadline`, so make those as short as a run allows.',
  example: `const platform = definePlatform({
  cluster: 'home',
  cnpg: { version: '1.30', barmanPlugin: '0.14' },
  rook: { version: '1.20', namespace: 'rook-ceph', objectStore: 'store-a', allowedObcFields: ['bucketPolicy'] },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});
const bucket = new CephBucketWithBackupGrant(chart, 'attachments', {
  bucketName: 'attachments',
  storageClass: 'bucket-retain',
  backup: mirrored({ to: offsite, cron: '0 3 * * *' }),
});
const db = new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
});
new BackedUpGitea(chart, 'gitea', {
  database: db,
  bucket,
  storage: Size.gibibytes(50),
  storageClass: 'ceph-block',
  settings: { secret: 'gitea-settings', keptIn: 'sealed envelope, bank' },
  backup: every('0 4 * * *', { to: offsite, keep: { daily: 14 } }),
});`,
  check: (context) =>
    [...groupBy(giteaJobs(context), ({ dataset }) => datasetKey(dataset.id)).values()].flatMap((jobs) =>
      mirrorsOf(jobs, context).flatMap((mirrors) => mirrors.flatMap((mirror) => outOfStep(mirror, mirrors, jobs))),
    ),
};

/** The mirrors of each bucket that holds files of a Gitea. */
function mirrorsOf(jobs: readonly PlannedJob[], context: GateContext): readonly (readonly PlannedBucketMirror[])[] {
  const claims = jobs.flatMap((job) =>
    allStores(job, context).flatMap((store) => {
      const claim = claimOf(store, job, context);
      return claim === undefined ? [] : [objectKey(objectId(claim.object))];
    }),
  );
  return [...new Set(claims)].map((claim) =>
    context.methods.ceph.mirrors.filter(({ dataset }) => objectKey(dataset.id) === claim),
  );
}

function outOfStep(
  mirror: PlannedBucketMirror,
  mirrors: readonly PlannedBucketMirror[],
  jobs: readonly PlannedJob[],
): readonly RuleFinding[] {
  const own = runsOf(mirror.schedule, mirror.deadlineSeconds);
  const dumps = jobs
    .filter((job) => mirrorsBeside(job, mirrors).includes(mirror))
    .map(({ name, schedule, declaration: { settings } }) => ({ name, ...runsOf(schedule, settings.deadlineSeconds) }));
  const missed = dumps.filter((runs) => !runsBetween(own, runs));
  if (missed.length === 0) return [];
  const times = dumps.flatMap(timesBetween);
  const time = times.find((schedule) => dumps.every((runs) => runsBetween({ ...own, schedule }, runs)));
  return [
    {
      ...aboutDataset(mirror.dataset),
      because: `${inWordsOf({ name: mirror.name, ...own })} does not run between any two runs of ${enumerated(missed.map(inWordsOf))}`,
      remedies:
        time === undefined
          ? inWords('give the mirror or the copies of Gitea a shorter deadline, or make fewer of them')
          : toFix(`cron: '${time.cron}'`),
    },
  ];
}

function inWordsOf({ name, schedule, seconds }: Runs & { readonly name: string }): string {
  return `'${name}' ('${schedule.cron}', over after ${describeSeconds(seconds)})`;
}

/** The mirrors that a dump is restored with: those at one of its places, and otherwise any. */
function mirrorsBeside(
  { location, mirrors: copies }: PlannedJob,
  mirrors: readonly PlannedBucketMirror[],
): readonly PlannedBucketMirror[] {
  const places = new Set([location, ...copies.map(({ to }) => to)].map(({ name }) => name));
  const beside = mirrors.filter((mirror) => places.has(mirror.location.name));
  return beside.length === 0 ? mirrors : beside;
}
