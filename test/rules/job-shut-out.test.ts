import { ApiObject, Chart, Duration, Size, type App } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { BackedUpPostgres, CephBucketWithBackupGrant, continuous, mirrored, nightly, s3Location } from '../../lib';
import { withRook } from '../support/buckets';
import { plainPostgres } from '../support/plain-postgres';
import { refuses } from '../support/rule-test';
import {
  clusterAnswers,
  explain,
  offsite,
  synthesizeScenario,
  type Scenario,
  type ScenarioOptions,
} from '../support/scenario';

const WIKI = { from: [{ podSelector: { matchLabels: { app: 'wiki' } } }] };
const DUMP = { from: [{ podSelector: { matchLabels: { 'backed-up/job': 'db-dump-offsite' } } }] };

function policy(scope: Construct, spec: Record<string, unknown>, name = 'db'): void {
  new ApiObject(scope, `policy-${name}`, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name },
    spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ...spec },
  });
}

function cluster(chart: Chart): void {
  new BackedUpPostgres(chart, 'db', {
    storage: Size.gibibytes(20),
    backup: [
      continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      nightly({ to: offsite, keep: { daily: 14 } }),
    ],
  });
}

function bucket(chart: Chart): void {
  new CephBucketWithBackupGrant(chart, 'media', {
    bucketName: 'media',
    storageClass: 'bucket-retain',
    backup: mirrored({ to: offsite }),
  });
}

describe('NetworkPolicies of an application', () => {
  refuses('job-shut-out', [], 'let in the dump of a server without an operator', {
    build: ({ chart }, changed) => {
      plainPostgres(chart);
      policy(chart, { ingress: changed ? [WIKI] : [WIKI, DUMP] });
    },
    says: `
      1 NetworkPolicy that keeps jobs out: [job-shut-out]

        ✖ NetworkPolicy paperless/db
            made by          example/policy-db
            because          no policy lets CronJob paperless/db-dump-offsite in to port 5432 of the pods with app=db
            to fix           { from: [{ podSelector: { matchLabels: { 'backed-up/job': 'db-dump-offsite' } } }] }
    `,
  });

  refuses('job-shut-out', [], 'let in the dump of a Cluster, where a whole namespace is closed', {
    build: ({ chart }, changed) => {
      cluster(chart);
      policy(chart, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }, 'deny');
      if (!changed)
        policy(chart, {
          podSelector: { matchLabels: { 'cnpg.io/cluster': 'db' } },
          ingress: [{ from: [{ podSelector: { matchLabels: { 'backed-up/job': 'db-dump-offsite' } } }] }],
        });
    },
    says: `
      1 NetworkPolicy that keeps jobs out: [job-shut-out]

        ✖ NetworkPolicy paperless/deny
            made by          example/policy-deny
            because          no policy lets CronJob paperless/db-dump-offsite in to port 5432 of the pods with cnpg.io/cluster=db,cnpg.io/instanceRole=primary
            to fix           ingress: [{ from: [{ podSelector: { matchLabels: { 'backed-up/job': 'db-dump-offsite' } } }] }]
    `,
  });

  refuses('job-shut-out', [], 'let in what reads buckets from another namespace, to pods that no object shows', {
    options: () => withRook,
    build: ({ app, chart }, changed) => {
      bucket(chart);
      const jobs = ['mirror-paperless-media-offsite-659d6b4e', 'probe-grants'];
      const peer = {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'backed-up' } },
        podSelector: { matchExpressions: [{ key: 'backed-up/job', operator: 'In', values: jobs }] },
      };
      policy(new Chart(app, 'ceph', { namespace: 'rook-ceph' }), {
        podSelector: { matchLabels: { app: 'rook-ceph-rgw' } },
        ingress: [
          { from: [{ namespaceSelector: { matchLabels: { team: 'media' } } }], ports: [{ port: 443 }] },
          ...(changed ? [] : [{ from: [peer] }]),
        ],
      });
    },
    says: `
      1 NetworkPolicy that keeps jobs out: [job-shut-out]

        ✖ NetworkPolicy rook-ceph/db
            made by          ceph/policy-db
            because          no policy lets CronJob backed-up/probe-grants and CronJob backed-up/mirror-paperless-media-offsite-659d6b4e in to port 8080 of the pods with app=rook-ceph-rgw,rook_object_store=store-a
            to fix           { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'backed-up' } }, podSelector: { matchExpressions: [{ key: 'backed-up/job', operator: 'In', values: ['probe-grants', 'mirror-paperless-media-offsite-659d6b4e'] }] } }] }
    `,
  });

  refuses('job-shut-out', [], 'let in the jobs at the port of a store in the cluster', {
    build: ({ app, chart }, changed) => {
      const to = s3Location('minio', {
        endpoint: 'http://minio.minio.svc:9000',
        bucket: 'backups',
        failureDomain: 'cluster',
        keptIn: 'sealed envelope, bank',
        reachedAt: { namespace: 'minio', labels: { app: 'minio' }, port: 9000 },
      });
      new BackedUpPostgres(chart, 'db', {
        storage: Size.gibibytes(20),
        backup: [continuous({ to: offsite, restoreWindow: Duration.days(30) }), nightly({ to, keep: { daily: 14 } })],
      });
      policy(new Chart(app, 'minio', { namespace: 'minio' }), {
        podSelector: { matchLabels: { app: 'minio' } },
        ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: changed ? 9001 : 9000 }] }],
      });
    },
    says: `
      1 NetworkPolicy that keeps jobs out: [job-shut-out]

        ✖ NetworkPolicy minio/db
            made by          minio/policy-db
            because          no policy lets CronJob paperless/db-dump-minio and CronJob paperless/db-dump-minio-upkeep in to port 9000 of the pods with app=minio
            to fix           { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'paperless' } }, podSelector: { matchExpressions: [{ key: 'backed-up/job', operator: 'In', values: ['db-dump-minio', 'db-dump-minio-upkeep'] }] } }] }
    `,
  });

  const rangesOf = (changed: boolean): ScenarioOptions => ({
    platform: { clusterRanges: changed ? ['10.244.0.0/16'] : [] },
  });

  refuses('job-shut-out', [], 'with a range of addresses that may be those of pods', {
    options: rangesOf,
    build: ({ chart }) => {
      plainPostgres(chart);
      policy(chart, { ingress: [{ from: [{ ipBlock: { cidr: '192.168.1.0/24' } }] }] });
    },
    says: `
      1 NetworkPolicy that keeps jobs out: [job-shut-out]

        ✖ NetworkPolicy paperless/db
            made by          example/policy-db
            because          no policy lets CronJob paperless/db-dump-offsite in to port 5432 of the pods with app=db
            to fix           { from: [{ podSelector: { matchLabels: { 'backed-up/job': 'db-dump-offsite' } } }] }
    `,
  });
});

