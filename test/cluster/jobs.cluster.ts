/** The generated jobs, as they stand in `dist/`: in their namespace, with their NetworkPolicy, against real servers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { output, tool } from '../servers/support/tools';
import { connect } from './support/cluster';
import { failureOf, jobsOf } from './support/jobs';
import { preparePlatform, type Platform } from './support/platform';
import { finished, pod } from './support/pods';
import { LOCAL_PORT } from './support/store';

const cluster = connect(inject('kubeconfig'));

describe.skipIf(!inject('lab'))('the jobs of dist/', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await preparePlatform(cluster);
    await cluster.create(...jobsOf('cluster-backup'));
  });

  it('copy etcd, and the copy restores with what was in it', async () => {
    const marker = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'marker', namespace: 'default' } };
    await cluster.apply(marker);
    expect(await failureOf(cluster, 'kube-system', 'etcd-offsite')).toBe('');
    const [snapshot, ...more] = await platform.offsite.snapshots('home/data/_cluster/etcd_home');
    expect(more).toEqual([]);
    expect(await platform.offsite.receipts('home/receipts/_cluster/etcd_home')).toHaveLength(1);
    expect(await keysOf(snapshot?.id ?? '')).toContain('/registry/configmaps/default/marker');
  });

  it('keep the repository of etcd in order', async () => {
    expect(await failureOf(cluster, 'kube-system', 'etcd-offsite-upkeep')).toBe('');
    expect(await platform.offsite.snapshots('home/data/_cluster/etcd_home')).toHaveLength(1);
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
      const restored = await platform.offsite.restic(
        'home/data/_cluster/etcd_home',
        'restore',
        snapshot,
        `--target=${folder}`,
      );
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
