/** The scratch volume of a job: space for one copy, of a class that makes volumes and removes them again. */
import type { Scratch } from '../../jobs/pod';
import type { AnsweredDataset } from '../../model/answered';
import { at, groupOf, listAt, textAt, type KubeObject } from '../../model/kube-object';
import { defaultStorageClass, type Platform } from '../../model/platform';
import { parseQuantity, sumOfQuantities, type Quantity } from '../../model/quantity';
import { mountsClaim } from '../../model/workloads';
import { CNPG_GROUP } from '../cnpg/archive';
import type { MethodInput, ObjectIndex } from '../method';
import type { Unsaid } from '../unsaid';
import { serversOf } from './database-server';
import { claimsReadBy, type JobDeclaration } from './declaration';

export function scratchFor(
  dataset: AnsweredDataset,
  declaration: JobDeclaration,
  { datasets, objects, platform }: Pick<MethodInput, 'datasets' | 'objects' | 'platform'>,
): Scratch | Unsaid {
  const { storageClass } = dataset;
  const { name, source, settings } = declaration;
  const size = settings.scratchSize ?? copySize(dataset, declaration, datasets, objects)?.text;
  if (size === undefined) {
    const because = `nothing says how much space one copy of it takes, which '${name}' needs besides`;
    return { because, line: 'scratch: Size.gibibytes(20)' };
  }
  // A node of the control plane may mount no volumes of a CSI driver.
  if (source.placement?.on === 'control-plane') return { size };
  const own = storageClass !== undefined && makesVolumes(storageClass, objects, platform) ? storageClass : undefined;
  const chosen = settings.scratchClass ?? platform.jobs?.scratchClass ?? own ?? defaultStorageClass(platform);
  const unfit = chosen === undefined ? undefined : whyUnfit(chosen, objects, platform);
  if (chosen !== undefined && unfit === undefined) return { size, storageClass: chosen };
  const property = `scratchClass: '${fitClass(objects, platform)}'`;
  return {
    because:
      chosen === undefined || unfit === undefined
        ? `nothing says which StorageClass the scratch volume of '${name}' is of`
        : `the scratch volume of '${name}' would be of the StorageClass '${chosen}', which ${unfit}`,
    line: settings.scratchClass === undefined ? `jobs: { ${property} }` : property,
  };
}

/** What a copy takes at most. A job that reads a volume puts the dump of a server beside it, as far as the size of that is seen. */
function copySize(
  dataset: AnsweredDataset,
  { source }: JobDeclaration,
  datasets: readonly AnsweredDataset[],
  objects: ObjectIndex,
): Quantity | undefined {
  const { storage } = dataset;
  if (storage === undefined || claimsReadBy(source).length === 0) return storage;
  const others = datasets.filter((each) => each !== dataset);
  return sumOfQuantities([
    storage,
    ...serversOf(source.peers, objects).flatMap((server) => databaseSizes(server, others)),
  ]);
}

/** Of the volumes with the files of a server; the log of a Cluster is in no dump. */
function databaseSizes(server: KubeObject, datasets: readonly AnsweredDataset[]): readonly Quantity[] {
  if (server.kind === 'Cluster' && groupOf(server.apiVersion) === CNPG_GROUP)
    return [at(server, 'spec'), ...listAt(server, 'spec', 'tablespaces')].flatMap(
      (each) => parseQuantity(at(each, 'storage', 'size')) ?? [],
    );
  return datasets
    .filter(({ claims }) => claims.some(({ namespace, name }) => mountsClaim(server, namespace, name)))
    .flatMap(({ storage }) => storage ?? []);
}

/** Why a scratch volume cannot be of a class, as the end of a sentence. */
function whyUnfit(name: string, objects: ObjectIndex, platform: Platform): string | undefined {
  if (!makesVolumes(name, objects, platform)) return 'makes no volumes: the pod would wait for one until the deadline';
  const isKept = textAt(seenClass(name, objects), 'reclaimPolicy') === 'Retain';
  return isKept ? 'retains what pods leave: every dump would be kept for ever, in the clear' : undefined;
}

/** A claim of a static volume names no class, or one that makes none (Kubernetes 1.36, pkg/controller/volume/persistentvolume). */
function makesVolumes(name: string, objects: ObjectIndex, { storageClasses = {} }: Platform): boolean {
  const seen = seenClass(name, objects);
  const provisioner = seen === undefined ? storageClasses[name]?.driver : textAt(seen, 'provisioner');
  return name !== '' && provisioner !== 'kubernetes.io/no-provisioner';
}

function seenClass(name: string, objects: ObjectIndex): KubeObject | undefined {
  return objects.object({ group: 'storage.k8s.io', kind: 'StorageClass', name })?.object;
}

/** A class that will do, the cluster's own default first. */
function fitClass(objects: ObjectIndex, platform: Platform): string {
  const byDefault = defaultStorageClass(platform);
  const names = [
    ...(byDefault === undefined ? [] : [byDefault]),
    ...Object.keys(platform.storageClasses ?? {}),
    ...objects.ofKind('storage.k8s.io', 'StorageClass').map(({ object }) => object.metadata.name),
  ];
  return names.find((name) => whyUnfit(name, objects, platform) === undefined) ?? 'ceph-block';
}
