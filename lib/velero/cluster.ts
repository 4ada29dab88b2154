/** The objects of a cluster, indexed by how Velero asks for them. */
import { withoutForeignNamespace } from '../model/cluster-scoped';
import { compareText, groupBy } from '../model/collections';
import { objectId, objectKey, type KubeObject } from '../model/kube-object';
import type { Platform } from '../model/platform';
import { isWorkload } from '../model/workloads';
import { Binding } from './binding';
import { Discovery } from './discovery';
import { Storage } from './storage';
import {
  impliedNamespace,
  isLive,
  namespaceOf,
  viewNamespace,
  viewPod,
  viewVolume,
  type ClaimView,
  type ItemView,
  type NamespaceView,
  type PodView,
  type VolumeView,
} from './views';
import { isLiveWithoutPods, podSelector, renderedPods, templateClaims } from './workloads';

const ALWAYS_THERE = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

export class Cluster {
  readonly objects: readonly KubeObject[];
  readonly discovery: Discovery;
  readonly storage: Storage;
  /** By name, in the order of the API server. */
  readonly namespaces: ReadonlyMap<string, NamespaceView>;
  /** By `namespace/name`, in the order of the API server, as all that follow. */
  readonly claims: ReadonlyMap<string, ClaimView>;
  readonly pods: ReadonlyMap<string, PodView>;
  readonly volumes: ReadonlyMap<string, VolumeView>;
  readonly #byId: ReadonlyMap<string, KubeObject>;
  readonly #groups = new Map<string, ReadonlyMap<string, readonly ClaimView[]>>();
  readonly #podsByClaim: ReadonlyMap<string, readonly PodView[]>;

  constructor(objects: readonly KubeObject[], storageClasses: Platform['storageClasses']) {
    this.#byId = distinct(objects);
    this.objects = [...this.#byId.values()];
    this.discovery = Discovery.of(this.objects);
    this.storage = new Storage(this.objects, storageClasses);
    const ofKind = groupBy(this.objects, ({ apiVersion, kind }) => `${apiVersion}/${kind}`);

    const given = (ofKind.get('v1/PersistentVolume') ?? []).map(viewVolume);
    const binding = new Binding(given, this.storage);
    const claims = ofKind.get('v1/PersistentVolumeClaim') ?? [];
    const names = new Set(claims.map((claim) => `${namespaceOf(claim)}/${claim.metadata.name}`));
    const workloads = this.objects.filter(isWorkload);
    const ofTemplates = workloads
      .filter(({ kind }) => kind === 'StatefulSet')
      .flatMap(templateClaims)
      .filter((claim) => !names.has(`${namespaceOf(claim)}/${claim.metadata.name}`));
    const bound = [...claims, ...ofTemplates].map((claim) => binding.bind(claim));
    this.claims = indexed(bound.map(({ claim }) => claim));
    this.volumes = indexed([...given, ...bound.flatMap(({ volume }) => volume ?? [])]);

    const livePods = (ofKind.get('v1/Pod') ?? []).map(viewPod);
    this.pods = indexed([...podsOfWorkloads(workloads, livePods), ...livePods]);
    this.#podsByClaim = podsByClaim([...this.pods.values()]);

    const named = (ofKind.get('v1/Namespace') ?? []).map(viewNamespace);
    const lived = new Set([...ALWAYS_THERE, ...this.objects.flatMap(({ metadata }) => metadata.namespace ?? [])]);
    const implied = [...lived].map(impliedNamespace);
    this.namespaces = new Map(
      [...implied, ...named].toSorted((a, b) => compareText(a.name, b.name)).map((one) => [one.name, one]),
    );
  }

  /** An object by its identity. */
  find(group: string, kind: string, namespace: string, name: string): KubeObject | undefined {
    return this.#byId.get(objectKey({ group, kind, namespace, name }));
  }

  /** What Velero reads of one of the objects, if it is of a kind that decides about data. */
  viewOf(object: KubeObject): ItemView | undefined {
    const { name } = object.metadata;
    switch (`${object.apiVersion}/${object.kind}`) {
      case 'v1/Namespace':
        return this.namespaces.get(name);
      case 'v1/PersistentVolume':
        return this.volumes.get(name);
      case 'v1/PersistentVolumeClaim':
        return this.claims.get(`${namespaceOf(object)}/${name}`);
      case 'v1/Pod':
        return this.pods.get(`${namespaceOf(object)}/${name}`);
      default:
        return undefined;
    }
  }

  ofKind(kind: string, namespace: string): readonly KubeObject[] {
    return this.objects.filter((object) => object.kind === kind && object.metadata.namespace === namespace);
  }

  podsUsing(claim: { readonly namespace: string; readonly name: string }): readonly PodView[] {
    return this.#podsByClaim.get(`${claim.namespace}/${claim.name}`) ?? [];
  }

  /** The claims of a namespace whose label has the same value; none if it has none. */
  claimsOfGroup(claim: ClaimView, label: string): readonly ClaimView[] {
    if ((claim.labels[label] ?? '') === '') return [];
    if (this.#groups.get(label) === undefined) {
      const labelled = [...this.claims.values()].filter(({ labels }) => (labels[label] ?? '') !== '');
      this.#groups.set(
        label,
        groupBy(labelled, (one) => `${one.namespace}/${one.labels[label] ?? ''}`),
      );
    }
    return this.#groups.get(label)?.get(`${claim.namespace}/${claim.labels[label] ?? ''}`) ?? [];
  }

