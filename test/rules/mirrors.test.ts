import { ApiObject, Chart, Duration, Size, type App } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import {
  backUp,
  BackedUpVolume,
  CephBucketMirror,
  CephBucketWithBackupGrant,
  exclude,
  grantBackup,
  mirrored,
  nightly,
  s3Location,
  type BackedUpVolumeProps,
  type RookPlatform,
} from '../../lib';
import { at, listAt, textAt } from '../../lib/model/kube-object';
import { parse } from 'yaml';
import { foreignClaim, nas, policy, withRook } from '../support/buckets';
import { refuses } from '../support/rule-test';
import { explain, offsite, rook, synthesizeScenario, type Scenario } from '../support/scenario';

const bucket = { bucketName: 'media', storageClass: 'bucket-retain' };
const inCluster = s3Location('local', {
  endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc',
  bucket: 'backups',
  failureDomain: 'cluster',
  keptIn: 'sealed envelope, bank',
});

function volume(chart: Chart, backup: BackedUpVolumeProps['backup']): void {
  new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), storageClass: 'ceph-block', backup });
}

function foreignStore(app: App, gateway: object): void {
  new ApiObject(new Chart(app, 'store', { namespace: 'rook-ceph' }), 'store', {
    apiVersion: 'ceph.rook.io/v1',
    kind: 'CephObjectStore',
    metadata: { name: 'store-a' },
    spec: { gateway: { instances: 1, ...gateway }, allowUsersInNamespaces: ['backed-up'] },
  });
}

function granted(scope: Scenario['chart']): void {
  foreignClaim(scope, 'media', { additionalConfig: { bucketPolicy: policy('media') } });
}

