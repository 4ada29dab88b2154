import { ApiObject, JsonPatch, Size } from 'cdk8s';
import { describe } from 'vitest';
import { BackedUpVolume, nightly } from '../../lib';
import { refuses } from '../support/rule-test';
import { offsite, platform } from '../support/scenario';

const storage = Size.gibibytes(20);
const backup = nightly({ to: offsite, keep: { daily: 7 } });

describe('the volume of a claim', () => {
  refuses('not-copied', [], 'one that the claim names and that nobody makes', {
    build: ({ chart }, changed) => {
      const volume = new BackedUpVolume(chart, 'data', { storage, backup });
      if (changed) ApiObject.of(volume).addJsonPatch(JsonPatch.add('/spec/volumeName', 'nope'));
    },
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Its volume 'nope' is not among the objects.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('not-copied', [], 'one of the class that the former annotation names', {
    build: ({ chart }, changed) => {
      const volume = new BackedUpVolume(chart, 'data', { storage, storageClass: 'ceph-block', backup });
      const { metadata } = ApiObject.of(volume);
      metadata.addAnnotation('volume.beta.kubernetes.io/storage-class', changed ? 'local-path' : 'ceph-block');
    },
    options: () => ({
      platform: { storageClasses: { ...platform.storageClasses, 'local-path': { driver: 'rancher.io/local-path' } } },
    }),
    says: `
      1 dataset that Velero will not copy: [not-copied]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          paperless-nightly-offsite: claim data: Its volume is hostPath, and snapshots need a CSI volume.
            what to do       change what the reason names, or choose another strategy
    `,
  });

  refuses('platform-malformed', [], 'one of a provisioner that makes folders, as if it had snapshots', {
    build: () => {},
    options: (changed) => ({
      platform: {
        storageClasses: {
          'local-path': { driver: 'rancher.io/local-path', ...(changed ? { snapshotClass: 'local-path' } : {}) },
        },
      },
    }),
    says: `
      1 statement about the platform that cannot be true: [platform-malformed]

        ✖ platform.storageClasses['local-path'].snapshotClass
            because          'rancher.io/local-path' makes hostPath volumes, and only CSI volumes have snapshots
            to fix           'local-path': { driver: 'rancher.io/local-path' }
    `,
  });
});
