/** What Velero makes of the Schedules of `dist/`, what comes back of it, and whether `predict` said so. */
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { gunzipSync } from 'node:zlib';
import type { InventoryDataset } from '../../lib/model/inventory';
import { labelsOf, mappingAt, textAt } from '../../lib/model/kube-object';
import { parseInventory } from '../../lib/schema/inventory';
import { predict } from '../../lib/velero/predict';
import { distObjects, named } from '../servers/support/dist';
import { connect } from './support/cluster';
import { failureOf, jobsOf } from './support/jobs';
import { preparePlatform, type Platform } from './support/platform';
import { finished, pod, type PodOptions } from './support/pods';
import {
  liveObjects,
  ofVelero,
  openLocations,
  phasesOf,
  runBackups,
  veleroObject,
  volumesIn,
} from './support/velero-results';

const cluster = connect(inject('kubeconfig'));

/** With data in each, of which one plan copies only the first. */
const CLAIMS = ['photos', 'settings', 'thumbnails'];
const ONLY_PHOTOS = { 'media/photos': 'succeeded', 'media/settings': 'skipped', 'media/thumbnails': 'skipped' };

describe.skipIf(!inject('lab'))('Velero', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await preparePlatform(cluster);
    await cluster.create(...['media', 'media-backup', 'monitoring-backup'].flatMap(ofVelero));
    await cluster.create(...distObjects('monitoring'));
    for (const name of CLAIMS)
      await finished(cluster, pod('media', `writes-${name}`, `echo ${name} > /data/file`, mounting(name)));
    await openLocations(cluster);
  });

  it('enables the Schedules of dist/', async () => {
    const schedules = ofVelero('media-backup').filter(({ kind }) => kind === 'Schedule');
    const names = schedules.map(({ metadata }) => metadata.name);
    expect(new Set(await phasesOf(cluster, 'schedules.velero.io', names))).toEqual(new Set(['Enabled']));
  });

  it('moves off-site the data of a plan, which comes back equal, and nothing beside it', async () => {
    const name = await run('media', 'media-nightly-offsite-daily');
    expect(await volumesIn(platform.offsite, name)).toEqual(ONLY_PHOTOS);
    const policy = [
      { matchLabels: { 'backed-up/plan': 'nightly' } },
      { matchExpressions: ['plan', 'method'].map((key) => ({ key: `backed-up/${key}`, operator: 'DoesNotExist' })) },
    ];
    await restore(name, 'media', policy);
    const names = ['get', 'persistentvolumeclaims', '--output=jsonpath={.items[*].metadata.name}'];
    expect(await cluster.kubectl('-n', 'media-restored', ...names)).toBe('photos');
    const reads = pod('media-restored', 'reads', 'cat /data/file', mounting('photos'));
    expect(await finished(cluster, reads)).toEqual({ succeeded: true, log: 'photos\n' });
  });

  it('keeps snapshots of a plan in the cluster', async () => {
    const name = await run('media', 'media-nightly-local');
    expect(await volumesIn(platform.local, name)).toEqual(ONLY_PHOTOS);
  });

  it('moves off-site the volume that a chart makes at run time, and not that of a Prometheus nobody wants back', async () => {
    await madeAtRunTime();
    const datasets = datasetsOf('monitoring');
    const live = await liveObjects(cluster);
    for (const { namespace, name, labels } of datasets.flatMap(({ claims }) => claims)) {
      const claim = live.find(
        ({ kind, metadata }) =>
          kind === 'PersistentVolumeClaim' && metadata.namespace === namespace && metadata.name === name,
      );
      expect(claim === undefined ? `no claim ${name}` : labelsOf(claim)).toMatchObject(labels);
    }
    await finished(cluster, pod('monitoring', 'writes', 'echo dashboards > /data/file', mounting('grafana')));
    const backup = await run('monitoring', 'monitoring-nightly-offsite');
    const expected = datasets.flatMap(({ claims, copies }) =>
      claims.map(({ namespace, name }) => [`${namespace}/${name}`, copies.length === 0 ? 'skipped' : 'succeeded']),
    );
    expect(await volumesIn(platform.offsite, backup)).toEqual(Object.fromEntries(expected));
    await restore(backup, 'monitoring', [{ matchLabels: { 'app.kubernetes.io/name': 'grafana' } }]);
    const reads = pod('monitoring-restored', 'reads', 'cat /data/file', mounting('grafana'));
    expect(await finished(cluster, reads)).toEqual({ succeeded: true, log: 'dashboards\n' });
  });

  it('has its local store mirrored off-site', async () => {
    await cluster.create(...jobsOf('cluster-backup'));
    expect(await failureOf(cluster, 'backed-up', 'velero-local-to-offsite-b29b4277')).toBe('');
    const mirror = 's:home-backups/home/mirrors/local/velero/backups';
    expect(await platform.offsite.rclone('lsf', mirror)).toContain('media-nightly-local-now/\n');
  });

  async function madeAtRunTime(): Promise<void> {
    const kubectl = async (...words: readonly string[]): Promise<string> =>
      cluster.kubectl('-n', 'monitoring', ...words, '--timeout=150s');
    await kubectl('wait', 'helmreleases.helm.toolkit.fluxcd.io/grafana', '--for=condition=Ready');
    await kubectl('wait', 'prometheuses.monitoring.coreos.com/main', '--for=condition=Available');
  }

  /** As the Schedule does when its time has come. */
  async function run(app: string, schedule: string): Promise<string> {
    const { spec } = named(distObjects(`${app}-backup`), 'Schedule', schedule);
    const template = mappingAt(spec, 'template');
    const name = `${schedule}-now`;
    const backup = veleroObject('Backup', name, template);
    const expected = predict({ backup, objects: await liveObjects(cluster) });
    expect(await runBackups(cluster, [backup])).toEqual([expected.phase]);
    expect(expected.phase).toBe('Completed');
    const store = textAt(template, 'storageLocation') === 'local' ? platform.local : platform.offsite;
    const copied = expected.volumes.filter((volume) => volume.copied === 'yes');
    const real = Object.entries(await volumesIn(store, name)).filter(([, result]) => result === 'succeeded');
    expect(real.map(([claim]) => claim)).toEqual(copied.map(({ namespace, claim }) => `${namespace}/${claim}`));
    return name;
  }

  async function restore(backupName: string, namespace: string, orLabelSelectors: readonly object[]): Promise<void> {
    const into = `${namespace}-restored`;
    await cluster.apply(
      veleroObject('Restore', into, {
        backupName,
        includedNamespaces: [namespace],
        includedResources: ['persistentvolumeclaims', 'persistentvolumes'],
        namespaceMapping: { [namespace]: into },
        orLabelSelectors,
        restorePVs: true,
      }),
    );
    expect(await phasesOf(cluster, 'restores.velero.io', [into])).toEqual(['Completed']);
  }
});

/** What is written in `dist/` about an application before it runs. */
function datasetsOf(app: string): readonly InventoryDataset[] {
  const { binaryData } = named(distObjects(`${app}-backup`), 'ConfigMap', `inventory-${app}`);
  const text = gunzipSync(Buffer.from(textAt(binaryData, 'inventory.json.gz') ?? '', 'base64')).toString();
  const inventory = parseInventory(text);
  if (!('datasets' in inventory)) throw new Error(`dist/ has no inventory of ${app} that can be read`);
  return inventory.datasets;
}

function mounting(name: string): PodOptions {
  return { claims: { '/data': name } };
}
