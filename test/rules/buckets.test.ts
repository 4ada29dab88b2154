import { ApiObject, Chart, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { describe, expect, it } from 'vitest';
import { BackedUpVolume, CephBucketWithBackupGrant, exclude, holds, nightly, s3Location } from '../../lib';
import type { Mapping } from '../../lib/model/kube-object';
import { foreignClaim, nas, withRook } from '../support/buckets';
import { refuses } from '../support/rule-test';
import { explain, offsite, rook, synthesizeScenario, type Scenario } from '../support/scenario';

const bucket = { bucketName: 'media', storageClass: 'bucket-retain', backup: nas };

function granted({ chart }: Scenario): void {
  new CephBucketWithBackupGrant(chart, 'media', bucket);
}

/** A claim whose bucket nobody copies. */
function scratch(scope: Chart, name: string, spec: Readonly<Record<string, unknown>> = {}): void {
  foreignClaim(scope, name, spec);
  exclude(scope, { bucket: name }, { reason: 'Everything in it is made again from the originals.' });
}

/** Rook itself. */
function release(scope: Chart, values: Mapping): void {
  new ApiObject(scope, 'rook', {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'rook-ceph' },
    spec: {
      interval: '1h',
      chart: { spec: { chart: 'rook-ceph', sourceRef: { kind: 'HelmRepository', name: 'rook' } } },
      values,
    },
  });
  holds(scope, { helmRelease: 'rook-ceph' }, {});
}

describe('fields of claims', () => {
  refuses('bucket-config', ['S09'], 'are those that the platform says Rook allows', {
    options: (changed) => ({
      platform: { rook: { ...rook, allowedObcFields: changed ? ['maxObjects', 'maxSize'] : ['bucketPolicy'] } },
    }),
    build: granted,
    says: `
      1 bucket that Rook refuses to make: [bucket-config]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          platform.rook allows only maxObjects and maxSize, and it says bucketPolicy
            to fix           allowedObcFields: ['maxObjects', 'maxSize', 'bucketPolicy']
            what to do       and allow it: obcAllowAdditionalConfigFields: maxObjects,maxSize,bucketPolicy in the values of Rook's chart
    `,
  });

  refuses('bucket-config', ['S09'], 'are by default two, whoever copies the bucket', {
    options: () => {
      const { allowedObcFields: _default, ...others } = rook;
      return { platform: { rook: others } };
    },
    build: ({ chart }, changed) =>
      scratch(chart, 'media', { additionalConfig: changed ? { bucketMaxSize: '1Gi' } : { maxSize: '1Gi' } }),
    says: `
      1 bucket that Rook refuses to make: [bucket-config]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          platform.rook allows only maxObjects and maxSize, and it says bucketMaxSize
            to fix           allowedObcFields: ['maxObjects', 'maxSize', 'bucketMaxSize']
            what to do       and allow it: obcAllowAdditionalConfigFields: maxObjects,maxSize,bucketMaxSize in the values of Rook's chart
    `,
  });

  refuses('bucket-config', ['S09'], 'are those that the Helm release of the operator allows', {
    options: () => withRook,
    build: (scenario, changed) => {
      granted(scenario);
      release(scenario.chart, changed ? {} : { obcAllowAdditionalConfigFields: 'maxSize, bucketPolicy' });
    },
    says: `
      1 bucket that Rook refuses to make: [bucket-config]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          HelmRelease paperless/rook-ceph allows only maxObjects and maxSize, and it says bucketPolicy
            to fix           obcAllowAdditionalConfigFields: 'maxObjects,maxSize,bucketPolicy'
    `,
  });

  refuses('bucket-config', ['S09'], 'are those that the settings of the operator allow', {
    options: () => withRook,
    build: (scenario, changed) => {
      granted(scenario);
      new k8s.KubeConfigMap(scenario.chart, 'settings', {
        metadata: { name: 'rook-ceph-operator-config', namespace: 'rook-ceph' },
        data: { ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS: changed ? 'maxSize' : 'bucketPolicy' },
      });
    },
    says: `
      1 bucket that Rook refuses to make: [bucket-config]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          ConfigMap rook-ceph/rook-ceph-operator-config allows only maxSize, and it says bucketPolicy
            to fix           ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS: 'maxSize,bucketPolicy'
    `,
  });
});

