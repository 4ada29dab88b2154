/** What the rules look at: the objects of a cluster's repository, what was declared about them, and what follows from both. */
import type { AnsweredDataset, FoundDataset } from '../model/answered';
import { distinctBy, groupBy } from '../model/collections';
import { giteaContainer } from '../model/database-images';
import { clusterDatasetId } from '../model/dataset';
import {
  isExcluded,
  strategiesOf,
  type Declaration,
  type GrantDeclaration,
  type OpaqueDeclaration,
  type Origin,
} from '../model/declaration';
import { CLUSTER_DATA, methodsOf, type OwnKinds } from '../model/kinds';
import { groupOf, objectId, objectKey, textAt, type KubeObject, type ObjectId } from '../model/kube-object';
import { mirrorHops, type Location } from '../model/location';
import { veleroNamespaceOf, type Platform } from '../model/platform';
import { opaqueRefText, refText } from '../model/refs';
import type { Applied, RenderedObject } from '../model/rendered';
import type { Strategy } from '../model/strategy';
import { isTimeZone } from '../model/time-zone';
import { planMethods, type MethodPlans } from '../methods';
import type { JobProblem } from '../methods/common-jobs';
import type { JobDeclaration } from '../methods/jobs/declaration';
import type { SettingsDeclaration } from '../methods/velero/settings';
import type { UnreadDocument } from '../yaml/read';
import { pairAnswers, type Answers } from './answers';
import { findCopies, type Copy } from './copies';
import { findDatabaseWriters, type DatabaseWriter } from './database-writers';
import { findData, type FoundData, type OpaqueObject } from './find-data';
import { FluxKustomizations } from './flux-kustomizations';
import { placeHeldClaims } from './held-claims';
import { Scripts } from './scripts';
import { ServedHosts } from './served-hosts';
import { VeleroRuns } from './velero-runs';

/** Who answers for the data that no object betrays. */
export type ClusterWide =
  /** This repository does: etcd, the Flux repository, certificates and keys are asked for. */
  | { readonly type: 'asked'; readonly at: Origin }
  /** Another repository of the same cluster does; `by` is a sentence that says which. */
  | { readonly type: 'answered'; readonly by: string };

export interface GateInput {
  /** Everything that is written, and everything that is only read. */
  readonly objects: readonly RenderedObject[];
  readonly declarations: readonly Declaration[];
  readonly opaque: readonly OpaqueDeclaration[];
  readonly grants: readonly GrantDeclaration[];
  readonly jobs: readonly JobDeclaration[];
  readonly clusterWide: ClusterWide;
  readonly platform: Platform;
  readonly ownKinds: OwnKinds;
  /** Where they differ from the defaults. */
  readonly veleroSettings: readonly SettingsDeclaration[];
  /** The day of the run, `2027-06-01`: only warnings depend on it. */
  readonly today: string;
  readonly charts: readonly GateChart[];
  /** What the constructs' own validations say. */
  readonly invalidConstructs: readonly { readonly path: string; readonly problem: string }[];
  /** Documents that were to be read beside, and that nobody could. */
  readonly unread: readonly UnreadDocument[];
  /** The same of files that charts include. */
  readonly unreadIncludes: readonly UnreadInclude[];
  /** Patterns of files to read beside that match none. */
  readonly emptyPatterns: readonly string[];
  /** What Flux applies when it is told a path of the repository. */
  readonly appliedFrom: (path: string) => Applied;
  /** Path of the output in the Git repository that it is in; `undefined` where it is in none. */
  readonly outputPath: string | undefined;
}

/** What could not be read of a file that a chart includes. */
export interface UnreadInclude extends UnreadDocument {
  /** Whether there is no such file. */
  readonly isMissing: boolean;
  /** The construct that includes it. */
  readonly by?: Origin & { readonly type: 'construct' };
}

export interface GateChart {
  readonly id: string;
  readonly path: string;
  readonly namespace?: string;
}