  /** The volume behind a bound claim (pkg/util/kube/pvc_pv.go GetPVForPVC), or why there is none. */
  volumeOf(claim: ClaimView): VolumeView | { readonly problem: string } {
    if (claim.volumeName === '') return { problem: 'it is bound to no volume' };
    if (claim.phase !== 'Bound') return { problem: `it is ${claim.phase || 'in no phase'}, not Bound` };
    return this.volumes.get(claim.volumeName) ?? { problem: `its volume ${claim.volumeName} does not exist` };
  }
}

/** The same object may come from a file and from the cluster: the live one says more. */
function distinct(objects: readonly KubeObject[]): ReadonlyMap<string, KubeObject> {
  const byId = new Map<string, KubeObject>();
  for (const object of objects.map(withoutForeignNamespace)) {
    const key = objectKey(objectId(object));
    const known = byId.get(key);
    if (known === undefined || (!isLive(known) && isLive(object))) byId.set(key, object);
  }
  return byId;
}

function indexed<T extends { readonly namespace: string; readonly name: string }>(
  items: readonly T[],
): ReadonlyMap<string, T> {
  const keyed = items.map(
    (item) => [item.namespace === '' ? item.name : `${item.namespace}/${item.name}`, item] as const,
  );
  return new Map(keyed.toSorted(([a], [b]) => compareText(a, b)));
}

function podsOfWorkloads(workloads: readonly KubeObject[], livePods: readonly PodView[]): readonly PodView[] {
  const byNamespace = groupBy(livePods, ({ namespace }) => namespace);
  return workloads.flatMap((workload) => {
    const selector = podSelector(workload);
    const live = byNamespace.get(namespaceOf(workload)) ?? [];
    const hasPods = selector !== undefined && live.some((pod) => selector.matches(pod.labels));
    return hasPods || isLiveWithoutPods(workload) ? [] : renderedPods(workload);
  });
}

function podsByClaim(pods: readonly PodView[]): ReadonlyMap<string, readonly PodView[]> {
  const users = pods.flatMap((pod) =>
    pod.volumes.filter(({ claim }) => claim !== '').map(({ claim }) => [`${pod.namespace}/${claim}`, pod] as const),
  );
  return new Map([...groupBy(users, ([key]) => key)].map(([key, found]) => [key, found.map(([, pod]) => pod)]));
}
