/** The jobs of the example cluster as Flux would apply them: what stands in `dist/` is what runs here. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, listAt, textAt, type KubeObject } from '../../lib/model/kube-object';
import { podTemplateOf } from '../../lib/model/workloads';
import { keysOf, makeBucket, told, type Bucket } from './support/bucket';
import { distObjects, named, runFromDist, type Addresses } from './support/dist';
import { startEtcd, type EtcdServer } from './support/etcd';
import { createGiteaDatabase, GITEA_DATABASE, ownByGitea, startGitea, type GiteaServer } from './support/gitea';
import { claimedBucket, fillBucket, fillGitea, giteaDigest } from './support/gitea-data';
import { rookSecret } from './support/mirror';
import type { PodOptions } from './support/pod';
import { startPostgres, type PostgresServer } from './support/postgres';
import { backupUser, endpoint, putPolicy } from './support/rgw';
import type { S3User } from './support/s3';
import { makeStore, type Store } from './support/store';
import { backupsIn, makeVeleroStore, restoreFrom } from './support/velero-store';

const CLUSTER_JOBS = 'cluster-backup';
const FORGE_JOBS = 'forge-backup';

/** Names of the example's buckets; the gateway is the run's own. */
const BUCKETS = { local: 'backups', offsite: 'home-backups' };

/** Gitea stores files while a transaction is open. */
const DATABASE = { tls: true, settings: { idle_in_transaction_session_timeout: '1min' } };

