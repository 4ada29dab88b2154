/** Synth as a person runs it: what it prints where, what it writes, and its exit code. */
import { cpSync, existsSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readFolder } from '../../lib/synth/output';
import { mainFile, Project } from '../support/project';

const VOLUME = `new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep: { daily: 14 } }) });`;
const FORGOTTEN = `new k8s.KubePersistentVolumeClaim(chart, 'cache', {
  metadata: { name: 'cache' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: k8s.Quantity.fromString('5Gi') } } },
});`;

/** Each test begins in a project of its own; what synth wrote there first is made once. */
let project: Project;
let written: Project;
const FILES = { 'main.ts': mainFile(VOLUME), 'refused.ts': mainFile(`${VOLUME}\n${FORGOTTEN}`) };

beforeAll(() => {
  written = new Project(FILES);
  written.run(['main.ts']);
});
afterAll(() => written.remove());

beforeEach(() => {
  project = new Project(FILES);
  cpSync(join(written.folder, 'dist'), join(project.folder, 'dist'), { recursive: true });
});
afterEach(() => project.remove());

const SUMMARY = `5 datasets of cluster home: 4 copied, 1 left out; worst RPO when the cluster is lost: 28 h 10 min (PersistentVolumeClaim wiki/data)
  elsewhere           3 datasets
  nightly to offsite  1 dataset, 20 GiB

Where the copies go:
  offsite  1 dataset, home-backups at https://s3.example.net, lost with: offsite; keys also in: sealed envelope, bank

Copied by somebody else:
  etcd of cluster home: A timer on the first node saves it to the NAS. (site, at worst 7 h old, nobody checks it)
  Flux repository of cluster home: The hosted Git server keeps backups of it. (offsite, at worst 24 h old, nobody checks it)
  keys of cluster home: Printed, in a sealed envelope at the bank. (offsite, at worst 90 d old, nobody checks it)

Left out:
  certificates of cluster home: Issued again within the limits of the authority.

Secrets that you provide:
  velero/backed-up-offsite with cloud; also kept in: sealed envelope, bank
  velero/velero-repo-credentials with repository-password; also kept in: sealed envelope, bank

Not seen:
  8 assumptions about the cluster, on which the copies rest: assumptions in inventory.json says which, and why
  0 YAML documents of this repository that nobody asked synth to read (alsoRead)
`;

const REFUSAL = `1 dataset has no backup strategy: [no-strategy]

  ✖ PersistentVolumeClaim wiki/cache (5Gi)
      made by          wiki/cache
      to back it up    backUp(this, { claim: 'cache' }, nightly({ to: offsite, keep: { daily: 7 } }))
      to leave it out  exclude(this, { claim: 'cache' }, { reason: 'why losing it is acceptable' })

Not seen: 0 YAML documents of this repository that nobody asked synth to read (alsoRead)
dist/ is unchanged.
`;

