import { ApiObject, Chart } from 'cdk8s';
import { describe } from 'vitest';
import { CephBucketWithBackupGrant, holds } from '../../lib';
import { nas, withRook } from '../support/buckets';
import { refuses } from '../support/rule-test';

function objectStore(scope: Chart): void {
  new ApiObject(scope, 'store', {
    apiVersion: 'ceph.rook.io/v1',
    kind: 'CephObjectStore',
    metadata: { name: 'store-a', namespace: 'rook-ceph' },
    spec: { gateway: { port: 80, instances: 1 }, allowUsersInNamespaces: ['backed-up'] },
  });
}

describe('Kustomizations', () => {
  refuses('flux-deadlock', [], 'do not wait for each other: a bucket, the user that reads it, and the store of both', {
    options: () => withRook,
    build: ({ app, chart }, changed) => {
      objectStore(changed ? chart : new Chart(app, 'storage'));
      new CephBucketWithBackupGrant(chart, 'media', {
        bucketName: 'media',
        storageClass: 'bucket-retain',
        backup: nas,
      });
    },
    says: `
      2 Kustomizations wait for themselves: [flux-deadlock]

        ✖ Kustomization flux-system/backup-user
            made by          flux
            because          it waits for flux-system/example
            what to do       move what one of them waits for into a chart of its own
        ✖ Kustomization flux-system/example
            made by          flux
            because          it waits for flux-system/backup-user
            what to do       move what one of them waits for into a chart of its own
    `,
  });

  refuses('flux-deadlock', [], 'do not wait for each other: those of files beside, over more than one', {
    build: ({ chart }) => {
      for (const name of ['rook', 'apps', 'config', 'last']) {
        holds(chart, { kustomization: name, namespace: 'flux-system' }, {});
      }
    },
    options: (changed) => ({
      files: {
        'flux/kustomizations.yaml': [
          kustomization('rook', []),
          kustomization('apps', ['config']),
          kustomization('config', [changed ? 'apps' : 'rook']),
          kustomization('last', ['apps']),
        ].join('---\n'),
      },
    }),
    says: `
      2 Kustomizations wait for themselves: [flux-deadlock]

        ✖ Kustomization flux-system/apps
            written in       flux/kustomizations.yaml:7
            because          it waits for flux-system/config
            what to do       move what one of them waits for into a chart of its own
        ✖ Kustomization flux-system/config
            written in       flux/kustomizations.yaml:13
            because          it waits for flux-system/apps
            what to do       move what one of them waits for into a chart of its own
    `,
  });
});

function kustomization(name: string, dependsOn: readonly string[]): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: flux-system }
spec:
  { interval: 1h, path: ./flux/${name}, prune: true, sourceRef: { kind: GitRepository, name: flux-system }, dependsOn: ${JSON.stringify(dependsOn.map((each) => ({ name: each })))} }
`;
}
