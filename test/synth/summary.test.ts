/** What a good synth says: the exact text, for a cluster with everything that it speaks of. */
import { ApiObject, Duration, Size } from 'cdk8s';
import { expect, it } from 'vitest';
import {
  BackedUpPostgres,
  BackedUpVolume,
  elsewhere,
  holds,
  hourly,
  nightly,
  s3Location,
  ScratchVolume,
  snapshotted,
  type Platform,
} from '../../lib';
import { summarize } from '../../lib/synth/summary';
import { offsite, platform, synthesizeScenario, type Scenario } from '../support/scenario';

const storage = Size.gibibytes(20);
const local = s3Location('local', {
  endpoint: 'http://rgw.rook-ceph.svc',
  bucket: 'backups',
  failureDomain: 'cluster',
  keptIn: 'sealed envelope, bank',
});

function everything({ chart }: Scenario): void {
  const keep = { daily: 14 };
  new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
  new BackedUpVolume(chart, 'more', { storage, backup: nightly({ to: offsite, keep }) });
  new BackedUpVolume(chart, 'photos', {
    storage,
    backup: [
      hourly({ to: offsite, keep: { hourly: 48 }, plan: 'often' }),
      snapshotted({ to: local, keep, plan: 'often' }),
    ],
  });
  const share = elsewhere('The NAS fetches the files.', {
    failureDomain: 'site',
    rpo: Duration.hours(25),
    evidence: { cronJob: 'fetch' },
  });
  new BackedUpVolume(chart, 'share', { storage, backup: share });
  new ApiObject(chart, 'fetch', {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'fetch' },
    spec: {
      schedule: '0 3 * * *',
      timeZone: 'Etc/UTC',
      jobTemplate: {
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'fetch', image: 'rsync:3' }] } } },
      },
    },
  });
  new ScratchVolume(chart, 'cache', { storage, reason: 'Fetched again on demand.', reviewBy: '2028-01-01' });
  new ApiObject(chart, 'registry', {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'registry' },
    spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'registry' } },
  });
  holds(chart, { helmRelease: 'registry' }, {});
}

/** With no name for the Kustomization that installs Velero. */
const unnamed: Platform = { ...platform, flux: { ...platform.flux, operators: {} } };

function summaryOf(build: (scenario: Scenario) => void, colours = false): string {
  const { findings, inventory, folders } = synthesizeScenario(build, { platform: unnamed });
  expect(findings.map(({ because }) => because)).toEqual([]);
  return summarize(
    { inventory, folders, flux: unnamed.flux, skippedDocuments: 1, unreadFiles: [{ path: 'wiki.yaml', documents: 2 }] },
    colours,
  );
}

it.each([
  [true, '1 dataset (1 by mirror), '],
  [false, '1 dataset (1 by mirror, of which nothing expires: the location keeps no old versions), '],
])('says what comes to a location by a mirror, and what becomes of it there', (versioned, says) => {
  const far = s3Location('far', { ...offsite, versioned });
  const near = s3Location('near', { ...offsite, bucket: 'near', failureDomain: 'site', mirror: nightly({ to: far }) });
  const summary = summaryOf(({ chart }) => {
    new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: near, keep: { daily: 14 } }) });
  });
  expect(summary).toContain(`  far   ${says}home-backups at `);
  expect(summary).toContain('  near  1 dataset, near at ');
});

it('tells what is never deleted from what comes there too', () => {
  const near = s3Location('near', {
    ...offsite,
    bucket: 'near',
    failureDomain: 'site',
    mirror: nightly({ to: offsite }),
  });
  const summary = summaryOf(({ chart }) => {
    const keep = { daily: 14 };
    new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: near, keep }) });
    new BackedUpVolume(chart, 'both', {
      storage,
      backup: [nightly({ to: near, keep, plan: 'both' }), nightly({ to: offsite, keep, plan: 'both' })],
    });
    new BackedUpPostgres(chart, 'db', { storage, backup: nightly({ to: near, keep }) });
  });
  expect(summary).toContain(
    '  offsite  3 datasets (2 by mirror, of which 1 never expires: the location keeps no old versions), ',
  );
});

