/** Snapshots of claims (pkg/backup/actions/csi/pvc_action.go, Velero v1.18.3) and of volumes by other plugins. */
import type { Fate, RunContext } from './backup-run';
import type { CopyMethod } from './prediction';
import { chooseGroupSnapshotClass, chooseSnapshotClass } from './snapshot-class';
import type { ClaimView, VolumeSource, VolumeView } from './views';

/** Types of volumes that a plugin of a cloud may snapshot; no plugin takes hostPath, NFS or local volumes. */
const CLOUD_TYPES: ReadonlySet<string> = new Set([
  'awsElasticBlockStore',
  'azureDisk',
  'cinder',
  'csi',
  'gcePersistentDisk',
  'portworxVolume',
  'vsphereVolume',
]);

/** Velero looks at once, too early for any driver, and then in steps of this length (`WaitUntilVSCHandleIsReady`). */
const SECOND_LOOK = 5;

export class Snapshots {
  constructor(
    private readonly context: RunContext,
    private readonly settle: (claim: ClaimView, fate: Fate) => void,
  ) {}

  /** @returns why the manifest of the claim is not in the Backup either, as the end of a sentence. */
  take(claim: ClaimView): string | undefined {
    const { decisions, server, cluster, spec } = this.context;
    const skipped = (why: string): undefined => {
      this.settle(claim, { method: 'none', copied: 'no', why });
    };
    const fail = (error: string, method: CopyMethod = 'none'): string => {
      this.settle(claim, { method, copied: 'no', why: `its backup fails, and its manifest stays out too: ${error}` });
      return error;
    };
    if (decisions.hasPolicy && claim.volumeName !== '' && !cluster.volumes.has(claim.volumeName)) {
      // Looked up before the rules: a rule that skips lost claims is never reached.
      return fail(`its volume ${claim.volumeName} does not exist`);
    }
    const rule = decisions.ruleFor(claim);
    if (rule?.action === 'skip' && !rule.isUncertain) {
      const why = claim.whyPending === undefined ? '' : `: ${claim.whyPending}`;
      const state = claim.phase === 'Bound' ? '' : `, and the claim is ${claim.phase || 'in no phase'}${why}`;
      return skipped(`rule ${rule.index + 1} of the policy says skip${state}`);
    }
    if (!server.enableCSI) return skipped('the server runs without --features=EnableCSI');
    const decision = decisions.snapshotOfClaim(claim);
    if ('error' in decision) return fail(decision.error);
    const method = spec.snapshotMoveData ? 'data-mover' : 'csi-snapshot';
    if (decision.wanted === 'unknown') {
      this.settle(claim, { method, copied: 'unknown', why: decision.why });
      return undefined;
    }
    return decision.wanted ? this.#execute(claim, method, fail) : skipped(decision.why);
  }

  /** A problem takes the volume out of the Backup. Plugins other than CSI work on volumes, not on claims. */
  takeOfVolume(volume: VolumeView): string | undefined {
    const { decisions, server, cluster } = this.context;
    const { wanted } = decisions.snapshotOfVolume(volume);
    if (wanted === false || (server.enableCSI && volume.source.type === 'csi')) return undefined;
    const claim = volume.claim === undefined ? undefined : `${volume.claim.namespace}/${volume.claim.name}`;
    const view = cluster.claims.get(claim ?? '');
    if (decisions.hasPolicy && claim !== undefined && view === undefined) {
      return `the claim ${claim} that it names does not exist`;
    }
    const [location] = cluster.ofKind('VolumeSnapshotLocation', server.namespace);
    if (view !== undefined && location !== undefined && CLOUD_TYPES.has(volume.source.type)) {
      const why = `the plugin of VolumeSnapshotLocation ${location.metadata.name} may take a snapshot of it`;
      this.settle(view, { method: 'none', copied: 'unknown', why });
    }
    return undefined;
  }

