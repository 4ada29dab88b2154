import { App, type AppProps } from 'cdk8s';
import type { Finding } from '../coverage/finding';
import { answerOf } from '../constructs/answer';
import { etcdJob, isKubeadmEtcd, type KubeadmEtcd } from '../constructs/etcd';
import { Ledger } from '../constructs/ledger';
import { clusterDatasetId } from '../model/dataset';
import type { Declaration } from '../model/declaration';
import { CLUSTER_CHART } from '../model/folders';
import { CLUSTER_DATA, type ClusterStrategy, type OneOrMore, type OwnKinds } from '../model/kinds';
import type { Platform } from '../model/platform';
import type { Excluded } from '../model/strategy';
import { readIncludedAsKubernetes } from './included-yaml';
import { runSynth, yamlOf } from './run';
import { synthesize, type SynthInput } from './synthesize';

/** What the gate has to know besides the tree of constructs. */
export interface GateProps {
  /** What others installed, from `definePlatform`. */
  readonly platform: Platform;
  /**
   * YAML of the same Git repository that goes through the same gate without being written: globs, relative to the folder
   * that synth runs in, such as `infrastructure/*.yaml`. A pattern that matches no file is a finding
   * (`unreadable-file`); those that begin with `!` leave files out. Default: none; synth then says how many documents it
   * did not read.
   */
  readonly alsoRead?: readonly string[];
  /** Kinds and sources of pod volumes that the library does not know: `{ 'example.com/Widget': 'no data' }`. Default: none. */
  readonly kinds?: OwnKinds;
  /**
   * The folder that Flux reads, relative to the folder that synth runs in. It is replaced as a whole, and synth refuses
   * one that holds files which it did not write. Default: `dist`; for `requireBackups` the app's own `outdir`.
   */
  readonly outdir?: string;
}

/** For each kind of data that no object shows, a backup or a reason why losing it is acceptable. */
export type ClusterAnswers = {
  readonly [K in keyof typeof CLUSTER_DATA]:
    OneOrMore<ClusterStrategy<K>> | Excluded | (K extends 'etcd' ? KubeadmEtcd : never);
};

/**
 * Who answers for what no object shows: this repository, or another one of the same cluster, named in a sentence. An
 * app's own repository says `clusterWide: 'The cluster repository answers for …'`.
 */
export type ClusterWideProps =
  | (ClusterAnswers & { readonly clusterWide?: never })
  | ({ readonly clusterWide: string } & { readonly [K in keyof typeof CLUSTER_DATA]?: never });

/** What `requireBackups` takes. */
export type RequireBackupsProps = GateProps & ClusterWideProps;
/** What `BackedUpApp` takes: the same, and what a cdk8s app takes that has to do with constructs. */
export type BackedUpAppProps = RequireBackupsProps &
  Omit<AppProps, 'outdir' | 'outputFileExtension' | 'yamlOutputType' | 'recordConstructMetadata'>;

/** The gate of an app: what `synth` goes through before it writes. */
export interface Gate {
  /**
   * What the gate would say now, errors and warnings, without writing or printing: for unit tests of an app.
   *
   * @throws Error for mistakes in the code of a construct, such as an object without a name.
   */
  findings(): readonly Finding[];
}

/**
 * A cdk8s app that writes nothing as long as any data has no backup.
 *
 * @example
 * const app = new BackedUpApp({
 *   platform,
 *   etcd: elsewhere('A cron job on the first node copies snapshots to the NAS.', { failureDomain: 'site', rpo: Duration.hours(7) }),
 *   fluxRepository: elsewhere('The hosted Git server keeps its own copies.', { failureDomain: 'offsite', rpo: Duration.days(1) }),
 *   certificates: excluded('Issued again by ACME within the rate limits.'),
 *   keys: elsewhere('Printed, in a sealed envelope at the bank.', { failureDomain: 'offsite', rpo: Duration.days(90) }),
 * });
 * new Chart(app, 'wiki', { namespace: 'wiki' });
 * app.synth();
 * // writes dist/kustomization.yaml, dist/flux/, dist/namespaces/, a folder wiki/ for each chart and wiki-backup/ beside
 * // it, and dist/inventory.json
 */
export class BackedUpApp extends App implements Gate {
  private readonly gate: SynthInput;

  constructor(props: BackedUpAppProps) {
    super({ ...props, outdir: props?.outdir ?? 'dist' });
    this.gate = openGate(this, { ...props });
  }

