/**
 * Faults, and what every one of them must lead to: the run fails and says why, there is no new receipt, and the copy
 * before is as it was.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Receipt } from '../../../lib/model/receipt';
import { recordFault } from './faults-page';
import { faultyStore, type Fault as StoreFault, type Request } from './faulty-store';
import type { JobOptions } from '../../../lib/jobs/receipted-job';
import type { Job, ReceiptJob } from './job';
import type { PodOptions, PodResult, RunningPod } from './pod';
import type { Store } from './store';

/** One thing that goes wrong in a run of a job. */
export interface Fault<J extends AnyJob = Job> {
  /** What happens, for docs/faults.md. */
  readonly what: string;
  /** The container that must fail. */
  readonly fails: string;
  /** What its message must say. Without it: a killed container says nothing, and its code tells. */
  readonly says?: RegExp;
  /** Makes it happen. */
  readonly run: (world: World<J>) => Promise<RunOf<J>>;
  /** Makes it as it was. */
  readonly undo?: () => Promise<void>;
}

// A job takes the options of its own kind, which no common type has.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyJob = ReceiptJob<any>;
type RunOf<J extends AnyJob> = NonNullable<Parameters<J['run']>[0]>;

export interface World<J extends AnyJob = Job> {
  readonly method: string;
  readonly store: Store;
  readonly job: J;
  /** A digest of the copy that a receipt names, as it would be restored now. */
  readonly content: (receipt: Receipt | undefined) => Promise<string>;
}

/** A good copy, and how it looked. */
export interface Before {
  readonly receipts: readonly Receipt[];
  readonly content: string;
}

export async function goodCopy<J extends AnyJob>({ job, content }: World<J>, run?: RunOf<J>): Promise<Before> {
  const { failed } = await job.run(run);
  if (failed !== undefined) throw new Error(`a run without a fault failed at ${failed.name}: ${failed.message}`);
  const receipts = await job.receipts();
  return { receipts, content: await content(receipts.at(-1)) };
}

/** Runs a job twice at the same time. Who has succeeded has left a receipt, however close to the other. */
export async function runTwice<J extends AnyJob>(job: J, run?: RunOf<J>): Promise<readonly PodResult[]> {
  const before = (await job.receipts()).length;
  const runs = await Promise.all([job.run(run), job.run(run)]);
  const receipts = (await job.receipts()).length - before;
  const succeeded = runs.filter((one) => one.succeeded).length;
  if (receipts !== succeeded) throw new Error(`${succeeded} of two runs succeeded, and left ${receipts} receipts`);
  return runs;
}

/** Lets a fault happen, and says what is not as it must be. */
export async function complaintsAbout<J extends AnyJob>(
  fault: Fault<J>,
  world: World<J>,
  before: Before,
): Promise<readonly string[]> {
  const { job, content, method } = world;
  const run = await fault.run(world);
  const { failed, containers } = await job.run(run).finally(async () => fault.undo?.());
  if (failed === undefined) return ['the run has succeeded'];
  // A program without a shell has its log for a message, whose last line says it.
  const lines = failed.message.split('\n');
  const message = lines.at(-1) ?? '';
  const complaints: string[] = [];
  if (failed.name !== fault.fails) complaints.push(`${failed.name} has failed: ${JSON.stringify(containers)}`);
  if (fault.says === undefined) {
    if (failed.code !== 137) complaints.push(`it ended with ${failed.code}`);
  } else if (!fault.says.test(message)) complaints.push(`the message is '${message}'`);
  if (lines.length > 1 && !failed.isFromLog) complaints.push(`the message has ${lines.length} lines`);
  if (!isDeepStrictEqual(await job.receipts(), before.receipts)) complaints.push('the receipts are others');
  if ((await content(before.receipts.at(-1))) !== before.content) complaints.push('the copy before is another');
  // What a killed container has said before is chance.
  const said = fault.says === undefined ? '' : message;
  if (complaints.length === 0) recordFault({ method, what: fault.what, step: fault.fails, message: said });
  return complaints;
}

/**
 * What a repository is made of, byte for byte, as far as it was there when it was asked for the first time: what all of
 * it is still there comes back as it would have. Quick, where a restore after each fault would take most of the run.
 */
