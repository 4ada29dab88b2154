import { Chart, type Size } from 'cdk8s';
import { k8s, PersistentVolumeClaim, type IPersistentVolumeClaim } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { DatasetAnswer } from '../model/declaration';
import type { OneOrMore, VolumeStrategy } from '../model/kinds';
import { DISABLED, PRUNE_ANNOTATION } from '../model/marks';
import { excluded } from '../model/statements';
import { given } from '../model/untyped';
import { answerOf } from './answer';
import { demandGate, Ledger, originOf } from './ledger';
import { isMisused, isSize, isText, optional, type Expected } from './misuse';

/** Who may mount a claim at the same time, in the words of Kubernetes. */
export type AccessMode = 'ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod';

/** What every claim has, backed up or not. */
export interface VolumeProps {
  /** How much is requested: `Size.gibibytes(20)`, which is `20Gi`. cdk8s' sizes are powers of 1024. */
  readonly storage: Size;
  /** Name of the StorageClass. Default: the cluster's default class. */
  readonly storageClass?: string;
  /** Who may mount it at the same time. Default `['ReadWriteOnce']`. */
  readonly accessModes?: readonly AccessMode[];
  /** Whether it is mounted as files or given as a device. Default `Filesystem`. */
  readonly volumeMode?: 'Filesystem' | 'Block';
  /** Name of the claim. Default: the construct's id. */
  readonly name?: string;
}

/** A claim, and how it is backed up. */
export interface BackedUpVolumeProps extends VolumeProps {
  /** One strategy, or several for several copies. There is no default: a volume without a backup is what this library is against. */
  readonly backup: OneOrMore<VolumeStrategy>;
}

/**
 * A PersistentVolumeClaim that Velero copies, or somebody else. Patch it as any construct of cdk8s, and the gate proves what
 * comes out: `ApiObject.of(volume).addJsonPatch(JsonPatch.add('/metadata/labels/tier', 'archive'))`.
 *
 * @throws Error of cdk8s if the scope is in no Chart.
 * @example
 * new BackedUpVolume(this, 'data', {
 *   storage: Size.gibibytes(20),
 *   backup: nightly({ to: offsite, keep: { daily: 14 } }),
 * });
 * // apiVersion: v1
 * // kind: PersistentVolumeClaim
 * // metadata:
 * //   annotations:
 * //     backed-up/dataset: PersistentVolumeClaim paperless/data
 * //     kustomize.toolkit.fluxcd.io/prune: disabled
 * //   labels:
 * //     backed-up/method: velero
 * //     backed-up/plan: nightly
 * //   name: data
 * //   namespace: paperless
 * // spec:
 * //   accessModes:
 * //     - ReadWriteOnce
 * //   resources:
 * //     requests:
 * //       storage: 20Gi
 */
export class BackedUpVolume extends Construct {
  /** For cdk8s-plus: `Volume.fromPersistentVolumeClaim(this, 'data', volume.claim)`. */
  readonly claim: IPersistentVolumeClaim;

  constructor(scope: Construct, id: string, props: BackedUpVolumeProps) {
    super(scope, id);
    this.claim = declareClaim(this, props, answerOf(given(props).backup));
  }
}

/** A claim, and why nobody copies it. */
export interface ScratchVolumeProps extends VolumeProps {
  /** Why losing the data is acceptable: at least four words, and not those that a finding printed (`thin-reason`). */
  readonly reason: string;
  /** Day, `2027-06-01`, after which synth warns that the reason is to be looked at again. Default: never. */
  readonly reviewBy?: string;
}

/**
 * A PersistentVolumeClaim that nobody copies, on purpose.
 *
 * @throws Error of cdk8s if the scope is in no Chart.
 * @example
 * new ScratchVolume(this, 'runner-cache', {
 *   storage: Size.gibibytes(40),
 *   reason: 'CI runners download these layers again on the next build.',
 * });
 * // apiVersion: v1
 * // kind: PersistentVolumeClaim
 * // metadata:
 * //   annotations:
 * //     backed-up/dataset: PersistentVolumeClaim paperless/runner-cache
 * //     backed-up/reason: CI runners download these layers again on the next build.
 * //     kustomize.toolkit.fluxcd.io/prune: disabled
 * //   labels:
 * //     backed-up/method: excluded
 * //   name: runner-cache
 * //   namespace: paperless
 * // spec:
 * //   accessModes:
 * //     - ReadWriteOnce
 * //   resources:
 * //     requests:
 * //       storage: 40Gi
 */
export class ScratchVolume extends Construct {
  /** For cdk8s-plus: `Volume.fromPersistentVolumeClaim(this, 'cache', volume.claim)`. */
  readonly claim: IPersistentVolumeClaim;

  constructor(scope: Construct, id: string, props: ScratchVolumeProps) {
    super(scope, id);
    const { reason, reviewBy } = given(props);
    this.claim = declareClaim(this, props, excluded(reason, reviewBy === undefined ? {} : { reviewBy }));
  }
}

/** What every claim has to request. */
export const STORAGE: Expected = { is: isSize, write: 'storage: Size.gibibytes(20)' };
const VOLUME: Readonly<Record<string, Expected>> = {
  name: { is: optional(isText), write: `name: 'data'` },
  storage: STORAGE,
};

function declareClaim(
  construct: Construct,
  props: VolumeProps,
  answer: DatasetAnswer | undefined,
): IPersistentVolumeClaim {
  const { name = construct.node.id } = given(props);
  const claim = PersistentVolumeClaim.fromClaimName(construct, 'Claim', name);
  if (isMisused(construct, props, VOLUME)) return claim;
  new k8s.KubePersistentVolumeClaim(construct, 'Resource', {
    // Patches of annotations have something to stand on; synth adds the others.
    metadata: { name, annotations: { [PRUNE_ANNOTATION]: DISABLED } },
    spec: claimSpec(props),
  });
  const { namespace } = Chart.of(construct);
  Ledger.of(construct).declarations.push({
    dataset: { group: '', kind: 'PersistentVolumeClaim', ...(namespace === undefined ? {} : { namespace }), name },
    answer,
    at: originOf(construct),
  });
  demandGate(construct);
  return claim;
}

/** The spec of a claim, which the claim templates of StatefulSets share. */
export function claimSpec(props: VolumeProps): k8s.PersistentVolumeClaimSpec {
  const { storage, storageClass, accessModes = ['ReadWriteOnce'], volumeMode } = props;
  return {
    accessModes: [...accessModes],
    resources: { requests: { storage: k8s.Quantity.fromString(storage.asString()) } },
    ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    ...(volumeMode === undefined ? {} : { volumeMode }),
  };
}
