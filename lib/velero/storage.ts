/** Storage and snapshot classes, as objects or as the platform declares them. */
import { compareText } from '../model/collections';
import { annotationsOf, labelsOf, textAt, type KubeObject } from '../model/kube-object';
import type { Labels } from '../model/label-selector';
import type { Platform } from '../model/platform';
import type { VolumeSource } from './views';

export interface StorageClassView {
  readonly name: string;
  readonly provisioner: string;
}

export interface SnapshotClassView {
  readonly name: string;
  readonly driver: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

export class Storage {
  /** Whether the objects show the cluster's classes, so that one that is not among them does not exist. */
  readonly isShown: boolean;
  readonly snapshotClasses: readonly SnapshotClassView[];
  readonly groupSnapshotClasses: readonly SnapshotClassView[];
  readonly #classes: ReadonlyMap<string, StorageClassView>;
  readonly #default: string | undefined;
  readonly #csiDrivers: ReadonlySet<string>;

  constructor(objects: readonly KubeObject[], declared: Platform['storageClasses'] = {}) {
    const classes = objects.filter(({ kind }) => kind === 'StorageClass');
    const ofObjects = classes.map((object) => ({
      name: object.metadata.name,
      provisioner: textAt(object, 'provisioner') ?? '',
    }));
    const ofPlatform = Object.entries(declared).map(([name, { driver }]) => ({ name, provisioner: driver }));
    this.#classes = new Map([...ofPlatform, ...ofObjects].map((storageClass) => [storageClass.name, storageClass]));
    this.isShown = classes.length > 0;
    this.#default =
      classes.filter(isDefaultClass).map(nameOf).toSorted(compareText)[0] ??
      Object.entries(declared).find(([, { isDefault }]) => isDefault === true)?.[0];
    const shown = viewClasses(objects, 'VolumeSnapshotClass');
    const drivers = new Set(shown.map(({ driver }) => driver));
    const promised = Object.values(declared).flatMap(({ driver, snapshotClass }) =>
      snapshotClass === undefined || drivers.has(driver)
        ? []
        : [{ name: snapshotClass, driver, labels: {}, annotations: {} }],
    );
    this.snapshotClasses = [...shown, ...new Map(promised.map((one) => [one.driver, one])).values()];
    this.groupSnapshotClasses = viewClasses(objects, 'VolumeGroupSnapshotClass');
    this.#csiDrivers = new Set([
      ...objects.filter(({ kind }) => kind === 'CSIDriver').map(nameOf),
      ...this.snapshotClasses.map(({ driver }) => driver),
    ]);
  }

  get(name: string): StorageClassView | undefined {
    return this.#classes.get(name);
  }

  /** The class of claims that name none. */
  get defaultName(): string | undefined {
    return this.#default;
  }

  /** Whether it can be told which snapshot classes a driver has. */
  knowsSnapshotClassesOf(driver: string): boolean {
    return (
      this.isShown ||
      this.snapshotClasses.length > 0 ||
      [...this.#classes.values()].some(({ provisioner }) => provisioner === driver)
    );
  }

  /** What a volume that a provisioner makes will be. */
  sourceOf(provisioner: string): VolumeSource {
    const type = this.#csiDrivers.has(provisioner) ? undefined : typeWithoutCsi(provisioner);
    return type === undefined ? { type: 'csi', csi: { driver: provisioner, attributes: {} } } : { type };
  }
}

/** Provisioners that make volumes of another type than CSI, by the beginning of their names. */
const NOT_CSI: readonly (readonly [string, string])[] = [
  ['rancher.io/local-path', 'hostPath'],
  ['microk8s.io/hostpath', 'hostPath'],
  ['k8s.io/minikube-hostpath', 'hostPath'],
  ['docker.io/hostpath', 'hostPath'],
  ['openebs.io/local', 'local'],
  ['k8s-sigs.io/nfs-subdir-external-provisioner', 'nfs'],
  ['cluster.local/', 'nfs'],
  ['kubernetes.io/aws-ebs', 'awsElasticBlockStore'],
  ['kubernetes.io/azure-disk', 'azureDisk'],
  ['kubernetes.io/azure-file', 'azureFile'],
  ['kubernetes.io/cinder', 'cinder'],
  ['kubernetes.io/gce-pd', 'gcePersistentDisk'],
  ['kubernetes.io/portworx-volume', 'portworxVolume'],
  ['kubernetes.io/rbd', 'rbd'],
  ['kubernetes.io/vsphere-volume', 'vsphereVolume'],
];

/** The type of the volumes of a provisioner that is known not to be a CSI driver. */
export function typeWithoutCsi(provisioner: string): string | undefined {
  return NOT_CSI.find(([prefix]) => provisioner.startsWith(prefix))?.[1];
}

function viewClasses(objects: readonly KubeObject[], kind: string): readonly SnapshotClassView[] {
  return objects
    .filter((object) => object.kind === kind)
    .map((object) => ({
      name: object.metadata.name,
      driver: textAt(object, 'driver') ?? '',
      labels: labelsOf(object),
      annotations: annotationsOf(object),
    }))
    .toSorted((a, b) => compareText(a.name, b.name));
}

function isDefaultClass(object: KubeObject): boolean {
  const annotations = annotationsOf(object);
  return (
    annotations['storageclass.kubernetes.io/is-default-class'] === 'true' ||
    annotations['storageclass.beta.kubernetes.io/is-default-class'] === 'true'
  );
}

function nameOf(object: KubeObject): string {
  return object.metadata.name;
}
