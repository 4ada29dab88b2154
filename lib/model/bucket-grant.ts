/** The right of the backup user to read a bucket: what stands in the policy of every bucket that is backed up. */
import { isDeepStrictEqual } from 'node:util';
import {
  allows,
  bucketArn,
  changesAllowed,
  isPolicyProblem,
  mayDeny,
  objectsArn,
  readPolicy,
  userArn,
  type PolicyStatement,
} from './bucket-policy';
import { groupOf, textAt, type KubeObject } from './kube-object';
import { enumerated } from './text';

/** Name of the CephObjectStoreUser, which Rook also gives the user in Ceph (rook v1.20.6, user/controller.go). */
export const BACKUP_USER = 'backed-up';
export const BACKUP_USER_ARN = userArn(BACKUP_USER);

/** What the backup user may do. Tags and old versions need rights of their own, and a listing is about the bucket itself. */
export function grantFor(bucket: string): readonly PolicyStatement[] {
  const Principal = { AWS: [BACKUP_USER_ARN] };
  return [
    {
      Sid: 'BackupListsBucket',
      Effect: 'Allow',
      Principal,
      Action: ['s3:ListBucket', 's3:ListBucketVersions', 's3:GetBucketLocation', 's3:GetBucketVersioning'],
      Resource: [bucketArn(bucket)],
    },
    {
      Sid: 'BackupReadsObjects',
      Effect: 'Allow',
      Principal,
      Action: ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectTagging', 's3:GetObjectVersionTagging'],
      Resource: [objectsArn(bucket)],
    },
  ];
}

/** @param own statements of the application, which stand as they are. */
export function policyWithGrant(bucket: string, own: readonly PolicyStatement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [...own, ...grantFor(bucket)] }, undefined, 2);
}

/** A policy that somebody wrote, on one line, with the grant in the place of what it said of the backup user. */
export function policyToPaste(bucket: string, policy: string | undefined): string {
  const read = policy === undefined ? undefined : readPolicy(policy);
  const grant = grantFor(bucket);
  if (read === undefined || isPolicyProblem(read)) return JSON.stringify({ Version: '2012-10-17', Statement: grant });
  const sids = new Set(grant.map(({ Sid }) => Sid));
  const own = read.Statement.filter((statement) => !sids.has(statement.Sid) && !isOnlyAboutBackup(statement));
  return JSON.stringify({ Version: '2012-10-17', ...read, Statement: [...own, ...grant] });
}

function isOnlyAboutBackup({ Effect, Principal }: PolicyStatement): boolean {
  return (
    Effect === 'Allow' && [[BACKUP_USER_ARN], BACKUP_USER_ARN].some((AWS) => isDeepStrictEqual(Principal, { AWS }))
  );
}

/** A statement of a policy that lets the backup user do more than read. */
export interface BeyondReading {
  readonly by: string;
  readonly actions: readonly string[];
}

export function beyondReading(policy: string | undefined, bucket: string): readonly BeyondReading[] {
  const read = readPolicy(policy ?? '{}');
  if (isPolicyProblem(read)) return [];
  return read.Statement.flatMap((statement, index) => {
    const actions = changesAllowed(statement, BACKUP_USER_ARN, bucket);
    return actions.length === 0 ? [] : [{ by: describeStatement(statement, index), actions }];
  });
}

/** For people: `statement 'Upload'`, `statement 2`. */
export function describeStatement({ Sid }: PolicyStatement, index: number): string {
  return Sid === undefined ? `statement ${index + 1}` : `statement '${Sid}'`;
}

/**
 * Why a policy does not let the backup user read all of a bucket; as ends of a sentence that begins with the claim.
 *
 * @param policy as the claim has it, if it has one.
 */
export function grantProblems(policy: string | undefined, bucket: string): readonly string[] {
  if (policy === undefined) return ['has no bucketPolicy'];
  const read = readPolicy(policy);
  if (isPolicyProblem(read)) return [`has a bucketPolicy that ${read.problem}`];
  return grantFor(bucket).flatMap(({ Action, Resource }) => {
    const [resource = ''] = Array.isArray(Resource) ? Resource : [];
    const actions: readonly string[] = Array.isArray(Action) ? Action : [];
    const missing = actions.filter(
      (action) => !read.Statement.some((statement) => allows(statement, BACKUP_USER_ARN, action, resource)),
    );
    const denying = read.Statement.findIndex((statement) =>
      actions.some((action) => mayDeny(statement, BACKUP_USER_ARN, action, resource)),
    );
    const denied = read.Statement[denying];
    return [
      ...(missing.length === 0 ? [] : [`does not let ${BACKUP_USER_ARN} do ${enumerated(missing)} on ${resource}`]),
      ...(denied === undefined ? [] : [`${describeDenial(denied, denying)} what is granted on ${resource}`]),
    ];
  });
}

function describeDenial(statement: PolicyStatement, index: number): string {
  const verb = statement.Condition === undefined ? 'denies' : 'may deny';
  return `${verb} the backup user, by its ${describeStatement(statement, index)},`;
}

/** As the claim has it. */
export function policyOf(claim: KubeObject): string | undefined {
  return textAt(claim, 'spec', 'additionalConfig', 'bucketPolicy');
}

/** Whether an object is a claim whose policy speaks of the backup user. */
export function namesBackupUser(object: KubeObject): boolean {
  if (groupOf(object.apiVersion) !== 'objectbucket.io' || object.kind !== 'ObjectBucketClaim') return false;
  return policyOf(object)?.includes(`"${BACKUP_USER_ARN}"`) ?? false;
}
