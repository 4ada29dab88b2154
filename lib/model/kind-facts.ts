/** What the objects of each kind say of the data that they hold: size, class, and the claims by which Velero meets it. */
import type { Claim } from './dataset';
import { at, labelsOf, listAt, mappingAt, numberAt, textAt, textMapAt, type KubeObject } from './kube-object';
import { parseQuantity, type Quantity } from './quantity';
import { lastingClaimsOfTemplate, labelsOfClaims } from './stateful-sets';

/** What one object says of one dataset. */
export interface DataFacts {
  readonly part?: string;
  readonly storage?: Quantity;
  readonly storageClass?: string;
  readonly claims: readonly Claim[];
  readonly furtherClaims?: Readonly<Record<string, string>>;
}

export function claimFacts(object: KubeObject): readonly DataFacts[] {
  const { namespace = '', name } = object.metadata;
  return [{ ...sizeAndClass(object), claims: [{ namespace, name, labels: labelsOf(object) }] }];
}

export function persistentVolumeFacts(object: KubeObject): readonly DataFacts[] {
  const storage = parseQuantity(at(object, 'spec', 'capacity', 'storage'));
  return [{ ...(storage === undefined ? {} : { storage }), claims: [] }];
}

/** One dataset per claim template, held by the claims that are made from it. */
export function claimTemplateFacts(object: KubeObject): readonly DataFacts[] {
  const { namespace = '' } = object.metadata;
  return listAt(object, 'spec', 'volumeClaimTemplates').map((template) => ({
    part: textAt(template, 'metadata', 'name') ?? '',
    ...sizeAndClass(template),
    claims: lastingClaimsOfTemplate(object, template).map((claim) => ({ namespace, ...claim })),
    furtherClaims: labelsOfClaims(object, template),
  }));
}

/** Kubernetes still prefers it to the field (v1.36, component-helpers/storage/volume, GetPersistentVolumeClaimClass). */
export const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** @param claim or a template of one. */
function sizeAndClass(claim: unknown): Omit<DataFacts, 'claims'> {
  const storage = parseQuantity(at(claim, 'spec', 'resources', 'requests', 'storage'));
  const storageClass =
    textAt(claim, 'metadata', 'annotations', CLASS_ANNOTATION) ?? textAt(claim, 'spec', 'storageClassName');
  return { ...(storage === undefined ? {} : { storage }), ...(storageClass === undefined ? {} : { storageClass }) };
}

export function bucketFacts(object: KubeObject): readonly DataFacts[] {
  const storageClass = textAt(object, 'spec', 'storageClassName');
  return [{ ...(storageClass === undefined ? {} : { storageClass }), claims: [] }];
}

export function storageFacts(storage: unknown): DataFacts {
  const size = parseQuantity(at(storage, 'size'));
  const storageClass = textAt(storage, 'storageClass');
  return {
    ...(size === undefined ? {} : { storage: size }),
    ...(storageClass === undefined ? {} : { storageClass }),
    claims: [],
  };
}

/**
 * Objects of prometheus-operator keep nothing unless they ask for a volume; then it makes a StatefulSet named after the
 * app and the object, whose claims carry the set's selector (v0.93.0, pkg/prometheus/server/{operator,statefulset}.go).
 */
export function prometheusOperatorFacts(object: KubeObject, app: string): readonly DataFacts[] {
  const template = mappingAt(object, 'spec', 'storage', 'volumeClaimTemplate');
  if (Object.keys(template).length === 0) return [];
  const { namespace = '', name } = object.metadata;
  const set = `${app}-${name}`;
  const claim = textAt(template, 'metadata', 'name') ?? `${set}-${app === 'thanos-ruler' ? 'data' : 'db'}`;
  const labels = { ...textMapAt(template, 'metadata', 'labels'), ...prometheusOperatorLabels(object, app) };
  const claims = shardsOf(object, app).flatMap((shard) => {
    const made = { ...object, metadata: { name: shard === 0 ? set : `${set}-shard-${shard}` } };
    return lastingClaimsOfTemplate(made, { metadata: { name: claim, labels } });
  });
  return [{ ...sizeAndClass(template), claims: claims.map((one) => ({ namespace, ...one })) }];
}

/** Prometheus gets a StatefulSet for each shard (v0.93.0, pkg/prometheus/common.go: prometheusNameByShard). */
function shardsOf(object: KubeObject, app: string): readonly number[] {
  const count = app === 'prometheus' ? Math.max(1, numberAt(object, 'spec', 'shards') ?? 1) : 1;
  return Array.from({ length: count }, (_, shard) => shard);
}

export function prometheusOperatorLabels(object: KubeObject, app: string): Readonly<Record<string, string>> {
  return {
    'app.kubernetes.io/name': app,
    'app.kubernetes.io/managed-by': 'prometheus-operator',
    'app.kubernetes.io/instance': object.metadata.name,
  };
}
