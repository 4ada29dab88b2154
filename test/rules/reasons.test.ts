import { Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe } from 'vitest';
import {
  BackedUpStatefulSet,
  BackedUpVolume,
  elsewhere,
  nightly,
  s3Location,
  ScratchVolume,
  type ElsewhereOptions,
  type FailureDomain,
} from '../../lib';
import { refuses } from '../support/rule-test';
import { clusterAnswers, offsite } from '../support/scenario';

const keep = { daily: 7 };
const storage = Size.gibibytes(20);

describe('reasons', () => {
  refuses('thin-reason', [], 'one word', {
    build: ({ chart }, changed) => {
      new ScratchVolume(chart, 'cache', { storage, reason: changed ? 'cache' : 'Downloaded again on the next build.' });
    },
    says: `
      1 reason is not a sentence: [thin-reason]

        ✖ PersistentVolumeClaim paperless/cache (20Gi)
            made by          example/cache
            because          'cache' is not a sentence
            what to do       say in a sentence why losing this data is acceptable
    `,
  });

  refuses('thin-reason', [], 'a claim of somebody else’s that says nothing', {
    build: () => {},
    options: (changed) => {
      const sentence = changed ? 'cron' : 'A cron job on the first node copies it to the NAS.';
      return {
        props: { ...clusterAnswers, etcd: elsewhere(sentence, { failureDomain: 'site', rpo: Duration.hours(7) }) },
      };
    },
    says: `
      1 reason is not a sentence: [thin-reason]

        ✖ etcd of cluster home
            made by          app
            because          'cron' is not a sentence
            what to do       say in a sentence who copies it, and how
    `,
  });

  refuses('thin-reason', [], 'an accepted risk in one word', {
    build: ({ chart }, changed) => {
      const crashConsistent = changed ? 'fine' : 'The log is replayed after a snapshot of its one volume.';
      new BackedUpStatefulSet(chart, 'db', {
        podTemplate: {
          spec: {
            containers: [{ name: 'db', image: 'postgres:17.2', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          },
        },
        volumes: { data: { storage, backup: nightly({ to: offsite, keep, crashConsistent }) } },
      });
    },
    says: `
      1 reason is not a sentence: [thin-reason]

        ✖ StatefulSet paperless/db, claim template 'data' (20Gi)
            made by          example/db
            because          'fine' is not a sentence
            what to do       say in a sentence why a snapshot of the running database is good enough
    `,
  });

  refuses('thin-reason', [], 'an unnamed repository that answers for the cluster', {
    build: () => {},
    options: (changed) => ({
      props: {
        etcd: undefined as never,
        fluxRepository: undefined as never,
        certificates: undefined as never,
        keys: undefined as never,
        clusterWide: changed ? 'elsewhere' : 'The repository home/cluster answers for them.',
      } as never,
    }),
    says: `
      1 reason is not a sentence: [thin-reason]

        ✖ etcd, Flux repository, certificates and keys
            because          'elsewhere' is not a sentence
            what to do       say in a sentence which repository answers for them
    `,
  });

  refuses('review-date', [], 'a date that is no day', {
    build: ({ chart }, changed) => {
      new ScratchVolume(chart, 'cache', {
        storage,
        reason: 'Downloaded again on the next build.',
        reviewBy: changed ? '2027-02-30' : '2027-02-28',
      });
    },
    says: `
      1 review date is not a day: [review-date]

        ✖ PersistentVolumeClaim paperless/cache (20Gi)
            made by          example/cache
            because          '2027-02-30' is not in the calendar
            to fix           reviewBy: '2027-12-01'
    `,
  });

  refuses('review-due', ['W09'], 'a review date that has passed', {
    build: ({ chart }) => {
      new ScratchVolume(chart, 'cache', {
        storage,
        reason: 'Downloaded again on the next build.',
        reviewBy: '2027-06-01',
      });
    },
    options: (changed) => ({ today: changed ? '2027-06-02' : '2027-06-01' }),
    says: `
      1 exclusion is due for review: [review-due]

        ! PersistentVolumeClaim paperless/cache (20Gi)
            made by          example/cache
            because          its reason was to be checked by 2027-06-01: Downloaded again on the next build.
            if still true    reviewBy: '2028-06-02'
    `,
  });

  for (const [what, text] of [
    ['what the finding printed', 'Why losing it is acceptable.'],
    ['one word four times', 'TODO TODO TODO TODO'],
    ['four dots', '. . . .'],
  ] as const) {
    refuses('thin-reason', [], `a reason that is ${what}`, {
      build: ({ chart }, changed) => {
        new ScratchVolume(chart, 'cache', { storage, reason: changed ? text : 'Downloaded again on the next build.' });
      },
      says: `
      1 reason is not a sentence: [thin-reason]

        ✖ PersistentVolumeClaim paperless/cache (20Gi)
            made by          example/cache
            because          ${text.startsWith('Why') ? `nobody has replaced '${text}'` : `'${text}' is not a sentence`}
            what to do       say in a sentence why losing this data is acceptable
    `,
    });
  }

  refuses('thin-reason', [], 'a claim that the finding printed', {
    build: () => {},
    options: (changed) => {
      const sentence = changed ? 'Who copies it, and how.' : 'A cron job on the first node copies it to the NAS.';
      return {
        props: { ...clusterAnswers, etcd: elsewhere(sentence, { failureDomain: 'site', rpo: Duration.hours(7) }) },
      };
    },
    says: `
      1 reason is not a sentence: [thin-reason]

        ✖ etcd of cluster home
            made by          app
            because          nobody has replaced 'Who copies it, and how.'
            what to do       say in a sentence who copies it, and how
    `,
  });

  refuses('thin-reason', ['W01'], 'the mirror of a location that says nothing', {
    build: ({ chart }, changed) =>
      mirrored(chart, { sentence: changed ? 'rclone' : 'rclone on the NAS fetches the bucket.' }),
    says: `
      1 reason is not a sentence: [thin-reason]

        ✖ mirror of location 'local'
            made by          example/data
            because          'rclone' is not a sentence
            what to do       say in a sentence who copies it, and how
    `,
  });
});

/** A volume that leaves the cluster only by the mirror of its location. */
function mirrored(
  chart: Construct,
  {
    sentence = 'The CronJob mirror copies the bucket to the NAS.',
    ...options
  }: Partial<ElsewhereOptions> & { sentence?: string },
): void {
  const mirror = elsewhere(sentence, { failureDomain: 'site', rpo: Duration.hours(25), ...options });
  const local = s3Location('local', {
    ...offsite,
    mirror,
    endpoint: 'http://rgw.rook-ceph.svc',
    failureDomain: 'cluster',
  });
  new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: local, keep }) });
}

