/**
 * Bucket policies, and what they say to whom. Ceph's gateway takes much that grants nothing: a user that does not exist,
 * another bucket, a principal or a resource in a form that it does not compare. So what a policy means is computed, and
 * `test/servers/bucket-grants.servers.ts` compares it with a real gateway (radosgw 16.2.15).
 */
import { isMapping } from './kube-object';

/** One or several of what a field of a statement takes. */
type Texts = string | readonly string[];

/** Who a statement is about: everybody, or users by ARN, `{ AWS: 'arn:aws:iam:::user/wiki' }`. */
export type PolicyPrincipal = '*' | { readonly AWS: Texts };

/** One statement of a bucket policy, in the words of S3. */
export interface PolicyStatement {
  /** Names it for people. */
  readonly Sid?: string;
  /** What it does; a denial wins over whatever else allows. */
  readonly Effect: 'Allow' | 'Deny';
  /** Whom it is about. */
  readonly Principal?: PolicyPrincipal;
  /** All but these. */
  readonly NotPrincipal?: PolicyPrincipal;
  /** Operations, `s3:GetObject`; `*` stands for any letters. */
  readonly Action?: Texts;
  /** All but these. */
  readonly NotAction?: Texts;
  /** ARNs: `arn:aws:s3:::wiki` is the bucket, `arn:aws:s3:::wiki/*` are its objects. */
  readonly Resource?: Texts;
  /** All but these. */
  readonly NotResource?: Texts;
  /** Under which circumstances, by operator and key. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Texts>>>>;
}

export interface BucketPolicy {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: readonly PolicyStatement[];
}

/** As a principal of the default tenant; Rook makes no other users. */
export function userArn(uid: string): string {
  return `arn:aws:iam:::user/${uid}`;
}

export function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}

export function objectsArn(bucket: string): string {
  return `${bucketArn(bucket)}/*`;
}

/** Fields that the gateway knows; it refuses others, and these in another case. */
const POLICY_FIELDS = new Set(['Version', 'Id', 'Statement']);
const STATEMENT_FIELDS = new Set(
  'Sid Effect Principal NotPrincipal Action NotAction Resource NotResource Condition'.split(' '),
);

export interface PolicyProblem {
  readonly problem: string;
}

export function isPolicyProblem(policy: BucketPolicy | PolicyProblem): policy is PolicyProblem {
  return 'problem' in policy;
}

/** A single statement may stand without a list. */
export function readPolicy(text: string): BucketPolicy | PolicyProblem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON' };
  }
  if (!isMapping(value)) return { problem: 'is not a JSON object' };
  const { Statement, ...rest } = value;
  const unknownField = Object.keys(value).find((field) => !POLICY_FIELDS.has(field));
  if (unknownField !== undefined) return { problem: `has ${unknownField}, which is not a field of a policy` };
  const statements: readonly unknown[] = Array.isArray(Statement) ? Statement : [Statement];
  for (const statement of statements) {
    const problem = problemOfStatement(statement);
    if (problem !== undefined) return { problem: `has a statement ${problem}` };
  }
  return { ...rest, Statement: statements.filter(isStatement) };
}

function isStatement(statement: unknown): statement is PolicyStatement {
  return problemOfStatement(statement) === undefined;
}

function problemOfStatement(statement: unknown): string | undefined {
  if (!isMapping(statement)) return 'that is not a JSON object';
  const unknownField = Object.keys(statement).find((field) => !STATEMENT_FIELDS.has(field));
  if (unknownField !== undefined) return `with ${unknownField}, which is not one of its fields`;
  return statement['Effect'] === 'Allow' || statement['Effect'] === 'Deny'
    ? undefined
    : 'whose Effect is neither Allow nor Deny';
}

/**
 * Whether a statement lets a user do something, certainly: always, and with every object that a resource of objects
 * stands for. What only a condition, or everything that a list leaves out, would allow does not count.
 */
