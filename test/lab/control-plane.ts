/** etcd, the API server, and the controllers: how they are started. Paths are below the folder of the PKI. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emitYaml } from '../../lib/yaml/emit';
import { binary } from './binaries';
import { flags, startDaemon } from './daemons';
import { ETC_KUBERNETES, NODE, NODE_ADDRESS, SERVICE_RANGE, type Layout } from './layout';

export function startEtcd(lab: Layout): void {
  const args = flags({
    name: NODE,
    'data-dir': join(lab.state, 'etcd'),
    'client-cert-auth': true,
    'peer-client-cert-auth': true,
    'listen-client-urls': `https://127.0.0.1:2379,https://${NODE_ADDRESS}:2379`,
    'advertise-client-urls': `https://${NODE_ADDRESS}:2379`,
    'listen-peer-urls': 'https://127.0.0.1:2380',
    'initial-advertise-peer-urls': 'https://127.0.0.1:2380',
    'initial-cluster': `${NODE}=https://127.0.0.1:2380`,
    'listen-metrics-urls': 'http://127.0.0.1:2381',
    'cert-file': 'etcd/server.crt',
    'key-file': 'etcd/server.key',
    'trusted-ca-file': 'etcd/ca.crt',
    'peer-cert-file': 'etcd/peer.crt',
    'peer-key-file': 'etcd/peer.key',
    'peer-trusted-ca-file': 'etcd/ca.crt',
    // Nobody wants the data back after a power cut, and the disk is what an API server waits for.
    'unsafe-no-fsync': true,
  });
  startDaemon(lab, 'etcd', binary('etcd'), args);
}

export function startApiServer(lab: Layout): void {
  const args = flags({
    'advertise-address': NODE_ADDRESS,
    'bind-address': NODE_ADDRESS,
    'secure-port': 6443,
    'allow-privileged': true,
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'service-cluster-ip-range': SERVICE_RANGE,
    'etcd-servers': 'https://127.0.0.1:2379',
    'etcd-cafile': 'etcd/ca.crt',
    'etcd-certfile': 'apiserver-etcd-client.crt',
    'etcd-keyfile': 'apiserver-etcd-client.key',
    'client-ca-file': 'ca.crt',
    'tls-cert-file': 'apiserver.crt',
    'tls-private-key-file': 'apiserver.key',
    'kubelet-certificate-authority': 'ca.crt',
    'kubelet-client-certificate': 'apiserver-kubelet-client.crt',
    'kubelet-client-key': 'apiserver-kubelet-client.key',
    'kubelet-preferred-address-types': 'InternalIP',
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': 'sa.pub',
    'service-account-signing-key-file': 'sa.key',
    'proxy-client-cert-file': 'front-proxy-client.crt',
    'proxy-client-key-file': 'front-proxy-client.key',
    'requestheader-client-ca-file': 'front-proxy-ca.crt',
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
  });
  writeManifest(lab, args);
  startDaemon(lab, 'kube-apiserver', binary('kube-apiserver'), args);
}

/** As kubeadm leaves it. Nobody runs it here, but the job that copies etcd reads how Secrets are encrypted there. */
function writeManifest(lab: Layout, args: readonly string[]): void {
  const folder = join(lab.kubernetes, 'manifests');
  mkdirSync(folder);
  const path = `${ETC_KUBERNETES}/pki`;
  const volumeMounts = [{ mountPath: path, name: 'k8s-certs', readOnly: true }];
  const spec = {
    containers: [{ name: 'kube-apiserver', command: ['kube-apiserver', ...args], volumeMounts }],
    volumes: [{ hostPath: { path, type: 'DirectoryOrCreate' }, name: 'k8s-certs' }],
  };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'kube-apiserver' }, spec };
  writeFileSync(join(folder, 'kube-apiserver.yaml'), emitYaml(pod));
}

/** They end when they do not find the API server. */
export function startControllers(lab: Layout): void {
  const each = { 'bind-address': '127.0.0.1', 'leader-elect': false };
  const manager = flags({
    ...each,
    kubeconfig: join(lab.kubernetes, 'controller-manager.conf'),
    'use-service-account-credentials': true,
    'service-account-private-key-file': 'sa.key',
    'root-ca-file': 'ca.crt',
    'cluster-signing-cert-file': 'ca.crt',
    'cluster-signing-key-file': 'ca.key',
  });
  startDaemon(lab, 'kube-controller-manager', binary('kube-controller-manager'), manager);
  const scheduler = flags({ ...each, kubeconfig: join(lab.kubernetes, 'scheduler.conf') });
  startDaemon(lab, 'kube-scheduler', binary('kube-scheduler'), scheduler);
}