export function objectsOf(store: Store, job: Pick<Job, 'repository'>): () => Promise<string> {
  let first: ReadonlySet<string> | undefined;
  return async () => {
    const place = `s:${store.location.bucket}/${job.repository}`;
    // Locks come and go.
    const args = ['--recursive', '--files-only', '--hash=MD5', '--format=hsp', '--exclude=/locks/**'];
    const listed = await store.rclone('lsf', ...args, place);
    const objects = listed.trimEnd().split('\n').toSorted();
    first ??= new Set(objects);
    return objects.filter((object) => first?.has(object)).join('\n');
  };
}

/** A digest of all files of the snapshot that a receipt names, as they come back. */
export async function contentOf(store: Store, job: Job, receipt: Receipt | undefined): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-copy-'));
  try {
    const restored = await store.restic(
      job.repository,
      'restore',
      '--no-lock',
      receipt?.copy ?? '',
      '--target',
      folder,
    );
    if (restored.code !== 0) throw new Error(`the copy does not come back: ${restored.stderr}`);
    const hash = createHash('sha256');
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()))
      hash.update(file.name).update(readFileSync(join(file.parentPath, file.name)));
    return hash.digest('hex');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What any job has in common. */
type JobWithStore = ReceiptJob<JobOptions>;

export const isAny = (): boolean => true;
/** All of `/bucket?list-type=2&…`, and none of `/bucket/key`. */
export const isList = ({ method, path }: Request): boolean => method === 'GET' && /^\/[^/?]+\/?(\?|$)/.test(path);

/** A run in which a step does not wait long for what never comes, and long enough for a busy machine. */
export function hurried(container: string): Pick<PodOptions, 'patience'> {
  return { patience: { container, seconds: 8 } };
}

/** A store that answers some requests wrongly. */
export function storeFault(
  what: string,
  fails: string,
  says: RegExp,
  isHit: (request: Request) => boolean,
  fault: StoreFault,
): Fault<JobWithStore> {
  return {
    what,
    fails,
    says,
    run: async ({ store }) => {
      const port = await faultyStore((request) => (isHit(request) ? fault : undefined));
      return { ...hurried(fails), job: { location: store.at(port) } };
    },
  };
}

/**
 * What is copied lies with somebody who answers some requests wrongly.
 *
 * @param from the step with which that begins.
 */
export type SourceFault<J extends AnyJob> = (
  what: string,
  fails: string,
  says: RegExp,
  isHit: (request: Request) => boolean,
  fault: StoreFault,
  from?: string,
) => Fault<J>;

/** @param through a run that reaches its source at that port. */
export function sourceFaults<J extends AnyJob>(through: (port: number) => RunOf<J>): SourceFault<J> {
  return (what, fails, says, isHit, fault, from = 'begin') => ({
    what,
    fails,
    says,
    run: async () => {
      let began = false;
      const port = await faultyStore((request) => (began && isHit(request) ? fault : undefined));
      return {
        ...hurried(fails),
        ...through(port),
        beforeStart: (container: string) => {
          began ||= container === from;
        },
      };
    },
  });
}

const isReceipt = ({ method, path }: Request): boolean => method === 'PUT' && path.includes('/receipts/');

/** How a job copies its data. */
export interface Copying {
  readonly step: string;
  /** Whether a request brings data. */
  readonly isData: (request: Request) => boolean;
  /** What it says when it cannot. */
  readonly says?: RegExp;
}

