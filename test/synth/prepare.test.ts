/** What synth adds to the objects of a project, and what it leaves as it is. */
import { ApiObject, Chart, Duration, Size } from 'cdk8s';
import { gunzipSync, strFromU8 } from 'fflate';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { backUp, BackedUpVolume, elsewhere, excluded, holds, nightly, s3Location, ScratchVolume } from '../../lib';
import { mappingAt, textAt, textMapAt } from '../../lib/model/kube-object';
import type { Synthesized } from '../../lib/synth/synthesize';
import { offsite, synthesizeScenario, type Scenario, type ScenarioOptions } from '../support/scenario';

const storage = Size.gibibytes(20);
const everyNight = nightly({ to: offsite, keep: { daily: 7 } });

function accepted(build: (scenario: Scenario) => void, options: ScenarioOptions = {}): Synthesized {
  const result = synthesizeScenario(build, options);
  expect(result.findings).toEqual([]);
  return result;
}

function pathsOf({ files = new Map<string, string>() }: Synthesized): readonly string[] {
  return [...files.keys()];
}

/** What a file of the output says. */
function file({ files }: Synthesized, path: string): unknown {
  return parse(files?.get(path) ?? '');
}

function metadata(result: Synthesized, path: string): unknown {
  return mappingAt(file(result, path), 'metadata');
}

describe('marks', () => {
  it('tell on a claim how it is copied, or why it is not, and keep Flux from deleting it', () => {
    const result = accepted(({ chart }) => {
      new BackedUpVolume(chart, 'data', { storage, backup: everyNight });
      new ScratchVolume(chart, 'cache', { storage, reason: 'Fetched again on demand.', reviewBy: '2028-01-01' });
      const backup = elsewhere('The NAS fetches the files.', { failureDomain: 'site', rpo: Duration.hours(25) });
      new BackedUpVolume(chart, 'share', { storage, backup });
    });
    const claim = (name: string) => metadata(result, `example/paperless.PersistentVolumeClaim.${name}.yaml`);
    const prune = { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' };
    expect(claim('data')).toEqual({
      annotations: { 'backed-up/dataset': 'PersistentVolumeClaim paperless/data', ...prune },
      labels: { 'backed-up/method': 'velero', 'backed-up/plan': 'nightly' },
      name: 'data',
      namespace: 'paperless',
    });
    expect(claim('cache')).toEqual({
      annotations: {
        'backed-up/dataset': 'PersistentVolumeClaim paperless/cache',
        'backed-up/reason': 'Fetched again on demand.',
        'backed-up/review-by': '2028-01-01',
        ...prune,
      },
      labels: { 'backed-up/method': 'excluded' },
      name: 'cache',
      namespace: 'paperless',
    });
    expect(claim('share')).toEqual({
      annotations: {
        'backed-up/dataset': 'PersistentVolumeClaim paperless/share',
        'backed-up/reason': 'The NAS fetches the files.',
        ...prune,
      },
      labels: { 'backed-up/method': 'elsewhere' },
      name: 'share',
      namespace: 'paperless',
    });
  });

  it('change nothing that an object says itself, and nothing that holds no data', () => {
    const result = accepted(({ chart }) => {
      const annotations = { note: 'mine' };
      new ApiObject(chart, 'namespace', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'paperless', annotations },
      });
      new ApiObject(chart, 'empty', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'empty' } });
      new ApiObject(chart, 'settings', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } });
      const volume = new BackedUpVolume(chart, 'data', { storage, backup: everyNight });
      const { metadata: own } = ApiObject.of(volume);
      own.addLabel('app', 'paperless');
      own.addAnnotation('note', 'mine');
    });
    expect(metadata(result, 'example/Namespace.paperless.yaml')).toEqual({
      annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled', note: 'mine' },
      name: 'paperless',
    });
    expect(metadata(result, 'example/Namespace.empty.yaml')).toEqual({ name: 'empty' });
    expect(metadata(result, 'example/paperless.ConfigMap.settings.yaml')).toEqual({
      name: 'settings',
      namespace: 'paperless',
    });
    expect(metadata(result, 'example/paperless.PersistentVolumeClaim.data.yaml')).toEqual({
      annotations: {
        'backed-up/dataset': 'PersistentVolumeClaim paperless/data',
        'kustomize.toolkit.fluxcd.io/prune': 'disabled',
        note: 'mine',
      },
      labels: { app: 'paperless', 'backed-up/method': 'velero', 'backed-up/plan': 'nightly' },
      name: 'data',
      namespace: 'paperless',
    });
  });

  it('keep Flux from uninstalling a release with the claims that it makes', () => {
    const result = accepted(({ chart }) => {
      for (const name of ['registry', 'cache', 'operator']) {
        const spec = { interval: '1h', chartRef: { kind: 'HelmChart', name } };
        new ApiObject(chart, name, {
          apiVersion: 'helm.toolkit.fluxcd.io/v2',
          kind: 'HelmRelease',
          metadata: { name },
          spec,
        });
      }
      holds(chart, { helmRelease: 'registry' }, { data: { storage, backup: everyNight } });
      const backup = excluded('A cache, filled again on demand.');
      holds(chart, { helmRelease: 'cache' }, { files: { storage, namespace: 'cache', backup } });
      holds(chart, { helmRelease: 'operator' }, {});
    });
    const annotations = ['registry', 'cache', 'operator'].map((name) =>
      textMapAt(metadata(result, `example/paperless.HelmRelease.${name}.yaml`), 'annotations'),
    );
    expect(annotations).toEqual([{ 'kustomize.toolkit.fluxcd.io/prune': 'disabled' }, {}, {}]);
  });

  it('are put on nothing that is only read, and nothing of that is written', () => {
    const claim = (annotations: string): string => `apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data, namespace: paperless, annotations: ${annotations} }
spec: { accessModes: [ReadWriteOnce], storageClassName: ceph-block, resources: { requests: { storage: 1Gi } } }
`;
    const answer = ({ chart }: Scenario): void => backUp(chart, { claim: 'data' }, everyNight);
    const unmarked = claim('{}');
    const { context } = synthesizeScenario(answer, { files: { 'data.yaml': unmarked } });
    const read = context.input.objects.find(({ origin }) => origin.type === 'file');
    expect(read?.object).toEqual(parse(unmarked));

    const marked = claim('{ kustomize.toolkit.fluxcd.io/prune: disabled }');
    const paths = pathsOf(accepted(answer, { files: { 'data.yaml': marked } }));
    expect(paths.filter((path) => path.startsWith('example'))).toEqual([
      'example-backup/backed-up.ConfigMap.inventory-example.yaml',
      'example-backup/velero.ConfigMap.paperless-nightly.yaml',
      'example-backup/velero.Schedule.paperless-nightly-offsite.yaml',
      'example-backup/kustomization.yaml',
    ]);
  });
});

