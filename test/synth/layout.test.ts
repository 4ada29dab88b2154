/** Where objects stand in the output. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listAt } from '../../lib/model/kube-object';
import type { RenderedObject } from '../../lib/model/rendered';
import { fileNames, foldersOf } from '../../lib/synth/layout';
import { fluxKustomizations } from '../../lib/synth/flux';

function rendered(apiVersion: string, kind: string, name: string, namespace?: string, chart = 'wiki'): RenderedObject {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return { object: { apiVersion, kind, metadata }, origin: { type: 'construct', path: `${chart}/${name}`, chart } };
}

/** Words of which several give one name when they are put together, folded or made safe. */
const word = fc.oneof(
  fc.constantFrom('a', 'A', 'b', 'a.b', 'A.b', 'g.a', 'core.a', 'a:b', 'a/b', 'x'.repeat(220), `${'x'.repeat(220)}y`),
  fc.string({ minLength: 1, maxLength: 4 }),
);
const nastyObjects = fc
  .uniqueArray(
    fc.record({
      group: fc.constantFrom('', 'g', 'g.a'),
      kind: fc.constantFrom('K', 'k', 'a'),
      namespace: fc.constantFrom(undefined, 'a', 'k'),
      name: word,
    }),
    { maxLength: 40, size: 'max', selector: (object) => JSON.stringify(object) },
  )
  .map((all) =>
    all.map(({ group, kind, namespace, name }) => rendered(group === '' ? 'v1' : `${group}/v1`, kind, name, namespace)),
  );

describe('file names', () => {
  it('say namespace, kind and name, and the group where kinds collide', () => {
    const names = fileNames([
      rendered('v1', 'ConfigMap', 'settings', 'wiki'),
      rendered('postgresql.cnpg.io/v1', 'Cluster', 'db', 'wiki'),
      rendered('example.com/v1', 'Cluster', 'db', 'wiki'),
      rendered('v1', 'Namespace', 'wiki'),
      rendered('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:wiki'),
    ]);
    expect([...names.values()]).toEqual([
      'wiki.ConfigMap.settings.yaml',
      'wiki.Cluster.postgresql.cnpg.io.db.yaml',
      'wiki.Cluster.example.com.db.yaml',
      'Namespace.wiki.yaml',
      'ClusterRole.system_wiki-5d5e82a1.yaml',
    ]);
  });

  it('have a hash where nothing else tells objects apart', () => {
    const names = fileNames([
      // A group in the name, and the name of a group.
      rendered('g.io/v1', 'Cluster', 'db'),
      rendered('h.io/v1', 'Cluster', 'db'),
      rendered('v1', 'Cluster', 'g.io.db'),
      // One file where case is folded.
      rendered('rbac.authorization.k8s.io/v1', 'ClusterRole', 'Admin'),
      rendered('rbac.authorization.k8s.io/v1', 'ClusterRole', 'admin'),
    ]);
    expect([...names.values()]).toEqual([
      'Cluster.g.io.db-30438c58.yaml',
      'Cluster.h.io.db.yaml',
      'Cluster.core.g.io.db-f991e912.yaml',
      'ClusterRole.rbac.authorization.k8s.io.Admin-8de39d7b.yaml',
      'ClusterRole.rbac.authorization.k8s.io.admin-db666d08.yaml',
    ]);
  });

  it('are the same in whatever order the objects come', () => {
    const names = (objects: readonly RenderedObject[]) =>
      new Set([...fileNames(objects)].map(([{ object }, name]) => `${JSON.stringify(object)} ${name}`));
    fc.assert(
      fc.property(nastyObjects, (all) => {
        expect(names(all.toReversed())).toEqual(names(all));
      }),
      { numRuns: 50 },
    );
  });

  it('are different for different objects, on file systems that fold case, too', () => {
    fc.assert(
      fc.property(nastyObjects, (all) => {
        const folded = new Set([...fileNames(all).values()].map((name) => name.toLowerCase()));
        expect(folded.size).toBe(all.length);
        for (const name of folded) expect(name).toMatch(/^[a-z0-9._-]{1,220}\.yaml$/);
      }),
    );
  });
});

