/** The jobs of `dist/`, run once, as they are. */
import type { KubeObject } from '../../../lib/model/kube-object';
import { distObjects } from '../../servers/support/dist';
import { until } from '../../servers/support/tools';
import type { Cluster } from './cluster';

/** The jobs of a folder, with what they run on. */
export function jobsOf(folder: string): readonly KubeObject[] {
  return distObjects(folder).filter(
    ({ kind, metadata }) => ['ConfigMap', 'CronJob', 'NetworkPolicy'].includes(kind) && metadata.namespace !== 'velero',
  );
}

/** Of this suite; another one may run the same job. */
let runs = 0;

/** Runs a CronJob once, now. @returns what its pod ended with, or nothing when it succeeded. */
export async function failureOf(cluster: Cluster, namespace: string, cronJob: string): Promise<string> {
  runs += 1;
  const job = `${cronJob.slice(0, 40)}-${process.pid}-${runs}`;
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
