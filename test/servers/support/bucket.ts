/** Buckets of applications, and what is in a bucket as an independent client sees it. */
import { createHash } from 'node:crypto';
import { policyWithGrant } from '../../../lib/model/bucket-grant';
import { putPolicy, sharedUser } from './rgw';
import { s3, type S3Answer, type S3Request, type S3User } from './s3';
import { inBatches } from './tools';

export interface Bucket {
  readonly name: string;
  readonly owner: S3User;
  readonly put: (key: string, body: string | Buffer, headers?: S3Request['headers']) => Promise<void>;
  readonly remove: (...keys: readonly string[]) => Promise<void>;
  readonly content: () => Promise<Content>;
  /** Lets the backup user read. */
  readonly grant: () => Promise<void>;
  readonly revoke: () => Promise<void>;
}

/** By key: size, digest of all bytes, and what the application said of it; rclone adds the times that it has found. */
export type Content = Readonly<Record<string, string>>;

let buckets = 0;

/**
 * A bucket that the backup user may read, of an owner of its own.
 *
 * @param known of what `dist/` names, and may be there already; else one that no other test has.
 */
export async function makeBucket(known?: string): Promise<Bucket> {
  buckets += 1;
  const name = known ?? `app-${process.pid}-${buckets}`;
  const owner = await sharedUser(`obc-${name}`);
  await told(owner, { method: 'PUT', path: `/${name}` });
  const bucket = bucketOf(owner, name);
  await bucket.grant();
  return bucket;
}

/** One that is there already. */
export function bucketOf(owner: S3User, name: string): Bucket {
  return {
    name,
    owner,
    put: async (key, body, headers = {}) =>
      void (await told(owner, { method: 'PUT', path: `/${name}/${key}`, body, headers })),
    remove: async (...keys) => {
      await inBatches(keys, async (key) => told(owner, { method: 'DELETE', path: `/${name}/${key}` }));
    },
    content: async () => contentOfBucket(owner, name),
    grant: async () => void (await putPolicy(owner, name, policyWithGrant(name, []))),
    revoke: async () => void (await told(owner, { method: 'DELETE', path: `/${name}`, query: { policy: '' } })),
  };
}

/** What the server has to do. */
export async function told(user: S3User, request: S3Request): Promise<S3Answer> {
  const answer = await s3(user, request);
  if (answer.status >= 300) throw new Error(`${request.method} ${request.path}: ${answer.status} ${answer.code}`);
  return answer;
}

/** Gives an object another content of the same size, and says the same of it: as a disk that rots. */
export async function rot(user: S3User, path: string): Promise<void> {
  const { bytes, headers } = await told(user, { path });
  const said = [...headers].filter(([name]) => /^(content-type|x-amz-meta-)/.test(name));
  const body = Buffer.from(bytes);
  body.writeUInt8(body.readUInt8(0) ^ 1);
  await told(user, { method: 'PUT', path, body, headers: Object.fromEntries(said) });
}

/** @param prefix is left out of the keys. */
export async function contentOfBucket(user: S3User, bucket: string, prefix = ''): Promise<Content> {
  const keys = await keysOf(user, bucket, prefix);
  const entries = await inBatches(keys, async (key): Promise<[string, string]> => {
    const { bytes, headers } = await told(user, { path: `/${bucket}/${key}` });
    const said = [...headers].filter(([name]) =>
      /^(content-type|cache-control|x-amz-meta-(?!(btime|mtime|md5chksum)$))/.test(name),
    );
    const digest = createHash('sha256').update(bytes).digest('hex');
    return [key.slice(prefix.length), [bytes.length, digest, ...said.map((header) => header.join('='))].join(' ')];
  });
  return Object.fromEntries(entries);
}

export async function keysOf(user: S3User, bucket: string, prefix = ''): Promise<readonly string[]> {
  const keys: string[] = [];
  let next: string | undefined = '';
  while (next !== undefined) {
    const query = {
      'list-type': '2',
      'encoding-type': 'url',
      prefix,
      ...(next === '' ? {} : { 'continuation-token': next }),
    };
    const { body }: S3Answer = await told(user, { path: `/${bucket}`, query });
    keys.push(...[...body.matchAll(/<Key>(.*?)<\/Key>/gs)].map(([, key = '']) => decoded(key)));
    next = /<NextContinuationToken>(.*?)<\/NextContinuationToken>/.exec(body)?.[1];
  }
  return keys.toSorted();
}

/** A key that was encoded for URLs first, and for XML then. */
function decoded(key: string): string {
  const signs: Readonly<Record<string, string>> = { amp: '&', apos: "'", quot: '"', lt: '<', gt: '>' };
  const text = key.replaceAll(/&(\w+);/g, (entity, name: string) => signs[name] ?? entity);
  return decodeURIComponent(text.replaceAll('+', ' '));
}
