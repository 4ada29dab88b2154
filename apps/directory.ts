import { Chart, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { BackedUpStatefulSet, every, type Location } from 'cdk8s-backed-up';

/** 389 Directory Server: accounts and groups of everything else. */
export class Directory extends Chart {
  constructor(scope: Construct, { local }: { local: Location }) {
    super(scope, 'directory', { namespace: 'directory' });

    const labels = { 'app.kubernetes.io/name': 'dirsrv' };
    const crashConsistent = 'LMDB commits whole transactions, and all of its files are on this one volume.';
    new BackedUpStatefulSet(this, 'dirsrv', {
      selector: labels,
      podTemplate: {
        spec: {
          containers: [
            {
              name: 'dirsrv',
              image: 'docker.io/389ds/dirsrv:3.1',
              ports: [{ name: 'ldaps', containerPort: 3636 }],
              env: [{ name: 'DS_SUFFIX_NAME', value: 'dc=example,dc=net' }],
              envFrom: [{ secretRef: { name: 'dirsrv-settings' } }],
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
        },
      },
      volumes: {
        data: {
          storage: Size.gibibytes(5),
          storageClass: 'ceph-block',
          // Accounts change all day, and the volume is small. The mirror of the location takes it off-site.
          backup: every('0 */6 * * *', { to: local, keep: { hourly: 28, daily: 30, monthly: 12 }, crashConsistent }),
        },
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata: { name: 'dirsrv' },
      spec: {
        selector: labels,
        ports: [{ name: 'ldaps', port: 636, targetPort: k8s.IntOrString.fromString('ldaps') }],
      },
    });
  }
}
