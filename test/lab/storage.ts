/** The CSI driver of the lab, under the names of those that main.ts states, with the sidecars that Kubernetes has for it. */
import { join } from 'node:path';
import { binary } from './binaries';
import { flags, startDaemon } from './daemons';
import { NODE, STORAGE, type Layout } from './layout';

export function startStorage(lab: Layout): void {
  const { kubeconfig } = lab;
  // Groups of snapshots have definitions of their own, which it would wait for.
  const controller = flags({ kubeconfig, 'feature-gates': 'CSIVolumeGroupSnapshot=false' });
  startDaemon(lab, 'snapshot-controller', binary('snapshot-controller'), controller);
  for (const { storageClass, driver } of STORAGE) {
    const socket = join(lab.kubelet, 'plugins', driver, 'csi.sock');
    const registry = join(lab.kubelet, 'plugins_registry');
    const dir = join(lab.volumes, storageClass);
    const sidecar = flags({ kubeconfig, 'csi-address': socket });
    startDaemon(
      lab,
      `csi-driver-${storageClass}`,
      binary('csi-driver'),
      flags({ name: driver, dir, socket, registry, node: NODE }),
    );
    startDaemon(lab, `csi-provisioner-${storageClass}`, binary('csi-provisioner'), sidecar);
    startDaemon(lab, `csi-snapshotter-${storageClass}`, binary('csi-snapshotter'), sidecar);
  }
}
