/** An etcd server of a test, with certificates as kubeadm lays them out. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports';
import { output, tool, until } from './tools';

export interface EtcdServer {
  readonly endpoint: string;
  /** What stands for `/etc/kubernetes` of the node. */
  readonly node: string;
  readonly peerUrl: string;
  /** A folder for data that the test makes. */
  readonly folder: string;
  readonly etcdctl: (args: readonly string[], input?: string) => Promise<string>;
  /** All keys with their values and revisions, as the server says them. */
  readonly content: () => Promise<string>;
  readonly crash: () => Promise<void>;
  /** How many keys it has, as it says itself. */
  readonly keys: () => Promise<number>;
  /** Forgets what was, and gives the room back. */
  readonly defragment: () => Promise<void>;
  /** Runs on another data folder. */
  readonly restart: (data: string) => Promise<void>;
  /** As a machine does that is out of memory: connections are taken, and nothing is answered. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly remove: () => Promise<void>;
}

/** @param flags besides those that every server has. */
export async function startEtcd(flags: Readonly<Record<string, string>> = {}): Promise<EtcdServer> {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-etcd-'));
  const node = join(folder, 'kubernetes');
  const pki = join(node, 'pki', 'etcd');
  mkdirSync(pki, { recursive: true });
  await makeCertificates(pki);
  makeNode(node);
  const [client, peer, metrics] = [await freePort(), await freePort(), await freePort()];
  const endpoint = `https://127.0.0.1:${client}`;
  let server: ChildProcess;
  const start = async (data: string): Promise<void> => {
    const args = {
      name: 'node',
      'data-dir': data,
      'listen-client-urls': endpoint,
      'advertise-client-urls': endpoint,
      'listen-peer-urls': peerUrl(peer),
      'initial-advertise-peer-urls': peerUrl(peer),
      'initial-cluster': `node=${peerUrl(peer)}`,
      'listen-metrics-urls': `http://127.0.0.1:${metrics}`,
      'cert-file': 'server.crt',
      'key-file': 'server.key',
      'trusted-ca-file': 'ca.crt',
      'client-cert-auth': 'true',
      'unsafe-no-fsync': 'true',
      ...flags,
    };
    server = spawn(
      tool('etcd'),
      Object.entries(args).map(([flag, value]) => `--${flag}=${value}`),
      { cwd: pki, stdio: 'ignore' },
    );
    await until('etcd', 30, async () => (await fetch(`http://127.0.0.1:${metrics}/health`)).ok);
  };
  const crash = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  };
  const etcdctl = async (args: readonly string[], input?: string): Promise<string> =>
    output(
      tool('etcdctl'),
      [
        `--endpoints=${endpoint}`,
        `--cacert=${pki}/ca.crt`,
        `--cert=${pki}/healthcheck-client.crt`,
        `--key=${pki}/healthcheck-client.key`,
        ...args,
      ],
      input === undefined ? {} : { input },
    );
  await start(join(folder, 'data'));
  return {
    endpoint,
    node,
    peerUrl: peerUrl(peer),
    folder,
    etcdctl,
    content: async () => {
      const answer = JSON.parse(await etcdctl(['get', '', '--prefix', '--write-out=json'])) as { kvs?: unknown[] };
      return JSON.stringify(answer.kvs ?? []);
    },
    keys: async () => {
      const answer = await etcdctl(['get', '', '--prefix', '--count-only', '--write-out=fields']);
      return Number(/"Count" : (\d+)/.exec(answer)?.[1]);
    },
    defragment: async () => {
      const status = await etcdctl(['get', '/', '--write-out=json']);
      const { revision } = (JSON.parse(status) as { header: { revision: number } }).header;
      await etcdctl(['compact', '--physical', String(revision)]);
      await etcdctl(['defrag']);
    },
    crash,
    restart: start,
    freeze: () => server.kill('SIGSTOP'),
    thaw: () => server.kill('SIGCONT'),
    remove: async () => {
      server.kill('SIGCONT');
      await crash();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function peerUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** With what looks like a KMS and is none. */
const ENCRYPTION = `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      # - kms:
      #     name: "of the year before"
      - aescbc:
          keys:
            - { name: kms, secret: "bm90IHJlYWxseSBhIGtleQ==" } # before that, kms: v1
      - identity: {}
`;

/** As kubeadm lays it out, with Secrets that are encrypted at rest. */
function makeNode(node: string): void {
  for (const file of ['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.key', 'sa.pub']) {
    writeFileSync(join(node, 'pki', file), `not really ${file}\n`, { mode: 0o600 });
  }
  mkdirSync(join(node, 'manifests'));
  mkdirSync(join(node, 'encryption'));
  writeFileSync(join(node, 'encryption', 'config.yaml'), ENCRYPTION, { mode: 0o600 });
  writeFileSync(join(node, 'manifests', 'kube-apiserver.yaml'), apiServerManifest(node));
}

/** @param node what is `/etc/kubernetes` on a node of kubeadm. */
function apiServerManifest(node: string): string {
  const folders = { 'k8s-certs': join(node, 'pki'), encryption: join(node, 'encryption') };
  return [
    'spec:',
    '  containers:',
    '  - command:',
    '    - kube-apiserver',
    `    - --encryption-provider-config=${node}/encryption/config.yaml`,
    '    - --etcd-servers=https://127.0.0.1:2379',
    '    name: kube-apiserver',
    '    volumeMounts:',
    ...Object.entries(folders).flatMap(([name, path]) => [
      `    - mountPath: ${path}`,
      `      name: ${name}`,
      '      readOnly: true',
    ]),
    '  hostNetwork: true',
    '  volumes:',
    ...Object.entries(folders).flatMap(([name, path]) => [
      '  - hostPath:',
      `      path: ${path}`,
      '      type: DirectoryOrCreate',
      `    name: ${name}`,
    ]),
    'status: {}',
    '',
  ].join('\n');
}

async function makeCertificates(folder: string): Promise<void> {
  const openssl = async (...args: readonly string[]): Promise<string> => output('openssl', args, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=etcd-ca', '-keyout', 'ca.key', '-out', 'ca.crt');
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  for (const name of ['server', 'healthcheck-client']) {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`];
    await openssl('req', ...key, '-subj', `/CN=${name}`, ...files);
    const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    await openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.crt`);
  }
}
