/** What holds of the output whatever the cluster is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ApiObject, App, Chart } from 'cdk8s';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BackedUpApp, GateError, requireBackups } from '../../lib';
import { inventoriesByChart } from '../../lib/coverage/take-inventory';
import { isKubeObject, objectId, objectKey, textsAt, type KubeObject } from '../../lib/model/kube-object';
import { readFolder, replaceFolder, type OutputFiles } from '../../lib/synth/output';
import { synthesize } from '../../lib/synth/synthesize';
import { build, clusters, flawsOf, shuffled, type GeneratedCluster } from '../support/clusters';
import { clusterAnswers, platform, synthesizeScenario } from '../support/scenario';

const work = mkdtempSync(join(tmpdir(), 'backed-up-properties-'));
afterAll(() => rmSync(work, { recursive: true }));

interface Output {
  /** What the constructs say by themselves. */
  readonly declared: readonly KubeObject[];
  readonly files: OutputFiles;
}

function synthesized(cluster: GeneratedCluster): Output {
  let root = new App();
  const { files } = synthesizeScenario(({ app }) => {
    build(app, cluster);
    root = app;
  });
  if (files === undefined) throw new Error('the gate refuses a cluster that it should accept');
  const declared = root.node
    .findAll()
    .filter((construct) => ApiObject.isApiObject(construct))
    .map((construct): unknown => construct.toJson());
  return { declared: declared.filter(isKubeObject), files };
}

/** The objects on disk, by identity; two of one identity are a failure. */
function objectsIn(files: OutputFiles): ReadonlyMap<string, { readonly path: string; readonly object: KubeObject }> {
  const objects = new Map<string, { path: string; object: KubeObject }>();
  for (const [path, text] of files) {
    if (!path.endsWith('.yaml') || basename(path) === 'kustomization.yaml') continue;
    const object: unknown = parse(text, { version: '1.1' });
    if (!isKubeObject(object)) throw new Error(`${path} holds no object`);
    const key = objectKey(objectId(object));
    expect(objects.get(key)?.path).toBeUndefined();
    objects.set(key, { path, object });
  }
  return objects;
}

const MARK = /^backed-up\/|^kustomize\.toolkit\.fluxcd\.io\/prune$/;

/** Without what synth adds to an object. */
function withoutMarks(object: KubeObject): KubeObject {
  const { annotations, labels, ...metadata } = object.metadata;
  const own = (texts: unknown) => {
    const entries = Object.entries(texts ?? {}).filter(([key]) => !MARK.test(key));
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  };
  const left = { annotations: own(annotations), labels: own(labels) };
  return {
    ...object,
    metadata: { ...metadata, ...Object.fromEntries(Object.entries(left).filter(([, value]) => value !== undefined)) },
  } as KubeObject;
}

describe('on its way to disk', () => {
  it('no object is lost or changed but for its marks, and Flux is told of every file', () => {
    fc.assert(
      fc.property(clusters, (cluster) => {
        const { declared, files } = synthesized(cluster);
        replaceFolder(join(work, 'dist'), files);
        const written = readFolder(join(work, 'dist'));
        const objects = objectsIn(written);
        expect(declared.length).toBeGreaterThan(0);
        for (const object of declared) {
          const found = objects.get(objectKey(objectId(object)))?.object;
          expect(found === undefined ? undefined : withoutMarks(found)).toEqual(withoutMarks(object));
        }
        const named = [...written]
          .filter(([path]) => basename(path) === 'kustomization.yaml' && dirname(path) !== '.')
          .flatMap(([path, text]) => textsAt(parse(text), 'resources').map((name) => `${dirname(path)}/${name}`));
        expect(named.toSorted()).toEqual([...objects.values()].map(({ path }) => path).toSorted());
      }),
      { numRuns: 30 },
    );
  });

  it('the order of declaration changes no byte', () => {
    const twice = clusters.chain((cluster) => fc.tuple(fc.constant(cluster), shuffled(cluster)));
    fc.assert(
      fc.property(twice, ([cluster, other]) => {
        expect([...synthesized(other).files]).toEqual([...synthesized(cluster).files]);
      }),
      { numRuns: 30 },
    );
  });

  it('a second synth of the same app gives the same bytes', () => {
    fc.assert(
      fc.property(clusters, (cluster) => {
        const app = backedUpApp();
        build(app, cluster);
        const [first, second] = [synthesize(app, app['gate']), synthesize(app, app['gate'])];
        expect(first.files?.size).toBeGreaterThan(0);
        expect([...(second.files ?? [])]).toEqual([...(first.files ?? [])]);
      }),
      { numRuns: 15 },
    );
  });
});

describe('the parts of the inventory', () => {
  it('add up to the whole', () => {
    fc.assert(
      fc.property(clusters, (cluster) => {
        const { inventory, context } = synthesizeScenario(({ app }) => build(app, cluster));
        const parts = [...inventoriesByChart(inventory, context).values()];
        for (const list of ['datasets', 'opaque', 'locations', 'requiredSecrets', 'assumptions'] as const) {
          const together = new Set(parts.flatMap((part) => part[list].map((each) => JSON.stringify(each))));
          expect([...together].toSorted()).toEqual(inventory[list].map((each) => JSON.stringify(each)).toSorted());
        }
        expect(parts.flatMap(({ datasets }) => datasets)).toHaveLength(inventory.datasets.length);
        expect(parts.flatMap(({ opaque }) => opaque)).toHaveLength(inventory.opaque.length);
      }),
      { numRuns: 30 },
    );
  });
});

function backedUpApp(): BackedUpApp {
  return new BackedUpApp({ ...clusterAnswers, platform, outdir: 'dist' });
}

/** What `synthYaml` gives, or the findings that it throws. */
function yamlOrFindings(app: App): string {
  try {
    return app.synthYaml();
  } catch (error) {
    return String(error);
  }
}

describe('requireBackups', () => {
  it('[unlisted-kind] gives the findings as data, and throws them', () => {
    const app = new App();
    const gate = requireBackups(app, { ...clusterAnswers, platform });
    expect(gate.findings()).toEqual([]);
    const chart = new Chart(app, 'wiki', { namespace: 'wiki' });
    new ApiObject(chart, 'disk', { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'blue' } });
    expect(gate.findings().map(({ rule }) => rule)).toEqual(['unlisted-kind']);
    expect(() => app.synthYaml()).toThrow(GateError);
    expect(() => app.synthYaml()).toThrow(expect.objectContaining({ name: 'GateError', findings: gate.findings() }));
    expect(() => app.synthYaml()).toThrow(/^\n1 kind of object is in no table: \[unlisted-kind\]\n/);
  });

  it('gives the objects and the findings of BackedUpApp', () => {
    const flawed = clusters.chain((cluster) => fc.tuple(fc.constant(cluster), flawsOf(cluster)));
    fc.assert(
      fc.property(flawed, fc.boolean(), ([cluster, flaws], accepted) => {
        const own = new App();
        requireBackups(own, { ...clusterAnswers, platform });
        const ours = backedUpApp();
        for (const app of [own, ours]) build(app, cluster, accepted ? new Map() : flaws);
        const text = yamlOrFindings(ours);
        // Whether a flaw is refused is for the tests of its rule.
        const mayBeRefused = !accepted && flaws.size > 0;
        expect(text).toMatch(mayBeRefused ? /^(GateError: \n\d+ .*: \[[a-z-]+\]\n|apiVersion: )/ : /^apiVersion: /);
        expect(yamlOrFindings(own)).toBe(text);
      }),
      { numRuns: 20 },
    );
  });
});
