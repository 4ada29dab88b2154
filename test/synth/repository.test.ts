/** YAML beside the code: what is read of it. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outputInRepository, readBeside } from '../../lib/synth/repository';
import { Repository, yaml } from '../support/repository';

let repository: Repository;
beforeEach(() => {
  repository = new Repository();
});
afterEach(() => repository.remove());

describe('alsoRead', () => {
  it('reads each file once, with its place, and not what synth is about to replace', () => {
    repository.write(
      'cluster/b/one.yaml',
      `# a comment\n${yaml('ConfigMap', 'first')}---\n${yaml('Namespace', 'second', 'wrong')}`,
    );
    repository.write('cluster/a/two.yaml', yaml('ConfigMap', 'third'));
    repository.write('cluster/dist/old.yaml', yaml('ConfigMap', 'old'));
    repository.write('cluster/node_modules/x/x.yaml', yaml('ConfigMap', 'installed'));
    repository.write('other/four.yaml', yaml('ConfigMap', 'fourth'));
    const beside = readBeside(['**/*.yaml', 'b/*', '../other/*.yaml', 'nothing/*.yaml'], repository.project, 'dist');
    expect(beside.objects.map(({ object: { kind, metadata }, origin }) => ({ kind, ...metadata, origin }))).toEqual([
      { kind: 'ConfigMap', name: 'third', origin: { type: 'file', file: 'a/two.yaml', line: 1 } },
      { kind: 'ConfigMap', name: 'first', origin: { type: 'file', file: 'b/one.yaml', line: 2 } },
      // What is in no namespace says so wrongly; the server drops it.
      { kind: 'Namespace', name: 'second', origin: { type: 'file', file: 'b/one.yaml', line: 7 } },
      { kind: 'ConfigMap', name: 'fourth', origin: { type: 'file', file: '../other/four.yaml', line: 1 } },
    ]);
    expect(beside.emptyPatterns).toEqual(['nothing/*.yaml']);
    expect(beside.unread).toEqual([]);
  });

  it('keeps what it cannot read, with the reason', () => {
    repository.write('cluster/a.yaml', `${yaml('ConfigMap', 'good')}---\nsettings: of a tool\n---\nbroken: [\n`);
    const { objects, unread } = readBeside(['*.yaml'], repository.project, 'dist');
    expect(objects).toHaveLength(1);
    expect(unread).toEqual([
      {
        place: { file: 'a.yaml', line: 6 },
        why: 'no Kubernetes object: apiVersion, kind or metadata.name is missing',
        broken: false,
      },
      {
        place: { file: 'a.yaml', line: 9 },
        why: expect.stringMatching(/^broken YAML: /),
        broken: true,
      },
    ]);
  });

  it('leaves out what a pattern with ! names, and what kustomize only patches with', () => {
    repository.write('cluster/a.yaml', yaml('ConfigMap', 'a'));
    repository.write('cluster/staging/a.yaml', yaml('ConfigMap', 'other'));
    repository.write(
      'cluster/kustomization.yaml',
      'resources: [a.yaml]\npatches: [{ path: patch.yaml }, { path: a.yaml }]\n',
    );
    repository.write('cluster/patch.yaml', yaml('ConfigMap', 'patched'));
    const { objects, unread } = readBeside(['**/*.yaml', '!staging/**'], repository.project, 'dist');
    expect(objects.map(({ object: { metadata } }) => metadata.name)).toEqual(['a']);
    expect(unread).toEqual([
      {
        place: { file: 'kustomization.yaml', line: 1 },
        why: 'no Kubernetes object: apiVersion, kind or metadata.name is missing',
        broken: false,
      },
      {
        place: { file: 'patch.yaml', line: 1 },
        why: 'no object: kustomize changes others by it',
        broken: false,
      },
    ]);
  });
});

describe('what Flux applies from a path', () => {
  /** Names of the objects, or why they are not all. */
  function applied(path: string, patterns = ['../apps/**/*.yaml']): readonly string[] | string {
    const { objects, because } = readBeside(patterns, repository.project, 'dist').appliedFrom(path);
    return because ?? objects.map(({ object: { metadata } }) => metadata.name);
  }

  it('is every YAML file below, or what its kustomization names', () => {
    repository.write('apps/a.yaml', yaml('ConfigMap', 'a'));
    repository.write('apps/notes.txt', 'text');
    repository.write('apps/.github/b.yaml', yaml('ConfigMap', 'b'));
    repository.write('apps/blog/kustomization.yaml', 'resources: [c.yaml]\nbases: [../shared]\n');
    repository.write('apps/blog/c.yaml', yaml('ConfigMap', 'c'));
    repository.write('apps/blog/unnamed.yaml', yaml('ConfigMap', 'd'));
    repository.write('apps/shared/kustomization.yaml', 'resources: [e.yaml]\n');
    repository.write('apps/shared/e.yaml', yaml('ConfigMap', 'e'));
    expect(applied('./apps')).toEqual(['a', 'c', 'e', 'e']);
    expect(applied('/apps/blog/')).toEqual(['c', 'e']);
    // What synth writes itself.
    expect(applied('./cluster/dist/wiki')).toEqual([]);
  });

  it.each([
    ['a file that was not read', { 'apps/a.yml': yaml('ConfigMap', 'a') }, '../apps/a.yml was not read'],
    ['nothing', {}, '../apps has no YAML file'],
    [
      'what is not in the repository',
      { 'apps/kustomization.yaml': 'resources: [github.com/example/base]\n' },
      '../apps/kustomization.yaml names github.com/example/base, which was not read',
    ],
    [
      'a chart',
      { 'apps/kustomization.yaml': 'helmCharts: [{ name: redis }]\n' },
      '../apps/kustomization.yaml has helmCharts, which can change all objects',
    ],
    [
      'itself',
      { 'apps/kustomization.yaml': 'resources: [more]\n', 'apps/more/kustomization.yml': 'resources: [..]\n' },
      '../apps names itself',
    ],
    ['no mapping', { 'apps/kustomization.yaml': 'text\n' }, '../apps/kustomization.yaml cannot be read'],
  ])('is not known where a folder has %s', (_what, files, because) => {
    for (const [path, text] of Object.entries(files)) repository.write(path, text);
    expect(applied('./apps')).toBe(because);
  });
});

describe('the output', () => {
  it('has a path in the repository that it is really in', () => {
    expect(outputInRepository(repository.project, 'dist')).toBe('cluster/dist');
    expect(outputInRepository(repository.project, '../dist/')).toBe('dist');
    const other = join(repository.folder, 'checkouts/flux');
    mkdirSync(join(other, '.git'), { recursive: true });
    symlinkSync('../checkouts/flux/home', join(repository.project, 'linked'));
    expect(outputInRepository(repository.project, 'linked')).toBe('home');
  });

  it('has none where there is no repository', () => {
    rmSync(join(repository.folder, '.git'), { recursive: true });
    expect(outputInRepository(repository.project, 'dist')).toBeUndefined();
  });
});
