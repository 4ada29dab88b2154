/** A small cluster that the gate accepts, for tests that change one thing in it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Chart, Duration } from 'cdk8s';
import { explainFindings } from '../../lib/coverage/explain';
import type { Finding } from '../../lib/coverage/finding';
import {
  elsewhere,
  excluded,
  s3Location,
  type Location,
  type Platform,
  type RequireBackupsProps,
  type RookPlatform,
} from '../../lib';
import { openGate } from '../../lib/synth/app';
import { synthesize, type Synthesized } from '../../lib/synth/synthesize';

export interface Scenario {
  readonly app: App;
  /** A chart `example`, in the namespace `paperless` unless the options name another. */
  readonly chart: Chart;
}

export const platform: Platform = {
  cluster: 'home',
  timeZone: 'Europe/Berlin',
  velero: {
    version: '1.18',
    enableCSI: true,
    nodeAgent: true,
    repositoryPassword: { keptIn: 'sealed envelope, bank' },
  },
  cnpg: { version: '1.30', barmanPlugin: '0.14' },
  storageClasses: {
    'ceph-block': { driver: 'rook-ceph.rbd.csi.ceph.com', snapshotClass: 'ceph-block', isDefault: true },
  },
  flux: {
    sourceRef: { kind: 'GitRepository', name: 'flux-system' },
    path: './dist',
    operators: { velero: 'velero', cnpg: 'cloudnative-pg', rook: 'rook-ceph' },
  },
};

/** For the scenarios that have buckets: a Rook whose claims may say who reads them. */
export const rook: RookPlatform = {
  version: '1.20',
  namespace: 'rook-ceph',
  objectStore: 'store-a',
  allowedObcFields: ['maxObjects', 'maxSize', 'bucketPolicy'],
};

export const offsite: Location = s3Location('offsite', {
  endpoint: 'https://s3.example.net',
  bucket: 'home-backups',
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
});

/** Answers for what no object betrays. */
export const clusterAnswers = {
  etcd: elsewhere('A timer on the first node saves a snapshot to the NAS.', {
    failureDomain: 'site',
    rpo: Duration.hours(7),
  }),
  fluxRepository: elsewhere('The hosted Git server keeps its own backups.', {
    failureDomain: 'offsite',
    rpo: Duration.days(1),
  }),
  certificates: excluded('Issued again by ACME within its limits.'),
  keys: elsewhere('Printed, in a sealed envelope at the bank.', { failureDomain: 'offsite', rpo: Duration.days(180) }),
};

export interface ScenarioOptions {
  /** Overrides of {@link platform}. */
  readonly platform?: Partial<Platform>;
  /** Everything else of the app's properties. */
  readonly props?: Partial<RequireBackupsProps>;
  /** Files beside the project's code, by path; all of them are read. */
  readonly files?: Readonly<Record<string, string>>;
  readonly namespace?: string;
  /** The day of the run. */
  readonly today?: string;
}

/** Synthesizes what `build` adds to a small cluster, without writing it. */
export function synthesizeScenario(build: (scenario: Scenario) => void, options: ScenarioOptions = {}): Synthesized {
  const app = new App({ outdir: 'dist' });
  const project = mkdtempSync(join(tmpdir(), 'backed-up-'));
  try {
    const { files = {} } = options;
    mkdirSync(join(project, '.git'));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      writeFileSync(join(project, path), text);
    }
    const alsoRead = Object.keys(files).length === 0 ? [] : ['**/*.yaml'];
    // One union of two shapes: which answers are given is up to the test.
    const props = {
      ...clusterAnswers,
      platform: { ...platform, ...options.platform },
      alsoRead,
      ...options.props,
    } as RequireBackupsProps;
    const input = openGate(app, props, project);
    build({ app, chart: new Chart(app, 'example', { namespace: options.namespace ?? 'paperless' }) });
    return synthesize(app, { ...input, today: options.today ?? '2026-12-01' });
  } finally {
    rmSync(project, { recursive: true });
  }
}

/** All findings, as people read them; empty when the gate accepts. */
export function explain(findings: readonly Finding[]): string {
  return explainFindings(findings, false).trimEnd();
}
