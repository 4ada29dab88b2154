/** The kinds of Kubernetes itself, in the versions in which it serves them: those that have a schema. */
import { groupOf, mappingAt, type KubeObject } from '../model/kube-object';
import { readSchema } from './folder';
import { hasSchema } from './objects';

/** What schemas are called that come from Kubernetes itself. */
const BUILT_IN = 'kubernetes.json#';

/** Served by some Kubernetes from 1.28 on, though no longer by 1.36 (its deprecation guide and changelogs). */
const FORMER_VERSIONS = new Set([
  'admissionregistration.k8s.io/v1alpha1',
  'admissionregistration.k8s.io/v1beta1',
  'flowcontrol.apiserver.k8s.io/v1beta2',
  'flowcontrol.apiserver.k8s.io/v1beta3',
  'networking.k8s.io/v1alpha1',
  'resource.k8s.io/v1alpha2',
  'resource.k8s.io/v1alpha3',
  'storage.k8s.io/v1alpha1',
]);

/** A group that Kubernetes 1.22 gave up; its kinds live on in others. */
const FORMER_GROUP = 'extensions';

/**
 * The stable version to write in place of one that no Kubernetes from 1.28 on serves: `batch/v1` of a CronJob in
 * `batch/v1beta1`. Nothing for kinds without one, which a newer Kubernetes may serve as it likes.
 */
export function servedInstead(object: KubeObject): string | undefined {
  const { apiVersion, kind } = object;
  if (hasSchema(object) || FORMER_VERSIONS.has(apiVersion)) return undefined;
  index ??= Object.entries(mappingAt(readSchema('index.json'))).flatMap(([name, reference]) =>
    String(reference).startsWith(BUILT_IN) ? [name] : [],
  );
  const group = groupOf(apiVersion);
  return index
    .filter((name) => name.endsWith(`/${kind}`))
    .map((name) => name.slice(0, name.lastIndexOf('/')))
    .findLast((version) => isStable(version) && (groupOf(version) === group || group === FORMER_GROUP));
}

let index: readonly string[] | undefined;

function isStable(apiVersion: string): boolean {
  return /(^|\/)v\d+$/.test(apiVersion);
}
