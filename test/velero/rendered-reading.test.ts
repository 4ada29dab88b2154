/**
 * What is only rendered, as the gate judges it: no status, claims without volumes, workloads without pods. Whatever the
 * cluster makes of it, the second reading must then find what was predicted.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { groupBy } from '../../lib/model/collections';
import { labelsOf, type KubeObject } from '../../lib/model/kube-object';
import type { Platform } from '../../lib/model/platform';
import { predict } from '../../lib/velero/predict';
import { backup, namespace, object, pod, policy, SNAPSHOT_CLASS, USES_POLICY } from './support/cluster';
import { whyLeftOut, type SimpleWorld } from './support/simple-reading';

const PLATFORM: Required<Pick<Platform, 'velero' | 'storageClasses'>> = {
  velero: { version: '1.18', enableCSI: true, nodeAgent: true },
  storageClasses: {
    fast: { driver: 'csi.example', snapshotClass: 'fast', isDefault: true },
    bare: { driver: 'csi.without-class' },
    local: { driver: 'rancher.io/local-path' },
    manual: { driver: 'kubernetes.io/no-provisioner' },
  },
};
const LOCATION = object('velero.io/v1', 'BackupStorageLocation', 'default', {
  metadata: { namespace: 'velero' },
  spec: { provider: 'aws', default: true },
});
const NAMES = ['c0', 'c1', 'files-set-0', 'files-set-1'] as const;
const size = { storage: '1Gi' };

const labels = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  { app: 'db' },
  { app: 'db', 'velero.io/exclude-from-backup': 'false' },
  { app: 'web' },
  { app: 'web', 'velero.io/exclude-from-backup': 'true' },
);

/** A claim of a file, or none: `files-set-0` may be one that the StatefulSet adopts. */
const claims = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('c0', 'c1', 'files-set-0'),
      labels,
      storageClassName: fc.constantFrom(undefined, 'fast', 'fast', 'bare', 'local', 'manual', 'unknown', ''),
      volumeName: fc.constantFrom(undefined, undefined, undefined, 'v0', 'missing'),
    }),
    { selector: ({ name }) => name, maxLength: 3 },
  )
  .map((all) =>
    all.map(({ name, labels: given, ...spec }) =>
      object('v1', 'PersistentVolumeClaim', name, {
        metadata: { namespace: 'forge', labels: given },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: size }, ...defined(spec) },
      }),
    ),
  );

/** Volumes made by hand: named by a claim, reserved for one, or anybody's. */
const volumes = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('v0', 'v1'),
      storageClassName: fc.constantFrom('fast', 'manual', undefined),
      claimRef: fc.constantFrom(
        undefined,
        { namespace: 'forge', name: 'c0' },
        { namespace: 'forge', name: 'files-set-1' },
        { namespace: 'wiki', name: 'c0' },
      ),
      source: fc.constantFrom(
        { csi: { driver: 'csi.example', volumeHandle: 'h' } },
        { nfs: { server: 's', path: '/n' } },
        { hostPath: { path: '/h' } },
      ),
    }),
    { selector: ({ name }) => name },
  )
  .map((all) =>
    all.map(({ name, source, ...spec }) =>
      object('v1', 'PersistentVolume', name, {
        spec: { capacity: size, accessModes: ['ReadWriteOnce'], ...source, ...defined(spec) },
      }),
    ),
  );

const workloads = fc
  .record({
    replicas: fc.constantFrom(1, 2, 0),
    podLabels: labels,
    templateLabels: labels,
    storageClassName: fc.constantFrom(undefined, 'fast', 'local'),
    mounts: fc.uniqueArray(fc.constantFrom('c0', 'c1'), { maxLength: 2 }),
    deployed: fc.constantFrom(0, 1),
    annotation: fc.constantFrom(undefined, 'v0', 'files'),
  })
  .map(({ replicas, podLabels, templateLabels, storageClassName, mounts, deployed, annotation }): KubeObject[] => {
    const annotations = annotation === undefined ? {} : { 'backup.velero.io/backup-volumes': annotation };
    const template = (name: string, claimNames: readonly string[], volume?: string) => {
      const mounted = [...claimNames.keys()].map((index) => `v${index}`);
      const volumeMounts = [...mounted, ...(volume === undefined ? [] : [volume])].map((one) => ({
        name: one,
        mountPath: `/${one}`,
      }));
      return {
        metadata: { labels: { ...podLabels, set: name }, annotations },
        spec: {
          containers: [{ name: 'main', volumeMounts }],
          volumes: claimNames.map((claimName, index) => ({
            name: `v${index}`,
            persistentVolumeClaim: { claimName },
          })),
        },
      };
    };
    return [
      object('apps/v1', 'StatefulSet', 'set', {
        metadata: { namespace: 'forge' },
        spec: {
          replicas,
          selector: { matchLabels: { set: 'set' } },
          template: template('set', [], 'files'),
          volumeClaimTemplates: [
            {
              metadata: { name: 'files', labels: templateLabels },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: size }, ...defined({ storageClassName }) },
            },
          ],
        },
      }),
      object('apps/v1', 'Deployment', 'app', {
        metadata: { namespace: 'forge' },
        spec: {
          replicas: deployed,
          selector: { matchLabels: { set: 'app' } },
          template: template('app', mounts),
        },
      }),
    ];
  });