  #execute(
    claim: ClaimView,
    method: CopyMethod,
    fail: (error: string, method?: CopyMethod) => string,
  ): string | undefined {
    const { cluster, decisions, server, spec } = this.context;
    if (claim.storageClassName === undefined) return fail('it has no storage class', method);
    const volume = cluster.volumeOf(claim);
    if ('problem' in volume) return fail(volume.problem, method);
    const unknown = (why: string): undefined => {
      this.settle(claim, { method, copied: 'unknown', why });
    };
    if (volume.source.type === 'unknown') {
      return unknown(
        cluster.storage.get(claim.storageClassName) === undefined
          ? `its storage class '${claim.storageClassName}' is neither among the objects nor in the platform`
          : `its volume '${claim.volumeName}' is not among the objects`,
      );
    }
    if (volume.source.csi === undefined) {
      const type = volume.source.type === '' ? 'of no known type' : volume.source.type;
      this.settle(claim, {
        method: 'none',
        copied: 'no',
        why: `its volume is ${type}, and snapshots need a CSI volume`,
      });
      return undefined;
    }
    const own = decisions.snapshotByPlugin(claim);
    if ('error' in own) return fail(own.error, method);
    if (own.wanted !== true) {
      this.settle(claim, {
        method: 'none',
        copied: 'no',
        why: `the policy of the server does not reach the CSI plugin, and ${own.why}`,
      });
      return undefined;
    }
    const isBuiltIn = spec.dataMover === '' || spec.dataMover === 'velero';
    if (method === 'data-mover' && isBuiltIn && !server.nodeAgentReady) {
      return fail('data movement needs a node agent, and none is ready', method);
    }
    if (cluster.namespaces.get(claim.namespace)?.isActive === false) {
      return fail('its namespace is being deleted, and no snapshot can be made in it', method);
    }
    const problem = this.#snapshotProblem(claim, volume.source.csi);
    if (typeof problem === 'object') return unknown(problem.unknown);
    if (problem !== undefined) return fail(problem, method);
    if (method === 'data-mover' && !isBuiltIn) return unknown(`it is left to the data mover '${spec.dataMover}'`);
    const why =
      method === 'data-mover'
        ? 'a CSI snapshot is taken and its data moved to the storage location'
        : 'a CSI snapshot is taken, which stays in the storage cluster';
    this.settle(claim, { method, copied: 'yes', why });
    return undefined;
  }

  /** Why no snapshot comes about. */
  #snapshotProblem(
    claim: ClaimView,
    csi: NonNullable<VolumeSource['csi']>,
  ): string | { readonly unknown: string } | undefined {
    const { backup, cluster, spec } = this.context;
    const { storage } = cluster;
    const group = claim.labels[spec.volumeGroupSnapshotLabelKey] ?? '';
    if (group !== '') return this.#groupProblem(claim, group);
    const className = claim.storageClassName ?? '';
    if (className === '') return 'its storageClassName is empty, and the snapshot class is found by it';
    const storageClass = storage.get(className);
    if (storageClass === undefined && storage.isShown) return `its storage class '${className}' does not exist`;
    const driver = storageClass?.provisioner ?? csi.driver;
    if (!storage.knowsSnapshotClassesOf(driver)) {
      return { unknown: 'neither the objects nor the platform show its storage class and the snapshot classes' };
    }
    const chosen = chooseSnapshotClass(driver, claim, backup.annotations, storage);
    if (chosen === undefined) {
      const count = storage.snapshotClasses.filter((one) => one.driver === driver).length;
      return count === 0
        ? `the driver ${driver} has no VolumeSnapshotClass`
        : `the driver ${driver} has ${count} VolumeSnapshotClasses, and neither label nor annotation says which`;
    }
    // The snapshot controller refuses it, and Velero waits until csiSnapshotTimeout.
    if (chosen.driver !== csi.driver) return `VolumeSnapshotClass ${chosen.name} is not of its driver ${csi.driver}`;
    if (spec.csiSnapshotTimeoutSeconds < SECOND_LOOK) {
      return `csiSnapshotTimeout is over before Velero looks for the snapshot a second time, after ${SECOND_LOOK} s`;
    }
    return undefined;
  }

  /** Claims with a group label are snapshotted together (`getVolumeSnapshotReference`). */
  #groupProblem(claim: ClaimView, group: string): string | undefined {
    const { backup, cluster, spec, decisions } = this.context;
    const key = spec.volumeGroupSnapshotLabelKey;
    const drivers = new Set<string>();
    for (const member of cluster.claimsOfGroup(claim, key)) {
      const decision = decisions.snapshotByPlugin(member);
      if ('error' in decision) return `${member.name} of its group '${group}' cannot be snapshotted: ${decision.error}`;
      if (decision.wanted !== true) continue;
      const volume = cluster.volumeOf(member);
      if ('problem' in volume) return `${member.name} of its group '${group}': ${volume.problem}`;
      if (volume.source.csi === undefined) return `${member.name} of its group '${group}' is no CSI volume`;
      drivers.add(volume.source.csi.driver);
    }
    const [driver = ''] = drivers;
    if (drivers.size > 1) return `the volumes of its group '${group}' have several drivers`;
    return chooseGroupSnapshotClass(driver, claim, backup.annotations, cluster.storage) === undefined
      ? `the driver ${driver} has no VolumeGroupSnapshotClass, or several, for its group '${group}'`
      : undefined;
  }
}
