import { ApiObject, Duration, JsonPatch, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe } from 'vitest';
import {
  BackedUpVolume,
  backUp,
  nightly,
  s3Location,
  VeleroBackup,
  type Platform,
  type VeleroPlatform,
} from '../../lib';
import { refuses } from '../support/rule-test';
import { offsite, platform } from '../support/scenario';

const keep = { daily: 7 };
const storage = Size.gibibytes(20);

function volume(scope: Construct): BackedUpVolume {
  return new BackedUpVolume(scope, 'data', { storage, backup: nightly({ to: offsite, keep }) });
}

function policy(scope: Construct, yaml: string): void {
  new k8s.KubeConfigMap(scope, 'policy', {
    metadata: { name: 'own', namespace: 'velero' },
    data: { 'policy.yaml': yaml },
  });
}

const SKIP_UNBOUND = `version: v1
volumePolicies:
  - conditions: { pvcPhase: [Pending, Lost] }
    action: { type: skip }
`;

const ownTemplate = {
  includedNamespaces: ['paperless'],
  excludedResources: ['secrets'],
  storageLocation: 'offsite',
  snapshotVolumes: true,
  snapshotMoveData: true,
  resourcePolicy: { kind: 'configmap', name: 'own' },
};

/** A Schedule that somebody wrote by hand, complete and beyond reproach but for what a test changes. */
function ownSchedule(
  scope: Construct,
  template: Record<string, unknown> = {},
  spec: Record<string, unknown> = {},
  name = 'own',
): void {
  volume(scope);
  policy(scope, SKIP_UNBOUND);
  new ApiObject(scope, 'schedule', {
    apiVersion: 'velero.io/v1',
    kind: 'Schedule',
    metadata: { name, namespace: 'velero' },
    spec: {
      schedule: '0 4 * * *',
      template: { ...ownTemplate, ...template },
      ...spec,
    },
  });
}

function platformWith(velero: Partial<VeleroPlatform>, classes?: Platform['storageClasses']): Partial<Platform> {
  const stated: VeleroPlatform = {
    version: '1.18',
    enableCSI: true,
    nodeAgent: true,
    repositoryPassword: { keptIn: 'sealed envelope' },
    ...velero,
  };
  return { velero: stated, ...(classes === undefined ? {} : { storageClasses: classes }) };
}

const BLOCK = platform.storageClasses?.['ceph-block'] ?? { driver: '' };

