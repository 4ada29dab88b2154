import { Chart, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { BackedUpApp, BackedUpVolume, backUp, nightly } from 'cdk8s-backed-up';
import { k8s } from 'cdk8s-plus-28';
import { clusterWide, offsite, platform } from './cluster';

class Paperless extends Chart {
  constructor(scope: Construct) {
    super(scope, 'paperless', { namespace: 'paperless' });
    new BackedUpVolume(this, 'media', {
      storage: Size.gibibytes(50),
      backup: nightly({ to: offsite, keep: { daily: 14 } }),
    });
    new k8s.KubePersistentVolumeClaim(this, 'data', {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: k8s.Quantity.fromString('20Gi') } } },
    });
    // What the first synth asks for.
    if (process.env['ANSWERED'] !== undefined) {
      backUp(this, { claim: 'data' }, nightly({ to: offsite, keep: { daily: 14 } }));
    }
  }
}

const app = new BackedUpApp({ platform, clusterWide });
new Paperless(app);
app.synth();