export function allows(statement: PolicyStatement, user: string, action: string, resource: string): boolean {
  const { Effect, Condition, Action, Resource } = statement;
  return (
    Effect === 'Allow' &&
    Condition === undefined &&
    isAbout(statement, user) &&
    textsOf(Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    textsOf(Resource).some((pattern) => matches(pattern, resource))
  );
}

/**
 * What a statement lets a user do in a bucket besides reading, perhaps only under a condition: actions as the policy has
 * them, with patterns that stand for more than getting and listing.
 */
export function changesAllowed(statement: PolicyStatement, user: string, bucket: string): readonly string[] {
  const { Effect, Action, NotAction, Resource, NotResource } = statement;
  const isOfBucket =
    Resource === undefined
      ? NotResource !== undefined
      : textsOf(Resource).some((each) => overlap(each, bucketArn(bucket)) || overlap(each, objectsArn(bucket)));
  if (Effect !== 'Allow' || !isOfBucket || !isAbout(statement, user)) return [];
  if (Action === undefined) return NotAction === undefined ? [] : ['all but its NotAction'];
  return textsOf(Action).filter((pattern) => !/^s3:(get|list)/i.test(pattern));
}

/** Whether a statement can keep a user from something: in some circumstances, or of some objects. */
export function mayDeny(statement: PolicyStatement, user: string, action: string, resource: string): boolean {
  return statement.Effect === 'Deny' && isAbout(statement, user) && concerns(statement, action, resource);
}

/**
 * Whether a statement keeps the owner of a bucket from something for good. Rook makes the owner together with the claim
 * and names it after the claim's uid, so a policy in a file can only spare it by sparing users of that form.
 *
 * @param owner its ARN, where the claim names one.
 */
export function deniesOwner(
  statement: PolicyStatement,
  owner: string | undefined,
  action: string,
  resource: string,
): boolean {
  // What not every gateway reads the same is not certain.
  if (statement.Effect !== 'Deny' || statement.Condition !== undefined || statement.Action === undefined) return false;
  if (!concerns(statement, action, resource)) return false;
  if (owner !== undefined) return isAbout(statement, owner);
  if (!isAbout(statement, MADE_BY_ROOK)) return false;
  return !principalsOf(statement.NotPrincipal).some((spared) => spared.startsWith(MADE_BY_ROOK));
}

/** What the ARNs of the users begin with that Rook makes for claims (rook v1.20.6, pkg/operator/ceph/object/bucket). */
const MADE_BY_ROOK = userArn('obc-');

/** A statement without a principal is about nobody. */
function isAbout({ Principal, NotPrincipal }: PolicyStatement, user: string): boolean {
  if (Principal !== undefined) return names(principalsOf(Principal), user);
  return NotPrincipal !== undefined && !names(principalsOf(NotPrincipal), user);
}

/** The gateway compares whole ARNs: `user/*` names nobody, and neither does an ARN with the number of an account. */
function names(principals: readonly string[], user: string): boolean {
  return [EVERYBODY, DEFAULT_TENANT, user].some((name) => principals.includes(name));
}

const EVERYBODY = '*';
/** Everybody whose user is in no tenant. */
const DEFAULT_TENANT = 'arn:aws:iam:::root';

function principalsOf(principal: unknown): readonly string[] {
  if (principal === EVERYBODY) return [EVERYBODY];
  return isMapping(principal) ? textsOf(principal['AWS']) : [];
}

/** Whether a statement speaks of an action on some of what a resource stands for. */
function concerns({ Action, NotAction, Resource, NotResource }: PolicyStatement, what: string, on: string): boolean {
  const action = what.toLowerCase();
  const isIts = (patterns: unknown): boolean => textsOf(patterns).some((each) => matches(each.toLowerCase(), action));
  // radosgw 16.2 takes NotAction for nothing at all; later ones may not.
  const speaksOfAction = Action === undefined ? NotAction !== undefined && !isIts(NotAction) : isIts(Action);
  if (!speaksOfAction) return false;
  if (Resource !== undefined) return textsOf(Resource).some((each) => overlap(each, on));
  return NotResource !== undefined && !textsOf(NotResource).some((each) => matches(each, on));
}

function textsOf(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.filter((text) => typeof text === 'string');
}

/** Whether a pattern stands for all of a text, whose own `*` is any text: only another `*` stands for that. */
function matches(pattern: string, text: string): boolean {
  const regex = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('?', '[^\n]')
    .replaceAll('*', '[^]*');
  return new RegExp(`^${regex}$`).test(text.replaceAll('*', '\n'));
}

/** Whether there is a text that both patterns stand for. */
function overlap(a: string, b: string): boolean {
  if (a === '' || b === '') return /^\**$/.test(a + b);
  if (a.startsWith('*')) return overlap(a.slice(1), b) || overlap(a, b.slice(1));
  if (b.startsWith('*')) return overlap(b, a);
  return (a[0] === b[0] || a[0] === '?' || b[0] === '?') && overlap(a.slice(1), b.slice(1));
}