  /**
   * Proves, then writes: prints all findings to standard error and sets the exit code to 1 if there is an error among
   * them, or replaces the output folder and prints what is protected how. Called once, after everything is declared. The
   * exit code is 2 if it could not run, because of an unknown option or a folder that is not its own. `--json`,
   * `--annotations` and `--help` are read from the command line.
   *
   * @throws Error for mistakes in the code of a construct, such as an object without a name.
   */
  override synth(): void {
    runSynth(this, this.gate);
  }

  /**
   * All objects as one text of YAML documents; nothing is written or printed.
   *
   * @throws GateError with all findings if the gate refuses.
   */
  override synthYaml(): string {
    return yamlOf(this, this.gate);
  }

  /**
   * What the gate would say now, errors and warnings, without writing or printing: for unit tests of an app.
   *
   * @throws Error for mistakes in the code of a construct, such as an object without a name.
   */
  findings(): readonly Finding[] {
    return synthesize(this, this.gate).findings;
  }
}

/**
 * The same gate for a project that keeps its own `cdk8s.App`: replaces `synth` and `synthYaml` of that app, which then
 * do as those of `BackedUpApp`, and writes the folders for Flux instead of cdk8s' own files. Called before `app.synth()`;
 * whether constructs are added before or after it does not matter.
 *
 * @returns the gate, for unit tests.
 * @example
 * const app = new App();
 * const gate = requireBackups(app, {
 *   platform,
 *   clusterWide: 'The cluster repository answers for etcd, Git, certificates and keys.',
 * });
 * const chart = new Chart(app, 'wiki', { namespace: 'wiki' });
 * new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 14 } }) });
 * if (gate.findings().length > 0) throw new Error('the wiki has data without a backup');
 * app.synth();
 */
export function requireBackups(app: App, props: RequireBackupsProps): Gate {
  // Under the cdk8s CLI, App takes the CLI's folder for its own; that one is not what Flux reads.
  const own = app.outdir === process.env['CDK8S_OUTDIR'] ? 'dist' : app.outdir;
  const gate = openGate(app, { ...props, outdir: props?.outdir ?? own });
  app.synth = () => runSynth(app, gate);
  app.synthYaml = () => yamlOf(app, gate);
  return { findings: () => synthesize(app, gate).findings };
}

/**
 * Takes the answers for the cluster into the ledger of an app, and lets its constructs know that they are checked.
 *
 * @param project folder that globs begin in.
 */
export function openGate(app: App, props: RequireBackupsProps, project: string = process.cwd()): SynthInput {
  const ledger = Ledger.of(app);
  ledger.gated = true;
  // Whether there is a platform is checked when synth begins, too.
  ledger.cluster = (props.platform as Platform | undefined)?.cluster ?? '';
  declareClusterData(app, props);
  const { clusterWide } = props;
  // Whether these are what their types say is checked when synth begins: it can say so without a stack.
  return {
    platform: props.platform,
    clusterWide: clusterWide === undefined ? { type: 'asked', at: AT_APP } : { type: 'answered', by: clusterWide },
    ownKinds: props.kinds ?? {},
    alsoRead: props.alsoRead ?? [],
    unreadIncludes: readIncludedAsKubernetes(app),
    project,
    outputFolder: props.outdir ?? 'dist',
    today: new Date().toISOString().slice(0, 10),
  };
}

/** What belongs to the whole cluster is said to the app, and not in a chart. */
const AT_APP: Declaration['at'] = { type: 'construct', path: 'app', chart: CLUSTER_CHART };

function declareClusterData(app: App, props: RequireBackupsProps): void {
  const ledger = Ledger.of(app);
  const answers: Readonly<Record<string, unknown>> = { ...props };
  for (const ref of Object.keys(CLUSTER_DATA)) {
    // An answer beside `clusterWide`, which types refuse, matches no data: the gate says so.
    if (props.clusterWide !== undefined && answers[ref] === undefined) continue;
    const dataset = clusterDatasetId(ref, props.platform?.cluster);
    const answer = answers[ref];
    if (isKubeadmEtcd(answer)) {
      ledger.declarations.push({ dataset, answer: answerOf(answer.backup), at: AT_APP });
      ledger.jobs.push(etcdJob(app, answer, dataset, AT_APP));
    } else {
      ledger.declarations.push({ dataset, answer: answerOf(answer), at: AT_APP });
    }
  }
}