describe('fields of claims, where the settings of the operator say nothing of them', () => {
  const allow = (fields: string): Mapping => ({ name: 'ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS', value: fields });

  function settings(scope: Chart, data: Readonly<Record<string, string>> = {}): void {
    new k8s.KubeConfigMap(scope, 'settings', {
      metadata: { name: 'rook-ceph-operator-config', namespace: 'rook-ceph' },
      data: { ROOK_LOG_LEVEL: 'INFO', ...data },
    });
  }

  function operator(scope: Chart, env: readonly Mapping[]): void {
    new ApiObject(scope, 'operator', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'rook-ceph-operator', namespace: 'rook-ceph' },
      spec: {
        selector: { matchLabels: { app: 'rook-ceph-operator' } },
        template: {
          metadata: { labels: { app: 'rook-ceph-operator' } },
          spec: { containers: [{ name: 'rook-ceph-operator', image: 'rook/ceph:v1.20.6', env }] },
        },
      },
    });
  }

  for (const [situation, accepted, refused, by] of [
    [
      'are the two of its default',
      (chart: Chart) => settings(chart, { ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS: 'bucketPolicy' }),
      (chart: Chart) => settings(chart),
      'ConfigMap rook-ceph/rook-ceph-operator-config allows only maxObjects and maxSize',
    ],
    [
      'are those of its variables',
      (chart: Chart) => (settings(chart), operator(chart, [allow('bucketPolicy,maxSize')])),
      (chart: Chart) => (settings(chart), operator(chart, [allow('maxSize')])),
      'ConfigMap rook-ceph/rook-ceph-operator-config allows only maxSize',
    ],
    [
      'are none where it says so',
      (chart: Chart) => settings(chart, { ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS: 'bucketPolicy' }),
      (chart: Chart) => settings(chart, { ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS: '' }),
      'ConfigMap rook-ceph/rook-ceph-operator-config allows none',
    ],
  ] as const) {
    refuses('bucket-config', ['S09'], situation, {
      options: () => withRook,
      build: (scenario, changed) => {
        granted(scenario);
        (changed ? refused : accepted)(scenario.chart);
      },
      says: `
        1 bucket that Rook refuses to make: [bucket-config]

          ✖ ObjectBucketClaim paperless/media
              made by          example/media
              because          ${by}, and it says bucketPolicy
              to fix           ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS: '${[...(/only (.*)/.exec(by)?.[1]?.split(' and ') ?? []), 'bucketPolicy'].join(',')}'
      `,
    });
  }

  it('are all that it knows before 1.17', () => {
    const { findings } = synthesizeScenario(
      ({ chart }) => {
        scratch(chart, 'media', { additionalConfig: { bucketMaxSize: '1Gi' } });
        settings(chart);
      },
      { platform: { rook: { ...rook, version: '1.16', allowedObcFields: ['bucketMaxSize'] } } },
    );
    expect(explain(findings)).toBe('');
  });

  it('may be those of a Helm release that has the other settings', () => {
    const { findings } = synthesizeScenario((scenario) => {
      granted(scenario);
      settings(scenario.chart);
      release(scenario.chart, { obcAllowAdditionalConfigFields: 'maxSize,bucketPolicy' });
    }, withRook);
    expect(explain(findings)).toBe('');
  });
});

