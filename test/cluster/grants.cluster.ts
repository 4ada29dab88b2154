/**
 * The buckets that Rook makes of claims, as they are rendered: what the backup user may do with them, by the keys that
 * Rook has given it, and the two jobs that live on that.
 */
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { at, textAt, type KubeObject } from '../../lib/model/kube-object';
import type { Bucket } from '../servers/support/bucket';
import { distObjects, named } from '../servers/support/dist';
import { answers, DENIED, each, fill, OTHER_READS, READ, READS, said, WRITES } from '../servers/support/grant-matrix';
import { s3, type S3User } from '../servers/support/s3';
import { until } from '../servers/support/tools';
import { bareClaim, bucketClaim, SHARED_BUCKET, sharedBucketClaim } from '../support/buckets';
import { connect } from './support/cluster';
import { failureOf, jobsOf } from './support/jobs';
import { applyClaim, boundBucket, rookUser } from './support/object-store';
import { preparePlatform, type Platform } from './support/platform';
import { allowing, logOfOperator, startOperator } from './support/rook';

const cluster = connect(inject('kubeconfig'));

const NAMESPACE = 'paperless';
const CLAIMS = {
  'of dist/': named(distObjects('forge'), 'ObjectBucketClaim', 'attachments'),
  'with statements of the application': sharedBucketClaim(),
} as const;

describe.skipIf(!inject('lab'))('the backup user', () => {
  let platform: Platform;
  let backup: S3User;
  let website: S3User;

  beforeAll(async () => {
    platform = await preparePlatform(cluster);
    const user = { apiVersion: 'ceph.rook.io/v1', kind: 'CephObjectStoreUser', spec: { store: 'store-a' } };
    await cluster.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
      { ...user, metadata: { name: 'website', namespace: 'rook-ceph' } },
    );
    backup = await rookUser(cluster, 'backed-up', 'backed-up');
    website = await rookUser(cluster, 'rook-ceph', 'website');
    await platform.attachments.put('one', 'content');
    await cluster.create(...jobsOf('cluster-backup'), ...jobsOf('forge-backup'));
  });

  it('has a bucket mirrored', async () => {
    expect(await failureOf(cluster, 'backed-up', 'mirror-forge-attachments-offsite-233681aa')).toBe('');
    const mirror = 's:home-backups/home/data/forge/objectbucketclaim_attachments/current';
    expect(await platform.offsite.rclone('cat', `${mirror}/one`)).toBe('content');
  });

  describe.each(Object.entries(CLAIMS))('and a claim %s', (_, claim) => {
    let bucket: Bucket;
    let version = '';

    beforeAll(async () => {
      bucket = await applyClaim(cluster, claim);
      version = await fill(bucket.owner, bucket.name);
    });

    it('has the policy as it is rendered, so that Rook finds no difference later', async () => {
      const { body } = await s3(bucket.owner, { path: `/${bucket.name}`, query: { policy: '' } });
      expect(body).toBe(textAt(claim, 'spec', 'additionalConfig', 'bucketPolicy'));
    });

    it('reads all of its bucket', async () => {
      expect(await answers(backup, READS, bucket.name, version)).toEqual(READ);
    });

    it('writes nothing to it, and reads nothing else of it', async () => {
      const before = await bucket.content();
      expect(await answers(backup, WRITES, bucket.name, version)).toEqual(each(WRITES, DENIED));
      expect(await answers(backup, OTHER_READS, bucket.name, version)).toEqual(each(OTHER_READS, DENIED));
      expect(await bucket.content()).toEqual(before);
    });

    it('sees whose it is: a user of this claim alone', async () => {
      const { namespace = '', name } = claim.metadata;
      const uid = await kubectl(claim, 'get', 'objectbucketclaim', name, '--output=jsonpath={.metadata.uid}');
      expect(await ownerOf(bucket.name)).toBe(`obc-${namespace}-${name}-${uid}`);
    });
  });

  it('leaves an application what its own statements say', async () => {
    const { put } = await applyClaim(cluster, CLAIMS['with statements of the application']);
    for (const key of ['public/logo', 'private']) await put(key, 'x');
    expect(said(await s3(website, { path: `/${SHARED_BUCKET}/public/logo` }))).toBe('200');
    expect(said(await s3(website, { path: `/${SHARED_BUCKET}/private` }))).toBe(DENIED);
    // Else its refusals would be those of somebody who may nothing anywhere.
    expect(said(await s3(website, { method: 'PUT', path: '/of-the-website' }))).toBe('200');
  });

  it('is refused all by a bucket whose claim does not grant it', async () => {
    const bucket = await applyClaim(cluster, bareClaim('thumbnails'));
    const version = await fill(bucket.owner, bucket.name);
    const all = { ...READS, ...WRITES, ...OTHER_READS };
    expect(await answers(backup, all, bucket.name, version)).toEqual(each(all, DENIED));
    expect(said(await s3(backup, { path: '/not-there' }))).toBe('404 NoSuchBucket');
  });

  it('owns no bucket', async () => {
    expect(said(await s3(backup, { method: 'PUT', path: '/own-bucket' }))).toBe(DENIED);
  });

  it('has nothing of a claim with a policy until the operator allows policies', async () => {
    const strict = 'rook-strict';
    await startOperator(cluster, strict);
    const ofRook = named(distObjects('object-storage'), 'StorageClass', 'bucket-retain');
    const storageClass = 'bucket-strict';
    await cluster.apply({ ...ofRook, metadata: { name: storageClass }, provisioner: `${strict}.ceph.rook.io/bucket` });
    const claim = bucketClaim('letters', { bucketName: 'paperless-letters', storageClass });
    await cluster.apply(claim);
    await until('the refusal', 30, async () =>
      /OBC config \\?"bucketPolicy\\?" is not allowed/.test(await logOfOperator(cluster, strict)),
    );
    const phase = ['get', 'objectbucketclaim', 'letters', '--output=jsonpath={.status.phase}'];
    expect(await kubectl(claim, ...phase)).toBe('Pending');
    expect(said(await s3(backup, { path: '/paperless-letters' }))).toBe('404 NoSuchBucket');

    await cluster.apply(allowing(strict, 'maxObjects,maxSize,bucketPolicy'));
    await boundBucket(cluster, claim);
    expect(said(await s3(backup, { path: '/paperless-letters' }))).toBe('200');
  });

  // At the end, because it puts the policy there that the claim says by another hand.
  it('has its grants probed, and one that is gone is found', async () => {
    expect(await failureOf(cluster, 'backed-up', 'probe-grants')).toBe('');
    await platform.attachments.revoke();
    try {
      expect(await failureOf(cluster, 'backed-up', 'probe-grants')).toMatch(
        /forge-attachments is not listed: .*AccessDenied/,
      );
    } finally {
      await platform.attachments.grant();
    }
  });

  /** By the one right that it has in the admin API. */
  async function ownerOf(bucket: string): Promise<unknown> {
    const stats = await s3(backup, { path: '/admin/bucket', query: { format: 'json', bucket, stats: 'true' } });
    return at(JSON.parse(stats.body), 'owner');
  }
});

async function kubectl({ metadata }: KubeObject, ...words: readonly string[]): Promise<string> {
  return cluster.kubectl('-n', metadata.namespace ?? '', ...words);
}
