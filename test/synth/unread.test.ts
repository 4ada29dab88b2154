/** How much YAML of the repository nobody looked at. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import { readBeside } from '../../lib/synth/repository';
import { countUnread } from '../../lib/synth/unread';

/** A repository whose project is a folder in it. */
let repository = '';
let project = '';
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'backed-up-repository-'));
  project = join(repository, 'cluster');
  mkdirSync(join(repository, '.git'));
  mkdirSync(project);
});
afterEach(() => rmSync(repository, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), text);
}

function yaml(kind: string, name: string, namespace?: string): string {
  return `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n${namespace === undefined ? '' : `  namespace: ${namespace}\n`}`;
}

function object(kind: string, name: string, namespace?: string): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

describe('documents that nobody read', () => {
  function unread(read: readonly string[] = [], written: readonly KubeObject[] = []): number {
    return countUnread(
      project,
      'dist',
      read.map((path) => join(repository, path)),
      written,
    );
  }

  it('are those of the whole repository that nobody asked for', () => {
    write('a.yaml', `${yaml('ConfigMap', 'a')}---\n${yaml('Secret', 'b')}--- # c\n${yaml('Deployment', 'c')}`);
    write('deep/d.yml', yaml('ConfigMap', 'd').replaceAll('\n', '\r\n'));
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
    write('a.yaml', text);
    expect(unread()).toBe(1);
    expect(unread([], [object('ConfigMap', 'a')])).toBe(0);
  });

  it('are none that only speak of objects', () => {
    write('values.yaml', `extra:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: { name: a }\n`);
    write('b.yaml', `{ apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, resources: [] }\n`);
    expect(unread()).toBe(0);
  });

  it('are none that Git ignores, nor those in folders of tools', () => {
    rmSync(join(repository, '.git'), { recursive: true });
    execFileSync('git', ['init', '--quiet'], { cwd: repository });
    write('.gitignore', 'scratch/\n*.local.yaml\n');
    write('scratch/a.yaml', yaml('ConfigMap', 'a'));
    write('cluster/b.local.yaml', yaml('ConfigMap', 'b'));
    write('cluster/.cdk8s/c.k8s.yaml', yaml('ConfigMap', 'c'));
    expect(unread()).toBe(0);
    write('cluster/new and ünusual.yaml', yaml('ConfigMap', 'd'));
    write('kept.yaml', yaml('ConfigMap', 'e'));
    execFileSync('git', ['add', 'kept.yaml'], { cwd: repository });
    write('deleted.yaml', yaml('ConfigMap', 'f'));
    execFileSync('git', ['add', 'deleted.yaml'], { cwd: repository });
    rmSync(join(repository, 'deleted.yaml'));
    expect(unread()).toBe(2);
    expect(unread(['kept.yaml'])).toBe(1);
  });

  it('are no settings of tools, no kustomizations, and nothing that synth writes or keeps', () => {
    write('.github/workflows/ci.yaml', 'on: push\njobs: {}\n');
    write('cdk8s.yaml', 'language: typescript\n');
    write('apps/kustomization.yaml', 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n');
    write('cluster/dist/wiki/a.yaml', yaml('ConfigMap', 'a'));
    write('cluster/.dist.edited/wiki/b.yaml', yaml('ConfigMap', 'b'));
    write('node_modules/x/x.yaml', yaml('ConfigMap', 'x'));
    expect(unread()).toBe(0);
    write('flux.yaml', yaml('Kustomization', 'apps').replace('v1', 'kustomize.toolkit.fluxcd.io/v1'));
    expect(unread()).toBe(1);
  });

  it('are no objects that an Include brings in, with the namespace of its chart or their own', () => {
    write('a.yaml', `${yaml('Deployment', 'app')}---\n${yaml('Deployment', 'app', 'wiki')}`);
    expect(unread([], [object('Deployment', 'app', 'wiki')])).toBe(0);
    write(
      'b.yaml',
      `apiVersion: v1\nkind: Deployment\nmetadata: { labels: { name: x }, name: app, namespace: wiki }\n`,
    );
    expect(unread([], [object('Deployment', 'app', 'wiki')])).toBe(0);
  });

  it('are objects without a namespace that say something else than the one of that name', () => {
    const deployment = (replicas: number): string => `${yaml('Deployment', 'app')}spec: { replicas: ${replicas} }\n`;
    const written = { ...object('Deployment', 'app', 'wiki'), spec: { replicas: 1, paused: false } };
    write('a.yaml', deployment(1));
    expect(unread([], [written])).toBe(0);
    write('b.yaml', deployment(2));
    expect(unread([], [written])).toBe(1);
    // A kind that is in no namespace is the same object.
    write('c.yaml', yaml('ClusterRole', 'reader'));
    expect(unread([], [written, object('ClusterRole', 'reader')])).toBe(1);
  });

  it('are objects of the same name in another group', () => {
    write('a.yaml', yaml('Cluster', 'db', 'wiki').replace('v1', 'postgresql.cnpg.io/v1'));
    expect(unread([], [object('Cluster', 'db', 'wiki')])).toBe(1);
  });

  it('are objects of the same name in another namespace, and of another kind', () => {
    write('a.yaml', yaml('Deployment', 'app', 'shop'));
    write('b.yaml', `${yaml('Service', 'app', 'wiki')}spec:\n  name: other\n`);
    write('c.yaml', `${yaml('Deployment', 'shop', 'wiki')}  labels:\n    name: app\n`);
    expect(unread([], [object('Deployment', 'app', 'wiki')])).toBe(3);
  });

  it('are templates that are no YAML yet, without a word of the parser', async () => {
    const template = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Release.Name }}\n';
    write('cluster/a.yaml', template);
    write('cluster/b.yaml', template.replace('}}\n', '}}: x\n'));
    const warnings: Error[] = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    expect(unread()).toBe(2);
    expect(readBeside(['*.yaml'], project, 'dist').unread).toHaveLength(2);
    // Node.js passes warnings on after the code that caused them.
    await setImmediate();
    process.off('warning', listen);
    expect(warnings).toEqual([]);
  });
});