/** What the store of a job may do. */
export function storeFaults({
  step,
  isData,
  says: failed = /^The copy (to|of) .* failed: /,
}: Copying): readonly Fault<JobWithStore>[] {
  return [
    storeFault('The store refuses everything (403)', 'begin', /^The store does not list .*: .*403/, isAny, {
      status: 403,
    }),
    storeFault('The store answers 500 to everything', 'begin', /^The store does not list .*/, isAny, { status: 500 }),
    storeFault('The store does not answer', 'begin', /no end after 8 s/, isAny, { delaySeconds: 1000 }),
    {
      what: 'Nobody listens at the address of the store',
      fails: 'begin',
      says: /connection refused/,
      run: async ({ store }) => ({ job: { location: store.at(9), answerSeconds: 60 } }),
    },
    {
      what: 'The bucket is not there',
      fails: 'begin',
      says: /^The bucket of store:nowhere-\S+ does not exist\.$/,
      run: async ({ store }) => ({ job: { location: { ...store.location, bucket: 'nowhere-here' } } }),
    },
    storeFault('The store refuses to take the data (403)', step, failed, isData, { status: 403 }),
    storeFault('The store answers 500 to the data', step, failed, isData, { status: 500 }),
    storeFault('The store hangs up in the middle of the data', step, failed, isData, { cutAfter: 1000 }),
    storeFault(
      'The store is too slow for the deadline',
      step,
      new RegExp(`${failed.source}no end after \\d+ s`),
      isData,
      { bytesPerSecond: 100 },
    ),
    storeFault(
      'The store refuses the receipt (403)',
      'receipt',
      /^The copy is made, but its receipt was not stored: .*403/,
      isReceipt,
      { status: 403 },
    ),
    storeFault(
      'The store hangs up in the middle of the receipt',
      'receipt',
      /^The copy is made, but its receipt was not stored: /,
      isReceipt,
      { cutAfter: 10 },
    ),
    {
      what: 'The secret key of the store is another one (S19)',
      fails: 'begin',
      says: /^The store does not list .*403/,
      run: async ({ store }) => ({
        secrets: { 'backed-up-offsite': { ...store.secret, AWS_SECRET_ACCESS_KEY: 'wrong' } },
      }),
    },
    brokenReceipt(),
  ];
}

/** What may befall a run on its node. */
export function nodeFaults(steps: readonly string[], { step: copying }: Copying): readonly Fault<JobWithStore>[] {
  return [
    {
      what: 'The scratch volume is not empty',
      fails: 'begin',
      says: /^The scratch volume is not empty, /,
      run: async () => ({
        beforeStart: (container, { scratch }) => {
          if (container === 'begin') writeFileSync(join(scratch, 'left-behind'), 'x');
        },
      }),
    },
    {
      what: 'A step has left out what it should say',
      fails: 'receipt',
      says: /^No step has said 'items-copy', so there is no receipt\.$/,
      run: async () => ({
        beforeStart: (container, { scratch }) => {
          if (container === 'receipt') rmSync(join(scratch, 'parts', 'items-copy'));
        },
      }),
    },
    ...steps.map(lostIn),
    {
      what: 'The deadline of the job comes in the step that copies',
      fails: copying,
      says: /^Stopped while .*: the job ran out of time, or its pod was deleted\./,
      run: async () => ({
        onStart: async (container, pod) => {
          if (container !== copying) return;
          await new Promise((resolve) => setTimeout(resolve, 300));
          await pod.terminate();
        },
      }),
    },
  ];
}

export function lostIn(step: string): Fault<JobWithStore> {
  return {
    what: `The node is lost at step ${step}`,
    fails: step,
    // The last one before it can have done what it is for: a receipt that is there is true.
    run: async () => ({
      [step === 'receipt' ? 'beforeStart' : 'onStart']: (container: string, pod: RunningPod) =>
        container === step ? pod.kill() : undefined,
    }),
  };
}

/**
 * The node is lost in the middle of a step: when it sends the last of so many requests of a kind, which does not reach the
 * store any more, and neither does what comes after it.
 */
export function lostAt<Options extends JobOptions = JobOptions>(
  what: string,
  fails: string,
  isHit: (request: Request) => boolean,
  requests: number,
  job: Partial<Options> = {},
): Fault<ReceiptJob<Options>> {
  return {
    what: `The node is lost ${what}`,
    fails,
    run: async ({ store }) => {
      let pod: RunningPod | undefined;
      let seen = 0;
      const port = await faultyStore((request) => {
        if (pod !== undefined && isHit(request)) seen += 1;
        if (seen < requests) return undefined;
        void pod?.kill();
        return { hangUp: true };
      });
      return {
        job: { location: store.at(port), ...job },
        beforeStart: (container: string, running: RunningPod) => {
          if (container === fails) pod = running;
        },
      };
    },
  };
}

