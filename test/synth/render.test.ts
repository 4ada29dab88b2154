/** The construct tree as plain objects: whatever a project does to what it renders is seen. */
import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { renderTree } from '../../lib/synth/render';

function configMap(scope: Construct, id: string): ApiObject {
  return new ApiObject(scope, id, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id } });
}

/** Renders itself, leaves one of its objects out, and adds one that no construct stands for. */
class OwnRendering extends Chart {
  override toJson(): unknown[] {
    const own = (super.toJson() as { readonly metadata: { readonly name: string } }[]).filter(
      ({ metadata }) => metadata.name !== 'dropped',
    );
    return [...own, undefined, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'added' } }];
  }
}

describe('the tree', () => {
  it('is rendered with what patches and overrides make of it', () => {
    const chart = new Chart(new App(), 'wiki', { namespace: 'wiki', labels: { app: 'wiki' } });
    const patched = configMap(new Construct(chart, 'part'), 'patched');
    patched.addJsonPatch(JsonPatch.add('/data', { added: 'yes' }));
    class Replaced extends ApiObject {
      override toJson(): unknown {
        return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'instead' } };
      }
    }
    new Replaced(chart, 'replaced', { apiVersion: 'v1', kind: 'ConfigMap' });
    new ApiObject(chart, 'role', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'reader' },
    });
    const labels = { app: 'wiki' };
    const origin = { type: 'construct', chart: 'wiki' };
    expect(renderTree(App.of(chart) as App).objects).toEqual([
      {
        object: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'patched', namespace: 'wiki', labels },
          data: { added: 'yes' },
        },
        origin: { ...origin, path: 'wiki/part/patched' },
      },
      {
        object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'instead' } },
        origin: { ...origin, path: 'wiki/replaced' },
      },
      {
        // cdk8s gives every object the namespace of its chart.
        object: {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRole',
          metadata: { name: 'reader', labels },
        },
        origin: { ...origin, path: 'wiki/role' },
      },
    ]);
  });

  it('is what a chart says that renders itself', () => {
    const app = new App();
    const chart = new OwnRendering(app, 'wiki');
    configMap(chart, 'kept');
    configMap(chart, 'dropped');
    // A chart within renders what is its own.
    configMap(new Chart(chart, 'inner'), 'inside');
    const { objects } = renderTree(app);
    expect(objects.map(({ object, origin }) => ({ name: object.metadata.name, ...origin }))).toEqual([
      { name: 'inside', type: 'construct', path: 'wiki/inner/inside', chart: 'wiki-inner' },
      { name: 'kept', type: 'construct', path: 'wiki/kept', chart: 'wiki' },
      { name: 'added', type: 'construct', path: 'wiki', chart: 'wiki' },
    ]);
  });

  it('says which charts come after which, and what the constructs have against themselves', () => {
    const app = new App();
    const [wiki, blog] = [new Chart(app, 'wiki', { namespace: 'wiki' }), new Chart(app, 'blog')];
    wiki.addDependency(blog);
    const part = new Construct(blog, 'part');
    part.node.addValidation({ validate: () => ['the port is missing', 'the host is missing'] });
    const { charts, invalid } = renderTree(app);
    expect(charts).toEqual([
      { id: 'wiki', path: 'wiki', namespace: 'wiki', dependsOn: ['blog'] },
      { id: 'blog', path: 'blog', dependsOn: [] },
    ]);
    expect(invalid).toEqual([
      { path: 'blog/part', problem: 'the port is missing' },
      { path: 'blog/part', problem: 'the host is missing' },
    ]);
  });

  it('knows which chart waits because something in it does', () => {
    const app = new App();
    const [wiki, blog] = [new Chart(app, 'wiki'), new Chart(app, 'blog')];
    const page = configMap(wiki, 'page');
    page.addDependency(configMap(new Chart(blog, 'database'), 'tables'));
    page.addDependency(configMap(wiki, 'style'));
    const { charts, invalid } = renderTree(app);
    expect(charts.map(({ id, dependsOn }) => [id, dependsOn])).toEqual([
      ['wiki', ['blog-database']],
      ['blog', []],
      ['blog-database', []],
    ]);
    expect(invalid).toEqual([]);
  });

  it('is invalid where charts wait for each other', () => {
    const app = new App();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => new Chart(app, id)) as [Chart, Chart, Chart, Chart];
    a.addDependency(b);
    b.addDependency(c);
    c.addDependency(a);
    d.addDependency(a);
    expect(renderTree(app).invalid).toEqual([
      { path: 'a', problem: 'it waits for b, which in the end waits for a' },
      { path: 'b', problem: 'it waits for c, which in the end waits for b' },
      { path: 'c', problem: 'it waits for a, which in the end waits for c' },
    ]);
  });

  it('takes lists apart, with the namespace of their chart', () => {
    const app = new App();
    const list = { apiVersion: 'v1', kind: 'ConfigMapList', items: [{ apiVersion: 'v1', kind: 'ConfigMap' }] };
    new ApiObject(new Chart(app, 'wiki', { namespace: 'wiki' }), 'all', {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' } },
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', namespace: 'shop' } },
        { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'disk' } },
        { apiVersion: 'batch/v1', kind: 'Job', metadata: { generateName: 'once-' } },
        list,
        'text',
      ],
    } as never);
    const { objects, invalid } = renderTree(app);
    expect(objects.map(({ object, origin }) => [object.kind, object.metadata, origin])).toEqual(
      [
        ['PersistentVolumeClaim', { name: 'data', namespace: 'wiki' }],
        ['Secret', { name: 'keys', namespace: 'shop' }],
        ['PersistentVolume', { name: 'disk' }],
      ].map((row) => [...row, { type: 'construct', path: 'wiki/all', chart: 'wiki' }]),
    );
    const problem = 'it renders no Kubernetes object: apiVersion, kind or metadata.name is missing';
    expect(invalid).toEqual([0, 1, 2].map(() => ({ path: 'wiki/all', problem })));
  });

  it('is invalid where it renders what is no object', () => {
    class Broken extends ApiObject {
      override toJson(): unknown {
        return { apiVersion: 'v1', metadata: { name: 'x' } };
      }
    }
    const app = new App();
    new Broken(new Chart(app, 'wiki'), 'broken', { apiVersion: 'v1', kind: 'ConfigMap' });
    expect(renderTree(app)).toMatchObject({
      objects: [],
      invalid: [
        {
          path: 'wiki/broken',
          problem: 'it renders no Kubernetes object: apiVersion, kind or metadata.name is missing',
        },
      ],
    });
  });
});
