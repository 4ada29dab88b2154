/** The whole way: construct tree → objects → gate → inventory → files. Nothing is written here. */
import type { App } from 'cdk8s';
import type { ClusterWide, GateContext } from '../coverage/context';
import type { Finding } from '../coverage/finding';
import { examine, refuses } from '../coverage/gate';
import { Ledger } from '../constructs/ledger';
import type { Inventory } from '../model/inventory';
import type { OwnKinds } from '../model/kinds';
import type { Platform } from '../model/platform';
import { filesOf } from './files';
import type { Folder } from './layout';
import { prepare } from './prepare';
import { renderTree } from './render';
import { readBeside, type ReadBeside } from './repository';

export interface SynthInput {
  readonly platform: Platform;
  readonly clusterWide: ClusterWide;
  readonly ownKinds: OwnKinds;
  /** Globs of YAML that goes through the same gate without being written, relative to the project. */
  readonly alsoRead: readonly string[];
  /** Folder of the project. */
  readonly project: string;
  /** The folder that Flux reads. */
  readonly outputFolder: string;
  /** Day of the run, `2027-06-01`: only warnings depend on it. */
  readonly today: string;
}

export interface Synthesized {
  readonly findings: readonly Finding[];
  readonly context: GateContext;
  readonly inventory: Inventory;
  readonly folders: readonly Folder[];
  readonly beside: ReadBeside;
  /** What the output folder is to hold; absent when the gate refuses. */
  readonly files?: ReadonlyMap<string, string>;
}

export function synthesize(app: App, input: SynthInput): Synthesized {
  const tree = renderTree(app);
  const beside = readBeside(input.alsoRead, input.project, input.outputFolder);
  const ledger = Ledger.of(app);
  const { context, inventory, folders } = prepare(
    {
      objects: [...tree.objects, ...beside.objects],
      declarations: ledger.declarations,
      opaque: ledger.opaque,
      clusterWide: input.clusterWide,
      platform: input.platform,
      ownKinds: input.ownKinds,
      veleroSettings: ledger.veleroSettings,
      today: input.today,
      charts: tree.charts,
      invalidConstructs: tree.invalid,
      unread: beside.unread,
      emptyPatterns: beside.emptyPatterns,
      coversPath: beside.coversPath,
    },
    new Map(tree.charts.map((chart) => [chart.id, chart.dependsOn])),
  );
  const findings = examine(context);
  const result = { findings, context, inventory, folders, beside };
  return refuses(findings) ? result : { ...result, files: filesOf(folders, inventory) };
}
