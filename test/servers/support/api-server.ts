/** A Kubernetes API server of a test, with no controllers and no nodes: what those do, the test does. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../../lib/model/kube-object';
import { startEtcd } from './etcd';
import { freePort } from './ports';
import { output, tool, until } from './tools';

export interface ApiServer {
  readonly port: number;
  /** The certificate that pods trust. */
  readonly ca: string;
  /** Runs kubectl as administrator, in namespace `forge`. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  readonly apply: (objects: readonly KubeObject[]) => Promise<void>;
  /** What a pod of that account is known by. */
  readonly token: (serviceAccount: string) => Promise<string>;
  readonly remove: () => Promise<void>;
}

const ADMIN_TOKEN = 'administrator';

export async function startApiServer(): Promise<ApiServer> {
  const etcd = await startEtcd();
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-api-server-'));
  const certificate = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  const subject = ['-subj', '/CN=kube-apiserver', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await output('openssl', [...certificate, ...subject, '-keyout', 'tls.key', '-out', 'tls.crt'], { cwd: folder });
  await output('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'sa.key'], { cwd: folder });
  writeFileSync(join(folder, 'tokens.csv'), `${ADMIN_TOKEN},admin,1,system:masters\n`);
  const port = await freePort();
  const client = join(etcd.node, 'pki', 'etcd');
  const args = {
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'etcd-servers': etcd.endpoint,
    'etcd-cafile': join(client, 'ca.crt'),
    'etcd-certfile': join(client, 'healthcheck-client.crt'),
    'etcd-keyfile': join(client, 'healthcheck-client.key'),
    'authorization-mode': 'RBAC',
    'token-auth-file': 'tokens.csv',
    'tls-cert-file': 'tls.crt',
    'tls-private-key-file': 'tls.key',
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': 'sa.key',
    'service-account-signing-key-file': 'sa.key',
    'service-cluster-ip-range': '10.96.0.0/16',
    'endpoint-reconciler-type': 'none',
    // It is the controllers who make the account that pods have by default.
    'disable-admission-plugins': 'ServiceAccount',
  };
  const server: ChildProcess = spawn(
    tool('kube-apiserver'),
    Object.entries(args).map(([flag, value]) => `--${flag}=${value}`),
    { cwd: folder, stdio: 'ignore' },
  );
  const login = [`--server=https://127.0.0.1:${port}`, `--certificate-authority=${join(folder, 'tls.crt')}`];
  const env = { HOME: folder };
  const kubectl = async (...words: readonly string[]): Promise<string> =>
    output(tool('kubectl'), [...login, `--token=${ADMIN_TOKEN}`, '--namespace=forge', ...words], { env });
  await until('the API server', 120, async () => (await kubectl('get', '--raw', '/readyz')) === 'ok');
  await kubectl('create', 'namespace', 'forge');
  return {
    port,
    ca: readFileSync(join(folder, 'tls.crt'), 'utf8'),
    kubectl,
    apply: async (objects) => {
      const file = join(folder, 'objects.json');
      writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
      await kubectl('apply', '--server-side', '--filename', file);
    },
    token: async (serviceAccount) => (await kubectl('create', 'token', serviceAccount)).trim(),
    remove: async () => {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await ended;
      await etcd.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
