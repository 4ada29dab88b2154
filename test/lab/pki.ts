/** Keys, certificates and kubeconfigs, in the layout of kubeadm: the job that copies etcd reads them there. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { output } from '../servers/support/tools';
import { API_SERVICE, NODE, NODE_ADDRESS, type Layout } from './layout';

const ALGORITHM = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const NODE_NAMES = ['DNS:localhost', `DNS:${NODE}`, 'IP:127.0.0.1', `IP:${NODE_ADDRESS}`];
const API_NAMES = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

interface Certificate {
  /** As of openssl: `/O=system:masters/CN=kubernetes-admin`. */
  readonly subject: string;
  readonly usage: string;
  readonly names?: readonly string[];
}

/** Who has a kubeconfig: file → subject. */
const KUBECONFIGS = {
  'admin.conf': '/O=system:masters/CN=kubernetes-admin',
  'controller-manager.conf': '/CN=system:kube-controller-manager',
  'scheduler.conf': '/CN=system:kube-scheduler',
  'kubelet.conf': `/O=system:nodes/CN=system:node:${NODE}`,
  'proxy.conf': '/CN=system:kube-proxy',
} as const;

export async function makePki(lab: Layout): Promise<void> {
  const { pki } = lab;
  const etcd = join(pki, 'etcd');
  mkdirSync(etcd, { recursive: true });
  // The extensions are all given below: those of the system's file would be there twice.
  writeFileSync(join(lab.state, 'openssl.cnf'), '[req]\ndistinguished_name = none\n[none]\n');
  await Promise.all([
    authority(lab, join(pki, 'ca'), 'kubernetes'),
    authority(lab, join(etcd, 'ca'), 'etcd-ca'),
    authority(lab, join(pki, 'front-proxy-ca'), 'front-proxy-ca'),
    serviceAccountKey(pki),
  ]);
  const both = 'serverAuth,clientAuth';
  const issue = async (name: string, by: string, certificate: Certificate): Promise<void> =>
    issued(lab, join(pki, name), join(pki, by), certificate);
  await Promise.all([
    issue('etcd/server', 'etcd/ca', { subject: `/CN=${NODE}`, usage: both, names: NODE_NAMES }),
    issue('etcd/peer', 'etcd/ca', { subject: `/CN=${NODE}`, usage: both, names: NODE_NAMES }),
    issue('etcd/healthcheck-client', 'etcd/ca', client('/O=system:masters/CN=kube-etcd-healthcheck-client')),
    issue('apiserver-etcd-client', 'etcd/ca', client('/O=system:masters/CN=kube-apiserver-etcd-client')),
    issue('apiserver-kubelet-client', 'ca', client('/O=kubeadm:cluster-admins/CN=kube-apiserver-kubelet-client')),
    issue('front-proxy-client', 'front-proxy-ca', client('/CN=front-proxy-client')),
    issue('kubelet-server', 'ca', {
      subject: `/O=system:nodes/CN=system:node:${NODE}`,
      usage: 'serverAuth',
      names: NODE_NAMES,
    }),
    issue('apiserver', 'ca', {
      subject: '/CN=kube-apiserver',
      usage: 'serverAuth',
      names: [...NODE_NAMES, `IP:${API_SERVICE}`, ...API_NAMES.map((name) => `DNS:${name}`)],
    }),
    ...Object.entries(KUBECONFIGS).map(async ([file, subject]) => kubeconfig(lab, file, subject)),
  ]);
}

export interface ServerCertificate {
  /** Of the authority. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** For a server that is no part of Kubernetes, of an authority of its own. */
export async function serverCertificate(
  lab: Layout,
  host: string,
  ...others: readonly string[]
): Promise<ServerCertificate> {
  const folder = join(lab.state, 'servers', host);
  mkdirSync(folder, { recursive: true });
  const [ca, server] = [join(folder, 'ca'), join(folder, 'server')];
  await authority(lab, ca, `${host}-ca`);
  const names = [host, ...others].map((name) => `DNS:${name}`);
  await issued(lab, server, ca, { subject: `/CN=${host}`, usage: 'serverAuth', names });
  return { ca: `${ca}.crt`, certificate: `${server}.crt`, key: `${server}.key` };
}

export interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
}

/** For two that know each other by the certificate itself. */
export async function selfSigned(lab: Layout, host: string): Promise<SelfSigned> {
  const folder = join(lab.state, 'servers', host);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'server');
  await signed(lab, path, [], { subject: `/CN=${host}`, usage: 'serverAuth,clientAuth', names: [`DNS:${host}`] });
  return { certificate: `${path}.crt`, key: `${path}.key` };
}

function client(subject: string): Certificate {
  return { subject, usage: 'clientAuth' };
}

async function authority(lab: Layout, path: string, name: string): Promise<void> {
  const usage = 'keyUsage=critical,digitalSignature,keyCertSign,cRLSign';
  await openssl(lab, path, [`-subj`, `/CN=${name}`, ...extensions('basicConstraints=critical,CA:TRUE', usage)]);
}

async function issued(lab: Layout, path: string, by: string, certificate: Certificate): Promise<void> {
  await signed(lab, path, ['-CA', `${by}.crt`, '-CAkey', `${by}.key`], certificate);
}

async function signed(
  lab: Layout,
  path: string,
  by: readonly string[],
  { subject, usage, names = [] }: Certificate,
): Promise<void> {
  const always = ['basicConstraints=CA:FALSE', 'keyUsage=critical,digitalSignature', `extendedKeyUsage=${usage}`];
  const alternative = names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`];
  await openssl(lab, path, [...by, '-subj', subject, ...extensions(...always, ...alternative)]);
}

async function openssl(lab: Layout, path: string, args: readonly string[]): Promise<void> {
  const files = ['-keyout', `${path}.key`, '-out', `${path}.crt`];
  const config = ['-config', join(lab.state, 'openssl.cnf')];
  await output('openssl', ['req', '-x509', ...config, ...ALGORITHM, '-days', '3650', ...files, ...args]);
}

function extensions(...lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => ['-addext', line]);
}

async function serviceAccountKey(pki: string): Promise<void> {
  const key = join(pki, 'sa.key');
  await output('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key]);
  await output('openssl', ['ec', '-in', key, '-pubout', '-out', join(pki, 'sa.pub')]);
}

async function kubeconfig(lab: Layout, file: string, subject: string): Promise<void> {
  const folder = join(lab.state, 'clients');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, file);
  await issued(lab, path, join(lab.pki, 'ca'), client(subject));
  const encoded = (from: string): string => readFileSync(from).toString('base64');
  const server = `https://${NODE_ADDRESS}:6443`;
  const cluster = { server, 'certificate-authority-data': encoded(join(lab.pki, 'ca.crt')) };
  const user = { 'client-certificate-data': encoded(`${path}.crt`), 'client-key-data': encoded(`${path}.key`) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lab', cluster }],
    users: [{ name: 'lab', user }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    'current-context': 'lab',
  };
  writeFileSync(join(lab.kubernetes, file), JSON.stringify(config, undefined, 2), { mode: 0o600 });
}
