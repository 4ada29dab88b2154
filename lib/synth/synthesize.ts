/** The whole way: construct tree → objects → gate → inventory → files. Nothing is written here. */
import type { App } from 'cdk8s';
import type { ClusterWide, GateContext, UnreadInclude } from '../coverage/context';
import type { Finding } from '../coverage/finding';
import { examine, refuses } from '../coverage/gate';
import { Ledger } from '../constructs/ledger';
import { sortedBy } from '../model/collections';
import { datasetKey } from '../model/dataset';
import type { Declaration } from '../model/declaration';
import type { Inventory } from '../model/inventory';
import type { OwnKinds } from '../model/kinds';
import { objectId, objectKey } from '../model/kube-object';
import type { Platform } from '../model/platform';
import type { RenderedObject } from '../model/rendered';
import { checkInput } from './check-input';
import { filesOf } from './files';
import type { Folder } from './layout';
import { prepare } from './prepare';
import { renderTree } from './render';
import { outputInRepository, readBeside, type ReadBeside } from './repository';

export interface SynthInput {
  readonly platform: Platform;
  readonly clusterWide: ClusterWide;
  readonly ownKinds: OwnKinds;
  /** Globs of YAML that goes through the same gate without being written, relative to the project. */
  readonly alsoRead: readonly string[];
  /** What could not be read of the files that charts include. */
  readonly unreadIncludes: readonly UnreadInclude[];
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
  checkInput(input);
  const tree = renderTree(app);
  const beside = readBeside(input.alsoRead, input.project, input.outputFolder, input.ownKinds);
  const ledger = Ledger.of(app);
  const { context, inventory, folders } = prepare(
    {
      objects: sortedBy([...tree.objects, ...beside.objects], placeOfObject),
      declarations: sortedBy(ledger.declarations, placeOfDeclaration),
      opaque: sortedBy(ledger.opaque, ({ object, at }) => `${at.path} ${objectKey(object)}`),
      grants: sortedBy(ledger.grants, ({ at, bucket }) => `${at.path} ${datasetKey(bucket)}`),
      jobs: sortedBy(ledger.jobs, ({ at, dataset }) => `${at.path} ${datasetKey(dataset)}`),
      clusterWide: input.clusterWide,
      platform: input.platform,
      ownKinds: input.ownKinds,
      veleroSettings: sortedBy(ledger.veleroSettings, ({ at }) => at.path),
      today: input.today,
      charts: sortedBy(tree.charts, ({ path }) => path),
      invalidConstructs: [...tree.invalid, ...ledger.misused],
      unread: beside.unread,
      unreadIncludes: input.unreadIncludes,
      emptyPatterns: beside.emptyPatterns,
      appliedFrom: beside.appliedFrom,
      outputPath: outputInRepository(input.project, input.outputFolder),
    },
    new Map(tree.charts.map((chart) => [chart.id, chart.dependsOn])),
  );
  const findings = examine(context);
  const result = { findings, context, inventory, folders, beside };
  return refuses(findings) ? result : { ...result, files: filesOf(folders, inventory) };
}

// The order in which somebody wrote things down says nothing: of two objects or declarations that contradict each other,
// the same one is always the first, so that the findings are the same too.

function placeOfObject({ origin, object }: RenderedObject): string {
  const place = origin.type === 'construct' ? origin.path : `${origin.file} ${String(origin.line).padStart(9, '0')}`;
  return `${origin.type} ${place} ${objectKey(objectId(object))}`;
}

function placeOfDeclaration({ at, dataset, answer }: Declaration): string {
  return `${at.path} ${datasetKey(dataset)} ${JSON.stringify(answer)}`;
}
