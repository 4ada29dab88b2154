import { ApiObject, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { describe } from 'vitest';
import {
  BackedUpVolume,
  elsewhere,
  excluded,
  nightly,
  s3Location,
  snapshotted,
  weekly,
  type S3LocationProps,
} from '../../lib';
import { refuses } from '../support/rule-test';
import { clusterAnswers, offsite, type Scenario } from '../support/scenario';

const keep = { daily: 7 };
const storage = Size.gibibytes(20);
const away: S3LocationProps = {
  endpoint: 'https://s3.example.org',
  bucket: 'copies',
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
};
const inCluster: S3LocationProps = { ...away, endpoint: 'http://rgw.rook-ceph.svc', failureDomain: 'cluster' };

describe('copies survive', () => {
  refuses('never-leaves', ['W01'], 'all copies in the cluster', {
    build: ({ chart }, changed) => {
      const local = s3Location('local', inCluster);
      const copies = [nightly({ to: local, keep }), weekly({ to: offsite, keep: { weekly: 8 } })] as const;
      new BackedUpVolume(chart, 'data', { storage, backup: changed ? copies[0] : copies });
    },
    says: `
      1 dataset has no copy outside the cluster: [never-leaves]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          all of its copies are lost with the cluster: 'local'
            to fix           add a copy outside: [nightly({ to: offsite, keep: { daily: 7 } }), …], or give the location a mirror
    `,
  });

  refuses('never-leaves', ['W01', 'V25'], 'only snapshots, which stay in the storage', {
    build: ({ chart }, changed) => {
      const options = { to: offsite, keep };
      new BackedUpVolume(chart, 'data', { storage, backup: changed ? snapshotted(options) : nightly(options) });
    },
    says: `
      1 dataset has no copy outside the cluster: [never-leaves]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          it has only snapshots, which stay in the storage itself
            to fix           add a copy outside: [nightly({ to: offsite, keep: { daily: 7 } }), …], or give the location a mirror
    `,
  });

  refuses('never-leaves', ['W01'], 'a mirror of the local store that is in the cluster too', {
    build: ({ chart }, changed) => {
      const mirror = elsewhere('rclone copies the bucket to another one every night.', {
        failureDomain: changed ? 'cluster' : 'site',
        rpo: Duration.hours(25),
      });
      const local = s3Location('local', { ...inCluster, mirror });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: local, keep }) });
    },
    says: `
      1 dataset has no copy outside the cluster: [never-leaves]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          all of its copies are lost with the cluster: 'local' and what somebody else keeps there
            to fix           add a copy outside: [nightly({ to: offsite, keep: { daily: 7 } }), …], or give the location a mirror
    `,
  });

  refuses('never-leaves', ['W01', 'E08'], 'etcd snapshots on the nodes themselves', {
    build: () => {},
    options: (changed) => {
      const failureDomain = changed ? 'cluster' : 'site';
      const etcd = elsewhere('A timer on the first node saves a snapshot every night.', {
        failureDomain,
        rpo: Duration.hours(25),
      });
      return { props: { ...clusterAnswers, etcd } };
    },
    says: `
      1 dataset has no copy outside the cluster: [never-leaves]

        ✖ etcd of cluster home
            made by          app
            because          all of its copies are lost with the cluster: what somebody else keeps there
            to fix           elsewhere('Who copies it, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `,
  });

  refuses('keys-inside', ['W02'], 'a location whose keys nobody keeps outside', {
    build: ({ chart }, changed) => {
      const to = s3Location('far', { ...away, keptIn: changed ? 'TBD' : 'password manager of the family' });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
    },
    says: `
      1 key that is lost with what it protects: [keys-inside]

        ✖ keys of location 'far'
            made by          example/data
            because          nobody said where they are kept outside the cluster
            to fix           s3Location('far', { …, keptIn: 'sealed envelope, bank' })
    `,
  });

  refuses('flux-source-inside', ['W02', 'R06'], 'Flux reads from the Gitea that Flux deploys', {
    build: ({ chart }, changed) => {
      const host = changed ? 'gitea-http.forge.svc:3000' : 'git.example.org';
      gitRepository({ chart }, `http://${host}/home/cluster.git`);
    },
    options: () => ({
      props: { ...clusterAnswers, fluxRepository: excluded('Every administrator has a clone on a laptop.') },
    }),
    says: `
      Flux reads its repository from a server that Flux itself deploys: [flux-source-inside]

        ✖ GitRepository flux-system/flux-system
            made by          example/source
            because          it reads from gitea-http.forge.svc, which the cluster serves
            to fix           fluxRepository: elsewhere('Who mirrors it, and where to.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `,
  });

  refuses('flux-source-inside', ['W02', 'R06'], 'Flux reads from a host name that an Ingress of the cluster serves', {
    build: ({ chart }, changed) => {
      gitRepository({ chart }, 'ssh://git@git.example.net/home/cluster.git');
      new ApiObject(chart, 'ingress', {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'gitea' },
        spec: { rules: [{ host: changed ? 'git.example.net' : 'wiki.example.net' }] },
      });
    },
    options: () => ({
      props: { ...clusterAnswers, fluxRepository: excluded('Every administrator has a clone on a laptop.') },
    }),
    says: `
      Flux reads its repository from a server that Flux itself deploys: [flux-source-inside]

        ✖ GitRepository flux-system/flux-system
            made by          example/source
            because          it reads from git.example.net, which the cluster serves
            to fix           fluxRepository: elsewhere('Who mirrors it, and where to.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `,
  });
});