const filters = fc.oneof(
  { arbitrary: fc.constant({}), weight: 4 },
  fc.constantFrom('db', 'web').map((app) => ({ labelSelector: { matchLabels: { app } } })),
  fc.constantFrom(['pvc'], ['pvc', 'pv'], ['pods', 'pvc', 'pv']).map((includedResources) => ({ includedResources })),
);
const choices = fc.record(
  {
    snapshotVolumes: fc.constantFrom(true, true, false),
    snapshotMoveData: fc.boolean(),
    defaultVolumesToFsBackup: fc.constantFrom(false, false, true),
  },
  { requiredKeys: [] },
);
const spec = fc.tuple(filters, choices).map(([filtered, chosen]) => ({ ...filtered, ...chosen }));
const rules = fc.array(
  fc.record({
    conditions: fc.record(
      {
        pvcLabels: fc.constantFrom({ app: 'db' }, { set: 'set' }),
        pvcPhase: fc.constantFrom(['Bound'], ['Pending', 'Lost']),
        volumeTypes: fc.constantFrom(['csi'], ['nfs', 'hostPath']),
      },
      { requiredKeys: [] },
    ),
    action: fc.constantFrom('skip', 'snapshot', 'snapshot', 'fs-backup').map((type) => ({ type })),
  }),
  { maxLength: 3 },
);

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

// Tests build the objects, so the fields are known to be there.
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;

/** The claims of the files, and those that the StatefulSet makes. */
function allClaims(objects: readonly KubeObject[]): readonly Loose[] {
  const given = objects.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  const set: Loose = objects.find(({ kind }) => kind === 'StatefulSet');
  const [template] = set.spec.volumeClaimTemplates;
  const made = Array.from({ length: set.spec.replicas }, (_, ordinal) =>
    object('v1', 'PersistentVolumeClaim', `files-set-${ordinal}`, {
      metadata: { namespace: 'forge', labels: { ...template.metadata.labels, set: 'set' } },
      spec: template.spec,
    }),
  );
  return [...given, ...made.filter(({ metadata }) => !given.some((one) => one.metadata.name === metadata.name))];
}

function classOf(claim: Loose): string {
  return claim.spec.storageClassName ?? 'fast';
}

/** A claim of another class that names a volume waits for ever, and others may take it. */
function isFree(
  { metadata, spec: { claimRef, storageClassName = '' } }: Loose,
  claimsOfAll: readonly Loose[],
): boolean {
  const takers = claimsOfAll.filter((claim) => claim.spec.volumeName === metadata.name);
  return (
    claimRef === undefined &&
    takers.every((claim) => (claim.spec.storageClassName ?? storageClassName) !== storageClassName)
  );
}

/** Which of two claims takes a volume is decided by the cluster, and no manifest shows it. */
function isContested(objects: readonly KubeObject[]): boolean {
  const claimsOfAll = allClaims(objects);
  const given: Loose[] = objects.filter(({ kind }) => kind === 'PersistentVolume');
  const seekers = groupBy(claimsOfAll, classOf);
  const named = groupBy(
    claimsOfAll.flatMap((claim) => claim.spec.volumeName ?? []),
    (name: string) => name,
  );
  const isAskedTwice =
    [...named.values()].some((some) => some.length > 1) ||
    given.some(({ metadata, spec: { claimRef } }) => claimRef !== undefined && named.has(metadata.name));
  const free = groupBy(
    given.filter((volume) => isFree(volume, claimsOfAll)),
    (volume) => volume.spec.storageClassName ?? '',
  );
  const isWantedTwice = [...free].some(([name, some]) => some.length > 1 || (seekers.get(name)?.length ?? 0) > 1);
  const reserved = groupBy(
    given.flatMap((volume) => volume.spec.claimRef ?? []),
    ({ namespace: inNamespace, name }) => `${inNamespace}/${name}`,
  );
  return isAskedTwice || isWantedTwice || [...reserved.values()].some((some) => some.length > 1);
}

