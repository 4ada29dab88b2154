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
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { CannotRun } from '../model/cannot-run';
import { sortedBy } from '../model/collections';

/** Paths relative to the folder, with `/`, and what stands in the files. */
export type OutputFiles = ReadonlyMap<string, string>;

export interface Written {
  readonly changed: boolean;
  /** What an earlier run that was killed had left, and what was done about it. */
  readonly healed?: string;
  /** Files that somebody changed by hand since the last synth; they are replaced, and kept in `editedFolder`. */
  readonly edited: readonly string[];
  readonly editedFolder: string;
}

/** Names and checksums of everything that synth wrote; `sha256sum -c` reads it too. */
const CHECKSUMS = 'SHA256SUMS';

/**
 * Replaces a folder by files.
 *
 * @throws CannotRun when the folder holds what synth did not write, or another synth is writing it.
 */
export function replaceFolder(folder: string, files: OutputFiles): Written {
  const places = placesOf(folder);
  mkdirSync(dirname(places.target), { recursive: true });
  return locked(places, () => {
    const healed = heal(places);
    const current = readFolder(places.target);
    const next = withChecksums(files);
    const edited = handEdits(folder, current, next);
    if (edited.length > 0) keepEdits(places, edited);
    const changed = !sameFiles(current, next);
    if (changed) swap(places, next);
    return { changed, ...(healed === undefined ? {} : { healed }), edited, editedFolder: relativePath(places.edited) };
  });
}

/** Puts in place what a killed run left, without writing anything new. */
export function healFolder(folder: string): string | undefined {
  const places = placesOf(folder);
  return existsSync(dirname(places.target)) ? locked(places, () => heal(places)) : undefined;
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
  const target = resolve(folder);
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
    mkdirSync(dirname(join(places.edited, path)), { recursive: true });
    cpSync(join(places.target, path), join(places.edited, path));
  }
}

function locked<T>(places: Places, work: () => T): T {
  takeLock(places);
  try {
    return work();
  } finally {
    rmSync(places.lock, { force: true });
  }
}

function takeLock(places: Places): void {
  try {
    writeFileSync(places.lock, String(process.pid), { flag: 'wx' });
    return;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
  }
  const owner = Number(readFileSync(places.lock, 'utf8'));
  const starting = owner === 0 && Date.now() - statSync(places.lock).mtimeMs < 5000;
  if (starting || isRunning(owner)) {
    throw new CannotRun(
      `another synth (process ${owner}) is writing ${basename(places.target)}/: wait until it has finished`,
    );
  }
  // Its owner was killed.
  rmSync(places.lock, { force: true });
  takeLock(places);
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function relativePath(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
