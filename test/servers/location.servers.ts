import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdSnapshot } from '../../lib/jobs/etcd';
import { clusterDatasetId } from '../../lib/model/dataset';
import { startEtcd, type EtcdServer } from './support/etcd';
import { passToStore } from './support/faulty-store';
import { makeJob, type Job } from './support/job';
import { makeStore, type Store } from './support/store';

describe('a store with a certificate of its own authority', () => {
  let etcd: EtcdServer;
  let store: Store;
  let job: Job;
  let port: number;
  let close: () => void;

  beforeAll(async () => {
    [etcd, store] = await Promise.all([startEtcd(), makeStore()]);
    await etcd.etcdctl(['put', '/registry/key', 'value']);
    job = makeJob(store, clusterDatasetId('etcd', 'lab'), etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node }));
    const file = (name: string): Buffer => readFileSync(join(etcd.node, 'pki', 'etcd', name));
    const server = createServer({ cert: file('server.crt'), key: file('server.key') }, passToStore);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    close = () => server.close().closeAllConnections();
  });
  afterAll(async () => {
    close();
    await etcd.remove();
  });

  const secure = (customCa: boolean): Store['location'] => ({
    ...store.location,
    endpoint: `https://127.0.0.1:${port}`,
    customCa,
  });

  it('is refused where nobody vouches for it', async () => {
    const { failed } = await job.run({ job: { location: secure(false), answerSeconds: 60 } });
    expect(failed?.name).toBe('begin');
    expect(failed?.message).toMatch(/certificate signed by unknown authority|failed to verify certificate/);
    expect(await job.receipts()).toEqual([]);
  });

  it('is taken with the certificate of its authority from the Secret', async () => {
    const ca = readFileSync(join(etcd.node, 'pki', 'etcd', 'ca.crt'), 'utf8');
    const secrets = { 'backed-up-offsite': { ...store.secret, 'ca.crt': ca } };
    const { failed } = await job.run({ job: { location: secure(true) }, secrets });
    expect(failed).toBeUndefined();
    expect(await job.receipts()).toHaveLength(1);
    expect((await job.upkeep({ job: { location: secure(true) }, secrets })).failed).toBeUndefined();
  });
});