describe('objects that stop Velero, or that it runs otherwise', () => {
  refuses('velero-duration', ['V01'], 'a duration with days', {
    build: ({ chart }, changed) => ownSchedule(chart, { ttl: changed ? '30d' : '720h0m0s' }),
    says: `
      1 duration that stops Velero: [velero-duration]

        ✖ Schedule velero/own
            made by          example/schedule
            because          ttl '30d' has the unit 'd', which Go does not know: its largest unit is h
            to fix           '720h0m0s'
    `,
  });

  refuses('velero-duration', ['V01'], 'a duration with days among the settings of our own Schedules', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', {
        itemOperationTimeout: Duration.hours(6),
        template: {
          hooks: {
            resources: [{ name: 'dump', pre: [{ exec: { command: ['dump'], timeout: changed ? '1d' : '24h0m0s' } }] }],
          },
        },
      });
    },
    says: `
      1 duration that stops Velero: [velero-duration]

        ✖ Schedule velero/paperless-nightly-offsite
            made by          example/velero
            because          the timeout of a hook '1d' has the unit 'd', which Go does not know: its largest unit is h
            to fix           '720h0m0s'
    `,
  });

  refuses('velero-duration', ['V01'], 'a duration with weeks in a Backup of one’s own', {
    build: ({ chart }, changed) => {
      ownSchedule(chart);
      new ApiObject(chart, 'backup', {
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { name: 'before-the-move', namespace: 'velero' },
        spec: { ...ownTemplate, ttl: changed ? '4w' : '672h0m0s' },
      });
    },
    says: `
      1 duration that stops Velero: [velero-duration]

        ✖ Backup velero/before-the-move
            made by          example/backup
            because          ttl '4w' has the unit 'w', which Go does not know: its largest unit is h
            to fix           '720h0m0s'
    `,
  });

  const durations: readonly {
    readonly kind: string;
    readonly field: string;
    readonly spec: (text: string) => object;
  }[] = [
    {
      kind: 'BackupStorageLocation',
      field: 'backupSyncPeriod',
      spec: (backupSyncPeriod) => ({ provider: 'aws', objectStorage: { bucket: 'old' }, backupSyncPeriod }),
    },
    {
      kind: 'BackupRepository',
      field: 'maintenanceFrequency',
      spec: (maintenanceFrequency) => ({
        backupStorageLocation: 'offsite',
        maintenanceFrequency,
        repositoryType: 'kopia',
        resticIdentifier: '',
        volumeNamespace: 'paperless',
      }),
    },
    {
      kind: 'Restore',
      field: 'itemOperationTimeout',
      spec: (itemOperationTimeout) => ({ backupName: 'before-the-move', itemOperationTimeout }),
    },
    {
      kind: 'Restore',
      field: 'waitTimeout',
      spec: (waitTimeout) => ({
        backupName: 'before-the-move',
        hooks: { resources: [{ name: 'wait', postHooks: [{ exec: { command: ['ready'], waitTimeout } }] }] },
      }),
    },
  ];
  for (const { kind, field, spec } of durations) {
    refuses('velero-duration', ['V01'], `${field} of a ${kind} in days`, {
      build: ({ chart }, changed) =>
        void new ApiObject(chart, 'object', {
          apiVersion: 'velero.io/v1',
          kind,
          metadata: { name: 'own', namespace: 'velero' },
          spec: spec(changed ? '1d' : '24h0m0s'),
        }),
      says: `
        1 duration that stops Velero: [velero-duration]

          ✖ ${kind} velero/own
              made by          example/object
              because          ${field} '1d' has the unit 'd', which Go does not know: its largest unit is h
              to fix           '720h0m0s'
      `,
    });
  }

  refuses('velero-never-runs', ['V02'], 'a day that no month has', {
    build: ({ chart }, changed) => ownSchedule(chart, {}, { schedule: changed ? '0 0 30 2 *' : '0 0 28 2 *' }),
    says: `
      1 Schedule that makes no Backups, or one every minute: [velero-never-runs]

        ✖ Schedule velero/own
            made by          example/schedule
            because          The time of its cron expression never comes: Velero makes a Backup every minute.
            what to do       correct the Schedule, or delete it
    `,
  });

  refuses('velero-never-runs', ['V02'], 'six fields', {
    build: ({ chart }, changed) => ownSchedule(chart, {}, { schedule: changed ? '0 0 4 * * *' : '0 4 * * *' }),
    says: `
      1 Schedule that makes no Backups, or one every minute: [velero-never-runs]

        ✖ Schedule velero/own
            made by          example/schedule
            because          Its cron expression is invalid: it has 6 fields, and Velero wants five.
            what to do       correct the Schedule, or delete it
    `,
  });

  refuses('velero-never-runs', ['V03'], 'a name of 64 characters', {
    build: ({ chart }, changed) =>
      ownSchedule(
        chart,
        {},
        {},
        `every-document-for-the-tax-office-and-all-of-the-insurance-pape${changed ? 's' : ''}`,
      ),
    says: `
      1 Schedule that makes no Backups, or one every minute: [velero-never-runs]

        ✖ Schedule velero/every-document-for-the-tax-office-and-all-of-the-insurance-papes
            made by          example/schedule
            because          Its name is no label value, being 64 characters long, and each of its Backups would have it as one: the API server refuses them. Only the log of the server says so.
            what to do       correct the Schedule, or delete it
    `,
  });

  refuses('velero-never-runs', ['V05'], 'a paused Schedule', {
    build: ({ chart }, changed) => ownSchedule(chart, {}, { paused: changed }),
    says: `
      1 Schedule that makes no Backups, or one every minute: [velero-never-runs]

        ✖ Schedule velero/own
            made by          example/schedule
            because          It is paused: Velero does not even check it.
            what to do       correct the Schedule, or delete it
    `,
  });

  refuses('velero-skip-immediately', ['V04'], 'a field that the server writes back', {
    build: ({ chart }, changed) => ownSchedule(chart, {}, changed ? { skipImmediately: true } : {}),
    says: `
      1 Schedule that Flux and Velero write in turn: [velero-skip-immediately]

        ✖ Schedule velero/own
            made by          example/schedule
            what to do       leave skipImmediately out
    `,
  });

  refuses('velero-refuses', ['V06'], 'a storage location that does not exist', {
    build: ({ chart }, changed) => ownSchedule(chart, { storageLocation: changed ? 'offsite2' : 'offsite' }),
    says: `
      1 Backup or Schedule that fails: [velero-refuses]

        ✖ Schedule velero/own
            made by          example/schedule
            because          FailedValidation: There is no BackupStorageLocation 'offsite2' in the namespace velero.
            what to do       correct what the reason names
    `,
  });

  refuses('velero-refuses', ['V06'], 'both selectors', {
    build: ({ chart }, changed) => {
      const selector = { matchExpressions: [{ key: 'backed-up/plan', operator: 'Exists' }] };
      ownSchedule(chart, { labelSelector: selector, ...(changed ? { orLabelSelectors: [selector] } : {}) });
    },
    says: `
      1 Backup or Schedule that fails: [velero-refuses]

        ✖ Schedule velero/own
            made by          example/schedule
            because          FailedValidation: labelSelector and orLabelSelectors are both given, and only one of them may be.
            what to do       correct what the reason names
    `,
  });

  refuses('velero-refuses', ['V08'], 'a namespace with the exclude label, named outright', {
    build: ({ chart }, changed) => {
      new k8s.KubeNamespace(chart, 'scratch', {
        metadata: { name: 'scratch', labels: { 'velero.io/exclude-from-backup': String(changed) } },
      });
      ownSchedule(chart, { includedNamespaces: ['paperless', 'scratch'] });
    },
    says: `
      1 Backup or Schedule that fails: [velero-refuses]

        ✖ Schedule velero/own
            made by          example/schedule
            because          FailedValidation: The namespace 'scratch' is included by its name and excluded by its label velero.io/exclude-from-backup=true.
            what to do       correct what the reason names
    `,
  });

  refuses('velero-policy-ignored', ['V14'], 'a volume type in capitals', {
    build: ({ chart }, changed) => {
      ownSchedule(chart, { resourcePolicy: { kind: 'configmap', name: 'types' } });
      new k8s.KubeConfigMap(chart, 'types', {
        metadata: { name: 'types', namespace: 'velero' },
        data: {
          p: `${SKIP_UNBOUND}  - conditions: { volumeTypes: [${changed ? 'NFS' : 'nfs'}] }\n    action: { type: skip }\n`,
        },
      });
    },
    says: `
      1 resource policy that Velero ignores in part: [velero-policy-ignored]

        ✖ ConfigMap velero/types
            made by          example/types
            because          volumePolicies[1]: 'NFS' in volumeTypes is none of awsElasticBlockStore, azureDisk, azureFile, cinder, cephfs, configMap, csi, downwardAPI, emptyDir, ephemeral, fc, flocker, flexVolume, gitRepo, glusterfs, gcePersistentDisk, hostPath, iscsi, local, nfs, photonPersistentDisk, portworxVolume, projected, quobyte, rbd, scaleIO, secret, storageOS, vsphereVolume
            what to do       correct the value
    `,
  });

  refuses('velero-policy-ignored', ['V13'], 'a policy that a Backup names by another kind', {
    build: ({ chart }, changed) => {
      ownSchedule(chart);
      new ApiObject(chart, 'backup', {
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { name: 'before-the-move', namespace: 'velero' },
        spec: {
          ...ownTemplate,
          resourcePolicy: { kind: changed ? 'ConfigMaps' : 'configmap', name: 'own' },
        },
      });
    },
    says: `
      1 resource policy that Velero ignores in part: [velero-policy-ignored]

        ✖ Backup velero/before-the-move
            made by          example/backup
            because          resourcePolicy.kind is 'ConfigMaps', and Velero reads only 'configmap': the policy is ignored
            to fix           resourcePolicy: { kind: 'configmap', name: 'own' }
    `,
  });

  refuses('velero-selects-nothing', ['V07'], 'a glob that matches no namespace', {
    build: ({ chart }, changed) => ownSchedule(chart, { includedNamespaces: [changed ? 'papers-*' : 'paper*'] }),
    says: `
      1 Backup or Schedule that selects nothing: [velero-selects-nothing]

        ✖ Schedule velero/own
            made by          example/schedule
            because          no namespace is left of 'papers-*'
            what to do       correct the name or the selector
    `,
  });

  refuses('velero-selects-nothing', ['V07'], 'nothing left after the exclusion', {
    build: ({ chart }, changed) => ownSchedule(chart, { excludedNamespaces: [changed ? 'paper*' : 'papers-*'] }),
    says: `
      1 Backup or Schedule that selects nothing: [velero-selects-nothing]

        ✖ Schedule velero/own
            made by          example/schedule
            because          no namespace is left of 'paperless'
            what to do       correct the name or the selector
    `,
  });

  refuses('velero-selects-nothing', ['V08'], 'a glob that matches only a namespace with the exclude label', {
    build: ({ chart }, changed) => {
      new k8s.KubeNamespace(chart, 'scratch', {
        metadata: { name: 'scratch', labels: { 'velero.io/exclude-from-backup': String(changed) } },
      });
      ownSchedule(chart, { includedNamespaces: ['scra*'] });
    },
    says: `
      1 Backup or Schedule that selects nothing: [velero-selects-nothing]

        ✖ Schedule velero/own
            made by          example/schedule
            because          no namespace is left of 'scra*'
            what to do       correct the name or the selector
    `,
  });

  refuses('velero-selects-nothing', ['V10'], 'a selector that matches only the namespace', {
    build: ({ chart }, changed) => {
      ownSchedule(chart, { labelSelector: { matchLabels: { 'backed-up/plan': changed ? 'weekly' : 'nightly' } } });
    },
    says: `
      1 Backup or Schedule that selects nothing: [velero-selects-nothing]

        ✖ Schedule velero/own
            made by          example/schedule
            because          its selector matches no claim and no pod
            what to do       correct the name or the selector
    `,
  });

  refuses('velero-selects-nothing', ['V11'], 'a misspelt kind among the included ones', {
    build: ({ chart }, changed) => {
      const kinds = ['pods', changed ? 'pvcs' : 'pvc', 'pv'];
      ownSchedule(chart, { excludedResources: undefined, includedResources: kinds });
    },
    says: `
      1 Backup or Schedule that selects nothing: [velero-selects-nothing]

        ✖ Schedule velero/own
            made by          example/schedule
            because          includedResources names 'pvcs', which no server knows; did you mean 'pvc'?
            what to do       write 'pvc' in includedResources
    `,
  });

  refuses('velero-selects-nothing', ['V11'], 'a misspelt kind among the excluded ones', {
    build: ({ chart }, changed) =>
      ownSchedule(chart, { excludedResources: ['secrets', changed ? 'eventss' : 'events'] }),
    says: `
      1 Backup or Schedule that selects nothing: [velero-selects-nothing]

        ✖ Schedule velero/own
            made by          example/schedule
            because          excludedResources names 'eventss', which no server knows; did you mean 'events'?
            what to do       write 'events' in excludedResources
    `,
  });

  refuses('velero-unbound-claim', ['V27'], 'no rule for claims that are not bound', {
    build: ({ chart }, changed) => ownSchedule(chart, changed ? { resourcePolicy: undefined } : {}),
    says: `
      1 Schedule that one unbound claim makes fail: [velero-unbound-claim]

        ✖ Schedule velero/own
            made by          example/schedule
            because          a claim of paperless that is not bound makes its Backups PartiallyFailed
            what to do       begin its volumePolicies with { conditions: { pvcPhase: [Pending, Lost] }, action: { type: skip } }
    `,
  });

  refuses('velero-secrets-in-clear', ['V37'], 'Secrets in a tarball that is not encrypted', {
    build: ({ chart }, changed) => ownSchedule(chart, { excludedResources: changed ? ['events'] : ['secrets'] }),
    says: `
      1 Backup or Schedule that writes Secrets in the clear: [velero-secrets-in-clear]

        ✖ Schedule velero/own
            made by          example/schedule
            because          'offsite' is not declared as trusted
            to fix           excludedResources: ['secrets']
            if it is trusted trusted: true
    `,
  });

  refuses(
    'velero-secrets-in-clear',
    ['V37'],
    'Secrets among the settings of our own Schedules, at a location that is not trusted',
    {
      build: ({ chart }, changed) => {
        const to = s3Location('far', {
          endpoint: 'https://s3.example.org',
          bucket: 'copies',
          failureDomain: 'offsite',
          keptIn: 'envelope',
          trusted: !changed,
        });
        new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
        new VeleroBackup(chart, 'velero', { template: { excludedResources: ['events'] } });
      },
      says: `
      1 Backup or Schedule that writes Secrets in the clear: [velero-secrets-in-clear]

        ✖ Schedule velero/paperless-nightly-far
            made by          example/velero
            because          'far' is not declared as trusted
            to fix           excludedResources: ['secrets']
            if it is trusted trusted: true
    `,
    },
  );

  refuses('velero-shared-prefix', ['V39'], 'a storage location with other backups below its prefix', {
    build: ({ chart }, changed) => {
      volume(chart);
      new ApiObject(chart, 'location', {
        apiVersion: 'velero.io/v1',
        kind: 'BackupStorageLocation',
        metadata: { name: 'own', namespace: 'velero' },
        spec: {
          provider: 'aws',
          objectStorage: { bucket: 'home-backups', prefix: changed ? 'home' : 'others/velero' },
          config: { s3Url: 'https://s3.example.net', region: 'us-east-1' },
        },
      });
    },
    says: `
      1 storage location is not alone in its prefix: [velero-shared-prefix]

        ✖ BackupStorageLocation velero/own
            made by          example/location
            because          BackupStorageLocation offsite is stored below its prefix 'home/'
            to fix           prefix: 'own'
    `,
  });

  refuses('velero-repository-password', ['V26'], 'the password that everybody knows', {
    build: ({ chart }) => void volume(chart),
    options: (changed) => ({
      platform: platformWith(changed ? { repositoryPassword: undefined as never } : {}),
    }),
    says: `
      Velero encrypts with a password that everybody knows: [velero-repository-password]

        ✖ Secret velero/velero-repo-credentials
            to fix           repositoryPassword: { keptIn: 'where they are kept outside the cluster' }
    `,
  });
});

