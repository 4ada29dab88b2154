/**
 * Everything that will be written, before anything is judged: the objects of the charts with their marks, what the
 * backup methods make of the strategies, the namespaces, the inventory for the cluster, and what Flux is told.
 */
import { gzipSync, strToU8 } from 'fflate';
import { GateContext, type GateInput } from '../coverage/context';
import { inventoriesByChart, takeInventory } from '../coverage/take-inventory';
import type { MethodPlans } from '../methods';
import { sortedBy } from '../model/collections';
import { BACKED_UP_NAMESPACE, FLUX_FOLDER, NAMESPACES_FOLDER } from '../model/folders';
import type { Inventory } from '../model/inventory';
import type { KubeObject } from '../model/kube-object';
import { DISABLED, MANAGED_BY, PRUNE_ANNOTATION } from '../model/marks';
import { FLUX_NAMESPACE } from '../model/platform';
import { isWritten, type RenderedObject } from '../model/rendered';
import { fluxKustomizations } from './flux';
import { foldersOf, type Folder } from './layout';
import { stampMarks } from './stamp';

export interface Prepared {
  /** What the rules judge: all objects, written and only read. */
  readonly context: GateContext;
  readonly inventory: Inventory;
  readonly folders: readonly Folder[];
}

/**
 * @param source the charts' own objects, and what is only read.
 * @param dependsOn chart → charts that it was told to come after.
 */
export function prepare(source: GateInput, dependsOn: ReadonlyMap<string, readonly string[]>): Prepared {
  const declared = new GateContext(source);
  const stamped = stampMarks(source.objects, declared.answers.answered, source.ownKinds);
  const methods = declared.planMethods(stamped.answered);
  const withMethods = [...stamped.objects, ...methodObjects(methods)];
  const withNamespaces = [...withMethods, ...namespaceObjects(withMethods, declared)];

  const marked = new GateContext(
    { ...source, objects: withNamespaces },
    // What synth adds holds no data, and marks change nothing but the labels of claims.
    { data: declared.data, answers: { ...declared.answers, answered: stamped.answered }, methods },
  );
  const inventory = takeInventory(marked);
  const withInventory = [...withNamespaces, ...inventoryObjects(inventory, marked)];

  const folders = foldersOf(withInventory.filter(isWritten), dependsOn);
  const kustomizations = fluxKustomizations(folders, source.platform.flux, marked.namePrefix).map((object) =>
    generated(object, FLUX_FOLDER, 'flux'),
  );
  const fluxFolder: Folder = { name: FLUX_FOLDER, backup: false, dependsOn: [], objects: kustomizations };
  return {
    context: new GateContext({ ...source, objects: [...withInventory, ...kustomizations] }, marked),
    inventory,
    folders: sortedBy([...folders, fluxFolder], ({ name }) => name),
  };
}

function methodObjects(methods: MethodPlans): readonly RenderedObject[] {
  return Object.values(methods)
    .flatMap((method) => method.objects)
    .map(({ object, chart, path, folder }) => ({
      ...generated(object, chart, path),
      backup: true,
      ...(folder === undefined ? {} : { folder }),
    }));
}

/** Namespaces that nobody else brings. Flux must never delete one: it takes every claim with it. */
function namespaceObjects(objects: readonly RenderedObject[], context: GateContext): readonly RenderedObject[] {
  const { platform } = context;
  const given = new Set([
    'default',
    'kube-system',
    'kube-public',
    'kube-node-lease',
    context.veleroNamespace,
    platform.flux.namespace ?? FLUX_NAMESPACE,
    ...(platform.rook === undefined ? [] : [platform.rook.namespace]),
    ...objects.filter(({ object }) => object.kind === 'Namespace').map(({ object }) => object.metadata.name),
  ]);
  const used = new Set(objects.filter(isWritten).map(({ object }) => object.metadata.namespace ?? ''));
  // Every repository of the cluster uses it; the one that answers for the cluster brings it.
  if (context.input.clusterWide.type === 'asked') used.add(BACKED_UP_NAMESPACE);
  else used.delete(BACKED_UP_NAMESPACE);
  return [...used]
    .filter((name) => name !== '' && !given.has(name))
    .map((name) =>
      generated(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { annotations: { [PRUNE_ANNOTATION]: DISABLED }, name } },
        NAMESPACES_FOLDER,
        `namespace ${name}`,
      ),
    );
}

/** The inventory as the cluster's own tools read it: one ConfigMap per chart, because one for all could outgrow the limit of 1 MiB. */
function inventoryObjects(inventory: Inventory, context: GateContext): readonly RenderedObject[] {
  return [...inventoriesByChart(inventory, context)].map(([chart, part]) => {
    const json = JSON.stringify(part);
    // fflate and not zlib: the bytes are the same on every machine and in every version of Node.js.
    const compressed = gzipSync(strToU8(json), { mtime: 0 });
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        labels: MANAGED_BY,
        name: `inventory-${context.namePrefix}${chart}`,
        namespace: BACKED_UP_NAMESPACE,
      },
      binaryData: { 'inventory.json.gz': Buffer.from(compressed).toString('base64') },
    };
    return { ...generated(object, chart, `inventory of ${chart}`), backup: true };
  });
}

function generated(object: KubeObject, chart: string, path: string): RenderedObject {
  return { object, origin: { type: 'construct', path, chart }, generated: true };
}
