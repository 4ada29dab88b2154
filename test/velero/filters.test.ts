import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import { Discovery } from '../../lib/velero/discovery';
import { compileGlob } from '../../lib/velero/glob';
import { NameSet } from '../../lib/velero/name-filter';
import { isNamespaceProblem, namespaceListProblems, NamespaceSelection } from '../../lib/velero/namespaces';
import { ask, backup, claim, includedIn, namespace, object } from './support/cluster';

describe('compileGlob', () => {
  it.each([
    ['app-*', 'app-', true],
    ['app-*', 'ap', false],
    ['*.apps', 'deployments.apps', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['[ab]x', 'bx', true],
    ['[!ab]x', 'bx', false],
    ['[a-c]', 'b', true],
    ['[a-c]', 'd', false],
    ['[ab-d]', '-', true],
    ['{pods,configmaps}', 'configmaps', true],
    [String.raw`a\*`, 'a*', true],
    [String.raw`a\*`, 'ab', false],
    // Mistakes of the library that Velero uses.
    ['a*a', 'a', true],
    ['?', '', true],
  ])('%s on %j is %s', (pattern, text, expected) => {
    expect(compileGlob(pattern)?.(text)).toBe(expected);
  });

  it.each(['[', '[]', '[a', '[a-', '[z-a]', '[a-c', '[a-cd]', '[!]'])('refuses %s', (pattern) => {
    expect(compileGlob(pattern)).toBeUndefined();
  });
});

it('a list of names stops at the first that is no glob, in sorted order', () => {
  expect(new NameSet(['[', 'pods']).matches('pods')).toBe(false);
  expect(new NameSet(['[', 'Pods']).matches('Pods')).toBe(true);
});

describe('namespaces', () => {
  it.each([
    [['*', 'a'], []],
    [['a'], ['*']],
    [['a'], ['a']],
    [['a**'], []],
    [['{a,b}'], []],
    [['A'], []],
    [['a]'], []],
    [['a[]'], []],
    [['a '], []],
    [['x'.repeat(64)], []],
  ])('%j without %j fails the validation', (included, excluded) => {
    expect(namespaceListProblems(included, excluded)).not.toEqual([]);
  });

  it.each([
    [['*'], ['a']],
    [['a', 'a'], []],
    [[''], []],
    [['a-[bc]', 'd?'], ['e*']],
    [['[z-a]'], []],
  ])('%j without %j passes it', (included, excluded) => {
    expect(namespaceListProblems(included, excluded)).toEqual([]);
  });

  const existing = ['app-1', 'app-2', 'web'];
  function chosen(included: readonly string[], excluded: readonly string[] = []): readonly string[] | string {
    const selection = NamespaceSelection.of(included, excluded, existing);
    return isNamespaceProblem(selection) ? selection.problem : existing.filter((name) => selection.selects(name));
  }

  it('are what globs match when the Backup starts', () => {
    expect(chosen(['app-*'])).toEqual(['app-1', 'app-2']);
    expect(chosen(['app-[2-9]', 'web'])).toEqual(['app-2', 'web']);
    expect(chosen(['*'], ['app-?'])).toEqual(['web']);
    expect(chosen(['none-*'])).toEqual([]);
    expect(chosen(['[z-a]pp'])).toBe("'[z-a]pp' is no glob");
  });

  it.each([
    [['app-1', 'app-2', 'web'], [], true],
    [['*p*', 'web'], [], true],
    [['app-1', 'app-2', 'gone', 'web'], [], false],
    [['app-?'], [], false],
    [['app-1', 'app-2', 'web'], ['gone'], false],
  ])('%j without %j are everything: %s', (included, excluded, expected) => {
    expect(NamespaceSelection.of(included, excluded, existing)).toHaveProperty('isEverything', expected);
  });

  it('are all listed one by one, unless there is a star', () => {
    const listed = (included: readonly string[], excluded: readonly string[] = []): unknown => {
      const selection = NamespaceSelection.of(included, excluded, existing);
      return 'listed' in selection ? selection.listed : undefined;
    };
    expect(listed(['app-*', 'gone'])).toEqual(['app-1', 'app-2', 'gone']);
    expect(listed(['*'], ['web'])).toEqual(['']);
    // A question mark excludes the star itself.
    expect(listed(['*'], ['?'])).toEqual([]);
  });
});

describe('names of resources', () => {
  const discovery = Discovery.of([
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'gadgets.example.net', {
      spec: {
        group: 'example.net',
        scope: 'Cluster',
        names: { plural: 'gadgets', kind: 'Gadget', shortNames: ['gg'] },
      },
    }),
  ]);

  it.each([
    ['persistentvolumeclaims', 'persistentvolumeclaims'],
    ['PersistentVolumeClaim', 'persistentvolumeclaims'],
    ['pvc', 'persistentvolumeclaims'],
    ['pods.', 'pods'],
    ['deploy', 'deployments.apps'],
    ['deployments.apps', 'deployments.apps'],
    ['storageclass.storage', 'storageclasses.storage.k8s.io'],
    ['gg', 'gadgets.example.net'],
    ['gadget', 'gadgets.example.net'],
    ['events', 'events'],
    ['events.events.k8s.io', 'events.events.k8s.io'],
  ])('%s means %s', (name, id) => {
    expect(discovery.resolve(name)?.id).toBe(id);
  });

  it.each([
    'pvcs',
    'PVC',
    'persistentvolumeclaims.v1.',
    'persistentvolumeclaims.v1',
    '',
    'pods.core',
    'bindings',
    'p*',
  ])('%j means nothing', (name) => {
    expect(discovery.resolve(name)).toBeUndefined();
  });
});

describe('a Backup without any filter', () => {
  const volume: KubeObject = object('v1', 'PersistentVolume', 'free', { spec: { storageClassName: 'fast' } });
  const objects = [namespace('forge'), ...claim('data'), volume];

  it('lacks cluster-scoped objects that no other object brings along', () => {
    const included = includedIn(ask(backup({}), objects));
    expect(included).toContain('PersistentVolume pv-forge-data');
    expect(included).not.toContain('PersistentVolume free');
  });

  it.each([
    { excludedResources: ['secrets'] },
    { includeClusterResources: true },
    { includedClusterScopedResources: ['*'] },
  ])('but %j has them', (spec) => {
    expect(includedIn(ask(backup(spec), objects))).toContain('PersistentVolume free');
  });
});
