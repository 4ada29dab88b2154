/** ResourceQuotas and LimitRanges of the namespace that jobs run in. */
import { ApiObject, Duration, Size, type Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { BackedUpPostgres, continuous, nightly, s3Location } from '../../lib';
import { plainPostgres } from '../support/plain-postgres';
import { refuses } from '../support/rule-test';
import { explain, offsite, platform, synthesizeScenario } from '../support/scenario';

function quota(chart: Chart, spec: object): void {
  new ApiObject(chart, 'quota', { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'quota' }, spec });
}

function range(chart: Chart, ...limits: readonly object[]): void {
  new ApiObject(chart, 'range', {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'range' },
    spec: { limits },
  });
}

const JOBS = 'CronJob paperless/db-dump-offsite and CronJob paperless/db-dump-offsite-upkeep';
const CPU = { hard: { 'limits.cpu': '8' } };

function says(object: string, because: string, remedies: string): string {
  return `
    1 ResourceQuota or LimitRange that refuses the pods of jobs: [job-over-limits]

      ✖ ${object}
          made by          example/${object.endsWith('quota') ? 'quota' : 'range'}
          because          ${because}
          ${remedies}
  `;
}

const CPU_REMEDIES = `to fix           cpuLimit: '1'
          what to do       say that in jobs.resources of the platform, or let a LimitRange of the namespace say default.cpu`;