/** What the controllers of the cluster make of the manifests; pods are there, and `isRunning` says which run. */
function realized(objects: readonly KubeObject[], isRunning: readonly boolean[]): readonly KubeObject[] {
  const claimsOfAll = allClaims(objects);
  const given: Loose[] = objects.filter(({ kind }) => kind === 'PersistentVolume');
  const drivers: Readonly<Record<string, string>> = { fast: 'csi.example', bare: 'csi.without-class' };
  const volumesOfAll: Loose[] = [];
  const bound = claimsOfAll.map((claim): KubeObject => {
    const name = claim.metadata.name;
    const className = classOf(claim);
    const existing =
      claim.spec.volumeName === undefined
        ? (given.find(({ spec: { claimRef } }) => claimRef?.namespace === 'forge' && claimRef.name === name) ??
          given.find((volume) => isFree(volume, claimsOfAll) && (volume.spec.storageClassName ?? '') === className))
        : given.find(({ metadata }) => metadata.name === claim.spec.volumeName);
    const reference = { namespace: 'forge', name };
    if (existing !== undefined) {
      const { claimRef, storageClassName = '' } = existing.spec;
      // A volume that is reserved for another claim is never bound, and one that is for nobody only to its class. A claim
      // without one may have been bound before there was a default.
      const isBound =
        claimRef === undefined
          ? storageClassName === (claim.spec.storageClassName ?? storageClassName)
          : claimRef.namespace === 'forge' && claimRef.name === name;
      if (!isBound) return pending(claim);
      volumesOfAll.push({ ...existing, spec: { ...existing.spec, claimRef: reference } });
      return boundTo(claim, existing.metadata.name);
    }
    const source =
      drivers[className] === undefined
        ? { hostPath: { path: '/h' } }
        : { csi: { driver: drivers[className], volumeHandle: 'h' } };
    // A volume that is named and in no file is one that the class made before.
    if (!['fast', 'bare', 'local'].includes(className)) return pending(claim);
    const made = claim.spec.volumeName ?? `pvc-${name}`;
    volumesOfAll.push(
      object('v1', 'PersistentVolume', made, { spec: { capacity: size, claimRef: reference, ...source } }),
    );
    return boundTo(claim, made);
  });
  const others = given.filter((volume) => !volumesOfAll.some(({ metadata }) => metadata.name === volume.metadata.name));
  return [
    namespace('forge'),
    SNAPSHOT_CLASS,
    ...bound,
    ...volumesOfAll,
    ...others,
    ...podsOf(objects).map((made, index) =>
      isRunning[index] === true ? made : { ...made, status: { phase: 'Pending' } },
    ),
  ];
}

function pending(claim: Loose): KubeObject {
  return { ...claim, status: { phase: 'Pending' } };
}

function boundTo(claim: Loose, volumeName: string): KubeObject {
  return { ...claim, spec: { ...claim.spec, volumeName }, status: { phase: 'Bound' } };
}

function podsOf(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.flatMap((workload: Loose) => {
    if (workload.spec?.template === undefined) return [];
    const { metadata, spec: podSpec } = workload.spec.template;
    return Array.from({ length: workload.spec.replicas }, (_, ordinal) => {
      const mounted: readonly string[] =
        workload.kind === 'StatefulSet'
          ? [`files-set-${ordinal}`]
          : podSpec.volumes.map((volume: Loose) => volume.persistentVolumeClaim.claimName);
      const made: Loose = pod(`${workload.metadata.name}-${ordinal}`, mounted, {
        labels: labelsOf({ ...workload, metadata: { ...metadata, name: '' } }),
        annotations: metadata.annotations,
        container: podSpec.containers[0],
      });
      if (workload.kind === 'StatefulSet') made.spec.volumes[0].name = 'files';
      return made;
    });
  });
}

it('what is predicted of manifests is what the second reading finds, whatever the cluster makes of them', () => {
  let copied = 0;
  let claimed = 0;
  const worlds = fc
    .tuple(claims, volumes, workloads)
    .map((parts) => parts.flat())
    .filter((objects) => !isContested(objects));
  const running = fc.array(fc.boolean(), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(worlds, spec, fc.option(rules, { nil: undefined }), running, (objects, given, ruled, isRunning) => {
      const whole = { includedNamespaces: ['forge'], ...given, ...(ruled === undefined ? {} : USES_POLICY) };
      const policies =
        ruled === undefined ? [] : [policy(ruled.map(({ conditions, action }) => [conditions, action.type]))];
      const { volumes: predicted } = predict({
        backup: backup(whole),
        objects: [...objects, ...policies, LOCATION],
        platform: PLATFORM,
      });
      const world: SimpleWorld = {
        objects: realized(objects, isRunning),
        spec: whole,
        rules: ruled,
        enableCSI: true,
        nodesWithAgent: ['n1'],
      };
      expect(predicted.map(({ claim }) => claim).every((name) => (NAMES as readonly string[]).includes(name))).toBe(
        true,
      );
      claimed += predicted.length;
      for (const volume of predicted.filter((one) => one.copied === 'yes')) {
        copied += 1;
        const live = world.objects.find(
          ({ kind, metadata }) => kind === 'PersistentVolumeClaim' && metadata.name === volume.claim,
        );
        expect(live).toBeDefined();
        if (live !== undefined) expect({ volume, left: whyLeftOut(world, live) }).toEqual({ volume, left: undefined });
      }
    }),
    { numRuns: 1000 },
  );
  // The property is empty if nothing is ever copied, or nothing ever left out.
  expect(copied).toBeGreaterThan(50);
  expect(copied).toBeLessThan(claimed / 2);
});