describe('npm run synth', () => {
  it('writes nothing when the first run is refused', () => {
    rmSync(join(project.folder, 'dist'), { recursive: true });
    expect(project.run(['refused.ts'])).toEqual({ status: 1, stdout: '', stderr: REFUSAL });
    expect(existsSync(join(project.folder, 'dist'))).toBe(false);
  });

  it('writes, and says what is protected how', () => {
    rmSync(join(project.folder, 'dist'), { recursive: true });
    expect(project.run(['main.ts'])).toEqual({ status: 0, stdout: `${SUMMARY}\ndist/ is written.\n`, stderr: '' });
    expect(readdirSync(project.folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('says what it found after a kill, and that nothing changed', () => {
    renameSync(join(project.folder, 'dist'), join(project.folder, '.dist.new'));
    // What follows `--` is for the project's own code.
    expect(project.run(['main.ts', '--', '--production'])).toEqual({
      status: 0,
      stdout: `${SUMMARY}\ndist/ was up to date.\n`,
      stderr: 'an earlier synth was stopped between two renames; dist/ is what it had written\n',
    });
    expect(readdirSync(project.folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('prints the inventory as JSON', () => {
    const { status, stdout, stderr } = project.run(['main.ts', '--json']);
    expect({ status, stderr, json: JSON.parse(stdout) }).toEqual({
      status: 0,
      stderr: '',
      json: {
        written: true,
        findings: [],
        unreadDocuments: 0,
        unreadFiles: [],
        editedByHand: [],
        changes: [],
        inventory: JSON.parse(project.read('dist/inventory.json')),
      },
    });
  });

  it('prints findings as JSON, and leaves what is there', () => {
    const before = readFolder(join(project.folder, 'dist'));
    const { status, stdout, stderr } = project.run(['refused.ts', '--json']);
    expect({ status, stderr, json: JSON.parse(stdout) }).toEqual({
      status: 1,
      stderr: '',
      json: {
        written: false,
        findings: [
          {
            rule: 'no-strategy',
            severity: 'error',
            subject: 'PersistentVolumeClaim wiki/cache (5Gi)',
            at: { type: 'construct', path: 'wiki/cache', chart: 'wiki' },
            dataset: { group: '', kind: 'PersistentVolumeClaim', namespace: 'wiki', name: 'cache' },
            remedies: [
              {
                label: 'to back it up',
                text: `backUp(this, { claim: 'cache' }, nightly({ to: offsite, keep: { daily: 7 } }))`,
              },
              {
                label: 'to leave it out',
                text: `exclude(this, { claim: 'cache' }, { reason: 'why losing it is acceptable' })`,
              },
            ],
          },
        ],
        unreadDocuments: 0,
        unreadFiles: [],
      },
    });
    expect(readFolder(join(project.folder, 'dist'))).toEqual(before);
  });

  it('annotates pull requests', () => {
    project.write('apps/wiki.ts', '// where a finding of the chart wiki is shown');
    const { status, stdout } = project.run(['refused.ts', '--annotations']);
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: `::error file=apps/wiki.ts,title=no-strategy::PersistentVolumeClaim wiki/cache (5Gi)%0Ato back it up: backUp(this, { claim: 'cache' }, nightly({ to: offsite, keep: { daily: 7 } }))%0Ato leave it out: exclude(this, { claim: 'cache' }, { reason: 'why losing it is acceptable' })\n`,
    });
  });

  it('annotates no file for what is said to the app', () => {
    project.write('apps/cluster.ts', '// not where the answer belongs');
    project.write('etcd.ts', mainFile(VOLUME).replace('etcd: elsewhere', 'etcd: undefined as never && elsewhere'));
    const { status, stdout } = project.run(['etcd.ts', '--annotations']);
    expect({ status, stdout }).toEqual({
      status: 1,
      stdout: `::error title=no-strategy::etcd of cluster home%0Ato back it up: etcd: kubeadmEtcd({ backup: nightly({ to: offsite, keep: { daily: 7 } }) })%0Ato leave it out: etcd: excluded('why losing it is acceptable')\n`,
    });
    const { stderr } = project.run(['etcd.ts']);
    expect(stderr).toContain('✖ etcd of cluster home\n      made by          app\n');
  });

  it('has help', () => {
    expect(project.run(['refused.ts', '--help'])).toEqual({
      status: 0,
      stderr: '',
      stdout: `Usage: npm run synth [-- options]

Proves that all data has a backup, and only then replaces the output folder.

Options:
  --json         findings, changes and inventory as JSON on standard output
  --annotations  findings as annotations of a pull request (GitHub)
  -h, --help     this text
  --             what follows is left to your own code

Exit codes: 0 written, 1 findings and nothing written, 2 could not run.

Examples:
  npm run synth
  npm run synth -- --json > findings.json
`,
    });
  });

  it.each([
    ['--jason', 'did you mean --json?'],
    ['--json=pretty', 'did you mean --json?'],
    // Whoever expects that must not find that everything was written.
    ['--dry-run', 'options of your own code go after a further --;'],
  ])('refuses the option %s', (option, hint) => {
    expect(project.run(['refused.ts', option])).toEqual({
      status: 2,
      stdout: '',
      stderr: `error: unknown option ${option}: ${hint} --help lists all\n`,
    });
  });
});

describe('what cannot run', () => {
  it('is both at once of what goes to standard output', () => {
    expect(project.run(['refused.ts', '--json', '--annotations'])).toEqual({
      status: 2,
      stdout: '',
      stderr: 'error: --json and --annotations both print to standard output: run synth once for each\n',
    });
  });

  it('is an app that types would refuse, in a sentence without a stack', () => {
    project.write(
      'untyped.ts',
      `import { BackedUpApp } from 'cdk8s-backed-up';\nnew BackedUpApp({} as never).synth();\n`,
    );
    expect(project.run(['untyped.ts'])).toEqual({
      status: 2,
      stdout: '',
      stderr: `error: the app has no platform: write new BackedUpApp({ platform: definePlatform({ cluster: 'home', flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' } }), … })\n`,
    });
  });

  it('is a mistake in code, with its stack, and not the exit code of findings', () => {
    const broken = `chart.toJson = () => { throw new TypeError('the chart is broken'); };`;
    project.write('broken.ts', mainFile(`${VOLUME}\n${broken}`));
    const before = project.read('dist/SHA256SUMS');
    const { status, stdout, stderr } = project.run(['broken.ts']);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^TypeError: the chart is broken\n {4}at .*broken\.ts:\d+/);
    expect(project.read('dist/SHA256SUMS')).toBe(before);
  });
});

describe('a folder that synth must not touch', () => {
  it('holds files of somebody else', () => {
    project.write('other/notes.md', 'mine');
    project.write('other.ts', mainFile(VOLUME, { props: `outdir: 'other',` }));
    expect(project.run(['other.ts'])).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'error: other/ holds files that synth did not write, and synth replaces the whole folder: move them away, or choose another outdir\n',
    });
    expect(project.read('other/notes.md')).toBe('mine');
  });
});

describe('a folder that holds the project', () => {
  it.each(['.', '', '..', '../'])('is not replaced: %j', (outdir) => {
    project.write('whole.ts', mainFile(VOLUME, { props: `outdir: '${outdir}',` }));
    expect(project.run(['whole.ts'])).toEqual({
      status: 2,
      stdout: '',
      stderr: `error: outdir '${outdir}' holds the project itself, and synth replaces the whole folder: name one of its own, outdir: 'dist'\n`,
    });
  });
});

describe('a reader that stops early', () => {
  it.each(['main.ts', 'refused.ts'])('changes nothing about %s', (file) => {
    const expected = project.run([file]).status;
    // The pipe is closed before synth prints.
    const command = `{ "$NODE" --import tsx ${file} --json 2>&1 >&3 3>&-; echo "status $?" >&2; } 3>&1 | true`;
    const { stderr } = project.spawn('sh', ['-c', command], { NODE: process.execPath });
    expect(stderr).toBe(`status ${expected}\n`);
  });
});

describe('a file that somebody changed by hand', () => {
  it('is reported and kept aside before it is replaced', () => {
    const path = 'dist/wiki/wiki.PersistentVolumeClaim.data.yaml';
    const original = project.read(path);
    project.write(path, original.replace('20Gi', '40Gi'));
    project.write('dist/wiki/stray.yaml', 'kind: Stray\n');
    expect(project.run(['main.ts'])).toEqual({
      status: 0,
      stderr: `Changed by hand in dist/ since the last synth, and replaced (kept in .dist.edited/):
  wiki/stray.yaml
  wiki/wiki.PersistentVolumeClaim.data.yaml

`,
      stdout: `${SUMMARY}\ndist/ is written.\n`,
    });
    expect(project.read(path)).toBe(original);
    expect(project.read('.dist.edited/wiki/wiki.PersistentVolumeClaim.data.yaml')).toContain('40Gi');
    expect(project.read('.dist.edited/wiki/stray.yaml')).toBe('kind: Stray\n');
  });
});

describe('a project that keeps its own App', () => {
  /** With `requireBackups` instead of `BackedUpApp`. */
  function ownApp(body: string): string {
    return mainFile(body)
      .replace('import { Chart,', 'import { App, Chart,')
      .replace('import { BackedUpApp,', 'import { requireBackups,')
      .replace('const app = new BackedUpApp({', 'const app = new App();\nrequireBackups(app, {');
  }

  it('gets the same files, and not in the folder of the cdk8s CLI', () => {
    const before = readFolder(join(project.folder, 'dist'));
    rmSync(join(project.folder, 'dist'), { recursive: true });
    project.write('own.ts', ownApp(VOLUME));
    const ran = project.run(['own.ts'], { CDK8S_OUTDIR: '.own' });
    expect(ran).toEqual({ status: 0, stdout: `${SUMMARY}\ndist/ is written.\n`, stderr: '' });
    expect(readFolder(join(project.folder, 'dist'))).toEqual(before);
    expect(readdirSync(join(project.folder, '.own'))).toContain('wiki.k8s.yaml');
  });
});

describe('the cdk8s CLI', () => {
  // Without asking the network for a newer CLI.
  const cli = ['node_modules/cdk8s-cli/bin/cdk8s', 'synth', '--no-check-upgrade'];

  it('gets the charts in its own folder, and dist/ is what it always is', () => {
    project.write('cdk8s.yaml', 'language: typescript\napp: node --import tsx main.ts\noutput: .cdk8s\n');
    const before = project.read('dist/SHA256SUMS');
    const { status, stderr } = project.spawn(process.execPath, cli);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(project.read('dist/SHA256SUMS')).toBe(before);
    expect(readdirSync(join(project.folder, '.cdk8s')).toSorted()).toEqual([
      'cluster.k8s.yaml',
      'flux.k8s.yaml',
      'namespaces.k8s.yaml',
      'wiki.k8s.yaml',
    ]);
    expect(project.read('.cdk8s/wiki.k8s.yaml')).toContain('kind: Schedule');
  });

  it('may write beside the output, under a name that begins as its', () => {
    const { status, stderr } = project.run(['main.ts'], { CDK8S_OUTDIR: 'dist-of-cdk8s' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('is told when it has emptied the folder that Flux reads', () => {
    project.write('cdk8s.yaml', 'language: typescript\napp: node --import tsx main.ts\noutput: dist\n');
    const { status, stderr } = project.spawn(process.execPath, cli);
    expect(status).not.toBe(0);
    expect(stderr).toContain(
      `error: the cdk8s CLI empties dist/ before it runs the app, and dist/ is what Flux reads: put 'output: .cdk8s' into cdk8s.yaml, name no other folder with --output, and get the folder back with 'git checkout -- dist'\n`,
    );
  });

  const wayOut = (folder: string): string =>
    `: put 'output: .cdk8s' into cdk8s.yaml, name no other folder with --output, and get the folder back with 'git checkout -- ${folder}'\n`;

  it('is told when it has emptied the folder around its charts', () => {
    project.write('cdk8s.yaml', 'language: typescript\napp: node --import tsx main.ts\n');
    const args = ['--format', 'helm', '--chart-version', '1.0.0', '--output', 'dist'];
    const { status, stdout, stderr } = project.spawn(process.execPath, [...cli, ...args]);
    expect(status).not.toBe(0);
    expect(stdout).not.toContain('unchanged');
    expect(stderr).toContain(
      `error: the cdk8s CLI empties its output folder before it runs the app, and dist/templates/ is in dist/, which Flux reads${wayOut('dist')}`,
    );
  });

  it.each([
    ['dist/', 'dist', 'empties dist/ before it runs the app, and dist/ is what Flux reads'],
    [
      'dist/k8s',
      'dist',
      'empties its output folder before it runs the app, and dist/k8s/ is in dist/, which Flux reads',
    ],
    ['linked', 'dist', 'empties linked/ before it runs the app, and dist/ is what Flux reads'],
    ['build', 'build/dist', 'empties build/ before it runs the app, and build/dist/ in it is what Flux reads'],
  ])('is told so for %s and the output %s, before anything is touched', (cliFolder, outdir, what) => {
    const own = new Project({
      'main.ts': mainFile(FORGOTTEN, { props: `outdir: '${outdir}',` }),
      // What a killed run left.
      [`${outdir.replace('dist', '.dist.new')}/SHA256SUMS`]: '',
    });
    try {
      symlinkSync('dist', join(own.folder, 'linked'));
      expect(own.run(['main.ts'], { CDK8S_OUTDIR: cliFolder })).toEqual({
        status: 2,
        stdout: '',
        stderr: `error: the cdk8s CLI ${what}${wayOut(outdir)}`,
      });
      expect(existsSync(join(own.folder, outdir))).toBe(false);
    } finally {
      own.remove();
    }
  });
});
