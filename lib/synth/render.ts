/**
 * The construct tree → plain objects, in one pass: each object is rendered once, and nothing is written.
 *
 * The stock synth validates the whole app again for each chart and builds a dependency graph per chart. Order within a
 * folder means nothing to Flux, so none is computed.
 */
import { ApiObject, Chart, type App } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { chartId } from '../constructs/ledger';
import { withoutForeignNamespace } from '../model/cluster-scoped';
import { isKubeObject, isMapping, listItems, mappingAt, textAt, type KubeObject } from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';
import { enumerated } from '../model/text';

export interface RenderedTree {
  readonly charts: readonly RenderedChart[];
  readonly objects: readonly RenderedObject[];
  /** What the constructs' own validations say. */
  readonly invalid: readonly { readonly path: string; readonly problem: string }[];
}

export interface RenderedChart {
  /** Names its folder. */
  readonly id: string;
  readonly path: string;
  readonly namespace?: string;
  /** Ids of the charts that it was told to wait for. */
  readonly dependsOn: readonly string[];
}

export function renderTree(app: App): RenderedTree {
  const constructs = app.node.findAll();
  const invalid = constructs.flatMap((construct) =>
    construct.node.validate().map((problem) => ({ path: construct.node.path, problem })),
  );
  const charts = constructs.filter((construct) => Chart.isChart(construct));
  const apiObjects = constructs.filter((construct) => ApiObject.isApiObject(construct));
  const order = chartOrder(constructs);
  const overriding = new Set<Chart>(charts.filter((chart) => chart.toJson !== Chart.prototype.toJson));
  const rendered = apiObjects.filter((object) => !overriding.has(object.chart)).flatMap(renderObject);
  for (const chart of overriding) rendered.push(...renderOverride(chart, apiObjects));
  return {
    charts: charts.map((chart) => describeChart(chart, order.get(chart))),
    objects: rendered.filter(isObject),
    invalid: [...invalid, ...rendered.flatMap((each) => (isObject(each) ? [] : [each])), ...deadlocks(order)],
  };
}

type Rendered = RenderedObject | { readonly path: string; readonly problem: string };

function isObject(rendered: Rendered): rendered is RenderedObject {
  return 'object' in rendered;
}

function renderObject(apiObject: ApiObject): readonly Rendered[] {
  const { path } = apiObject.node;
  return taken(apiObject.toJson(), apiObject.chart, () => path);
}

/** A chart that renders itself may add objects that no construct stands for; those belong to the chart. */
function renderOverride(chart: Chart, apiObjects: readonly ApiObject[]): readonly Rendered[] {
  const rendered: readonly unknown[] = chart.toJson();
  const paths = new Map(
    apiObjects.filter((own) => own.chart === chart).map((own) => [JSON.stringify([own.kind, own.name]), own.node.path]),
  );
  return rendered
    .filter((object) => object !== undefined && object !== null)
    .flatMap((value) =>
      taken(value, chart, (object) => paths.get(JSON.stringify([object?.kind, object?.metadata.name]))),
    );
}

/**
 * Objects out of what a construct renders. A list is taken apart: what is in it gets the namespace that cdk8s gave the
 * list, as it would have if it stood alone.
 *
 * @param pathOf the construct that an object stands for, if it is not the chart.
 */
function taken(value: unknown, chart: Chart, pathOf: (object?: KubeObject) => string | undefined): readonly Rendered[] {
  const items = listItems(value);
  const namespace = textAt(value, 'metadata', 'namespace');
  if (items !== undefined) return items.flatMap((item) => taken(inNamespace(item, namespace), chart, pathOf));
  if (!isKubeObject(value)) {
    const problem = 'it renders no Kubernetes object: apiVersion, kind or metadata.name is missing';
    return [{ path: pathOf() ?? chart.node.path, problem }];
  }
  const path = pathOf(value) ?? chart.node.path;
  return [{ object: withoutForeignNamespace(value), origin: { type: 'construct', path, chart: chartId(chart) } }];
}

function inNamespace(value: unknown, namespace: string | undefined): unknown {
  if (!isMapping(value) || namespace === undefined) return value;
  return { ...value, metadata: { namespace, ...mappingAt(value, 'metadata') } };
}

function describeChart(chart: Chart, before: ReadonlySet<Chart> = new Set()): RenderedChart {
  const { namespace } = chart;
  const dependsOn = [...before].map(chartId);
  return { id: chartId(chart), path: chart.node.path, ...(namespace === undefined ? {} : { namespace }), dependsOn };
}

/** Chart → charts that it, or something in it, was told to come after. */
function chartOrder(constructs: readonly IConstruct[]): ReadonlyMap<Chart, ReadonlySet<Chart>> {
  const order = new Map<Chart, Set<Chart>>();
  for (const construct of constructs) {
    for (const dependency of construct.node.dependencies) {
      const [chart, before] = [chartAround(construct), chartAround(dependency)];
      if (chart === undefined || before === undefined || chart === before) continue;
      order.set(chart, (order.get(chart) ?? new Set()).add(before));
    }
  }
  return order;
}

function chartAround(construct: IConstruct): Chart | undefined {
  return construct.node.scopes.toReversed().find((scope) => Chart.isChart(scope));
}

/** Charts that wait for themselves: Flux would apply none of them, and say nothing but that it waits. */
function deadlocks(order: ReadonlyMap<Chart, ReadonlySet<Chart>>): RenderedTree['invalid'] {
  return [...order.keys()].flatMap((chart) => {
    // A set also hands out what is added while it is gone through.
    const before = new Set(order.get(chart));
    for (const other of before) for (const further of order.get(other) ?? []) before.add(further);
    if (!before.has(chart)) return [];
    const { path } = chart.node;
    const direct = [...(order.get(chart) ?? [])].map((other) => other.node.path);
    return [{ path, problem: `it waits for ${enumerated(direct.toSorted())}, which in the end waits for ${path}` }];
  });
}
