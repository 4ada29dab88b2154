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
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
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
import { basename, dirname, join, relative, resolve } from 'node:path';
import { CannotRun } from '../model/cannot-run';
import { sortedBy } from '../model/collections';

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
      const current = readFolder(places.target);
      const next = withChecksums(files);
      const edited = handEdits(folder, current, next);
      if (edited.length > 0) keepEdits(places, edited);
      const changed = !sameFiles(current, next);
      if (changed) swap(places, next);
      return { changed, edited, editedFolder: relativePath(places.edited) };
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
function explained<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new CannotRun(`cannot write ${relativePath(folder)}/: ${error.message}`);
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
  const target = behindLink(resolve(folder));
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

/** Where a folder really is: a link to it, into the repository that Flux reads perhaps, stays a link. */
function behindLink(path: string): string {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return path;
  }
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
  if (!existsSync(folder)) return new Map();
  if (!statSync(folder).isDirectory())
    throw new CannotRun(`${relativePath(folder)} is a file: remove it, or choose another outdir`);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const paths = entries.map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  return new Map(sortedBy(paths, (path) => path).map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

function sameFiles(a: OutputFiles, b: OutputFiles): boolean {
  return a.size === b.size && [...a].every(([path, text]) => b.get(path) === text);
}

function withChecksums(files: OutputFiles): OutputFiles {
  const sorted = sortedBy(files, ([path]) => path);
  const lines = sorted.map(([path, text]) => `${sha256(text)}  ${path}\n`);
  return new Map([...sorted, [CHECKSUMS, lines.join('')]]);
}

/** Files that are not as synth left them, as far as they would be lost. */
function handEdits(folder: string, current: OutputFiles, next: OutputFiles): readonly string[] {
  if (current.size === 0) return [];
  const sums = current.get(CHECKSUMS);
  if (sums === undefined) {
    throw new CannotRun(
      `${relativePath(folder)}/ holds files that synth did not write, and synth replaces the whole folder: move them away, or choose another outdir`,
    );
  }
  const known = parseChecksums(sums);
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
    const text = readFileSync(join(places.target, path));
    // What was kept of an earlier change may be what somebody still looks for.
    const kept = firstFree(join(places.edited, path), (taken) => readFileSync(taken).equals(text));
    mkdirSync(dirname(kept), { recursive: true });
    cpSync(join(places.target, path), kept);
  }
}

/** The path, or with a number behind it, that is not there or may be replaced. */
function firstFree(path: string, mayReplace: (taken: string) => boolean): string {
  let free = path;
  for (let n = 2; existsSync(free) && !mayReplace(free); n += 1) free = `${path}.${n}`;
  return free;
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
        `another synth (process ${owner}) is writing ${name}/: wait until it has finished; if that process is no synth, remove ${relativePath(lock)}`,
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
  return createHash('sha256').update(text).digest('hex');
}

function relativePath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
