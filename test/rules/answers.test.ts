import { ApiObject, Chart, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import {
  BackedUpStatefulSet,
  BackedUpVolume,
  CephBucketWithBackupGrant,
  backUp,
  continuous,
  elsewhere,
  exclude,
  excluded,
  grantBackup,
  holds,
  mirrored,
  nightly,
  PostgresBackup,
  s3Location,
  ScratchVolume,
  type Scheduled,
} from '../../lib';
import { foreignClaim, withRook } from '../support/buckets';
import { refuses } from '../support/rule-test';
import { clusterAnswers, offsite, synthesizeScenario } from '../support/scenario';

const keep = { daily: 7 };
const storage = Size.gibibytes(20);

function claim(scope: Construct, name: string, namespace?: string): void {
  new k8s.KubePersistentVolumeClaim(scope, `claim-${name}`, {
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: k8s.Quantity.fromString('20Gi') } } },
  });
}

function podSpec(volumes: k8s.Volume[], readOnly = false): k8s.PodSpec {
  return {
    containers: [
      {
        name: 'app',
        image: 'app:1.0',
        volumeMounts: volumes.map(({ name }) => ({ name, mountPath: `/${name}`, readOnly })),
      },
    ],
    volumes,
  };
}

function deployment(scope: Construct, name: string, spec: k8s.PodSpec): void {
  const labels = { app: name };
  new k8s.KubeDeployment(scope, name, {
    metadata: { name },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
}

function helmRelease(scope: Construct, name: string, values?: Readonly<Record<string, unknown>>, chart = name): void {
  new ApiObject(scope, name, {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name, annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } },
    spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: chart }, ...(values === undefined ? {} : { values }) },
  });
}

/** A StatefulSet of somebody else, with one claim template. */
function foreignSet(scope: Construct, name: string): void {
  const labels = { app: name };
  new k8s.KubeStatefulSet(scope, name, {
    metadata: { name },
    spec: {
      serviceName: name,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec([]) },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage: k8s.Quantity.fromString('1Gi') } },
          },
        },
      ],
    },
  });
}

