/** What the Backups of a repository will meet: its own objects, and those that will be there although no file has them. */
import { locationsOfPlans } from '../methods/velero/plan';
import { storageLocationObject } from '../methods/velero/objects';
import { groupBy } from '../model/collections';
import { isClusterScoped } from '../model/cluster-scoped';
import { at, mappingAt, numberAt, textAt, textsAt, type KubeObject } from '../model/kube-object';
import { templateClaims } from '../velero/workloads';
import type { GateContext } from './context';

export class Surroundings {
  /** Without namespaces and volumes. */
  private readonly clusterWide: readonly KubeObject[];
  private readonly byNamespace: ReadonlyMap<string, readonly KubeObject[]>;
  private readonly volumes: VolumesByNamespace;
  /** What every Backup has to do with: the server and its storage locations. */
  private readonly server: readonly KubeObject[];
  private readonly policies: ReadonlyMap<string, KubeObject>;

  constructor(private readonly context: GateContext) {
    const objects = context.input.objects.map(({ object }) => asWritten(object));
    const all = [...objects, ...expectedClaims(context), ...expectedLocations(context)];
    this.clusterWide = all.filter(
      (object) => isClusterScoped(object) && object.kind !== 'Namespace' && !isVolume(object),
    );
    this.volumes = new VolumesByNamespace(all);
    this.byNamespace = groupBy(
      all.filter((object) => !isClusterScoped(object) || object.kind === 'Namespace'),
      (object) => (object.kind === 'Namespace' ? object.metadata.name : (object.metadata.namespace ?? '')),
    );
    const ofVelero = this.byNamespace.get(context.veleroNamespace) ?? [];
    const policyNames = new Set(
      ['Backup', 'Schedule']
        .flatMap((kind) => context.ofKind('velero.io', kind))
        .map(({ object }) => policyNameOf(object)),
    );
    const isPolicy = ({ kind, metadata }: KubeObject): boolean =>
      kind === 'ConfigMap' && policyNames.has(metadata.name);
    this.policies = new Map(ofVelero.filter(isPolicy).map((policy) => [policy.metadata.name, policy]));
    this.server = ofVelero.filter((object) => object.kind !== 'Schedule' && !isPolicy(object));
  }

  /** What a Backup or a Schedule can have to do with: its namespaces, its policy, the server, and what is in no namespace. */
  around(source: KubeObject): readonly KubeObject[] {
    const included = textsAt(backupSpecOf(source), 'includedNamespaces');
    const isLiteral = included.length > 0 && included.every((name) => /^[a-z0-9-]+$/.test(name));
    const namespaces = new Set(isLiteral ? included : this.byNamespace.keys());
    const shared = [...this.clusterWide, ...(isLiteral ? this.volumes.of(namespaces) : this.volumes.all)];
    const ofNamespaces = [...namespaces].flatMap((name) => this.byNamespace.get(name) ?? []);
    if (namespaces.has(this.context.veleroNamespace)) return [...shared, ...ofNamespaces];
    const policy = this.policies.get(policyNameOf(source) ?? '');
    return [...shared, ...this.server, ...(policy === undefined ? [] : [policy]), ...ofNamespaces];
  }
}

/** What somebody dumped into a file was live then: Flux applies neither a status nor a uid. */
function asWritten(object: KubeObject): KubeObject {
  if (object['status'] === undefined && object.metadata['uid'] === undefined) return object;
  const { status: _status, ...rest } = object;
  const { uid: _uid, ...metadata } = object.metadata;
  return { ...rest, metadata };
}

/** The spec of a Backup, or that of those which a Schedule makes. */
export function backupSpecOf(source: KubeObject): unknown {
  return source.kind === 'Schedule' ? at(source, 'spec', 'template') : at(source, 'spec');
}

function policyNameOf(source: KubeObject): string | undefined {
  return textAt(backupSpecOf(source), 'resourcePolicy', 'name');
}

function isVolume({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'v1' && kind === 'PersistentVolume';
}

/** Volumes by the namespace of the claim that they are reserved for or named by. What is neither may be anybody's. */
class VolumesByNamespace {
  readonly all: readonly KubeObject[];
  private readonly taken = new Map<string, KubeObject[]>();
  private readonly free: KubeObject[] = [];

  constructor(objects: readonly KubeObject[]) {
    this.all = objects.filter(isVolume);
    const namespacesOfName = new Map<string, string>();
    for (const { kind, metadata, ...rest } of objects) {
      const volume = kind === 'PersistentVolumeClaim' ? textAt(rest, 'spec', 'volumeName') : undefined;
      if (volume !== undefined) namespacesOfName.set(volume, metadata.namespace ?? '');
    }
    for (const volume of this.all) {
      const namespace = textAt(volume, 'spec', 'claimRef', 'namespace') ?? namespacesOfName.get(volume.metadata.name);
      if (namespace === undefined) this.free.push(volume);
      else this.taken.set(namespace, [...(this.taken.get(namespace) ?? []), volume]);
    }
  }

  of(namespaces: ReadonlySet<string>): readonly KubeObject[] {
    return [...this.free, ...[...namespaces].flatMap((name) => this.taken.get(name) ?? [])];
  }
}

/**
 * Claims that charts and operators make at run time, as they were declared, those that a pod mounts and nobody declares,
 * and those that a StatefulSet without replicas has left.
 */
function expectedClaims(context: GateContext): readonly KubeObject[] {
  const { answered, unanswered } = context.answers;
  return [...answered, ...unanswered].flatMap(({ id, claims, storageClass, storage }): readonly KubeObject[] => {
    const unseen = claims.filter(
      ({ namespace, name }) =>
        context.object({ group: '', kind: 'PersistentVolumeClaim', namespace, name }) === undefined,
    );
    if (id.part?.type === 'template') {
      const names = new Set(unseen.map(({ name }) => name));
      return claimsLeftBy(context.object(id)?.object).filter(({ metadata }) => names.has(metadata.name));
    }
    return unseen.map(({ namespace, name, labels }) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace, labels },
      spec: {
        ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
        resources: { requests: { storage: storage?.text ?? '1Gi' } },
      },
    }));
  });
}

/** The claims of running replicas are in the model already. */
function claimsLeftBy(set: KubeObject | undefined): readonly KubeObject[] {
  if (set === undefined || numberAt(set, 'spec', 'replicas') !== 0) return [];
  return templateClaims({ ...set, spec: { ...mappingAt(set, 'spec'), replicas: 1 } });
}

/** Storage locations that another repository of the cluster writes. */
function expectedLocations(context: GateContext): readonly KubeObject[] {
  if (context.input.clusterWide.type === 'asked') return [];
  return locationsOfPlans(context.methods.velero.plans).map((location) =>
    storageLocationObject(location, context.platform.cluster, context.veleroNamespace),
  );
}
