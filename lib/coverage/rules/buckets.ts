/** What Rook and Ceph would do to buckets: refuse their claims, lose them with their claims, or expire what is in them. */
import { allowedObcFields } from '../../methods/ceph/backup-user';
import { describeObject, mappingAt, objectId, textAt, type KubeObject } from '../../model/kube-object';
import type { Location } from '../../model/location';
import { counted, enumerated } from '../../model/text';
import {
  bucketClaims,
  bucketNameOf,
  classOf,
  grantedBuckets,
  platformStore,
  seenAllowLists,
  storeOf,
} from '../buckets';
import type { GateContext } from '../context';
import { aboutObject, inWords, toFix, type RuleFinding } from '../finding';
import { ownCommands } from '../job-commands';
import { concerns, expiriesOf, expiriesSetBy, type SetExpiry } from '../lifecycle';
import type { Rule } from '../rule';
import { bucketExample, WITH_ROOK } from './bucket-example';

type Reason = Pick<RuleFinding, 'because' | 'remedies'>;

export const bucketConfig: Rule = {
  id: 'bucket-config',
  heading: (n) => `${counted(n, 'bucket')} that Rook refuses to make`,
  what: 'A claim says something in `additionalConfig` that the Rook operator does not allow.',
  why: 'From 1.17 on Rook allows only `maxObjects` and `maxSize` unless it is told more, and a claim with another field is never bound: the application waits for its bucket.',
  fix: 'Allow the field in Rook, and say so in the platform.',
  example: `const platform = definePlatform({
  cluster: 'home',
  rook: { version: '1.20', namespace: 'rook-ceph', objectStore: 'store-a' },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});
${bucketExample()}`,
  check: (context) => {
    const { rook } = context.platform;
    if (rook === undefined) return [];
    const stated = allowedObcFields(rook);
    const seen = seenAllowLists(context);
    return bucketClaims(context).flatMap(({ object, origin }) => {
      const fields = Object.keys(mappingAt(object, 'spec', 'additionalConfig')).toSorted();
      const reason =
        whyUnstated(
          fields.filter((field) => !stated.includes(field)),
          stated,
        ) ??
        seen
          .map((list) =>
            whyUnseen(
              fields.filter((field) => !list.fields.includes(field)),
              list,
            ),
          )
          .find(Boolean);
      return reason === undefined ? [] : [{ ...aboutObject(object, origin), ...reason }];
    });
  },
};

function whyUnstated(fields: readonly string[], stated: readonly string[]): Reason | undefined {
  if (fields.length === 0) return undefined;
  const wanted = [...stated, ...fields];
  return {
    because: `platform.rook allows only ${enumerated(stated)}, and it says ${enumerated(fields)}`,
    remedies: [
      ...toFix(`allowedObcFields: [${wanted.map((field) => `'${field}'`).join(', ')}]`),
      ...inWords(`and allow it: obcAllowAdditionalConfigFields: ${wanted.join(',')} in the values of Rook's chart`),
    ],
  };
}

function whyUnseen(fields: readonly string[], list: ReturnType<typeof seenAllowLists>[number]): Reason | undefined {
  if (fields.length === 0) return undefined;
  const wanted = [...list.fields, ...fields].join(',');
  return {
    because: `${list.by} allows ${list.fields.length === 0 ? 'none' : `only ${enumerated(list.fields)}`}, and it says ${enumerated(fields)}`,
    remedies: list.by.startsWith('HelmRelease')
      ? toFix(`obcAllowAdditionalConfigFields: '${wanted}'`)
      : toFix(`ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS: '${wanted}'`),
  };
}

export const bucketClass: Rule = {
  id: 'bucket-class',
  heading: (n) => `${counted(n, 'bucket')} of a class that does not keep ${n === 1 ? 'it' : 'them'}, or not the grant`,
  what: 'The StorageClass of a claim that the backup user is to read is not Rook’s, deletes the bucket with its claim, names a bucket that exists already, or another object store.',
  why: 'What another provisioner makes is in no Ceph, where the backup user is. With `reclaimPolicy: Delete`, the default, all objects are purged when the claim goes: the backup would be all that is left. To a bucket that exists already Rook writes a policy of its own. And a user of one store is nobody in another.',
  fix: 'Use a class with `reclaimPolicy: Retain`, without `bucketName`, of the store that the platform names.',
  example: `${WITH_ROOK}
new k8s.KubeStorageClass(chart, 'class', {
  metadata: { name: 'ceph-bucket' },
  provisioner: 'rook-ceph.ceph.rook.io/bucket',
  parameters: { objectStoreName: 'store-a', objectStoreNamespace: 'rook-ceph' },
});
${bucketExample('media', 'ceph-bucket')}`,
  check: (context) =>
    grantedBuckets(context).flatMap(({ rendered: { object, origin } }) => {
      const reason = whyNotKept(object, context);
      return reason === undefined ? [] : [{ ...aboutObject(object, origin), ...reason }];
    }),
};

