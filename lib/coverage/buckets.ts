/** The claims of buckets, and those that the backup user is to read. */
import { OBC_FIELDS_BY_DEFAULT } from '../methods/ceph/backup-user';
import type { DatasetId } from '../model/dataset';
import type { GrantDeclaration } from '../model/declaration';
import {
  at,
  describeObject,
  listAt,
  objectId,
  textAt,
  textMapAt,
  type KubeObject,
  type ObjectId,
} from '../model/kube-object';
import type { Location } from '../model/location';
import type { RenderedObject } from '../model/rendered';
import { isVersionFrom } from '../model/version';
import { podTemplateOf } from '../model/workloads';
import type { GateContext } from './context';

export function bucketClaims(context: GateContext): readonly RenderedObject[] {
  return context.ofKind('objectbucket.io', 'ObjectBucketClaim');
}

/** Whether a claim makes the bucket of a location, which the cluster itself then serves. */
export function isBucketOf(location: Location, claim: KubeObject, { servedHosts }: GateContext): boolean {
  return bucketNameOf(claim) === location.bucket && servedHosts.failureDomainOf(location) === 'cluster';
}

export function bucketNameOf(claim: KubeObject): string | undefined {
  return textAt(claim, 'spec', 'bucketName');
}

export interface GrantedBucket {
  readonly declaration: GrantDeclaration;
  readonly rendered: RenderedObject;
}

/** A grant for a claim that does not exist is an idle declaration. */
export function grantedBuckets(context: GateContext): readonly GrantedBucket[] {
  return context.input.grants.flatMap((declaration) => {
    const rendered = context.object(objectOf(declaration.bucket));
    return rendered === undefined ? [] : [{ declaration, rendered }];
  });
}

function objectOf({ part: _none, ...id }: DatasetId): ObjectId {
  return id;
}

/** The class of a claim, where it is among the objects. */
export function classOf(claim: KubeObject, context: GateContext): KubeObject | undefined {
  const name = textAt(claim, 'spec', 'storageClassName');
  if (name === undefined) return undefined;
  return context.object({ group: 'storage.k8s.io', kind: 'StorageClass', name })?.object;
}

/** The object store that a claim's bucket is in, `rook-ceph/store-a`: of a class that nobody sees, the platform's. */
export function storeOf(claim: KubeObject, context: GateContext): string | undefined {
  const parameters = at(classOf(claim, context), 'parameters');
  const [name, namespace] = ['objectStoreName', 'objectStoreNamespace'].map((key) => textAt(parameters, key));
  return name === undefined || namespace === undefined ? platformStore(context) : `${namespace}/${name}`;
}

export function platformStore({ platform: { rook } }: GateContext): string | undefined {
  return rook === undefined ? undefined : `${rook.namespace}/${rook.objectStore}`;
}

/** What an object of the repository lets claims say in `additionalConfig`. */
export interface AllowList {
  readonly by: string;
  readonly fields: readonly string[];
}

/**
 * The operator's settings, where the repository has them: in its ConfigMap, or in the values of its Helm release. What the
 * ConfigMap does not say may be in that of a release, which has the same name.
 */
export function seenAllowLists(context: GateContext): readonly AllowList[] {
  const releases = context
    .ofKind('helm.toolkit.fluxcd.io', 'HelmRelease')
    .filter(({ object }) => textAt(object, 'spec', 'chart', 'spec', 'chart') === 'rook-ceph');
  const ofReleases = releases.flatMap(({ object }) => {
    // Values from elsewhere may say more.
    if (at(object, 'spec', 'valuesFrom') !== undefined) return [];
    return [allowList(object, textAt(object, 'spec', 'values', 'obcAllowAdditionalConfigFields') || undefined)];
  });
  const ofConfigMaps = context.ofKind('', 'ConfigMap').flatMap(({ object }) => {
    if (object.metadata.name !== 'rook-ceph-operator-config') return [];
    const said = textMapAt(object, 'data')[ALLOW_LIST];
    if (said === undefined && (releases.length > 0 || !hasDefault(context))) return [];
    return [allowList(object, said ?? allowedByVariable(context))];
  });
  return [...ofConfigMaps, ...ofReleases];
}

const ALLOW_LIST = 'ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS';

/** Before 1.17 Rook allowed everything that it knew. */
function hasDefault({ platform: { rook } }: GateContext): boolean {
  return isVersionFrom(rook?.version ?? '', 1, 17);
}

/** What the ConfigMap leaves to the operator's own variables (rook v1.20.6, pkg/operator/k8sutil/configmap.go). */
function allowedByVariable(context: GateContext): string | undefined {
  return context
    .ofKind('apps', 'Deployment')
    .filter(({ object }) => object.metadata.name === 'rook-ceph-operator')
    .flatMap(({ object }) => listAt(podTemplateOf(object), 'spec', 'containers'))
    .flatMap((container) => listAt(container, 'env'))
    .filter((variable) => textAt(variable, 'name') === ALLOW_LIST)
    .map((variable) => textAt(variable, 'value') ?? '')[0];
}

/** @param text absent where Rook goes by its default. */
function allowList(object: KubeObject, text: string | undefined): AllowList {
  const fields = text?.split(',').map((field) => field.trim()) ?? OBC_FIELDS_BY_DEFAULT;
  return { by: describeObject(objectId(object)), fields: fields.filter((field) => field !== '') };
}