describe('the class of a bucket', () => {
  function storageClass(scope: Chart, others: Partial<k8s.KubeStorageClassProps>): void {
    new k8s.KubeStorageClass(scope, 'class', {
      metadata: { name: 'bucket-retain' },
      provisioner: 'rook-ceph.ceph.rook.io/bucket',
      reclaimPolicy: 'Retain',
      parameters: { objectStoreName: 'store-a', objectStoreNamespace: 'rook-ceph' },
      ...others,
    });
  }

  function classRefuses(situation: string, others: Partial<k8s.KubeStorageClassProps>, says: string): void {
    refuses('bucket-class', [], situation, {
      options: () => withRook,
      build: (scenario, changed) => {
        granted(scenario);
        storageClass(scenario.chart, changed ? others : {});
      },
      says: `
      1 bucket of a class that does not keep it, or not the grant: [bucket-class]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
${says}
    `,
    });
  }

  const another = `            what to do       a class cannot be changed: make another one; of a bucket that exists, patch its ObjectBucket first`;
  classRefuses(
    'keeps it when its claim goes',
    { reclaimPolicy: 'Delete' },
    `            because          its class 'bucket-retain' has reclaimPolicy Delete
            to fix           reclaimPolicy: 'Retain'
${another}`,
  );
  classRefuses(
    'is one of Rook',
    { provisioner: 'seaweedfs' },
    `            because          its class 'bucket-retain' is of 'seaweedfs', and Rook, which makes the backup user, makes no bucket of it
            what to do       take a class with provisioner: 'rook-ceph.ceph.rook.io/bucket', or leave the grant out, and say with elsewhere who copies the bucket`,
  );
  classRefuses(
    'is one of its own',
    {
      parameters: { objectStoreName: 'store-a', objectStoreNamespace: 'rook-ceph', bucketName: 'shared' },
    },
    `            because          its class 'bucket-retain' gives access to the bucket 'shared' of somebody else, whose policy Rook replaces
            what to do       grant it in the policy of the claim that made the bucket`,
  );
  classRefuses(
    'is of the store that the backup user is in',
    { parameters: { objectStoreName: 'store-b', objectStoreNamespace: 'rook-ceph' } },
    `            because          its class 'bucket-retain' is of the object store rook-ceph/store-b, and the backup user is in rook-ceph/store-a
            what to do       name the store in platform.rook, or take a class of that one`,
  );

  refuses('bucket-class', [], 'says that it keeps it, as deleting is the default', {
    options: () => withRook,
    build: (scenario, changed) => {
      granted(scenario);
      new ApiObject(scenario.chart, 'class', {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'bucket-retain' },
        provisioner: 'rook-ceph.ceph.rook.io/bucket',
        ...(changed ? {} : { reclaimPolicy: 'Retain' }),
      });
    },
    says: `
      1 bucket of a class that does not keep it, or not the grant: [bucket-class]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          its class 'bucket-retain' has reclaimPolicy Delete
            to fix           reclaimPolicy: 'Retain'
${another}
    `,
  });
});

describe('one bucket', () => {
  refuses('bucket-claimed-twice', ['S20'], 'has one claim', {
    build: ({ app, chart }, changed) => {
      scratch(chart, 'media');
      scratch(new Chart(app, 'wiki', { namespace: 'wiki' }), 'files', { bucketName: changed ? 'media' : 'wiki-files' });
    },
    says: `
      1 bucket that two claims name: [bucket-claimed-twice]

        ✖ ObjectBucketClaim wiki/files
            made by          wiki/files
            because          ObjectBucketClaim paperless/media names 'media' too
            to fix           bucketName: 'wiki-files'
    `,
  });

  it('may have the name of one in another object store', () => {
    const { findings } = synthesizeScenario(({ chart }) => {
      for (const store of ['store-a', 'store-b']) {
        new k8s.KubeStorageClass(chart, `class-${store}`, {
          metadata: { name: store },
          provisioner: 'rook-ceph.ceph.rook.io/bucket',
          parameters: { objectStoreName: store, objectStoreNamespace: 'rook-ceph' },
        });
        scratch(chart, store, { bucketName: 'media', storageClassName: store });
      }
    });
    expect(explain(findings)).toBe('');
  });
});

