/**
 * Copies of a dataset's restic repository to another location, re-encrypted with the password of that one:
 *
 *     begin     rclone   is the mirror's store there, and is there a repository?
 *     receipts  rclone   of which runs has the source receipts?
 *     source    restic   which snapshots does it have of those?
 *     store     rclone   serves the mirror's repository to the next one, beside it
 *     copy      restic   what is missing, compared with the source by time and content
 *     moment    rclone   when was the data read, by the receipt of the source?
 *     receipt   rclone   says in the mirror's store what was copied
 *
 * Two things speak for a server beside it: restic takes one pair of S3 keys for both sides, and the images bring one tool
 * each.
 */
import type { KubeObject } from '../model/kube-object';
import { secretNameOf, type Location } from '../model/location';
import { cronJobObjects, waits } from './cron-job';
import {
  aboutDataset,
  beginStep,
  findMomentStep,
  listReceiptsStep,
  receiptStep,
  smallestEnv,
  type JobOptions,
} from './receipted-job';
import type { Peer, Step } from './step';
import { caMounts, inStore, resticEnv, storeEnv, storePaths } from './store';

export interface CopyJobOptions extends JobOptions {
  /** Where the snapshots come from. */
  readonly from: Location;
  /** How the pods reach it. */
  readonly fromStore: Peer;
  /** Whether that is a mirror itself: to that only copies go of what a receipt speaks for, and all of them count. */
  readonly isFromMirror?: boolean;
  /**
   * The newest snapshot must have this much of the bytes of the last one that was copied, in percent, or the run fails.
   * Default 50; 0 for the one run after something large was deleted on purpose.
   */
  readonly smallestPercent?: number;
}

/** In the scratch volume, so that nothing but this pod reaches it. */
const SOCKET = '/scratch/store.sock';

/** CronJob, ConfigMap with the scripts, and NetworkPolicy of a job that mirrors one dataset's repository. */
export function copyJob(options: CopyJobOptions): readonly KubeObject[] {
  const { from, isFromMirror = false, location, cluster, dataset } = options;
  const paths = storePaths(location, cluster, dataset);
  const limits = waits(options);
  const source = resticEnv(from, cluster, storePaths(from, cluster, dataset));
  const { RESTIC_REPOSITORY, RESTIC_PASSWORD, ...keys } = source;
  const steps: readonly Step[] = [
    beginStep(options, paths.data),
    ...(isFromMirror ? [] : [listReceiptsStep(options, from)]),
    {
      name: 'source',
      image: 'restic',
      run: { script: 'list-restic.sh' },
      env: { ...limits, ...source },
      mounts: caMounts(from),
    },
    {
      name: 'store',
      image: 'rclone',
      // What is there is never overwritten, whatever asks for it; locks may go.
      run: {
        program: [
          'rclone',
          'serve',
          'restic',
          '--append-only',
          '--addr',
          `unix://${SOCKET}`,
          inStore(location, paths.data),
        ],
      },
      env: storeEnv(location),
      mounts: caMounts(location),
      isServer: true,
    },
    {
      name: 'copy',
      image: 'restic',
      run: { script: 'copy-restic.sh' },
      env: {
        ...limits,
        ...smallestEnv(options),
        ...keys,
        RESTIC_REPOSITORY: `rest:http+unix://${SOCKET}:/`,
        RESTIC_PASSWORD: { secret: secretNameOf(location), key: 'RESTIC_PASSWORD' },
        ...(RESTIC_REPOSITORY === undefined ? {} : { RESTIC_FROM_REPOSITORY: RESTIC_REPOSITORY }),
        ...(RESTIC_PASSWORD === undefined ? {} : { RESTIC_FROM_PASSWORD: RESTIC_PASSWORD }),
      },
      mounts: caMounts(from),
    },
    findMomentStep(options, from),
    receiptStep(options, VERIFIED_BY),
  ];
  const peers = [options.fromStore, options.store];
  return cronJobObjects(options, { steps, peers, annotations: aboutDataset(dataset) });
}

const VERIFIED_BY = 'restic copy, with the time and the tree of every snapshot compared';