/** After the namespace of the operator (rook v1.20.6, pkg/operator/ceph/object/bucket/provisioner.go). */
const ROOK_PROVISIONER = 'ceph.rook.io/bucket';

function whyNotKept(claim: KubeObject, context: GateContext): Reason | undefined {
  const storageClass = classOf(claim, context);
  if (storageClass === undefined) return undefined;
  const name = `its class '${storageClass.metadata.name}'`;
  const provisioner = textAt(storageClass, 'provisioner') ?? '';
  if (!provisioner.endsWith(ROOK_PROVISIONER)) {
    return {
      because: `${name} is of '${provisioner}', and Rook, which makes the backup user, makes no bucket of it`,
      remedies: inWords(
        `take a class with provisioner: '${context.platform.rook?.namespace ?? 'rook-ceph'}.${ROOK_PROVISIONER}', or leave the grant out, and say with elsewhere who copies the bucket`,
      ),
    };
  }
  const policy = textAt(storageClass, 'reclaimPolicy') ?? 'Delete';
  if (policy !== 'Retain') {
    return {
      because: `${name} has reclaimPolicy ${policy}`,
      remedies: [
        ...toFix(`reclaimPolicy: 'Retain'`),
        ...inWords(
          'a class cannot be changed: make another one; of a bucket that exists, patch its ObjectBucket first',
        ),
      ],
    };
  }
  const existing = textAt(storageClass, 'parameters', 'bucketName');
  if (existing !== undefined) {
    return {
      because: `${name} gives access to the bucket '${existing}' of somebody else, whose policy Rook replaces`,
      remedies: inWords('grant it in the policy of the claim that made the bucket'),
    };
  }
  const store = storeOf(claim, context);
  if (context.platform.rook === undefined || store === platformStore(context)) return undefined;
  return {
    because: `${name} is of the object store ${store ?? ''}, and the backup user is in ${platformStore(context) ?? ''}`,
    remedies: inWords('name the store in platform.rook, or take a class of that one'),
  };
}

export const bucketClaimedTwice: Rule = {
  id: 'bucket-claimed-twice',
  heading: (n) => `${counted(n, 'bucket')} that two claims name`,
  what: 'Two claims name one bucket of one object store.',
  why: 'Rook makes the bucket for one of them, and the other is never bound. Which one is a matter of time: after a rebuild it can be the other application that finds its bucket gone.',
  fix: 'Give each claim a bucket of its own.',
  example: `for (const name of ['media', 'thumbnails']) {
  new ApiObject(chart, name, {
    apiVersion: 'objectbucket.io/v1alpha1',
    kind: 'ObjectBucketClaim',
    metadata: { name },
    spec: { bucketName: 'media', storageClassName: 'bucket-retain' },
  });
  exclude(chart, { bucket: name }, { reason: 'Everything in it is made again from the originals.' });
}`,
  check: (context) => {
    const first = new Map<string, KubeObject>();
    return bucketClaims(context).flatMap(({ object, origin }) => {
      const name = bucketNameOf(object);
      // A class that names a bucket gives each of its claims access to that one.
      if (name === undefined || textAt(classOf(object, context), 'parameters', 'bucketName') !== undefined) return [];
      const key = JSON.stringify([storeOf(object, context) ?? null, name]);
      const before = first.get(key);
      if (before === undefined) {
        first.set(key, object);
        return [];
      }
      const { namespace = 'default', name: claim } = object.metadata;
      // An object that is written twice is a finding of its own.
      if (describeObject(objectId(before)) === describeObject(objectId(object))) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `${describeObject(objectId(before))} names '${name}' too`,
          remedies: toFix(`bucketName: '${`${namespace}-${claim}`.slice(0, 63)}'`),
        },
      ];
    });
  },
};

