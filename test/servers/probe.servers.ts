import { beforeAll, describe, expect, it } from 'vitest';
import { probeJob } from '../../lib/jobs/probe-job';
import { makeBucket, type Bucket } from './support/bucket';
import { faultyStore } from './support/faulty-store';
import { nightly, throughYaml } from './support/job';
import { bucketSource, rookSecret } from './support/mirror';
import { runPod } from './support/pod';
import { admin, backupUser, putPolicy } from './support/rgw';
import type { S3User } from './support/s3';

describe('the probe of the grants', () => {
  let backup: S3User;
  let full: Bucket;
  let empty: Bucket;

  beforeAll(async () => {
    backup = await backupUser();
    [full, empty] = [await makeBucket(), await makeBucket()];
    await full.put('a//b', 'rclone cannot name it');
    await full.put('empty', '');
    await full.put('line\nbreak', 'content');
  });

  async function probe(buckets: readonly string[], secrets = rookSecret(backup)): Promise<string | undefined> {
    const { bucket: _none, server, ...source } = bucketSource('');
    const objects = probeJob({
      name: 'probe',
      namespace: 'backed-up',
      schedule: nightly(),
      scratch: { size: '64Mi' },
      deadlineSeconds: 60,
      answerSeconds: 20,
      source,
      server,
      buckets,
    });
    return (await runPod(throughYaml(objects), { secrets })).failed?.message;
  }

  async function openToAll(bucket: Bucket): Promise<void> {
    const all = [`arn:aws:s3:::${bucket.name}`, `arn:aws:s3:::${bucket.name}/*`];
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: all };
    await putPolicy(bucket.owner, bucket.name, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }));
  }

  it('finds nothing where the grants are as they are rendered, and leaves nothing behind', async () => {
    const before = await full.content();
    expect(await probe([full.name, empty.name])).toBeUndefined();
    expect(await full.content()).toEqual(before);
  });

  it('[S24] finds a bucket that has lost its grant, by its name', async () => {
    await full.revoke();
    const message = await probe([empty.name, full.name]);
    await full.grant();
    expect(message).toMatch(
      new RegExp(`^The grants of the backup user .*: ${full.name} is not listed: .*AccessDenied`),
    );
    expect(message).not.toContain(`${empty.name} is`);
  });

  it('[S07] finds a policy that lets it list and not read', async () => {
    const list = {
      Effect: 'Allow',
      Principal: { AWS: ['arn:aws:iam:::user/backed-up'] },
      Action: ['s3:ListBucket'],
      Resource: [`arn:aws:s3:::${full.name}`],
    };
    await putPolicy(full.owner, full.name, JSON.stringify({ Version: '2012-10-17', Statement: [list] }));
    const message = await probe([full.name]);
    await full.grant();
    expect(message).toMatch(new RegExp(`: ${full.name} is listed and cannot be read: .*AccessDenied`));
  });

  it('finds a bucket that is gone', async () => {
    expect(await probe(['nowhere-here'])).toMatch(/: nowhere-here is not listed: .*directory not found/);
  });

  it('finds a user whose mask was lifted, and removes what it could write', async () => {
    await openToAll(full);
    expect(await probe([full.name])).toBeUndefined();
    await admin('user', 'modify', '--uid=backed-up', '--op-mask=read,write,delete');
    const message = await probe([full.name]);
    await admin('user', 'modify', '--uid=backed-up', '--op-mask=read');
    await full.grant();
    expect(message).toContain(`${full.name} lets it write; ${full.name} lets it delete.`);
    expect(Object.keys(await full.content())).toEqual(['a//b', 'empty', 'line\nbreak']);
  });

  it('takes no other failure for a refusal', async () => {
    const port = await faultyStore(({ method }) =>
      method === 'PUT' || method === 'DELETE' ? { status: 500 } : undefined,
    );
    const message = await probe([full.name], rookSecret(backup, port));
    expect(message).toContain(`whether ${full.name} lets it write cannot be told: `);
    expect(message).toContain(`whether ${full.name} lets it delete cannot be told: `);
  });
});
