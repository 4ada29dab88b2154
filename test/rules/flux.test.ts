import { ApiObject, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { BackedUpVolume, backUp, elsewhere, exclude, nightly } from '../../lib';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario } from '../support/scenario';

const keep = { daily: 7 };
const storage = Size.gibibytes(20);

function cronJob(scope: Construct, args: readonly string[]): void {
  const containers = [{ name: 'dump', image: 'postgres:17.2', args }];
  new ApiObject(scope, 'cron-job', {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'dump' },
    spec: {
      schedule: '17 3 * * *',
      timeZone: 'Etc/UTC',
      jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers } } } },
    },
  });
}

const copiedByHand = elsewhere('A script on the NAS dumps it every night.', {
  failureDomain: 'site',
  rpo: Duration.hours(25),
});

function kustomization(path: string, field: string): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
  interval: 10m
  path: ${path}
  prune: true
  sourceRef: { kind: GitRepository, name: flux-system }
  ${field}
`;
}

describe('what Flux does', () => {
  refuses('substitution', ['K02', 'K17', 'K19'], 'a script that Flux would rewrite', {
    build: ({ chart }, changed) => {
      const annotations = changed ? {} : { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' };
      new k8s.KubeConfigMap(chart, 'script', {
        metadata: { name: 'dump', annotations },
        data: { 'dump.sh': '#!/bin/sh\n# keeps ${DAYS} days\nrm -rf "${DIR:?}/data"\n' },
      });
    },
    says: `
      1 text that Flux may rewrite: [substitution]

        ✖ ConfigMap paperless/dump
            made by          example/script
            because          data.dump.sh contains \${DAYS}
            to fix           ApiObject.of(…).metadata.addAnnotation('kustomize.toolkit.fluxcd.io/substitute', 'disabled')
    `,
  });

  refuses('substitution', ['K02'], 'two dollar signs in an argument', {
    build: ({ chart }, changed) => cronJob(chart, ['-c', changed ? 'echo $$' : 'echo $PPID']),
    says: `
      1 text that Flux may rewrite: [substitution]

        ✖ CronJob paperless/dump
            made by          example/cron-job
            because          dump.args[1] contains $$
            to fix           ApiObject.of(…).metadata.addAnnotation('kustomize.toolkit.fluxcd.io/substitute', 'disabled')
    `,
  });

  refuses('health-expressions', ['K08'], 'a Kustomization that waits for what is Ready at once', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'kustomization', {
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        kind: 'Kustomization',
        metadata: { name: 'apps', namespace: 'flux-system' },
        spec: {
          interval: '10m',
          path: './dist/example',
          prune: true,
          sourceRef: { kind: 'GitRepository', name: 'flux-system' },
          wait: true,
          ...(changed
            ? {}
            : {
                healthCheckExprs: [
                  {
                    apiVersion: 'objectbucket.io/v1alpha1',
                    kind: 'ObjectBucketClaim',
                    current: "status.phase == 'Bound'",
                  },
                ],
              }),
        },
      });
      new ApiObject(chart, 'media', {
        apiVersion: 'objectbucket.io/v1alpha1',
        kind: 'ObjectBucketClaim',
        metadata: { name: 'media' },
        spec: { bucketName: 'media', storageClassName: 'buckets' },
      });
      exclude(chart, { bucket: 'media' }, { reason: 'Thumbnails are made again from the originals.' });
    },
    says: `
      1 Kustomization is Ready before anything works: [health-expressions]

        ✖ Kustomization flux-system/apps
            made by          example/kustomization
            because          Flux calls objectbucket.io/ObjectBucketClaim healthy at once
            to fix           healthCheckExprs: [{ apiVersion: 'objectbucket.io/v1alpha1', kind: 'ObjectBucketClaim', current: "status.phase == 'Bound'", failed: "status.phase == 'Failed'" }]
    `,
  });

  refuses('health-expressions', ['K08'], 'one of this repository, for two kinds at once', {
    build: ({ chart }) => {
      backUp(chart, { postgres: 'db', namespace: 'shop' }, copiedByHand);
      exclude(chart, { bucket: 'media', namespace: 'shop' }, { reason: 'Thumbnails are made again on demand.' });
    },
    options: (changed) => ({
      files: {
        'clusters/shop.yaml': kustomization('./shop', changed ? 'wait: true' : 'wait: false'),
        'shop/media.yaml': `apiVersion: objectbucket.io/v1alpha1
