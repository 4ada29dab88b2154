/**
 * The grants that the library renders, on a real gateway: what the backup user may do with them, and what it may not, for
 * the right reason. A refusal that is only "not 200" would also be one for a bucket that is not there.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CephBucketWithBackupGrant, type PolicyStatement } from '../../lib';
import { at, textAt } from '../../lib/model/kube-object';
import { nas, withRook } from '../support/buckets';
import { POLICIES } from '../support/policies';
import { explain, synthesizeScenario } from '../support/scenario';
import { admin, backupUser, endpoint, makeUser, putPolicy } from './support/rgw';
import { s3, type S3Answer, type S3Request, type S3User } from './support/s3';

/** What the example cluster writes, and what somebody with more to say would get. */
const attachments = parse(readFileSync('dist/forge/forge.ObjectBucketClaim.attachments.yaml', 'utf8')) as unknown;
const shared: PolicyStatement = {
  Sid: 'Website',
  Effect: 'Allow',
  Principal: { AWS: ['arn:aws:iam:::user/website'] },
  Action: ['s3:GetObject'],
  Resource: ['arn:aws:s3:::paperless-media/public/*'],
};
const media = rendered({ bucketName: 'paperless-media', statements: [shared] });

function rendered(props: { readonly bucketName: string; readonly statements: readonly PolicyStatement[] }): unknown {
  const { files, findings } = synthesizeScenario(
    ({ chart }) =>
      void new CephBucketWithBackupGrant(chart, 'media', { ...props, storageClass: 'bucket-retain', backup: nas }),
    withRook,
  );
  expect(explain(findings)).toBe('');
  return parse(files?.get('example/paperless.ObjectBucketClaim.media.yaml') ?? '');
}

let owner: S3User;
let backup: S3User;
let website: S3User;
let stranger: S3User;

beforeAll(async () => {
  // One after the other: each command reads the whole map of the cluster.
  owner = await makeUser('obc-forge-attachments-7c0e');
  backup = await backupUser();
  website = await makeUser('website');
  stranger = await makeUser('stranger');
});

