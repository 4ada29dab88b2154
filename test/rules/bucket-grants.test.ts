import { ApiObject, JsonPatch } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { backUp, CephBucketWithBackupGrant, grantBackup, type PolicyStatement } from '../../lib';
import { isTypeScript, linesToPaste } from '../support/remedies';
import { refuses } from '../support/rule-test';
import { explain, rook, synthesizeScenario, type Scenario } from '../support/scenario';
import { foreignClaim, grantedClaim, nas, policy, statements, withRook } from '../support/buckets';

const bucket = { bucketName: 'media', storageClass: 'bucket-retain', backup: nas };
const backupUser = 'arn:aws:iam:::user/backed-up';
const [list, get] = statements('media') as readonly [PolicyStatement, PolicyStatement];

/** A claim of somebody else with a policy of these statements. */
function withStatements(...given: readonly PolicyStatement[]): (scenario: Scenario) => void {
  return ({ chart }) => grantedClaim(chart, 'media', JSON.stringify({ Version: '2012-10-17', Statement: given }));
}

const WHERE = `
            what to do       write it under spec of the claim in example/media: the line is YAML as well as code`;
const FIXED = `additionalConfig: { bucketPolicy: '${JSON.stringify({ Version: '2012-10-17', Statement: [list, get] })}' }${WHERE}`;
const OBJECTS = 's3:GetObject, s3:GetObjectVersion, s3:GetObjectTagging and s3:GetObjectVersionTagging';
const NO_OBJECTS = `it does not let ${backupUser} do ${OBJECTS} on arn:aws:s3:::media/*`;
const LISTING = 's3:ListBucket, s3:ListBucketVersions, s3:GetBucketLocation and s3:GetBucketVersioning';

function unreadable(because: string, remedy: string): string {
  return `
      1 bucket that the backup user cannot read: [bucket-grant]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          ${because}
            ${remedy}
  `;
}

