/**
 * `npm run bench`: synth of 5,000 claims and the 5,000 CronJobs that mount them, in 500 charts, by this library with its
 * gate and by stock cdk8s, one after the other, each in a process of its own: neither runs code that the other has warmed
 * up, or in the other's heap. Prints seconds, the ratio, and memory; judges nothing.
 */
import { spawnSync } from 'node:child_process';
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

const answers = {
  etcd: elsewhere('A timer on the first node saves it to the NAS.', { failureDomain: 'site', rpo: Duration.days(1) }),
  fluxRepository: elsewhere('The hosted Git server keeps backups of it.', {
    failureDomain: 'offsite',
    rpo: Duration.days(1),
  }),
  certificates: excluded('Issued again within the limits of the authority.'),
  keys: elsewhere('Printed, in a sealed envelope at the bank.', { failureDomain: 'offsite', rpo: Duration.days(90) }),
} as const;

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

type Contender = 'own' | 'stock';

interface Measured {
  readonly seconds: number;
  /** More than the seconds where the garbage collector runs beside; on a busy machine, the fairer figure. */
  readonly processorSeconds: number;
  readonly peakMiB: number;
}

function main(): void {
  const [contender] = process.argv.slice(2);
  if (contender === 'own' || contender === 'stock') {
    process.stdout.write(JSON.stringify(measure(contender)));
    return;
  }
  process.stderr.write(`synth of ${CHARTS} charts of ${2 * PAIRS} objects: this library …\n`);
  const own = measureInProcess('own');
  process.stderr.write('stock cdk8s, which takes longer …\n');
  const stock = measureInProcess('stock');
  process.stdout.write(`objects        ${2 * PAIRS * CHARTS} in ${CHARTS} charts
this library   ${describeMeasured(own)}, gate included
stock cdk8s    ${describeMeasured(stock)}
ratio          ${(stock.seconds / own.seconds).toFixed(1)} times faster, ${(stock.processorSeconds / own.processorSeconds).toFixed(1)} times less processor time
`);
}

function describeMeasured({ seconds, processorSeconds, peakMiB }: Measured): string {
  return `${seconds.toFixed(2)} s (${processorSeconds.toFixed(2)} s of processor), ${peakMiB.toFixed(0)} MiB at the peak`;
}

function measureInProcess(contender: Contender): Measured {
  const { status, stdout } = spawnSync(process.execPath, [...process.execArgv, __filename, contender], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`the run of ${contender} failed`);
  // It is what `main` prints for a contender.
  return JSON.parse(stdout) as Measured;
}

/** Measures synth alone, not the making of the constructs. */
function measure(contender: Contender): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-bench-'));
  try {
    process.chdir(folder);
    const app =
      contender === 'own'
        ? new BackedUpApp({ platform, outdir: join(folder, 'dist'), ...answers })
        : new App({ outdir: join(folder, 'dist') });
    fill(app, contender === 'own');
    const print = process.stdout.write.bind(process.stdout);
    process.stdout.write = () => true;
    const start = performance.now();
    const before = process.cpuUsage();
    app.synth();
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    process.stdout.write = print;
    return { seconds, processorSeconds: (user + system) / 1e6, peakMiB: process.resourceUsage().maxRSS / 1024 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

main();
