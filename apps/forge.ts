import { Chart, Duration, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  BackedUpGitea,
  BackedUpPostgres,
  CephBucketWithBackupGrant,
  continuous,
  mirrored,
  nightly,
  ScratchVolume,
  weekly,
  type Location,
} from 'cdk8s-backed-up';

/** Gitea with its database, a bucket for all that is no repository, and the cache of its runners. */
export class Forge extends Chart {
  constructor(scope: Construct, { local, offsite }: { local: Location; offsite: Location }) {
    super(scope, 'forge', { namespace: 'forge' });

    const database = new BackedUpPostgres(this, 'db', {
      storage: Size.gibibytes(20),
      storageClass: 'ceph-block',
      backup: [
        continuous({ to: offsite, restoreWindow: Duration.days(30), rpo: Duration.minutes(15) }),
        nightly({ to: local, keep: { daily: 14 } }),
      ],
    });

    const bucket = new CephBucketWithBackupGrant(this, 'attachments', {
      bucketName: 'forge-attachments',
      storageClass: 'bucket-retain',
      // When the copies of Gitea are over, whose database names what is in it.
      backup: mirrored({ to: offsite, keep: { daily: 30 }, cron: '0 10 * * *' }),
    });

    new BackedUpGitea(this, 'gitea', {
      database,
      bucket,
      storage: Size.gibibytes(50),
      storageClass: 'ceph-block',
      settings: {
        secret: 'gitea-settings',
        keptIn: 'SOPS file in the private repository, whose key is in the sealed envelope',
      },
      config: { 'server.ROOT_URL': 'https://git.example.net/', 'service.DISABLE_REGISTRATION': 'true' },
      backup: [nightly({ to: local, keep: { daily: 14, monthly: 3 } }), weekly({ to: offsite, keep: { weekly: 8 } })],
    });

    new ScratchVolume(this, 'runner-cache', {
      storage: Size.gibibytes(40),
      reason: 'CI runners download these layers again on the next build.',
    });
  }
}