/** The repository of an application, in which nobody sees the namespace `backed-up`. */
const ofAnApplication: ScenarioOptions = {
  ...withRook,
  props: {
    ...Object.fromEntries(Object.keys(clusterAnswers).map((ref) => [ref, undefined])),
    clusterWide: 'The repository of the cluster answers for them.',
  } as never,
};

describe('a job is let in', () => {
  function explained(build: (scenario: Scenario) => void, options?: ScenarioOptions): string {
    return explain(synthesizeScenario(build, options).findings);
  }

  it.each<[string, Record<string, unknown>, ScenarioOptions?]>([
    ['by a rule for everybody', { ingress: [{}] }],
    ['by a policy that is only about what goes out', { policyTypes: ['Egress'] }],
    ['by a policy that is about other pods', { podSelector: { matchLabels: { app: 'db', tier: 'cache' } } }],
    ['with all pods of its namespace', { ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 5432 }] }] }],
    [
      'with its whole namespace, by the name',
      { ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'paperless' } } }] }] },
    ],
    ['in a range of ports', { ingress: [{ ports: [{ port: 5000, endPort: 6000 }] }] }],
    [
      'in a range of addresses of the pods',
      { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] },
      { platform: { clusterRanges: ['10.244.0.0/16'] } },
    ],
  ])('%s', (_what, spec, options) => {
    const build = ({ chart }: Scenario): void => {
      plainPostgres(chart);
      policy(chart, spec);
    };
    expect(explained(build, options)).toBe('');
  });

  it('with namespaces that nobody sees, which may have any label', () => {
    const build = ({ app, chart }: Scenario): void => {
      bucket(chart);
      policy(new Chart(app, 'ceph', { namespace: 'rook-ceph' }), {
        podSelector: { matchLabels: { app: 'rook-ceph-rgw' } },
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'media' } } }] }],
      });
    };
    expect(explained(build, ofAnApplication)).toBe('');
  });

  it('by another policy than the one that closes, also for labels that only an operator puts on', () => {
    const build = ({ chart }: Scenario): void => {
      cluster(chart);
      policy(chart, { podSelector: {} }, 'deny');
      policy(chart, {
        podSelector: { matchLabels: { 'cnpg.io/instanceName': 'db-1' } },
        ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'backed-up/job', operator: 'Exists' }] } }] }],
      });
    };
    expect(explained(build)).toBe('');
  });

  it('to one of two workloads with its labels, which may be the one that is meant', () => {
    const build = ({ chart, app }: Scenario): void => {
      plainPostgres(chart);
      exporter(app);
      policy(chart, { podSelector: { matchLabels: { app: 'db', tier: 'metrics' } } });
    };
    expect(explained(build)).toBe('');
  });

  function exporter(app: App): void {
    const labels = { app: 'db', tier: 'metrics' };
    new ApiObject(new Chart(app, 'metrics', { namespace: 'paperless' }), 'exporter', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'exporter' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'exporter', image: 'exporter:1.0' }] } },
      },
    });
  }
});
