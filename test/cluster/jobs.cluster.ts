/** The generated jobs, as they stand in `dist/`: in their namespace, with their NetworkPolicy, against real servers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { textAt, type KubeObject } from '../../lib/model/kube-object';
import { makeBucket, type Bucket } from '../servers/support/bucket';
import { distObjects, named } from '../servers/support/dist';
import { backupUser, putPolicy } from '../servers/support/rgw';
import { makeStore, type Store } from '../servers/support/store';
import { output, tool, until } from '../servers/support/tools';
import { connect } from './support/cluster';
import { finished, pod } from './support/pods';
import { LOCAL_PORT } from './support/store';

const cluster = connect(inject('kubeconfig'));

/** What Rook makes of the backup user. */
const ROOK_SECRET = 'rook-ceph-object-user-store-a-backed-up';

describe.skipIf(!inject('lab'))('the jobs of dist/', () => {
  let offsite: Store;
  let bucket: Bucket;

  beforeAll(async () => {
    offsite = await makeStore('offsite', 'battery', { bucket: 'home-backups', prefix: 'home' });
    await offsite.rclone('backend', 'versioning', 's:home-backups', 'Enabled');
    const backup = await backupUser();
    bucket = await makeBucket('forge-attachments');
    const claim = named(distObjects('forge'), 'ObjectBucketClaim', 'attachments');
    await putPolicy(bucket.owner, bucket.name, textAt(claim, 'spec', 'additionalConfig', 'bucketPolicy') ?? '');
    await bucket.put('one', 'content');
    await cluster.apply(...distObjects('namespaces'));
    const rook = {
      Endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc:80',
      AccessKey: backup.accessKey,
      SecretKey: backup.secretKey,
    };
    await cluster.apply(
      secret('kube-system', 'backed-up-offsite', offsite.secret),
      secret('backed-up', 'backed-up-offsite', offsite.secret),
      secret('backed-up', ROOK_SECRET, rook),
      ...['cluster-backup', 'forge-backup'].flatMap((folder) => distObjects(folder).filter(isOfJobs)),
    );
  });

  it('copy etcd, and the copy restores with what was in it', async () => {
    const marker = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'marker', namespace: 'default' } };
    await cluster.apply(marker);
    expect(await failureOf('kube-system', 'etcd-offsite')).toBe('');
    const [snapshot, ...more] = await offsite.snapshots('home/data/_cluster/etcd_home');
    expect(more).toEqual([]);
    expect(await offsite.receipts('home/receipts/_cluster/etcd_home')).toHaveLength(1);
    expect(await keysOf(snapshot?.id ?? '')).toContain('/registry/configmaps/default/marker');
  });

  it('keep the repository of etcd in order', async () => {
    expect(await failureOf('kube-system', 'etcd-offsite-upkeep')).toBe('');
    expect(await offsite.snapshots('home/data/_cluster/etcd_home')).toHaveLength(1);
  });

  it('probe the grants, and find one that is gone', async () => {
    expect(await failureOf('backed-up', 'probe-grants')).toBe('');
    await bucket.revoke();
    expect(await failureOf('backed-up', 'probe-grants')).toMatch(/forge-attachments is not listed: .*AccessDenied/);
    await bucket.grant();
  });

  it('mirror a bucket', async () => {
    expect(await failureOf('backed-up', 'mirror-forge-attachments-offsite-233681aa')).toBe('');
    const mirror = 's:home-backups/home/data/forge/objectbucketclaim_attachments/current';
    expect(await offsite.rclone('lsf', '--recursive', mirror)).toBe('one\n');
    expect(await offsite.rclone('cat', `${mirror}/one`)).toBe('content');
  });

  it('reach what their NetworkPolicy allows, and nothing else', async () => {
    // The same gateway, by the address of its pod and by that of the machine.
    const script = `sleep 3
      ask() { { timeout 5 wget -qO- "$2" > /dev/null && echo "$1"; } 2> /dev/null || true; }
      ask store http://rook-ceph-rgw-store-a.rook-ceph.svc/
      ask machine http://host.lab.example:${LOCAL_PORT}/`;
    const labels = { 'backed-up/job': 'probe-grants' };
    expect((await finished(cluster, pod('backed-up', 'as-anybody', script))).log).toBe('store\nmachine\n');
    expect((await finished(cluster, pod('backed-up', 'as-the-probe', script, { labels }))).log).toBe('store\n');
  });

  /** All keys of the etcd that a snapshot holds. */
  async function keysOf(snapshot: string): Promise<readonly string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'backed-up-restored-'));
    try {
      const restored = await offsite.restic('home/data/_cluster/etcd_home', 'restore', snapshot, `--target=${folder}`);
      expect(restored).toMatchObject({ code: 0 });
      const files = await output('find', [folder, '-name', 'snapshot.db']);
      const hash = await output(tool('etcdutl'), ['snapshot', 'status', files.trim(), '--write-out=json']);
      expect((JSON.parse(hash) as { totalKey: number }).totalKey).toBeGreaterThan(100);
      return (await output('grep', ['--text', '--only-matching', '/registry/configmaps/[a-z/-]*', files.trim()])).split(
        '\n',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
});

let runs = 0;

/** Runs a CronJob once, now. @returns what its pod ended with, or nothing when it succeeded. */
async function failureOf(namespace: string, cronJob: string): Promise<string> {
  runs += 1;
  const job = `${cronJob.slice(0, 40)}-${runs}`;
  const kubectl = async (...words: readonly string[]): Promise<string> => cluster.kubectl('-n', namespace, ...words);
  await kubectl('create', 'job', job, `--from=cronjob/${cronJob}`);
  // One failed pod is answer enough: those that follow would say the same.
  let status = '';
  await until(`the end of job ${job}`, 170, async () => {
    status = await kubectl('get', 'job', job, '--output=jsonpath={.status.succeeded}/{.status.failed}');
    return status !== '/';
  });
  if (status === '1/') return '';
  const pods = ['get', 'pods', `--selector=job-name=${job}`];
  const state = '{.state.terminated.message}{"\\n"}';
  const all = `{range .items[*].status.initContainerStatuses[*]}${state}{end}{range .items[*].status.containerStatuses[*]}${state}{end}`;
  const messages = (await kubectl(...pods, `--output=jsonpath=${all}`)).trim();
  await kubectl('delete', 'job', job);
  return messages === '' ? 'failed without a word' : messages;
}

function isOfJobs({ kind, metadata }: KubeObject): boolean {
  return ['ConfigMap', 'CronJob', 'NetworkPolicy'].includes(kind) && metadata.namespace !== 'velero';
}

function secret(namespace: string, name: string, stringData: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData };
}
