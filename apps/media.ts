import { Chart, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import {
  BackedUpVolume,
  backUp,
  elsewhere,
  nightly,
  ScratchVolume,
  snapshotted,
  weekly,
  type Location,
} from 'cdk8s-backed-up';

/** Photos and films: plain volumes, and a share of the NAS. */
export class Media extends Chart {
  constructor(scope: Construct, { local, offsite }: { local: Location; offsite: Location }) {
    super(scope, 'media', { namespace: 'media' });

    // Snapshots for what somebody deletes by mistake, a copy outside for everything else.
    const photos = new BackedUpVolume(this, 'photos', {
      storage: Size.gibibytes(500),
      storageClass: 'ceph-filesystem',
      accessModes: ['ReadWriteMany'],
      backup: [
        nightly({ to: offsite, keep: { daily: 14, monthly: 12 }, rpo: Duration.hours(30) }),
        snapshotted({ to: local, cron: '0 */4 * * *', keep: { hourly: 24 } }),
      ],
    });
    const settings = new BackedUpVolume(this, 'settings', {
      storage: Size.gibibytes(10),
      backup: weekly({ to: offsite, keep: { weekly: 8 } }),
    });
    const thumbnails = new ScratchVolume(this, 'thumbnails', {
      storage: Size.gibibytes(60),
      reason: 'Thumbnails are made again from the photos within a day.',
      reviewBy: '2028-01-01',
    });

    const labels = { 'app.kubernetes.io/name': 'jellyfin' };
    new k8s.KubeDeployment(this, 'jellyfin', {
      metadata: { name: 'jellyfin' },
      spec: {
        // The volumes are mounted by one pod at a time.
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'jellyfin',
                image: 'docker.io/jellyfin/jellyfin:10.11.2',
                ports: [{ name: 'http', containerPort: 8096 }],
                volumeMounts: [
                  { name: 'settings', mountPath: '/config' },
                  { name: 'thumbnails', mountPath: '/cache' },
                  { name: 'photos', mountPath: '/media/photos', readOnly: true },
                  { name: 'films', mountPath: '/media/films' },
                ],
              },
            ],
            volumes: [
              { name: 'settings', persistentVolumeClaim: { claimName: settings.claim.name } },
              { name: 'thumbnails', persistentVolumeClaim: { claimName: thumbnails.claim.name } },
              { name: 'photos', persistentVolumeClaim: { claimName: photos.claim.name } },
              { name: 'films', nfs: { server: 'nas.example.net', path: '/volume1/films' } },
            ],
          },
        },
      },
    });
    backUp(
      this,
      { deployment: 'jellyfin', volume: 'films' },
      elsewhere('The NAS copies its shares to a disk in the office every week.', {
        failureDomain: 'offsite',
        rpo: Duration.days(8),
      }),
    );
  }
}
