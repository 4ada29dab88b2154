/** The mirror of a repository as it is rendered. */
import { copyJob, type CopyJobOptions } from '../../../lib/jobs/copy-job';
import { storePaths } from '../../../lib/jobs/store';
import type { DatasetId } from '../../../lib/model/dataset';
import { secretNameOf } from '../../../lib/model/location';
import { cheaply, jobOptions, throughYaml, type ReceiptJob } from './job';
import { runPod } from './pod';
import type { Store } from './store';

export interface Copy extends ReceiptJob<CopyJobOptions> {
  /** Path of the repository in the buckets of both locations. */
  readonly repository: string;
}

export function makeCopy(from: Store, to: Store, dataset: DatasetId): Copy {
  const paths = storePaths(to.location, 'lab', dataset);
  const open = cheaply(async () => to.openCheaply(paths.data));
  return {
    dataset,
    repository: paths.data,
    receiptsPath: paths.receipts,
    receipts: async () => to.receipts(paths.receipts),
    run: async ({ job, secrets, ...pod } = {}) => {
      const objects = copyJob({
        ...jobOptions(to, dataset),
        name: 'copy',
        from: from.location,
        fromStore: { outsideOf: [], port: 443 },
        ...job,
      });
      return open(async () =>
        runPod(throughYaml(objects), {
          ...pod,
          secrets: { [secretNameOf(from.location)]: from.secret, [secretNameOf(to.location)]: to.secret, ...secrets },
        }),
      );
    },
  };
}