/** Each part is computed once, on first use. */
export class GateContext {
  readonly kustomizations: FluxKustomizations;
  /** What was declared of data, with the namespaces of claims that their objects say. */
  readonly declarations: readonly Declaration[];
  readonly data: FoundData;
  readonly answers: Answers;
  private knownByKind: ReadonlyMap<string, readonly RenderedObject[]> | undefined;
  private knownByNamespace: ReadonlyMap<string, readonly KubeObject[]> | undefined;
  private knownById: ReadonlyMap<string, RenderedObject> | undefined;
  private knownMethods: MethodPlans | undefined;
  private knownHosts: ServedHosts | undefined;
  private knownRuns: VeleroRuns | undefined;
  private knownScripts: Scripts | undefined;
  private knownGiteas: readonly KubeObject[] | undefined;
  private knownDatabaseWriters: ReadonlyMap<string, DatabaseWriter> | undefined;
  private readonly knownCopies = new Map<AnsweredDataset, readonly Copy[]>();
  private knownLocations: readonly LocationUse[] | undefined;

  /** @param known what a context of the same data has found out already. */
  constructor(
    readonly input: GateInput,
    known: Partial<Pick<GateContext, 'data' | 'answers' | 'methods'>> = {},
  ) {
    this.kustomizations = new FluxKustomizations(input);
    this.declarations = placeHeldClaims(input.declarations, (id) => this.object(id)?.object);
    this.data = known.data ?? findData(input.objects, this.declarations, clusterDatasets(input), input.ownKinds);
    this.answers =
      known.answers ?? pairAnswers(this.data, this.declarations, input.opaque, (opaque) => this.isSeen(opaque));
    this.knownMethods = known.methods;
  }

  get platform(): Platform {
    return this.input.platform;
  }

  /** Of a zone that does not exist the platform says so, and not each schedule in it. */
  get timeZone(): string {
    const { timeZone = 'UTC' } = this.input.platform;
    return isTimeZone(timeZone) ? timeZone : 'UTC';
  }

  /**
   * Names of objects that stand in a namespace which several repositories of one cluster write to begin so. Those of the
   * repository that answers for the cluster begin with nothing, and those of an application's own with its source.
   */
  get namePrefix(): string {
    const { clusterWide, platform } = this.input;
    return clusterWide.type === 'asked' ? '' : `${platform.flux.sourceRef.name}-`;
  }

  get veleroNamespace(): string {
    return veleroNamespaceOf(this.input.platform);
  }

  ofKind(group: string, kind: string): readonly RenderedObject[] {
    this.knownByKind ??= groupBy(this.input.objects, ({ object }) => kindKey(groupOf(object.apiVersion), object.kind));
    return this.knownByKind.get(kindKey(group, kind)) ?? [];
  }

  inNamespace(namespace: string): readonly KubeObject[] {
    this.knownByNamespace ??= groupBy(
      this.input.objects.map(({ object }) => object),
      ({ metadata }) => metadata.namespace ?? '',
    );
    return this.knownByNamespace.get(namespace) ?? [];
  }

  object(id: ObjectId): RenderedObject | undefined {
    this.knownById ??= new Map(this.input.objects.map((rendered) => [objectKey(objectId(rendered.object)), rendered]));
    return this.knownById.get(objectKey(id));
  }

  /** The ConfigMaps that some volumes of a pod are made of, as far as they are seen. */
  configMapsOf(volumes: readonly unknown[], namespace: string): readonly KubeObject[] {
    return volumes.flatMap((volume) => {
      const name = textAt(volume, 'configMap', 'name');
      const found = name === undefined ? undefined : this.object({ group: '', kind: 'ConfigMap', namespace, name });
      return found === undefined ? [] : [found.object];
    });
  }

  /** What each backup method does for the datasets. */
  get methods(): MethodPlans {
    this.knownMethods ??= this.planMethods(this.answers.answered);
    return this.knownMethods;
  }

  /** What jobs of this library are needed for, and cannot carry out. */
  get jobProblems(): readonly JobProblem[] {
    return Object.values(this.methods).flatMap(({ jobProblems }) => jobProblems);
  }

  /** @param datasets in the place of those that this context knows. */
  planMethods(datasets: readonly AnsweredDataset[]): MethodPlans {
    const { platform, clusterWide, veleroSettings, grants, jobs } = this.input;
    const isClusterWide = clusterWide.type === 'asked';
    return planMethods({
      datasets,
      objects: this,
      platform,
      timeZone: this.timeZone,
      isClusterWide,
      veleroSettings,
      grants,
      jobs,
    });
  }

