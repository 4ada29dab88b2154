/** Flux's source-controller, kustomize-controller and helm-controller, as upstream deploys them, on images made here. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../../lib/model/kube-object';
import { binary, manifests } from '../../lab/binaries';
import { importImage, layerOf } from '../../lab/images';
import type { Layout } from '../../lab/layout';
import type { Cluster } from './cluster';
import { upstream } from './upstream';

export const FLUX_NAMESPACE = 'flux-system';

const CONTROLLERS = [
  {
    name: 'source-controller',
    image: 'ghcr.io/fluxcd/source-controller:v1.9.1',
    files: ['deployment', 'service'],
    asks: '50m',
  },
  {
    name: 'kustomize-controller',
    image: 'ghcr.io/fluxcd/kustomize-controller:v1.9.4',
    files: ['deployment'],
    asks: '100m',
  },
  { name: 'helm-controller', image: 'ghcr.io/fluxcd/helm-controller:v1.6.2', files: ['deployment'], asks: '100m' },
] as const;

/** @param trust a layer with the authority of the charts. */
export async function startFlux(lab: Layout, cluster: Cluster, trust: string): Promise<void> {
  for (const { name, image } of CONTROLLERS) {
    const layers = [layerOf(lab, image, { [name]: binary(name) }), trust];
    await importImage(lab, image, layers, { Entrypoint: [`/${name}`], User: '65534:65534' });
    await cluster.apply(
      ...readdirSync(join(manifests(name), 'bases')).flatMap((file) => upstream(name, join('bases', file))),
    );
  }
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: FLUX_NAMESPACE } }, administrator());
  for (const controller of CONTROLLERS)
    await cluster.apply(...controller.files.flatMap((file) => objects(controller, file)));
  for (const { name } of CONTROLLERS)
    await cluster.kubectl('-n', FLUX_NAMESPACE, 'rollout', 'status', `deployment/${name}`, '--timeout=120s');
}

function objects({ name, image, asks }: (typeof CONTROLLERS)[number], file: string): readonly KubeObject[] {
  const replaced: [string, string][] =
    file === 'deployment'
      ? [
          [`image: fluxcd/${name}`, `image: ${image}`],
          // One of each is enough for itself, and what waits for another asks again soon.
          [
            '- --enable-leader-election',
            name === 'source-controller' ? '- --concurrent=4' : '- --requeue-dependency=3s',
          ],
          // Where a request is left out, it is the limit.
          [`cpu: ${asks}\n`, 'cpu: 0\n'],
        ]
      : [];
  return upstream(name, `${file}.yaml`, replaced).map((object) => ({
    ...object,
    metadata: { ...object.metadata, namespace: FLUX_NAMESPACE },
  }));
}

/** What `flux install` gives its controllers. */
function administrator(): KubeObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'cluster-reconciler' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: FLUX_NAMESPACE }],
  };
}
