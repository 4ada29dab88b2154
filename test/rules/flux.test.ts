import { ApiObject, Duration, JsonPatch, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import {
  BackedUpStatefulSet,
  BackedUpVolume,
  backUp,
  elsewhere,
  exclude,
  excluded,
  holds,
  nightly,
  ScratchVolume,
} from '../../lib';
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

function helmRelease(name: string, annotation = ''): string {
  return `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: ${name}, namespace: media, annotations: { ${annotation} } }
spec: { interval: 1h, chartRef: { kind: HelmChart, name: ${name} } }
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
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
    `,
  });

  refuses('substitution', ['K02'], 'two dollar signs in an argument', {
    build: ({ chart }, changed) => cronJob(chart, ['-c', changed ? 'echo $$' : 'echo $PPID']),
    says: `
      1 text that Flux may rewrite: [substitution]

        ✖ CronJob paperless/dump
            made by          example/cron-job
            because          dump.args[1] contains $$
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
    `,
  });

  refuses('substitution', ['K02', 'K17'], 'hooks, probes, variables and files that are scripts by what they hold', {
    build: ({ chart }, changed) => {
      const text = `rm -rf "${changed ? '${DIR:?}' : '$DIR'}/data"`;
      const command = ['sh', '-c', text];
      const pod = (name: string, container: Partial<k8s.Container>, annotations = {}): void =>
        void new k8s.KubePod(chart, name, {
          metadata: { name, annotations },
          spec: { containers: [{ name: 'app', image: 'app:1.0', ...container }] },
        });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      pod('hook', {}, { 'pre.hook.backup.velero.io/command': JSON.stringify(command) });
      pod('lifecycle', { lifecycle: { preStop: { exec: { command } } } });
      pod('probe', { startupProbe: { exec: { command } } });
      pod('variable', { env: [{ name: 'CLEAN', value: text }] });
      new k8s.KubeConfigMap(chart, 'bare', { metadata: { name: 'bare' }, data: { entrypoint: `set -e\n${text}\n` } });
      new ApiObject(chart, 'schedule', {
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { name: 'before-upgrade', namespace: 'velero' },
        spec: {
          includedNamespaces: ['paperless'],
          excludedResources: ['secrets'],
          storageLocation: 'offsite',
          hooks: { resources: [{ name: 'clean', pre: [{ exec: { command } }] }] },
        },
      });
    },
    says: `
      6 texts that Flux may rewrite: [substitution]

        ✖ Backup velero/before-upgrade
            made by          example/schedule
            because          spec.hooks.resources[0].pre[0].exec.command[2] contains \${DIR:?}
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
        ✖ ConfigMap paperless/bare
            made by          example/bare
            because          data.entrypoint contains \${DIR:?}
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
        ✖ Pod paperless/hook
            made by          example/hook
            because          pre.hook.backup.velero.io/command contains \${DIR:?}
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
        ✖ Pod paperless/lifecycle
            made by          example/lifecycle
            because          app.lifecycle.preStop.exec.command[2] contains \${DIR:?}
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
        ✖ Pod paperless/probe
            made by          example/probe
            because          app.startupProbe.exec.command[2] contains \${DIR:?}
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
        ✖ Pod paperless/variable
            made by          example/variable
            because          app.env.CLEAN contains \${DIR:?}
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
    `,
  });

  refuses('substitution', ['K02'], 'files that containers execute', {
    build: ({ chart }, changed) => {
      for (const name of ['run', 'runnable', 'settings']) {
        const text = 'echo ${GREETING}';
        new k8s.KubeConfigMap(chart, name, { metadata: { name }, data: { 'file.txt': text } });
      }
      const args = changed ? ['/run/file.txt'] : ['--settings=/run/file.txt'];
      const mode = changed ? 0o755 : 0o644;
      new k8s.KubePod(chart, 'pod', {
        metadata: { name: 'pod' },
        spec: {
          containers: [
            {
              name: 'app',
              image: 'app:1.0',
              command: ['/bin/sh', '-e'],
              args: [...args, '$(GREETING)', '/settings/file.txt'],
              env: [{ name: 'GREETING', value: 'Hello $(USER)' }],
              volumeMounts: [
                { name: 'run', mountPath: '/run' },
                { name: 'settings', mountPath: '/settings' },
              ],
            },
          ],
          volumes: [
            { name: 'run', configMap: { name: 'run' } },
            { name: 'runnable', configMap: { name: 'runnable', defaultMode: mode } },
            { name: 'settings', configMap: { name: 'settings' } },
          ],
        },
      });
    },
    says: `
      2 texts that Flux may rewrite: [substitution]

        ✖ ConfigMap paperless/run
            made by          example/run
            because          data.file.txt contains \${GREETING}
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
        ✖ ConfigMap paperless/runnable
            made by          example/runnable
            because          data.file.txt contains \${GREETING}
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' } }
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

  refuses('health-expressions', ['K08'], 'one that waits for a Prometheus and an OpenSearch', {
    build: ({ chart }) => {
      const reason = 'Old measurements and logs are not missed.';
      exclude(chart, { prometheus: 'main', namespace: 'shop' }, { reason });
      exclude(chart, { openSearch: 'logs', namespace: 'shop' }, { reason });
    },
    options: (changed) => ({
      files: {
        'clusters/shop.yaml': kustomization('./shop', changed ? 'wait: true' : 'wait: false'),
        'shop/prometheus.yaml': `apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: { name: main, namespace: shop, annotations: { kustomize.toolkit.fluxcd.io/prune: disabled } }
spec: { storage: { volumeClaimTemplate: { spec: { resources: { requests: { storage: 50Gi } } } } } }
`,
        'shop/logs.yaml': `apiVersion: opensearch.org/v1
kind: OpenSearchCluster
metadata: { name: logs, namespace: shop, annotations: { kustomize.toolkit.fluxcd.io/prune: disabled } }
spec:
  general: { serviceName: logs, version: 3.0.0 }
  nodePools: [{ component: nodes, replicas: 1, diskSize: 30Gi, roles: [data, cluster_manager] }]
`,
      },
    }),
    says: `
      1 Kustomization is Ready before anything works: [health-expressions]

        ✖ Kustomization flux-system/apps
            written in       clusters/shop.yaml:1
            because          Flux calls monitoring.coreos.com/Prometheus and opensearch.org/OpenSearchCluster healthy at once
            to fix           healthCheckExprs: [{ apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus', current: "status.conditions.exists(c, c.type == 'Available' && c.status == 'True')" }, { apiVersion: 'opensearch.org/v1', kind: 'OpenSearchCluster', current: "status.health in ['green', 'yellow']" }]
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
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } }
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
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } }
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
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } }
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
            because          it takes its claims along when it is deleted
            to fix           persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' }
    `,
  });

  refuses('pruned-data', [], 'a StatefulSet that deletes the claims of replicas that it no longer has', {
    build: ({ chart }, changed) => {
      const template = { spec: { containers: [{ name: 'app', image: 'app:1.0' }] } };
      const policy = { persistentVolumeClaimRetentionPolicy: { whenScaled: changed ? 'Delete' : 'Retain' } };
      const backup = nightly({ to: offsite, keep });
      const spec = { podTemplate: template, replicas: 3, spec: policy };
      new BackedUpStatefulSet(chart, 'loki', { ...spec, volumes: { data: { storage, backup } } });
      // Losing these is acceptable.
      const scratch = 'Filled again from the originals on demand.';
      const along = { persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' } };
      new BackedUpStatefulSet(chart, 'cache', { ...spec, spec: along, volumes: { data: { storage, scratch } } });
    },
    says: `
      1 object with data that Flux would delete: [pruned-data]

        ✖ StatefulSet paperless/loki
            made by          example/loki
            because          it deletes the claims of replicas that it no longer has
            to fix           persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' }
    `,
  });

  refuses('pruned-data', ['K10'], 'a Helm release in a file beside, which Helm would uninstall with its claims', {
    build: ({ chart }) => {
      const backup = nightly({ to: offsite, keep });
      holds(chart, { helmRelease: 'registry', namespace: 'media' }, { data: { storage, backup } });
      const reason = excluded('A cache, filled again on demand.');
      holds(
        chart,
        { helmRelease: 'cache', namespace: 'media' },
        { files: { storage, namespace: 'cache', backup: reason } },
      );
    },
    options: (changed) => ({
      files: {
        'registry.yaml': `${helmRelease('cache')}---\n${helmRelease('registry', changed ? '' : 'kustomize.toolkit.fluxcd.io/prune: disabled')}`,
      },
    }),
    says: `
      1 object with data that Flux would delete: [pruned-data]

        ✖ HelmRelease media/registry
            written in       registry.yaml:6
            because          with it go the claims that it makes
            to fix           metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' } }
    `,
  });

  it('lets a Kustomization hold data that leaves its objects behind', () => {
    const foreign = (field: string): string =>
      kustomization('./apps', field)
        .replace('name: flux-system }', 'name: apps }')
        .replace('prune: true', 'force: true');
    for (const field of ['prune: false', 'prune: true\n  deletionPolicy: Orphan']) {
      const { findings } = synthesizeScenario(
        ({ chart }) => {
          const backup = nightly({ to: offsite, keep });
          const ref = { kustomization: 'apps', namespace: 'flux-system' };
          holds(chart, ref, { data: { storage, namespace: 'apps', backup } });
        },
        { files: { 'apps.yaml': foreign(field) } },
      );
      expect(explain(findings)).toBe('');
    }
  });

  refuses('recreated-data', [], 'a claim that Flux may make anew', {
    build: ({ chart }, changed) => {
      const volume = new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      const force = ['kustomize.toolkit.fluxcd.io/force', changed ? 'Enabled' : 'disabled'] as const;
      ApiObject.of(volume).metadata.addLabel(...force);
      const scratch = new ScratchVolume(chart, 'cache', { storage, reason: 'Fetched again on demand.' });
      ApiObject.of(scratch).metadata.addAnnotation('kustomize.toolkit.fluxcd.io/force', 'enabled');
    },
    says: `
      1 object that Flux would rather replace than fail: [recreated-data]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            what to do       remove kustomize.toolkit.fluxcd.io/force from it
    `,
  });

  refuses('recreated-data', [], 'a Kustomization that forces all it applies', {
    build: ({ chart }) => backUp(chart, { claim: 'data', namespace: 'media' }, nightly({ to: offsite, keep })),
    options: (changed) => ({
      files: {
        'clusters/media.yaml': kustomization('./media', `force: ${changed}`),
        'media/claim.yaml': `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
  namespace: media
  annotations: { kustomize.toolkit.fluxcd.io/prune: disabled }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`,
      },
    }),
    says: `
      1 object that Flux would rather replace than fail: [recreated-data]

        ✖ Kustomization flux-system/apps
            written in       clusters/media.yaml:1
            because          it applies PersistentVolumeClaim media/data
            to fix           force: false
            what to do       annotate the objects that need it with kustomize.toolkit.fluxcd.io/force: 'enabled'
    `,
  });

  refuses('unapplied-claim', [], 'a claim that kustomize keeps for itself', {
    build: ({ chart }, changed) => {
      const volume = new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      // The annotations of a claim are there to be patched.
      const annotation = changed ? 'config.kubernetes.io~1local-config' : 'example.com~1note';
      ApiObject.of(volume).addJsonPatch(JsonPatch.add(`/metadata/annotations/${annotation}`, 'true'));
    },
    says: `
      1 claim that Flux does not apply as it is written: [unapplied-claim]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            because          config.kubernetes.io/local-config keeps kustomize from passing it on
            what to do       remove what tells Flux so
    `,
  });

  const applying = {
    interval: '10m',
    path: './dist',
    prune: true,
    sourceRef: { kind: 'GitRepository', name: 'flux-system' },
  };
  const reading = { interval: '1m', url: 'ssh://git@git.example.net/home/cluster.git', ref: { branch: 'main' } };
  for (const { kind, field, because } of [
    { kind: 'Kustomization', field: { suspend: true }, because: 'it is suspended' },
    {
      kind: 'Kustomization',
      field: { targetNamespace: 'foo' },
      because: 'targetNamespace moves all that it applies to foo',
    },
    { kind: 'GitRepository', field: { suspend: true }, because: 'it is suspended' },
    { kind: 'GitRepository', field: { ignore: '# not ours\n/dist\n' }, because: 'its ignore has /dist' },
    { kind: 'GitRepository', field: { ignore: '/dist/**/*Schedule*' }, because: 'its ignore has /dist/**/*Schedule*' },
    { kind: 'GitRepository', field: { ignore: '**/*.yaml' }, because: 'its ignore has **/*.yaml' },
  ]) {
    refuses('output-unapplied', [], `a ${kind} with ${JSON.stringify(field)}`, {
      build: ({ chart }, changed) => {
        new ApiObject(chart, 'apps', {
          apiVersion: kind === 'Kustomization' ? 'kustomize.toolkit.fluxcd.io/v1' : 'source.toolkit.fluxcd.io/v1',
          kind,
          metadata: { name: kind === 'Kustomization' ? 'apps' : 'flux-system', namespace: 'flux-system' },
          spec: {
            ...(kind === 'Kustomization' ? applying : { ignore: '/docs\n!/dist\n', ...reading }),
            ...(changed ? field : {}),
          },
        });
      },
      says: `
        1 object that keeps Flux from applying the output: [output-unapplied]

          ✖ ${kind} flux-system/${kind === 'Kustomization' ? 'apps' : 'flux-system'}
              made by          example/apps
              because          ${because}
              what to do       remove the field
      `,
    });
  }

  for (const [key, value, because] of [
    ['ssa', 'Ignore', 'kustomize.toolkit.fluxcd.io/ssa is Ignore: Flux never creates it'],
    ['ssa', 'IfNotPresent', 'kustomize.toolkit.fluxcd.io/ssa is IfNotPresent: changed labels never reach the claim'],
    ['reconcile', 'disabled', 'kustomize.toolkit.fluxcd.io/reconcile is disabled'],
  ] as const) {
    refuses('unapplied-claim', [], `a claim with ${key}: ${value}`, {
      build: ({ chart }, changed) => {
        const volume = new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
        ApiObject.of(volume).metadata.addAnnotation(`kustomize.toolkit.fluxcd.io/${key}`, changed ? value : 'Merge');
      },
      says: `
        1 claim that Flux does not apply as it is written: [unapplied-claim]

          ✖ PersistentVolumeClaim paperless/data
              made by          example/data
              because          ${because}
              what to do       remove what tells Flux so
      `,
    });
  }
});
