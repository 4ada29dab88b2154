import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import { predict } from '../../lib/velero/predict';
import {
  backup,
  claim,
  CSI,
  LOCATION,
  namespace,
  NODE_AGENT,
  object,
  pod,
  policy,
  SNAPSHOT_CLASS,
  STORAGE_CLASS,
  USES_POLICY,
  veleroServer,
} from './support/cluster';
import { whyLeftOut, type SimpleWorld } from './support/simple-reading';

const SOURCES = [
  CSI,
  CSI,
  { csi: { driver: 'csi.without-class', volumeHandle: 'h' } },
  { hostPath: { path: '/h' } },
  { nfs: { server: 's', path: '/n' } },
];

const labels = fc.record(
  {
    app: fc.constantFrom('db', 'web'),
    'velero.io/exclude-from-backup': fc.constantFrom('false', 'false', 'false', 'true'),
  },
  { requiredKeys: [] },
);

const claims = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('c0', 'c1', 'c2'),
      inNamespace: fc.constantFrom('forge', 'wiki'),
      labels,
      source: fc.constantFrom(...SOURCES),
      phase: fc.constantFrom('Bound' as const, 'Bound' as const, 'Bound' as const, 'Pending' as const),
    }),
    { selector: ({ name, inNamespace }) => `${inNamespace}/${name}` },
  )
  .map((all) => all.flatMap(({ name, inNamespace, ...rest }) => claim(name, { namespace: inNamespace, ...rest })));

const pods = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('p0', 'p1', 'p2'),
      inNamespace: fc.constantFrom('forge', 'wiki'),
      uses: fc.uniqueArray(fc.constantFrom('c0', 'c1', 'c2')),
      labels,
      phase: fc.constantFrom('Running', 'Running', 'Succeeded', 'Pending'),
      nodeName: fc.constantFrom('n1', 'n1', 'n2'),
      annotations: fc.record(
        {
          'backup.velero.io/backup-volumes': fc.constantFrom('v0', 'v1,v0', 'nothing'),
          'backup.velero.io/backup-volumes-excludes': fc.constantFrom('v0', 'v1'),
        },
        { requiredKeys: [] },
      ),
      isMounted: fc.boolean(),
    }),
    { selector: ({ name, inNamespace }) => `${inNamespace}/${name}` },
  )
  .map((all) =>
    all.map(({ name, inNamespace, uses, isMounted, ...rest }) =>
      pod(name, uses, {
        namespace: inNamespace,
        ...rest,
        ...(isMounted ? {} : { container: { name: 'main', volumeMounts: [] } }),
      }),
    ),
  );

const someKinds = fc.array(
  fc.constantFrom('pods', 'pvc', 'persistentvolumes', 'pv', 'PersistentVolumeClaims', 'nonsense'),
  {
    maxLength: 3,
  },
);
const kinds = someKinds.map((names) => names.map((name) => name.toLowerCase()));
const selector = fc.constantFrom('db', 'web', 'other').map((app) => ({ labelSelector: { matchLabels: { app } } }));
const selection = fc.record(
  {
    includedNamespaces: fc.constantFrom(['forge'], ['forge', 'wiki'], ['for*'], ['*'], ['w*', 'forge']),
    excludedNamespaces: fc.constantFrom(['wiki'], ['w*']),
    snapshotVolumes: fc.boolean(),
    snapshotMoveData: fc.boolean(),
    defaultVolumesToFsBackup: fc.boolean(),
  },
  { requiredKeys: [] },
);
const filters = fc.oneof(
  { arbitrary: fc.constant({}), weight: 4 },
  fc.record(
    { includedResources: kinds, excludedResources: kinds, includeClusterResources: fc.boolean() },
    { requiredKeys: [] },
  ),
  fc.record(
    {
      includedNamespaceScopedResources: kinds,
      excludedNamespaceScopedResources: kinds,
      excludedClusterScopedResources: kinds,
    },
    { requiredKeys: [] },
  ),
);

const rules = fc.array(
  fc.record({
    conditions: fc.record(
      {
        csi: fc.constant({}),
        pvcLabels: fc.constantFrom({ app: 'db' }, { app: 'web' }),
        pvcPhase: fc.constantFrom(['Bound'], ['Pending', 'Lost']),
        volumeTypes: fc.constantFrom(['csi'], ['nfs', 'hostPath']),
      },
      { requiredKeys: [] },
    ),
    action: fc.constantFrom('skip', 'snapshot', 'fs-backup', 'custom').map((type) => ({ type })),
  }),
  { maxLength: 3 },
);

const worlds: fc.Arbitrary<SimpleWorld> = fc
  .record({
    parts: fc.tuple(claims, pods),
    hidden: fc.constantFrom('forge', '', '', '', '', ''),
    selection,
    selector: fc.oneof({ arbitrary: fc.constant({}), weight: 3 }, selector),
    filters,
    rules: fc.option(rules, { nil: undefined, freq: 1 }),
    enableCSI: fc.constantFrom(true, true, true, true, false),
  })
  .map(({ parts, hidden, selection: chosen, selector: labelled, filters: filtered, rules: ruled, enableCSI }) => {
    const hide = (name: string): KubeObject =>
      namespace(name, name === hidden ? { 'velero.io/exclude-from-backup': 'true' } : {});
    const agent = object('v1', 'Pod', 'node-agent-1', {
      metadata: { namespace: 'velero', labels: { role: 'node-agent' } },
      spec: { nodeName: 'n1', volumes: [], containers: [] },
      status: { phase: 'Running' },
    });
    return {
      objects: [
        hide('forge'),
        hide('wiki'),
        ...parts.flat(),
        agent,
        NODE_AGENT,
        LOCATION,
        STORAGE_CLASS,
        SNAPSHOT_CLASS,
      ],
      spec: { ...chosen, ...labelled, ...filtered, ...(ruled === undefined ? {} : USES_POLICY) },
      rules: ruled,
      enableCSI,
      nodesWithAgent: ['n1'],
    };
  });

describe('predict and a simpler, slower reading of the rules', () => {
  it('never says that a claim is copied which the reading leaves out', () => {
    let copied = 0;
    let claimed = 0;
    fc.assert(
      fc.property(worlds, (world) => {
        const given = [
          ...world.objects,
          veleroServer(...(world.enableCSI ? ['--features=EnableCSI'] : [])),
          ...(world.rules === undefined
            ? []
            : [policy(world.rules.map(({ conditions, action }) => [conditions, action.type] as const))]),
        ];
        const { volumes } = predict({ backup: backup(world.spec), objects: given });
        claimed += volumes.length;
        for (const volume of volumes.filter((one) => one.copied === 'yes')) {
          copied += 1;
          const asked = world.objects.find(
            ({ kind, metadata }) =>
              kind === 'PersistentVolumeClaim' &&
              metadata.namespace === volume.namespace &&
              metadata.name === volume.claim,
          );
          expect(asked).toBeDefined();
          if (asked !== undefined)
            expect({ volume, left: whyLeftOut(world, asked) }).toEqual({ volume, left: undefined });
        }
      }),
      { numRuns: 1500 },
    );
    // The property is empty if nothing is ever copied, or nothing ever left out.
    expect(copied).toBeGreaterThan(100);
    expect(copied).toBeLessThan(claimed / 2);
  });
});
