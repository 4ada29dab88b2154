import { App, Chart, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { BackedUpVolume, backUp, nightly, requireBackups } from 'cdk8s-backed-up';
import { k8s } from 'cdk8s-plus-28';
import { clusterWide, offsite, platform } from './cluster.js';

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

// A project that keeps its own App.
const app = new App();
requireBackups(app, { platform, clusterWide });
new Paperless(app);
app.synth();
