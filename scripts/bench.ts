/**
 * `npm run bench`: synth of 5,000 claims and the 5,000 CronJobs that mount them, in 500 charts, by this library with its
 * gate and by stock cdk8s, in the same run. Prints seconds, the ratio, and memory; judges nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { App, Chart, Cron, Duration, Size } from 'cdk8s';
import { CronJob, PersistentVolumeAccessMode, PersistentVolumeClaim, Volume } from 'cdk8s-plus-28';
import { BackedUpApp, backUp, definePlatform, elsewhere, excluded, nightly, s3Location } from '../lib';

const CHARTS = 500;
const PAIRS = 10;

const platform = definePlatform({
  cluster: 'bench',
  velero: { version: '1.18', enableCSI: true, nodeAgent: true, repositoryPassword: { keptIn: 'a sealed envelope' } },
  storageClasses: { block: { driver: 'block.csi.example.com', snapshotClass: 'block', isDefault: true } },
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});
const offsite = s3Location('offsite', {
  endpoint: 'https://s3.example.net',
  bucket: 'backups',
  failureDomain: 'offsite',
  keptIn: 'a sealed envelope',
});

function fill(app: App, backedUp: boolean): void {
  for (let c = 0; c < CHARTS; c += 1) {
    const name = `app-${String(c).padStart(3, '0')}`;
    const chart = new Chart(app, name, { namespace: name, disableResourceNameHashes: true });
    for (let i = 0; i < PAIRS; i += 1) {
      new PersistentVolumeClaim(chart, `data-${i}`, {
        metadata: { name: `data-${i}` },
        accessModes: [PersistentVolumeAccessMode.READ_WRITE_ONCE],
        storage: Size.gibibytes(10),
      });
      const job = new CronJob(chart, `job-${i}`, {
        metadata: { name: `job-${i}` },
        schedule: Cron.schedule({ minute: String(i), hour: '3' }),
        timeZone: 'Etc/UTC',
      });
      const container = job.addContainer({ image: 'docker.io/library/busybox:1.37', args: ['ls', '/data'] });
      const claim = PersistentVolumeClaim.fromClaimName(chart, `claim-${i}`, `data-${i}`);
      container.mount('/data', Volume.fromPersistentVolumeClaim(chart, `volume-${i}`, claim));
      if (backedUp) backUp(chart, { claim: `data-${i}` }, nightly({ to: offsite, keep: { daily: 14 } }));
    }
  }
}

interface Measured {
  readonly seconds: number;
  readonly heapMiB: number;
}

function measure(work: () => void): Measured {
  globalThis.gc?.();
  const start = performance.now();
  work();
  const seconds = (performance.now() - start) / 1000;
  return { seconds, heapMiB: process.memoryUsage().heapUsed / 2 ** 20 };
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-bench-'));
  try {
    process.chdir(folder);
    process.stderr.write(`building ${CHARTS} charts of ${2 * PAIRS} objects twice …\n`);
    const answers = {
      etcd: elsewhere('A timer on the first node saves it to the NAS.', {
        failureDomain: 'site',
        rpo: Duration.days(1),
      }),
      fluxRepository: elsewhere('The hosted Git server keeps backups of it.', {
        failureDomain: 'offsite',
        rpo: Duration.days(1),
      }),
      certificates: excluded('Issued again within the limits of the authority.'),
      keys: elsewhere('Printed, in a sealed envelope at the bank.', {
        failureDomain: 'offsite',
        rpo: Duration.days(90),
      }),
    } as const;
    const own = new BackedUpApp({ platform, outdir: join(folder, 'own'), ...answers });
    fill(own, true);
    const stock = new App({ outdir: join(folder, 'stock') });
    fill(stock, false);

    const quiet = process.stdout.write.bind(process.stdout);
    process.stdout.write = () => true;
    const first = measure(() => own.synth());
    process.stdout.write = quiet;
    process.stderr.write(
      `this library, gate included: ${first.seconds.toFixed(2)} s; now stock cdk8s, which takes a while …\n`,
    );
    const second = measure(() => stock.synth());

    process.stdout.write(`objects            ${2 * PAIRS * CHARTS} in ${CHARTS} charts\n`);
    process.stdout.write(
      `this library       ${first.seconds.toFixed(2)} s, heap ${first.heapMiB.toFixed(0)} MiB afterwards, gate included\n`,
    );
    process.stdout.write(
      `stock cdk8s        ${second.seconds.toFixed(2)} s, heap ${second.heapMiB.toFixed(0)} MiB afterwards\n`,
    );
    process.stdout.write(`ratio              ${(second.seconds / first.seconds).toFixed(1)} times faster\n`);
    process.stdout.write(`peak memory        ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB for both\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
