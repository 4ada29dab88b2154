/** All data that a set of objects brings into being. The gate starts here: from the data, not from what was declared. */
import type { FoundDataset } from '../model/answered';
import { claimKey, datasetKey, type Claim, type DatasetId } from '../model/dataset';
import type { Declaration, Origin } from '../model/declaration';
import { methodsOf, roleOf, type KindRole, type OwnKinds } from '../model/kinds';
import { at, groupOf, objectId, textAt, type KubeObject, type ObjectId } from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';
import { podTemplateOf } from '../model/workloads';
import { podVolumes } from './pod-volumes';

/** An object that makes others at run time. */
export interface OpaqueObject {
  readonly id: ObjectId;
  readonly origin: Origin;
  readonly object: KubeObject;
}

/** A kind, or a source of pod volumes, that no table lists; the first object that has it. */
export interface Unlisted {
  readonly what: string;
  readonly object: KubeObject;
  readonly origin: Origin;
}

export interface FoundData {
  readonly datasets: readonly FoundDataset[];
  readonly opaque: readonly OpaqueObject[];
  readonly unlistedKinds: readonly Unlisted[];
  readonly unlistedSources: readonly Unlisted[];
}

/**
 * @param declarations for the claims that opaque objects make: they are data too, and only the declaration shows them.
 * @param clusterData the data that no object betrays.
 */
export function findData(
  objects: readonly RenderedObject[],
  declarations: readonly Declaration[],
  clusterData: readonly FoundDataset[] = [],
  own: OwnKinds = {},
): FoundData {
  const finder = new DataFinder(own, clusterData);
  for (const rendered of objects) finder.look(rendered);
  for (const declaration of declarations) finder.lookAtHeld(declaration);
  return finder.result();
}

interface Mount {
  readonly workload: RenderedObject;
  readonly namespace: string;
  readonly claim: string;
}

class DataFinder {
  private readonly datasets = new Map<string, FoundDataset>();
  private readonly opaque: OpaqueObject[] = [];
  private readonly unlistedKinds = new Map<string, Unlisted>();
  private readonly unlistedSources = new Map<string, Unlisted>();
  private readonly mounts: Mount[] = [];
  /** Claims of StatefulSets: the rendered claim belongs to the set that adopts it. */
  private readonly setOfClaim = new Map<string, string>();
  /** PersistentVolumes by dataset key, with the claim that each is reserved for, if it is. */
  private readonly reservedFor = new Map<string, string | undefined>();
  /** PersistentVolumes that a claim names. */
  private readonly namedByClaims = new Set<string>();

  constructor(
    private readonly own: OwnKinds,
    clusterData: readonly FoundDataset[],
  ) {
    for (const dataset of clusterData) this.add(dataset);
  }

  look(rendered: RenderedObject): void {
    // What synth makes itself holds no data: above all the Kustomizations that apply the folders which are looked at.
    if (rendered.generated === true) return;
    const { object, origin } = rendered;
    const group = groupOf(object.apiVersion);
    const role = roleOf(group, object.kind, this.own);
    switch (role.role) {
      case 'unlisted': {
        const what = `${group}/${object.kind}`;
        if (!this.unlistedKinds.has(what)) this.unlistedKinds.set(what, { what, object, origin });
        break;
      }
      case 'opaque':
        this.opaque.push({ id: objectId(object), origin, object });
        break;
      case 'data':
        this.lookAtData(rendered, role);
        this.lookAtPods(rendered, role.rows[0]?.group ?? group);
        break;
      case 'workload':
        this.lookAtPods(rendered, group);
        break;
      case 'no data':
        break;
    }
  }

  /** A claim that an opaque object makes. If an object declares it too, the object shows more. */
  lookAtHeld({ held, dataset, labels = {}, at: origin }: Declaration): void {
    if (held === undefined || this.datasets.has(datasetKey(dataset))) return;
    this.add({
      id: dataset,
      ref: 'claim',
      methods: methodsOf('claim'),
      origin,
      ...(held.storage === undefined ? {} : { storage: held.storage }),
      ...(held.storageClass === undefined ? {} : { storageClass: held.storageClass }),
      claims: [{ namespace: dataset.namespace ?? '', name: dataset.name, labels }],
      operatorClaims: [],
      heldBy: held.by,
    });
  }

  result(): FoundData {
    this.adoptClaimsOfSets();
    this.addUndeclaredClaims();
    this.joinVolumesWithClaims();
    return {
      datasets: [...this.datasets.values()],
      opaque: this.opaque,
      unlistedKinds: [...this.unlistedKinds.values()],
      unlistedSources: [...this.unlistedSources.values()],
    };
  }

