/** Velero with its node agent and the AWS plugin, as `velero install` writes them, on images made here. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readYaml } from '../../../lib/yaml/read';
import { binary } from '../../lab/binaries';
import { importImage, layerOf } from '../../lab/images';
import type { Layout } from '../../lab/layout';
import { output } from '../../servers/support/tools';
import type { Cluster } from './cluster';

export const VELERO_NAMESPACE = 'velero';

const VELERO_IMAGE = 'docker.io/velero/velero:v1.18.3';
const PLUGIN_IMAGE = 'docker.io/velero/velero-plugin-for-aws:v1.14.3';

/** @param trust a layer with the authority of the store. */
export async function startVelero(lab: Layout, cluster: Cluster, trust: string): Promise<void> {
  await importImages(lab, trust);
  const options = [
    '--use-node-agent',
    '--features=EnableCSI',
    '--no-secret',
    '--no-default-backup-location',
    '--use-volume-snapshots=false',
    `--kubelet-root-dir=${lab.kubelet}`,
    `--image=${VELERO_IMAGE}`,
    `--plugins=${PLUGIN_IMAGE}`,
    // All of them wait in one line, those that copy data and those that a test asks dozens of.
    '--concurrent-backups=8',
    // They would be more than two cores have left.
    '--velero-pod-cpu-request=0',
    '--node-agent-pod-cpu-request=0',
  ];
  // It wants a cluster, and asks it for nothing.
  const env = { HOME: lab.state, KUBECONFIG: lab.kubeconfig };
  const text = await output(binary('velero'), ['install', '--dry-run', '--output=yaml', ...options], { env });
  await cluster.apply(...readYaml(text, 'velero install').objects.map(({ object }) => object));
  for (const name of ['deployment/velero', 'daemonset/node-agent'])
    await cluster.kubectl('-n', VELERO_NAMESPACE, 'rollout', 'status', name, '--timeout=120s');
}

async function importImages(lab: Layout, trust: string): Promise<void> {
  const server = layerOf(lab, VELERO_IMAGE, {
    velero: binary('velero'),
    'velero-restore-helper': binary('velero-restore-helper'),
    // A Schedule names the zone of its time.
    'usr/share/zoneinfo': '/usr/share/zoneinfo',
  });
  mkdirSync(join(server, 'tmp'));
  await importImage(lab, VELERO_IMAGE, [server, trust], { Entrypoint: ['/velero'] });
  const name = 'velero-plugin-for-aws';
  const plugin = layerOf(lab, PLUGIN_IMAGE, { 'bin/busybox': '/bin/busybox', [`plugins/${name}`]: binary(name) });
  const Entrypoint = ['/bin/busybox', 'cp', `/plugins/${name}`, '/target/'];
  await importImage(lab, PLUGIN_IMAGE, [plugin], { Entrypoint });
}