it('is what people want to know about a cluster', () => {
  expect(summaryOf(everything))
    .toBe(`9 datasets of cluster home: 7 copied, 2 left out; worst RPO when the cluster is lost: 29 h 10 min (PersistentVolumeClaim paperless/data)
  elsewhere                                        4 datasets, 20 GiB
  hourly to offsite, nightly snapshotted to local  1 dataset, 20 GiB
  nightly to offsite                               2 datasets, 40 GiB

Where the copies go:
  local    1 dataset, backups at http://rgw.rook-ceph.svc, lost with: cluster; keys also in: sealed envelope, bank
  offsite  3 datasets, home-backups at https://s3.example.net, lost with: offsite; keys also in: sealed envelope, bank

Copied by somebody else:
  etcd of cluster home: A timer on the first node saves a snapshot to the NAS. (site, at worst 7 h old, nobody checks it)
  Flux repository of cluster home: The hosted Git server keeps its own backups. (offsite, at worst 24 h old, nobody checks it)
  keys of cluster home: Printed, in a sealed envelope at the bank. (offsite, at worst 180 d old, nobody checks it)
  PersistentVolumeClaim paperless/share: The NAS fetches the files. (site, at worst 25 h old, CronJob fetch)

Left out:
  certificates of cluster home: Issued again by ACME within its limits.
  PersistentVolumeClaim paperless/cache: Fetched again on demand. (review by 2028-01-01)

Secrets that you provide:
  velero/backed-up-local with cloud; also kept in: sealed envelope, bank
  velero/backed-up-offsite with cloud; also kept in: sealed envelope, bank
  velero/velero-repo-credentials with repository-password; also kept in: sealed envelope, bank

Not seen:
  HelmRelease paperless/registry makes objects at run time; what is said of its volumes is taken at its word
  cluster-backup/ does not wait for velero: platform.flux.operators names no Kustomization for it
  example-backup/ does not wait for velero: platform.flux.operators names no Kustomization for it
  8 assumptions about the cluster, on which the copies rest: assumptions in inventory.json says which, and why
  1 document in the files of alsoRead holds no Kubernetes object
  2 YAML documents of this repository that nobody asked synth to read (alsoRead): wiki.yaml
`);
});

it('says with every synth which copy refuses nothing', () => {
  const summary = summaryOf(({ chart }) => {
    const backup = nightly({ to: offsite, keep: { daily: 14 } });
    new BackedUpPostgres(chart, 'db', { storage, backup, dump: { smallestPercent: 0 } });
  });
  expect(summary).toContain(`
Taken however little is left of the source:
  Cluster paperless/db at 'offsite': smallestPercent is 0, which is meant for one run
`);
});

it('leaves out what there is nothing to say about', () => {
  expect(summaryOf(() => {})).toBe(`4 datasets of cluster home: 3 copied, 1 left out
  elsewhere  3 datasets

Copied by somebody else:
  etcd of cluster home: A timer on the first node saves a snapshot to the NAS. (site, at worst 7 h old, nobody checks it)
  Flux repository of cluster home: The hosted Git server keeps its own backups. (offsite, at worst 24 h old, nobody checks it)
  keys of cluster home: Printed, in a sealed envelope at the bank. (offsite, at worst 180 d old, nobody checks it)

Left out:
  certificates of cluster home: Issued again by ACME within its limits.

Not seen:
  1 assumption about the cluster, on which the copies rest: assumptions in inventory.json says which, and why
  1 document in the files of alsoRead holds no Kubernetes object
  2 YAML documents of this repository that nobody asked synth to read (alsoRead): wiki.yaml
`);
});

it('has bold headings on a terminal', () => {
  const lines = summaryOf(() => {}, true).split('\n');
  expect(lines[0]).toBe('\u001B[1m4 datasets of cluster home: 3 copied, 1 left out\u001B[22m');
  expect(lines).toContain('\u001B[1mNot seen\u001B[22m:');
});