function gitRepository({ chart }: Pick<Scenario, 'chart'>, url: string): void {
  new ApiObject(chart, 'source', {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { name: 'flux-system', namespace: 'flux-system' },
    spec: { interval: '5m', url, ref: { branch: 'main' } },
  });
}

describe('copies are young and live long enough', () => {
  refuses('rpo-out-of-reach', ['W03'], 'a promise that a nightly copy cannot keep', {
    build: ({ chart }, changed) => {
      const rpo = Duration.hours(changed ? 24 : 30);
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep, rpo }) });
    },
    says: `
      1 RPO that the schedules cannot reach: [rpo-out-of-reach]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          at worst the newest copy outside the cluster is 29 h 10 min old, and only 24 h are accepted
            to fix           copy more often, or declare rpo: Duration.minutes(1750)
    `,
  });

  refuses('rpo-out-of-reach', ['W03'], 'a promise that only the copy in the cluster keeps', {
    build: ({ chart }, changed) => {
      const local = s3Location('local', inCluster);
      const rpo = Duration.hours(changed ? 36 : 180);
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: [nightly({ to: local, keep, rpo }), weekly({ to: offsite, keep: { weekly: 8 } })],
      });
    },
    says: `
      1 RPO that the schedules cannot reach: [rpo-out-of-reach]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          at worst the newest copy outside the cluster is 7 d 5 h old, and only 36 h are accepted
            to fix           copy more often, or declare rpo: Duration.minutes(10390)
    `,
  });

  refuses('rpo-out-of-reach', ['W03'], 'a promise that the mirror of the location is too slow for', {
    build: ({ chart }, changed) => {
      const mirror = elsewhere('rclone on the NAS fetches the bucket.', {
        failureDomain: 'site',
        rpo: Duration.hours(changed ? 30 : 6),
      });
      const local = s3Location('local', { ...inCluster, mirror });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: local, keep, rpo: Duration.hours(40) }) });
    },
    says: `
      1 RPO that the schedules cannot reach: [rpo-out-of-reach]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          at worst the newest copy outside the cluster is 2 d 11 h old, and only 40 h are accepted
            to fix           copy more often, or declare rpo: Duration.minutes(3550)
    `,
  });

  const slow: readonly {
    readonly schedule: string;
    readonly good: string;
    readonly gap: string;
    readonly minutes: number;
  }[] = [
    { schedule: '0 3 1 * *', good: '0 3 * * *', gap: '31 d 1 h', minutes: 44_700 },
    // Kubernetes runs on either of the two days.
    { schedule: '0 3 1 * 1', good: '0 3 1-31 * 1', gap: '7 d 1 h', minutes: 10_140 },
    { schedule: '@every 26h', good: '@every 25h', gap: '26 h', minutes: 1560 },
  ];
  for (const { schedule, good, gap, minutes } of slow) {
    refuses('rpo-out-of-reach', ['W03'], `a promise that a CronJob at ${schedule} makes none of`, {
      build: ({ chart }, changed) => {
        new k8s.KubeCronJob(chart, 'dump', {
          metadata: { name: 'dump' },
          spec: {
            schedule: changed ? schedule : good,
            timeZone: 'Europe/Berlin',
            jobTemplate: {
              spec: {
                template: { spec: { restartPolicy: 'Never', containers: [{ name: 'dump', image: 'dump:1.0' }] } },
              },
            },
          },
        });
        const promised = { failureDomain: 'site', rpo: Duration.hours(25), evidence: { cronJob: 'dump' } } as const;
        new BackedUpVolume(chart, 'data', {
          storage,
          backup: elsewhere('The CronJob dump writes to the NAS.', promised),
        });
      },
      says: `
        1 RPO that the schedules cannot reach: [rpo-out-of-reach]

          ✖ PersistentVolumeClaim paperless/data (20Gi)
              made by          example/data
              because          CronJob paperless/dump leaves ${gap} between two runs at worst, and a copy no older than 25 h is promised
              to fix           run it more often, or promise rpo: Duration.minutes(${minutes})
      `,
    });
  }

  refuses('expires-too-soon', ['W04'], 'two nightly copies, gone before the weekend is over', {
    build: ({ chart }, changed) => {
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: nightly({ to: offsite, keep: { daily: changed ? 4 : 5 } }),
      });
    },
    says: `
      1 dataset whose copies expire before anybody can notice: [expires-too-soon]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite keeps copies for 4 d; the alert fires after 36 h 27 min, so they must live for 4 d 13 h
            to fix           keep: { daily: 5 }
    `,
  });

  refuses('expires-too-soon', ['W04'], 'weekly copies that are kept for three weeks', {
    build: ({ chart }, changed) => {
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: weekly({ to: offsite, keep: { weekly: changed ? 3 : 4 } }),
      });
    },
    says: `
      1 dataset whose copies expire before anybody can notice: [expires-too-soon]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-weekly-offsite keeps copies for 21 d; the alert fires after 9 d, so they must live for 27 d 1 h
            to fix           keep: { weekly: 4 }
    `,
  });
});

