/** How much YAML of the repository nobody looked at. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import { readBeside } from '../../lib/synth/repository';
import { countDocuments, describeUnread } from '../../lib/synth/summary';
import { findUnread } from '../../lib/synth/unread';
import { Repository, yaml } from '../support/repository';

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
});
afterEach(() => repository.remove());

function object(kind: string, name: string, namespace?: string): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

describe('documents that nobody read', () => {
  function unread(read: readonly string[] = [], written: readonly KubeObject[] = []): number {
    return countDocuments(
      findUnread(
        repository.project,
        'dist',
        read.map((path) => join(repository.folder, path)),
        written,
      ),
    );
  }

  it('are those of the whole repository that nobody asked for', () => {
    repository.write(
      'a.yaml',
      `${yaml('ConfigMap', 'a')}---\n${yaml('Secret', 'b')}--- # c\n${yaml('Deployment', 'c')}`,
    );
    repository.write('deep/d.yml', yaml('ConfigMap', 'd').replaceAll('\n', '\r\n'));
    expect(unread()).toBe(4);
    expect(unread(['a.yaml'])).toBe(1);
  });

  it.each([
    ['in flow style', `{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n`],
    ['that begins on the line of the marker', `--- { apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n`],
    ['that is JSON', `{\n"apiVersion": "v1",\n"kind": "ConfigMap",\n"metadata": { "name": "a" }\n}\n`],
    ['with quoted keys', `"apiVersion": v1\n'kind': ConfigMap\n"metadata":\n  "name": a\n`],
    ['with one quoted key', `apiVersion: v1\n"kind": ConfigMap\nmetadata: { name: a }\n`],
    ['that is indented', `  apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: a\n`],
    ['behind the end of another', `settings: true\n...\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n`],
    ['with a mark of its encoding', `\uFEFF${yaml('ConfigMap', 'a')}`],
  ])('are one %s, unless synth writes the object', (_what, text) => {
    repository.write('a.yaml', text);
    expect(unread()).toBe(1);
    expect(unread([], [object('ConfigMap', 'a')])).toBe(0);
  });

  it('are none that only speak of objects', () => {
    repository.write('values.yaml', `extra:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: { name: a }\n`);
    repository.write('b.yaml', `{ apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, resources: [] }\n`);
    expect(unread()).toBe(0);
  });

  it('are none that Git ignores, nor those in folders of tools', () => {
    rmSync(join(repository.folder, '.git'), { recursive: true });
    execFileSync('git', ['init', '--quiet'], { cwd: repository.folder });
    repository.write('.gitignore', 'scratch/\n*.local.yaml\n');
    repository.write('scratch/a.yaml', yaml('ConfigMap', 'a'));
    repository.write('cluster/b.local.yaml', yaml('ConfigMap', 'b'));
    repository.write('cluster/.cdk8s/c.k8s.yaml', yaml('ConfigMap', 'c'));
    expect(unread()).toBe(0);
    repository.write('cluster/new and ünusual.yaml', yaml('ConfigMap', 'd'));
    repository.write('kept.yaml', yaml('ConfigMap', 'e'));
    execFileSync('git', ['add', 'kept.yaml'], { cwd: repository.folder });
    repository.write('deleted.yaml', yaml('ConfigMap', 'f'));
    execFileSync('git', ['add', 'deleted.yaml'], { cwd: repository.folder });
    rmSync(join(repository.folder, 'deleted.yaml'));
    expect(unread()).toBe(2);
    expect(unread(['kept.yaml'])).toBe(1);
  });

  it('are no settings of tools, no kustomizations, and nothing that synth writes or keeps', () => {
    repository.write('.github/workflows/ci.yaml', 'on: push\njobs: {}\n');
    repository.write('cdk8s.yaml', 'language: typescript\n');
    repository.write('apps/kustomization.yaml', 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n');
    repository.write('cluster/dist/wiki/a.yaml', yaml('ConfigMap', 'a'));
    repository.write('cluster/.dist.edited/wiki/b.yaml', yaml('ConfigMap', 'b'));
    repository.write('node_modules/x/x.yaml', yaml('ConfigMap', 'x'));
    expect(unread()).toBe(0);
    repository.write('flux.yaml', yaml('Kustomization', 'apps').replace('v1', 'kustomize.toolkit.fluxcd.io/v1'));
    expect(unread()).toBe(1);
  });

  it('are no objects that an Include brings in, with the namespace of its chart or their own', () => {
    repository.write('a.yaml', `${yaml('Deployment', 'app')}---\n${yaml('Deployment', 'app', 'wiki')}`);
    expect(unread([], [object('Deployment', 'app', 'wiki')])).toBe(0);
    repository.write(
      'b.yaml',
      `apiVersion: v1\nkind: Deployment\nmetadata: { labels: { name: x }, name: app, namespace: wiki }\n`,
    );
    expect(unread([], [object('Deployment', 'app', 'wiki')])).toBe(0);
  });

  it('are objects without a namespace that say something else than the one of that name', () => {
    const deployment = (replicas: number): string => `${yaml('Deployment', 'app')}spec: { replicas: ${replicas} }\n`;
    const written = { ...object('Deployment', 'app', 'wiki'), spec: { replicas: 1, paused: false } };
    repository.write('a.yaml', deployment(1));
    expect(unread([], [written])).toBe(0);
    repository.write('b.yaml', deployment(2));
    expect(unread([], [written])).toBe(1);
    // A kind that is in no namespace is the same object.
    repository.write('c.yaml', yaml('ClusterRole', 'reader'));
    expect(unread([], [written, object('ClusterRole', 'reader')])).toBe(1);
  });

  it('are objects of the same name in another group', () => {
    repository.write('a.yaml', yaml('Cluster', 'db', 'wiki').replace('v1', 'postgresql.cnpg.io/v1'));
    expect(unread([], [object('Cluster', 'db', 'wiki')])).toBe(1);
  });

  it('are objects of the same name in another namespace, and of another kind', () => {
    repository.write('a.yaml', yaml('Deployment', 'app', 'shop'));
    repository.write('b.yaml', `${yaml('Service', 'app', 'wiki')}spec:\n  name: other\n`);
    repository.write('c.yaml', `${yaml('Deployment', 'shop', 'wiki')}  labels:\n    name: app\n`);
    expect(unread([], [object('Deployment', 'app', 'wiki')])).toBe(3);
  });

  it('are templates that are no YAML yet, without a word of the parser', async () => {
    const template = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n';
    repository.write('cluster/a.yaml', template);
    repository.write('cluster/b.yaml', template.replace('}}\n', '}}: x\n'));
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    expect(unread()).toBe(2);
    expect(readBeside(['*.yaml'], repository.project, 'dist').unread).toHaveLength(2);
    // Node.js passes warnings on after the code that caused them.
    await setImmediate();
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });

  it('are named, and where there are many, the folders that they are in', () => {
    const described = (): string => {
      const { files, leftOut } = readBeside(['!staging/**'], repository.project, 'dist');
      return describeUnread(findUnread(repository.project, 'dist', [...files, ...leftOut], []));
    };
    const count = (documents: number): string =>
      `${documents} YAML document${documents === 1 ? '' : 's'} of this repository that nobody asked synth to read (alsoRead)`;
    // Of what somebody has left out there is nothing to say.
    repository.write('cluster/staging/a.yaml', yaml('ConfigMap', 'a'));
    expect(described()).toBe(count(0));
    repository.write('cluster/a.yaml', `${yaml('ConfigMap', 'a')}---\n${yaml('Secret', 'a')}`);
    repository.write('b.yaml', yaml('ConfigMap', 'b'));
    expect(described()).toBe(`${count(3)}: ../b.yaml and a.yaml`);
    for (const name of ['c', 'd', 'e', 'f']) repository.write(`cluster/deep/${name}.yaml`, yaml('ConfigMap', name));
    expect(described()).toBe(`${count(7)}: ../b.yaml, a.yaml and deep/ (4 files)`);
    for (const name of ['g', 'h', 'i', 'j']) repository.write(`cluster/${name}/${name}.yaml`, yaml('ConfigMap', name));
    expect(described()).toBe(`${count(11)}: ../b.yaml, a.yaml, deep/ (4 files), g/g.yaml, h/h.yaml and 2 more`);
  });
});
