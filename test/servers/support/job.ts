/** A job as it is rendered, written as YAML, read again, and run. */
import { parseAllDocuments } from 'yaml';
import { backupJob, upkeepJob, type BackupJobOptions, type UpkeepJobOptions } from '../../../lib/jobs/backup-job';
import { storePaths } from '../../../lib/jobs/store';
import type { Source } from '../../../lib/jobs/step';
import type { DatasetId } from '../../../lib/model/dataset';
import { secretNameOf } from '../../../lib/model/location';
import { isKubeObject, type KubeObject } from '../../../lib/model/kube-object';
import type { Receipt } from '../../../lib/model/receipt';
import { isScheduleProblem, makeSchedule, type Schedule } from '../../../lib/model/schedule';
import { emitYaml } from '../../../lib/yaml/emit';
import { runPod, type PodOptions, type PodResult } from './pod';
import type { Store } from './store';

/** What a test may say of one run. */
export interface Run<Options = BackupJobOptions> extends Omit<PodOptions, 'secrets'> {
  readonly job?: Partial<Options>;
  /** Replaces what the Secrets hold. */
  readonly secrets?: PodOptions['secrets'];
}

/** A job that leaves receipts. */
export interface ReceiptJob<Options> {
  readonly dataset: DatasetId;
  readonly run: (run?: Run<Options>) => Promise<PodResult>;
  readonly receipts: () => Promise<readonly Receipt[]>;
  readonly receiptsPath: string;
}

export interface Job extends ReceiptJob<BackupJobOptions> {
  /** Runs the upkeep of its repository, which keeps one snapshot. */
  readonly upkeep: (run?: Run<UpkeepJobOptions>) => Promise<PodResult>;
  readonly snapshots: Store['snapshots'];
  /** Path of the repository in the bucket. */
  readonly repository: string;
}

/** What the jobs of all tests are told. */
export function jobOptions(store: Store, dataset: DatasetId) {
  return {
    namespace: 'forge',
    cluster: 'lab',
    dataset,
    location: store.location,
    store: { outsideOf: ['10.0.0.0/8'], port: 443 },
    schedule: nightly(),
    scratch: { size: '512Mi' },
    deadlineSeconds: 120,
    answerSeconds: 15,
  };
}

export function makeJob(
  store: Store,
  dataset: DatasetId,
  source: Source,
  secrets: PodOptions['secrets'] = {},
  claims: PodOptions['claims'] = {},
  configMaps: PodOptions['configMaps'] = {},
): Job {
  const paths = storePaths(store.location, 'lab', dataset);
  const shared = { ...jobOptions(store, dataset), name: 'dump' };
  const open = cheaply(async () => store.openCheaply(paths.data));
  return {
    dataset,
    repository: paths.data,
    receiptsPath: paths.receipts,
    run: async ({ job, secrets: otherSecrets, ...pod } = {}) => {
      const objects = backupJob({ ...shared, source, ...job });
      return open(async () =>
        runPod(throughYaml(objects), {
          claims,
          configMaps,
          ...pod,
          secrets: { [secretNameOf(store.location)]: store.secret, ...secrets, ...otherSecrets },
        }),
      );
    },
    upkeep: async ({ job, secrets: otherSecrets, ...pod } = {}) => {
      const objects = upkeepJob({ ...shared, keep: { yearly: 1 }, ...job });
      return runPod(throughYaml(objects), {
        ...pod,
        secrets: { [secretNameOf(store.location)]: store.secret, ...otherSecrets },
      });
    },
    receipts: async () => store.receipts(paths.receipts),
    snapshots: store.snapshots,
  };
}

/** After the first run that has gone well, and beside no other, the repository opens without much work. */
export function cheaply(openCheaply: () => Promise<void>): (run: () => Promise<PodResult>) => Promise<PodResult> {
  let running = 0;
  let isCheap = false;
  return async (run) => {
    running += 1;
    const result = await run().finally(() => (running -= 1));
    if (result.succeeded && running === 0 && !isCheap) {
      isCheap = true;
      await openCheaply();
    }
    return result;
  };
}

export function nightly(): Schedule {
  const schedule = makeSchedule('10 3 * * *', 'Etc/UTC');
  if (isScheduleProblem(schedule)) throw new Error(schedule.problem);
  return schedule;
}

export function throughYaml(objects: readonly KubeObject[]): readonly KubeObject[] {
  const text = objects.map((object) => `---\n${emitYaml(object)}`).join('');
  return parseAllDocuments(text)
    .map((document): unknown => document.toJS())
    .filter(isKubeObject);
}
