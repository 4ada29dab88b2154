/**
 * The grants that the library renders, on a real gateway: what the backup user may do with them, and what it may not, for
 * the right reason. A refusal that is only "not 200" would also be one for a bucket that is not there.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { at, textAt } from '../../lib/model/kube-object';
import { SHARED_BUCKET, sharedBucketClaim } from '../support/buckets';
import { POLICIES } from '../support/policies';
import { answers, DENIED, each, fill, OTHER_READS, READ, READS, said, WRITES } from './support/grant-matrix';
import { admin, backupUser, endpoint, makeUser, putPolicy } from './support/rgw';
import { s3, type S3User } from './support/s3';

/** What the example cluster writes, and what somebody with more to say would get. */
const attachments = parse(readFileSync('dist/forge/forge.ObjectBucketClaim.attachments.yaml', 'utf8')) as unknown;
const media = sharedBucketClaim();

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

/** A bucket of the owner, with objects. @returns the version of one that was overwritten. */
async function made(bucket: string): Promise<string> {
  expect(said(await s3(owner, { method: 'PUT', path: `/${bucket}` }))).toBe('200');
  return fill(owner, bucket);
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
        version = await made(bucket);
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
    await s3(owner, { method: 'PUT', path: `/${SHARED_BUCKET}/public/logo`, body: 'x' });
    expect(said(await s3(website, { path: `/${SHARED_BUCKET}/public/logo` }))).toBe('200');
    expect(said(await s3(website, { path: `/${SHARED_BUCKET}/docs/f1.txt` }))).toBe(DENIED);
    expect(said(await s3(website, { path: `/${SHARED_BUCKET}` }))).toBe(DENIED);
  });
});

describe('the backup user that is rendered', () => {
  it('writes nothing even where a policy lets everybody write', async () => {
    const bucket = 'open-to-all';
    const version = await made(bucket);
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
    await made('forgotten');
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
    await made('erased');
    const careless = await makeUser('careless', '--op-mask=read', '--max-buckets=-1', '--caps=buckets=*');
    expect(said(await s3(careless, { method: 'DELETE', path: '/erased/docs/f1.txt' }))).toBe(DENIED);
    const query = { bucket: 'erased', 'purge-objects': 'true' };
    expect((await s3(careless, { method: 'DELETE', path: '/admin/bucket', query })).status).toBe(200);
    expect(said(await s3(owner, { path: '/erased' }))).toBe('404 NoSuchBucket');
  });

  it('is an ACL: it locks the owner out, and gives no objects', async () => {
    await made('by-acl');
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
      const version = await made(bucket);
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