describe('what somebody else copies', () => {
  refuses('elsewhere-malformed', ['W01'], 'a failure domain that does not exist, in untyped code', {
    build: ({ chart }, changed) => {
      const failureDomain = (changed ? 'Site' : 'site') as FailureDomain;
      const backup = elsewhere('The NAS fetches it every night.', { failureDomain, rpo: Duration.hours(25) });
      new BackedUpVolume(chart, 'data', { storage, backup });
    },
    says: `
      1 detail missing from copies that somebody else makes: [elsewhere-malformed]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          the failure domain 'Site' is not one of cluster, site, offsite or offsite-<name>
            to fix           failureDomain: 'site'
    `,
  });

  refuses('elsewhere-malformed', ['W01'], 'no failure domain and no age, in untyped code', {
    build: ({ chart }, changed) => {
      const options = changed ? undefined : { failureDomain: 'site', rpo: Duration.hours(25) };
      const backup = elsewhere('The NAS fetches it every night.', options as never);
      new BackedUpVolume(chart, 'data', { storage, backup });
    },
    says: `
      2 details missing from copies that somebody else makes: [elsewhere-malformed]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          nobody said how old the copy may be
            to fix           rpo: Duration.days(1)
        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          the failure domain '' is not one of cluster, site, offsite or offsite-<name>
            what to do       say what is lost together with the copy: the cluster, its site, or neither
    `,
  });

  refuses('elsewhere-malformed', ['W01'], 'the mirror of a location, in a failure domain that does not exist', {
    build: ({ chart }, changed) => mirrored(chart, { failureDomain: (changed ? 'cellar' : 'site') as FailureDomain }),
    says: `
      1 detail missing from copies that somebody else makes: [elsewhere-malformed]

        ✖ mirror of location 'local'
            made by          example/data
            because          the failure domain 'cellar' is not one of cluster, site, offsite or offsite-<name>
            what to do       say what is lost together with the copy: the cluster, its site, or neither
    `,
  });

  refuses('evidence-missing', [], 'the mirror of a location rests on a CronJob that is nowhere', {
    build: ({ chart }, changed) => {
      mirrorJob(chart, {});
      mirrored(chart, { evidence: { cronJob: 'mirror', namespace: changed ? 'velero' : 'paperless' } });
    },
    says: `
      1 CronJob named as evidence that does not exist: [evidence-missing]

        ✖ mirror of location 'local'
            made by          example/data
            because          there is no CronJob velero/mirror
            to fix           evidence: { cronJob: 'mirror', namespace: 'paperless' }
            what to do       correct the name, or let alsoRead read the file that has it
    `,
  });

  refuses('evidence-missing', [], 'the mirror of a location does not say in which namespace its evidence is', {
    build: ({ chart }, changed) => {
      mirrorJob(chart, {});
      mirrored(chart, { evidence: { cronJob: 'mirror', ...(changed ? {} : { namespace: 'paperless' }) } });
    },
    says: `
      1 CronJob named as evidence that does not exist: [evidence-missing]

        ✖ mirror of location 'local'
            made by          example/data
            because          nobody says in which namespace CronJob mirror is
            to fix           evidence: { cronJob: 'mirror', namespace: 'paperless' }
            what to do       correct the name, or let alsoRead read the file that has it
    `,
  });

  refuses('evidence-idle', ['K04'], 'the mirror of a location rests on a CronJob that is suspended', {
    build: ({ chart }, changed) => {
      mirrorJob(chart, { suspend: changed });
      mirrored(chart, { evidence: { cronJob: 'mirror', namespace: 'paperless' } });
    },
    says: `
      1 CronJob named as evidence that cannot be relied on: [evidence-idle]

        ✖ CronJob paperless/mirror
            made by          example/mirror
            because          it is suspended
            to fix           suspend: false
    `,
  });
});

function mirrorJob(chart: Construct, spec: Partial<k8s.CronJobSpec>): void {
  const containers = [{ name: 'mirror', image: 'rclone/rclone:1.71' }];
  new k8s.KubeCronJob(chart, 'mirror', {
    metadata: { name: 'mirror' },
    spec: {
      schedule: '0 5 * * *',
      timeZone: 'Etc/UTC',
      jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers } } } },
      ...spec,
    },
  });
}
