/** The volumes that claims will be bound to which are not live yet. */
import { groupBy } from '../model/collections';
import { CLASS_ANNOTATION } from '../model/kind-facts';
import { at, isMapping, mappingAt, textAt, type KubeObject } from '../model/kube-object';
import { isSelectorProblem, parseLabelSelector } from '../model/label-selector';
import { parseQuantity } from '../model/quantity';
import type { Storage } from './storage';
import { isLiveClaim, viewClaim, type ClaimView, type VolumeSource, type VolumeView } from './views';

export interface Bound {
  readonly claim: ClaimView;
  /** Absent for a claim without a volume, and for one whose volume is given already. */
  readonly volume?: VolumeView;
}

export class Binding {
  readonly #volumes: Map<string, VolumeView>;
  readonly #byClaim: Map<string, VolumeView>;
  readonly #free: Map<string, VolumeView[]>;

  constructor(
    volumes: readonly VolumeView[],
    private readonly storage: Storage,
  ) {
    this.#volumes = new Map(volumes.map((volume) => [volume.name, volume]));
    this.#byClaim = new Map(
      volumes.flatMap((volume) =>
        volume.claim === undefined ? [] : [[`${volume.claim.namespace}/${volume.claim.name}`, volume] as const],
      ),
    );
    const free = volumes.filter(({ claim }) => claim === undefined).toSorted((a, b) => a.capacity - b.capacity);
    this.#free = groupBy(free, ({ storageClassName }) => storageClassName);
  }

  /** Live claims are taken as they are; only where nothing shows the cluster's volumes is one put in its place. */
  bind(object: KubeObject): Bound {
    const claim = viewClaim(object);
    if (isLiveClaim(object)) {
      const areShown = this.#volumes.size > 0 || this.storage.isShown;
      if (claim.phase !== 'Bound' || claim.volumeName === '' || areShown) return { claim };
      return { claim, volume: this.#newVolume(object, claim, claim.storageClassName, claim.volumeName) };
    }
    const named = claim.volumeName === '' ? this.#byClaim.get(`${claim.namespace}/${claim.name}`) : undefined;
    const annotated = claim.annotations[CLASS_ANNOTATION];
    const className = annotated ?? claim.storageClassName ?? this.storage.defaultName;
    const existing = this.#volumes.get(claim.volumeName) ?? named ?? this.#takeFree(object, className ?? '');
    // The admission of the API server writes the default class into a claim without one; the annotation counts for one.
    const storageClassName = annotated === undefined ? className : claim.storageClassName;
    const bound: ClaimView = { ...claim, phase: 'Bound', storageClassName };
    // Kubernetes binds a claim to the volume that it names only if that is reserved for it, or of its class.
    const declared = annotated ?? claim.storageClassName;
    const isRefused =
      existing !== undefined &&
      existing.claim === undefined &&
      declared !== undefined &&
      declared !== existing.storageClassName;
    if (isRefused) return pending(bound, `its volume '${existing.name}' is of another class`);
    if (existing !== undefined) {
      const { namespace, name } = claim;
      return {
        claim: { ...bound, volumeName: existing.name },
        volume: { ...existing, claim: existing.claim ?? { namespace, name } },
      };
    }
    if (claim.volumeName !== '') {
      // Nothing is provisioned for a claim that names its volume: it waits for one that somebody makes.
      const volume = this.#newVolume(object, claim, className, claim.volumeName);
      return { claim: bound, volume: { ...volume, source: { type: 'unknown' } } };
    }
    const problem = this.#whyNoneIsMade(object, className);
    if (problem !== undefined) return pending(bound, problem);
    const name = `pvc-${claim.namespace}-${claim.name}`;
    return { claim: { ...bound, volumeName: name }, volume: this.#newVolume(object, claim, className, name) };
  }

  #whyNoneIsMade(claim: KubeObject, className: string | undefined): string | undefined {
    const provisioner = this.storage.get(className ?? '')?.provisioner;
    if (className === '' || provisioner === 'kubernetes.io/no-provisioner') {
      return 'no volume that is there fits, and its class makes none';
    }
    // A selector chooses among volumes that exist (external-provisioner v6.3.0, pkg/controller/controller.go).
    return isMapping(at(claim, 'spec', 'selector'))
      ? 'its selector matches no volume that is there, and for a claim with one none is made'
      : undefined;
  }

  #newVolume(object: KubeObject, claim: ClaimView, className: string | undefined, name: string): VolumeView {
    const storageClass = this.storage.get(className ?? '');
    const source: VolumeSource =
      storageClass === undefined ? { type: 'unknown' } : this.storage.sourceOf(storageClass.provisioner);
    return {
      kind: 'PersistentVolume',
      namespace: '',
      name,
      labels: {},
      annotations: {},
      isDeleting: false,
      capacity: requestOf(object),
      storageClassName: className ?? '',
      claim: { namespace: claim.namespace, name: claim.name },
      source,
    };
  }

  /** The smallest volume of the class that fits, as the volume controller of Kubernetes chooses. */
  #takeFree(object: KubeObject, className: string): VolumeView | undefined {
    const free = this.#free.get(className) ?? [];
    const selector = parseLabelSelector(mappingAt(object, 'spec')['selector']);
    const request = requestOf(object);
    const index = free.findIndex(
      (volume) =>
        volume.capacity >= request &&
        (isSelectorProblem(selector) || selector.isEmpty || selector.matches(volume.labels)),
    );
    return index < 0 ? undefined : free.splice(index, 1)[0];
  }
}

function pending(claim: ClaimView, whyPending: string): Bound {
  return { claim: { ...claim, phase: 'Pending', whyPending } };
}

function requestOf(object: KubeObject): number {
  return parseQuantity(textAt(object, 'spec', 'resources', 'requests', 'storage'))?.bytes ?? 0;
}
