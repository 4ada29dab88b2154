/** Under an app that nobody gated, whatever says that there are backups refuses to be written. */
import { App, Chart, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import {
  backUp,
  BackedUpStatefulSet,
  BackedUpVolume,
  exclude,
  excluded,
  holds,
  nightly,
  requireBackups,
  ScratchVolume,
  VeleroBackup,
  VeleroSnapshotClass,
} from '../../lib';
import { offsite, platform } from '../support/scenario';

const storage = Size.gibibytes(1);
const backup = nightly({ to: offsite, keep: { daily: 7 } });
const reason = 'Fetched again on demand, within an hour.';

const DECLARATIONS: Readonly<Record<string, (chart: Chart) => unknown>> = {
  BackedUpVolume: (chart) => new BackedUpVolume(chart, 'data', { storage, backup }),
  ScratchVolume: (chart) => new ScratchVolume(chart, 'data', { storage, reason }),
  BackedUpStatefulSet: (chart) =>
    new BackedUpStatefulSet(chart, 'db', { podTemplate: {}, volumes: { data: { storage, backup } } }),
  VeleroBackup: (chart) => new VeleroBackup(chart, 'velero'),
  VeleroSnapshotClass: (chart) => new VeleroSnapshotClass(chart, 'block', { driver: 'csi.example.com' }),
  backUp: (chart) => backUp(chart, { claim: 'data' }, backup),
  exclude: (chart) => exclude(chart, { claim: 'data' }, { reason }),
  holds: (chart) => holds(chart, { helmRelease: 'app' }, { data: excluded(reason) }),
};

const SAYS = `Validation failed with the following errors:
  [] nothing checks the backups of this app: add requireBackups(app, { platform, … }) before app.synth(), or make it a BackedUpApp`;

describe('an app that nobody gated', () => {
  it.each(Object.entries(DECLARATIONS))('is not written with %s', (_name, declare) => {
    const app = new App();
    const chart = new Chart(app, 'wiki', { namespace: 'wiki' });
    declare(chart);
    expect(() => app.synthYaml()).toThrow(new Error(SAYS));
    requireBackups(app, { platform, clusterWide: 'The cluster repository answers for etcd, Git and keys.' });
    expect(app.node.validate()).toEqual([]);
  });

  it('is told once', () => {
    const app = new App();
    for (const [name, declare] of Object.entries(DECLARATIONS)) declare(new Chart(app, name.toLowerCase()));
    expect(() => app.synthYaml()).toThrow(new Error(SAYS));
  });

  it('is written without any', () => {
    const app = new App();
    new Chart(app, 'wiki');
    expect(app.synthYaml()).toBe('');
  });
});
