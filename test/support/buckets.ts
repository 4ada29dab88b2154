/** Claims of buckets, as constructs and as other people write them. */
import { ApiObject, Duration } from 'cdk8s';
import type { Construct } from 'constructs';
import { parse } from 'yaml';
import {
  CephBucketWithBackupGrant,
  elsewhere,
  exclude,
  grantBackup,
  type CephBucketWithBackupGrantProps,
  type Platform,
  type PolicyStatement,
} from '../../lib';
import { policyWithGrant } from '../../lib/model/bucket-grant';
import { isKubeObject, type KubeObject } from '../../lib/model/kube-object';
import { explain, rook, synthesizeScenario, type Scenario } from './scenario';

export const nas = elsewhere('rclone on the NAS copies the bucket every night.', {
  failureDomain: 'site',
  rpo: Duration.hours(25),
});

export const withRook: { readonly platform: Partial<Platform> } = { platform: { rook } };

/** The claim of somebody else, whose bucket has the name of the claim. */
export function foreignClaim(scope: Construct, name: string, spec: Readonly<Record<string, unknown>> = {}): ApiObject {
  return new ApiObject(scope, name, {
    apiVersion: 'objectbucket.io/v1alpha1',
    kind: 'ObjectBucketClaim',
    metadata: { name },
    spec: { bucketName: name, storageClassName: 'bucket-retain', ...spec },
  });
}

export const SHARED_BUCKET = 'paperless-media';

/** A bucket of an application that lets a user of its own, `website`, read a part of it. */
export function sharedBucketClaim(): KubeObject {
  const website: PolicyStatement = {
    Sid: 'Website',
    Effect: 'Allow',
    Principal: { AWS: ['arn:aws:iam:::user/website'] },
    Action: ['s3:GetObject'],
    Resource: [`arn:aws:s3:::${SHARED_BUCKET}/public/*`],
  };
  return bucketClaim('media', { bucketName: SHARED_BUCKET, statements: [website] });
}

/** The claim that the construct renders, in the namespace `paperless`. */
export function bucketClaim(
  name: string,
  props: Pick<CephBucketWithBackupGrantProps, 'bucketName'> & Partial<CephBucketWithBackupGrantProps>,
): KubeObject {
  return rendered(name, ({ chart }) => {
    new CephBucketWithBackupGrant(chart, name, { storageClass: 'bucket-retain', backup: nas, ...props });
  });
}

/** The claim of somebody else for a bucket that nobody backs up, as it stands beside others. */
export function bareClaim(name: string): KubeObject {
  return rendered(name, ({ chart }) => {
    foreignClaim(chart, name);
    exclude(chart, { bucket: name }, { reason: 'Thumbnails, which the application makes again.' });
  });
}

function rendered(name: string, build: (scenario: Scenario) => void): KubeObject {
  const { files, findings } = synthesizeScenario(build, withRook);
  const claim: unknown = parse(files?.get(`example/paperless.ObjectBucketClaim.${name}.yaml`) ?? '');
  if (!isKubeObject(claim)) throw new Error(explain(findings));
  return claim;
}

/** The same with a policy, which the backup user is to read by. */
export function grantedClaim(scope: Construct, name: string, bucketPolicy: string): void {
  foreignClaim(scope, name, { additionalConfig: { bucketPolicy } });
  grantBackup(scope, { bucket: name }, nas);
}

/** What grants a bucket to the backup user, with other statements after it. */
export function policy(bucket: string, ...more: readonly PolicyStatement[]): string {
  return JSON.stringify({ ...parsed(policyWithGrant(bucket, [])), Statement: [...statements(bucket), ...more] });
}

export function statements(bucket: string): readonly PolicyStatement[] {
  return parsed(policyWithGrant(bucket, [])).Statement;
}

function parsed(text: string): { readonly Statement: readonly PolicyStatement[] } {
  return JSON.parse(text) as { readonly Statement: readonly PolicyStatement[] };
}