describe('the mirror of a bucket', () => {
  refuses('mirror-ungranted', [], 'needs the grant', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      granted(chart);
      if (changed) backUp(chart, { bucket: 'media' }, mirrored({ to: offsite }));
      else grantBackup(chart, { bucket: 'media' }, mirrored({ to: offsite }));
    },
    says: `
      1 bucket that the mirror may not read: [mirror-ungranted]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            to fix           grantBackup(this, { bucket: 'media' }, mirrored({ to: offsite }))
    `,
  });

  refuses('rook-missing', [], 'needs a Rook', {
    options: (changed) => (changed ? {} : withRook),
    build: ({ chart }) =>
      void new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup: mirrored({ to: offsite }) }),
    says: `
      Buckets are granted, but no Rook is known that can make the backup user: [rook-missing]

        ✖ platform.rook
            because          nobody says that there is one
            to fix           rook: { version: '1.20', namespace: 'rook-ceph', objectStore: 'store-a', allowedObcFields: ['bucketPolicy'] }
    `,
  });

  refuses('mirror-onto-itself', [], 'goes to another bucket', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const to = s3Location('local', { ...inCluster, bucket: changed ? 'media' : 'backups' });
      new CephBucketWithBackupGrant(chart, 'media', {
        ...bucket,
        backup: [mirrored({ to: offsite }), mirrored({ to })],
      });
    },
    says: `
      1 bucket that is mirrored into itself: [mirror-onto-itself]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          location 'local' is in it
            what to do       mirror it to a location outside of the cluster
    `,
  });

  refuses('schedule-invalid', ['S20'], 'has one path, which two schedules do not share', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const second = changed ? [mirrored({ to: offsite, cron: '0 12 * * *' })] : [];
      new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup: [mirrored({ to: offsite }), ...second] });
    },
    says: `
      1 schedule that cannot be rendered: [schedule-invalid]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          location 'offsite' is named by two of its strategies, and one job copies a dataset to one place: merge them
            what to do       declare one strategy, which runs as often as the two and keeps what they would
    `,
  });

  refuses('schedule-invalid', [], 'comes at a time that exists', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const cron = changed ? '0 3 31 2 *' : '10 3 * * *';
      new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup: mirrored({ to: offsite, cron }) });
    },
    says: `
      1 schedule that cannot be rendered: [schedule-invalid]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          '0 3 31 2 *' never comes: no month in it has such a day
            to fix           backup: mirrored({ to: offsite })
    `,
  });

  refuses('expires-too-soon', ['W04'], 'keeps what was replaced until somebody can notice', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const keep = { daily: changed ? 2 : 30 };
      new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup: mirrored({ to: offsite, keep }) });
    },
    says: `
      1 dataset whose copies expire before anybody can notice: [expires-too-soon]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          mirror-paperless-media-offsite-659d6b4e keeps copies for 2 d; the alert fires after 36 h 15 min, so they must live for 4 d 12 h
            to fix           keep: { daily: 5 }
    `,
  });

  refuses('job-unready', [], 'reaches its location', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const to = s3Location('minio', {
        ...inCluster,
        endpoint: 'http://minio.minio.svc:9000',
        ...(changed ? {} : { reachedAt: { namespace: 'minio', labels: { app: 'minio' }, port: 9000 } }),
      });
      new CephBucketWithBackupGrant(chart, 'media', {
        ...bucket,
        backup: [mirrored({ to: offsite }), mirrored({ to })],
      });
    },
    says: `
      1 job that could not run: [job-unready]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          pods of this cluster serve location 'minio', and nothing says which: the NetworkPolicy of the job would keep it away from them
            to fix           reachedAt: { namespace: 'minio', labels: { app: 'minio' }, port: 9000 }
    `,
  });

  refuses('mirror-unproven', [], 'is not mirrored further by anybody', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const to = s3Location('nas', {
        ...offsite,
        bucket: 'nas-backups',
        failureDomain: 'site',
        ...(changed ? { mirror: nightly({ to: offsite }) } : {}),
      });
      new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup: mirrored({ to }) });
    },
    says: `
      1 mirror that nothing carries out: [mirror-unproven]

        ✖ mirror of location 'nas'
            made by          example/media
            because          no job brings the copies of ObjectBucketClaim paperless/media there
            what to do       add mirrored({ to: offsite }) to the strategies of the bucket, which may be a list
    `,
  });

  refuses('never-leaves', ['W01'], 'leaves the cluster', {
    options: () => withRook,
    build: ({ chart }, changed) =>
      void new CephBucketWithBackupGrant(chart, 'media', {
        ...bucket,
        backup: mirrored({ to: changed ? inCluster : offsite }),
      }),
    says: `
      1 dataset has no copy outside the cluster: [never-leaves]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          all of its copies are lost with the cluster: 'local'
            to fix           backup: mirrored({ to: yourLocation })
    `,
  });

  refuses('rpo-out-of-reach', ['W03'], 'is as young as its schedule and its deadline let it be', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const rpo = Duration.hours(changed ? 24 : 30);
      const backup = mirrored({ to: offsite, rpo, cron: '10 3 * * *', deadline: Duration.hours(2) });
      new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup });
    },
    says: `
      1 RPO that the schedules cannot reach: [rpo-out-of-reach]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          at worst the newest copy outside the cluster is 27 h old, and only 24 h are accepted
            to fix           rpo: Duration.minutes(1620)
            what to do       copy more often, or accept what is reached
    `,
  });
});

