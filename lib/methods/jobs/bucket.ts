/** The bucket of an application whose files a job compares with the database: how it is reached, and what that rests on. */
import type { BucketServer } from '../../jobs/gitea-bucket';
import type { Assumption } from '../../model/inventory';
import { describeDataset } from '../../model/dataset';
import type { Platform } from '../../model/platform';
import { UNKNOWN } from '../../model/text';
import { GATEWAY_CA, gatewayOf, isGatewayTls } from '../ceph/gateway';
import type { ObjectIndex } from '../method';
import type { Unsaid } from '../unsaid';
import type { JobDeclaration } from './declaration';
import type { PlannedJob } from './plan';

/** @param claim name of the ObjectBucketClaim. */
export function bucketServer(
  claim: string,
  { name }: Pick<JobDeclaration, 'name'>,
  { rook }: Platform,
  objects: ObjectIndex,
): BucketServer | Unsaid {
  if (rook === undefined) {
    return {
      because: `'${name}' looks into the bucket of ObjectBucketClaim '${claim}', and the platform does not say which gateway serves it`,
      line: `rook: { version: '1.20', namespace: 'rook-ceph', objectStore: '${UNKNOWN}' }`,
    };
  }
  const peer = gatewayOf(rook, objects);
  if ('because' in peer) return peer;
  if (!isGatewayTls(rook, objects)) return { peer, scheme: 'http' };
  return { peer, scheme: 'https', ...(rook.customCa === true ? { caSecret: GATEWAY_CA } : {}) };
}

/** What nobody here sees of the bucket. */
export function aboutBucket({ dataset, declaration: { bucket, namespace } }: PlannedJob): readonly Assumption[] {
  if (bucket === undefined) return [];
  const about = `bucket of ${describeDataset(dataset.id)}`;
  const { claim, copiedBy, files } = bucket;
  const seen =
    claim === undefined
      ? { about, value: { complete: true, files }, why: UNSEEN }
      : { about: `Secret ${namespace}/${claim}`, value: { keys: KEYS, madeBy: 'Rook' }, why: OPENS };
  return [seen, ...(copiedBy === undefined ? [] : [{ about, value: { copied: true }, why: copiedBy }])];
}

const KEYS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];
const OPENS =
  'The job lists the bucket with these keys, to find there by name and size what the database names; it reads no content.';
const UNSEEN =
  'The job compares no such file with the database: that the bucket has all of them, only its own mirror can show.';
