/**
 * What kustomize and Flux do to objects between the files and the cluster, as far as it touches what the gate reads:
 * which objects there are, their names, namespaces and claims, and the labels and annotations by which Velero, Flux and
 * this library decide.
 *
 * Other images, other ConfigMaps and labels that only people read change none of that, and most repositories use them: a
 * Kustomization with these is still taken at its files' word. Everything else counts as a change that nobody can see.
 */
import { isClusterScoped } from '../model/cluster-scoped';
import { roleOf, type OwnKinds } from '../model/kinds';
import {
  annotationsOf,
  at,
  describeObject,
  groupOf,
  isMapping,
  labelsOf,
  listAt,
  objectId,
  textAt,
  textMapAt,
  type KubeObject,
  type Mapping,
} from '../model/kube-object';
import { DISABLED, PRUNE_ANNOTATION, SUBSTITUTE_ANNOTATION } from '../model/marks';
import type { RenderedObject } from '../model/rendered';
import { findData } from './find-data';

/** Fields of a kustomization that leave the objects in its resources alone (kustomize v5.8, api/types/kustomization.go). */
const HARMLESS = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'resources',
  'bases',
  'images',
  'imageTags',
  'configMapGenerator',
  'secretGenerator',
  'generatorOptions',
  'buildMetadata',
  'sortOptions',
  'configurations',
  'crds',
  'openapi',
  'validators',
  'helmGlobals',
]);

/**
 * @param kustomization the content of a kustomization file.
 * @param objects of its resources.
 * @returns the end of a sentence that begins with the name of the file.
 */
export function kustomizeChanges(
  kustomization: Mapping,
  objects: readonly RenderedObject[],
  own: OwnKinds,
): string | undefined {
  const { namespace, labels, commonLabels, commonAnnotations, ...fields } = kustomization;
  const unknown = Object.keys(fields).find((field) => !HARMLESS.has(field) && !isEmpty(fields[field]));
  if (unknown !== undefined) return `has ${unknown}, which can change all objects`;
  const texts = [commonLabels, commonAnnotations, ...listAt({ labels }, 'labels').map((each) => at(each, 'pairs'))];
  return setsKey(texts) ?? (typeof namespace === 'string' ? moves(namespace, objects, own) : undefined);
}

/**
 * @param spec of a Flux Kustomization (kustomize-controller v1.9.4).
 * @param objects at its path.
 * @returns the end of a sentence that begins with the Kustomization.
 */
export function fluxChanges(spec: unknown, objects: readonly RenderedObject[], own: OwnKinds): string | undefined {
  if (at(spec, 'kubeConfig') !== undefined) return 'has kubeConfig, which names another cluster';
  const fields = ['components', 'patches', 'namePrefix', 'nameSuffix'];
  const field = fields.find((name) => !isEmpty(at(spec, name)));
  if (field !== undefined) return `has ${field}, which can change all objects`;
  const namespace = textAt(spec, 'targetNamespace');
  return (
    setsKey([at(spec, 'commonMetadata', 'labels'), at(spec, 'commonMetadata', 'annotations')]) ??
    (namespace === undefined ? undefined : moves(namespace, objects, own)) ??
    (at(spec, 'postBuild') === undefined ? undefined : substitutes(objects, own))
  );
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return isMapping(value) ? Object.keys(value).length === 0 : value === undefined || value === null || value === '';
}

/** Who reads a label or an annotation whose key begins so decides about data. */
const DECISIVE = [
  'backed-up/',
  'velero.io/',
  'backup.velero.io/',
  'kustomize.toolkit.fluxcd.io/',
  'config.kubernetes.io/',
];

function setsKey(metadata: readonly unknown[]): string | undefined {
  const texts = metadata.flatMap((each) => Object.entries(textMapAt(each)));
  const found = texts.find(([key, value]) => DECISIVE.some((prefix) => key.startsWith(prefix)) && !keeps(key, value));
  return found === undefined ? undefined : `sets ${found[0]} on all objects`;
}

/** What only keeps Flux from doing something. */
function keeps(key: string, value: string): boolean {
  return [PRUNE_ANNOTATION, SUBSTITUTE_ANNOTATION].includes(key) && value === DISABLED;
}

function moves(namespace: string, objects: readonly RenderedObject[], own: OwnKinds): string | undefined {
  const moved = objects.find(({ object }) => {
    const before = object.metadata.namespace;
    if (isClusterScoped(object) || before === namespace) return false;
    // Of a kind without data that names no namespace, the gate cannot know whether it has one.
    if (before !== undefined) return true;
    const { role } = roleOf(groupOf(object.apiVersion), object.kind, own);
    return role !== 'no data' && role !== 'unlisted';
  });
  return moved === undefined ? undefined : `puts ${describe(moved)} into the namespace ${namespace}`;
}

/** Variables may stand for anything: where they are in what the gate knows of data, nothing is known. */
function substitutes(objects: readonly RenderedObject[], own: OwnKinds): string | undefined {
  const found = objects.find((rendered) => {
    if (forbidsSubstitution(rendered.object)) return false;
    const { datasets, opaque } = findData([rendered], [], [], own);
    return JSON.stringify([datasets, opaque.map(({ id }) => id)]).includes('${');
  });
  return found === undefined ? undefined : `substitutes variables in ${describe(found)} (postBuild)`;
}

/** Flux asks for a label or an annotation (fluxcd/pkg kustomize v1.35.4, kustomize_varsub.go). */
export function forbidsSubstitution(object: KubeObject): boolean {
  return [labelsOf(object), annotationsOf(object)].some((texts) => texts[SUBSTITUTE_ANNOTATION] === DISABLED);
}

function describe({ object }: RenderedObject): string {
  return describeObject(objectId(object));
}
