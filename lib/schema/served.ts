/** The kinds of Kubernetes itself, in the versions in which it serves them: those that have a schema. */
import { compareText } from '../model/collections';
import { groupOf, mappingAt, type KubeObject } from '../model/kube-object';
import { nearest } from '../model/nearest';
import { readSchema } from './folder';

/** What a cluster would say to an object that it does not know. */
export interface Unserved {
  /** The version to write instead, if another one has the kind: `batch/v1`. */
  readonly apiVersion?: string;
  /** The kind of the same version that was probably meant. */
  readonly kind?: string;
}

/** What schemas are called that come from Kubernetes itself. */
const BUILT_IN = 'kubernetes.json#';

/** Served by some Kubernetes from 1.28 on, but no longer by 1.36 (its deprecation guide and changelogs). */
const FORMER_VERSIONS = new Set([
  'admissionregistration.k8s.io/v1alpha1',
  'admissionregistration.k8s.io/v1beta1',
  'certificates.k8s.io/v1alpha1',
  'coordination.k8s.io/v1alpha1',
  'flowcontrol.apiserver.k8s.io/v1beta2',
  'flowcontrol.apiserver.k8s.io/v1beta3',
  'networking.k8s.io/v1alpha1',
  'resource.k8s.io/v1alpha2',
  'resource.k8s.io/v1alpha3',
  'scheduling.k8s.io/v1alpha1',
  'storage.k8s.io/v1alpha1',
  'storagemigration.k8s.io/v1alpha1',
]);

/** Groups that went altogether. */
const FORMER_GROUPS = ['extensions'];

interface Served {
  readonly groups: ReadonlySet<string>;
  /** API version → its kinds. */
  readonly kinds: ReadonlyMap<string, readonly string[]>;
}

/** Nothing for what is served, and for kinds that somebody else defines. */
export function unserved(object: KubeObject): Unserved | undefined {
  const { apiVersion, kind } = object;
  served ??= readServed();
  const group = groupOf(apiVersion);
  if (!served.groups.has(group) || FORMER_VERSIONS.has(apiVersion)) return undefined;
  const known = served.kinds.get(apiVersion) ?? [];
  if (known.includes(kind)) return undefined;
  const others = [...served.kinds].filter(([, kinds]) => kinds.includes(kind)).map(([version]) => version);
  const version = others.find((other) => groupOf(other) === group) ?? others[0];
  if (version !== undefined) return { apiVersion: version };
  const meant = nearest(kind, known);
  return meant === undefined ? {} : { kind: meant };
}

let served: Served | undefined;

function readServed(): Served {
  const kinds = new Map<string, string[]>();
  for (const [name, reference] of Object.entries(mappingAt(readSchema('index.json')))) {
    if (!String(reference).startsWith(BUILT_IN)) continue;
    const slash = name.lastIndexOf('/');
    const version = name.slice(0, slash);
    kinds.set(version, [...(kinds.get(version) ?? []), name.slice(slash + 1)]);
  }
  // `v1` comes before `v1beta1`.
  const sorted = [...kinds].toSorted(([a], [b]) => a.length - b.length || compareText(a, b));
  return {
    groups: new Set([...FORMER_GROUPS, ...sorted.map(([version]) => groupOf(version))]),
    kinds: new Map(sorted),
  };
}
