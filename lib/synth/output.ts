/**
 * The output folder as a whole: it is written beside, and put in place by two renames.
 *
 *     .dist.writing   being written; worth nothing
 *     .dist.new       complete; about to become dist
 *     .dist.old       what dist was until a moment ago
 *
 * Whatever moment the process is killed at, either dist is a complete tree, or it is missing and a complete one lies
 * beside, which the next run puts in place. Nobody ever sees a mixture.
 */
import { hash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { CannotRun } from '../model/cannot-run';
import { sortedBy } from '../model/collections';
import { realPlace, shown } from './output-place';

/** Paths relative to the folder, with `/`, and what stands in the files. */
export type OutputFiles = ReadonlyMap<string, string>;

export interface Written {
  readonly changed: boolean;
  /** Files that somebody changed by hand since the last synth; they are replaced, and kept in `editedFolder`. */
  readonly edited: readonly string[];
  readonly editedFolder: string;
}

/** Names and checksums of everything that synth wrote; `sha256sum -c` reads it too. */
const CHECKSUMS = 'SHA256SUMS';

/**
 * Replaces a folder by files.
 *
 * @throws CannotRun when the folder holds what synth did not write, another synth is writing it, or it cannot be written.
 */
export function replaceFolder(folder: string, files: OutputFiles): Written {
  return explained(folder, () => {
    const places = placesOf(folder);
    mkdirSync(dirname(places.target), { recursive: true });
    return locked(places, () => {
      heal(places);
      refuseForeignFiles(folder, places.target);
      const current = readFolder(places.target);
      const next = withChecksums(files);
      const edited = handEdits(current, next);
      if (edited.length > 0) keepEdits(places, edited);
      const changed = !sameFiles(current, next);
      if (changed) swap(places, next);
      return { changed, edited, editedFolder: shown(places.edited) };
    });
  });
}

/** Puts in place what a killed run left, without writing anything new, and says so. */
export function healFolder(folder: string): string | undefined {
  return explained(folder, () => {
    const places = placesOf(folder);
    return existsSync(dirname(places.target)) ? locked(places, () => heal(places)) : undefined;
  });
}

/** A full disk or a missing permission is no mistake in the code. */
export function explained<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new CannotRun(`cannot write ${shown(folder)}/: ${error.message}`);
  }
}

interface Places {
  readonly target: string;
  readonly writing: string;
  readonly complete: string;
  readonly old: string;
  readonly edited: string;
  readonly lock: string;
}

function placesOf(folder: string): Places {
  const target = realPlace(folder);
  const beside = (suffix: string): string => join(dirname(target), `.${basename(target)}.${suffix}`);
  return {
    target,
    writing: beside('writing'),
    complete: beside('new'),
    old: beside('old'),
    edited: beside('edited'),
    lock: beside('lock'),
  };
}

function heal(places: Places): string | undefined {
  rmSync(places.writing, { recursive: true, force: true });
  const name = basename(places.target);
  if (existsSync(places.target)) {
    // Killed before the first rename, or after the second: the folder is complete either way.
    rmSync(places.complete, { recursive: true, force: true });
    rmSync(places.old, { recursive: true, force: true });
    return undefined;
  }
  if (existsSync(places.complete)) {
    renameSync(places.complete, places.target);
    rmSync(places.old, { recursive: true, force: true });
    return `an earlier synth was stopped between two renames; ${name}/ is what it had written`;
  }
  if (existsSync(places.old)) {
    renameSync(places.old, places.target);
    return `an earlier synth was stopped between two renames; ${name}/ is what it was before`;
  }
  return undefined;
}

function swap(places: Places, files: OutputFiles): void {
  mkdirSync(places.writing);
  const folders = new Set([...files.keys()].map((path) => dirname(path)));
  for (const folder of folders) mkdirSync(join(places.writing, folder), { recursive: true });
  for (const [path, text] of files) writeFileSync(join(places.writing, path), text);
  renameSync(places.writing, places.complete);
  if (existsSync(places.target)) renameSync(places.target, places.old);
  renameSync(places.complete, places.target);
  rmSync(places.old, { recursive: true, force: true });
}

/** All files below a folder by relative path; empty if there is none. */
export function readFolder(folder: string): Map<string, string> {
  return new Map(pathsBelow(folder).map((path) => [path, contentOf(join(folder, path)).toString()]));
}

/** Relative, in order. */
function pathsBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  if (!statSync(folder).isDirectory())
    throw new CannotRun(`${shown(folder)} is a file: remove it, or choose another outdir`);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const paths = entries.map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  return sortedBy(paths, (path) => path);
}

