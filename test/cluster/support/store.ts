/**
 * The object stores of dist/ in the lab, two Ceph RGWs of this machine: one off-site by its TLS address, and one in the
 * cluster behind a pod with the labels and the port of Rook's, because NetworkPolicies know it by those.
 */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { connect as dial, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { JOB_IMAGES } from '../../../lib/jobs/images';
import type { KubeObject } from '../../../lib/model/kube-object';
import { binary } from '../../lab/binaries';
import { importImage, layerOf } from '../../lab/images';
import { HOST_ADDRESS, type Layout } from '../../lab/layout';
import { serverCertificate } from '../../lab/pki';
import { TOOLS } from '../../servers/support/tools';
import type { Cluster } from './cluster';

const OFFSITE_HOST = 's3.example.net';
/** Its path is that of a bucket, so that the store answers for it too. */
const CHARTS_HOST = 'grafana.github.io';
/** Where this machine has the one in the cluster. */
export const LOCAL_PORT = 8480;
const GATEWAY_IMAGE = 'localhost/lab/forward:1';

/** What dist/ runs, and where install.sh has put its files. */
const IMAGES = [
  [JOB_IMAGES.etcd, 'etcd'],
  [JOB_IMAGES.kubectl, 'kubectl'],
  [JOB_IMAGES.rclone, 'rclone'],
  [JOB_IMAGES.restic, 'restic'],
] as const;

export interface OpenStores {
  /** A layer for images of programs that ask them. */
  readonly trust: string;
  readonly close: () => void;
}

/** @param ports where the two stores listen on this machine. */
export async function openStores(
  lab: Layout,
  cluster: Cluster,
  ports: { readonly local: number; readonly offsite: number },
): Promise<OpenStores> {
  const { ca, certificate, key } = await serverCertificate(lab, OFFSITE_HOST, CHARTS_HOST);
  const trust = join(lab.state, 'trust');
  // Go, OpenSSL and Python look there on Alpine as on Debian.
  mkdirSync(join(trust, 'etc/ssl/certs'), { recursive: true });
  copyFileSync(ca, join(trust, 'etc/ssl/certs/ca-certificates.crt'));
  const offsite = createTlsServer(
    { cert: readFileSync(certificate), key: readFileSync(key) },
    forwardTo(ports.offsite),
  );
  const local = createServer(forwardTo(ports.local));
  await Promise.all([listen(offsite, 443), listen(local, LOCAL_PORT)]);
  await importImages(lab, trust);
  await cluster.apply(...gateway());
  await cluster.kubectl('-n', 'rook-ceph', 'rollout', 'status', 'deployment/rook-ceph-rgw-store-a', '--timeout=120s');
  return {
    trust,
    close: () => {
      offsite.close();
      local.close();
    },
  };
}

async function importImages(lab: Layout, trust: string): Promise<void> {
  for (const [name, rootfs] of IMAGES) await importImage(lab, name, [join(TOOLS, 'rootfs', rootfs), trust], {});
  const forward = layerOf(lab, GATEWAY_IMAGE, { forward: binary('forward') });
  const Cmd = ['/forward', ':8080', `${HOST_ADDRESS}:${LOCAL_PORT}`];
  await importImage(lab, GATEWAY_IMAGE, [forward], { Cmd });
}

function gateway(): readonly KubeObject[] {
  const labels = { app: 'rook-ceph-rgw', rook_object_store: 'store-a' };
  const metadata = { name: 'rook-ceph-rgw-store-a', namespace: 'rook-ceph' };
  const containers = [
    { name: 'rgw', image: GATEWAY_IMAGE, readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } },
  ];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
    },
  ];
}

function forwardTo(port: number): (client: Socket) => void {
  return (client) => {
    const server = dial(port, '127.0.0.1');
    client.pipe(server).pipe(client);
    // One that breaks takes the other with it.
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  };
}

async function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST_ADDRESS, resolve);
  });
}