describe('volumes that Velero leaves out without a word', () => {
  refuses('not-copied', ['V09'], 'the exclude label on a claim', {
    build: ({ chart }, changed) => {
      const claim = ApiObject.of(volume(chart));
      claim.metadata.addLabel(changed ? 'velero.io/exclude-from-backup' : 'example.com/other', 'true');
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: It is not in the Backup: it has the label velero.io/exclude-from-backup=true.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V12'], 'a filter that leaves the PersistentVolume behind', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', {
        template: { excludedResources: ['secrets', changed ? 'persistentvolumes' : 'events'] },
      });
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: A CSI snapshot is taken and its data moved to the storage location, but Velero does not record it: its volume is not in the Backup, because the resource filters leave out persistentvolumes.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V12'], 'cluster-scoped objects switched off', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', { template: changed ? { includeClusterResources: false } : {} });
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: A CSI snapshot is taken and its data moved to the storage location, but Velero does not record it: its volume is not in the Backup, because the resource filters leave out persistentvolumes.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V11', 'V12'], 'a list of kinds without PersistentVolumes', {
    build: ({ chart }, changed) => {
      volume(chart);
      const included = ['persistentvolumeclaims', 'pods', ...(changed ? [] : ['persistentvolumes'])];
      new VeleroBackup(chart, 'velero', { template: { excludedResources: undefined, includedResources: included } });
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: A CSI snapshot is taken and its data moved to the storage location, but Velero does not record it: its volume is not in the Backup, because the resource filters leave out persistentvolumes.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V10'], 'a selector that the claim does not meet', {
    build: ({ chart }, changed) => {
      ApiObject.of(volume(chart)).metadata.addLabel('app', 'paperless');
      new VeleroBackup(chart, 'velero', {
        template: { labelSelector: { matchLabels: { app: changed ? 'wiki' : 'paperless' } } },
      });
      // Something for the selector to match.
      new k8s.KubePod(chart, 'wiki', {
        metadata: { name: 'wiki', labels: { app: 'wiki' } },
        spec: { containers: [{ name: 'wiki', image: 'wiki:1.0' }] },
      });
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: It is not in the Backup: the label selector does not match it.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V15'], 'a policy of one’s own whose first rule skips', {
    build: ({ chart }, changed) => {
      volume(chart);
      const snapshot = '  - conditions: {}\n    action: { type: snapshot }\n';
      const skip = '  - conditions: { capacity: "1Gi," }\n    action: { type: skip }\n';
      policy(chart, SKIP_UNBOUND + (changed ? skip + snapshot : snapshot + skip));
      new VeleroBackup(chart, 'velero', { template: { resourcePolicy: { kind: 'configmap', name: 'own' } } });
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Rule 2 of the policy says skip.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V15'], 'an action that no plugin knows', {
    build: ({ chart }, changed) => {
      volume(chart);
      policy(chart, `${SKIP_UNBOUND}  - conditions: {}\n    action: { type: ${changed ? 'custom' : 'snapshot'} }\n`);
      new VeleroBackup(chart, 'velero', { template: { resourcePolicy: { kind: 'configmap', name: 'own' } } });
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Rule 2 of the policy says custom, which Velero leaves to plugins.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V16', 'V24'], 'a class whose volumes are not CSI', {
    build: ({ chart }) => void volume(chart),
    options: (changed) => ({
      platform: {
        storageClasses: changed
          ? { local: { driver: 'rancher.io/local-path', isDefault: true } }
          : { local: { ...BLOCK, isDefault: true } },
      },
    }),
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Its volume is hostPath, and snapshots need a CSI volume.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V16', 'V23'], 'a statically provisioned NFS volume, which the policy gives to snapshots', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'share', {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'share' },
        spec: {
          capacity: { storage: '20Gi' },
          accessModes: ['ReadWriteMany'],
          storageClassName: 'ceph-block',
          claimRef: { namespace: 'paperless', name: 'data' },
          ...(changed
            ? { nfs: { server: 'nas', path: '/data' } }
            : { csi: { driver: 'rook-ceph.rbd.csi.ceph.com', volumeHandle: 'one' } }),
        },
      });
      const claim = new BackedUpVolume(chart, 'data', {
        storage,
        storageClass: 'ceph-block',
        accessModes: ['ReadWriteMany'],
        backup: nightly({ to: offsite, keep }),
      });
      ApiObject.of(claim).addJsonPatch(JsonPatch.add('/spec/volumeName', 'share'));
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Its volume is nfs, and snapshots need a CSI volume.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V17'], 'a server without EnableCSI', {
    build: ({ chart }) => void volume(chart),
    options: (changed) => ({ platform: platformWith({ enableCSI: !changed }) }),
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: The server runs without --features=EnableCSI.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  const owned: readonly {
    readonly rows: readonly string[];
    readonly field: string;
    readonly value: unknown;
    readonly fix: string;
  }[] = [
    {
      rows: ['V18'],
      field: 'snapshotVolumes',
      value: false,
      fix: `say volumes: 'fs-backup' of VeleroBackup, or make the strategy snapshotted`,
    },
    {
      rows: ['V25'],
      field: 'snapshotMoveData',
      value: false,
      fix: `say volumes: 'fs-backup' of VeleroBackup, or make the strategy snapshotted`,
    },
    { rows: [], field: 'ttl', value: '24h0m0s', fix: 'say it in the strategy: keep' },
    {
      rows: ['W03'],
      field: 'itemOperationTimeout',
      value: '72h0m0s',
      fix: 'say itemOperationTimeout of VeleroBackup itself',
    },
  ];
  for (const { rows, field, value, fix } of owned) {
    refuses('velero-settings', rows, `${field} in untyped code, which something else says`, {
      build: ({ chart }, changed) => {
        volume(chart);
        const template = changed ? { [field]: value } : { hooks: { resources: [] } };
        new VeleroBackup(chart, 'velero', { template: template as never });
      },
      says: `
        1 setting of Velero's Backups that is said elsewhere, or nowhere: [velero-settings]

          ✖ VeleroBackup of namespace paperless
              made by          example/velero
              because          its template gives ${field}
              what to do       ${fix}
      `,
    });
  }

  refuses('velero-settings', [], 'a way of copying that is none, in untyped code', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', { volumes: (changed ? 'fsbackup' : 'data-mover') as never });
    },
    says: `
      1 setting of Velero's Backups that is said elsewhere, or nowhere: [velero-settings]

        ✖ VeleroBackup of namespace paperless
            made by          example/velero
            because          volumes is 'fsbackup'
            to fix           volumes: 'data-mover'
    `,
  });

  refuses('velero-settings', ['W03'], 'time-outs in which nothing is copied', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', {
        csiSnapshotTimeout: changed ? Duration.seconds(6) : Duration.minutes(1),
        itemOperationTimeout: changed ? Duration.millis(500) : Duration.minutes(10),
      });
    },
    says: `
      2 settings of Velero's Backups that are said elsewhere, or nowhere: [velero-settings]

        ✖ VeleroBackup of namespace paperless
            made by          example/velero
            because          csiSnapshotTimeout is 6 s, and no copy is made in that time
            to fix           csiSnapshotTimeout: Duration.minutes(1)
        ✖ VeleroBackup of namespace paperless
            made by          example/velero
            because          itemOperationTimeout is 0 s, and no copy is made in that time
            to fix           itemOperationTimeout: Duration.minutes(10)
    `,
  });

  refuses('velero-refuses', ['V25'], 'data movement without a node agent', {
    build: ({ chart }) => void volume(chart),
    options: (changed) => ({ platform: platformWith({ nodeAgent: !changed }) }),
    says: `
      1 Backup or Schedule that fails: [velero-refuses]

        ✖ Schedule velero/paperless-nightly-offsite
            made by          example/velero
            because          PartiallyFailed: PersistentVolumeClaim paperless/data cannot be backed up: data movement needs a node agent, and none is ready.
            what to do       correct what the reason names
    `,
  });

  refuses('velero-refuses', [], 'a CSI class without a snapshot class', {
    build: ({ chart }) => void volume(chart),
    options: (changed) => ({
      platform: platformWith({}, { 'ceph-block': changed ? { driver: BLOCK.driver, isDefault: true } : BLOCK }),
    }),
    says: `
      1 Backup or Schedule that fails: [velero-refuses]

        ✖ Schedule velero/paperless-nightly-offsite
            made by          example/velero
            because          PartiallyFailed: PersistentVolumeClaim paperless/data cannot be backed up: the driver rook-ceph.rbd.csi.ceph.com has no VolumeSnapshotClass.
            what to do       correct what the reason names
    `,
  });

  refuses('velero-refuses', [], 'a CSI volume that is bound without a class', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'disk', {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'disk' },
        spec: {
          capacity: { storage: '20Gi' },
          accessModes: ['ReadWriteOnce'],
          storageClassName: changed ? '' : 'ceph-block',
          csi: { driver: BLOCK.driver, volumeHandle: 'one' },
        },
      });
      const claim = volume(chart);
      ApiObject.of(claim).addJsonPatch(JsonPatch.add('/spec/volumeName', 'disk'));
      ApiObject.of(claim).addJsonPatch(JsonPatch.add('/spec/storageClassName', changed ? '' : 'ceph-block'));
    },
    says: `
      1 Backup or Schedule that fails: [velero-refuses]

        ✖ Schedule velero/paperless-nightly-offsite
            made by          example/velero
            because          PartiallyFailed: PersistentVolumeClaim paperless/data cannot be backed up: its storageClassName is empty, and the snapshot class is found by it.
            what to do       correct what the reason names
    `,
  });

  refuses('velero-refuses', [], 'a claim without a class where none is the default', {
    build: ({ chart }) => void volume(chart),
    options: (changed) => ({ platform: platformWith({}, { 'ceph-block': { ...BLOCK, isDefault: !changed } }) }),
    says: `
      1 Backup or Schedule that fails: [velero-refuses]

        ✖ Schedule velero/paperless-nightly-offsite
            made by          example/velero
            because          PartiallyFailed: PersistentVolumeClaim paperless/data cannot be backed up: it has no storage class.
            what to do       correct what the reason names
    `,
  });

  refuses('not-copied', [], 'a class that nobody knows', {
    build: ({ chart }, changed) => {
      new BackedUpVolume(chart, 'data', {
        storage,
        storageClass: changed ? 'ceph-blok' : 'ceph-block',
        backup: nightly({ to: offsite, keep }),
      });
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Its storage class 'ceph-blok' is neither among the objects nor in the platform.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', [], 'a storage location that was patched to another bucket', {
    build: ({ app, chart }, changed) => {
      volume(chart);
      // Another repository of the cluster answers for the location, and this one has a copy of it.
      new ApiObject(chart, 'location', {
        apiVersion: 'velero.io/v1',
        kind: 'BackupStorageLocation',
        metadata: { name: 'offsite', namespace: 'velero' },
        spec: {
          provider: 'aws',
          objectStorage: { bucket: changed ? 'old-backups' : 'home-backups', prefix: 'home/velero' },
          config: { region: 'us-east-1', s3Url: 'https://s3.example.net' },
        },
      });
      void app;
    },
    options: () => ({
      props: {
        etcd: undefined as never,
        fluxRepository: undefined as never,
        certificates: undefined as never,
        keys: undefined as never,
        clusterWide: 'The repository home/cluster answers for them.',
      } as never,
    }),
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite does not write to the bucket of 'offsite'
            what to do       change what the reason names, or choose another strategy
    `,
  });
});

describe('file-system backup, for storage without snapshots', () => {
  function app(scope: Construct, spec: Partial<k8s.PodSpec> = {}, replicas = 1): void {
    const labels = { app: 'paperless' };
    new k8s.KubeDeployment(scope, 'app', {
      metadata: { name: 'app' },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [{ name: 'app', image: 'app:1.0', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
            ...spec,
          },
        },
      },
    });
  }

  refuses('not-copied', ['V19', 'V23'], 'a claim that no pod mounts', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', { volumes: 'fs-backup' });
      if (!changed) app(chart);
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Rule 2 of the policy says fs-backup; nothing reads its files: no running pod mounts the claim.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V20'], 'an application that is scaled to nothing', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', { volumes: 'fs-backup' });
      app(chart, {}, changed ? 0 : 1);
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Rule 2 of the policy says fs-backup; nothing reads its files: no running pod mounts the claim.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V20'], 'a claim that only a CronJob mounts', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', { volumes: 'fs-backup' });
      if (!changed) app(chart);
      new k8s.KubeCronJob(chart, 'import', {
        metadata: { name: 'import' },
        spec: {
          schedule: '0 3 * * *',
          jobTemplate: {
            spec: {
              template: {
                spec: {
                  restartPolicy: 'Never',
                  containers: [
                    { name: 'import', image: 'import:1.0', volumeMounts: [{ name: 'data', mountPath: '/data' }] },
                  ],
                  volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
                },
              },
            },
          },
        },
      });
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: File-system backup reads only running pods, and CronJob paperless/import has pods for a short time only.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V21'], 'a volume that is a path of a node', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'disk', {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'disk' },
        spec: {
          capacity: { storage: '20Gi' },
          accessModes: ['ReadWriteOnce'],
          claimRef: { namespace: 'paperless', name: 'data' },
          ...(changed ? { hostPath: { path: '/srv/data' } } : { local: { path: '/srv/data' } }),
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['one'] }] },
              ],
            },
          },
        },
      });
      const claim = volume(chart);
      ApiObject.of(claim).addJsonPatch(JsonPatch.add('/spec/volumeName', 'disk'));
      ApiObject.of(claim).addJsonPatch(JsonPatch.add('/spec/storageClassName', ''));
      new VeleroBackup(chart, 'velero', { volumes: 'fs-backup' });
      app(chart);
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: File-system backup cannot read hostPath volumes.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', ['V22'], 'pods that the filter leaves out', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', {
        volumes: 'fs-backup',
        template: { excludedResources: ['secrets', changed ? 'pods' : 'events'] },
      });
      app(chart);
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Rule 2 of the policy says fs-backup; nothing reads its files: Deployment paperless/app, which mounts the claim, is not in the Backup: the resource filters leave out pods.
            what to do       change what the reason names, or choose another strategy
    `,
  });
});

describe('claims of somebody else’s objects', () => {
  refuses('not-copied', [], 'a claim of a file beside with the exclude label', {
    build: ({ chart }) => backUp(chart, { claim: 'data', namespace: 'wiki' }, nightly({ to: offsite, keep })),
    options: (changed) => ({
      files: {
        'apps/wiki.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  namespace: wiki
  labels: { velero.io/exclude-from-backup: "${String(changed)}" }
  annotations: { kustomize.toolkit.fluxcd.io/prune: disabled }
spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 8Gi } }
`,
      },
    }),
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim wiki/data (8Gi)
            written in       apps/wiki.yaml:1
            because          wiki-nightly-offsite: claim data: It is not in the Backup: it has the label velero.io/exclude-from-backup=true.
            what to do       change what the reason names, or choose another strategy
    `,
  });
});