describe('the pods of jobs', () => {
  refuses('job-over-limits', [], 'have no limit of CPU, which a ResourceQuota counts', {
    options: (changed) => ({ platform: { ...platform, jobs: changed ? {} : { resources: { cpuLimit: '1' } } } }),
    build: ({ chart }) => {
      plainPostgres(chart);
      quota(chart, CPU);
    },
    says: says(
      'ResourceQuota paperless/quota',
      `it counts limits.cpu, and containers of ${JOBS} have none`,
      CPU_REMEDIES,
    ),
  });

  for (const [resource, type, bound, asked, accepted, remedy] of [
    [
      'max.memory',
      'Container',
      '512Mi',
      '1Gi',
      '1Gi',
      'say another memory and memoryLimit in jobs.resources of the platform',
    ],
    [
      'max.memory',
      'Pod',
      '512Mi',
      '1Gi',
      '8Gi',
      'say another memory and memoryLimit in jobs.resources of the platform',
    ],
    [
      'min.memory',
      'Container',
      '512Mi',
      '256Mi',
      '64Mi',
      'say another memory and memoryLimit in jobs.resources of the platform',
    ],
    ['max.cpu', 'Container', '20m', '50m', '50m', 'say another cpu, or cpuLimit, in jobs.resources of the platform'],
    [
      'max.storage',
      'PersistentVolumeClaim',
      '10Gi',
      '20Gi',
      '20Gi',
      'say another scratch in the construct, as large as a copy',
    ],
  ] as const)
    refuses(
      'job-over-limits',
      [],
      `ask for ${resource.startsWith('max') ? 'more' : 'less'} than ${resource} of a LimitRange for ${type}`,
      {
        build: ({ chart }, changed) => {
          plainPostgres(chart);
          const [field = '', name = ''] = resource.split('.');
          range(chart, { type, [field]: { [name]: changed ? bound : accepted } });
        },
        says: says(
          'LimitRange paperless/range',
          `its ${resource} is ${bound}, which is ${resource.startsWith('max') ? 'less' : 'more'} than the ${asked} of ${resource === 'max.storage' ? 'CronJob paperless/db-dump-offsite' : JOBS}`,
          `what to do       ${remedy}, or let it allow that`,
        ),
      },
    );

  const MEMORY = 'say another memory and memoryLimit in jobs.resources of the platform';
  const SCRATCH = 'say another scratch in the construct, as large as a copy';
  for (const [name, bound, enough, asked, remedy] of [
    ['limits.memory', '512Mi', '1Gi', `1Gi of ${JOBS}`, MEMORY],
    ['requests.memory', '128Mi', '256Mi', `256Mi of ${JOBS}`, MEMORY],
    ['memory', '128Mi', '256Mi', `256Mi of ${JOBS}`, MEMORY],
    ['requests.cpu', '20m', '50m', `50m of ${JOBS}`, 'say another cpu, or cpuLimit, in jobs.resources of the platform'],
    ['requests.storage', '10Gi', '20Gi', '20Gi of CronJob paperless/db-dump-offsite', SCRATCH],
    [
      'ceph-block.storageclass.storage.k8s.io/requests.storage',
      '0',
      '21Gi',
      '20Gi of CronJob paperless/db-dump-offsite and the 10Gi of CronJob paperless/db-dump-offsite-upkeep',
      SCRATCH,
    ],
    ['persistentvolumeclaims', '0', '1', `1 of ${JOBS}`, undefined],
    ['ceph-block.storageclass.storage.k8s.io/persistentvolumeclaims', '0', '1', `1 of ${JOBS}`, undefined],
    ['count/persistentvolumeclaims', '0', '1', `1 of ${JOBS}`, undefined],
    ['pods', '0', '1', `1 of ${JOBS}`, undefined],
    ['count/pods', '0', '1', `1 of ${JOBS}`, undefined],
  ] as const)
    refuses('job-over-limits', [], `ask alone for more than ${name} of a ResourceQuota`, {
      build: ({ chart }, changed) => {
        plainPostgres(chart);
        quota(chart, { hard: { [name]: changed ? bound : enough } });
      },
      says: says(
        'ResourceQuota paperless/quota',
        `its ${name} is ${bound}, which is less than the ${asked}`,
        `what to do       ${remedy === undefined ? '' : `${remedy}, or `}let it allow that`,
      ),
    });

  refuses('job-over-limits', [], 'count for their container and for the server beside it', {
    build: ({ chart }, changed) => {
      const far = s3Location('far', {
        endpoint: 'https://far.example.net',
        bucket: 'backups',
        failureDomain: 'site',
        keptIn: 'sealed envelope, bank',
        mirror: nightly({ to: offsite }),
      });
      const dumped = { storage: Size.gibibytes(20), storageClass: 'ceph-block' };
      const log = continuous({ to: offsite, restoreWindow: Duration.days(30) });
      new BackedUpPostgres(chart, 'db', { ...dumped, backup: [nightly({ to: far, keep: { daily: 14 } }), log] });
      quota(chart, { hard: { 'limits.memory': changed ? '1Gi' : '2Gi', 'requests.cpu': changed ? '50m' : '100m' } });
    },
    says: `
      2 ResourceQuotas and LimitRanges that refuse the pods of jobs: [job-over-limits]

        ✖ ResourceQuota paperless/quota
            made by          example/quota
            because          its limits.memory is 1Gi, which is less than the 2Gi of CronJob paperless/db-dump-far-to-offsite
            what to do       say another memory and memoryLimit in jobs.resources of the platform, or let it allow that
        ✖ ResourceQuota paperless/quota
            made by          example/quota
            because          its requests.cpu is 50m, which is less than the 100m of CronJob paperless/db-dump-far-to-offsite
            what to do       say another cpu, or cpuLimit, in jobs.resources of the platform, or let it allow that
    `,
  });

  refuses('job-over-limits', [], 'have no limit of CPU, which a LimitRange wants of whole pods', {
    build: ({ chart }, changed) => {
      plainPostgres(chart);
      range(
        chart,
        { type: 'Pod', max: { cpu: '8' } },
        ...(changed ? [] : [{ type: 'Container', default: { cpu: '1' } }]),
      );
    },
    says: says(
      'LimitRange paperless/range',
      `it wants a limit of CPU, and containers of ${JOBS} have none`,
      CPU_REMEDIES,
    ),
  });

  it.each([
    ['a LimitRange gives one', (chart: Chart) => range(chart, { type: 'Container', max: { cpu: '2' } }), CPU],
    ['it is for some pods only', () => {}, { ...CPU, scopes: ['BestEffort'] }],
    ['it counts what they have', () => {}, { hard: { 'limits.memory': '8Gi', pods: '20' } }],
  ] as const)('may meet a ResourceQuota where %s', (_, build, spec) => {
    const { findings } = synthesizeScenario(({ chart }) => {
      plainPostgres(chart);
      quota(chart, spec);
      build(chart);
    });
    expect(explain(findings)).toBe('');
  });
});
