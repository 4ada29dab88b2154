/** A user's project in a folder of its own, whose `main.ts` is run as a process. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), 'backed-up-project-'));

  /** @param files by path; code imports this library as a user does, from `cdk8s-backed-up`. */
  constructor(files: Readonly<Record<string, string>>) {
    symlinkSync(resolve('node_modules'), join(this.folder, 'node_modules'));
    const paths = { 'cdk8s-backed-up': [resolve('lib/index.ts')] };
    this.write('tsconfig.json', JSON.stringify({ compilerOptions: { module: 'commonjs', paths } }));
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** @param args the file to run, and its arguments. */
  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
    return this.spawn(process.execPath, ['--import', 'tsx', ...args], env);
  }

  spawn(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Ran {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    return { status, stdout, stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A cluster that is accepted, with one volume; `body` goes into the chart. */
export function mainFile(body: string, options: { readonly props?: string } = {}): string {
  return `import { Chart, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { BackedUpApp, BackedUpVolume, backUp, definePlatform, elsewhere, exclude, excluded, nightly, s3Location, ScratchVolume, snapshotted, weekly } from 'cdk8s-backed-up';

const platform = definePlatform({
  cluster: 'home',
  velero: { version: '1.18', enableCSI: true, nodeAgent: true, repositoryPassword: { keptIn: 'sealed envelope, bank' } },
  storageClasses: {
    'ceph-block': { driver: 'rook-ceph.rbd.csi.ceph.com', snapshotClass: 'ceph-block', isDefault: true },
  },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist', operators: { velero: 'velero' } },
});
const offsite = s3Location('offsite', {
  endpoint: 'https://s3.example.net',
  bucket: 'home-backups',
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
});
const storage = Size.gibibytes(20);
const app = new BackedUpApp({
  platform,
  etcd: elsewhere('A timer on the first node saves it to the NAS.', { failureDomain: 'site', rpo: Duration.hours(7) }),
  fluxRepository: elsewhere('The hosted Git server keeps backups of it.', { failureDomain: 'offsite', rpo: Duration.days(1) }),
  certificates: excluded('Issued again within the limits of the authority.'),
  keys: elsewhere('Printed, in a sealed envelope at the bank.', { failureDomain: 'offsite', rpo: Duration.days(90) }),
  ${options.props ?? ''}
});
const chart = new Chart(app, 'wiki', { namespace: 'wiki' });
${body}
app.synth();
`;
}
