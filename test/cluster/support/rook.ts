/** Rook's part of the object store: users and buckets in the real gateway, by what stands in for its operator (modules/rook). */
import { readFileSync } from 'node:fs';
import { textAt, type KubeObject } from '../../../lib/model/kube-object';
import { readYaml } from '../../../lib/yaml/read';
import { binary } from '../../lab/binaries';
import { importImage, layerOf } from '../../lab/images';
import type { Layout } from '../../lab/layout';
import type { Ceph } from '../../servers/support/setup';
import { output } from '../../servers/support/tools';
import type { Cluster } from './cluster';

/** Of the cluster and of its operator. */
const NAMESPACE = 'rook-ceph';
const IMAGE = 'localhost/lab/rook:1';
const NAME = 'rook-ceph-operator';

/** As which Rook makes others. It has no right that the gateway of Debian does not know. */
const ADMIN = { uid: 'rgw-admin-ops-user', secretKey: 'secret-of-rgw-admin-ops-user', caps: 'buckets=*;users=*' };

export async function startRook(lab: Layout, cluster: Cluster, { folder }: Ceph): Promise<void> {
  const { uid, secretKey, caps } = ADMIN;
  const keys = [`--access-key=${uid}`, `--secret-key=${secretKey}`];
  await output(
    'radosgw-admin',
    ['user', 'create', `--uid=${uid}`, `--display-name=${uid}`, ...keys, `--caps=${caps}`],
    {
      env: { CEPH_CONF: `${folder}/ceph.conf` },
    },
  );
  await importImage(lab, IMAGE, [layerOf(lab, IMAGE, { rook: binary('rook') })], { Entrypoint: ['/rook'] });
  await startOperator(cluster, NAMESPACE);
  await cluster.apply(allowing(NAMESPACE, allowedFields()));
}

/** One that looks after the claims of its own classes, `NAMESPACE.ceph.rook.io/bucket`. */
export async function startOperator(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.apply(...operator(namespace));
  await cluster.kubectl('-n', namespace, 'rollout', 'status', `deployment/${NAME}`, '--timeout=60s');
}

export async function logOfOperator(cluster: Cluster, namespace: string): Promise<string> {
  return cluster.kubectl('-n', namespace, 'logs', `deployment/${NAME}`);
}

/** The settings of an operator, as its chart writes them. */
export function allowing(namespace: string, fields: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'rook-ceph-operator-config', namespace },
    data: { ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS: fields },
  };
}

/** What the release of the example cluster lets claims say. */
function allowedFields(): string {
  const file = 'infrastructure/rook-ceph/release.yaml';
  const release = readYaml(readFileSync(file, 'utf8'), file).objects.find(
    ({ object }) => object.kind === 'HelmRelease',
  );
  const fields = textAt(release?.object, 'spec', 'values', 'obcAllowAdditionalConfigFields');
  if (fields === undefined) throw new Error(`${file} does not say what claims may have`);
  return fields;
}

function operator(namespace: string): readonly KubeObject[] {
  const metadata = { name: NAME, namespace };
  const labels = { app: NAME };
  const env = { POD_NAMESPACE: namespace, ADMIN_ACCESS_KEY: ADMIN.uid, ADMIN_SECRET_KEY: ADMIN.secretKey };
  const container = { name: 'rook', image: IMAGE, env: Object.entries(env).map(([name, value]) => ({ name, value })) };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: `${namespace}-operator` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { serviceAccountName: NAME, containers: [container] } },
      },
    },
  ];
}
