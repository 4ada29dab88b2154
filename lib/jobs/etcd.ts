/** Snapshots of etcd on the nodes of a control plane, in the form that an image without a shell takes. */
import type { Mount, Source } from './step';

export interface EtcdSnapshotOptions {
  /** One member: a snapshot of several endpoints is refused (etcdctl 3.6). Default: the member of the node, as kubeadm runs it. */
  readonly endpoint?: string;
  /** Folder on the node with the certificates. Default: kubeadm's. */
  readonly pki?: string;
  /** Name of the client certificate and its key in that folder. Default: kubeadm's. */
  readonly client?: string;
  /** Seconds that a snapshot may take. Default 600. Without any, one of an unreachable member never ends. */
  readonly deadlineSeconds?: number;
}

export function etcdSnapshot(options: EtcdSnapshotOptions = {}): Source {
  const { endpoint = 'https://127.0.0.1:2379', client = 'healthcheck-client', deadlineSeconds = 600 } = options;
  const pki: Mount = { path: '/pki', volume: { hostPath: options.pki ?? '/etc/kubernetes/pki/etcd' } };
  const snapshot = '/scratch/data/snapshot.db';
  return {
    steps: [
      {
        name: 'snapshot',
        image: 'etcd',
        run: {
          program: [
            'etcdctl',
            `--endpoints=${endpoint}`,
            `--cacert=${pki.path}/ca.crt`,
            `--cert=${pki.path}/${client}.crt`,
            `--key=${pki.path}/${client}.key`,
            '--dial-timeout=10s',
            `--command-timeout=${deadlineSeconds}s`,
            'snapshot',
            'save',
            snapshot,
          ],
        },
        mounts: [pki],
      },
      // `etcdutl snapshot status` finds no flipped bit; only a restore checks the hash that the server has appended.
      {
        name: 'verify',
        image: 'etcd',
        run: { program: ['etcdutl', 'snapshot', 'restore', snapshot, '--data-dir=/scratch/restored'] },
      },
    ],
    verifiedBy: 'etcdutl snapshot restore',
    peers: [],
    placement: { on: 'control-plane' },
  };
}
