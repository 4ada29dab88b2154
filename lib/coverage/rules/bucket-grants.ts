/** Whether the backup user can read the buckets that it is to read, and can do nothing else. */
import { isDeepStrictEqual } from 'node:util';
import { knowsOpMask } from '../../methods/ceph/backup-user';
import {
  BACKUP_USER,
  BACKUP_USER_ARN,
  beyondReading,
  describeStatement,
  grantProblems,
  policyOf,
  policyToPaste,
} from '../../model/bucket-grant';
import { bucketArn, deniesOwner, isPolicyProblem, readPolicy, userArn } from '../../model/bucket-policy';
import { BACKED_UP_NAMESPACE } from '../../model/folders';
import { textAt, textMapAt, textsAt } from '../../model/kube-object';
import { counted, enumerated } from '../../model/text';
import { bucketClaims, bucketNameOf, grantedBuckets, type GrantedBucket } from '../buckets';
import type { GateContext } from '../context';
import { aboutObject, describeOrigin, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import type { Rule } from '../rule';
import { bucketExample, WITH_ROOK } from './bucket-example';

export const rookMissing: Rule = {
  id: 'rook-missing',
  heading: () => 'Buckets are granted, but no Rook is known that can make the backup user',
  what: 'The backup user is to read a bucket, and the platform has no Rook, or one before 1.19.',
  why: 'Rook makes the user. One that is too old drops the field that makes it read-only, reports Ready, and whoever gets hold of its keys can write wherever a policy lets everybody write.',
  fix: 'Say in the platform which Rook is installed; upgrade one before 1.19.',
  example: bucketExample(),
  check: (context) => {
    if (grantedBuckets(context).length === 0) return [];
    const { rook } = context.platform;
    if (rook === undefined) {
      const line = `rook: { version: '1.20', namespace: 'rook-ceph', objectStore: 'store-a', allowedObcFields: ['bucketPolicy'] }`;
      return [{ subject: 'platform.rook', because: 'nobody says that there is one', remedies: toFix(line) }];
    }
    if (knowsOpMask(rook.version)) return [];
    return [
      {
        subject: 'platform.rook.version',
        because: `'${rook.version}' is not 1.19 or later: older ones know no opMask, and the backup user could write`,
        remedies: inWords('upgrade Rook, and say which version is installed'),
      },
    ];
  },
};

export const bucketName: Rule = {
  id: 'bucket-name',
  heading: (n) => `${counted(n, 'bucket')} without a name that a policy can name`,
  what: 'A claim that the backup user is to read leaves its bucket’s name to Rook, or gives one that S3 does not know.',
  why: 'A policy names its bucket. And after a rebuild a made-up name is another one: what copies the bucket goes on reading the old name, which is empty or gone.',
  fix: 'Give the claim a `bucketName`.',
  example: `${WITH_ROOK}
${bucketExample('Media')}`,
  check: (context) =>
    grantedBuckets(context).flatMap(({ rendered: { object, origin } }) => {
      const name = bucketNameOf(object);
      if (name !== undefined && isBucketName(name)) return [];
      const { namespace = 'default', name: claim } = object.metadata;
      return [
        {
          ...aboutObject(object, origin),
          because:
            name === undefined
              ? 'it has no bucketName'
              : `'${name}' is not a name of 3 to 63 lower case letters, digits, '-' and '.'`,
          remedies: [
            ...toFix(`bucketName: '${`${namespace}-${claim}`.slice(0, 63)}'`),
            ...inWords(`of one that exists, keep the name: kubectl get obc -n ${namespace} ${claim} -o yaml`),
          ],
        },
      ];
    }),
};

/** ceph v18.2, src/rgw/rgw_rest_s3.h, valid_s3_bucket_name, without rgw_relaxed_s3_bucket_names. */
function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !/\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$/.test(name);
}

export const bucketGrant: Rule = {
  id: 'bucket-grant',
  heading: (n) => `${counted(n, 'bucket')} that the backup user cannot read`,
  what: 'The policy in the claim of a bucket does not let the backup user read all of it, or is not what was declared.',
  why: 'Ceph accepts a policy that names another bucket, a user that does not exist, or the bucket without its objects: it answers 204 and grants nothing, or lets a mirror list a thousand objects and read none. A denial wins over every grant.',
  fix: 'Put the printed line into the `spec` of the claim. What a patch replaced, say in `statements`. From a denial, leave the backup user out.',
  example: `${WITH_ROOK}
new ApiObject(chart, 'media', {
  apiVersion: 'objectbucket.io/v1alpha1',
  kind: 'ObjectBucketClaim',
  metadata: { name: 'media' },
  spec: { bucketName: 'media', storageClassName: 'bucket-retain' },
});
grantBackup(
  chart,
  { bucket: 'media' },
  elsewhere('rclone on the NAS copies the bucket every night.', { failureDomain: 'site', rpo: Duration.hours(25) }),
);`,
  check: (context) =>
    grantedBuckets(context).flatMap((granted): readonly RuleFinding[] => {
      const { object, origin } = granted.rendered;
      const bucket = bucketNameOf(object);
      if (bucket === undefined) return [];
      const problems = [...grantProblems(policyOf(object), bucket), ...lostStatements(granted)];
      if (problems.length === 0) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `it ${enumerated(problems)}`,
          remedies: remediesFor(granted, bucket),
        },
      ];
    }),
};

