/** Claims of buckets, as constructs and as other people write them. */
import { ApiObject, Duration } from 'cdk8s';
import type { Construct } from 'constructs';
import { elsewhere, grantBackup, type Platform } from '../../lib';
import { policyWithGrant } from '../../lib/model/bucket-grant';
import type { PolicyStatement } from '../../lib';
import { rook } from './scenario';

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
