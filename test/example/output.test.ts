/** The committed `dist/`: what synth makes of the example, and nothing that a cluster would not take as it is. */
import { spawnSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { isKubeObject, listAt, textAt, textsAt, type KubeObject } from '../../lib/model/kube-object';
import { hasSchema, validateStrictly } from '../../lib/schema/objects';
import { readFolder } from '../../lib/synth/output';
import { synthesizeExample } from './example';

const dist = readFolder('dist');

/** The one object of a file. */
function objectIn(path: string): KubeObject {
  const [document, ...more] = parseAllDocuments(dist.get(path) ?? '', { version: '1.1' });
  const value: unknown = document?.toJS();
  if (more.length === 0 && isKubeObject(value)) return value;
  throw new Error(`${path} does not hold one Kubernetes object`);
}

const manifests = [...dist.keys()].filter((path) => path.endsWith('.yaml') && basename(path) !== 'kustomization.yaml');

describe('dist/', () => {
  it('is what synth writes', async () => {
    const { findings, files } = await synthesizeExample();
    expect(findings).toEqual([]);
    const committed = new Map(dist);
    committed.delete('SHA256SUMS');
    expect(committed).toEqual(new Map([...(files ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))));
  });

  it('has the checksums of all its files', () => {
    expect(
      spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: 'dist', encoding: 'utf8' }),
    ).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(dist.get('SHA256SUMS')?.trimEnd().split('\n')).toHaveLength(dist.size - 1);
  });

  it('validates strictly, every object of it', () => {
    expect(manifests.length).toBeGreaterThan(50);
    const problems = manifests.map((path) => {
      const object = objectIn(path);
      return [path, hasSchema(object) ? validateStrictly(object) : 'has no schema'];
    });
    expect(problems).toEqual(manifests.map((path) => [path, []]));
  });

  it('names each file in the kustomization of its folder, and only those', () => {
    const folders = [...new Set(manifests.map((path) => dirname(path)))];
    const named = folders.map((folder) => {
      const kustomization = parseAllDocuments(dist.get(`${folder}/kustomization.yaml`) ?? '')[0]?.toJS();
      return [folder, textsAt(kustomization, 'resources')];
    });
    const files = folders.map((folder) => [
      folder,
      manifests.filter((path) => dirname(path) === folder).map((path) => basename(path)),
    ]);
    expect(named).toEqual(files);
  });

  it('has one Flux Kustomization for each folder, and applications wait for no backup tool', () => {
    const folders = new Set(manifests.map((path) => dirname(path)).filter((folder) => folder !== 'flux'));
    const kustomizations = manifests.filter((path) => dirname(path) === 'flux').map(objectIn);
    expect(new Set(kustomizations.map(({ metadata }) => metadata.name))).toEqual(folders);
    for (const { metadata, spec } of kustomizations) {
      expect(spec).toMatchObject({ path: `./dist/${metadata.name}`, prune: true, wait: true });
      const { name } = metadata;
      const waitsFor = listAt(spec, 'dependsOn').map((each) => textAt(each, 'name'));
      // The forge has a bucket, whose policy names the user.
      if (name === 'forge') expect(waitsFor).toEqual(['backup-user']);
      else
        expect({ name, waits: waitsFor.length > 0 }).toEqual({
          name,
          waits: /^backup-(user|metrics)$|-backup$/.test(name),
        });
    }
  });
});
