import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { mappingAt, type KubeObject } from '../../lib/model/kube-object';
import { readPlatformFile } from '../../lib/cli/platform-file';
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
  write('misspelt.yaml', backup({ ...IN_FORGE, includedNamespaces: undefined, includedNamespace: ['forge'] }));
  write('misspelt-schedule.yaml', schedule({ ...IN_FORGE, snapshotMoveDate: true }));
  const monthly = schedule(IN_FORGE);
  write('never.yaml', { ...monthly, spec: { ...mappingAt(monthly, 'spec'), schedule: '0 3 30 2 *' } });
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

  it('says of a misspelt field that Velero never sees the object', () => {
    expect(run('--backup', 'misspelt.yaml', '--objects', 'good')).toEqual({
      status: 1,
      err: '',
      out: `New  0 objects of 4 in the Backup
  The API server refuses it: spec.includedNamespace: unknown field; did you mean \`includedNamespaces\`?
  kubectl and Flux have it checked. Of a client that does not (kubectl --validate=false) it drops unknown fields without a word, and Velero goes by the rest.

no       forge/data  none  The API server refuses the object.
`,
    });
    const { status, out } = run('--backup', 'misspelt-schedule.yaml', '--objects', 'good', '--json');
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      phase: 'New',
      volumes: [{ copied: 'no' }],
      schedule: {
        phase: 'New',
        makesBackups: false,
        reasons: [
          'The API server refuses it: spec.template.snapshotMoveDate: unknown field; did you mean `snapshotMoveData`?',
          expect.stringMatching(/^kubectl and Flux /),
        ],
      },
    });
  });

  it('exits with 1 for a Schedule whose time never comes', () => {
    const { status, out } = run('--backup', 'never.yaml', '--objects', 'good');
    expect(status).toBe(1);
    expect(out).toContain('  The time of its cron expression never comes: Velero makes a Backup every minute.\n');
  });

  const AGENT = 'enableCSI: true, nodeAgent: true';
  it.each([
    ['[]', `has no mapping at its top: write 'field: value' lines.`],
    [
      'storageClass: {}',
      `has the field 'storageClass' at its top, which nothing reads: did you mean 'storageClasses'?`,
    ],
    [
      `velero: { ${AGENT}, csi: true }`,
      `has the field 'csi' under 'velero', which nothing reads: it may have version, namespace, enableCSI, nodeAgent, repositoryPassword`,
    ],
    [
      `velero: { ${AGENT}, version: '1.9' }`,
      `has "1.9" as 'version' of 'velero': what is predicted is Velero 1.18 and later, written as '1.18'.`,
    ],
    [
      `velero: { ${AGENT}, version: 1.20 }`,
      `has 1.2 as 'version' of 'velero': what is predicted is Velero 1.18 and later, written as '1.18'.`,
    ],
    [`velero: { ${AGENT}, namespace: 7 }`, `has no text as 'namespace' of 'velero': write it in quotes.`],
    ['storageClasses: [fast]', `has no mapping under 'storageClasses': write 'name: { driver: … }'.`],
    ['storageClasses: { fast: {} }', `has a storage class without 'driver' under 'storageClasses': write it.`],
    [
      `storageClasses: { fast: { driver: a, isdefault: true } }`,
      `has the field 'isdefault' under 'storageClasses.fast', which nothing reads: did you mean 'isDefault'?`,
    ],
    [
      `storageClasses: { fast: { driver: a, isDefault: yes } }`,
      `has no boolean as 'isDefault' of 'storageClasses.fast': write true or false.`,
    ],
  ])('refuses the platform %s', (text, why) => {
    const file = path.join(folder, 'stated.yaml');
    writeFileSync(file, text);
    expect(() => readPlatformFile(file)).toThrow(`${file} ${why}`);
  });

  it('reads a platform', () => {
    const file = path.join(folder, 'stated.yaml');
    writeFileSync(
      file,
      `velero: { version: '1.18.3', namespace: backups, ${AGENT} }\nstorageClasses: { fast: { driver: a, snapshotClass: b } }`,
    );
    expect(readPlatformFile(file)).toEqual({
      velero: { version: '1.18.3', namespace: 'backups', enableCSI: true, nodeAgent: true },
      storageClasses: { fast: { driver: 'a', isDefault: false, snapshotClass: 'b' } },
    });
    expect(() => readPlatformFile(`${file}.gone`)).toThrow(
      /cannot be read: ENOENT.*\. Give a YAML file with 'velero' and 'storageClasses'\.$/,
    );
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
