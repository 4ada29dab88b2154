/** Which VolumeSnapshotClass Velero takes for a claim (pkg/util/csi/volume_snapshot.go, v1.18.3). */
import type { Labels } from '../model/label-selector';
import type { SnapshotClassView, Storage } from './storage';
import type { ClaimView } from './views';

const CLASS_KEY = 'velero.io/csi-volumesnapshot-class';
const DEFAULT_KEY = 'snapshot.storage.kubernetes.io/is-default-class';

/**
 * The class named by the claim, else the one named by the Backup for the driver, else the labelled one, else the
 * default one, else the only one of the driver. A name that means no class of the driver counts as no name.
 */
export function chooseSnapshotClass(
  driver: string,
  claim: ClaimView,
  backupAnnotations: Labels,
  storage: Storage,
): SnapshotClassView | undefined {
  const { snapshotClasses } = storage;
  const named = (name: string | undefined): SnapshotClassView | undefined =>
    snapshotClasses.find(
      (one) => one.name.toLowerCase() === name?.toLowerCase() && one.driver.toLowerCase() === driver.toLowerCase(),
    );
  const ofDriver = snapshotClasses.filter((one) => one.driver === driver);
  return (
    named(claim.annotations[CLASS_KEY]) ??
    named(backupAnnotations[`${CLASS_KEY}_${driver.toLowerCase()}`]) ??
    // The label and the annotation count whatever their values are, `false` too.
    ofDriver.find(({ labels }) => CLASS_KEY in labels) ??
    ofDriver.find(({ annotations }) => DEFAULT_KEY in annotations) ??
    (ofDriver.length === 1 ? ofDriver[0] : undefined)
  );
}

/** The class for a group of volumes, by the claim, the Backup or its label; one label alone must answer. */
export function chooseGroupSnapshotClass(
  driver: string,
  claim: ClaimView,
  backupAnnotations: Labels,
  storage: Storage,
): string | undefined {
  const named =
    claim.annotations['velero.io/csi-volume-group-snapshot-class'] ||
    backupAnnotations[`velero.io/csi-volumegroupsnapshot-class_${driver}`];
  if (named !== undefined && named !== '') return named;
  const labelled = storage.groupSnapshotClasses.filter(
    (one) => one.driver === driver && one.labels['velero.io/csi-volumegroupsnapshot-class'] === 'true',
  );
  return labelled.length === 1 ? labelled[0]?.name : undefined;
}
