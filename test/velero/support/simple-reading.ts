/**
 * A second reading of Velero's rules, slow and without structure, written from its documentation and source and not
 * from lib/velero: what has to be true of a claim for its data to be copied. Where it says that a claim is left out,
 * no prediction may say that it is copied.
 */
import type { KubeObject } from '../../../lib/model/kube-object';

// Tests build the objects, so the fields are known to be there.
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;

export interface SimpleWorld {
  readonly objects: readonly KubeObject[];
  readonly spec: Readonly<Record<string, unknown>>;
  /** The rules of the policy, if the Backup has one. */
  readonly rules: readonly { readonly conditions: Loose; readonly action: { readonly type: string } }[] | undefined;
  readonly enableCSI: boolean;
  readonly nodesWithAgent: readonly string[];
}

const NAMES: Readonly<Record<string, readonly string[]>> = {
  Pod: ['pods', 'pod', 'po'],
  PersistentVolumeClaim: ['persistentvolumeclaims', 'persistentvolumeclaim', 'pvc'],
  PersistentVolume: ['persistentvolumes', 'persistentvolume', 'pv'],
};

/** Why the data of a claim cannot be copied, `undefined` where it may be. */
export function whyLeftOut(world: SimpleWorld, claim: KubeObject): string | undefined {
  const { objects } = world;
  const spec: Loose = world.spec;
  const pods = objects.filter(({ kind }) => kind === 'Pod');
  if (!reached(world).includes(claim)) return 'nothing brings it into the Backup';
  if (phaseOf(claim) !== 'Bound') return 'it is not bound';
  const volume: Loose = objects.find(
    (one: Loose) => one.kind === 'PersistentVolume' && one.metadata.name === (claim as Loose).spec.volumeName,
  );
  if (volume === undefined) return 'it has no volume';
  if (volume.metadata.labels?.['velero.io/exclude-from-backup'] === 'true') return 'its volume is excluded by label';
  if (isVolumeKindOut(spec)) return 'the filters leave its volume out';

  const users: Loose[] = pods.filter((one) => sameNamespace(one, claim) && claimsOf(one).includes(claim.metadata.name));
  const action = world.rules?.find((rule) => isMet(rule.conditions, claim, volume))?.action.type;
  const isChosen = (pod: Loose): boolean => {
    const index = claimsOf(pod).indexOf(claim.metadata.name);
    const name = pod.spec.volumes[index].name;
    const listed = (key: string): string[] => (pod.metadata.annotations?.[`backup.velero.io/${key}`] ?? '').split(',');
    return spec.defaultVolumesToFsBackup === true
      ? !listed('backup-volumes-excludes').includes(name)
      : listed('backup-volumes').includes(name);
  };

  const wantsSnapshot =
    action === undefined ? spec.snapshotVolumes !== false && !users.some(isChosen) : action === 'snapshot';
  const driver = volume.spec.csi?.driver;
  const classes = objects.filter((one: Loose) => one.kind === 'VolumeSnapshotClass' && one.driver === driver);
  const canSnapshot = world.enableCSI && driver !== undefined && classes.length === 1;
  const canMove = spec.snapshotMoveData !== true || world.nodesWithAgent.length > 0;
  if (wantsSnapshot && canSnapshot && canMove) return undefined;

  const inBackup = reached(world);
  const isRead = users.some((pod) => {
    const name = pod.spec.volumes[claimsOf(pod).indexOf(claim.metadata.name)].name;
    return (
      inBackup.includes(pod) &&
      (action === undefined ? isChosen(pod) : action === 'fs-backup') &&
      phaseOf(pod) === 'Running' &&
      world.nodesWithAgent.includes(pod.spec.nodeName) &&
      pod.spec.containers.some((one: Loose) => one.volumeMounts.some((mount: Loose) => mount.name === name)) &&
      volume.spec.hostPath === undefined
    );
  });
  return isRead ? undefined : 'neither a snapshot nor a running pod can copy it';
}

/** Pods and claims that are selected, and again and again what these bring along. */
function reached(world: SimpleWorld): readonly KubeObject[] {
  const candidates = world.objects.filter((one) => isAdmitted(world, one));
  const found = candidates.filter((one) => isSelected(world.spec, one));
  for (;;) {
    const more = candidates.filter((one) => !found.includes(one) && found.some((by) => brings(by, one)));
    if (more.length === 0) return found;
    found.push(...more);
  }
}

