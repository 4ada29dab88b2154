import { expect, it } from 'vitest';
import { isClusterScoped, withoutForeignNamespace } from '../../lib/model/cluster-scoped';

function object(apiVersion: string, kind: string) {
  return { apiVersion, kind, metadata: { name: 'a', namespace: 'paperless' } };
}

it.each([
  ['v1', 'Namespace'],
  ['resource.k8s.io/v1', 'DeviceClass'],
  ['resource.k8s.io/v1beta1', 'ResourceSlice'],
  ['admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy'],
  ['gateway.networking.k8s.io/v1', 'GatewayClass'],
])('%s %s has no namespace, whatever the chart says', (apiVersion, kind) => {
  expect(isClusterScoped(object(apiVersion, kind))).toBe(true);
  expect(withoutForeignNamespace(object(apiVersion, kind)).metadata).toEqual({ name: 'a' });
});

it.each([
  ['v1', 'PersistentVolumeClaim'],
  ['resource.k8s.io/v1', 'ResourceClaim'],
  ['storage.k8s.io/v1', 'CSIStorageCapacity'],
  // The name of a kind without a namespace, in another group.
  ['example.com/v1', 'Namespace'],
])('%s %s keeps its own', (apiVersion, kind) => {
  expect(withoutForeignNamespace(object(apiVersion, kind))).toEqual(object(apiVersion, kind));
});