describe('scripts', () => {
  function job(scope: Chart, command: readonly string[], pod: Mapping = {}, container: Mapping = {}): void {
    new ApiObject(scope, 'job', {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'job', annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } },
      spec: {
        schedule: '0 3 * * *',
        timeZone: 'UTC',
        jobTemplate: {
          spec: {
            template: {
              spec: {
                restartPolicy: 'Never',
                containers: [{ name: 'job', image: 'tools:1.0', command: [...command], ...container }],
                ...pod,
              },
            },
          },
        },
      },
    });
  }

  for (const [row, what, command] of [
    [
      'S08',
      'put-bucket-policy',
      ['aws', 's3api', 'put-bucket-policy', '--bucket', 'media', '--policy', 'file:///p.json'],
    ],
    ['S08', 's3cmd setpolicy /p.json s3://media', undefined],
    ['S10', 'put_bucket_acl', ['python3', '-c', `client.put_bucket_acl(Bucket='media', GrantRead='id=backup')`]],
  ] as const) {
    refuses('bucket-rights-outside', [row], `do not set who may read the bucket of a claim: ${what}`, {
      build: ({ chart }, changed) => {
        scratch(chart, 'media');
        const line = command ?? ['sh', '-c', what];
        // Another bucket, whose name only begins the same.
        job(chart, changed ? line : line.map((word) => word.replace('media', 'media-archive')));
      },
      says: `
      1 script that gives rights to a bucket behind Rook’s back: [bucket-rights-outside]

        ✖ CronJob paperless/job
            made by          example/job
            because          '${what.replace(' /p.json s3://media', '')}', and the bucket 'media' is that of a claim
            what to do       remove it, and say in the bucketPolicy of the claim who may do what
    `,
    });
  }

  const grants = (name: string): string => `aws s3api put-bucket-policy --bucket ${name} --policy file:///p.json`;
  for (const [situation, good, bad] of [
    ['by a loop', 'for b in wiki films; do aws s3 ls s3://media; PLACE; done', 'for b in wiki media; do PLACE; done'],
    ['by a variable of the script', 'echo media; b="films"; PLACE', 'b="media"; PLACE'],
    ['by another', 'b=${BUCKET:-films}; PLACE', 'b=${BUCKET:-media}; PLACE'],
  ] as const) {
    refuses('bucket-rights-outside', ['S08'], `do not set who may read the bucket of a claim: ${situation}`, {
      build: ({ chart }, changed) => {
        scratch(chart, 'media');
        job(chart, ['sh', '-c', (changed ? bad : good).replace('PLACE', grants('"$b"'))]);
      },
      says: `
      1 script that gives rights to a bucket behind Rook’s back: [bucket-rights-outside]

        ✖ CronJob paperless/job
            made by          example/job
            because          'put-bucket-policy', and the bucket 'media' is that of a claim
            what to do       remove it, and say in the bucketPolicy of the claim who may do what
    `,
    });
  }

  for (const [command, good, bad] of [
    [
      'put_bucket_policy',
      `client.put_bucket_policy(\n  Policy=json.dumps({'media': 1}),\n  Bucket='films',\n)\nprint(Bucket='media')`,
      `client.put_bucket_policy(\n  Policy=json.dumps({'films': 1}),\n  Bucket='media',\n)`,
    ],
    ['set_bucket_policy', `client.set_bucket_policy("films", media)`, `client.set_bucket_policy("media", films)`],
    [
      'PutBucketAclCommand',
      `new PutBucketAclCommand({ Bucket: 'films' })`,
      `new PutBucketAclCommand({ Bucket: 'media' })`,
    ],
    ['mc anonymous set-json', 'mc anonymous set-json /media ceph/films', 'mc anonymous set-json /p.json ceph/media/a'],
    ['mc policy set', 'mc policy set download ceph/films', `mc policy set download 'ceph/media'`],
  ] as const) {
    refuses('bucket-rights-outside', ['S10'], `do not set who may read the bucket of a claim: ${command}`, {
      build: ({ chart }, changed) => {
        scratch(chart, 'media');
        job(chart, ['tool', '-c', changed ? bad : good]);
      },
      says: `
      1 script that gives rights to a bucket behind Rook’s back: [bucket-rights-outside]

        ✖ CronJob paperless/job
            made by          example/job
            because          '${command}', and the bucket 'media' is that of a claim
            what to do       remove it, and say in the bucketPolicy of the claim who may do what
    `,
    });
  }

  /** The settings that Rook makes for a claim are in a ConfigMap of its name. */
  const fromClaim = (name: string): readonly (readonly [string, Mapping, string])[] => [
    ['envFrom', { envFrom: [{ configMapRef: { name } }] }, '$BUCKET_NAME'],
    ['a prefix', { envFrom: [{ prefix: 'S3_', configMapRef: { name } }] }, '${S3_BUCKET_NAME}'],
    [
      'one key',
      { env: [{ name: 'TARGET', valueFrom: { configMapKeyRef: { name, key: 'BUCKET_NAME' } } }] },
      '$(TARGET)',
    ],
    [
      'another variable',
      {
        env: [
          { name: 'NAME', valueFrom: { configMapKeyRef: { name, key: 'BUCKET_NAME' } } },
          { name: 'TARGET', value: '$(NAME)' },
        ],
      },
      '"$TARGET"',
    ],
  ];
  for (const [index, [way]] of fromClaim('media').entries()) {
    refuses(
      'bucket-rights-outside',
      ['S08'],
      `do not set it where the name of the bucket is that of its claim, by ${way}`,
      {
        build: ({ chart }, changed) => {
          scratch(chart, 'media', { bucketName: undefined, generateBucketName: 'media' });
          new k8s.KubeConfigMap(chart, 'other', { metadata: { name: 'other' }, data: { BUCKET_NAME: 'films' } });
          const [, container, variable] = fromClaim(changed ? 'media' : 'other')[index] ?? ['', {}, ''];
          job(chart, ['sh', '-c', grants(variable)], {}, container);
        },
        says: `
      1 script that gives rights to a bucket behind Rook’s back: [bucket-rights-outside]

        ✖ CronJob paperless/job
            made by          example/job
            because          'put-bucket-policy', and the bucket is that of ObjectBucketClaim paperless/media
            what to do       remove it, and say in the bucketPolicy of the claim who may do what
    `,
      },
    );
  }

  refuses('bucket-rights-outside', ['S08'], 'do not set it in a file either, with the variables of who runs it', {
    build: ({ chart }, changed) => {
      scratch(chart, 'media');
      new k8s.KubeConfigMap(chart, 'script', {
        metadata: { name: 'script' },
        data: {
          'grant.py': `import os\nname = os.environ['BUCKET']\nclient.put_bucket_acl(Bucket=name, ACL='private')`,
        },
      });
      const env = [{ name: 'BUCKET', value: changed ? 'media' : 'films' }];
      const volumes = [{ name: 'script', configMap: { name: 'script' } }];
      job(chart, ['python3', '/script/grant.py'], { volumes }, { env });
    },
    says: `
    1 script that gives rights to a bucket behind Rook’s back: [bucket-rights-outside]

      ✖ ConfigMap paperless/script
          made by          example/script
          because          'put_bucket_acl', and the bucket 'media' is that of a claim
          what to do       remove it, and say in the bucketPolicy of the claim who may do what
  `,
  });

  const flags = 'remove the flag, and grant each bucket in its claim';
  const user = 'radosgw-admin user create --uid=reader';
  for (const [good, bad, command, remedy] of [
    [`${user} --op-mask=read`, `${user} --admin --op-mask=read`, `${user} --admin`, flags],
    [
      'radosgw-admin --admin=false user modify --uid=reader',
      'radosgw-admin --admin=1 user modify --uid=reader',
      'radosgw-admin --admin=1 user modify',
      flags,
    ],
    [`${user}; echo --admin`, `${user} --op-mask read --admin`, `${user} --op-mask read --admin`, flags],
    [
      `run(["radosgw-admin", "user", "create", "--uid", "reader"])`,
      `run(["radosgw-admin", "user", "create", "--uid", "reader",\n  "--admin"])`,
      'radosgw-admin user create --uid reader --admin',
      flags,
    ],
    [
      `how='--op-mask=read'; ${user} $how`,
      `how='--op-mask=read --admin'; ${user} $how`,
      `${user} --op-mask=read --admin`,
      flags,
    ],
    [
      `curl -X PUT "$url/admin/user?uid=reader&op-mask=read"`,
      `curl -X PUT "$url/admin/user?uid=reader&system=true&op-mask=read"`,
      '/admin/user?uid=reader&system=true',
      flags,
    ],
    [
      `${user} --op-mask=read --caps='buckets=read;usage=read'`,
      `${user} --op-mask=read --caps='users=read;buckets=read, write'`,
      `${user} --op-mask=read --caps=users=read;buckets=read, write`,
      'give it in --caps only the right to read: buckets=read',
    ],
    [
      `${user} --op-mask=read\nradosgw-admin caps add --uid=writer --caps="buckets=*"`,
      `${user} --op-mask=read\nradosgw-admin caps add --uid=reader --caps="buckets=*"`,
      'radosgw-admin caps add --uid=reader --caps=buckets=*',
      'give it in --caps only the right to read: buckets=read',
    ],
  ] as const) {
    refuses('ceph-global-reader', ['S22'], `make no user that reads all, and changes all: ${bad}`, {
      build: ({ chart }, changed) => job(chart, ['sh', '-c', changed ? bad : good]),
      says: `
      1 user of Ceph that can delete every bucket: [ceph-global-reader]

        ✖ CronJob paperless/job
            made by          example/job
            because          '${command}'
            what to do       ${remedy}
    `,
    });
  }
});

