/** The output folder is one complete tree at any time, whenever the process is stopped. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { healFolder, readFolder, replaceFolder, type OutputFiles } from '../../lib/synth/output';
import { trees, type TreeName } from '../support/trees';

let work = '';
let dist = '';
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'backed-up-output-'));
  dist = join(work, 'dist');
});
afterEach(() => rmSync(work, { recursive: true }));

const SCRIPT = ['--import', 'tsx', 'test/support/replace-folder.ts'];

/** @returns whether the process was killed before it had finished. */
function isKilledBefore(change: number): boolean {
  const { status, signal, stderr } = spawnSync(process.execPath, [...SCRIPT, dist, 'once', 'new', String(change)], {
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
    // The last steps: writing the last files, and the renames.
    const first = trees.new.size + 2;
    for (let change = first; ; change += 1) {
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
    spawnSync('mv', [dist, join(work, '.dist.old')]);
    expect(healFolder(dist)).toBe('an earlier synth was stopped between two renames; dist/ is what it was before');
    expect(treeIn(dist)).toBe('old');
  });

  it('leaves one complete tree at random moments, too', async () => {
    replaceFolder(dist, trees.old);
    for (let round = 0; round < 12; round += 1) {
      const child = spawn(process.execPath, [...SCRIPT, dist, 'times', '100000'], {
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
  it('take turns', async () => {
    const children = [0, 1].map(() =>
      spawn(process.execPath, [...SCRIPT, dist, 'times', '60'], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit')) as [number]));
    expect(codes.map(([code]) => code)).toEqual([0, 0]);
    expect(treeIn(dist)).toMatch(/^(old|new)$/);
    expect(beside()).toEqual([]);
  });

  it('do not write while the other one does', () => {
    replaceFolder(dist, trees.old);
    writeFileSync(join(work, '.dist.lock'), String(process.pid));
    expect(() => replaceFolder(dist, trees.new)).toThrow(
      `another synth (process ${process.pid}) is writing dist/: wait until it has finished`,
    );
    expect(treeIn(dist)).toBe('old');
    expect(existsSync(join(work, '.dist.lock'))).toBe(true);
  });

  it('are not held up by one that died', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(work, '.dist.lock'), String(pid));
    expect(replaceFolder(dist, trees.new).changed).toBe(true);
    expect(beside()).toEqual([]);
  });
});

describe('a folder', () => {
  it('loses the files of what is gone, and is left alone when nothing changed', () => {
    expect(replaceFolder(dist, trees.old).changed).toBe(true);
    expect(replaceFolder(dist, trees.old).changed).toBe(false);
    expect(replaceFolder(dist, trees.new)).toEqual({
      changed: true,
      edited: [],
      editedFolder: join(work, '.dist.edited'),
    });
    expect(existsSync(join(dist, 'old'))).toBe(false);
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