describe('locations are what they claim to be', () => {
  refuses('false-failure-domain', ['W01'], 'a Service name that claims to be off-site', {
    build: ({ chart }, changed) => {
      const rgw = s3Location('rgw', { ...inCluster, failureDomain: changed ? 'offsite' : 'cluster' });
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: [nightly({ to: rgw, keep }), weekly({ to: offsite, keep: { weekly: 8 } })],
      });
    },
    says: `
      1 location is in the cluster and claims not to be: [false-failure-domain]

        ✖ location 'rgw'
            made by          example/data
            because          it claims 'offsite', but rgw.rook-ceph.svc is served by a Service of the cluster
            to fix           s3Location('rgw', { …, failureDomain: 'cluster' })
    `,
  });

  refuses('false-failure-domain', ['W01'], 'a public name that the cluster’s own gateway serves', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'store', {
        apiVersion: 'ceph.rook.io/v1',
        kind: 'CephObjectStore',
        metadata: { name: 'store-a' },
        spec: {
          gateway: { port: 80, instances: 1 },
          hosting: { dnsNames: [changed ? 's3.example.org' : 's3.internal.example.org'] },
        },
      });
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: [nightly({ to: s3Location('public', away), keep }), weekly({ to: offsite, keep: { weekly: 8 } })],
      });
    },
    says: `
      1 location is in the cluster and claims not to be: [false-failure-domain]

        ✖ location 'public'
            made by          example/data
            because          it claims 'offsite', but s3.example.org is served by CephObjectStore store-a (example/store)
            to fix           s3Location('public', { …, failureDomain: 'cluster' })
    `,
  });

  refuses('location-malformed', [], 'an endpoint without a scheme', {
    build: ({ chart }, changed) => {
      const to = s3Location('far', { ...away, endpoint: changed ? 's3.example.org' : 'https://s3.example.org' });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
    },
    says: `
      1 location that no client can use: [location-malformed]

        ✖ location 'far'
            made by          example/data
            because          the endpoint 's3.example.org' is no URL of a server: write https://host
            to fix           correct the field
    `,
  });

  refuses('location-malformed', [], 'a bucket, a name and a failure domain that do not exist', {
    build: ({ chart }, changed) => {
      const odd = { ...away, bucket: 'My_Backups', failureDomain: 'cellar' as never };
      const to = changed ? s3Location('Far away', odd) : s3Location('far', away);
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
    },
    says: `
      3 locations that no client can use: [location-malformed]

        ✖ location 'Far away'
            made by          example/data
            because          the bucket name 'My_Backups' is not one that S3 servers accept
            to fix           correct the field
        ✖ location 'Far away'
            made by          example/data
            because          the failure domain 'cellar' is not one of cluster, site, offsite or offsite-<name>
            to fix           correct the field
        ✖ location 'Far away'
            made by          example/data
            because          the name 'Far away' is no short DNS label: lower case letters, digits and '-', at most 20
            to fix           correct the field
    `,
  });

  refuses('location-ambiguous', [], 'one name for two places', {
    build: ({ chart }, changed) => {
      const one = s3Location('far', away);
      const two = s3Location(changed ? 'far' : 'farther', { ...away, bucket: 'others' });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: one, keep }) });
      new BackedUpVolume(chart, 'media', { storage, backup: weekly({ to: two, keep: { weekly: 8 } }) });
    },
    says: `
      1 location is described twice: [location-ambiguous]

        ✖ location 'far'
            made by          example/media
            because          example/data uses the name for another place
            to fix           describe it once and import it
    `,
  });

  refuses('location-ambiguous', ['S20', 'V39'], 'two names for one place', {
    build: ({ chart }, changed) => {
      const one = s3Location('near', { ...away, prefix: 'backups' });
      const two = s3Location('far', { ...away, prefix: changed ? 'backups/2027' : 'others' });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: one, keep }) });
      new BackedUpVolume(chart, 'media', { storage, backup: weekly({ to: two, keep: { weekly: 8 } }) });
    },
    says: `
      1 location is described twice: [location-ambiguous]

        ✖ location 'far'
            made by          example/media
            because          'near' is the same place: bucket copies at https://s3.example.org
            to fix           give one of them another bucket or prefix
    `,
  });

  refuses('mirror-unproven', [], 'a mirror that no object carries out', {
    build: ({ chart }, changed) => {
      const stated = elsewhere('The NAS fetches the bucket every morning.', {
        failureDomain: 'site',
        rpo: Duration.hours(25),
      });
      const local = s3Location('local', { ...inCluster, mirror: changed ? nightly({ to: offsite }) : stated });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: local, keep }) });
    },
    says: `
      1 mirror that nothing carries out: [mirror-unproven]

        ✖ mirror of location 'local'
            made by          example/data
            to fix           mirror: elsewhere('Who copies the bucket, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `,
  });
});
