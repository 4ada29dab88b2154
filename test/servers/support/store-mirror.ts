/** The mirror of a store as it is rendered. */
import { storeMirrorJob, type StoreFormatName, type StoreMirrorJobOptions } from '../../../lib/jobs/store-mirror-job';
import { storePaths } from '../../../lib/jobs/store';
import type { DatasetId } from '../../../lib/model/dataset';
import { secretNameOf } from '../../../lib/model/location';
import { jobOptions, throughYaml, type ReceiptJob } from './job';
import { runPod } from './pod';
import type { Store } from './store';

export interface StoreMirror extends ReceiptJob<StoreMirrorJobOptions> {
  /** Path in the bucket of the location. */
  readonly path: string;
}

/**
 * @param path of the store in the bucket of its location.
 * @param target path in that of the mirror.
 */
export function makeStoreMirror(
  format: StoreFormatName,
  from: Store,
  path: string,
  to: Store,
  target = `base/lab/mirrors/local/${path.split('/').slice(2).join('/')}`,
): StoreMirror {
  const dataset: DatasetId =
    format === 'velero'
      ? { group: 'velero.io', kind: 'BackupStorageLocation', namespace: 'velero', name: 'local' }
      : { group: 'barmancloud.cnpg.io', kind: 'ObjectStore', namespace: 'forge', name: 'db' };
  const options: StoreMirrorJobOptions = {
    ...jobOptions(to, dataset),
    name: 'mirror',
    format,
    from: { location: from.location, path },
    fromStore: { outsideOf: [], port: 443 },
    path: target,
  };
  const { receipts } = storePaths(to.location, 'lab', dataset);
  return {
    dataset,
    path: options.path,
    receiptsPath: receipts,
    receipts: async () => to.receipts(receipts),
    run: async ({ job, secrets, ...pod } = {}) =>
      runPod(throughYaml(storeMirrorJob({ ...options, ...job })), {
        ...pod,
        secrets: { [secretNameOf(from.location)]: from.secret, [secretNameOf(to.location)]: to.secret, ...secrets },
      }),
  };
}