/** `200`, or `403 AccessDenied`; for HEAD, whose answers have no body, the status alone. */
function said({ status, code }: S3Answer): string {
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
const READS: Readonly<Record<string, (bucket: string) => S3Request>> = {
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
const WRITES: Readonly<Record<string, (bucket: string) => S3Request>> = {
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
const OTHER_READS: Readonly<Record<string, (bucket: string) => S3Request>> = {
  'get the policy': (bucket) => ({ path: `/${bucket}`, query: { policy: '' } }),
  'get the ACL of the bucket': (bucket) => ({ path: `/${bucket}`, query: { acl: '' } }),
  'get the ACL of an object': (bucket) => ({ path: `/${bucket}/docs/f1.txt`, query: { acl: '' } }),
  'list multipart uploads': (bucket) => ({ path: `/${bucket}`, query: { uploads: '' } }),
};

async function answers(
  user: S3User,
  requests: Readonly<Record<string, (bucket: string) => S3Request>>,
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

function each(requests: Readonly<Record<string, (bucket: string) => S3Request>>, answer: string) {
  return Object.fromEntries(
    Object.entries(requests).map(([name, request]) => [
      name,
      request('').method === 'HEAD' ? answer.slice(0, 3) : answer,
    ]),
  );
}

const READ = each(READS, '200');
const DENIED = '403 AccessDenied';

/** A versioned bucket with awkward objects; one has an old version, which is returned, and tags. */
async function fill(bucket: string): Promise<string> {
  expect(said(await s3(owner, { method: 'PUT', path: `/${bucket}` }))).toBe('200');
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

describe('the policies that are rendered', () => {
  for (const [what, claim] of [
    ['of the example', attachments],
    ['with statements of the application', media],
  ] as const) {
    const bucket = textAt(claim, 'spec', 'bucketName') ?? '';
    const policy = textAt(claim, 'spec', 'additionalConfig', 'bucketPolicy') ?? '';

    describe(`${what}`, () => {
      let version = '';

      it('come before any right', async () => {
        version = await fill(bucket);
        expect(await answers(backup, READS, bucket, version)).toEqual(each(READS, DENIED));
      });

      it('are taken as they are, so that Rook finds no difference later', async () => {
        expect(said(await putPolicy(owner, bucket, policy))).toBe('204');
        expect((await s3(owner, { path: `/${bucket}`, query: { policy: '' } })).body).toBe(policy);
        expect(said(await putPolicy(owner, bucket, policy))).toBe('204');
      });

      it('let the backup user read all, also what comes later', async () => {
        expect(await answers(backup, READS, bucket, version)).toEqual(READ);
        const got = await s3(backup, { path: `/${bucket}/a//b` });
        expect(got.body).toBe('content of a//b');
        await s3(owner, { method: 'PUT', path: `/${bucket}/late`, body: 'x' });
        expect(said(await s3(backup, { path: `/${bucket}/late` }))).toBe('200');
        expect(said(await s3(backup, { path: `/${bucket}/nothing` }))).toBe('404 NoSuchKey');
      });

      it('let it write nothing, and read nothing else', async () => {
        expect(await answers(backup, WRITES, bucket, version)).toEqual(each(WRITES, DENIED));
        expect(await answers(backup, OTHER_READS, bucket, version)).toEqual(each(OTHER_READS, DENIED));
      });

      it('let it write nothing even without its mask', async () => {
        await admin('user', 'modify', '--uid=backed-up', '--op-mask=read,write,delete');
        expect(await answers(backup, WRITES, bucket, version)).toEqual(each(WRITES, DENIED));
        await admin('user', 'modify', '--uid=backed-up', '--op-mask=read');
      });

      it('give nobody else anything', async () => {
        expect(await answers(stranger, { ...READS, ...WRITES }, bucket, version)).toEqual(
          each({ ...READS, ...WRITES }, DENIED),
        );
      });

      it('leave the owner all rights', async () => {
        expect(await answers(owner, READS, bucket, version)).toEqual(READ);
        const more = { method: 'PUT', path: `/${bucket}/by-owner`, body: 'x' } as const;
        expect(said(await s3(owner, more))).toBe('200');
        expect(said(await s3(owner, { method: 'DELETE', path: `/${bucket}/by-owner` }))).toBe('204');
      });

      it('are gone with the policy', async () => {
        expect(said(await s3(owner, { method: 'DELETE', path: `/${bucket}`, query: { policy: '' } }))).toBe('200');
        expect(await answers(backup, READS, bucket, version)).toEqual(each(READS, DENIED));
        expect(said(await putPolicy(owner, bucket, policy))).toBe('204');
      });
    });
  }

  it('keep what the application says, and loosen nothing of it', async () => {
    await s3(owner, { method: 'PUT', path: '/paperless-media/public/logo', body: 'x' });
    expect(said(await s3(website, { path: '/paperless-media/public/logo' }))).toBe('200');
    expect(said(await s3(website, { path: '/paperless-media/docs/f1.txt' }))).toBe(DENIED);
    expect(said(await s3(website, { path: '/paperless-media' }))).toBe(DENIED);
  });
});

describe('the backup user that is rendered', () => {
  it('writes nothing even where a policy lets everybody write', async () => {
    const bucket = 'open-to-all';
    const version = await fill(bucket);
    const open = {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:*',
      Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
    };
    expect(said(await putPolicy(owner, bucket, JSON.stringify({ Version: '2012-10-17', Statement: [open] })))).toBe(
      '204',
    );
    expect(await answers(backup, READS, bucket, version)).toEqual(READ);
    expect(await answers(backup, WRITES, bucket, version)).toEqual(each(WRITES, DENIED));
    // Else the refusals would prove nothing.
    expect(said(await s3(stranger, { method: 'PUT', path: `/${bucket}/new`, body: 'x' }))).toBe('200');
  });

  it('owns no bucket', async () => {
    expect(said(await s3(backup, { method: 'PUT', path: '/own-bucket' }))).toBe(DENIED);
    await admin('user', 'modify', '--uid=backed-up', '--op-mask=read,write,delete');
    const unmasked = await s3(backup, { method: 'PUT', path: '/own-bucket' });
    await admin('user', 'modify', '--uid=backed-up', '--op-mask=read');
    expect(unmasked.status).toBe(403);
  });

  it('reads no bucket that was not granted, and knows that it is there', async () => {
    await fill('forgotten');
    expect(await answers(backup, READS, 'forgotten')).toEqual(each(READS, DENIED));
    expect((await s3(backup, { path: '/' })).body).not.toContain('forgotten');
    const found = await s3(backup, { path: '/admin/bucket', query: { format: 'json' } });
    expect(found.status).toBe(200);
    expect(JSON.parse(found.body)).toEqual(expect.arrayContaining(['forgotten', 'forge-attachments']));
    const stats = await s3(backup, {
      path: '/admin/bucket',
      query: { format: 'json', bucket: 'forgotten', stats: 'true' },
    });
    expect(at(JSON.parse(stats.body), 'owner')).toBe(owner.accessKey);
  });

  it('deletes nothing by the admin API, unlike an admin with the same mask', async () => {
    const purge = {
      method: 'DELETE',
      path: '/admin/bucket',
      query: { bucket: 'forgotten', 'purge-objects': 'true' },
    } as const;
    expect(said(await s3(backup, purge))).toBe(DENIED);
    expect(said(await s3(owner, { path: '/forgotten/docs/f1.txt' }))).toBe('200');

    const reader = await makeUser('global-reader', '--admin', '--op-mask=read', '--max-buckets=-1');
    expect(await answers(reader, { 'list (v1)': READS['list (v1)'] ?? (() => ({ path: '/' })) }, 'forgotten')).toEqual({
      'list (v1)': '200',
    });
    expect(said(await s3(reader, { method: 'DELETE', path: '/forgotten/docs/f1.txt' }))).toBe(DENIED);
    expect((await s3(reader, purge)).status).toBe(200);
    expect(said(await s3(owner, { path: '/forgotten' }))).toBe('404 NoSuchBucket');
  });
});

describe('what is no way to let somebody read a bucket', () => {
  it('is a capability to do more than read: the mask does not guard the admin API', async () => {
    await fill('erased');
    const careless = await makeUser('careless', '--op-mask=read', '--max-buckets=-1', '--caps=buckets=*');
    expect(said(await s3(careless, { method: 'DELETE', path: '/erased/docs/f1.txt' }))).toBe(DENIED);
    const query = { bucket: 'erased', 'purge-objects': 'true' };
    expect((await s3(careless, { method: 'DELETE', path: '/admin/bucket', query })).status).toBe(200);
    expect(said(await s3(owner, { path: '/erased' }))).toBe('404 NoSuchBucket');
  });

  it('is an ACL: it locks the owner out, and gives no objects', async () => {
    await fill('by-acl');
    const acl = {
      method: 'PUT',
      path: '/by-acl',
      query: { acl: '' },
      headers: { 'x-amz-grant-read': 'id=stranger' },
    } as const;
    expect(said(await s3(owner, acl))).toBe('200');
    expect(said(await s3(stranger, { path: '/by-acl' }))).toBe('200');
    expect(said(await s3(stranger, { path: '/by-acl/docs/f1.txt' }))).toBe(DENIED);
    expect(said(await s3(owner, { path: '/by-acl' }))).toBe(DENIED);
    expect(said(await s3(owner, { method: 'PUT', path: '/by-acl/new', body: 'x' }))).toBe(DENIED);
  });

  it('is a subuser: it reads all of its owner’s buckets, and no other', async () => {
    const keys = ['--key-type=s3', '--access-key=subuser', '--secret-key=subuser-secret'];
    await admin(
      'subuser',
      'create',
      `--uid=${owner.accessKey}`,
      `--subuser=${owner.accessKey}:ro`,
      '--access=read',
      ...keys,
    );
    const subuser = { endpoint: endpoint(), accessKey: 'subuser', secretKey: 'subuser-secret' };
    const object = '/forge-attachments/photos/one';
    expect(said(await s3(subuser, { path: object }))).toBe('200');
    expect(said(await s3(subuser, { method: 'DELETE', path: object }))).toBe(DENIED);
    // It has no mask: what a policy lets everybody do, it does too.
    expect(said(await s3(subuser, { method: 'DELETE', path: '/open-to-all/photos/one' }))).toBe('204');
    await s3(stranger, { method: 'PUT', path: '/of-somebody-else' });
    expect(said(await s3(subuser, { path: '/of-somebody-else' }))).toBe(DENIED);
  });
});

describe('the model of policies that the gate goes by', () => {
  for (const [index, [name, { statements, readable, locksOut }]] of Object.entries(POLICIES).entries()) {
    it(`agrees with the gateway on ${name}`, async () => {
      // A name that no pattern of the table takes for another one.
      const bucket = `model-${index}`;
      const version = await fill(bucket);
      const text = JSON.stringify({ Version: '2012-10-17', Statement: statements })
        .replaceAll('user/obc-media', `user/${owner.accessKey}`)
        .replaceAll('s3:::med*', 's3:::model*')
        .replaceAll('media', bucket);
      expect(said(await putPolicy(owner, bucket, text))).toBe('204');
      const reads = await answers(backup, READS, bucket, version);
      expect(Object.values(reads).every((answer) => answer === '200')).toBe(readable);
      expect(said(await putPolicy(owner, bucket, text))).toBe(locksOut === undefined ? '204' : DENIED);
    });
  }
});