describe('what carries a mirror out', () => {
  const NAME = /^example-backup\/backed-up\.CronJob\.mirror-paperless-media-offsite-[0-9a-f]{8}\.yaml$/;

  function built(build: (scenario: Scenario) => void, platform = rook): ReadonlyMap<string, unknown> {
    const { findings, files } = synthesizeScenario(build, { platform: { rook: platform } });
    expect(explain(findings)).toBe('');
    return new Map([...(files ?? [])].map(([path, text]) => [path, path.endsWith('.yaml') ? parse(text) : text]));
  }

  function mirrorIn(files: ReadonlyMap<string, unknown>): unknown {
    return [...files].find(([path]) => NAME.test(path))?.[1];
  }

  function variable(cronJob: unknown, name: string): unknown {
    const spec = at(cronJob, 'spec', 'jobTemplate', 'spec', 'template', 'spec');
    const mirror = listAt(spec, 'initContainers').find((container) => textAt(container, 'name') === 'mirror');
    return listAt(mirror, 'env').find((each) => textAt(each, 'name') === name);
  }

  it('is the same for a bucket of ours and for one of somebody else', () => {
    const own = mirrorIn(
      built(
        ({ chart }) =>
          void new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup: mirrored({ to: offsite }) }),
      ),
    );
    const foreign = mirrorIn(
      built(({ chart }) => {
        granted(chart);
        new CephBucketMirror(chart, 'media-mirror', { claim: 'media', to: offsite });
      }),
    );
    expect(own).toBeDefined();
    expect(foreign).toEqual(own);
    expect(variable(own, 'SOURCE')).toEqual({ name: 'SOURCE', value: 'source:media' });
    expect(variable(own, 'RCLONE_CONFIG_SOURCE_ENDPOINT')).toMatchObject({
      valueFrom: { secretKeyRef: { name: 'rook-ceph-object-user-store-a-backed-up', key: 'Endpoint' } },
    });
  });

  it('takes what a person says of a run', () => {
    const backup = mirrored({ to: offsite, deadline: Duration.hours(8), smallestPercent: 0 });
    const cronJob = mirrorIn(
      built(({ chart }) => void new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup })),
    );
    expect(at(cronJob, 'spec', 'jobTemplate', 'spec', 'activeDeadlineSeconds')).toBe(8 * 3600);
    expect(variable(cronJob, 'SMALLEST_PERCENT')).toEqual({ name: 'SMALLEST_PERCENT', value: '0' });
  });

  it('[K12] reaches the pods of the gateway at their own port, which with TLS is another', () => {
    const policies = (store: object): unknown => {
      const files = built(
        ({ app, chart }) => {
          foreignStore(app, store);
          new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup: mirrored({ to: offsite }) });
        },
        { ...rook, customCa: true },
      );
      const [, found] = [...files].find(([path]) => /NetworkPolicy\.mirror-/.test(path)) ?? [];
      return listAt(found, 'spec', 'egress')[1];
    };
    const to = [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'rook-ceph' } },
        podSelector: { matchLabels: { app: 'rook-ceph-rgw', rook_object_store: 'store-a' } },
      },
    ];
    expect(policies({ port: 80 })).toEqual({ to, ports: [{ protocol: 'TCP', port: 8080 }] });
    const byTls = { to, ports: [{ protocol: 'TCP', port: 8443 }] };
    expect(policies({ securePort: 8443, sslCertificateRef: 'rgw-tls' })).toEqual(byTls);
    // What has a certificate, Rook tells its users by that.
    expect(policies({ port: 80, securePort: 8443, sslCertificateRef: 'rgw-tls' })).toEqual(byTls);
    expect(policies({ port: 80, securePort: 8443 })).toEqual({ to, ports: [{ protocol: 'TCP', port: 8080 }] });
  });

  it('tries the grants of the whole repository in one job, whoever copies the buckets', () => {
    const files = built(({ chart }) => {
      new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup: mirrored({ to: offsite }) });
      new CephBucketWithBackupGrant(chart, 'files', { ...bucket, bucketName: 'files', backup: nas });
    });
    const probe = files.get('cluster-backup/backed-up.CronJob.probe-grants.yaml');
    const spec = at(probe, 'spec', 'jobTemplate', 'spec', 'template', 'spec');
    expect(listAt(listAt(spec, 'containers')[0], 'env').at(-1)).toEqual({ name: 'BUCKETS', value: 'files media' });
  });

  it('tells apart what only a dash would', () => {
    const files = built(({ app }) => {
      for (const [namespace, name] of [
        ['a-b', 'c'],
        ['a', 'b-c'],
      ] as const) {
        const chart = new Chart(app, `of-${name}`, { namespace });
        new CephBucketWithBackupGrant(chart, name, {
          ...bucket,
          bucketName: `${namespace}.${name}`,
          backup: mirrored({ to: offsite }),
        });
      }
    });
    const names = [...files.keys()].filter((path) => path.includes('CronJob.mirror-a-b-c-offsite-'));
    expect(names).toHaveLength(2);
  });
});

