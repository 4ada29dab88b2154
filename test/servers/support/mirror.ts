/** The mirror of a bucket as it is rendered, with the keys of the real backup user. */
import { mirrorJob, type BucketSource, type MirrorJobOptions } from '../../../lib/jobs/mirror-job';
import { storePaths } from '../../../lib/jobs/store';
import type { DatasetId } from '../../../lib/model/dataset';
import { contentOfBucket, type Bucket, type Content } from './bucket';
import { jobOptions, throughYaml, type ReceiptJob } from './job';
import { runPod } from './pod';
import { endpoint } from './rgw';
import type { S3User } from './s3';
import type { Store } from './store';

export interface Mirror extends ReceiptJob<MirrorJobOptions> {
  /** Path of the copy in the bucket of the location. */
  readonly current: string;
  /** Below it is a folder for each run that has replaced something. */
  readonly replaced: string;
  /** The copy as an independent client sees it. */
  readonly copy: () => Promise<Content>;
  /** The same with what later runs have put aside, as somebody would restore who comes after a failed run. */
  readonly copyAt: (startedAt: string) => Promise<Content>;
}

/** The Secret that Rook makes for the backup user (rook v1.20.6, pkg/operator/ceph/object/user.go). */
const ROOK_SECRET = 'rook-ceph-object-user-store-a-backed-up';

export function bucketSource(bucket: string): BucketSource {
  return {
    bucket,
    endpoint: { secret: ROOK_SECRET, key: 'Endpoint' },
    region: 'us-east-1',
    pathStyle: true,
    accessKey: { secret: ROOK_SECRET, key: 'AccessKey' },
    secretKey: { secret: ROOK_SECRET, key: 'SecretKey' },
    server: { namespace: 'rook-ceph', labels: { app: 'rook-ceph-rgw' }, port: 8080 },
  };
}

/** @param port of another server that stands before the gateway. */
export function rookSecret(user: S3User, port?: number): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const Endpoint = port === undefined ? endpoint() : `http://127.0.0.1:${port}`;
  return { [ROOK_SECRET]: { AccessKey: user.accessKey, SecretKey: user.secretKey, Endpoint } };
}

export function makeMirror(store: Store, bucket: Bucket, reader: S3User): Mirror {
  const dataset: DatasetId = {
    group: 'objectbucket.io',
    kind: 'ObjectBucketClaim',
    namespace: 'forge',
    name: bucket.name,
  };
  const paths = storePaths(store.location, 'lab', dataset);
  const [current, replaced] = [`${paths.data}/current`, `${paths.data}/replaced`];
  const copy = async (prefix = current): Promise<Content> =>
    contentOfBucket(store.owner, store.location.bucket, `${prefix}/`);
  return {
    dataset,
    current,
    replaced,
    receiptsPath: paths.receipts,
    receipts: async () => store.receipts(paths.receipts),
    copy: async () => copy(),
    copyAt: async (startedAt) => {
      const runs = (await store.rclone('lsf', '--dirs-only', `s:${store.location.bucket}/${replaced}`)).split('\n');
      const time = startedAt.replaceAll(/[-:]/g, '');
      const later = runs.filter((run) => run.slice(0, time.length) > time).toSorted();
      const contents = [await copy()];
      for (const run of later.toReversed()) contents.push(await copy(`${replaced}/${run.slice(0, -1)}`));
      return Object.assign({}, ...contents) as Content;
    },
    run: async ({ job, secrets, ...pod } = {}) => {
      const objects = mirrorJob({
        ...jobOptions(store, dataset),
        name: 'mirror',
        namespace: 'backed-up',
        source: bucketSource(bucket.name),
        ...job,
      });
      return runPod(throughYaml(objects), {
        ...pod,
        secrets: { 'backed-up-offsite': store.secret, ...rookSecret(reader), ...secrets },
      });
    },
  };
}