/** @param step finds no room. */
export function fullScratch(step: string, says: RegExp): Fault<JobWithStore> {
  return {
    what: 'The scratch volume is too small',
    fails: step,
    says,
    run: async () => ({
      ...hurried(step),
      scratchSize: '512Ki',
      beforeStart: (container, { scratch }) => {
        if (container !== step) return;
        const file = openSync(join(scratch, 'filling'), 'w');
        // Until nothing fits any more.
        while (wasWritten(file)) continue;
        closeSync(file);
      },
    }),
  };
}

/** @param step would replace or remove what nothing could bring back. */
export function unversioned(step: string): Fault<JobWithStore> {
  let enable: () => Promise<void> = async () => {};
  return {
    what: 'The bucket keeps no old versions, and its location says that it does',
    fails: step,
    says: /^The bucket backups-\S+ is to keep old versions, and the store says 'Suspended': what is replaced or removed would be lost\. /,
    run: async ({ store }) => {
      enable = store.keepVersions;
      await store.rclone('backend', 'versioning', `s:${store.location.bucket}`, 'Suspended');
      return { job: { location: { ...store.location, versioned: true } } };
    },
    undo: async () => enable(),
  };
}

/** @param step needs to know. */
export function mayNotAskForVersions(step: string): Fault<JobWithStore> {
  return {
    what: 'The keys of the store may not ask whether it keeps old versions',
    fails: step,
    says: /^The store does not say whether the bucket \S+ keeps old versions, .* need the right s3:GetBucketVersioning on it: .*403/,
    run: async ({ store }) => {
      const port = await faultyStore(({ path }) => (path.includes('?versioning') ? { status: 403 } : undefined));
      return { job: { location: { ...store.at(port), versioned: true } } };
    },
  };
}

function wasWritten(file: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(4096)) > 0;
  } catch {
    return false;
  }
}

/** Into a repository of restic; packs hold the data. */
const TO_RESTIC: Copying = {
  step: 'commit',
  isData: ({ method, path }) => method === 'PUT' && /\/data\/[0-9a-f]{2}\//.test(path),
};

/** A store that takes everything but receipts. */
export async function storeWithoutReceipts(store: Store): Promise<Store['location']> {
  return store.at(await faultyStore((request) => (isReceipt(request) ? { status: 403 } : undefined)));
}

/**
 * What can befall a job with a repository.
 *
 * @param produce the step that writes what is copied.
 */
export function commonFaults(steps: readonly string[], produce = steps[1] ?? ''): readonly Fault[] {
  return [
    ...storeFaults(TO_RESTIC),
    ...nodeFaults(steps, TO_RESTIC),
    otherPassword('commit'),
    expiringKeys('commit'),
    fullScratch(produce, /no space left on device|the scratch volume is full/),
    {
      what: 'Nothing was produced (S12)',
      fails: 'commit',
      says: /^There is nothing to copy: the steps before have written 0 files with 0 bytes\.$/,
      run: async () => ({
        beforeStart: (container, { scratch }) => {
          if (container === 'commit') emptyFolder(join(scratch, 'data'));
        },
      }),
    },
    {
      what: 'A file cannot be read (S11)',
      fails: 'commit',
      says: /^The copy to .* failed: .*permission denied/,
      run: async () => ({
        beforeStart: (container, { scratch }) => {
          if (container !== 'commit') return;
          writeFileSync(join(scratch, 'data', 'locked'), 'x');
          chmodSync(join(scratch, 'data', 'locked'), 0o000);
        },
      }),
    },
    goneRepository(),
    lostPack('The store has lost a pack of the repository', 'commit', /^The repository \S+ has lost data /),
    staleLock(),
  ];
}

