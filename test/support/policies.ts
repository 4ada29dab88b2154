/**
 * Policies of a bucket called `media`, and what Ceph makes of them. `test/servers/bucket-grants.servers.ts` asks a real
 * gateway; `test/model/bucket-policy.test.ts` asks the model of it that the gate goes by.
 */
import type { PolicyStatement } from '../../lib';
import { statements } from './buckets';

export interface PolicyCase {
  readonly statements: readonly PolicyStatement[];
  /** Whether the backup user can read all of the bucket. */
  readonly readable: boolean;
  /** Set where the gateway lets it read and the gate does not count on it. */
  readonly cautious?: true;
  /** Set where the owner can never set another policy: always, or in the circumstances of this test. */
  readonly locksOut?: 'always' | 'here';
}

const [list, get] = statements('media') as readonly [PolicyStatement, PolicyStatement];
const granted = [list, get];
const backupUser = 'arn:aws:iam:::user/backed-up';
const all = ['arn:aws:s3:::media', 'arn:aws:s3:::media/*'];
const both: PolicyStatement = { Effect: 'Allow', Principal: { AWS: backupUser }, Action: 's3:*', Resource: all };
const denial: PolicyStatement = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: all };

function forPrincipal(AWS: string): PolicyCase['statements'] {
  return granted.map((statement) => ({ ...statement, Principal: { AWS } }));
}

function without(statement: PolicyStatement, field: keyof PolicyStatement): PolicyStatement {
  const { [field]: _gone, ...others } = statement;
  return others as PolicyStatement;
}

export const POLICIES: Readonly<Record<string, PolicyCase>> = {
  'the grant': { statements: granted, readable: true },
  'the user by a text': { statements: forPrincipal(backupUser), readable: true },
  'the user without an ARN': { statements: forPrincipal('backed-up'), readable: false },
  'a user of an account': { statements: forPrincipal('arn:aws:iam::123456789012:user/backed-up'), readable: false },
  'a user that does not exist': { statements: forPrincipal('arn:aws:iam:::user/backup'), readable: false },
  'a pattern of users': { statements: forPrincipal('arn:aws:iam:::user/*'), readable: false },
  'the whole tenant': { statements: forPrincipal('arn:aws:iam:::root'), readable: true },
  everybody: { statements: granted.map((each) => ({ ...each, Principal: '*' as const })), readable: true },
  'everybody in a list': { statements: forPrincipal('*'), readable: true },
  nobody: { statements: granted.map((each) => without(each, 'Principal')), readable: false },
  'all but another user': {
    statements: granted.map((each) => ({
      ...without(each, 'Principal'),
      NotPrincipal: { AWS: ['arn:aws:iam:::user/wiki'] },
    })),
    readable: true,
  },
  'all but the user': {
    statements: granted.map((each) => ({ ...without(each, 'Principal'), NotPrincipal: { AWS: [backupUser] } })),
    readable: false,
  },
  'the bucket without its objects': { statements: [list, { ...get, Resource: all[0] ?? '' }], readable: false },
  'the objects without the bucket': { statements: [{ ...list, Resource: all[1] ?? '' }, get], readable: false },
  'one folder': { statements: [list, { ...get, Resource: 'arn:aws:s3:::media/photos/*' }], readable: false },
  'objects with names of one letter': {
    statements: [list, { ...get, Resource: 'arn:aws:s3:::media/?' }],
    readable: false,
  },
  'another bucket': { statements: statements('medai'), readable: false },
  'the bucket by a pattern': { statements: [{ ...both, Resource: 'arn:aws:s3:::med*' }], readable: true },
  'every bucket': { statements: [{ ...both, Resource: '*' }], readable: true },
  'a bucket of a region': {
    statements: granted.map((each) => ({
      ...each,
      Resource: all.map((arn) => arn.replace('s3:::', 's3:us-east-1::')),
    })),
    readable: false,
  },
  'no resource': { statements: granted.map((each) => without(each, 'Resource')), readable: false },
  'all actions': { statements: [both], readable: true },
  'actions in another case': { statements: [{ ...both, Action: ['S3:GET*', 'S3:LIST*'] }], readable: true },
  'no old versions': {
    statements: [list, { ...get, Action: ['s3:GetObject', 's3:GetObjectTagging'] }],
    readable: false,
  },
  'a denial of everything for everybody': { statements: [both, denial], readable: false, locksOut: 'always' },
  'a denial for all but the backup user': {
    statements: [both, { ...without(denial, 'Principal'), NotPrincipal: { AWS: [backupUser] } }],
    readable: true,
    locksOut: 'always',
  },
  'a denial for all but the owner': {
    statements: [both, { ...without(denial, 'Principal'), NotPrincipal: { AWS: ['arn:aws:iam:::user/obc-media'] } }],
    readable: false,
  },
  'a denial for the tenant': {
    statements: [both, { ...denial, Principal: { AWS: 'arn:aws:iam:::root' } }],
    readable: false,
    locksOut: 'always',
  },
  'a denial for another user': {
    statements: [both, { ...denial, Principal: { AWS: 'arn:aws:iam:::user/wiki' } }],
    readable: true,
  },
  'a denial of writing': {
    statements: [both, { ...denial, Action: ['s3:Put*', 's3:Delete*'] }],
    readable: true,
    locksOut: 'always',
  },
  'a denial of objects': {
    statements: [both, { ...denial, Action: ['s3:PutObject', 's3:DeleteObject'] }],
    readable: true,
  },
  'a denial of tags by a pattern': { statements: [both, { ...denial, Action: 's3:Get?bjectT*' }], readable: false },
  'a denial of one folder': {
    statements: [both, { ...denial, Action: 's3:GetObject', Resource: 'arn:aws:s3:::media/photos/*' }],
    readable: false,
  },
  'a denial of all but one folder': {
    statements: [
      both,
      { ...without(denial, 'Resource'), Action: 's3:GetObject', NotResource: 'arn:aws:s3:::media/photos/*' },
    ],
    readable: false,
  },
  'a denial of other buckets': {
    statements: [both, { ...without(denial, 'Resource'), NotResource: ['arn:aws:s3:::media*'] }],
    readable: true,
  },
  'a denial of all but some actions': {
    statements: [both, { ...without(denial, 'Action'), NotAction: 's3:PutObject' }],
    readable: true,
    cautious: true,
  },
  'a denial without encryption in transit': {
    statements: [both, { ...denial, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
    readable: true,
    cautious: true,
  },
  'a denial outside of a network': {
    statements: [both, { ...denial, Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }],
    readable: false,
    locksOut: 'here',
  },
};
