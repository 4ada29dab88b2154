/** Where the lab is: its addresses, and the places below the one folder that holds its state. */
import { readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CannotRun } from '../../lib/model/cannot-run';

export const NODE = 'lab-node-1';
/** All of the cluster is in there: its ports and its rules are not those of the machine. */
export const NAMESPACE = 'backed-up-lab';
/** This machine's end of the wire to the node. */
export const HOST_LINK = 'backed-up-lab';
export const HOST_ADDRESS = '10.123.0.1';
export const NODE_ADDRESS = '10.123.0.2';
/** Inside of the ranges that main.ts states. */
export const POD_RANGE = '10.244.0.0/24';
export const SERVICE_RANGE = '10.96.0.0/16';
export const API_SERVICE = '10.96.0.1';
export const DNS_SERVICE = '10.96.0.10';

export const DEFAULT_STATE = join(tmpdir(), 'backed-up-lab');

/** Where kubeadm keeps it, so that a job that mounts it finds it there: a link into the state. */
export const ETC_KUBERNETES = '/etc/kubernetes';

/** The classes of storage and their drivers, as main.ts states them. */
export const STORAGE = [
  { storageClass: 'ceph-block', driver: 'rook-ceph.rbd.csi.ceph.com' },
  { storageClass: 'ceph-filesystem', driver: 'rook-ceph.cephfs.csi.ceph.com' },
] as const;

export interface Layout {
  readonly state: string;
  /** What is /etc/kubernetes on a node of kubeadm. */
  readonly kubernetes: string;
  readonly pki: string;
  readonly logs: string;
  readonly pids: string;
  /** The administrator's, for kubectl and for tests. */
  readonly kubeconfig: string;
  readonly containerd: { readonly socket: string; readonly root: string; readonly state: string };
  readonly kubelet: string;
  readonly volumes: string;
}

export function layout(state: string): Layout {
  const kubernetes = join(state, 'kubernetes');
  const containerd = join(state, 'containerd');
  return {
    state,
    kubernetes,
    pki: join(kubernetes, 'pki'),
    logs: join(state, 'logs'),
    pids: join(state, 'pids'),
    kubeconfig: join(kubernetes, 'admin.conf'),
    containerd: {
      socket: join(containerd, 'containerd.sock'),
      root: join(containerd, 'root'),
      state: join(containerd, 'state'),
    },
    kubelet: join(state, 'kubelet'),
    volumes: join(state, 'volumes'),
  };
}

/** @returns the lab of this machine, up or half-way there: there can be one, and the link shows where. */
export function presentLab(): Layout | undefined {
  let target: string;
  try {
    target = readlinkSync(ETC_KUBERNETES);
  } catch {
    return undefined;
  }
  const found = layout(dirname(target));
  return found.kubernetes === target && isFolder(found.pids) ? found : undefined;
}

export function requireLab(): Layout {
  const lab = presentLab();
  if (lab === undefined) throw new CannotRun('No lab is up. Start it: npm run lab -- up');
  return lab;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