describe('a location with object lock', () => {
  refuses('object-lock-impossible', ['S23'], 'keeps old versions', {
    build: ({ chart }, changed) => {
      const vault = s3Location('vault', { ...offsite, objectLocked: true, versioned: !changed });
      volume(chart, nightly({ to: vault, keep: { daily: 7 } }));
    },
    says: `
      1 location whose objects are not locked, as it claims: [object-lock-impossible]

        ✖ location 'vault'
            made by          example/data
            because          it keeps no old versions, and object lock implies them
            to fix           objectLocked: false
    `,
  });

  refuses('object-lock-impossible', ['S23'], 'is not in a bucket of Rook, which makes none so', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      foreignClaim(chart, 'backups');
      exclude(chart, { bucket: 'backups' }, { reason: 'It holds copies, which are made again every night.' });
      const local = s3Location('local', { ...inCluster, versioned: true, objectLocked: changed });
      volume(chart, [nightly({ to: offsite, keep: { daily: 7 } }), nightly({ to: local, keep: { daily: 7 } })]);
    },
    says: `
      1 location whose objects are not locked, as it claims: [object-lock-impossible]

        ✖ location 'local'
            made by          example/data
            because          ObjectBucketClaim paperless/backups makes its bucket, and Rook makes none with object lock
            to fix           objectLocked: false
    `,
  });
});

describe('the gateway of the buckets', () => {
  function mirroredBucket(chart: Chart, to = offsite): void {
    new CephBucketWithBackupGrant(chart, 'media', { ...bucket, backup: mirrored({ to }) });
  }

  refuses('job-unready', [], 'in the network of its nodes, at addresses that nobody says', {
    build: ({ app, chart }) => {
      foreignStore(app, { port: 80, hostNetwork: true });
      mirroredBucket(chart);
    },
    options: (changed) => ({
      platform: { rook: changed ? rook : { ...rook, reachedAt: { cidrs: ['192.168.1.0/24'] } } },
    }),
    says: `
      1 job that could not run: [job-unready]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          the gateway of CephObjectStore rook-ceph/store-a is in the network of its nodes, where no label leads to it, and platform.rook does not say at which addresses
            to fix           reachedAt: { cidrs: ['192.168.1.0/24'] }
    `,
  });

  refuses('job-unready', [], 'outside of the cluster', {
    build: ({ app, chart }) => {
      foreignStore(app, { port: 80, externalRgwEndpoints: [{ ip: '192.168.1.7' }] });
      mirroredBucket(chart);
    },
    options: (changed) => ({
      platform: { rook: changed ? rook : { ...rook, reachedAt: { cidrs: ['192.168.1.7/32'] } } },
    }),
    says: `
      1 job that could not run: [job-unready]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          the gateway of CephObjectStore rook-ceph/store-a is outside of the cluster, where no label leads to it, and platform.rook does not say at which addresses
            to fix           reachedAt: { cidrs: ['192.168.1.7/32'] }
    `,
  });

  refuses('job-unready', [], 'with TLS only, by an authority that nobody names', {
    build: ({ app, chart }) => {
      foreignStore(app, { securePort: 443 });
      mirroredBucket(chart);
    },
    options: (changed) => ({ platform: { rook: changed ? rook : { ...rook, customCa: true } } }),
    says: `
      1 job that could not run: [job-unready]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          the gateway of CephObjectStore rook-ceph/store-a answers with TLS, and platform.rook names no authority that signed its certificate
            to fix           customCa: true
    `,
  });

  /** What rclone trusts in the containers of the mirror and of the probe that talk to the gateway. */
  function trusted(gateway: RookPlatform, to: typeof offsite): readonly string[] {
    const { files, findings } = synthesizeScenario(({ chart }) => mirroredBucket(chart, to), {
      platform: { rook: gateway },
    });
    expect(explain(findings)).toBe('');
    return [...(files ?? [])].flatMap(([path, text]) =>
      path.includes('.CronJob.')
        ? [...text.matchAll(/RCLONE_CA_CERT\n +value: (\S+)/g)].flatMap(([, value]) => value ?? [])
        : [],
    );
  }

  const ca = s3Location('offsite', { ...offsite, customCa: true });
  const [PUBLIC, GATEWAY, STORE] = [
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/backed-up/rook-gateway-ca/ca.crt',
    '/etc/backed-up/backed-up-offsite/ca.crt',
  ];

  it('is trusted by mirror and probe as the platform says, beside the store of the location', () => {
    expect(trusted(rook, offsite)).toEqual([]);
    expect(new Set(trusted({ ...rook, customCa: true }, offsite))).toEqual(new Set([GATEWAY, `${GATEWAY},${PUBLIC}`]));
    expect(new Set(trusted(rook, ca))).toEqual(new Set([STORE, `${STORE},${PUBLIC}`]));
  });
});