describe('folders', () => {
  const objects = [
    rendered('v1', 'Service', 'wiki', 'wiki'),
    rendered('velero.io/v1', 'Schedule', 'mine', 'velero'),
    rendered('v1', 'Service', 'blog', 'blog', 'blog'),
    { ...rendered('v1', 'ConfigMap', 'inventory', 'backed-up', 'blog'), backup: true },
    rendered('velero.io/v1', 'BackupStorageLocation', 'offsite', 'velero', 'cluster'),
    rendered('v1', 'Namespace', 'wiki', undefined, 'namespaces'),
  ];
  const flux = {
    sourceRef: { kind: 'GitRepository', name: 'flux-system' },
    path: './dist/',
    operators: { velero: 'velero' },
  } as const;

  it('keep what makes backups apart from the application, whoever wrote it', () => {
    const folders = foldersOf(objects, new Map([['wiki', ['blog']]]));
    expect(folders.map(({ name, backup, dependsOn }) => ({ name, backup, dependsOn }))).toEqual([
      { name: 'blog', backup: false, dependsOn: [] },
      { name: 'blog-backup', backup: true, dependsOn: [] },
      { name: 'cluster-backup', backup: true, dependsOn: [] },
      { name: 'namespaces', backup: false, dependsOn: [] },
      { name: 'wiki', backup: false, dependsOn: ['blog'] },
      { name: 'wiki-backup', backup: true, dependsOn: [] },
    ]);
  });

  it('come after what a chart without objects comes after', () => {
    const order = new Map([
      ['wiki', ['empty']],
      ['empty', ['emptier', 'blog']],
      // Charts that wait for each other are refused (invalid-construct).
      ['emptier', ['empty']],
    ]);
    const wiki = foldersOf(objects, order).find(({ name }) => name === 'wiki');
    expect(wiki?.dependsOn).toEqual(['blog']);
  });

  it('wait for operators only where backups are made, and never for a storage location', () => {
    const kustomizations = fluxKustomizations(foldersOf(objects, new Map([['wiki', ['blog', 'gone']]])), flux, '');
    const dependencies = kustomizations.map(({ metadata, spec }) => [
      metadata.name,
      (spec as { dependsOn?: readonly { name: string }[] }).dependsOn?.map(({ name }) => name) ?? [],
    ]);
    expect(Object.fromEntries(dependencies)).toEqual({
      blog: [],
      'blog-backup': ['namespaces'],
      'cluster-backup': ['namespaces', 'velero'],
      namespaces: [],
      wiki: ['blog'],
      'wiki-backup': ['namespaces', 'velero'],
    });
  });

  it('prove by expressions what `wait` calls ready at once', () => {
    const kustomizations = fluxKustomizations(foldersOf(objects, new Map()), flux, '');
    expect(kustomizations.find(({ metadata }) => metadata.name === 'wiki-backup')).toEqual({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: 'wiki-backup', namespace: 'flux-system' },
      spec: {
        dependsOn: [{ name: 'namespaces' }, { name: 'velero' }],
        healthCheckExprs: [
          {
            apiVersion: 'velero.io/v1',
            current: `status.phase == 'Enabled'`,
            failed: `status.phase == 'FailedValidation'`,
            kind: 'Schedule',
          },
        ],
        interval: '10m0s',
        path: './dist/wiki-backup',
        prune: true,
        retryInterval: '1m0s',
        sourceRef: { kind: 'GitRepository', name: 'flux-system' },
        timeout: '5m0s',
        wait: true,
      },
    });
  });

  it('prove it for each kind whose status tells', () => {
    const kinds = [
      ['objectbucket.io/v1alpha1', 'ObjectBucketClaim', "status.phase == 'Bound'", "status.phase == 'Failed'"],
      ['postgresql.cnpg.io/v1', 'Cluster', "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')"],
      ['postgresql.cnpg.io/v1', 'ScheduledBackup', '(has(spec.suspend) && spec.suspend) || has(status.lastCheckTime)'],
      ['ceph.rook.io/v1', 'CephObjectStore', "status.phase == 'Ready'"],
      ['ceph.rook.io/v1', 'CephObjectStoreUser', "status.phase == 'Ready'"],
      ['velero.io/v1', 'BackupStorageLocation', "status.phase == 'Available'"],
      ['opensearch.org/v1', 'OpenSearchCluster', "status.health in ['green', 'yellow']"],
      ...['Prometheus', 'Alertmanager', 'ThanosRuler'].map(
        (kind) =>
          [
            'monitoring.coreos.com/v1',
            kind,
            "status.conditions.exists(c, c.type == 'Available' && c.status == 'True')",
          ] as const,
      ),
    ] as const;
    // What has no status before it is used cannot be waited for.
    const others = [
      rendered('barmancloud.cnpg.io/v1', 'ObjectStore', 'a'),
      rendered('opensearch.opster.io/v1', 'OpenSearchCluster', 'old'),
      rendered('v1', 'Service', 'a'),
    ];
    const all = [...kinds.map(([apiVersion, kind]) => rendered(apiVersion, kind, 'a')), ...others];
    const expressions = fluxKustomizations(foldersOf(all, new Map()), flux, '').flatMap((kustomization) =>
      listAt(kustomization, 'spec', 'healthCheckExprs'),
    );
    expect(new Set(expressions)).toEqual(
      new Set(
        kinds.map(([apiVersion, kind, current, failed]) => ({
          apiVersion,
          current,
          ...(failed === undefined ? {} : { failed }),
          kind,
        })),
      ),
    );
  });
});