  /** What each Velero Schedule will do. */
  get veleroRuns(): VeleroRuns {
    this.knownRuns ??= new VeleroRuns(this);
    return this.knownRuns;
  }

  get servedHosts(): ServedHosts {
    this.knownHosts ??= new ServedHosts(this.input.objects);
    return this.knownHosts;
  }

  /** What of each object a shell will run. */
  get scripts(): Scripts {
    this.knownScripts ??= new Scripts(this.input.objects);
    return this.knownScripts;
  }

  /** What runs Gitea or Forgejo. */
  get giteas(): readonly KubeObject[] {
    this.knownGiteas ??= this.input.objects.flatMap(({ object }) =>
      giteaContainer(object) === undefined ? [] : [object],
    );
    return this.knownGiteas;
  }

  /** What runs a database on a claim, by the key of the claim. */
  get databaseWriters(): ReadonlyMap<string, DatabaseWriter> {
    this.knownDatabaseWriters ??= new Map(
      findDatabaseWriters(this).flatMap((writer) => writer.claims.map((claim) => [claim, writer] as const)),
    );
    return this.knownDatabaseWriters;
  }

  /** A Kustomization of this very repository makes nothing but what its files say, where nothing changes them. */
  isSeen({ object }: OpaqueObject): boolean {
    const applied = this.kustomizations.appliedBy(object);
    return applied !== undefined && applied.because === undefined;
  }

  /** The reference to a dataset, as it can be pasted beside what makes it. */
  refTo({ id, origin }: Pick<FoundDataset, 'id' | 'origin'>): string {
    return refText(id, this.chartNamespace(origin));
  }

  /** The same for an object that makes others. */
  refToOpaque({ id, origin }: OpaqueObject): string {
    return opaqueRefText(id, this.chartNamespace(origin));
  }

  /** Namespace of the chart that an object stands in; of a file none is known. */
  chartNamespace(origin: Origin): string | undefined {
    const chart = origin.type === 'construct' ? origin.chart : undefined;
    return this.input.charts.find((candidate) => candidate.id === chart)?.namespace;
  }

  /** All locations that anything copies to, with the first place that names each. */
  get locations(): readonly LocationUse[] {
    this.knownLocations ??= locationsNamedBy(this.answers.answered);
    return this.knownLocations;
  }

  /** Where the data of a dataset also is. */
  copiesOf(dataset: AnsweredDataset): readonly Copy[] {
    const known = this.knownCopies.get(dataset);
    if (known !== undefined) return known;
    const copies = findCopies(dataset, this);
    this.knownCopies.set(dataset, copies);
    return copies;
  }

  /** The datasets that somebody copies. */
  get copied(): readonly AnsweredDataset[] {
    return this.answers.answered.filter(({ answer }) => !isExcluded(answer));
  }
}

export interface LocationUse {
  readonly location: Location;
  readonly at: Origin;
}

/** All locations that the strategies of datasets copy to, mirrors included, with the first place that names each. */
export function locationsNamedBy(datasets: readonly AnsweredDataset[]): readonly LocationUse[] {
  return distinctBy(
    datasets.flatMap(({ answer, declaration }) =>
      strategiesOf(answer).flatMap((strategy) =>
        locationsOf(strategy).map((location) => ({ location, at: declaration.at })),
      ),
    ),
    ({ location }) => JSON.stringify(location),
  );
}

/** Where a strategy's copies go, mirrors included. */
function locationsOf(strategy: Strategy): readonly Location[] {
  if (strategy.type === 'elsewhere') return [];
  const further = mirrorHops(strategy.to).flatMap(({ by }) => (by.type === 'scheduled' ? [by.to] : []));
  return [strategy.to, ...further];
}

/** The datasets that no object betrays. */
function clusterDatasets({ clusterWide, platform }: GateInput): readonly FoundDataset[] {
  if (clusterWide.type === 'answered') return [];
  return Object.keys(CLUSTER_DATA).map((ref) => ({
    id: clusterDatasetId(ref, platform.cluster),
    ref,
    methods: methodsOf(ref),
    origin: clusterWide.at,
    claims: [],
    operatorClaims: [],
  }));
}

function kindKey(group: string, kind: string): string {
  return `${group}/${kind}`;
}