describe('no-strategy', () => {
  for (const [situation, mirror, because, more] of [
    ['is mirrored', { mirror: nightly({ to: offsite }) }, `is mirrored to 'offsite'`, ''],
    [
      'is not mirrored',
      {},
      'has no mirror',
      `
              and mirror it    mirror: nightly({ to: offsite })`,
    ],
  ] as const) {
    refuses('no-strategy', [], `the bucket of a location, which ${situation}`, {
      options: () => withRook,
      build: ({ chart }, changed) => {
        const to = s3Location('local', {
          endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc',
          bucket: 'backups',
          failureDomain: 'cluster',
          keptIn: 'sealed envelope, bank',
          ...mirror,
        });
        const plan = { plan: 'data' };
        const backup = [nightly({ to, keep, ...plan }), nightly({ to: offsite, keep, ...plan })] as const;
        new BackedUpVolume(chart, 'data', { storage, backup });
        foreignClaim(chart, 'copies', { bucketName: 'backups' });
        const reason = 'It is the location local, and holds only copies of other data.';
        if (!changed) exclude(chart, { bucket: 'copies' }, { reason });
      },
      says: `
        1 dataset has no backup strategy: [no-strategy]

          ✖ ObjectBucketClaim paperless/copies
              made by          example/copies
              because          it is the bucket of location 'local', which ${because}; mirrored as a bucket, all copies in it would be copied once more as raw files
              to leave it out  exclude(this, { bucket: 'copies' }, { reason: 'It is the location local, and holds only copies of other data.' })${more}
      `,
    });
  }

  refuses('no-strategy', [], 'a claim that nobody mentioned', {
    build: ({ chart }, changed) => {
      claim(chart, 'data');
      if (!changed) backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep }));
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/claim-data
            to back it up    backUp(this, { claim: 'data' }, nightly({ to: yourLocation, keep: { daily: 7 } }))
            to leave it out  exclude(this, { claim: 'data' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a claim of untyped code that leaves the strategy out', {
    build: ({ chart }, changed) => {
      const props = { storage, ...(changed ? {} : { backup: nightly({ to: offsite, keep }) }) };
      new BackedUpVolume(chart, 'data', props as never);
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            to back it up    backup: nightly({ to: yourLocation, keep: { daily: 7 } })
            what to do       if it may be lost, make it a ScratchVolume, which asks for a reason
    `,
  });

  refuses('no-strategy', [], 'a bucket of untyped code that leaves the strategy out, which may be an exclusion', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const bucket = { bucketName: 'media', storageClass: 'bucket-retain' };
      const backup = excluded('Thumbnails are made again from the originals.');
      new CephBucketWithBackupGrant(chart, 'media', changed ? (bucket as never) : { ...bucket, backup });
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            to back it up    backup: mirrored({ to: yourLocation })
            to leave it out  backup: excluded('why losing it is acceptable')
    `,
  });

  refuses('no-strategy', [], 'a claim template of somebody else’s StatefulSet', {
    build: ({ chart }, changed) => {
      new k8s.KubeStatefulSet(chart, 'loki', {
        metadata: { name: 'loki' },
        spec: {
          serviceName: 'loki',
          selector: { matchLabels: { app: 'loki' } },
          template: {
            metadata: { labels: { app: 'loki' } },
            spec: { containers: [{ name: 'loki', image: 'loki:3.5' }] },
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'storage' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                resources: { requests: { storage: k8s.Quantity.fromString('50Gi') } },
              },
            },
          ],
        },
      });
      if (!changed) backUp(chart, { statefulSet: 'loki', template: 'storage' }, nightly({ to: offsite, keep }));
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ StatefulSet paperless/loki, claim template 'storage' (50Gi)
            made by          example/loki
            to back it up    backUp(this, { statefulSet: 'loki', template: 'storage' }, nightly({ to: yourLocation, keep: { daily: 7 } }))
            to leave it out  exclude(this, { statefulSet: 'loki', template: 'storage' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a claim that a workload mounts by a name that is nearly that of another', {
    build: ({ chart }, changed) => {
      claim(chart, 'media');
      backUp(chart, { claim: 'media' }, nightly({ to: offsite, keep }));
      const claimName = changed ? 'medai' : 'media';
      deployment(chart, 'wiki', podSpec([{ name: 'data', persistentVolumeClaim: { claimName } }]));
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim paperless/medai
            made by          example/wiki
            because          example/wiki mounts the claim, and no object declares it
            did you mean     claimName: 'media'
            to back it up    backUp(this, { claim: 'medai' }, nightly({ to: offsite, keep: { daily: 7 } }))
            to leave it out  exclude(this, { claim: 'medai' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a claim that a workload mounts and nobody declares', {
    build: ({ chart }, changed) => {
      deployment(chart, 'wiki', podSpec([{ name: 'data', persistentVolumeClaim: { claimName: 'wiki-data' } }]));
      if (!changed) backUp(chart, { claim: 'wiki-data' }, nightly({ to: offsite, keep }));
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim paperless/wiki-data
            made by          example/wiki
            because          example/wiki mounts the claim, and no object declares it
            to back it up    backUp(this, { claim: 'wiki-data' }, nightly({ to: yourLocation, keep: { daily: 7 } }))
            to leave it out  exclude(this, { claim: 'wiki-data' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a writable path of a node', {
    build: ({ chart }, changed) => {
      deployment(chart, 'home', podSpec([{ name: 'config', hostPath: { path: '/srv/home' } }], !changed));
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ Deployment paperless/home, volume 'config'
            made by          example/home
            because          containers write to path /srv/home of a node
            to back it up    backUp(this, { deployment: 'home', volume: 'config' }, elsewhere('Who copies it, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) }))
            to leave it out  exclude(this, { deployment: 'home', volume: 'config' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a share of another machine', {
    build: ({ chart }, changed) => {
      deployment(chart, 'jellyfin', podSpec([{ name: 'films', nfs: { server: 'nas', path: '/films' } }]));
      if (changed) return;
      const copied = elsewhere('The NAS copies its shares to the office every week.', {
        failureDomain: 'offsite',
        rpo: Duration.days(8),
      });
      backUp(chart, { deployment: 'jellyfin', volume: 'films' }, copied);
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ Deployment paperless/jellyfin, volume 'films'
            made by          example/jellyfin
            because          containers write to nfs /films
            to back it up    backUp(this, { deployment: 'jellyfin', volume: 'films' }, elsewhere('Who copies it, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) }))
            to leave it out  exclude(this, { deployment: 'jellyfin', volume: 'films' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a PersistentVolume that no claim takes', {
    build: ({ chart }, changed) => {
      new k8s.KubePersistentVolume(chart, 'archive', {
        metadata: { name: 'archive' },
        spec: {
          capacity: { storage: k8s.Quantity.fromString('1Ti') },
          accessModes: ['ReadWriteMany'],
          nfs: { server: 'nas', path: '/archive' },
        },
      });
      if (!changed)
        exclude(chart, { persistentVolume: 'archive' }, { reason: 'The NAS keeps its own copies of the archive.' });
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolume archive (1Ti)
            made by          example/archive
            to back it up    backUp(this, { persistentVolume: 'archive' }, elsewhere('Who copies it, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) }))
            to leave it out  exclude(this, { persistentVolume: 'archive' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a database, a bucket and a search cluster', {
    build: ({ chart }, changed) => {
      const reason = 'Filled again from the sources in an hour.';
      new ApiObject(chart, 'db', {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Cluster',
        metadata: { name: 'db' },
        spec: { instances: 1, storage: { size: '10Gi' } },
      });
      new ApiObject(chart, 'media', {
        apiVersion: 'objectbucket.io/v1alpha1',
        kind: 'ObjectBucketClaim',
        metadata: { name: 'media' },
        spec: { bucketName: 'media', storageClassName: 'buckets' },
      });
      new ApiObject(chart, 'logs', {
        apiVersion: 'opensearch.opster.io/v1',
        kind: 'OpenSearchCluster',
        metadata: { name: 'logs' },
      });
      if (changed) return;
      exclude(chart, { postgres: 'db' }, { reason });
      exclude(chart, { bucket: 'media' }, { reason });
      exclude(chart, { openSearch: 'logs' }, { reason });
    },
    says: `
      3 datasets have no backup strategy: [no-strategy]

        ✖ Cluster paperless/db (10Gi)
            made by          example/db
            to back it up    new PostgresBackup(this, 'db-backup', { cluster: 'db', backup: continuous({ to: yourLocation, restoreWindow: Duration.days(30) }) })
            to leave it out  exclude(this, { postgres: 'db' }, { reason: 'why losing it is acceptable' })
        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            to back it up    grantBackup(this, { bucket: 'media' }, mirrored({ to: yourLocation }))
            to leave it out  exclude(this, { bucket: 'media' }, { reason: 'why losing it is acceptable' })
        ✖ OpenSearchCluster paperless/logs
            made by          example/logs
            to back it up    backUp(this, { openSearch: 'logs' }, elsewhere('Who copies it, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) }))
            to leave it out  exclude(this, { openSearch: 'logs' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a claim template of untyped code that leaves the strategy out', {
    build: ({ chart }, changed) => {
      new BackedUpStatefulSet(chart, 'loki', {
        podTemplate: { spec: { containers: [{ name: 'loki', image: 'loki:3.5' }] } },
        volumes: { storage: { storage, ...(changed ? {} : { backup: nightly({ to: offsite, keep }) }) } as never },
      });
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ StatefulSet paperless/loki, claim template 'storage' (20Gi)
            made by          example/loki
            to back it up    backup: nightly({ to: yourLocation, keep: { daily: 7 } })
            to leave it out  scratch: 'why losing it is acceptable'
    `,
  });

  refuses('no-strategy', [], 'a claim of a Helm release, in untyped code that leaves the strategy out', {
    build: ({ chart }, changed) => {
      helmRelease(chart, 'registry');
      const claims = { data: { storage, ...(changed ? {} : { backup: nightly({ to: offsite, keep }) }) } };
      holds(chart, { helmRelease: 'registry' }, claims as never);
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example
            to back it up    backup: nightly({ to: yourLocation, keep: { daily: 7 } })
            to leave it out  backup: excluded('why losing it is acceptable')
    `,
  });

  refuses('no-strategy', [], 'a call of backUp without a strategy, in untyped code', {
    build: ({ app }, changed) => {
      const wiki = new Chart(app, 'wiki', { namespace: 'wiki' });
      claim(wiki, 'data', 'media');
      const strategy = changed ? undefined : nightly({ to: offsite, keep });
      backUp(wiki, { claim: 'data', namespace: 'media' }, strategy as never);
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim media/data (20Gi)
            made by          wiki/claim-data
            to back it up    backUp(this, { claim: 'data', namespace: 'media' }, nightly({ to: yourLocation, keep: { daily: 7 } }))
            to leave it out  exclude(this, { claim: 'data', namespace: 'media' }, { reason: 'why losing it is acceptable' })
    `,
  });

  for (const [name, variable] of [
    ['off-site', 'offSite'],
    ['default', 'locationDefault'],
    ['2nd-site', 'location2ndSite'],
  ] as const) {
    refuses('no-strategy', [], `a claim beside one that is copied to a location called ${name}`, {
      build: ({ chart }, changed) => {
        const inCluster = { ...offsite, endpoint: 'http://rgw.rook-ceph.svc', failureDomain: 'cluster' } as const;
        const nas = { ...offsite, endpoint: 'http://nas.lan', failureDomain: 'site' } as const;
        const places = [s3Location('local', inCluster), s3Location('nas', nas), s3Location(name, offsite)] as const;
        const backups = places.map((to) => nightly({ to, keep }));
        new BackedUpVolume(chart, 'data', { storage, backup: backups as [Scheduled, ...Scheduled[]] });
        if (changed) claim(chart, 'more');
      },
      says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim paperless/more (20Gi)
            made by          example/claim-more
            to back it up    backUp(this, { claim: 'more' }, nightly({ to: ${variable}, keep: { daily: 7 } }))
            to leave it out  exclude(this, { claim: 'more' }, { reason: 'why losing it is acceptable' })
    `,
    });
  }

  refuses('no-strategy', [], 'etcd, which no object betrays', {
    build: () => {},
    options: (changed) => ({ props: { ...clusterAnswers, ...(changed ? { etcd: undefined as never } : {}) } }),
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ etcd of cluster home
            made by          app
            to back it up    etcd: kubeadmEtcd({ backup: nightly({ to: yourLocation, keep: { daily: 7 } }) })
            to leave it out  etcd: excluded('why losing it is acceptable')
    `,
  });

  refuses('no-strategy', [], 'a claim in a file of the same repository', {
    build: ({ chart }, changed) => {
      if (!changed) backUp(chart, { claim: 'data', namespace: 'wiki' }, nightly({ to: offsite, keep }));
    },
    options: () => ({
      files: {
        'infrastructure/wiki.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  namespace: wiki
  annotations: { kustomize.toolkit.fluxcd.io/prune: disabled }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 8Gi } }
`,
      },
    }),
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim wiki/data (8Gi)
            written in       infrastructure/wiki.yaml:1
            to back it up    backUp(this, { claim: 'data', namespace: 'wiki' }, nightly({ to: yourLocation, keep: { daily: 7 } }))
            to leave it out  exclude(this, { claim: 'data', namespace: 'wiki' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a claim in a List', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'all', {
        apiVersion: 'v1',
        kind: 'List',
        items: [
          {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      } as never);
      if (!changed) backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep }));
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim paperless/data (1Gi)
            made by          example/all
            to back it up    backUp(this, { claim: 'data' }, nightly({ to: yourLocation, keep: { daily: 7 } }))
            to leave it out  exclude(this, { claim: 'data' }, { reason: 'why losing it is acceptable' })
    `,
  });

  refuses('no-strategy', [], 'a claim that a Chart adds while it renders itself', {
    build: ({ app }, changed) => {
      class Sneaky extends Chart {
        override toJson(): unknown[] {
          const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
          return [
            ...super.toJson(),
            { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'sneaky', namespace: 'wiki' }, spec },
          ];
        }
      }
      const sneaky = new Sneaky(app, 'wiki', { namespace: 'wiki' });
      if (!changed) backUp(sneaky, { claim: 'sneaky' }, nightly({ to: offsite, keep }));
    },
    says: `
      1 dataset has no backup strategy: [no-strategy]

        ✖ PersistentVolumeClaim wiki/sneaky (1Gi)
            made by          wiki
            to back it up    backUp(this, { claim: 'sneaky' }, nightly({ to: yourLocation, keep: { daily: 7 } }))
            to leave it out  exclude(this, { claim: 'sneaky' }, { reason: 'why losing it is acceptable' })
    `,
  });
});

describe('tables of kinds', () => {
  refuses('unlisted-kind', [], 'a kind that nobody has classified', {
    build: ({ chart }) => {
      new ApiObject(chart, 'blue', { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'blue' } });
      new ApiObject(chart, 'red', { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'red' } });
    },
    options: (changed) => ({ props: { kinds: changed ? {} : { 'example.com/Widget': 'no data' } } }),
    says: `
      1 kind of object is in no table: [unlisted-kind]

        ✖ Widget paperless/blue
            made by          example/blue
            because          kinds: { … } of the app does not say whether 'example.com/Widget' holds data
            if it holds none 'example.com/Widget': 'no data',
            if it makes more 'example.com/Widget': 'opaque',
    `,
  });

  refuses('unlisted-volume-source', [], 'an inline volume of an unknown driver', {
    build: ({ chart }) => deployment(chart, 'app', podSpec([{ name: 'data', csi: { driver: 'csi.example.com' } }])),
    options: (changed) => ({ props: { kinds: changed ? {} : { 'csi/csi.example.com': 'no data' } } }),
    says: `
      1 source of pod volumes is in no table: [unlisted-volume-source]

        ✖ Deployment paperless/app
            made by          example/app
            because          kinds: { … } of the app does not say whether 'csi/csi.example.com' holds data
            if it holds none 'csi/csi.example.com': 'no data',
    `,
  });

  refuses('opaque-object', [], 'a Helm release that says nothing of its volumes', {
    build: ({ chart }, changed) => {
      helmRelease(chart, 'registry');
      if (!changed) holds(chart, { helmRelease: 'registry' }, {});
    },
    says: `
      1 object may make volumes that nobody sees: [opaque-object]

        ✖ HelmRelease paperless/registry
            made by          example/registry
            if it makes none holds(this, { helmRelease: 'registry' }, {})
            otherwise        holds(this, { helmRelease: 'registry' }, { '…': { storage: Size.gibibytes(10), backup: nightly({ to: yourLocation, keep: { daily: 7 } }) } })
    `,
  });

  refuses('opaque-object', [], 'a Helm release whose values switch on more volumes than holds names', {
    build: ({ chart }, changed) => {
      helmRelease(chart, 'registry', {
        persistence: { enabled: true },
        // None of these is a volume that the chart makes.
        cache: { enabled: false, persistence: { enabled: true } },
        search: { persistence: { enabled: true, existingClaim: 'search' } },
        queue: { persistence: { enabled: false } },
        redis: { primary: { persistence: { enabled: changed } } },
      });
      holds(
        chart,
        { helmRelease: 'registry' },
        { images: { storage, labels: {}, backup: nightly({ to: offsite, keep }) } },
      );
    },
    says: `
      1 object may make volumes that nobody sees: [opaque-object]

        ✖ holds of HelmRelease paperless/registry
            made by          example
            because          its values say persistence.enabled: true and redis.primary.persistence.enabled: true, and it is said to make only images
            name its claims  holds(this, { helmRelease: 'registry' }, { '…': { storage: Size.gibibytes(10), backup: nightly({ to: offsite, keep: { daily: 7 } }) } })
            what to do       or say enabled: false in the values for what is not there
    `,
  });

  refuses('opaque-object', [], 'the Helm release of a database and of a Gitea, which are copied by what knows them', {
    build: ({ chart }, changed) => {
      helmRelease(chart, 'forge', undefined, 'gitea');
      helmRelease(chart, 'tickets', undefined, 'postgresql');
      if (changed) return;
      holds(chart, { helmRelease: 'forge' }, {});
      holds(chart, { helmRelease: 'tickets' }, {});
    },
    says: `
      2 objects may make volumes that nobody sees: [opaque-object]

        ✖ HelmRelease paperless/forge
            made by          example/forge
            to back it up    new GiteaBackup(this, 'gitea-shared-storage-backup', { data: { claim: 'gitea-shared-storage', heldBy: { helmRelease: 'forge' }, storage: Size.gibibytes(10), labels: {} }, pods: { 'app.kubernetes.io/instance': 'forge', 'app.kubernetes.io/name': 'gitea' }, layout: 'chart', image: '…', database: { host: '…', pods: { labels: { app: '…' } }, database: 'gitea', user: { secret: '…', key: 'user' }, password: { secret: '…', key: 'password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: yourLocation, keep: { daily: 7 } }) })
            if it adds none  holds(this, { helmRelease: 'forge' }, {})
            otherwise        holds(this, { helmRelease: 'forge' }, { '…': excluded('why losing it is acceptable') })
        ✖ HelmRelease paperless/tickets
            made by          example/tickets
            to dump it       new PostgresBackup(this, 'tickets-backup', { data: { claim: '…', heldBy: { helmRelease: 'tickets' }, storage: Size.gibibytes(10), labels: { 'app.kubernetes.io/instance': 'tickets', 'app.kubernetes.io/name': 'postgresql' } }, server: { host: '…', pods: { labels: { 'app.kubernetes.io/instance': 'tickets', 'app.kubernetes.io/name': 'postgresql' } }, user: { secret: '…', key: 'username' }, password: { secret: '…', key: 'postgres-password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: yourLocation, keep: { daily: 7 } }) })
            if it adds none  holds(this, { helmRelease: 'tickets' }, {})
            otherwise        holds(this, { helmRelease: 'tickets' }, { '…': excluded('why losing it is acceptable') })
    `,
  });

  refuses('opaque-object', [], 'the Helm release of a Gitea that says more of itself', {
    build: ({ chart }, changed) => {
      helmRelease(
        chart,
        'forge',
        {
          persistence: { claimName: 'forge-data', size: '1536Mi', storageClass: 'fast', labels: { app: 'forge' } },
          postgresql: { enabled: true },
          gitea: { config: { database: { HOST: 'db-rw' } } },
        },
        'forgejo',
      );
      if (!changed) holds(chart, { helmRelease: 'forge' }, {});
    },
    says: `
      1 object may make volumes that nobody sees: [opaque-object]

        ✖ HelmRelease paperless/forge
            made by          example/forge
            to back it up    new GiteaBackup(this, 'forge-data-backup', { data: { claim: 'forge-data', heldBy: { helmRelease: 'forge' }, storage: Size.mebibytes(1536), storageClass: 'fast', labels: { app: 'forge' } }, pods: { 'app.kubernetes.io/instance': 'forge', 'app.kubernetes.io/name': 'forgejo' }, layout: 'chart', image: '…', database: { host: '…', pods: { labels: { app: '…' } }, database: 'gitea', user: { secret: '…', key: 'user' }, password: { secret: '…', key: 'password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: yourLocation, keep: { daily: 7 } }) })
            and its database holds(this, { helmRelease: 'forge' }, { 'data-forge-postgresql-0': { storage: Size.gibibytes(10), labels: { 'app.kubernetes.io/instance': 'forge', 'app.kubernetes.io/name': 'postgresql' }, backup: excluded('Each copy of the Gitea carries a dump of it.') } })
    `,
  });

  refuses('opaque-object', [], 'the Helm release of a Gitea whose database is a file', {
    build: ({ chart }, changed) => {
      const sqlite = { config: { database: { DB_TYPE: 'sqlite3' } } };
      helmRelease(chart, 'forge', { gitea: sqlite }, 'gitea');
      if (!changed) holds(chart, { helmRelease: 'forge' }, {});
    },
    says: `
      1 object may make volumes that nobody sees: [opaque-object]

        ✖ HelmRelease paperless/forge
            made by          example/forge
            if it makes none holds(this, { helmRelease: 'forge' }, {})
            otherwise        holds(this, { helmRelease: 'forge' }, { 'gitea-shared-storage': { storage: Size.gibibytes(10), labels: {}, backup: nightly({ to: yourLocation, keep: { daily: 7 }, crashConsistent: 'why what a power cut leaves is good enough' }) } })
    `,
  });

  for (const persistence of [{ enabled: false }, { enabled: true, create: false, claimName: 'forge-data' }])
    refuses('opaque-object', [], `the Helm release of a Gitea that makes no volume: ${JSON.stringify(persistence)}`, {
      build: ({ chart }, changed) => {
        helmRelease(chart, 'forge', { persistence }, 'gitea');
        if (!changed) holds(chart, { helmRelease: 'forge' }, {});
      },
      says: `
        1 object may make volumes that nobody sees: [opaque-object]

          ✖ HelmRelease paperless/forge
              made by          example/forge
              if it makes none holds(this, { helmRelease: 'forge' }, {})
              otherwise        holds(this, { helmRelease: 'forge' }, { '…': excluded('why losing it is acceptable') })
      `,
    });

  refuses('opaque-object', [], 'the Helm release of a Gitea whose values switch on what holds leaves out', {
    build: ({ chart }, changed) => {
      const config = { database: { HOST: 'db-rw' } };
      helmRelease(chart, 'forge', { persistence: { enabled: changed }, gitea: { config } }, 'gitea');
      holds(chart, { helmRelease: 'forge' }, {});
    },
    says: `
      1 object may make volumes that nobody sees: [opaque-object]

        ✖ holds of HelmRelease paperless/forge
            made by          example
            because          its values say persistence.enabled: true, and it is said to make no claims
            to back it up    new GiteaBackup(this, 'gitea-shared-storage-backup', { data: { claim: 'gitea-shared-storage', heldBy: { helmRelease: 'forge' }, storage: Size.gibibytes(10), labels: {} }, pods: { 'app.kubernetes.io/instance': 'forge', 'app.kubernetes.io/name': 'gitea' }, layout: 'chart', image: '…', database: { host: '…', pods: { labels: { app: '…' } }, database: 'gitea', user: { secret: '…', key: 'user' }, password: { secret: '…', key: 'password' }, keptIn: 'where they are kept outside the cluster' }, backup: nightly({ to: yourLocation, keep: { daily: 7 } }) })
            name its claims  holds(this, { helmRelease: 'forge' }, { '…': excluded('why losing it is acceptable') })
            what to do       or say enabled: false in the values for what is not there
    `,
  });

  refuses('opaque-object', [], 'a kind that the user calls opaque', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'store', {
        apiVersion: 'example.com/v1',
        kind: 'Store',
        metadata: { name: 'registry' },
      });
      if (changed) return;
      holds(chart, { kind: 'example.com/Store', name: 'registry' }, {});
    },
    options: () => ({ props: { kinds: { 'example.com/Store': 'opaque' } } }),
    says: `
      1 object may make volumes that nobody sees: [opaque-object]

        ✖ Store paperless/registry
            made by          example/store
            if it makes none holds(this, { kind: 'example.com/Store', name: 'registry' }, {})
            otherwise        holds(this, { kind: 'example.com/Store', name: 'registry' }, { '…': { storage: Size.gibibytes(10), backup: nightly({ to: yourLocation, keep: { daily: 7 } }) } })
    `,
  });

  refuses('opaque-object', [], 'a Flux Kustomization of another repository', {
    build: () => {},
    options: (changed) => ({
      files: {
        'clusters/home.yaml': `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
  path: ./clusters
  prune: true
  sourceRef: { kind: GitRepository, name: ${changed ? 'another' : 'flux-system'} }
`,
      },
    }),
    says: `
      1 object may make volumes that nobody sees: [opaque-object]

        ✖ Kustomization flux-system/apps
            written in       clusters/home.yaml:1
            if it makes none holds(this, { kustomization: 'apps', namespace: 'flux-system' }, {})
            otherwise        holds(this, { kustomization: 'apps', namespace: 'flux-system' }, { '…': { storage: Size.gibibytes(10), backup: nightly({ to: yourLocation, keep: { daily: 7 } }) } })
    `,
  });
});

describe('declarations', () => {
  refuses('idle-declaration', [], 'a misspelt name', {
    build: ({ chart }, changed) => {
      claim(chart, 'wiki-data');
      backUp(chart, { claim: 'wiki-data' }, nightly({ to: offsite, keep }));
      if (changed) exclude(chart, { claim: 'wiki-date' }, { reason: 'Imported again from the scanner.' });
    },
    says: `
      1 declaration matches no data: [idle-declaration]

        ✖ exclude of PersistentVolumeClaim paperless/wiki-date
            made by          example
            did you mean     { claim: 'wiki-data' }
            what to do       correct the name, or delete the declaration
    `,
  });

  refuses('idle-declaration', ['W08'], 'data that is now in another namespace', {
    build: ({ app, chart }, changed) => {
      const wiki = new Chart(app, 'wiki', { namespace: 'wiki' });
      new BackedUpVolume(wiki, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      if (changed) exclude(chart, { claim: 'data' }, { reason: 'Imported again from the scanner.' });
    },
    says: `
      1 declaration matches no data: [idle-declaration]

        ✖ exclude of PersistentVolumeClaim paperless/data
            made by          example
            did you mean     { claim: 'data', namespace: 'wiki' }
            what to do       correct the name, or delete the declaration
    `,
  });

  refuses('idle-declaration', ['W08'], 'a name that no other is like', {
    build: ({ chart }, changed) => {
      claim(chart, 'wiki-data');
      backUp(chart, { claim: 'wiki-data' }, nightly({ to: offsite, keep }));
      if (changed) exclude(chart, { claim: 'mail' }, { reason: 'Imported again from the scanner.' });
    },
    says: `
      1 declaration matches no data: [idle-declaration]

        ✖ exclude of PersistentVolumeClaim paperless/mail
            made by          example
            what to do       correct the name, or delete the declaration
    `,
  });

  refuses('idle-declaration', [], 'a Helm release that is gone', {
    build: ({ chart }, changed) => {
      if (!changed) helmRelease(chart, 'registry');
      holds(chart, { helmRelease: 'registry' }, {});
    },
    says: `
      1 declaration matches no data: [idle-declaration]

        ✖ holds of HelmRelease paperless/registry
            made by          example
            what to do       correct the name, or delete the declaration
    `,
  });

  refuses('idle-declaration', [], 'a Helm release that is called almost so', {
    build: ({ chart }, changed) => {
      helmRelease(chart, 'registry');
      helmRelease(chart, 'home-cache');
      holds(chart, { helmRelease: 'registry' }, {});
      holds(chart, { helmRelease: 'home-cache' }, {});
      if (!changed) return;
      holds(chart, { helmRelease: 'regsitry' }, {});
      holds(chart, { helmRelease: 'cache' }, {});
    },
    says: `
      2 declarations match no data: [idle-declaration]

        ✖ holds of HelmRelease paperless/cache
            made by          example
            did you mean     { helmRelease: 'home-cache' }
            what to do       correct the name, or delete the declaration
        ✖ holds of HelmRelease paperless/regsitry
            made by          example
            did you mean     { helmRelease: 'registry' }
            what to do       correct the name, or delete the declaration
    `,
  });

  refuses('idle-declaration', [], 'heldBy with the name of no release', {
    build: ({ chart }, changed) => {
      helmRelease(chart, 'tickets');
      holds(chart, { helmRelease: 'tickets' }, {});
      const labels = { app: 'tickets' };
      new PostgresBackup(chart, 'tickets-backup', {
        data: { claim: 'data', heldBy: { helmRelease: changed ? 'tikets' : 'tickets' }, storage, labels },
        server: {
          host: 'tickets',
          pods: { labels },
          user: { secret: 'tickets', key: 'username' },
          password: { secret: 'tickets', key: 'password' },
          keptIn: 'sealed envelope, bank',
        },
        backup: nightly({ to: offsite, keep }),
      });
    },
    says: `
      1 declaration matches no data: [idle-declaration]

        ✖ heldBy of PersistentVolumeClaim paperless/data
            made by          example/tickets-backup
            because          HelmRelease paperless/tikets is neither in the output nor in the files beside, which show 'tickets' there
            did you mean     heldBy: { helmRelease: 'tickets' }
            what to do       name the object that makes the claim, or let alsoRead name the file that it is in
    `,
  });

  refuses('idle-declaration', [], 'names that a chart made longer, and the claim of a StatefulSet', {
    build: ({ chart }, changed) => {
      foreignSet(chart, 'shop-db-postgresql');
      const set = changed ? 'postgresql' : 'shop-db-postgresql';
      const backup = nightly({ to: offsite, keep });
      backUp(chart, { statefulSet: 'shop-db-postgresql', template: 'data' }, backup);
      if (!changed) return;
      backUp(chart, { statefulSet: set, template: 'data' }, backup);
      exclude(chart, { claim: 'data-shop-db-postgresql-0' }, { reason: 'Imported again from the scanner.' });
    },
    says: `
      2 declarations match no data: [idle-declaration]

        ✖ backUp of StatefulSet paperless/postgresql, claim template 'data'
            made by          example
            did you mean     { statefulSet: 'shop-db-postgresql', template: 'data' }
            what to do       correct the name, or delete the declaration
        ✖ exclude of PersistentVolumeClaim paperless/data-shop-db-postgresql-0
            made by          example
            did you mean     { statefulSet: 'shop-db-postgresql', template: 'data' }
            what to do       correct the name, or delete the declaration
    `,
  });

  refuses('idle-declaration', [], 'a construct, called by its name', {
    build: ({ chart }, changed) => {
      claim(chart, 'data');
      if (!changed) backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep }));
      else exclude(chart, { claim: 'data' }, { reason: 'Imported again from the scanner.' });
      if (changed) grantBackup(chart, { bucket: 'media' }, mirrored({ to: offsite, keep: { daily: 30 } }));
    },
    says: `
      1 declaration matches no data: [idle-declaration]

        ✖ grantBackup of ObjectBucketClaim paperless/media
            made by          example
            what to do       correct the name, or delete the declaration
    `,
  });

  refuses('idle-declaration', [], 'what kinds says, where holds is right', {
    build: ({ chart }) => {
      const objects = { apiVersion: 'mongodbcommunity.mongodb.com/v1', kind: 'MongoDBCommunity' };
      new ApiObject(chart, 'db', { ...objects, metadata: { name: 'db' } });
      holds(chart, { kind: 'mongodbcommunity.mongodb.com/MongoDBCommunity', name: 'db' }, {});
    },
    options: (changed) => ({
      props: { kinds: { 'mongodbcommunity.mongodb.com/MongoDBCommunity': changed ? 'no data' : 'opaque' } },
    }),
    says: `
      1 declaration matches no data: [idle-declaration]

        ✖ holds of MongoDBCommunity paperless/db
            made by          example
            because          kinds: { 'mongodbcommunity.mongodb.com/MongoDBCommunity': 'no data' } says that no object of its kind makes any
            to fix           'mongodbcommunity.mongodb.com/MongoDBCommunity': 'opaque',
            what to do       say it in kinds of the app, or delete the declaration
    `,
  });

  it('[idle-declaration] [unlisted-kind] does not blame holds for a kind that is misspelt in kinds', () => {
    const { findings } = synthesizeScenario(
      ({ chart }) => {
        new ApiObject(chart, 'db', { apiVersion: 'example.com/v1', kind: 'Store', metadata: { name: 'db' } });
        holds(chart, { kind: 'example.com/Store', name: 'db' }, {});
      },
      { props: { kinds: { 'example.com/Stroe': 'opaque' } } },
    );
    expect(findings.map(({ rule, subject }) => [rule, subject])).toEqual([
      ['idle-declaration', `kinds: { 'example.com/Stroe': … }`],
      ['unlisted-kind', 'Store paperless/db'],
    ]);
  });

  refuses('idle-declaration', [], 'kinds that nobody has to classify', {
    build: ({ chart }) => {
      new ApiObject(chart, 'blue', { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'blue' } });
      claim(chart, 'data');
      backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep }));
      deployment(chart, 'app', podSpec([{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]));
    },
    options: (changed) => {
      const wrong = {
        'example.com/Wigdet': 'no data',
        'csi/csi.example.com': 'no data',
        '/PersistentVolumeClaim': 'no data',
        'helm.toolkit.fluxcd.io/HelmRelease': 'no data',
        'apps/Deployment': 'no data',
        '/Secret': 'opaque',
        Widget: 'no data',
      } as const;
      return { props: { kinds: { 'example.com/Widget': 'no data', ...(changed ? wrong : {}) } } };
    },
    says: `
      7 declarations match no data: [idle-declaration]

        ✖ kinds: { '/PersistentVolumeClaim': … }
            because          this library knows that objects of the kind hold data, and goes by that
            what to do       correct the name, or delete the declaration
        ✖ kinds: { '/Secret': … }
            because          this library knows that objects of the kind hold no data, and goes by that
            what to do       correct the name, or delete the declaration
        ✖ kinds: { 'Widget': … }
            because          it names no API group: write 'group/Widget', or '/Widget' for one in the core group
            what to do       correct the name, or delete the declaration
        ✖ kinds: { 'apps/Deployment': … }
            because          this library knows that objects of the kind mount volumes, and goes by that
            what to do       correct the name, or delete the declaration
        ✖ kinds: { 'csi/csi.example.com': … }
            because          nothing in need of it is among the objects
            what to do       correct the name, or delete the declaration
        ✖ kinds: { 'example.com/Wigdet': … }
            because          nothing in need of it is among the objects; did you mean 'example.com/Widget'?
            what to do       correct the name, or delete the declaration
        ✖ kinds: { 'helm.toolkit.fluxcd.io/HelmRelease': … }
            because          this library knows that objects of the kind make others, which holds() answers for, and goes by that
            what to do       correct the name, or delete the declaration
    `,
  });

  refuses('declared-twice', [], 'a second answer', {
    build: ({ chart }, changed) => {
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      if (changed) exclude(chart, { claim: 'data' }, { reason: 'Imported again from the scanner.' });
    },
    says: `
      1 declaration too many: [declared-twice]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            because          example answers for it too
            what to do       keep what example/data says of its own data, and delete exclude in example; several copies are a list of strategies in one declaration
    `,
  });

  refuses('declared-twice', [], 'a dump, and the files that are given up for it', {
    build: ({ chart }, changed) => {
      claim(chart, 'data');
      const server = {
        host: 'db',
        pods: { labels: { app: 'db' } },
        user: { secret: 'db', key: 'username' },
        password: { secret: 'db', key: 'password' },
        keptIn: 'SOPS file in the private repository',
      };
      if (changed) backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep }));
      new PostgresBackup(chart, 'dump', { data: { claim: 'data' }, server, backup: nightly({ to: offsite, keep }) });
    },
    says: `
      1 declaration too many: [declared-twice]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/dump
            because          example answers for it too
            what to do       keep PostgresBackup in example/dump, and delete backUp in example; several copies are a list of strategies in one declaration
    `,
  });

  refuses('strategy-misfit', [], 'a log of changes for a plain volume, in untyped code', {
    build: ({ chart }, changed) => {
      const strategy = changed
        ? continuous({ to: offsite, restoreWindow: Duration.days(7) })
        : nightly({ to: offsite, keep });
      new BackedUpVolume(chart, 'data', { storage, backup: strategy as never });
    },
    says: `
      1 strategy does not fit the kind of data: [strategy-misfit]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          'continuous' cannot copy it
            to fix           backup: nightly({ to: offsite, keep: { daily: 7 } })
    `,
  });

  refuses('strategy-misfit', [], 'a mirror whose guard would never refuse, and whose runs would have no time', {
    options: () => withRook,
    build: ({ chart }, changed) => {
      const odd = changed ? { smallestPercent: -1, deadline: Duration.seconds(0) } : { smallestPercent: 0 };
      const backup = mirrored({ to: offsite, deadline: Duration.hours(1), ...odd });
      new CephBucketWithBackupGrant(chart, 'media', { bucketName: 'media', storageClass: 'bucket-retain', backup });
    },
    says: `
      2 strategies do not fit the kind of data: [strategy-misfit]

        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          the deadline of 'mirrored' is not a Duration of whole seconds, from 1
            to fix           deadline: Duration.hours(4)
        ✖ ObjectBucketClaim paperless/media
            made by          example/media
            because          the smallestPercent of 'mirrored' is not a whole number from 0 to 100
            to fix           smallestPercent: 50
    `,
  });

  refuses('unproven-strategy', [], 'a strategy without a construct that carries it out', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'logs', {
        apiVersion: 'opensearch.org/v1',
        kind: 'OpenSearchCluster',
        metadata: { name: 'logs' },
        spec: { general: { serviceName: 'logs' }, nodePools: [] },
      });
      const stated = elsewhere('A policy of the cluster itself writes snapshots to the bucket of the provider.', {
        failureDomain: 'offsite',
        rpo: Duration.hours(25),
      });
      backUp(chart, { openSearch: 'logs' }, changed ? nightly({ to: offsite, keep: { daily: 7 } }) : stated);
    },
    says: `
      1 strategy that nothing carries out: [unproven-strategy]

        ✖ OpenSearchCluster paperless/logs
            made by          example/logs
            because          no object in the output is known to carry out 'scheduled' for it
            to fix           backUp(this, { openSearch: 'logs' }, elsewhere('Who copies it, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) }))
    `,
  });

  refuses('impossible-claim', [], 'labels as a finding printed them', {
    build: ({ chart }, changed) => {
      claim(chart, 'wiki-data');
      const labels = { 'app.kubernetes.io/name': changed ? '…' : 'wiki' };
      backUp(chart, { claim: 'wiki-data' }, nightly({ to: offsite, keep }), { labels });
    },
    says: `
      1 name or label that no claim can have: [impossible-claim]

        ✖ labels of PersistentVolumeClaim paperless/wiki-data
            made by          example
            because          '…' is not a label value
            what to do       write what the cluster has: kubectl get pvc -n paperless --show-labels
    `,
  });

  refuses('impossible-claim', [], 'a name as a finding printed it, and labels that cannot be', {
    build: ({ chart }, changed) => {
      helmRelease(chart, 'registry');
      const labels = changed ? { 'the app': 'registry', tier: 1 } : { app: 'registry', tier: '1' };
      const data = { storage, labels: labels as never, backup: nightly({ to: offsite, keep }) };
      holds(chart, { helmRelease: 'registry' }, { [changed ? '…' : 'data']: data });
    },
    says: `
      3 names and labels that no claim can have: [impossible-claim]

        ✖ holds of PersistentVolumeClaim paperless/…
            made by          example
            because          '1' is not a label value
            what to do       write what the cluster has: kubectl get pvc -n paperless --show-labels
        ✖ holds of PersistentVolumeClaim paperless/…
            made by          example
            because          'the app' is not a label key
            what to do       write what the cluster has: kubectl get pvc -n paperless --show-labels
        ✖ holds of PersistentVolumeClaim paperless/…
            made by          example
            because          '…' is not a name of lower case letters, digits, '-' and '.'
            what to do       write what the cluster has: kubectl get pvc -n paperless --show-labels
    `,
  });

  refuses('declared-twice', [], 'two lists of the claims of one object', {
    build: ({ app, chart }, changed) => {
      helmRelease(chart, 'registry');
      holds(chart, { helmRelease: 'registry' }, {});
      const other = new Chart(app, 'other', { namespace: 'paperless' });
      const backup = nightly({ to: offsite, keep });
      if (changed) holds(other, { helmRelease: 'registry' }, { 'registry-data': { storage, backup } });
    },
    says: `
      1 declaration too many: [declared-twice]

        ✖ holds of HelmRelease paperless/registry
            made by          other
            because          example says what it makes, too
            what to do       list all of its claims in one call
    `,
  });

  refuses('no-namespace', [], 'a claim of a Kustomization that does not say where it installs', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'app', {
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        kind: 'Kustomization',
        metadata: { name: 'app', namespace: 'flux-system' },
        spec: {
          interval: '10m',
          path: './deploy',
          prune: true,
          sourceRef: { kind: 'GitRepository', name: 'app' },
          ...(changed ? {} : { targetNamespace: 'registry' }),
        },
      });
      const backup = excluded('A cache, filled again on demand.');
      holds(chart, { kustomization: 'app', namespace: 'flux-system' }, { data: { storage, backup } });
    },
    says: `
      1 dataset is in no namespace: [no-namespace]

        ✖ PersistentVolumeClaim data (20Gi)
            made by          example
            because          Kustomization flux-system/app does not say into which namespace it installs
            to fix           'data': { namespace: '…' }
    `,
  });

  refuses('no-namespace', [], 'a claim in no namespace', {
    build: ({ app }, changed) => {
      const chart = new Chart(app, 'nowhere', changed ? {} : { namespace: 'nowhere' });
      new ScratchVolume(chart, 'data', { storage, reason: 'Made again from the sources on demand.' });
    },
    says: `
      1 dataset is in no namespace: [no-namespace]

        ✖ PersistentVolumeClaim data (20Gi)
            made by          nowhere/data
            to fix           new Chart(app, 'nowhere', { namespace: 'nowhere' })
    `,
  });

  refuses('no-namespace', [], 'a claim in a file that names none', {
    build: ({ app }, changed) => {
      const chart = new Chart(app, 'wiki', changed ? {} : { namespace: 'wiki' });
      exclude(chart, { claim: 'data' }, { reason: 'Imported again from the scanner.' });
    },
    options: (changed) => ({
      files: {
        'wiki/claim.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, ${changed ? '' : 'namespace: wiki, '}annotations: { kustomize.toolkit.fluxcd.io/prune: disabled } }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
      },
    }),
    says: `
      1 dataset is in no namespace: [no-namespace]

        ✖ PersistentVolumeClaim data (1Gi)
            written in       wiki/claim.yaml:1
            what to do       write metadata.namespace into the object
    `,
  });
});

describe('plans', () => {
  refuses('claims-indistinguishable', [], 'two claims without labels and with different answers', {
    build: ({ chart }, changed) => {
      helmRelease(chart, 'registry');
      const labels = changed ? {} : { labels: { component: 'data' } };
      holds(
        chart,
        { helmRelease: 'registry' },
        {
          data: { storage, ...labels, backup: nightly({ to: offsite, keep }) },
          cache: {
            storage,
            ...(changed ? {} : { labels: { component: 'cache' } }),
            backup: excluded('A cache, filled again on demand.'),
          },
        },
      );
    },
    says: `
      1 dataset that Velero cannot tell from another: [claims-indistinguishable]

        ✖ PersistentVolumeClaim paperless/cache (20Gi)
            made by          example
            because          neither its claims nor those of PersistentVolumeClaim paperless/data carry a label that is known
            to fix           labels: { 'app.kubernetes.io/name': '…' }
            what to do       write labels that its claims carry, and only they: kubectl get pvc -n paperless --show-labels
            what to do       or answer both alike
    `,
  });

  refuses('copied-anyway', [], 'an exclusion that Velero cannot tell from the rest', {
    build: ({ chart }, changed) => {
      helmRelease(chart, 'registry');
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      const backup = excluded('A cache, filled again on demand.');
      holds(
        chart,
        { helmRelease: 'registry' },
        { cache: changed ? backup : { labels: { component: 'cache' }, storage, backup } },
      );
    },
    says: `
      1 dataset is left out and copied all the same: [copied-anyway]

        ! PersistentVolumeClaim paperless/cache
            made by          example
            because          plan 'nightly' takes every claim without a label of its own
            to fix           labels: { 'app.kubernetes.io/name': '…' }
            what to do       write labels that its claims carry, and only they: kubectl get pvc -n paperless --show-labels
    `,
  });

  refuses('plan-disagrees', [], 'two retentions in one plan', {
    build: ({ chart }, changed) => {
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      new BackedUpVolume(chart, 'media', {
        storage,
        backup: nightly({ to: offsite, keep: { daily: 14 }, ...(changed ? {} : { plan: 'media' }) }),
      });
    },
    says: `
      1 dataset whose plan copies otherwise: [plan-disagrees]

        ✖ PersistentVolumeClaim paperless/media (20Gi)
            made by          example/media
            because          in plan 'nightly' PersistentVolumeClaim paperless/data is copied otherwise
            to fix           plan: 'media'
            what to do       or give both the same strategy
    `,
  });

  refuses('plan-name', ['V03'], 'a plan that makes the name of a Schedule too long', {
    build: ({ chart }, changed) => {
      const plan = changed ? 'everything-that-the-scanner-and-the-import-wrote' : 'everything';
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep, plan }) });
    },
    says: `
      1 plan with a name that cannot be used: [plan-name]

        ✖ plan 'everything-that-the-scanner-and-the-import-wrote' of namespace paperless
            made by          example/data
            because          the Schedule paperless-everything-that-the-scanner-and-the-import-wrote-offsite has 66 characters, and 63 are the most
            to fix           plan: 'media'
    `,
  });

  refuses('plan-name', [], 'a plan that is no label value', {
    build: ({ chart }, changed) => {
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: nightly({ to: offsite, keep, plan: changed ? 'Every night' : 'every-night' }),
      });
    },
    says: `
      1 plan with a name that cannot be used: [plan-name]

        ✖ plan 'Every night' of namespace paperless
            made by          example/data
            because          'Every night' is not a lower case name of letters, digits and '-'
            to fix           plan: 'media'
    `,
  });
});