function brings(by: Loose, one: Loose): boolean {
  if (!sameNamespace(by, one)) return false;
  if (by.kind === 'Pod' && one.kind === 'PersistentVolumeClaim') return claimsOf(by).includes(one.metadata.name);
  const isUser = by.kind === 'PersistentVolumeClaim' && one.kind === 'Pod' && claimsOf(one).includes(by.metadata.name);
  return isUser && phaseOf(by) === 'Bound' && phaseOf(one) === 'Running';
}

/** Whether the filters let it in when it comes along with another object. */
function isAdmitted(world: SimpleWorld, one: Loose): boolean {
  const spec: Loose = world.spec;
  if (one.kind !== 'Pod' && one.kind !== 'PersistentVolumeClaim') return false;
  if (one.metadata.labels?.['velero.io/exclude-from-backup'] === 'true') return false;
  const namespace: Loose = world.objects.find(
    (other) => other.kind === 'Namespace' && other.metadata.name === one.metadata.namespace,
  );
  if (namespace?.metadata.labels?.['velero.io/exclude-from-backup'] === 'true') return false;
  const included: string[] = spec.includedNamespaces ?? [];
  const excluded: string[] = spec.excludedNamespaces ?? [];
  if (included.length > 0 && !included.some((pattern) => isLike(one.metadata.namespace, pattern))) return false;
  if (excluded.some((pattern) => isLike(one.metadata.namespace, pattern))) return false;
  return isNamespacedKindIn(spec, one.kind);
}

function isNamespacedKindIn(spec: Loose, kind: string): boolean {
  // A name of the other scope is dropped, as if it did not stand there.
  const scoped = (names: string[] = []): string[] => names.filter((name) => !NAMES['PersistentVolume']?.includes(name));
  const included: string[] = spec.includedResources ?? scoped(spec.includedNamespaceScopedResources);
  const excluded: string[] = spec.excludedResources ?? scoped(spec.excludedNamespaceScopedResources);
  if (excluded.includes('*') || excluded.some((name) => NAMES[kind]?.includes(name))) return false;
  return included.length === 0 || included.includes('*') || included.some((name) => NAMES[kind]?.includes(name));
}

function isVolumeKindOut(spec: Loose): boolean {
  const named = (list: string[] | undefined): boolean =>
    (list ?? []).some((name) => name === '*' || NAMES['PersistentVolume']?.includes(name) === true);
  if (named(spec.excludedResources) || named(spec.excludedClusterScopedResources)) return true;
  if (spec.includeClusterResources === false) return true;
  const onlySome = (spec.includedResources ?? []).length > 0 && !named(spec.includedResources);
  return spec.includeClusterResources === undefined && onlySome;
}

function isSelected(spec: Loose, one: Loose): boolean {
  const selectors: Loose[] = spec.orLabelSelectors ?? (spec.labelSelector === undefined ? [] : [spec.labelSelector]);
  const labels = one.metadata.labels ?? {};
  return (
    selectors.length === 0 ||
    selectors.some((selector) => Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value))
  );
}

function isMet(conditions: Loose, claim: Loose, volume: Loose): boolean {
  if (conditions.csi !== undefined && volume.spec.csi === undefined) return false;
  if (conditions.pvcPhase !== undefined && !conditions.pvcPhase.includes(claim.status.phase)) return false;
  if (conditions.volumeTypes !== undefined && !conditions.volumeTypes.some((type: string) => volume.spec[type]))
    return false;
  return Object.entries(conditions.pvcLabels ?? {}).every(([key, value]) => claim.metadata.labels?.[key] === value);
}

/** Only a star at the end is a pattern here. */
function isLike(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function claimsOf(pod: Loose): string[] {
  return pod.spec.volumes.map((volume: Loose) => volume.persistentVolumeClaim.claimName);
}

function phaseOf(one: Loose): string {
  return one.status.phase;
}

function sameNamespace(one: KubeObject, other: KubeObject): boolean {
  return one.metadata.namespace === other.metadata.namespace;
}
