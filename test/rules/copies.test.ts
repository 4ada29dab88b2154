import { Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { describe } from 'vitest';
import { BackedUpVolume, elsewhere, nightly, s3Location, snapshotted, weekly, type S3LocationProps } from '../../lib';
import { refuses } from '../support/rule-test';
import { clusterAnswers, offsite } from '../support/scenario';

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
            to fix           nightly({ to: yourLocation, keep: { daily: 7 } })
            or mirror it     mirror: nightly({ to: yourLocation })
            what to do       the mirror is a property of location 'local'
            what to do       add the copy to the strategies, which may be a list
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
            to fix           nightly({ to: offsite, keep: { daily: 7 } })
            what to do       add the copy to the strategies, which may be a list
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
            to fix           nightly({ to: yourLocation, keep: { daily: 7 } })
            what to do       add the copy to the strategies, which may be a list
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
            to fix           etcd: kubeadmEtcd({ backup: nightly({ to: yourLocation, keep: { daily: 7 } }) })
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
            to fix           keptIn: 'where they are kept outside the cluster'
    `,
  });

  for (const keptIn of [
    'in etcd',
    'only in the cluster itself',
    'Secret velero/backed-up-far',
    'the Kubernetes Secret',
  ]) {
    refuses('keys-inside', ['W02'], `keys that are kept ${keptIn}`, {
      build: ({ chart }, changed) => {
        const to = s3Location('far', { ...away, keptIn: changed ? keptIn : `${keptIn}, and on paper` });
        new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
      },
      says: `
      1 key that is lost with what it protects: [keys-inside]

        ✖ keys of location 'far'
            made by          example/data
            because          '${keptIn}' is in the cluster, and lost with it
            to fix           keptIn: 'where they are kept outside the cluster'
    `,
    });
  }

  const ASK = `because          nobody said where they are kept outside the cluster
            to fix           keptIn: 'where they are kept outside the cluster'`;
  for (const [keptIn, answer] of [
    ['no idea', ASK],
    ['????', ASK],
    ['n/a', ASK],
    [
      'Where they are kept outside the cluster.',
      `because          nobody has replaced 'Where they are kept outside the cluster.'
            what to do       say where the person finds them who rebuilds the cluster`,
    ],
  ] as const) {
    refuses('keys-inside', ['W02'], `a password of Velero’s repositories that is kept: ${keptIn}`, {
      build: ({ chart }) => {
        new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      },
      options: (changed) => ({
        platform: {
          velero: {
            version: '1.18',
            enableCSI: true,
            nodeAgent: true,
            repositoryPassword: { keptIn: changed ? keptIn : 'safe at the office' },
          },
        },
      }),
      says: `
      1 key that is lost with what it protects: [keys-inside]

        ✖ password of Velero’s repositories
            ${answer}
    `,
    });
  }
});

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
            to fix           rpo: Duration.minutes(1750)
            what to do       copy more often, or accept what is reached
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
            to fix           rpo: Duration.minutes(10390)
            what to do       copy more often, or accept what is reached
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
            to fix           rpo: Duration.minutes(3550)
            what to do       copy more often, or accept what is reached
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
              to fix           rpo: Duration.minutes(${minutes})
              what to do       run it more often, or promise what it reaches
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
