/** A member of etcd with a megabyte in it, and the job that copies it to a store of its own. */
import { etcdSnapshot } from '../../../lib/jobs/etcd';
import { clusterDatasetId } from '../../../lib/model/dataset';
import { startEtcd, type EtcdServer } from './etcd';
import { makeJob, type Job } from './job';
import { makeStore, type Store } from './store';

export interface EtcdJob {
  readonly etcd: EtcdServer;
  readonly store: Store;
  readonly job: Job;
}

export async function startEtcdJob(): Promise<EtcdJob> {
  const [etcd, store] = await Promise.all([startEtcd(), makeStore()]);
  await etcd.etcdctl(['put', '/registry/large'], 'x'.repeat(1_000_000));
  const source = etcdSnapshot({ endpoint: etcd.endpoint, folder: etcd.node });
  return { etcd, store, job: makeJob(store, clusterDatasetId('etcd', 'lab'), source) };
}