/** Of a claim that a construct renders, the statements that a patch took away or changed. */
function lostStatements({ declaration, rendered }: GrantedBucket): readonly string[] {
  const read = readPolicy(policyOf(rendered.object) ?? '{}');
  if (isPolicyProblem(read)) return [];
  return (declaration.statements ?? []).flatMap((statement, index) =>
    read.Statement.some((each) => isDeepStrictEqual(each, statement))
      ? []
      : [`lacks the application’s ${describeStatement(statement, index)}`],
  );
}

function remediesFor({ declaration, rendered }: GrantedBucket, bucket: string): readonly Remedy[] {
  const policy = policyOf(rendered.object);
  const fixed = policyToPaste(bucket, policy);
  if (grantProblems(fixed, bucket).length > 0) {
    return inWords(
      `leave the backup user out of the denial: of one for everybody by NotPrincipal: { AWS: ['${BACKUP_USER_ARN}'] }`,
    );
  }
  // What the construct renders is right: something changed it.
  if (declaration.statements !== undefined) {
    return inWords('patch neither its bucketName nor its bucketPolicy: say it in bucketName and statements');
  }
  return policyLines(rendered, fixed);
}

/** What to write into a claim of somebody else. */
function policyLines({ object, origin }: GrantedBucket['rendered'], policy: string): readonly Remedy[] {
  const config = { ...textMapAt(object, 'spec', 'additionalConfig'), bucketPolicy: policy };
  const fields = Object.entries(config).map(([field, text]) => `${field}: ${quoted(text)}`);
  return [
    ...toFix(`additionalConfig: { ${fields.join(', ')} }`),
    ...inWords(`write it under spec of the claim in ${describeOrigin(origin)}: the line is YAML as well as code`),
  ];
}

