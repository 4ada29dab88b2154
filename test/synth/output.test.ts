/** The output folder is one complete tree at any time, whenever the process is stopped. */
import { createHash } from 'node:crypto';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { healFolder, readFolder, replaceFolder, type OutputFiles } from '../../lib/synth/output';
import { trees, type TreeName } from '../support/trees';

/** Compiled once, because every step of the swap has a process of its own. */
const compiled = mkdtempSync(join(tmpdir(), 'backed-up-compiled-'));
const script = join(compiled, 'test/support/replace-folder.js');
beforeAll(() => {
  const options = '--module commonjs --target es2023 --esModuleInterop --types node --noCheck --rootDir .'.split(' ');
  const compiler = resolve('node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, ...options, '--outDir', compiled, 'test/support/replace-folder.ts']);
});
afterAll(() => rmSync(compiled, { recursive: true }));

let work = '';
let dist = '';
beforeEach(() => {
  work = realpathSync(mkdtempSync(join(tmpdir(), 'backed-up-output-')));
  dist = join(work, 'dist');
});
afterEach(() => rmSync(work, { recursive: true }));

/** Replaces whatever is there by the new tree. @returns whether the process was killed before it had finished. */
function isKilledBefore(change: number): boolean {
  const { status, signal, stderr } = spawnSync(process.execPath, [script, dist, 'once', 'new', String(change)], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(signal === 'SIGKILL' || status === 0).toBe(true);
  return signal === 'SIGKILL';
}

/** Which tree a folder is, all of it. */
function treeIn(folder: string): TreeName | undefined {
  const files = readFolder(folder);
  files.delete('SHA256SUMS');
  if (files.size === 0) return undefined;
  const name: TreeName = files.has('new/only.yaml') ? 'new' : 'old';
  expect(files).toEqual(new Map([...trees[name]].toSorted(([a], [b]) => (a < b ? -1 : 1))));
  return name;
}

function beside(): readonly string[] {
  return readdirSync(work).filter((name) => name !== 'dist');
}

/** As a process that was killed leaves it. */
function leaveLock(pid: number): void {
  symlinkSync(String(pid), join(work, '.dist.lock'));
}

function deadProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('a synth that is killed', () => {
  it('leaves the old tree or the new one, before whatever change of the file system', () => {
    const seen = new Set<string>();
    let change = 1;
    for (; ; change += 1) {
      replaceFolder(dist, trees.old);
      if (!isKilledBefore(change)) break;
      const left = treeIn(dist);
      const healed = healFolder(dist);
      const after = treeIn(dist);
      // What was there stays; what was missing is put in place.
      expect(after).toBe(left ?? 'new');
      expect(healed).toBe(
        left === undefined
          ? 'an earlier synth was stopped between two renames; dist/ is what it had written'
          : undefined,
      );
      expect(beside()).toEqual([]);
      seen.add(`${left ?? 'none'} → ${after ?? 'none'}`);
    }
    expect(seen).toEqual(new Set(['old → old', 'none → new', 'new → new']));
    // Lock, folders, files, three renames, and what is removed: every change had its turn.
    expect(change).toBeGreaterThan(trees.new.size + 8);
    expect(treeIn(dist)).toBe('new');
  });

  it('leaves nothing or the new tree where none was', () => {
    const seen = new Set<string>();
    for (let change = 1; ; change += 1) {
      rmSync(dist, { recursive: true, force: true });
      if (!isKilledBefore(change)) break;
      healFolder(dist);
      seen.add(treeIn(dist) ?? 'none');
      expect(beside()).toEqual([]);
    }
    expect(seen).toEqual(new Set(['none', 'new']));
  });

  it('leaves the old tree where the new one was never complete', () => {
    replaceFolder(dist, trees.old);
    // As after a kill between the renames, with the complete tree lost to a tidy person.
    renameSync(dist, join(work, '.dist.old'));
    expect(healFolder(dist)).toBe('an earlier synth was stopped between two renames; dist/ is what it was before');
    expect(treeIn(dist)).toBe('old');
  });

  it('never loses what somebody changed by hand, nor the lock of one that was killed before', () => {
    const file = join(dist, 'shared/1.yaml');
    const kept = join(work, '.dist.edited/shared/1.yaml');
    const dead = deadProcess();
    for (let change = 1; ; change += 1) {
      replaceFolder(dist, trees.old);
      writeFileSync(file, 'by hand\n');
      leaveLock(dead);
      if (!isKilledBefore(change)) break;
      // The next run finds it in dist/, or has it aside.
      replaceFolder(dist, trees.new);
      expect(readFileSync(kept, 'utf8')).toBe('by hand\n');
      expect(beside()).toEqual(['.dist.edited']);
      rmSync(join(work, '.dist.edited'), { recursive: true });
    }
    expect(treeIn(dist)).toBe('new');
    expect(readFileSync(kept, 'utf8')).toBe('by hand\n');
  });

  it('leaves one complete tree at random moments, too', async () => {
    replaceFolder(dist, trees.old);
    for (let round = 0; round < 15; round += 1) {
      const child = spawn(process.execPath, [script, dist, 'times', '100000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      // The moment is the point: whatever it is, what follows holds.
      await setTimeout(Math.random() * 60);
      child.kill('SIGKILL');
      await once(child, 'exit');
      healFolder(dist);
      expect(treeIn(dist)).toMatch(/^(old|new)$/);
      expect(beside()).toEqual([]);
    }
  });
});

describe('two synths at once', () => {
  it('take turns, and so do several that find the lock of a dead one', async () => {
    leaveLock(deadProcess());
    const children = [0, 1, 2].map(() =>
      spawn(process.execPath, [script, dist, 'times', '40'], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit')) as [number]));
    expect(codes.map(([code]) => code)).toEqual([0, 0, 0]);
    expect(treeIn(dist)).toMatch(/^(old|new)$/);
    expect(beside()).toEqual([]);
  });

  it('do not write while the other one does', () => {
    replaceFolder(dist, trees.old);
    leaveLock(process.ppid);
    const lock = join(work, '.dist.lock');
    const running = `another synth (process ${process.ppid}) is writing dist/: wait until it has finished; if that process is no synth, remove ${lock}`;
    expect(() => replaceFolder(dist, trees.new)).toThrow(running);
    expect(() => healFolder(dist)).toThrow(running);
    expect(treeIn(dist)).toBe('old');
    expect(beside()).toEqual(['.dist.lock']);
    rmSync(lock);
    expect(replaceFolder(dist, trees.new).changed).toBe(true);
  });

  it('are not held up by one that died, in a container with the same process number, too', () => {
    leaveLock(deadProcess());
    expect(replaceFolder(dist, trees.old).changed).toBe(true);
    leaveLock(process.pid);
    expect(replaceFolder(dist, trees.new).changed).toBe(true);
    expect(beside()).toEqual([]);
  });
});

describe('a folder', () => {
  it('loses the files of what is gone, and is left alone when nothing changed', () => {
    expect(replaceFolder(dist, trees.old).changed).toBe(true);
    const { ino } = lstatSync(dist);
    expect(replaceFolder(dist, trees.old).changed).toBe(false);
    expect(lstatSync(dist).ino).toBe(ino);
    expect(replaceFolder(dist, trees.new)).toEqual({
      changed: true,
      edited: [],
      editedFolder: join(work, '.dist.edited'),
    });
    expect(existsSync(join(dist, 'old'))).toBe(false);
  });

  it('gets back what somebody deleted', () => {
    replaceFolder(dist, trees.old);
    rmSync(join(dist, 'shared'), { recursive: true });
    expect(replaceFolder(dist, trees.old)).toMatchObject({ changed: true, edited: [] });
    expect(treeIn(dist)).toBe('old');
  });

  it('that is changed by hand again and again loses no change', () => {
    for (const text of ['first\n', 'second\n', 'first\n', 'third\n']) {
      replaceFolder(dist, trees.old);
      writeFileSync(join(dist, 'shared/1.yaml'), text);
      writeFileSync(join(dist, 'stray.yaml'), 'the same each time\n');
      expect(replaceFolder(dist, trees.new).edited).toEqual(['shared/1.yaml', 'stray.yaml']);
    }
    expect(readFolder(join(work, '.dist.edited'))).toEqual(
      new Map([
        ['shared/1.yaml', 'first\n'],
        ['shared/1.yaml.2', 'second\n'],
        ['shared/1.yaml.3', 'third\n'],
        ['stray.yaml', 'the same each time\n'],
      ]),
    );
  });

  it('may be a link to where Flux reads, and stays one', () => {
    const elsewhere = join(work, 'cluster');
    mkdirSync(elsewhere);
    // The folder itself does not exist yet.
    symlinkSync('cluster/manifests', dist);
    for (const name of ['old', 'new'] as const) {
      replaceFolder(dist, trees[name]);
      expect(lstatSync(dist).isSymbolicLink()).toBe(true);
      expect(treeIn(join(elsewhere, 'manifests'))).toBe(name);
      expect(readdirSync(elsewhere)).toEqual(['manifests']);
    }
  });

  it('may be a link to a link, and both stay links', () => {
    const links = join(work, 'links');
    mkdirSync(links);
    mkdirSync(join(work, 'cluster'));
    symlinkSync('links/latest', dist);
    symlinkSync('../cluster/manifests', join(links, 'latest'));
    for (const name of ['old', 'new'] as const) {
      replaceFolder(dist, trees[name]);
      expect(lstatSync(dist).isSymbolicLink()).toBe(true);
      expect(lstatSync(join(links, 'latest')).isSymbolicLink()).toBe(true);
      expect(treeIn(join(work, 'cluster/manifests'))).toBe(name);
      expect([readdirSync(links), readdirSync(join(work, 'cluster'))]).toEqual([['latest'], ['manifests']]);
    }
  });

  it('is refused where it is a link that leads to itself', () => {
    symlinkSync('dist', dist);
    expect(() => replaceFolder(dist, trees.new)).toThrow(
      `${dist} is a link that leads back to itself: remove it, or choose another outdir`,
    );
  });

  it('keeps links that somebody put into it aside, to whatever they lead', () => {
    for (let round = 0; round < 2; round += 1) {
      replaceFolder(dist, trees.old);
      symlinkSync(work, join(dist, 'shared/folder'));
      symlinkSync('nowhere', join(dist, 'shared/nothing'));
      expect(replaceFolder(dist, trees.new).edited).toEqual(['shared/folder', 'shared/nothing']);
    }
    expect(treeIn(dist)).toBe('new');
    const kept = join(work, '.dist.edited/shared');
    expect(readdirSync(kept)).toEqual(['folder', 'nothing']);
    expect([readlinkSync(join(kept, 'folder')), readlinkSync(join(kept, 'nothing'))]).toEqual([work, 'nowhere']);
  });

  it('is refused, and left alone, where it holds what synth did not write', () => {
    mkdirSync(dist);
    writeFileSync(join(dist, 'notes.md'), 'mine');
    expect(() => replaceFolder(dist, trees.new)).toThrow(
      `${dist}/ holds files that synth did not write, and synth replaces the whole folder: move them away, or choose another outdir`,
    );
    expect([readdirSync(dist), beside()]).toEqual([['notes.md'], []]);
  });

  it('is refused, and left alone, where it holds the checksums of somebody else', () => {
    mkdirSync(dist);
    writeFileSync(join(dist, 'a.iso'), 'mine');
    const sum = createHash('sha256').update('mine').digest('hex');
    writeFileSync(join(dist, 'SHA256SUMS'), `${sum}  a.iso\n`);
    expect(() => replaceFolder(dist, trees.new)).toThrow(`${dist}/ holds files that synth did not write`);
    expect([readdirSync(dist), beside()]).toEqual([['SHA256SUMS', 'a.iso'], []]);
  });

  it.each(['a folder', 'a file'])(
    'is refused, and left alone, where it is a Git repository whose .git is %s',
    (what) => {
      replaceFolder(dist, trees.old);
      if (what === 'a file') writeFileSync(join(dist, '.git'), 'gitdir: elsewhere');
      else {
        mkdirSync(join(dist, '.git'));
        writeFileSync(join(dist, '.git/HEAD'), 'ref: refs/heads/main');
      }
      expect(() => replaceFolder(dist, trees.new)).toThrow(
        `${dist}/ is a Git repository, and synth replaces the whole folder with its history: let outdir be a folder below it`,
      );
      expect(readdirSync(dist)).toContain('.git');
    },
  );

  it('is refused, and left alone, where it is a file', () => {
    writeFileSync(dist, 'mine');
    expect(() => replaceFolder(dist, trees.new)).toThrow(`${dist} is a file: remove it, or choose another outdir`);
    expect(readFileSync(dist, 'utf8')).toBe('mine');
  });

  it('is taken where it is empty', () => {
    mkdirSync(dist);
    replaceFolder(dist, trees.new);
    expect(treeIn(dist)).toBe('new');
  });

  it('that cannot be written is no mistake in the code', () => {
    writeFileSync(join(work, 'file'), 'mine');
    const below = join(work, 'file/dist');
    expect(() => replaceFolder(below, trees.new)).toThrow(
      `cannot write ${below}/: EEXIST: file already exists, mkdir '${join(work, 'file')}'`,
    );
    expect(readFileSync(join(work, 'file'), 'utf8')).toBe('mine');
  });

  it('has checksums that sha256sum agrees with', () => {
    replaceFolder(dist, trees.old);
    const { status, stdout } = spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], {
      cwd: dist,
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(readFileSync(join(dist, 'SHA256SUMS'), 'utf8').trimEnd().split('\n')).toHaveLength(trees.old.size);
  });

  it('may hold either side of a merge conflict without counting as changed by hand', () => {
    replaceFolder(dist, trees.old);
    const ours = readFileSync(join(dist, 'SHA256SUMS'), 'utf8');
    const changed: OutputFiles = new Map([...trees.old, ['shared/1.yaml', 'theirs\n']]);
    replaceFolder(dist, changed);
    const theirs = readFileSync(join(dist, 'SHA256SUMS'), 'utf8');
    writeFileSync(join(dist, 'SHA256SUMS'), `<<<<<<< ours\n${ours}=======\n${theirs}>>>>>>> theirs\n`);
    expect(replaceFolder(dist, trees.new).edited).toEqual([]);
  });
});