describe('the grant in a claim of somebody else', () => {
  refuses('bucket-grant', ['S07'], 'stands in the claim', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      foreignClaim(chart, 'media', changed ? {} : { additionalConfig: { bucketPolicy: policy('media') } });
      grantBackup(chart, { bucket: 'media' }, nas);
    },
    says: unreadable('it has no bucketPolicy', `to fix           ${FIXED}`),
  });

  refuses('bucket-grant', ['S07'], 'covers the objects besides the bucket', {
    options: () => withRook,
    build: (scenario, changed) =>
      withStatements(list, changed ? { ...get, Resource: ['arn:aws:s3:::media'] } : get)(scenario),
    says: unreadable(NO_OBJECTS, `to fix           ${FIXED}`),
  });

  refuses('bucket-grant', ['S07'], 'covers the bucket besides its objects', {
    options: () => withRook,
    build: (scenario, changed) =>
      withStatements(changed ? { ...list, Resource: ['arn:aws:s3:::media/*'] } : list, get)(scenario),
    says: unreadable(`it does not let ${backupUser} do ${LISTING} on arn:aws:s3:::media`, `to fix           ${FIXED}`),
  });

  refuses('bucket-grant', ['S07'], 'names the bucket of the claim', {
    options: () => withRook,
    build: ({ chart }, changed) => grantedClaim(chart, 'media', policy(changed ? 'medai' : 'media')),
    says: unreadable(
      `it does not let ${backupUser} do ${LISTING} on arn:aws:s3:::media and does not let ${backupUser} do ${OBJECTS} on arn:aws:s3:::media/*`,
      `to fix           ${FIXED}`,
    ),
  });

  refuses('bucket-grant', ['S07'], 'names the user that exists', {
    options: () => withRook,
    build: (scenario, changed) =>
      withStatements(list, {
        ...get,
        Principal: { AWS: changed ? 'arn:aws:iam::123456789012:user/backed-up' : backupUser },
      })(scenario),
    says: unreadable(NO_OBJECTS, `to fix           ${FIXED}`),
  });

  refuses('bucket-grant', [], 'holds in all circumstances', {
    options: () => withRook,
    build: (scenario, changed) =>
      withStatements(
        list,
        changed ? { ...get, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } } : get,
      )(scenario),
    says: unreadable(NO_OBJECTS, `to fix           ${FIXED}`),
  });

  refuses('bucket-grant', [], 'is in a policy that Ceph can read', {
    options: () => withRook,
    build: ({ chart }, changed) => grantedClaim(chart, 'media', changed ? `${policy('media')}}` : policy('media')),
    says: unreadable('it has a bucketPolicy that is not JSON', `to fix           ${FIXED}`),
  });

  refuses('bucket-grant', [], 'is not denied by another statement', {
    options: () => withRook,
    build: (scenario, changed) =>
      withStatements(list, get, {
        Sid: 'OnlyWiki',
        Effect: 'Deny',
        NotPrincipal: { AWS: ['arn:aws:iam:::user/wiki', ...(changed ? [] : [backupUser])] },
        Action: 's3:Get*',
        Resource: ['arn:aws:s3:::media/private/*'],
      })(scenario),
    says: unreadable(
      `it denies the backup user, by its statement 'OnlyWiki', what is granted on arn:aws:s3:::media/*`,
      `what to do       leave the backup user out of the denial: of one for everybody by NotPrincipal: { AWS: ['${backupUser}'] }`,
    ),
  });

  refuses('bucket-grant', [], 'is not denied under a condition that nobody can judge', {
    options: () => withRook,
    build: (scenario, changed) =>
      withStatements(list, get, {
        Effect: 'Deny',
        Principal: '*',
        Action: changed ? 's3:*' : ['s3:PutObject', 's3:DeleteObject'],
        Resource: ['arn:aws:s3:::media/*'],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      })(scenario),
    says: unreadable(
      'it may deny the backup user, by its statement 3, what is granted on arn:aws:s3:::media/*',
      `what to do       leave the backup user out of the denial: of one for everybody by NotPrincipal: { AWS: ['${backupUser}'] }`,
    ),
  });

  it('[bucket-grant] is fixed by the line that is printed, which keeps what the application says', () => {
    const own = {
      Sid: 'Thumbnails',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::media/public/*',
    } as const;
    const refused = synthesizeScenario((scenario) => withStatements(own, list)(scenario), withRook);
    const [line = ''] = linesToPaste(refused.findings);
    const pasted = /^additionalConfig: \{ bucketPolicy: '(.*)' \}$/.exec(line)?.[1] ?? '';
    expect(JSON.parse(pasted)).toEqual({ Version: '2012-10-17', Statement: [own, list, get] });
    const accepted = synthesizeScenario(({ chart }) => grantedClaim(chart, 'media', pasted), withRook);
    expect(explain(accepted.findings)).toBe('');
  });

  it('[bucket-grant] is fixed by a line of YAML under the spec of the claim', () => {
    const own = { Sid: 'It’s "ours"', Effect: 'Allow', Principal: '*', Action: "s3:Get'", Resource: '*' } as const;
    const spec = (additionalConfig: string): string => `apiVersion: objectbucket.io/v1alpha1
kind: ObjectBucketClaim
metadata:
  name: media
  namespace: paperless
  annotations: { kustomize.toolkit.fluxcd.io/prune: disabled }
spec:
  bucketName: media
  storageClassName: bucket-retain
  ${additionalConfig}
`;
    const findings = (additionalConfig: string) =>
      synthesizeScenario(({ chart }) => grantBackup(chart, { bucket: 'media' }, nas), {
        ...withRook,
        files: { 'media.yaml': spec(additionalConfig) },
      }).findings;
    const before = JSON.stringify({ maxSize: '2Gi', bucketPolicy: JSON.stringify({ Statement: [own] }) });
    const refused = findings(`additionalConfig: ${before}`);
    expect(refused.map(({ rule }) => rule)).toEqual(['bucket-grant']);
    const [line = ''] = linesToPaste(refused);
    expect(line).toContain("{ maxSize: '2Gi', bucketPolicy: ");
    expect(isTypeScript(line)).toBe(true);
    expect(explain(findings(line))).toBe('');
  });

  it('is found in files beside, and in the claims of a chart that was rendered', () => {
    const claim = {
      apiVersion: 'objectbucket.io/v1alpha1',
      kind: 'ObjectBucketClaim',
      metadata: { name: 'media', namespace: 'paperless' },
      spec: {
        bucketName: 'media',
        storageClassName: 'bucket-retain',
        additionalConfig: { bucketPolicy: policy('media') },
      },
    };
    const { findings } = synthesizeScenario(({ chart }) => grantBackup(chart, { bucket: 'media' }, nas), {
      ...withRook,
      files: {
        'beside/media.yaml': JSON.stringify({
          ...claim,
          metadata: { ...claim.metadata, annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } },
        }),
      },
    });
    expect(explain(findings)).toBe('');
  });
});

describe('the grant of a construct', () => {
  const statement: PolicyStatement = {
    Sid: 'Thumbnails',
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam:::user/thumbnails' },
    Action: ['s3:GetObject'],
    Resource: ['arn:aws:s3:::media/*'],
  };

  refuses('bucket-grant', [], 'is not replaced by a patch', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const made = new CephBucketWithBackupGrant(chart, 'media', { ...bucket, statements: [statement] });
      if (!changed) return;
      const replaced = JSON.stringify({ Version: '2012-10-17', Statement: [list, get] });
      ApiObject.of(made).addJsonPatch(JsonPatch.replace('/spec/additionalConfig/bucketPolicy', replaced));
    },
    says: unreadable(
      `it lacks the application’s statement 'Thumbnails'`,
      'what to do       patch neither its bucketName nor its bucketPolicy: say it in bucketName and statements',
    ),
  });

  refuses('bucket-grant', [], 'goes with the name of the bucket', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const made = new CephBucketWithBackupGrant(chart, 'media', bucket);
      if (changed) ApiObject.of(made).addJsonPatch(JsonPatch.replace('/spec/bucketName', 'media-2'));
    },
    says: unreadable(
      `it does not let ${backupUser} do ${LISTING} on arn:aws:s3:::media-2 and does not let ${backupUser} do ${OBJECTS} on arn:aws:s3:::media-2/*`,
      'what to do       patch neither its bucketName nor its bucketPolicy: say it in bucketName and statements',
    ),
  });
});

describe('the name of a bucket', () => {
  refuses('bucket-name', [], 'is not left to Rook', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      foreignClaim(chart, 'media', {
        ...(changed ? { bucketName: undefined, generateBucketName: 'media' } : {}),
        additionalConfig: { bucketPolicy: policy('media') },
      });
      grantBackup(chart, { bucket: 'media' }, nas);
    },
    says: `
      1 bucket without a name that a policy can name: [bucket-name]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          it has no bucketName
            to fix           bucketName: 'paperless-media'
            what to do       of one that exists, keep the name: kubectl get obc -n paperless media -o yaml
    `,
  });

  refuses('bucket-name', [], 'is one that S3 knows', {
    options: () => withRook,
    build: ({ chart }, changed) =>
      void new CephBucketWithBackupGrant(chart, 'media', { ...bucket, bucketName: changed ? 'my_media' : 'my-media' }),
    says: `
      1 bucket without a name that a policy can name: [bucket-name]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          'my_media' is not a name of 3 to 63 lower case letters, digits, '-' and '.'
            to fix           bucketName: 'paperless-media'
            what to do       of one that exists, keep the name: kubectl get obc -n paperless media -o yaml
    `,
  });

  it('may be left to Rook where the backup user is not to read the bucket', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      foreignClaim(chart, 'media', { bucketName: undefined, generateBucketName: 'media' });
      backUp(chart, { bucket: 'media' }, nas);
    });
    expect(explain(findings)).toBe('');
  });
});

describe('a policy that locks out', () => {
  refuses('bucket-lockout', [], 'the owner, by denying everything to all but the backup user', {
    options: () => withRook,
    build: (scenario, changed) =>
      withStatements(list, get, {
        Sid: 'NobodyElse',
        Effect: 'Deny',
        NotPrincipal: { AWS: [backupUser] },
        Action: changed ? 's3:*' : 's3:PutObjectAcl',
        Resource: ['arn:aws:s3:::media', 'arn:aws:s3:::media/*'],
      })(scenario),
    says: `
      1 bucket that locks its owner out: [bucket-lockout]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          its statement 'NobodyElse' keeps the owner from ever changing the policy again
            what to do       name the users that it is to keep out, or the actions without s3:PutBucketPolicy
    `,
  });

  refuses('bucket-lockout', [], 'the user that owns it by name', {
    options: () => ({ platform: { rook: { ...rook, allowedObcFields: ['bucketPolicy', 'bucketOwner'] } } }),
    build: ({ chart }, changed) => {
      const denial: PolicyStatement = {
        Effect: 'Deny',
        Principal: { AWS: `arn:aws:iam:::user/${changed ? 'wiki' : 'search'}` },
        Action: 's3:*Policy',
        Resource: 'arn:aws:s3:::media*',
      };
      foreignClaim(chart, 'media', {
        additionalConfig: { bucketOwner: 'wiki', bucketPolicy: policy('media', denial) },
      });
      grantBackup(chart, { bucket: 'media' }, nas);
    },
    says: `
      1 bucket that locks its owner out: [bucket-lockout]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          its statement 3 keeps the owner from ever changing the policy again
            what to do       name the users that it is to keep out, or the actions without s3:PutBucketPolicy
    `,
  });
});

describe('Rook', () => {
  refuses('rook-missing', [], 'is there for the backup user', {
    options: (changed) => (changed ? {} : withRook),
    build: ({ chart }) => void new CephBucketWithBackupGrant(chart, 'media', bucket),
    says: `
      Buckets are granted, but no Rook is known that can make the backup user: [rook-missing]

        ✖ platform.rook
            because          nobody says that there is one
            to fix           rook: { version: '1.20', namespace: 'rook-ceph', objectStore: 'store-a', allowedObcFields: ['bucketPolicy'] }
    `,
  });

  for (const [version, accepted] of [
    ['1.18.7', 'v1.19.0'],
    ['1.9', '2.0'],
    ['latest', '1.19'],
  ] as const) {
    refuses('rook-missing', [], `makes the backup user read-only in ${accepted}, unlike ${version}`, {
      options: (changed) => ({ platform: { rook: { ...rook, version: changed ? version : accepted } } }),
      build: ({ chart }) => void new CephBucketWithBackupGrant(chart, 'media', bucket),
      says: `
      Buckets are granted, but no Rook is known that can make the backup user: [rook-missing]

        ✖ platform.rook.version
            because          '${version}' is not 1.19 or later: older ones know no opMask, and the backup user could write
            what to do       upgrade Rook, and say which version is installed
    `,
    });
  }
});

describe('the backup user', () => {
  function store(scope: Scenario['chart'], allowed: readonly string[] | undefined): void {
    new ApiObject(scope, 'store', {
      apiVersion: 'ceph.rook.io/v1',
      kind: 'CephObjectStore',
      metadata: { name: 'store-a', namespace: 'rook-ceph' },
      spec: {
        gateway: { port: 80, instances: 1 },
        ...(allowed === undefined ? {} : { allowUsersInNamespaces: allowed }),
      },
    });
  }

  for (const [allowed, given] of [
    [['backed-up'], undefined],
    [['*'], ['media']],
  ] as const) {
    refuses('backup-user', [], `may be in its namespace: ${allowed.join()}, unlike ${String(given)}`, {
      options: () => withRook,
      build: ({ chart }, changed) => store(chart, changed ? given : allowed),
      says: `
      The backup user cannot come into being: [backup-user]

        ✖ CephObjectStore rook-ceph/store-a
            made by          example/store
            because          it does not allow users in the namespace backed-up
            to fix           allowUsersInNamespaces: [${[...(given ?? []), 'backed-up'].map((each) => `'${each}'`).join(', ')}]
    `,
    });
  }

  refuses('backup-user', [], 'is no other user of the store', {
    options: () => withRook,
    build: ({ chart }, changed) =>
      void new ApiObject(chart, 'user', {
        apiVersion: 'ceph.rook.io/v1',
        kind: 'CephObjectStoreUser',
        metadata: { name: changed ? 'backed-up' : 'registry' },
        spec: { store: 'store-a', clusterNamespace: 'rook-ceph' },
      }),
    says: `
      The backup user cannot come into being: [backup-user]

        ✖ CephObjectStoreUser paperless/backed-up
            made by          example/user
            because          in Ceph it is the user of CephObjectStoreUser backed-up/backed-up
            what to do       give it another name
    `,
  });
});

describe('the policy of a bucket', () => {
  const own = 'arn:aws:s3:::media';
  const upload: PolicyStatement = {
    Sid: 'Upload',
    Effect: 'Allow',
    Principal: { AWS: [backupUser] },
    Action: ['s3:GetBucketPolicy', 's3:PutObject', 's3:DeleteBucket'],
    Resource: [own, `${own}/*`],
  };
  const says = (because: string, remedy: string): string => `
      1 bucket that the backup user may change: [bucket-beyond-reading]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          ${because}
            ${remedy}
  `;
  const IN_WORDS = `what to do       leave ${backupUser} out of it: name in its Principal the users that it is for, and not everybody`;

  refuses('bucket-beyond-reading', [], 'lets the backup user do nothing but read', {
    options: () => withRook,
    build: (scenario, changed) =>
      withStatements(changed ? upload : { ...upload, Action: 's3:GetBucketPolicy' }, list, get)(scenario),
    says: says("its statement 'Upload' allows it s3:PutObject and s3:DeleteBucket", `to fix           ${FIXED}`),
  });

  refuses(
    'bucket-beyond-reading',
    [],
    'lets it change nothing under a condition either, or by all that a list leaves out',
    {
      options: () => withRook,
      build: (scenario, changed) => {
        const Principal = changed ? '*' : { AWS: ['arn:aws:iam:::user/scanner'] };
        const others = { Effect: 'Allow', Principal, Resource: `${own}/*` } as const;
        withStatements(
          { ...others, Action: 's3:*', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
          { ...others, NotAction: 's3:DeleteObject' },
          list,
          get,
        )(scenario);
      },
      says: says('its statement 1 allows it s3:* and statement 2 allows it all but its NotAction', IN_WORDS),
    },
  );

  refuses('bucket-beyond-reading', [], 'says so of ours, too', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const everybody = { ...upload, Principal: changed ? '*' : { AWS: 'arn:aws:iam:::user/scanner' } } as const;
      new CephBucketWithBackupGrant(chart, 'media', { ...bucket, statements: [everybody] });
    },
    says: says("its statement 'Upload' allows it s3:PutObject and s3:DeleteBucket", IN_WORDS),
  });

  it('may let everybody write to another bucket, which it says nothing of', () => {
    const { findings } = synthesizeScenario(
      withStatements({ ...upload, Resource: 'arn:aws:s3:::thumbnails/*' }, list, get),
      withRook,
    );
    expect(explain(findings)).toBe('');
  });
});