kind: ObjectBucketClaim
metadata: { name: media, namespace: shop, annotations: { kustomize.toolkit.fluxcd.io/prune: disabled } }
spec: { bucketName: media, storageClassName: buckets }
`,
        'shop/db.yaml': `apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: { name: db, namespace: shop, annotations: { kustomize.toolkit.fluxcd.io/prune: disabled } }
spec: { instances: 1, storage: { size: 1Gi } }
`,
      },
    }),
    says: `
      1 Kustomization is Ready before anything works: [health-expressions]

        ✖ Kustomization flux-system/apps
            written in       clusters/shop.yaml:1
            because          Flux calls objectbucket.io/ObjectBucketClaim and postgresql.cnpg.io/Cluster healthy at once
            to fix           healthCheckExprs: [{ apiVersion: 'objectbucket.io/v1alpha1', kind: 'ObjectBucketClaim', current: "status.phase == 'Bound'", failed: "status.phase == 'Failed'" }, { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', current: "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')" }]
    `,
  });

  it('leaves the Kustomization of the output alone, which applies nothing but Kustomizations', () => {
    const { findings } = synthesizeScenario(
      ({ chart }) => void new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) }),
      { files: { 'clusters/bootstrap.yaml': kustomization('./dist/', 'wait: true') } },
    );
    expect(explain(findings)).toBe('');
  });

  refuses('pruned-data', ['K10'], 'a claim that Flux may delete', {
    build: ({ chart }, changed) => {
      const volume = new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      if (changed) ApiObject.of(volume).metadata.addAnnotation('kustomize.toolkit.fluxcd.io/prune', 'enabled');
    },
    says: `
      1 object with data that Flux would delete: [pruned-data]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            because          it lacks kustomize.toolkit.fluxcd.io/prune: disabled
            to fix           metadata.annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' }
    `,
  });

  refuses('pruned-data', ['K10'], 'a seed claim in a file beside', {
    build: ({ chart }) => backUp(chart, { claim: 'data', namespace: 'wiki' }, nightly({ to: offsite, keep })),
    options: (changed) => ({
      files: {
        'apps/wiki.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  namespace: wiki
  annotations:
    kustomize.toolkit.fluxcd.io/ssa: IfNotPresent
${changed ? '' : '    kustomize.toolkit.fluxcd.io/prune: disabled\n'}spec:
  accessModes: [ReadWriteOnce]
  resources: { requests: { storage: 8Gi } }
`,
      },
    }),
    says: `
      1 object with data that Flux would delete: [pruned-data]

        ✖ PersistentVolumeClaim wiki/data
            written in       apps/wiki.yaml:1
            because          it lacks kustomize.toolkit.fluxcd.io/prune: disabled
            to fix           metadata.annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' }
    `,
  });

  refuses('pruned-data', ['K11'], 'a namespace with data in a file beside', {
    build: ({ chart }) => void new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) }),
    options: (changed) => ({
      files: {
        'namespaces.yaml': `apiVersion: v1
kind: Namespace
metadata:
  name: paperless
${changed ? '' : '  annotations: { kustomize.toolkit.fluxcd.io/prune: disabled }\n'}`,
      },
    }),
    says: `
      1 object with data that Flux would delete: [pruned-data]

        ✖ Namespace paperless
            written in       namespaces.yaml:1
            because          with a namespace go all claims in it
            to fix           metadata.annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' }
    `,
  });

  refuses('pruned-data', ['K10'], 'a StatefulSet that takes its claims along', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'loki', {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'loki' },
        spec: {
          serviceName: 'loki',
          persistentVolumeClaimRetentionPolicy: { whenDeleted: changed ? 'Delete' : 'Retain' },
          selector: { matchLabels: { app: 'loki' } },
          template: {
            metadata: { labels: { app: 'loki' } },
            spec: { containers: [{ name: 'app', image: 'app:1.0' }] },
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      });
      backUp(chart, { statefulSet: 'loki', template: 'data' }, nightly({ to: offsite, keep }));
    },
    says: `
      1 object with data that Flux would delete: [pruned-data]

        ✖ StatefulSet paperless/loki
            made by          example/loki
            because          it takes its claims along when it is deleted (persistentVolumeClaimRetentionPolicy)
            to fix           whenDeleted: 'Retain'
    `,
  });
});