  private lookAtData({ object, origin }: RenderedObject, role: Extract<KindRole, { role: 'data' }>): void {
    for (const row of role.rows) {
      for (const { part, ...facts } of row.facts(object)) {
        const id: DatasetId = {
          ...objectId(object),
          // One identity for all API groups that a kind was ever served under.
          group: row.group,
          ...(part === undefined || row.part === undefined ? {} : { part: { type: row.part, name: part } }),
        };
        this.add({
          id,
          ref: row.ref,
          methods: row.strategies,
          origin,
          operatorClaims: row.operatorClaims?.(object) ?? [],
          ...facts,
        });
        this.noteBinding(row.ref, id, object);
        if (row.part === 'template') {
          for (const claim of facts.claims) this.setOfClaim.set(claimKey(claim.namespace, claim.name), datasetKey(id));
        }
      }
    }
  }

  private noteBinding(ref: string, id: DatasetId, object: KubeObject): void {
    if (ref === 'persistentVolume') {
      const claim = at(object, 'spec', 'claimRef');
      const name = textAt(claim, 'name');
      const reserved = name === undefined ? undefined : claimKey(textAt(claim, 'namespace') ?? '', name);
      this.reservedFor.set(datasetKey(id), reserved);
    }
    const volume = textAt(object, 'spec', 'volumeName');
    if (ref === 'claim' && volume !== undefined) this.namedByClaims.add(volume);
  }

  private lookAtPods(workload: RenderedObject, group: string): void {
    const { object, origin } = workload;
    const namespace = object.metadata.namespace ?? '';
    for (const volume of podVolumes(podTemplateOf(object), this.own)) {
      if (volume.type === 'claim') {
        this.mounts.push({ workload, namespace, claim: volume.claim });
      } else if (volume.type === 'unlisted') {
        if (!this.unlistedSources.has(volume.source)) {
          this.unlistedSources.set(volume.source, { what: volume.source, object, origin });
        }
      } else {
        this.add({
          id: { ...objectId(object), group, part: { type: 'volume', name: volume.name } },
          ref: 'podVolume',
          methods: {},
          origin,
          where: volume.where,
          claims: [],
          operatorClaims: [],
        });
      }
    }
  }

  private add(dataset: FoundDataset): void {
    this.datasets.set(datasetKey(dataset.id), dataset);
  }

  /** A rendered claim `<template>-<set>-<n>` is the set's: one dataset, with the labels that the claim really carries. */
  private adoptClaimsOfSets(): void {
    for (const [key, dataset] of this.datasets) {
      if (dataset.ref !== 'claim') continue;
      const setKey = this.setOfClaim.get(claimKey(dataset.id.namespace ?? '', dataset.id.name));
      const set = setKey === undefined ? undefined : this.datasets.get(setKey);
      const [claim] = dataset.claims;
      if (set === undefined || claim === undefined || setKey === undefined) continue;
      const claims = set.claims.map((other) => (other.name === claim.name ? adopted(other, claim) : other));
      this.datasets.set(setKey, { ...set, claims });
      this.datasets.delete(key);
    }
  }

  /** A PersistentVolume is that of the claim that it is reserved for; only a free one is that of a claim that names it. */
  private joinVolumesWithClaims(): void {
    const claims = this.declaredClaims();
    for (const [key, reserved] of this.reservedFor) {
      const name = this.datasets.get(key)?.id.name ?? '';
      if (reserved === undefined ? this.namedByClaims.has(name) : claims.has(reserved)) this.datasets.delete(key);
    }
  }

  private addUndeclaredClaims(): void {
    const declared = this.declaredClaims();
    for (const { workload, namespace, claim } of this.mounts) {
      if (declared.has(claimKey(namespace, claim))) continue;
      declared.add(claimKey(namespace, claim));
      this.add({
        id: { group: '', kind: 'PersistentVolumeClaim', namespace, name: claim },
        ref: 'claim',
        methods: methodsOf('claim'),
        origin: workload.origin,
        claims: [{ namespace, name: claim, labels: {} }],
        operatorClaims: [],
        undeclaredClaim: true,
      });
    }
  }

  private declaredClaims(): Set<string> {
    const all = [...this.datasets.values()].flatMap((dataset) => dataset.claims);
    return new Set(all.map((claim) => claimKey(claim.namespace, claim.name)));
  }
}

function adopted(expected: Claim, rendered: Claim): Claim {
  return { ...expected, labels: { ...expected.labels, ...rendered.labels } };
}