/** What a file holds; of a link, where it leads, for behind it may be a folder, or nothing. */
function contentOf(path: string): Buffer {
  return lstatSync(path).isSymbolicLink() ? Buffer.from(`link to ${readlinkSync(path)}`) : readFileSync(path);
}

function sameFiles(a: OutputFiles, b: OutputFiles): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}

function withChecksums(files: OutputFiles): OutputFiles {
  const sorted = sortedBy(files, ([path]) => path);
  const lines = sorted.map(([path, text]) => `${sha256(text)}  ${path}\n`);
  return new Map([...sorted, [CHECKSUMS, lines.join('')]]);
}

function refuseForeignFiles(folder: string, target: string): void {
  const paths = pathsBelow(target);
  if (paths.some((path) => path === '.git' || path.startsWith('.git/'))) {
    throw new CannotRun(
      `${shown(folder)}/ is a Git repository, and synth replaces the whole folder with its history: let outdir be a folder below it`,
    );
  }
  if (paths.length === 0 || isOfSynth(target, paths)) return;
  throw new CannotRun(
    `${shown(folder)}/ holds files that synth did not write, and synth replaces the whole folder: move them away, or choose another outdir`,
  );
}

/** Others have a list of checksums as well; it is ours if it has what every output has. */
function isOfSynth(target: string, paths: readonly string[]): boolean {
  if (!paths.includes(CHECKSUMS)) return false;
  const listed = parseChecksums(contentOf(join(target, CHECKSUMS)).toString());
  return ALWAYS_WRITTEN.every((path) => listed.has(path));
}

const ALWAYS_WRITTEN = ['inventory.json', 'kustomization.yaml'];

/** Files that are not as synth left them, as far as they would be lost. */
function handEdits(current: OutputFiles, next: OutputFiles): readonly string[] {
  const known = parseChecksums(current.get(CHECKSUMS) ?? '');
  return [...current]
    .filter(
      ([path, text]) => path !== CHECKSUMS && known.get(path)?.has(sha256(text)) !== true && next.get(path) !== text,
    )
    .map(([path]) => path);
}

/** A merge conflict leaves both sides in it, and then a file may be what either side wrote. */
function parseChecksums(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const sums = new Map<string, Set<string>>();
  for (const [, sum = '', path = ''] of text.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)) {
    sums.set(path, (sums.get(path) ?? new Set()).add(sum));
  }
  return sums;
}

function keepEdits(places: Places, edited: readonly string[]): void {
  for (const path of edited) {
    const edit = join(places.target, path);
    const content = contentOf(edit);
    // What was kept of an earlier change may be what somebody still looks for.
    let kept = join(places.edited, path);
    for (let n = 2; isThere(kept) && !contentOf(kept).equals(content); n += 1) {
      kept = `${join(places.edited, path)}.${n}`;
    }
    if (isThere(kept)) continue;
    mkdirSync(dirname(kept), { recursive: true });
    cpSync(edit, kept, { verbatimSymlinks: true });
  }
}

/** Also a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function locked<T>(places: Places, work: () => T): T {
  takeLock(places.lock, basename(places.target));
  try {
    return work();
  } finally {
    releaseLock(places.lock);
  }
}

/**
 * A lock is a link whose target is the process that holds it: unlike a file, it never exists without saying whose it is.
 *
 * @param name of the folder that is written.
 */
function takeLock(lock: string, name: string): void {
  const takeover = `${lock}.takeover`;
  while (!makeLock(lock)) {
    const owner = ownerOf(lock);
    if (owner === undefined) continue;
    if (isRunning(owner)) {
      throw new CannotRun(
        `another synth (process ${owner}) is writing ${name}/: wait until it has finished; if that process is no synth, remove ${shown(lock)}`,
      );
    }
    // Its owner was killed. Of all who see that, one removes it at a time: a later one would remove the lock of the first.
    takeLock(takeover, name);
    if (ownerOf(lock) === owner) releaseLock(lock);
    releaseLock(takeover);
  }
  // Left by one that was killed while it took over.
  releaseLock(takeover);
}

function makeLock(lock: string): boolean {
  try {
    // On Windows, a junction is the link that needs no privilege.
    symlinkSync(String(process.pid), lock, 'junction');
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** @returns nothing if the lock was released meanwhile. */
function ownerOf(lock: string): number | undefined {
  try {
    return Number(basename(readlinkSync(lock)));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function releaseLock(lock: string): void {
  try {
    unlinkSync(lock);
  } catch (error) {
    // Somebody removed it by hand.
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** In a container, the process that was killed may have had the number of this one. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function sha256(text: string): string {
  return hash('sha256', text);
}
