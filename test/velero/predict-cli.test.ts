import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { KubeObject } from '../../lib/model/kube-object';
import { backup, claim, FORGE, IN_FORGE, PLATFORM, schedule } from './support/cluster';

const ROOT = path.resolve(__dirname, '../..');

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'predict-'));
  const write = (name: string, ...objects: readonly KubeObject[]): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), objects.map((one) => stringify(one)).join('---\n'));
  };
  write('good/platform.yaml', ...PLATFORM);
  write('good/apps/forge.yml', ...FORGE);
  writeFileSync(path.join(folder, 'good/values.yaml'), 'replicas: 1\n');
  write('pending.yaml', ...claim('later', { phase: 'Pending' }));
  write('backup.yaml', backup(IN_FORGE));
  write('schedule.yaml', schedule({ ...IN_FORGE, snapshotMoveData: true }));
  write('two.yaml', backup(IN_FORGE), schedule(IN_FORGE));
  write('none.yaml', ...FORGE);
  writeFileSync(path.join(folder, 'broken.yaml'), 'a: [1\n');
  writeFileSync(path.join(folder, 'platform.yaml'), 'velero: { enableCSI: yes please }\n');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(...args: readonly string[]): { status: number | null; out: string; err: string } {
  const tsx = path.join(ROOT, 'node_modules/.bin/tsx');
  const { status, stdout, stderr } = spawnSync(tsx, [path.join(ROOT, 'lib/cli/main.ts'), 'predict', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, out: stdout, err: stderr };
}

describe('the command', () => {
  it('prints the stack of a mistake in code, and does not exit with 1', () => {
    writeFileSync(
      path.join(folder, 'mistake.cjs'),
      `String.prototype.padEnd = () => { throw new TypeError('mistake'); };`,
    );
    const args = ['--import', 'tsx', '--require', path.join(folder, 'mistake.cjs'), path.join(ROOT, 'lib/cli/main.ts')];
    const { status, stderr } = spawnSync(
      process.execPath,
      [...args, 'predict', '--backup', path.join(folder, 'backup.yaml'), '--objects', path.join(folder, 'good')],
      { cwd: ROOT, encoding: 'utf8' },
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(/^TypeError: mistake\n {4}at /);
  });
});

describe('backed-up predict', () => {
  it('prints a table and exits with 0 when all is copied', () => {
    expect(run('--backup', 'backup.yaml', '--objects', 'good')).toEqual({
      status: 0,
      err: '',
      out: `Completed  4 objects of 4 in the Backup
  Nothing that the objects show goes wrong.

yes      forge/data  csi-snapshot  A CSI snapshot is taken, which stays in the storage cluster.
`,
    });
  });

  it('exits with 1 when a claim is not copied, and reads several places', () => {
    expect(run('--backup', 'schedule.yaml', '--objects', 'good', '--objects', 'pending.yaml')).toEqual({
      status: 1,
      err: '',
      out: `PartiallyFailed  4 objects of 5 in the Backup
  PersistentVolumeClaim forge/later cannot be backed up: it is bound to no volume.
Schedule Enabled, makes Backups

yes      forge/data   data-mover  A CSI snapshot is taken and its data moved to the storage location.
no       forge/later  none        Its backup fails, and its manifest stays out too: it is bound to no volume.
`,
    });
  });

  it('prints the whole answer as JSON', () => {
    const { status, out } = run('--backup', 'backup.yaml', '--objects', 'good', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      phase: 'Completed',
      objects: [
        { kind: 'Namespace', namespace: null, name: 'forge', included: true },
        { kind: 'PersistentVolume', namespace: null, name: 'pv-forge-data', included: true },
        { kind: 'PersistentVolumeClaim', namespace: 'forge', name: 'data', included: true },
        { kind: 'Pod', namespace: 'forge', name: 'app', included: true },
      ],
      volumes: [{ namespace: 'forge', claim: 'data', method: 'csi-snapshot', copied: 'yes' }],
    });
  });

  it.each([
    [['--backup', 'gone.yaml', '--objects', 'good'], 'error: gone.yaml does not exist: give the name of a file.\n'],
    [
      ['--backup', 'backup.yaml', '--objects', 'gone'],
      'error: gone does not exist: give a folder or a file for --objects.\n',
    ],
    [
      ['--backup', 'none.yaml', '--objects', 'good'],
      'error: none.yaml holds no Backup or Schedule of velero.io: give a file with one.\n',
    ],
    [
      ['--backup', 'two.yaml', '--objects', 'good'],
      'error: two.yaml holds 2 Backups and Schedules: give a file with one.\n',
    ],
    [
      ['--backup', 'backup.yaml', '--objects', 'good', '--platform', 'platform.yaml'],
      "error: platform.yaml has no booleans 'enableCSI' and 'nodeAgent' under 'velero': write both.\n",
    ],
    [['--backup', 'backup.yaml'], "error: required option '--objects <path>' not specified\n"],
  ])('%j could not run: %s', (args, err) => {
    expect(run(...args)).toEqual({ status: 2, out: '', err });
  });

  it('names the line of broken YAML', () => {
    const { status, err } = run('--backup', 'backup.yaml', '--objects', 'broken.yaml');
    expect(status).toBe(2);
    expect(err).toMatch(/^error: broken\.yaml:\d+ cannot be read: broken YAML: .* Mend it, or leave it out\.\n$/);
  });
});