describe('a user that is to read only', () => {
  refuses('ceph-global-reader', ['S22'], 'changes nothing by the admin API either', {
    build: ({ chart }, changed) =>
      void new ApiObject(chart, 'user', {
        apiVersion: 'ceph.rook.io/v1',
        kind: 'CephObjectStoreUser',
        metadata: { name: 'reader' },
        spec: { store: 'store-a', opMask: ['read'], capabilities: { buckets: changed ? '*' : 'read', users: 'read' } },
      }),
    says: `
      1 user of Ceph that can delete every bucket: [ceph-global-reader]

        ✖ CephObjectStoreUser paperless/reader
            made by          example/user
            because          its opMask is read, and by the admin API it may change buckets
            to fix           capabilities: { 'buckets': 'read' }
    `,
  });
});

describe('the lifecycle of a bucket', () => {
  const local = s3Location('local', {
    endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc',
    bucket: 'backups',
    prefix: 'velero',
    failureDomain: 'cluster',
    keptIn: 'sealed envelope, bank',
  });
  const keep = { daily: 7 };

  for (const [situation, accepted, changed] of [
    [
      'expires only what is noncurrent',
      { NoncurrentVersionExpiration: { NoncurrentDays: 30 } },
      { Expiration: { Days: 90 } },
    ],
    [
      'is in other letters, which Rook reads as well',
      { noncurrentVersionExpiration: { noncurrentDays: 30 } },
      { expiration: { days: 90 } },
    ],
    [
      'is of objects with a tag, which copies have not',
      { Filter: { Tag: { Key: 'keep', Value: 'short' } }, Expiration: { Days: 1 } },
      { Filter: { ObjectSizeGreaterThan: 1024 }, Expiration: { Days: 1 } },
    ],
    [
      'is of objects with a tag and a prefix',
      { Filter: { And: { Prefix: 'velero', Tags: [{ Key: 'keep', Value: 'short' }] } }, Expiration: { Days: 1 } },
      { Filter: { And: { Prefix: 'velero', ObjectSizeLessThan: 1 } }, Expiration: { Days: 1 } },
    ],
    ['is switched on', { Status: 'Disabled', Expiration: { Days: 90 } }, { Expiration: { Date: '2027-01-01' } }],
    [
      'is of the location’s prefix',
      { Filter: { Prefix: 'tmp/' }, Expiration: { Days: 1 } },
      { Filter: { Prefix: 'velero/home' }, Expiration: { Days: 1 } },
    ],
  ] as const) {
    refuses('lifecycle-expires-backups', ['S25'], `leaves backups alone: ${situation}`, {
      options: () => ({ platform: { rook: { ...rook, allowedObcFields: ['bucketLifecycle'] } } }),
      build: ({ chart }, isChanged) => {
        const Rules = [{ ID: 'old', Status: 'Enabled', ...(isChanged ? changed : accepted) }];
        scratch(chart, 'backups', { additionalConfig: { bucketLifecycle: JSON.stringify({ Rules }) } });
        new BackedUpVolume(chart, 'data', {
          storage: Size.gibibytes(20),
          backup: [nightly({ to: local, keep }), nightly({ to: offsite, keep })],
        });
      },
      says: `
      1 bucket that expires backups by their age: [lifecycle-expires-backups]

        ✖ ObjectBucketClaim paperless/backups
            made by          example/backups
            because          location 'local' is in it, and rule 'old' of its bucketLifecycle deletes current objects
            what to do       remove Expiration from the rule; NoncurrentVersionExpiration may stay
    `,
    });
  }

  const rules = (rule: object): string => JSON.stringify({ Rules: [{ ID: 'old', Status: 'Enabled', ...rule }] });
  const current = { Expiration: { Days: 90 } };
  const noncurrent = { NoncurrentVersionExpiration: { NoncurrentDays: 90 } };
  const xml = (rule: string): string =>
    `<LifecycleConfiguration><Rule><Status>Enabled</Status><Prefix></Prefix>${rule}</Rule></LifecycleConfiguration>`;
  const PUT = 'put-bucket-lifecycle-configuration';

  for (const [how, command] of [
    [
      'aws',
      (isChanged: boolean) => {
        const lifecycle = rules(isChanged ? current : noncurrent);
        return ['aws', 's3api', PUT, '--bucket', 'home-backups', '--lifecycle-configuration', lifecycle];
      },
    ],
    [
      'aws, in a shell',
      (isChanged: boolean) => [
        'sh',
        '-ec',
        `aws --endpoint-url https://s3.example.net s3api ${PUT} \\\n  --bucket "$BUCKET" --lifecycle-configuration '${rules(isChanged ? current : noncurrent)}'\naws s3 ls`,
      ],
    ],
    [
      'aws, at another server',
      (isChanged: boolean) => [
        'sh',
        '-c',
        `aws --endpoint-url=https://${isChanged ? 's3' : 'other'}.example.net s3api ${PUT} --bucket=home-backups --lifecycle-configuration='${rules(current)}'`,
      ],
    ],
    [
      'aws, by a file',
      (isChanged: boolean) => {
        const file = `file:///config/${isChanged ? 'current' : 'noncurrent'}.json`;
        return ['aws', 's3api', PUT, '--bucket', 'home-backups', '--lifecycle-configuration', file];
      },
    ],
    [
      'mc',
      (isChanged: boolean) =>
        `mc ilm rule add --${isChanged ? '' : 'noncurrent-'}expire-days 90 far/home-backups`.split(' '),
    ],
    [
      'mc of old',
      (isChanged: boolean) => `mc ilm add --expiry-days=90 far/home-backups${isChanged ? '' : '-of-others'}`.split(' '),
    ],
    [
      's3cmd',
      (isChanged: boolean) => `s3cmd expire s3://${isChanged ? '' : 'other-'}home-backups --expiry-days=90`.split(' '),
    ],
    [
      's3cmd, by a file',
      (isChanged: boolean) =>
        `s3cmd setlifecycle /config/${isChanged ? 'current' : 'noncurrent'}.xml s3://home-backups`.split(' '),
    ],
  ] as const) {
    refuses('lifecycle-expires-backups', ['S25'], `is not set by a job to expire backups: ${how}`, {
      build: ({ chart }, isChanged) => {
        new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep }) });
        new ApiObject(chart, 'config', {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'config' },
          data: {
            'current.json': rules(current),
            'noncurrent.json': rules(noncurrent),
            'current.xml': xml('<Expiration><Days>90</Days></Expiration>'),
            'noncurrent.xml': xml(
              '<NoncurrentVersionExpiration><NoncurrentDays>90</NoncurrentDays></NoncurrentVersionExpiration>',
            ),
          },
        });
        const container = {
          env: [{ name: 'BUCKET', value: 'home-backups' }],
          volumeMounts: [{ name: 'config', mountPath: '/config' }],
        };
        const volumes = [{ name: 'config', configMap: { name: 'config' } }];
        const containers = [{ name: 'job', image: 'tools:1.0', command: command(isChanged), ...container }];
        const template = { spec: { restartPolicy: 'Never', containers, volumes } };
        new ApiObject(chart, 'job', {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          metadata: { name: 'job' },
          spec: { schedule: '0 3 * * *', timeZone: 'UTC', jobTemplate: { spec: { template } } },
        });
      },
      says: `
      1 bucket that expires backups by their age: [lifecycle-expires-backups]

        ✖ CronJob paperless/job
            made by          example/job
            because          location 'offsite' is in bucket 'home-backups', and container 'job' lets it delete current objects
            what to do       let it expire noncurrent versions only
    `,
    });
  }
});