export function emptyFolder(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

/** @param step opens the repository. */
export function otherPassword(step: string): Fault<JobWithStore> {
  return {
    what: 'The password of the repository is another one',
    fails: step,
    says: /^The password does not open the repository /,
    run: async ({ store }) => ({ secrets: { 'backed-up-offsite': { ...store.secret, RESTIC_PASSWORD: 'wrong' } } }),
  };
}

/** @param step opens the repository. */
export function expiringKeys(step: string): Fault<JobWithStore> {
  let restore: () => Promise<void> = async () => {};
  return {
    what: 'The keys of the store expire during the run',
    fails: step,
    says: /^The repository .* does not open: /,
    run: async ({ store }) => {
      restore = store.restore;
      return {
        ...hurried(step),
        beforeStart: async (container) => {
          if (container === step) await store.revoke();
        },
      };
    },
    undo: async () => restore(),
  };
}

function brokenReceipt(): Fault<JobWithStore> {
  let remove: () => Promise<unknown> = async () => {};
  return {
    what: 'The last receipt is not a receipt',
    fails: 'begin',
    says: /^The last receipt, \S+, is not one: /,
    run: async ({ store, job }) => {
      const place = `s:${store.location.bucket}/${job.receiptsPath}/29991231T000000Z-00000000.json`;
      remove = async () => store.rclone('deletefile', place);
      await store.put(place, '{"version":1}\n');
      return {};
    },
    undo: async () => void (await remove()),
  };
}

function goneRepository(): Fault {
  let back: () => Promise<unknown> = async () => {};
  return {
    what: 'The repository is gone, and its receipts are there',
    fails: 'begin',
    says: /^There are receipts under .*, but the repository .* is gone: /,
    run: async ({ store, job }) => {
      const at = `s:${store.location.bucket}`;
      back = async () => store.rclone('move', `${at}/away`, `${at}/${job.repository}`);
      await store.rclone('move', `${at}/${job.repository}`, `${at}/away`);
      return {};
    },
    undo: async () => void (await back()),
  };
}

/** restic takes for stored what its index names, and stores nothing of it again. */
export function lostPack(what: string, fails: string, says: RegExp): Fault<JobWithStore & Pick<Job, 'repository'>> {
  let back: () => Promise<unknown> = async () => {};
  return {
    what,
    fails,
    says,
    run: async ({ store, job }) => {
      const pack = await largestPack(store, job);
      const away = `s:${store.location.bucket}/away`;
      back = async () => store.rclone('moveto', away, pack);
      await store.rclone('moveto', pack, away);
      return {};
    },
    undo: async () => void (await back()),
  };
}

/** @returns where it is, for rclone. */
export async function largestPack(store: Store, { repository }: Pick<Job, 'repository'>): Promise<string> {
  const packs = `s:${store.location.bucket}/${repository}/data`;
  const lines = (await store.rclone('lsf', '--recursive', '--files-only', '--format=sp', packs)).trim().split('\n');
  const [[, name] = []] = lines.map((line) => line.split(';')).toSorted((a, b) => Number(b[0]) - Number(a[0]));
  return `${packs}/${name}`;
}

/** As an upkeep leaves it that was killed: exclusive, and too young for anyone to remove it. */
function staleLock(): Fault {
  let unlock: () => Promise<unknown> = async () => {};
  return {
    what: 'A dead run has left an exclusive lock',
    fails: 'commit',
    says: /^The repository .* is locked, by another run or by a dead one: /,
    run: async ({ store, job }) => {
      unlock = async () => store.restic(job.repository, 'unlock', '--remove-all');
      await leaveLock(store, job);
      return { job: { answerSeconds: 10 } };
    },
    undo: async () => void (await unlock()),
  };
}

/** @returns when a lock is there whose owner is dead. */
export async function leaveLock(store: Store, job: Pick<Job, 'repository'>): Promise<void> {
  const locks = `s:${store.location.bucket}/${job.repository}/locks`;
  // Of runs that were killed before.
  await store.restic(job.repository, 'unlock', '--remove-all');
  // A store that does not answer after the lock is written, so that there is time to kill.
  const port = await faultyStore(({ method, path }) =>
    method === 'GET' && /\/(data\/..|index)\/[0-9a-f]{64}$/.test(path) ? { delaySeconds: 1000 } : undefined,
  );
  const prune = store.startRestic(job.repository, port, 'prune');
  while ((await store.rclone('lsf', locks)) === '') await new Promise((resolve) => setTimeout(resolve, 200));
  await prune.kill();
}