/** As TypeScript and YAML both read it; what is between single quotes they escape differently. */
function quoted(text: string): string {
  return /['\\\n]/.test(text) ? JSON.stringify(text) : `'${text}'`;
}

export const bucketBeyondReading: Rule = {
  id: 'bucket-beyond-reading',
  heading: (n) => `${counted(n, 'bucket')} that the backup user may change`,
  what: 'The policy of a bucket that the backup user is to read lets it do something else besides: write, delete, or change the bucket.',
  why: 'Whoever gets hold of the keys of the backup would have what it reads as well. That the user is read-only in Ceph is a second lock, and not a reason to leave the first one open.',
  fix: 'Grant it nothing but reading, and name in other statements the users that they are for.',
  example: `${WITH_ROOK}
new CephBucketWithBackupGrant(chart, 'media', {
  bucketName: 'media',
  storageClass: 'bucket-retain',
  backup: mirrored({ to: offsite, keep: { daily: 30 } }),
  statements: [
    { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: ['arn:aws:s3:::media', 'arn:aws:s3:::media/*'] },
  ],
});`,
  check: (context) =>
    grantedBuckets(context).flatMap((granted): readonly RuleFinding[] => {
      const { object, origin } = granted.rendered;
      const bucket = bucketNameOf(object);
      const beyond = bucket === undefined ? [] : beyondReading(policyOf(object), bucket);
      if (bucket === undefined || beyond.length === 0) return [];
      const said = beyond.map(({ by, actions }) => `${by} allows it ${enumerated(actions)}`);
      return [
        { ...aboutObject(object, origin), because: `its ${enumerated(said)}`, remedies: readingOnly(granted, bucket) },
      ];
    }),
};

function readingOnly({ declaration, rendered }: GrantedBucket, bucket: string): readonly Remedy[] {
  const fixed = policyToPaste(bucket, policyOf(rendered.object));
  if (declaration.statements === undefined && beyondReading(fixed, bucket).length === 0)
    return policyLines(rendered, fixed);
  return inWords(
    `leave ${BACKUP_USER_ARN} out of it: name in its Principal the users that it is for, and not everybody`,
  );
}

export const bucketLockout: Rule = {
  id: 'bucket-lockout',
  heading: (n) => `${counted(n, 'bucket')} that ${n === 1 ? 'locks its' : 'lock their'} owner out`,
  what: 'The policy of a bucket denies everybody, or all but some, to change the policy, and does not spare the owner.',
  why: 'The owner is the application, and Rook acts with its keys. Ceph takes such a policy once, and answers 403 to everything after it, also to the next policy: only an administrator of Ceph gets the bucket back.',
  fix: 'Deny what is meant to named users, or name the actions.',
  example: `new ApiObject(chart, 'media', {
  apiVersion: 'objectbucket.io/v1alpha1',
  kind: 'ObjectBucketClaim',
  metadata: { name: 'media' },
  spec: {
    bucketName: 'media',
    storageClassName: 'bucket-retain',
    additionalConfig: {
      bucketPolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Deny',
            NotPrincipal: { AWS: ['arn:aws:iam:::user/backed-up'] },
            Action: 's3:*',
            Resource: ['arn:aws:s3:::media', 'arn:aws:s3:::media/*'],
          },
        ],
      }),
    },
  },
});
exclude(chart, { bucket: 'media' }, { reason: 'Thumbnails are made again from the originals.' });`,
  check: (context) =>
    bucketClaims(context).flatMap(({ object, origin }): readonly RuleFinding[] => {
      const bucket = bucketNameOf(object);
      const read = readPolicy(policyOf(object) ?? '{}');
      if (bucket === undefined || isPolicyProblem(read)) return [];
      const named = textAt(object, 'spec', 'additionalConfig', 'bucketOwner');
      const owner = named === undefined ? undefined : userArn(named);
      return read.Statement.flatMap((statement, index) =>
        deniesOwner(statement, owner, 's3:PutBucketPolicy', bucketArn(bucket))
          ? [
              {
                ...aboutObject(object, origin),
                because: `its ${describeStatement(statement, index)} keeps the owner from ever changing the policy again`,
                remedies: inWords('name the users that it is to keep out, or the actions without s3:PutBucketPolicy'),
              },
            ]
          : [],
      );
    }),
};

export const backupUser: Rule = {
  id: 'backup-user',
  heading: () => 'The backup user cannot come into being',
  what: 'The object store does not allow users of the namespace `backed-up`, or another object is the same user of Ceph.',
  why: 'Rook then never makes the user, or lets two objects fight over what it may do. The claims whose policy names it wait, and the applications with them.',
  fix: 'Allow the namespace in the CephObjectStore; name the other user otherwise.',
  example: `${WITH_ROOK}
new ApiObject(chart, 'store', {
  apiVersion: 'ceph.rook.io/v1',
  kind: 'CephObjectStore',
  metadata: { name: 'store-a', namespace: 'rook-ceph' },
  spec: { gateway: { port: 80, instances: 1 } },
});`,
  check: (context) =>
    context.methods.ceph.objects.length === 0 ? [] : [...closedStores(context), ...sameUsers(context)],
};

function closedStores(context: GateContext): readonly RuleFinding[] {
  const { objectStore, namespace } = context.platform.rook ?? {};
  return context.ofKind('ceph.rook.io', 'CephObjectStore').flatMap(({ object, origin }) => {
    if (object.metadata.name !== objectStore || object.metadata.namespace !== namespace) return [];
    const allowed = textsAt(object, 'spec', 'allowUsersInNamespaces');
    if (allowed.includes('*') || allowed.includes(BACKED_UP_NAMESPACE)) return [];
    const wanted = [...allowed, BACKED_UP_NAMESPACE].map((each) => `'${each}'`).join(', ');
    return [
      {
        ...aboutObject(object, origin),
        because: `it does not allow users in the namespace ${BACKED_UP_NAMESPACE}`,
        remedies: toFix(`allowUsersInNamespaces: [${wanted}]`),
      },
    ];
  });
}

/** Rook names a user in Ceph after its object, whatever namespace that is in. */
function sameUsers(context: GateContext): readonly RuleFinding[] {
  return context.ofKind('ceph.rook.io', 'CephObjectStoreUser').flatMap((rendered) => {
    const { object, origin } = rendered;
    const isOther =
      object.metadata.name === BACKUP_USER &&
      object.metadata.namespace !== BACKED_UP_NAMESPACE &&
      textAt(object, 'spec', 'store') === context.platform.rook?.objectStore;
    if (!isOther) return [];
    return [
      {
        ...aboutObject(object, origin),
        because: `in Ceph it is the user of CephObjectStoreUser ${BACKED_UP_NAMESPACE}/${BACKUP_USER}`,
        remedies: inWords('give it another name'),
      },
    ];
  });
}