describe('namespaces', () => {
  function namespaces(result: Synthesized): readonly string[] {
    return pathsOf(result).filter((path) => path.startsWith('namespaces/Namespace.'));
  }

  it('are brought where nobody else brings them, and never deleted', () => {
    const result = accepted(({ app, chart }) => {
      new BackedUpVolume(chart, 'data', { storage, backup: everyNight });
      for (const namespace of ['default', 'kube-system', 'flux-system', 'velero']) {
        const other = new Chart(app, `of-${namespace}`, { namespace });
        new ApiObject(other, 'settings', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } });
      }
    });
    expect(namespaces(result)).toEqual(['namespaces/Namespace.backed-up.yaml', 'namespaces/Namespace.paperless.yaml']);
    expect(file(result, 'namespaces/Namespace.paperless.yaml')).toEqual({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' }, name: 'paperless' },
    });
  });

  it('are left to a chart, and to files that are read', () => {
    const result = accepted(
      ({ chart }) => {
        new ApiObject(chart, 'namespace', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'paperless' } });
      },
      { files: { 'n.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: backed-up }\n' } },
    );
    expect(namespaces(result)).toEqual([]);
  });
});

describe('the inventory in the cluster', () => {
  it('is one compressed ConfigMap per chart, in the folder that waits for the tools', () => {
    const result = accepted(({ app, chart }) => {
      new BackedUpVolume(chart, 'data', { storage, backup: everyNight });
      const blog = new Chart(app, 'blog', { namespace: 'blog' });
      new ScratchVolume(blog, 'cache', { storage, reason: 'Fetched again on demand.' });
    });
    const paths = pathsOf(result).filter((path) => path.includes('inventory-'));
    expect(paths).toEqual([
      'blog-backup/backed-up.ConfigMap.inventory-blog.yaml',
      'cluster-backup/backed-up.ConfigMap.inventory-cluster.yaml',
      'example-backup/backed-up.ConfigMap.inventory-example.yaml',
    ]);
    const parts = paths.map((path): unknown => {
      const compressed = Buffer.from(textAt(file(result, path), 'binaryData', 'inventory.json.gz') ?? '', 'base64');
      return JSON.parse(strFromU8(gunzipSync(compressed)));
    });
    const { datasets, locations, requiredSecrets, assumptions } = result.inventory;
    const partOf = (chart: string) => ({
      ...result.inventory,
      datasets: datasets.filter((dataset) => dataset.chart === chart),
    });
    const nothing = {
      locations: [],
      requiredSecrets: [],
      assumptions: assumptions.filter((one) => one.about === 'flux'),
    };
    expect(parts).toEqual([
      { ...partOf('blog'), ...nothing },
      { ...partOf('cluster'), ...nothing },
      { ...partOf('example'), locations, requiredSecrets, assumptions },
    ]);
    expect(parts.map((part) => (part as typeof result.inventory).datasets.length)).toEqual([1, 4, 1]);
    expect(JSON.parse(result.files?.get('inventory.json') ?? '')).toEqual(result.inventory);
  });

  it('changes only for the charts that have to do with a change', () => {
    const inventories = (more: (scenario: Scenario) => void) => {
      const { files = new Map<string, string>() } = accepted((scenario) => {
        new BackedUpVolume(scenario.chart, 'data', { storage, backup: everyNight });
        more(scenario);
      });
      return new Map([...files].filter(([path]) => path.includes('inventory-')));
    };
    const before = inventories(() => {});
    const after = inventories(({ app }) => {
      const registry = new Chart(app, 'registry', { namespace: 'registry' });
      for (const name of ['registry', 'operator']) {
        new ApiObject(registry, name, {
          apiVersion: 'helm.toolkit.fluxcd.io/v2',
          kind: 'HelmRelease',
          metadata: { name },
          spec: { interval: '1h', chartRef: { kind: 'HelmChart', name } },
        });
      }
      const to = s3Location('far', { ...offsite, bucket: 'copies' });
      const labels = { app: 'registry' };
      holds(registry, { helmRelease: 'operator' }, {});
      holds(
        registry,
        { helmRelease: 'registry' },
        { data: { storage, labels, backup: nightly({ to, keep: { daily: 7 } }) } },
      );
    });
    const path = 'registry-backup/backed-up.ConfigMap.inventory-registry.yaml';
    expect(after.delete(path)).toBe(true);
    expect(after).toEqual(before);
  });
});
