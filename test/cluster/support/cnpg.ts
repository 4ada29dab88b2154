/** CloudNativePG with its webhooks and its Barman plugin, as upstream installs them, on images made here. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JOB_IMAGES } from '../../../lib/jobs/images';
import type { KubeObject } from '../../../lib/model/kube-object';
import { binary } from '../../lab/binaries';
import { debianLayer } from '../../lab/debian';
import { importImage, layerOf, tagImage } from '../../lab/images';
import type { Layout } from '../../lab/layout';
import { selfSigned } from '../../lab/pki';
import { TOOLS, until } from '../../servers/support/tools';
import type { Cluster } from './cluster';
import { upstream } from './upstream';

const OPERATOR_IMAGE = 'ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0';
/** Of the plugin, and of the sidecar that it puts beside a server. */
const PLUGIN_IMAGE = 'ghcr.io/cloudnative-pg/plugin-barman-cloud:v0.14.0';
/** What the operator takes where a Cluster names none. */
const POSTGRES_IMAGE = 'ghcr.io/cloudnative-pg/postgresql:18.4-system-trixie';

const NAMESPACE = 'cnpg-system';
/** As which the operator runs the server, and the plugin Barman. */
const POSTGRES_USER = 26;

/** @param trust a layer with the authority of the store. */
export async function startCloudNativePg(lab: Layout, cluster: Cluster, trust: string): Promise<void> {
  await importImages(lab, trust);
  const operator = upstream('cnpg', 'cnpg-1.30.0.yaml', [
    ['imagePullPolicy: Always', 'imagePullPolicy: IfNotPresent'],
    // With a tenth of a core it needs a minute for what is here done in seconds.
    ['            cpu: 100m\n            memory: 200Mi', '            memory: 200Mi'],
  ]);
  await cluster.apply(...operator);
  const plugin = upstream('barman-plugin', 'manifest.yaml', [
    ['ghcr.io/cloudnative-pg/plugin-barman-cloud-testing:main', PLUGIN_IMAGE],
    ['initialDelaySeconds: 10', 'initialDelaySeconds: 1'],
    ['periodSeconds: 10', 'periodSeconds: 1'],
  ]);
  await cluster.apply(...(await pluginSecrets(lab)), ...plugin.flatMap(withoutCertManager));
  for (const name of ['cnpg-controller-manager', 'barman-cloud'])
    await cluster.kubectl('-n', NAMESPACE, 'rollout', 'status', `deployment/${name}`, '--timeout=120s');
  // Its pod is ready before the API server has its certificate.
  await until('the webhooks of CloudNativePG', 60, async () => (await cluster.objectionsTo(PROBE)) === '');
}

const PROBE: KubeObject = {
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  metadata: { name: 'probe', namespace: 'default' },
  spec: { instances: 1, storage: { size: '1Gi' } },
};

async function importImages(lab: Layout, trust: string): Promise<void> {
  const users = usersLayer(join(lab.state, 'layers', 'users'));
  const User = `${POSTGRES_USER}:${POSTGRES_USER}`;
  const Env = ['PATH=/usr/lib/postgresql/18/bin:/usr/local/bin:/usr/bin'];
  await importImage(lab, POSTGRES_IMAGE, [join(TOOLS, 'rootfs', 'postgres-18'), users], { User, Env });
  await tagImage(lab, POSTGRES_IMAGE, JOB_IMAGES.postgres);
  const packages = ['base-files', 'barman-cli-cloud', 'dash', 'python3-boto3'];
  const barman = await debianLayer(packages, join(lab.state, 'layers', 'barman'));
  const manager = layerOf(lab, PLUGIN_IMAGE, { manager: binary('barman-plugin') });
  await importImage(lab, PLUGIN_IMAGE, [barman, users, trust, manager], { Entrypoint: ['/manager'], User });
  // The second one it copies into the pods of servers.
  const both = { manager: binary('cnpg-manager'), 'operator/manager_amd64': binary('cnpg-manager') };
  const operator = layerOf(lab, OPERATOR_IMAGE, both);
  await importImage(lab, OPERATOR_IMAGE, [operator], { Entrypoint: ['/manager'] });
}

/** PostgreSQL looks up the name of whoever runs it. */
function usersLayer(folder: string): string {
  mkdirSync(join(folder, 'etc'), { recursive: true });
  const id = POSTGRES_USER;
  writeFileSync(
    join(folder, 'etc/passwd'),
    `root:x:0:0::/root:/bin/sh\npostgres:x:${id}:${id}::/var/lib/postgresql:/bin/sh\n`,
  );
  writeFileSync(join(folder, 'etc/group'), `root:x:0:\npostgres:x:${id}:\n`);
  return folder;
}

/** cert-manager would make them. The operator and the plugin each take the very certificate of the other, and no other. */
async function pluginSecrets(lab: Layout): Promise<readonly KubeObject[]> {
  const { certificate, key } = await selfSigned(lab, 'barman-cloud');
  const stringData = { 'tls.crt': readFileSync(certificate, 'utf8'), 'tls.key': readFileSync(key, 'utf8') };
  return ['server', 'client'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `barman-cloud-${name}-tls`, namespace: NAMESPACE },
    type: 'kubernetes.io/tls',
    stringData,
  }));
}

function withoutCertManager(object: KubeObject): readonly KubeObject[] {
  if (['Certificate', 'Issuer'].includes(object.kind)) return [];
  if (object.kind !== 'Secret') return [object];
  const { data: _, ...rest } = object;
  return [{ ...rest, stringData: { SIDECAR_IMAGE: PLUGIN_IMAGE } }];
}
