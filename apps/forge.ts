import { Chart, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import {
  BackedUpPostgres,
  BackedUpStatefulSet,
  CephBucketWithBackupGrant,
  continuous,
  mirrored,
  nightly,
  ScratchVolume,
  weekly,
  type Location,
} from 'cdk8s-backed-up';

/** Gitea with its database, its attachments in a bucket, and the cache of its runners. */
export class Forge extends Chart {
  constructor(scope: Construct, { local, offsite }: { local: Location; offsite: Location }) {
    super(scope, 'forge', { namespace: 'forge' });

    new BackedUpPostgres(this, 'db', {
      storage: Size.gibibytes(20),
      storageClass: 'ceph-block',
      backup: [
        continuous({ to: offsite, restoreWindow: Duration.days(30), rpo: Duration.minutes(15) }),
        nightly({ to: local, keep: { daily: 14 } }),
      ],
    });

    new CephBucketWithBackupGrant(this, 'attachments', {
      bucketName: 'forge-attachments',
      storageClass: 'bucket-retain',
      backup: mirrored({ to: offsite, keep: { daily: 30 } }),
    });

    const labels = { 'app.kubernetes.io/name': 'gitea' };
    new BackedUpStatefulSet(this, 'gitea', {
      selector: labels,
      podTemplate: {
        spec: {
          securityContext: { fsGroup: 1000, runAsNonRoot: true, runAsUser: 1000 },
          containers: [
            {
              name: 'gitea',
              image: 'docker.gitea.com/gitea:1.25.2-rootless',
              ports: [
                { name: 'http', containerPort: 3000 },
                { name: 'ssh', containerPort: 2222 },
              ],
              envFrom: [{ secretRef: { name: 'gitea-settings' } }],
              volumeMounts: [{ name: 'data', mountPath: '/var/lib/gitea' }],
            },
          ],
        },
      },
      volumes: {
        data: {
          storage: Size.gibibytes(50),
          storageClass: 'ceph-block',
          backup: [
            nightly({ to: local, keep: { daily: 14, monthly: 3 } }),
            weekly({ to: offsite, keep: { weekly: 8 } }),
          ],
        },
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata: { name: 'gitea' },
      spec: {
        selector: labels,
        ports: [
          { name: 'http', port: 80, targetPort: k8s.IntOrString.fromString('http') },
          { name: 'ssh', port: 22, targetPort: k8s.IntOrString.fromString('ssh') },
        ],
      },
    });

    new ScratchVolume(this, 'runner-cache', {
      storage: Size.gibibytes(40),
      reason: 'CI runners download these layers again on the next build.',
    });
  }
}
