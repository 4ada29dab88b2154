/** Every request that a policy of a bucket is about, and what the gateway answers: one table for all that grant. */
import { expect } from 'vitest';
import { s3, type S3Answer, type S3Request, type S3User } from './s3';

export type Requests = Readonly<Record<string, (bucket: string) => S3Request>>;

/** `200`, or `403 AccessDenied`; for HEAD, whose answers have no body, the status alone. */
export function said({ status, code }: S3Answer): string {
  return code === '' ? String(status) : `${status} ${code}`;
}

const KEYS = ['docs/f1.txt', 'photos/one', 'a//b', 'ünï 日本/+ %41&=?', 'empty'];
const versions = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
const tags = '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>';
const deletion = '<Delete><Object><Key>docs/f1.txt</Key></Object></Delete>';
const cors =
  '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>';
const lifecycle =
  '<LifecycleConfiguration><Rule><ID>x</ID><Prefix></Prefix><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>';

/** What it may do. Requests that need the version of an object get it as `VERSION`. */
export const READS: Requests = {
  'list (v2)': (bucket) => ({ path: `/${bucket}`, query: { 'list-type': '2' } }),
  'list (v1)': (bucket) => ({ path: `/${bucket}` }),
  'list versions': (bucket) => ({ path: `/${bucket}`, query: { versions: '' } }),
  'head bucket': (bucket) => ({ method: 'HEAD', path: `/${bucket}` }),
  'get the location': (bucket) => ({ path: `/${bucket}`, query: { location: '' } }),
  'get the versioning': (bucket) => ({ path: `/${bucket}`, query: { versioning: '' } }),
  'get an object': (bucket) => ({ path: `/${bucket}/docs/f1.txt` }),
  'get an object in a folder': (bucket) => ({ path: `/${bucket}/photos/one` }),
  'get an object with two slashes': (bucket) => ({ path: `/${bucket}/a//b` }),
  'get an object with all kinds of letters': (bucket) => ({ path: `/${bucket}/ünï 日本/+ %41&=?` }),
  'get an empty object': (bucket) => ({ path: `/${bucket}/empty` }),
  'head an object': (bucket) => ({ method: 'HEAD', path: `/${bucket}/docs/f1.txt` }),
  'get the tags': (bucket) => ({ path: `/${bucket}/docs/f1.txt`, query: { tagging: '' } }),
  'get an old version': (bucket) => ({ path: `/${bucket}/docs/f1.txt`, query: { versionId: 'VERSION' } }),
  'get the tags of an old version': (bucket) => ({
    path: `/${bucket}/docs/f1.txt`,
    query: { tagging: '', versionId: 'VERSION' },
  }),
};

/** What it may not, whatever it has read. */
export const WRITES: Requests = {
  'put an object': (bucket) => ({ method: 'PUT', path: `/${bucket}/new`, body: 'x' }),
  'overwrite an object': (bucket) => ({ method: 'PUT', path: `/${bucket}/docs/f1.txt`, body: 'x' }),
  'copy an object': (bucket) => ({
    method: 'PUT',
    path: `/${bucket}/copy`,
    headers: { 'x-amz-copy-source': `/${bucket}/docs/f1.txt` },
  }),
  'delete an object': (bucket) => ({ method: 'DELETE', path: `/${bucket}/docs/f1.txt` }),
  'delete a version': (bucket) => ({
    method: 'DELETE',
    path: `/${bucket}/docs/f1.txt`,
    query: { versionId: 'VERSION' },
  }),
  'delete many objects': (bucket) => ({ method: 'POST', path: `/${bucket}`, query: { delete: '' }, body: deletion }),
  'begin a multipart upload': (bucket) => ({ method: 'POST', path: `/${bucket}/new`, query: { uploads: '' } }),
  'put tags': (bucket) => ({ method: 'PUT', path: `/${bucket}/docs/f1.txt`, query: { tagging: '' }, body: tags }),
  'delete tags': (bucket) => ({ method: 'DELETE', path: `/${bucket}/docs/f1.txt`, query: { tagging: '' } }),
  'put an ACL of an object': (bucket) => ({
    method: 'PUT',
    path: `/${bucket}/docs/f1.txt`,
    query: { acl: '' },
    headers: { 'x-amz-acl': 'public-read' },
  }),
  'put the ACL of the bucket': (bucket) => ({
    method: 'PUT',
    path: `/${bucket}`,
    query: { acl: '' },
    headers: { 'x-amz-acl': 'public-read' },
  }),
  'put a policy': (bucket) => ({ method: 'PUT', path: `/${bucket}`, query: { policy: '' }, body: '{}' }),
  'delete the policy': (bucket) => ({ method: 'DELETE', path: `/${bucket}`, query: { policy: '' } }),
  'put a lifecycle': (bucket) => ({ method: 'PUT', path: `/${bucket}`, query: { lifecycle: '' }, body: lifecycle }),
  'put the versioning': (bucket) => ({ method: 'PUT', path: `/${bucket}`, query: { versioning: '' }, body: versions }),
  'put CORS': (bucket) => ({ method: 'PUT', path: `/${bucket}`, query: { cors: '' }, body: cors }),
  'delete the bucket': (bucket) => ({ method: 'DELETE', path: `/${bucket}` }),
};

/** Reading that a backup has no need of. */
export const OTHER_READS: Requests = {
  'get the policy': (bucket) => ({ path: `/${bucket}`, query: { policy: '' } }),
  'get the ACL of the bucket': (bucket) => ({ path: `/${bucket}`, query: { acl: '' } }),
  'get the ACL of an object': (bucket) => ({ path: `/${bucket}/docs/f1.txt`, query: { acl: '' } }),
  'list multipart uploads': (bucket) => ({ path: `/${bucket}`, query: { uploads: '' } }),
};

export async function answers(
  user: S3User,
  requests: Requests,
  bucket: string,
  version = '',
): Promise<Readonly<Record<string, string>>> {
  const all: Record<string, string> = {};
  for (const [name, requestFor] of Object.entries(requests)) {
    const request = requestFor(bucket);
    const query = Object.entries(request.query ?? {}).map(([key, value]) => [key, value.replace('VERSION', version)]);
    all[name] = said(await s3(user, { ...request, query: Object.fromEntries(query) }));
  }
  return all;
}

export function each(requests: Requests, answer: string) {
  return Object.fromEntries(
    Object.entries(requests).map(([name, request]) => [
      name,
      request('').method === 'HEAD' ? answer.slice(0, 3) : answer,
    ]),
  );
}

export const READ = each(READS, '200');
export const DENIED = '403 AccessDenied';

/** Makes a bucket a versioned one with awkward objects; one has an old version, which is returned, and tags. */
export async function fill(owner: S3User, bucket: string): Promise<string> {
  await s3(owner, { method: 'PUT', path: `/${bucket}`, query: { versioning: '' }, body: versions });
  const first = await s3(owner, { method: 'PUT', path: `/${bucket}/docs/f1.txt`, body: 'old' });
  const version = first.headers.get('x-amz-version-id') ?? '';
  expect(version).not.toBe('');
  const tagging = { tagging: '', versionId: version };
  expect(said(await s3(owner, { method: 'PUT', path: `/${bucket}/docs/f1.txt`, query: tagging, body: tags }))).toBe(
    '200',
  );
  for (const key of KEYS) {
    const body = key === 'empty' ? '' : `content of ${key}`;
    expect(said(await s3(owner, { method: 'PUT', path: `/${bucket}/${key}`, body }))).toBe('200');
  }
  return version;
}
