/** Projects outside of this repository, with the packed tarball and without a network: in CommonJS and in ESM. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const work = mkdtempSync(join(tmpdir(), 'backed-up-consumer-'));
let tarball = '';

beforeAll(() => {
  // Packing builds, as publishing does.
  execFileSync('npm', ['pack', '--silent', '--pack-destination', work], { stdio: 'ignore' });
  tarball = join(work, readdirSync(work).find((name) => name.endsWith('.tgz')) ?? '');
});

afterAll(() => rmSync(work, { recursive: true, force: true }));

const REFUSAL = `1 dataset has no backup strategy: [no-strategy]

  ✖ PersistentVolumeClaim paperless/data (20Gi)
      made by          paperless/data
      to back it up    backUp(this, { claim: 'data' }, nightly({ to: offsite, keep: { daily: 7 } }))
      to leave it out  exclude(this, { claim: 'data' }, { reason: 'why losing it is acceptable' })

Not seen: 0 YAML documents of this repository that nobody asked synth to read (alsoRead)
dist/ is unchanged.
`;

describe.each(['commonjs', 'esm'])('a project in %s', (kind) => {
  it('is refused, answers, and gets its YAML', () => {
    const project = join(work, kind);
    install(project, kind);
    expect(compile(project)).toBe('');

    const refused = run(project, {});
    expect(refused.stderr).toBe(REFUSAL);
    expect(refused.status).toBe(1);
    expect(existsSync(join(project, 'dist'))).toBe(false);

    const written = run(project, { ANSWERED: 'yes' });
    expect(written.stderr).toBe('');
    expect(written.status).toBe(0);
    expect(written.stdout).toContain('2 datasets of cluster home: 2 copied, 0 left out');
    expect(readdirSync(join(project, 'dist')).toSorted()).toEqual([
      'README.md',
      'SHA256SUMS',
      'flux',
      'inventory.json',
      'kustomization.yaml',
      'namespaces',
      'paperless',
      'paperless-backup',
    ]);
    // The storage location belongs to the cluster's repository.
    expect(readdirSync(join(project, 'dist/paperless-backup')).toSorted()).toEqual([
      'backed-up.ConfigMap.inventory-paperless-paperless.yaml',
      'kustomization.yaml',
      'velero.ConfigMap.paperless-nightly.yaml',
      'velero.Schedule.paperless-nightly-offsite.yaml',
    ]);
  });
});

/** As a package manager would lay it out, with links instead of downloads. */
function install(project: string, kind: string): void {
  cpSync(join('test/consumers', kind), project, { recursive: true });
  cpSync('test/consumers/cluster.ts', join(project, 'cluster.ts'));
  const installed = join(project, 'node_modules/cdk8s-backed-up');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly peerDependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, '@types/node': '' })) {
    const link = join(project, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules', name), link);
  }
}

/** @returns what the compiler says. */
function compile(project: string): string {
  const compiler = join(process.cwd(), 'node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' }).stdout;
}

function run(project: string, env: Readonly<Record<string, string>>) {
  return spawnSync(process.execPath, ['out/main.js'], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}
