import { describe, expect, it } from 'vitest';
import { grantProblems, policyToPaste, policyWithGrant } from '../../lib/model/bucket-grant';
import { deniesOwner, readPolicy } from '../../lib/model/bucket-policy';
import { POLICIES } from '../support/policies';
import { statements } from '../support/buckets';

describe('the model of bucket policies', () => {
  for (const [name, { statements: Statement, readable, cautious, locksOut }] of Object.entries(POLICIES)) {
    it(`${name}: the backup user ${readable ? 'reads' : 'does not read'} all of the bucket`, () => {
      const problems = grantProblems(JSON.stringify({ Version: '2012-10-17', Statement }), 'media');
      expect(problems.length === 0).toBe(readable && cautious === undefined);
      const denies = Statement.some((each) => deniesOwner(each, undefined, 's3:PutBucketPolicy', 'arn:aws:s3:::media'));
      // Only what is certain is held against a policy.
      expect(denies).toBe(locksOut === 'always');
    });
  }

  for (const [text, problem] of [
    ['', 'is not JSON'],
    ['[]', 'is not a JSON object'],
    ['{"Statements": []}', 'has Statements, which is not a field of a policy'],
    ['{}', 'has a statement that is not a JSON object'],
    ['{"Statement": {"effect": "Allow"}}', 'has a statement with effect, which is not one of its fields'],
    ['{"Statement": [{"Effect": "allow"}]}', 'has a statement whose Effect is neither Allow nor Deny'],
  ] as const) {
    it(`refuses ${text === '' ? 'nothing' : text}`, () => {
      expect(readPolicy(text)).toEqual({ problem });
    });
  }

  it('takes a single statement without a list, as Ceph does', () => {
    const [statement] = statements('media');
    expect(readPolicy(JSON.stringify({ Statement: statement }))).toEqual({ Statement: [statement] });
  });
});

describe('the grant', () => {
  const own = {
    Sid: 'Own',
    Effect: 'Deny',
    Principal: { AWS: 'arn:aws:iam:::user/wiki' },
    Action: 's3:*',
    Resource: '*',
  } as const;

  it('stands behind what the application says, which stays as it is', () => {
    expect(JSON.parse(policyWithGrant('media', [own]))).toEqual({
      Version: '2012-10-17',
      Statement: [own, ...statements('media')],
    });
  });

  it('replaces what a policy said of the backup user, and nothing else', () => {
    const before = { Version: '2008-10-17', Id: 'mine', Statement: [own, ...statements('medai')] };
    expect(JSON.parse(policyToPaste('media', JSON.stringify(before)))).toEqual({
      Version: '2008-10-17',
      Id: 'mine',
      Statement: [own, ...statements('media')],
    });
  });
});