describe('the jobs of dist/', () => {
  let local: Store;
  let offsite: Store;
  let backup: S3User;
  let bucket: Bucket;
  let etcd: EtcdServer;
  let postgres: PostgresServer;
  let gitea: GiteaServer;

  beforeAll(async () => {
    [local, offsite, backup, etcd, postgres] = await Promise.all([
      makeStore('local', 'horse', { bucket: BUCKETS.local, prefix: 'home' }),
      makeStore('offsite', 'battery', { bucket: BUCKETS.offsite, prefix: 'home' }),
      backupUser(),
      startEtcd(),
      startPostgres(DATABASE),
    ]);
    await offsite.rclone('backend', 'versioning', `s:${BUCKETS.offsite}`, 'Enabled');
    bucket = await makeBucket();
    const claim = named(distObjects('forge', [bucketHere()]), 'ObjectBucketClaim', 'attachments');
    await putPolicy(bucket.owner, bucket.name, textAt(claim, 'spec', 'additionalConfig', 'bucketPolicy') ?? '');
    await createGiteaDatabase(postgres);
    gitea = await startGitea(postgres, settingsOf(named(distObjects('forge'), 'StatefulSet', 'gitea'), bucket));
    await fillGitea(gitea, postgres);
    // There is no runner, so that nobody but the test puts what one would leave into the bucket.
    await fillBucket(bucket, gitea, 'Actions logs', 'Actions artifacts');
  });
  afterAll(async () => {
    await gitea.remove();
    await postgres.stop();
    await etcd.remove();
  });

  /** Names of the CronJobs that have been run. */
  const ran = new Set<string>();

  // Other tests have a bucket of that name.
  const bucketHere = (): Addresses[number] => [/(?<!mirror-)forge-attachments/g, bucket.name];
  const addresses = (): Addresses => [
    bucketHere(),
    ['https://s3.example.net', endpoint()],
    [/http:\/\/rook-ceph-rgw-store-a\.rook-ceph\.svc(:\d+)?/g, endpoint()],
    ['https://127.0.0.1:2379', etcd.endpoint],
    ['/etc/kubernetes', etcd.node],
    ['db-rw.forge.svc', '127.0.0.1'],
    ['"5432"', `"${postgres.port}"`],
  ];
  const secrets = (): PodOptions['secrets'] => ({
    'backed-up-local': local.secret,
    'backed-up-offsite': offsite.secret,
    'db-superuser': postgres.secret,
    'db-app': { ...gitea.secret, dbname: GITEA_DATABASE },
    ...rookSecret(backup),
    ...claimedBucket(bucket).secrets,
  });

  /** @returns what is wrong with runs of these jobs, one after another. */
  async function failuresOf(folder: string, ...cronJobs: readonly string[]): Promise<readonly unknown[]> {
    const failures: unknown[] = [];
    for (const cronJob of cronJobs) {
      const { configMaps } = claimedBucket(bucket);
      const options = { secrets: secrets(), configMaps, claims: { 'data-gitea-0': gitea.volume } };
      const { failed } = await runFromDist(distObjects(folder, addresses()), cronJob, options);
      ran.add(cronJob);
      if (failed !== undefined) failures.push({ cronJob, failed });
    }
    return failures;
  }

  it('copy etcd, and keep its repository in order', async () => {
    await etcd.etcdctl(['put', '/registry/key', 'value']);
    expect(await failuresOf(CLUSTER_JOBS, 'etcd-offsite')).toEqual([]);
    const path = 'home/data/_cluster/etcd_home';
    expect(await offsite.snapshots(path)).toHaveLength(1);
    expect(await offsite.receipts('home/receipts/_cluster/etcd_home')).toHaveLength(1);
    expect(await failuresOf(CLUSTER_JOBS, 'etcd-offsite-upkeep')).toEqual([]);
    expect(await offsite.snapshots(path)).toHaveLength(1);
  });

  it('dump the database, and bring the dumps off-site', async () => {
    const jobs = [
      'db-dump-local',
      'db-dump-local-upkeep',
      'db-dump-local-to-offsite',
      'db-dump-local-to-offsite-upkeep',
    ];
    expect(await failuresOf(FORGE_JOBS, ...jobs)).toEqual([]);
    const times = async (store: Store) => (await store.snapshots('home/data/forge/cluster_db')).map(({ time }) => time);
    expect(await times(offsite)).toEqual(await times(local));
    expect(await times(local)).toHaveLength(1);
  });

  it('mirror what Velero has stored', async () => {
    const velero = await makeVeleroStore(local, 'home/velero');
    const digest = await velero.backUp('first');
    expect(await failuresOf(CLUSTER_JOBS, 'velero-local-to-offsite-b29b4277')).toEqual([]);
    const mirror = 'home/mirrors/local/velero';
    expect(await backupsIn(offsite, mirror)).toEqual(['first']);
    expect(await restoreFrom(offsite, mirror, 'first')).toBe(digest);
  });

  it('try the grants', async () => {
    expect(await failuresOf(CLUSTER_JOBS, 'probe-grants')).toEqual([]);
  });

  it('copy a Gitea that keeps its files in a bucket, miss none of them there (T01), and all of it comes back equal', async () => {
    const before = await giteaDigest(gitea);
    const jobs = ['gitea-local', 'gitea-local-upkeep', 'gitea-offsite', 'gitea-offsite-upkeep'];
    expect(await failuresOf(FORGE_JOBS, ...jobs, 'mirror-forge-attachments-offsite-233681aa')).toEqual([]);
    const [receipt] = await local.receipts('home/receipts/forge/statefulset_gitea_data');
    expect(receipt?.counts).toMatchObject({ repositories: 6, attachments: 3, 'LFS objects': 3, 'package files': 2 });

    for (const folder of ['lfs', 'attachments', 'packages', 'actions_log']) {
      const key = Object.keys(await bucket.content()).find((each) => each.startsWith(`${folder}/`)) ?? '';
      const { bytes } = await told(bucket.owner, { path: `/${bucket.name}/${key}` });
      await bucket.remove(key);
      expect(await failuresOf(FORGE_JOBS, 'gitea-local')).toMatchObject([
        {
          failed: {
            name: 'compare',
            message: expect.stringContaining(`, in ${folder} of the bucket 1 are not there, `),
          },
        },
      ]);
      await bucket.put(key, bytes);
    }

    await gitea.stop('SIGKILL');
    await postgres.stop();
    rmSync(gitea.volume, { recursive: true });
    await bucket.remove(...Object.keys(await bucket.content()));

    const folder = mkdtempSync(join(tmpdir(), 'backed-up-restore-'));
    postgres = await startPostgres(DATABASE);
    await createGiteaDatabase(postgres);
    const repository = 'home/data/forge/statefulset_gitea_data';
    expect((await local.restic(repository, 'restore', receipt?.copy ?? '', '--target', folder)).code).toBe(0);
    const dump = join(folder, 'data', `${GITEA_DATABASE}.dump`);
    await postgres.program('pg_restore', '--exit-on-error', '-d', GITEA_DATABASE, dump);
    cpSync(join(folder, 'data', 'files'), gitea.volume, { recursive: true, verbatimSymlinks: true });
    ownByGitea(gitea.volume);
    rmSync(folder, { recursive: true });
    const mirror = 'home/data/forge/objectbucketclaim_attachments/current/';
    for (const key of await keysOf(offsite.owner, BUCKETS.offsite, mirror)) {
      const { bytes } = await told(offsite.owner, { path: `/${BUCKETS.offsite}/${key}` });
      await bucket.put(key.slice(mirror.length), bytes);
    }

    gitea.settings = { ...gitea.settings, 'database.HOST': `127.0.0.1:${postgres.port}` };
    await gitea.start();
    expect((await gitea.program('admin', 'regenerate', 'hooks')).code).toBe(0);
    expect(await giteaDigest(gitea)).toEqual(before);
  });

  it('have all run by now', () => {
    const rendered = readdirSync('dist', { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => distObjects(name))
      .filter(({ kind }) => kind === 'CronJob');
    expect(rendered.map(({ metadata }) => metadata.name).filter((name) => !ran.has(name))).toEqual([]);
    expect(rendered.length).toBeGreaterThan(10);
  });
});

/** What the pods of Gitea are told of their bucket, with what Rook would say of the claim. */
function settingsOf(gitea: KubeObject, bucket: Bucket): Readonly<Record<string, string>> {
  const { hostname, port } = new URL(endpoint());
  const said: Readonly<Record<string, string>> = {
    BUCKET_HOST: hostname,
    BUCKET_PORT: port,
    BUCKET_NAME: bucket.name,
    AWS_ACCESS_KEY_ID: bucket.owner.accessKey,
    AWS_SECRET_ACCESS_KEY: bucket.owner.secretKey,
  };
  const env: Record<string, string> = {};
  const [container] = listAt(podTemplateOf(gitea), 'spec', 'containers');
  for (const variable of listAt(container, 'env')) {
    const from = at(variable, 'valueFrom');
    const key = textAt(from, 'configMapKeyRef', 'key') ?? textAt(from, 'secretKeyRef', 'key') ?? '';
    const value = textAt(variable, 'value')?.replaceAll(/\$\((\w+)\)/g, (_, name: string) => env[name] ?? '');
    env[textAt(variable, 'name') ?? ''] = value ?? said[key] ?? '';
  }
  const ofStorage = Object.entries(env).filter(([name]) => name.startsWith('GITEA__storage__'));
  return Object.fromEntries(ofStorage.map(([name, value]) => [name.slice('GITEA__'.length).replace('__', '.'), value]));
}
