/**
 * The job that mirrors the store of another tool as the files that it is. A run is one pod with the containers
 *
 *     begin      is the mirror's location there, and what did the last good run copy?
 *     mirror     what is new is copied, data before what points to it, unless the store is gone, empty, another one or
 *                sharply smaller
 *     compare    names and sizes of all objects, and the content of a share of them; what differs is copied again
 *     remove     what the store has not any more goes, where the location keeps it as an old version
 *     receipt    says in the location what was copied, when all before have succeeded
 *
 * all of them of rclone.
 */
import type { KubeObject } from '../model/kube-object';
import type { Location } from '../model/location';
import { cronJobObjects, waits } from './cron-job';
import { COMPARED_BY, compareEnv } from './mirror-job';
import { aboutDataset, beginStep, receiptStep, smallestEnv, type JobOptions } from './receipted-job';
import type { ScriptFile } from './scripts';
import type { Peer, Step } from './step';
import { caMounts, inSource, inStore, twoStoresEnv } from './store';

/** How the objects of a store point to each other, by patterns of their names (ERE, without spaces). */
interface StoreFormat {
  /** Each layer points to those below it; the first has an entry for each backup. What no pattern matches is the lowest. */
  readonly layers: readonly string[];
  /** What no restore needs. */
  readonly leftOut?: string;
  /** What an entry says of a backup that can be restored (ERE). */
  readonly finished: string;
  /** Finds in an entry when the backup began, RFC 3339 without fractions of a second (sed). */
  readonly moment: string;
  /**
   * Objects that say what it is that their folder has, by the end of their names. That of the last name counts, and it stays
   * the same as long as nobody makes the folder anew.
   */
  readonly identities: { readonly objects: string; /** Finds it in them (sed). */ readonly identity: string };
  /** Which finished backups lack something that they need, where that can be told. */
  readonly holes?: ScriptFile;
}

export const STORE_FORMATS = {
  /**
   * Velero (v1.18.3) writes the entry of a backup first, and once more when it is over (pkg/persistence/object_store.go,
   * pkg/controller/backup_finalizer_controller.go). The data is in repositories of kopia: packs `p` and `q`, what points to
   * them, and of running sessions `s` and logs `_log`, which come and go (kopia v0.22, repo/content and internal/epoch).
   */
  velero: {
    layers: ['^backups/[^/]+/velero-backup\\.json$', '^(backups|restores)/', '^kopia/[^/]+/[^pq]'],
    leftOut: '^kopia/[^/]+/(s|_log)',
    finished: '"phase": *"(Completed|PartiallyFailed)"',
    moment: 's/.*"startTimestamp": *"\\([^"]*\\)".*/\\1/p',
    identities: {
      objects: '/kopia\\.repository$',
      identity: 's/.*"uniqueID": *"\\([^"]*\\)".*/\\1/p',
    },
  },
  /** Base copies and log of PostgreSQL, whose entries say how they ended (barman 3.16, barman/infofile.py). */
  barman: {
    layers: ['/base/[^/]+/backup\\.info$'],
    finished: '^status=DONE$',
    moment: 's/^begin_time=\\(....-..-..\\) \\(..:..:..\\)[.0-9]*\\(.*\\)/\\1T\\2\\3/p',
    identities: { objects: '/base/[^/]+/backup\\.info$', identity: 's/^systemid=\\([0-9][0-9]*\\)$/\\1/p' },
    holes: 'barman-holes.awk',
  },
} as const satisfies Readonly<Record<string, StoreFormat>>;

/** A store that another tool writes. */
export type StoreFormatName = keyof typeof STORE_FORMATS;

/** A part of a location. */
export interface Place {
  readonly location: Location;
  /** Path in its bucket. */
  readonly path: string;
}

export interface StoreMirrorJobOptions extends JobOptions {
  readonly format: StoreFormatName;
  readonly from: Place;
  /** How the pods reach it. */
  readonly fromStore: Peer;
  /** Where the mirror is, in the location of the job. */
  readonly path: string;
  /**
   * The store must have this much of the last mirror, in percent, or the run fails: backups, objects and bytes. Default 50; 0
   * for the one run after much was deleted on purpose.
   */
  readonly smallestPercent?: number;
}

/** CronJob, ConfigMap with the scripts, and NetworkPolicy of a job that mirrors one store. */
export function storeMirrorJob(options: StoreMirrorJobOptions): readonly KubeObject[] {
  const { from, fromStore, location, path, dataset } = options;
  const format: StoreFormat = STORE_FORMATS[options.format];
  const env = {
    ...waits(options),
    ...smallestEnv(options),
    ...twoStoresEnv(from.location, location),
    SOURCE: inSource(from.location, from.path),
    COPY: inStore(location, path),
    LAYERS: format.layers.join(' '),
    LEFT_OUT: format.leftOut ?? '',
  };
  const step = (
    name: string,
    script: 'mirror-store.sh' | 'compare-mirror.sh' | 'remove-vanished.sh',
    more = {},
  ): Step => ({
    name,
    image: 'rclone',
    run: { script },
    env: { ...env, ...more },
    mounts: [...caMounts(from.location), ...caMounts(location)],
  });
  const steps: readonly Step[] = [
    beginStep(options),
    step('mirror', 'mirror-store.sh', {
      FINISHED: format.finished,
      MOMENT: format.moment,
      IDENTITIES: format.identities.objects,
      IDENTITY: format.identities.identity,
      HOLES: format.holes ?? '',
      REMOVES: location.versioned ? 'yes' : '',
    }),
    step('compare', 'compare-mirror.sh', {
      ...compareEnv(path),
      KEEPS_VANISHED: 'yes',
      // Beside the mirror, where no other can be: no name of Kubernetes has an underscore.
      DAMAGED: inStore(location, `${path}_damaged`),
    }),
    ...(location.versioned ? [step('remove', 'remove-vanished.sh')] : []),
    receiptStep(options, COMPARED_BY),
  ];
  return cronJobObjects(options, { steps, peers: [fromStore, options.store], annotations: aboutDataset(dataset) });
}