export const lifecycleExpiresBackups: Rule = {
  id: 'lifecycle-expires-backups',
  heading: (n) => `${counted(n, 'bucket')} that ${n === 1 ? 'expires' : 'expire'} backups by their age`,
  what: 'The lifecycle of a bucket that holds a location deletes objects that are old, as its claim says it, or a command of somebody’s own job (`aws s3api put-bucket-lifecycle-configuration`, `mc ilm`, `s3cmd`).',
  why: 'Repositories of kopia and restic share what was written long ago: a pack of last year still carries last night’s backup. The rule deletes it, every phase stays green, and nothing restores.',
  fix: 'Let what copies expire its own copies (`keep`). In a versioned bucket, expire only noncurrent versions.',
  example: `const platform = definePlatform({
  cluster: 'home',
  velero: { version: '1.18', enableCSI: true, nodeAgent: true, repositoryPassword: { keptIn: 'sealed envelope, bank' } },
  rook: { version: '1.20', namespace: 'rook-ceph', objectStore: 'store-a', allowedObcFields: ['bucketLifecycle'] },
  storageClasses: { 'ceph-block': { driver: 'rook-ceph.rbd.csi.ceph.com', snapshotClass: 'ceph-block', isDefault: true } },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});
new ApiObject(chart, 'backups', {
  apiVersion: 'objectbucket.io/v1alpha1',
  kind: 'ObjectBucketClaim',
  metadata: { name: 'backups' },
  spec: {
    bucketName: 'backups',
    storageClassName: 'bucket-retain',
    additionalConfig: {
      bucketLifecycle: JSON.stringify({ Rules: [{ ID: 'old', Status: 'Enabled', Prefix: '', Expiration: { Days: 90 } }] }),
    },
  },
});
exclude(chart, { bucket: 'backups' }, { reason: 'It holds copies, which are made again every night.' });
const local = s3Location('local', {
  endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc',
  bucket: 'backups',
  failureDomain: 'cluster',
  keptIn: 'sealed envelope, bank',
});
new BackedUpVolume(chart, 'data', {
  storage: Size.gibibytes(20),
  backup: [nightly({ to: local, keep: { daily: 7 } }), nightly({ to: offsite, keep: { daily: 7 } })],
});`,
  check: (context) => [...expiredByClaims(context), ...expiredByCommands(context)],
};

function expiredByClaims(context: GateContext): readonly RuleFinding[] {
  return bucketClaims(context).flatMap(({ object, origin }) => {
    const location = locationIn(bucketNameOf(object), context);
    const lifecycle = textAt(object, 'spec', 'additionalConfig', 'bucketLifecycle') ?? '';
    const rule = expiriesOf(lifecycle).find((expiry) => concerns(expiry, location?.prefix ?? ''));
    if (location === undefined || rule === undefined) return [];
    return [
      {
        ...aboutObject(object, origin),
        because: `location '${location.name}' is in it, and rule '${rule.id}' of its bucketLifecycle deletes current objects`,
        remedies: inWords('remove Expiration from the rule; NoncurrentVersionExpiration may stay'),
      },
    ];
  });
}

/** Which server a command talks to is seldom seen, so the name of the bucket tells. */
function expiredByCommands(context: GateContext): readonly RuleFinding[] {
  const locations = context.locations.map(({ location }) => location);
  return ownCommands(context).flatMap((command) => {
    const [found] = expiriesSetBy(command).flatMap((expiry) =>
      locations.filter((location) => isOf(expiry, location)).slice(0, 1),
    );
    if (found === undefined) return [];
    return [
      {
        ...aboutObject(command.object, command.origin),
        because: `location '${found.name}' is in bucket '${found.bucket}', and container '${command.container}' lets it delete current objects`,
        remedies: inWords('let it expire noncurrent versions only'),
      },
    ];
  });
}

function isOf(expiry: SetExpiry, { bucket, prefix, endpoint }: Location): boolean {
  const isThere = expiry.endpoint === undefined || hostOf(expiry.endpoint) === hostOf(endpoint);
  return expiry.bucket === bucket && isThere && concerns(expiry, prefix);
}

function hostOf(endpoint: string): string {
  return endpoint.replace(/^\w+:\/\//, '').replace(/[/:].*$/, '');
}

/** A location in a bucket of that name that the cluster itself serves. */
function locationIn(bucket: string | undefined, { locations, servedHosts }: GateContext): Location | undefined {
  return locations
    .map(({ location }) => location)
    .find((location) => location.bucket === bucket && servedHosts.failureDomainOf(location) === 'cluster');
}
