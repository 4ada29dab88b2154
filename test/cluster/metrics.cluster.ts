/**
 * What the Prometheus of `dist/` knows of its backups, with the NetworkPolicies of `dist/` in force: of jobs by
 * kube-state-metrics, of the database by the PodMonitor.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import { distObjects, type Addresses } from '../servers/support/dist';
import { until } from '../servers/support/tools';
import { connect } from './support/cluster';
import { failureOf, jobsOf } from './support/jobs';
import { prometheusOf, type Prometheus } from './support/monitoring';
import { preparePlatform, secret } from './support/platform';

const cluster = connect(inject('kubeconfig'));

/** Of this suite alone: a job that cannot succeed, and a database that nobody else copies. */
const SPACE = 'lab-metrics';
const PROBE = { job: 'probe-grants', keys: 'rook-ceph-object-user-store-a-backed-up' };
const LAST_COPY = 'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp';

describe.skipIf(!inject('lab'))('the Prometheus of dist/', () => {
  let prometheus: Prometheus;

  beforeAll(async () => {
    const { offsite } = await preparePlatform(cluster);
    await cluster.create(
      ...distObjects('monitoring').filter(({ kind }) => !kind.startsWith('Helm')),
      ...distObjects('backup-metrics'),
      ...jobsOf('cluster-backup'),
      ...jobsOf('forge-backup'),
      ...distObjects('forge').filter(isOfDatabase),
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: SPACE } },
    );
    await cluster.apply(
      secret(SPACE, 'backed-up-offsite', offsite.secret),
      ...databaseOfItsOwn(),
      ...jobThatFails(),
      await keysOfProbe(),
    );
    prometheus = await prometheusOf(cluster);
  });

  afterAll(async () => cluster.kubectl('delete', 'namespace', SPACE, '--wait=false'));

  it('knows when a job has succeeded', async () => {
    // Another suite takes its grant away for a moment.
    await until('a probe that succeeds', 150, async () => (await failureOf(cluster, 'backed-up', PROBE.job)) === '');
    const time = await secondsIn('backed-up', `cronjob/${PROBE.job}`, 'lastSuccessfulTime');
    const metric = `kube_cronjob_status_last_successful_time{namespace="backed-up",cronjob="${PROBE.job}"}`;
    expect(await prometheus.learns(`${metric} >= ${time}`)).toHaveLength(1);
  });

  it('knows that a job fails, and that it has never succeeded', async () => {
    await kubectl('create', 'job', 'fails', `--from=cronjob/${PROBE.job}`);
    await kubectl('wait', 'job/fails', '--for=condition=Failed', '--timeout=150s');
    // Until the job gives up, there is one without a reason, which counts the pods that have failed.
    const failed = `kube_job_status_failed{namespace="${SPACE}",reason="BackoffLimitExceeded"} == 1`;
    const owner = `kube_job_owner{owner_kind="CronJob",owner_name="${PROBE.job}"}`;
    const ofCronJob = `(${failed}) * on (namespace, job_name) group_left (owner_name) ${owner}`;
    expect(await prometheus.learns(ofCronJob)).toMatchObject([
      { labels: { job_name: 'fails', owner_name: PROBE.job } },
    ]);
    const made = `kube_cronjob_created{namespace="${SPACE}",cronjob="${PROBE.job}"}`;
    expect(await prometheus.ask(made)).toHaveLength(1);
    expect(
      await prometheus.ask(`${made} unless on (namespace, cronjob) kube_cronjob_status_last_successful_time`),
    ).toHaveLength(1);
  });

  it('is led to the database by the PodMonitor', async () => {
    expect(await prometheus.learns('up{job="forge/db",pod="db-1"} == 1')).toHaveLength(1);
    expect(await prometheus.learns(`${LAST_COPY}{job="forge/db",pod="db-1"}`)).toHaveLength(1);
  });

  it('knows when the database was last copied', async () => {
    const metric = `${LAST_COPY}{namespace="${SPACE}",pod="db-1"}`;
    expect(await prometheus.learns(metric)).toMatchObject([{ value: 0 }]);
    await cluster.apply(BACKUP);
    await until('a base copy', 150, async () => {
      // The server would take minutes over the one that a base copy begins with.
      await kubectl('exec', 'db-1', '--container=postgres', '--', 'psql', '--command=checkpoint');
      return (await kubectl('get', BACKUPS, 'db', '--output=jsonpath={.status.phase}')) === 'completed';
    });
    const time = await secondsIn(SPACE, `${BACKUPS}/db`, 'startedAt');
    expect(await prometheus.learns(`${metric} >= ${time}`)).toHaveLength(1);
  });
});

const BACKUPS = 'backups.postgresql.cnpg.io';

/** As docs/postgres.md has it. */
const BACKUP: KubeObject = {
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Backup',
  metadata: { name: 'db', namespace: SPACE },
  spec: {
    cluster: { name: 'db' },
    method: 'plugin',
    pluginConfiguration: { name: 'barman-cloud.cloudnative-pg.io' },
  },
};

function isOfDatabase({ kind }: KubeObject): boolean {
  return ['Cluster', 'ObjectStore'].includes(kind);
}

function databaseOfItsOwn(): readonly KubeObject[] {
  const here: Addresses = [
    ['namespace: forge', `namespace: ${SPACE}`],
    ['home/data/forge', `home/data/${SPACE}`],
  ];
  return [...distObjects('forge', here).filter(isOfDatabase), ...distObjects('backup-metrics', here)];
}

/** Its probe asks for a bucket that is not there. */
function jobThatFails(): readonly KubeObject[] {
  const here: Addresses = [
    ['namespace: backed-up', `namespace: ${SPACE}`],
    ['value: forge-attachments', 'value: nobodys-bucket'],
  ];
  return distObjects('cluster-backup', here).filter(({ metadata }) => metadata.name.startsWith(PROBE.job));
}

async function keysOfProbe(): Promise<KubeObject> {
  const keys = JSON.parse(
    await cluster.kubectl('-n', 'backed-up', 'get', 'secret', PROBE.keys, '--output=json'),
  ) as KubeObject;
  return { ...keys, metadata: { name: PROBE.keys, namespace: SPACE } };
}

/** A time of an object's status, as metrics have it, once somebody has written it. */
async function secondsIn(namespace: string, object: string, field: string): Promise<number> {
  let time = '';
  await until(`${field} of ${object}`, 60, async () => {
    time = await cluster.kubectl('-n', namespace, 'get', object, `--output=jsonpath={.status.${field}}`);
    return time !== '';
  });
  return Date.parse(time) / 1000;
}

async function kubectl(...words: readonly string[]): Promise<string> {
  return cluster.kubectl('-n', SPACE, ...words);
}
