/** The repository of a cluster and that of one of its applications: Flux applies both, and no object is of both. */
import { Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BackedUpVolume, nightly } from '../../lib';
import { isKubeObject, objectId, objectKey, textAt, listAt, type KubeObject } from '../../lib/model/kube-object';
import type { Synthesized } from '../../lib/synth/synthesize';
import {
  clusterAnswers,
  explain,
  offsite,
  platform,
  synthesizeScenario,
  type ScenarioOptions,
} from '../support/scenario';

function repository(source: string, namespace: string, props: ScenarioOptions['props'] = {}): Synthesized {
  const result = synthesizeScenario(
    ({ chart }) => {
      // Both call their chart `example`.
      const backup = nightly({ to: offsite, keep: { daily: 7 } });
      new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup });
    },
    {
      platform: {
        flux: { ...platform.flux, sourceRef: { kind: 'GitRepository', name: source } },
      },
      props,
      namespace,
    },
  );
  expect(explain(result.findings)).toBe('');
  return result;
}

function objectsOf({ files = new Map<string, string>() }: Synthesized): readonly KubeObject[] {
  return [...files]
    .filter(([path]) => path.endsWith('.yaml') && !path.endsWith('kustomization.yaml'))
    .map(([, text]): unknown => parse(text))
    .filter(isKubeObject);
}

const nobody = Object.fromEntries(Object.keys(clusterAnswers).map((ref) => [ref, undefined]));
const cluster = repository('flux-system', 'paperless');
const app = repository('blog', 'blog', {
  ...nobody,
  clusterWide: 'The cluster repository answers for etcd, Git, certificates and keys.',
} as never);

describe('the repository of an application', () => {
  it('has no object in common with that of its cluster', () => {
    const keys = new Set(objectsOf(cluster).map((object) => objectKey(objectId(object))));
    expect(objectsOf(app).filter((object) => keys.has(objectKey(objectId(object))))).toEqual([]);
    expect(keys.size).toBeGreaterThan(10);
  });

  it('names what stands beside objects of others after its source, in folders of the same names', () => {
    expect([...(app.files?.keys() ?? [])].filter((path) => path.endsWith('.yaml'))).toEqual([
      'example/blog.PersistentVolumeClaim.data.yaml',
      'example/kustomization.yaml',
      'example-backup/backed-up.ConfigMap.inventory-blog-example.yaml',
      'example-backup/velero.ConfigMap.blog-nightly.yaml',
      'example-backup/velero.Schedule.blog-nightly-offsite.yaml',
      'example-backup/kustomization.yaml',
      'flux/flux-system.Kustomization.blog-example.yaml',
      'flux/flux-system.Kustomization.blog-example-backup.yaml',
      'flux/flux-system.Kustomization.blog-namespaces.yaml',
      'flux/kustomization.yaml',
      'namespaces/Namespace.blog.yaml',
      'namespaces/kustomization.yaml',
      'kustomization.yaml',
    ]);
    const backup = objectsOf(app).find(({ metadata }) => metadata.name === 'blog-example-backup');
    expect(listAt(backup, 'spec', 'dependsOn')).toEqual([{ name: 'blog-namespaces' }, { name: 'velero' }]);
    expect(textAt(backup, 'spec', 'path')).toBe('./dist/example-backup');
  });
});
