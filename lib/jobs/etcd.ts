/** Snapshots of etcd on the nodes of a control plane, in the form that an image without a shell takes. */
import type { Mount, Source } from './step';

export interface EtcdSnapshotOptions {
  /** One member: a snapshot of several endpoints is refused (etcdctl 3.6). Default: the member of the node, as kubeadm runs it. */
  readonly endpoint?: string;
  /** Folder on the node with kubeadm's `pki`, its `manifests`, and the encryption configuration. Default: `/etc/kubernetes`. */
  readonly folder?: string;
  /** Name of the client certificate and its key in `pki/etcd`. Default: kubeadm's. */
  readonly client?: string;
  /** Whether the key of the cluster's authority is kept elsewhere, so that the node has none. Default `false`. */
  readonly externalCa?: boolean;
  /** Whether somebody said where the key is kept of a KMS that encrypts Secrets: it is in no file. Default `false`. */
  readonly isKmsKept?: boolean;
  /** Seconds that a snapshot may take. Default 600. Without any, one of an unreachable member never ends. */
  readonly deadlineSeconds?: number;
}

export function etcdSnapshot(options: EtcdSnapshotOptions = {}): Source {
  const {
    endpoint = 'https://127.0.0.1:2379',
    folder = '/etc/kubernetes',
    client = 'healthcheck-client',
    externalCa = false,
    isKmsKept = false,
    deadlineSeconds = 600,
  } = options;
  const node: Mount = { path: '/node', volume: { hostPath: folder } };
  const pki = `${node.path}/pki/etcd`;
  const authority = `${pki}/ca.crt`;
  const login = `${pki}/${client}`;
  const snapshot = '/scratch/data/snapshot.db';
  return {
    steps: [
      {
        name: 'count',
        image: 'rclone',
        run: { script: 'count-etcd.sh' },
        env: {
          ENDPOINT: endpoint,
          AUTHORITY: authority,
          CLIENT: login,
          NODE_FOLDER: folder,
          RCLONE_CONFIG: '/notfound',
        },
        mounts: [node],
      },
      {
        name: 'snapshot',
        image: 'etcd',
        run: {
          program: [
            'etcdctl',
            `--endpoints=${endpoint}`,
            `--cacert=${authority}`,
            `--cert=${login}.crt`,
            `--key=${login}.key`,
            '--dial-timeout=10s',
            `--command-timeout=${deadlineSeconds}s`,
            'snapshot',
            'save',
            snapshot,
          ],
        },
        mounts: [node],
      },
      // `etcdutl snapshot status` finds no flipped bit; only a restore checks the hash that the server has appended.
      {
        name: 'verify',
        image: 'etcd',
        run: { program: ['etcdutl', 'snapshot', 'restore', snapshot, '--data-dir=/scratch/restored'] },
      },
      // Without them a snapshot is of no use: no node joins, and encrypted Secrets stay so (E07).
      {
        name: 'keys',
        image: 'restic',
        run: { script: 'copy-cluster-keys.sh' },
        env: { NODE_FOLDER: folder, EXTERNAL_CA: String(externalCa), KMS_KEPT: String(isKmsKept) },
        mounts: [node],
      },
    ],
    verifiedBy: 'etcdutl snapshot restore',
    // A defragmentation leaves all keys, and may leave a tenth of the bytes.
    mayShrink: true,
    peers: [],
    placement: { on: 'control-plane' },
  };
}
