/** The objects that carry out Velero's plans: Schedules, resource policies and storage locations. */
import { formatGoDuration } from '../../model/go-duration';
import type { KubeObject } from '../../model/kube-object';
import { secretNameOf, veleroPrefix, type Location } from '../../model/location';
import { MANAGED_BY } from '../../model/marks';
import { renderSchedule } from '../../model/schedule';
import { emitYaml } from '../../yaml/emit';
import type { PlannedSchedule, VeleroPlan } from './plan';
import { FIELDS_SAID_ELSEWHERE } from './settings';

/** The Secret with the password of Velero's repositories (Velero 1.18, pkg/repository/keys/keys.go). */
export const REPOSITORY_SECRET = 'velero-repo-credentials';

/** @param veleroNamespace where the server looks for its objects. */
export function objectsOfPlan(plan: VeleroPlan, veleroNamespace: string): readonly KubeObject[] {
  if (plan.schedules.length === 0) return [];
  return [
    policyObject(plan, veleroNamespace),
    ...plan.schedules.map((schedule) => scheduleObject(plan, schedule, veleroNamespace)),
  ];
}

function scheduleObject(plan: VeleroPlan, planned: PlannedSchedule, veleroNamespace: string): KubeObject {
  const { settings, namespace } = plan;
  const fileSystem = settings.volumes === 'fs-backup';
  // What is said elsewhere does not compile, and is refused.
  const furtherFields = Object.fromEntries(
    Object.entries(settings.template).filter(([field]) => !Object.hasOwn(FIELDS_SAID_ELSEWHERE, field)),
  );
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Schedule',
    metadata: { name: planned.name, namespace: veleroNamespace, labels: MANAGED_BY },
    spec: {
      schedule: renderSchedule(planned.schedule, 'Velero').schedule,
      // Deleting the Schedule from Git must not delete the Backups.
      useOwnerReferencesInBackup: false,
      template: {
        includedNamespaces: [namespace],
        // The tarball of manifests is not encrypted.
        ...(planned.location.trusted ? {} : { excludedResources: ['secrets'] }),
        storageLocation: planned.location.name,
        ttl: formatGoDuration(planned.keepSeconds),
        snapshotVolumes: !fileSystem,
        snapshotMoveData: planned.movesData && !fileSystem,
        // The server's own default may be another one.
        defaultVolumesToFsBackup: false,
        csiSnapshotTimeout: formatGoDuration(settings.csiSnapshotTimeoutSeconds),
        itemOperationTimeout: formatGoDuration(settings.itemOperationTimeoutSeconds),
        resourcePolicy: { kind: 'configmap', name: plan.policyName },
        ...furtherFields,
      },
    },
  };
}

function policyObject(plan: VeleroPlan, veleroNamespace: string): KubeObject {
  const volumePolicies = plan.rules.map(({ conditions, action }) => ({ conditions, action: { type: action } }));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: plan.policyName, namespace: veleroNamespace, labels: MANAGED_BY },
    // Velero reads exactly one key, whatever its name.
    data: { 'policy.yaml': emitYaml({ version: 'v1', volumePolicies }) },
  };
}

/** Where Velero stores what goes to a location. Nothing else may stand under its prefix. */
export function storageLocationObject(location: Location, cluster: string, veleroNamespace: string): KubeObject {
  const secret = secretNameOf(location);
  return {
    apiVersion: 'velero.io/v1',
    kind: 'BackupStorageLocation',
    metadata: { name: location.name, namespace: veleroNamespace, labels: MANAGED_BY },
    spec: {
      provider: 'aws',
      objectStorage: {
        bucket: location.bucket,
        prefix: veleroPrefix(location, cluster),
        ...(location.customCa ? { caCertRef: { name: secret, key: 'ca.crt' } } : {}),
      },
      credential: { name: secret, key: 'cloud' },
      config: {
        region: location.region,
        s3ForcePathStyle: String(location.pathStyle),
        s3Url: location.endpoint,
        // Empty: no checksum header, which Ceph and others refuse (velero-plugin-for-aws v1.14.3).
        ...(location.sendChecksums ? {} : { checksumAlgorithm: '' }),
      },
    },
  };
}
