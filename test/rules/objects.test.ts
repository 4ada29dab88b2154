import { ApiObject, Chart, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe } from 'vitest';
import {
  BackedUpVolume,
  backUp,
  elsewhere,
  exclude,
  every,
  hourly,
  nightly,
  weekly,
  ScratchVolume,
  type VolumeStrategy,
} from '../../lib';
import { refuses } from '../support/rule-test';
import { offsite, platform } from '../support/scenario';

const keep = { daily: 7 };
const storage = Size.gibibytes(20);

function cronJob(
  scope: Construct,
  spec: Record<string, unknown> = {},
  name = 'dump',
  container: Record<string, unknown> = {},
): void {
  new ApiObject(scope, `cron-job-${name.slice(0, 8)}`, {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name },
    spec: {
      schedule: '17 3 * * *',
      timeZone: 'Etc/UTC',
      jobTemplate: {
        spec: {
          template: {
            spec: { restartPolicy: 'Never', containers: [{ name: 'dump', image: 'postgres:17.2', ...container }] },
          },
        },
      },
      ...spec,
    },
  });
}

function restrictedNamespace(scope: Construct, level: string): void {
  new k8s.KubeNamespace(scope, 'namespace', {
    metadata: { name: 'paperless', labels: { 'pod-security.kubernetes.io/enforce': level } },
  });
}

/** A volume that rests on the CronJob `dump` as its evidence. */
function copiedByCronJob(scope: Construct, cronJobName = 'dump'): void {
  new BackedUpVolume(scope, 'data', {
    storage,
    backup: elsewhere('The CronJob dump writes it to the NAS.', {
      failureDomain: 'site',
      rpo: Duration.hours(25),
      evidence: { cronJob: cronJobName },
    }),
  });
}

describe('objects', () => {
  refuses('invalid-construct', [], 'a construct that says it was used wrongly', {
    build: ({ chart }, changed) => {
      chart.node.addValidation({ validate: () => (changed ? ['the port is missing'] : []) });
    },
    says: `
      1 construct is not valid: [invalid-construct]

        ✖ example
            because          the port is missing
    `,
  });

  refuses('same-object-twice', [], 'two objects of one name', {
    build: ({ chart }, changed) => {
      new k8s.KubeConfigMap(chart, 'one', { metadata: { name: 'settings' } });
      new k8s.KubeConfigMap(chart, 'two', { metadata: { name: changed ? 'settings' : 'others' } });
    },
    says: `
      1 object is written twice: [same-object-twice]

        ✖ ConfigMap paperless/settings
            made by          example/two
            because          example/one makes it too
            what to do       delete one of the two
    `,
  });

  refuses('same-object-twice', [], 'an object that a file beside has too', {
    build: ({ chart }) => void new k8s.KubeConfigMap(chart, 'one', { metadata: { name: 'settings' } }),
    options: (changed) => ({
      files: {
        'apps/a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${changed ? 'settings' : 'others'}, namespace: paperless }\n`,
      },
    }),
    says: `
      1 object is written twice: [same-object-twice]

        ✖ ConfigMap paperless/settings
            written in       apps/a.yaml:1
            because          example/one makes it too
            what to do       delete one of the two
    `,
  });

  refuses('invalid-object', ['K01'], 'a misspelt field of a claim, which Flux would drop', {
    build: ({ chart }, changed) => {
      const storageClass = changed ? { storageClass: 'ceph-block' } : { storageClassName: 'ceph-block' };
      new ApiObject(chart, 'data', {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } }, ...storageClass },
      });
      backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep }));
    },
    says: `
      1 field that Kubernetes does not know, or takes otherwise: [invalid-object]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            because          spec.storageClass: unknown field; did you mean \`storageClassName\`?
            what to do       correct the field
    `,
  });

  refuses('invalid-object', ['K01'], 'a misspelt field of a CronJob, which Flux would drop', {
    build: ({ chart }, changed) => cronJob(chart, { [changed ? 'concurencyPolicy' : 'concurrencyPolicy']: 'Forbid' }),
    says: `
      1 field that Kubernetes does not know, or takes otherwise: [invalid-object]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          spec.concurencyPolicy: unknown field; did you mean \`concurrencyPolicy\`?
            what to do       correct the field
    `,
  });

  refuses('invalid-object', ['K09'], 'a value of another type, which stops the whole folder', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'settings', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings' },
        data: { port: changed ? 8080 : '8080' },
      });
    },
    says: `
      1 field that Kubernetes does not know, or takes otherwise: [invalid-object]

        ✖ ConfigMap paperless/settings
            made by          example/settings
            because          data.port: must be text, but is the number 8080
            what to do       correct the field
    `,
  });

  refuses('invalid-object', ['K01'], 'an object on the path of a backup, in a file that synth only reads', {
    build: () => {},
    options: (changed) => ({
      files: {
        'velero/location.yaml': `apiVersion: velero.io/v1
kind: BackupStorageLocation
metadata: { name: other, namespace: velero }
spec: { provider: aws, ${changed ? 'objectstorage' : 'objectStorage'}: { bucket: other-bucket } }
`,
      },
    }),
    says: `
      2 fields that Kubernetes does not know, or takes otherwise: [invalid-object]

        ✖ BackupStorageLocation velero/other
            written in       velero/location.yaml:1
            because          spec.objectStorage: is missing
            what to do       correct the field
        ✖ BackupStorageLocation velero/other
            written in       velero/location.yaml:1
            because          spec.objectstorage: unknown field; did you mean \`objectStorage\`?
            what to do       correct the field
    `,
  });

  refuses('marks-missing', [], 'a reason on the claim that is not the declared one', {
    build: ({ chart }, changed) => {
      const volume = new ScratchVolume(chart, 'cache', { storage, reason: 'Downloaded again on the next build.' });
      if (changed) ApiObject.of(volume).metadata.addAnnotation('backed-up/reason', 'Somebody said so last year.');
    },
    says: `
      1 claim does not say what was decided about it: [marks-missing]

        ✖ PersistentVolumeClaim paperless/cache
            made by          example/cache
            because          backed-up/reason is Somebody said so last year. instead of Downloaded again on the next build.
            what to do       leave labels and annotations that begin with 'backed-up/' alone
    `,
  });

  refuses('marks-missing', [], 'the label of another plan', {
    build: ({ chart }, changed) => {
      const volume = new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      if (changed) ApiObject.of(volume).metadata.addLabel('backed-up/method', 'none');
    },
    says: `
      1 claim does not say what was decided about it: [marks-missing]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            because          backed-up/method is none instead of velero
            what to do       leave labels and annotations that begin with 'backed-up/' alone
    `,
  });

  refuses('claim-template-marks', ['K20'], 'an annotation in a claim template, which can never be changed', {
    build: ({ chart }, changed) => {
      const reason = 'Only sessions, people log in again.';
      new ApiObject(chart, 'redis', {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'redis' },
        spec: {
          serviceName: 'redis',
          selector: { matchLabels: { app: 'redis' } },
          template: {
            metadata: { labels: { app: 'redis' } },
            spec: { containers: [{ name: 'app', image: 'app:1.0' }] },
          },
          volumeClaimTemplates: [
            {
              metadata: {
                name: 'data',
                annotations: { [changed ? 'backed-up/reason' : 'example.com/reason']: reason },
              },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      });
      exclude(chart, { statefulSet: 'redis', template: 'data' }, { reason });
    },
    says: `
      1 claim template that can never be changed again: [claim-template-marks]

        ✖ StatefulSet paperless/redis
            made by          example/redis
            because          template 'data' carries backed-up/reason
            what to do       move it out of volumeClaimTemplates: BackedUpStatefulSet does
    `,
  });

  refuses('unreadable-file', [], 'a file that is no YAML', {
    build: () => {},
    options: (changed) => ({
      files: {
        'apps/a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-settings\n`.replace(
          changed ? /^$/ : /\{\{.*\}\}/,
          'wiki',
        ),
      },
    }),
    says: `
      1 place in the files beside that cannot be read: [unreadable-file]

        ✖ apps/a.yaml
            written in       apps/a.yaml:4
            because          broken YAML: Unexpected scalar at node end
            what to do       correct the file, or leave it out of alsoRead
    `,
  });

  refuses('unreadable-file', [], 'a pattern that matches nothing', {
    build: () => {},
    options: (changed) => ({
      files: { 'apps/a.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n` },
      props: { alsoRead: changed ? ['app/**/*.yaml'] : ['apps/**/*.yaml'] },
    }),
    says: `
      1 place in the files beside that cannot be read: [unreadable-file]

        ✖ alsoRead 'app/**/*.yaml'
            because          no file matches it
            what to do       correct the pattern; it begins in the folder of the project
    `,
  });

  refuses('folder-collision', [], 'a chart with the name of a folder of synth’s own', {
    build: ({ app }, changed) => void new Chart(app, changed ? 'flux' : 'fluxus', { namespace: 'paperless' }),
    says: `
      1 chart whose folder belongs to something else: [folder-collision]

        ✖ chart flux
            made by          flux
            because          'flux' is the Kustomizations of all folders
            what to do       rename the chart
    `,
  });

  refuses(
    'folder-collision',
    [],
    'a chart with the name of another one’s backup folder, and one with that of an operator',
    {
      build: ({ app }, changed) => {
        new Chart(app, 'wiki', { namespace: 'wiki' });
        new Chart(app, changed ? 'wiki-backup' : 'wiki-search', { namespace: 'wiki' });
        new Chart(app, changed ? 'velero' : 'velero-ui', { namespace: 'wiki' });
        new Chart(app, changed ? 'Wiki' : 'wiki-two', { namespace: 'wiki' });
      },
      says: `
      3 charts whose folder belongs to something else: [folder-collision]

        ✖ chart Wiki
            made by          Wiki
            because          the id is not a DNS label of at most 52 characters
            what to do       rename the chart
        ✖ chart velero
            made by          velero
            because          'velero' is the Kustomization that installs velero
            what to do       rename the chart
        ✖ chart wiki-backup
            made by          wiki-backup
            because          'wiki-backup' is chart wiki
            what to do       rename the chart
    `,
    },
  );
});

describe('jobs', () => {
  refuses('cron-job-schedule', ['K05'], 'a day that no month has', {
    build: ({ chart }, changed) => cronJob(chart, { schedule: changed ? '0 3 31 2 *' : '0 3 28 2 *' }),
    says: `
      1 CronJob that never runs: [cron-job-schedule]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          '0 3 31 2 *' never comes: no month in it has such a day
            to fix           schedule: '0 3 * * *'
    `,
  });

  refuses('cron-job-schedule', ['K05'], 'six fields', {
    build: ({ chart }, changed) => cronJob(chart, { schedule: changed ? '0 0 3 * * *' : '0 3 * * *' }),
    says: `
      1 CronJob that never runs: [cron-job-schedule]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          '0 0 3 * * *' has 6 fields: write five, minute, hour, day of month, month and day of week; seconds are added where a backend wants them
            to fix           schedule: '0 3 * * *'
    `,
  });

  refuses('cron-job-schedule', ['W12'], 'a zone that does not exist', {
    build: ({ chart }, changed) => cronJob(chart, { timeZone: changed ? 'Europe/Berlinn' : 'Europe/Berlin' }),
    says: `
      1 CronJob that never runs: [cron-job-schedule]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          '17 3 * * *' is in the time zone 'Europe/Berlinn', which does not exist
            to fix           schedule: '0 3 * * *'
    `,
  });

  refuses('cron-job-name', ['K06'], 'a name of 53 characters', {
    build: ({ chart }, changed) =>
      cronJob(chart, {}, `dump-of-the-database-to-the-storage-in-the-cellar-${changed ? 'nas' : 'na'}`),
    says: `
      1 CronJob with a name that is too long: [cron-job-name]

        ✖ CronJob paperless/dump-of-the-database-to-the-storage-in-the-cellar-nas
            made by          example/cron-job-dump-of-
            because          the name has 53 characters, and 52 are the most
            to fix           metadata: { name: 'dump-of-the-database-to-the-storage-in-the-cellar-na' }
    `,
  });

  refuses('pod-security', ['K03'], 'pods that the namespace forbids', {
    build: ({ chart }, changed) => {
      restrictedNamespace(chart, changed ? 'restricted' : 'privileged');
      cronJob(chart);
    },
    says: `
      1 job that the namespace's Pod Security keeps from starting: [pod-security]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          namespace paperless enforces 'restricted': allowPrivilegeEscalation is not false; capabilities do not drop ALL; runAsNonRoot is not true; seccompProfile is not RuntimeDefault
            what to do       set the securityContext of the pod and of each container, or lower the level
    `,
  });

  refuses('pod-security', ['K03'], 'one field short of restricted', {
    build: ({ chart }, changed) => {
      restrictedNamespace(chart, 'restricted');
      const securityContext = {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        runAsNonRoot: true,
        ...(changed ? {} : { seccompProfile: { type: 'RuntimeDefault' } }),
      };
      cronJob(chart, {}, 'dump', { securityContext });
    },
    says: `
      1 job that the namespace's Pod Security keeps from starting: [pod-security]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          namespace paperless enforces 'restricted': seccompProfile is not RuntimeDefault
            what to do       set the securityContext of the pod and of each container, or lower the level
    `,
  });

  refuses('evidence-missing', [], 'a CronJob that does not exist', {
    build: ({ chart }, changed) => {
      cronJob(chart);
      copiedByCronJob(chart, changed ? 'dumps' : 'dump');
    },
    says: `
      1 CronJob named as evidence that does not exist: [evidence-missing]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          there is no CronJob paperless/dumps
            to fix           evidence: { cronJob: 'dump', namespace: 'paperless' }
            what to do       correct the name, or let alsoRead read the file that has it
    `,
  });

  refuses('evidence-idle', ['K04'], 'a suspended CronJob', {
    build: ({ chart }, changed) => {
      cronJob(chart, { suspend: changed });
      copiedByCronJob(chart);
    },
    says: `
      1 CronJob named as evidence that cannot be relied on: [evidence-idle]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          it is suspended
            to fix           suspend: false
    `,
  });

  refuses('evidence-idle', ['W12'], 'a CronJob whose night is the controller’s', {
    build: ({ chart }, changed) => {
      cronJob(chart, changed ? { timeZone: undefined } : {});
      copiedByCronJob(chart);
    },
    says: `
      1 CronJob named as evidence that cannot be relied on: [evidence-idle]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          it names no time zone, so it runs in that of the controller manager
            to fix           timeZone: 'Etc/UTC'
    `,
  });

  refuses('evidence-idle', ['W12'], 'a CronJob in the hour in which the clocks change', {
    build: ({ chart }, changed) => {
      cronJob(chart, { timeZone: 'Europe/Berlin', schedule: changed ? '30 2 * * *' : '30 3 * * *' });
      copiedByCronJob(chart);
    },
    says: `
      1 CronJob named as evidence that cannot be relied on: [evidence-idle]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          it runs at 02:30 in Europe/Berlin, which does not exist on 2027-03-28 when the clocks change: choose a time outside 02:00–03:00, or the zone UTC
            what to do       choose another time, or UTC
    `,
  });

  refuses('evidence-idle', ['K13'], 'an image that the registry has to be asked for', {
    build: ({ chart }, changed) => {
      cronJob(chart, {}, 'dump', changed ? { image: 'registry.example.net:5000/dump', imagePullPolicy: 'Always' } : {});
      copiedByCronJob(chart);
    },
    says: `
      2 CronJobs named as evidence that cannot be relied on: [evidence-idle]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          its image 'registry.example.net:5000/dump' has no fixed tag
            to fix           image: 'registry.example.net:5000/dump:<version>'
        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          its image 'registry.example.net:5000/dump' is pulled for every run, and cannot be when the registry is down
            to fix           imagePullPolicy: 'IfNotPresent'
    `,
  });
});

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
    build: ({ chart }, changed) => cronJob(chart, {}, 'dump', { args: ['-c', changed ? 'echo $$' : 'echo $PPID'] }),
    says: `
      1 text that Flux may rewrite: [substitution]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          dump.args[1] contains $$
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
            to fix           healthCheckExprs: [{ apiVersion: 'objectbucket.io/v1alpha1', kind: 'ObjectBucketClaim', current: "status.phase == 'Bound'" }]
    `,
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
            because          it takes its claims along when it is deleted (persistentVolumeClaimRetentionPolicy)
            to fix           whenDeleted: 'Retain'
    `,
  });
});

describe('NetworkPolicies', () => {
  const labels = { app: 'db' };

  function served(scope: Construct): void {
    new k8s.KubeDeployment(scope, 'db', {
      metadata: { name: 'db' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'db', image: 'db:1.0', ports: [{ containerPort: 8080 }] }] },
        },
      },
    });
    new k8s.KubeService(scope, 'service', {
      metadata: { name: 'db' },
      spec: { selector: labels, ports: [{ port: 80, targetPort: k8s.IntOrString.fromNumber(8080) }] },
    });
  }

  refuses('network-policy-port', ['K12'], 'the port of the Service for packets that come in', {
    build: ({ chart }, changed) => {
      served(chart);
      new k8s.KubeNetworkPolicy(chart, 'policy', {
        metadata: { name: 'db' },
        spec: {
          podSelector: { matchLabels: labels },
          policyTypes: ['Ingress'],
          ingress: [{ ports: [{ port: k8s.IntOrString.fromNumber(changed ? 80 : 8080) }] }],
        },
      });
    },
    says: `
      1 NetworkPolicy that blocks what it should allow: [network-policy-port]

        ✖ NetworkPolicy paperless/db
            made by          example/policy
            because          80 is the port of the Service; the pods listen on 8080
            to fix           port: 8080
    `,
  });

  refuses('network-policy-port', ['K12'], 'the port of the Service for packets that go out to another namespace', {
    build: ({ app, chart }, changed) => {
      served(chart);
      const jobs = new Chart(app, 'jobs', { namespace: 'jobs' });
      new k8s.KubeNetworkPolicy(jobs, 'policy', {
        metadata: { name: 'dump' },
        spec: {
          podSelector: {},
          policyTypes: ['Egress'],
          egress: [
            {
              to: [
                {
                  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'paperless' } },
                  podSelector: { matchLabels: labels },
                },
              ],
              ports: [{ port: k8s.IntOrString.fromNumber(changed ? 80 : 8080) }],
            },
          ],
        },
      });
    },
    says: `
      1 NetworkPolicy that blocks what it should allow: [network-policy-port]

        ✖ NetworkPolicy jobs/dump
            made by          jobs/policy
            because          80 is the port of the Service; the pods listen on 8080
            to fix           port: 8080
    `,
  });
});

describe('the platform', () => {
  refuses('platform-malformed', [], 'a cluster, a zone, two default classes, an old Velero and a path', {
    build: () => {},
    options: (changed) => ({
      platform: changed
        ? {
            cluster: 'My Home',
            timeZone: 'Europe/Berlinn',
            storageClasses: {
              a: { driver: 'a.example', isDefault: true },
              b: { driver: 'b.example', isDefault: true },
            },
            velero: { version: '1.16', enableCSI: true, nodeAgent: true },
            flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: 'https://example.net/dist' },
          }
        : {},
    }),
    says: `
      5 statements about the platform that cannot be true: [platform-malformed]

        ✖ platform.cluster
            because          'My Home' is not a DNS label of at most 32 characters
            to fix           cluster: 'home'
        ✖ platform.flux.path
            because          'https://example.net/dist' is not a path inside the source
            to fix           path: './dist'
        ✖ platform.storageClasses
            because          a and b are all the default
            what to do       say isDefault of the one that the cluster annotates
        ✖ platform.timeZone
            because          'Europe/Berlinn' is not the name of a time zone
            to fix           timeZone: 'Europe/Berlin'
        ✖ platform.velero.version
            because          '1.16' is not 1.18 or later: older servers do not know the resource policies that are rendered
            to fix           version: '1.18'
    `,
  });

  refuses('platform-malformed', ['W12'], 'a zone in small letters, which Go does not find', {
    build: ({ chart }) => {
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
      cronJob(chart);
    },
    options: (changed) => ({ platform: { timeZone: changed ? 'europe/kyiv' : 'Europe/Kyiv' } }),
    says: `
      1 statement about the platform that cannot be true: [platform-malformed]

        ✖ platform.timeZone
            because          'europe/kyiv' is not the name of a time zone
            to fix           timeZone: 'Europe/Kyiv'
    `,
  });

  for (const url of [
    'https://user:token@git.example.net/home/cluster.git',
    'https://token@git.example.net/home/cluster.git',
  ]) {
    refuses('platform-malformed', [], `a source with a password in its URL: ${url}`, {
      build: () => {},
      options: (changed) => {
        const sourceRef = {
          ...platform.flux.sourceRef,
          url: changed ? url : 'ssh://git@git.example.net/home/cluster.git',
        };
        return { platform: { flux: { ...platform.flux, sourceRef } } };
      },
      says: `
      1 statement about the platform that cannot be true: [platform-malformed]

        ✖ platform.flux.sourceRef.url
            because          it carries a password, which would stand in the repository: Flux takes it from a Secret
            what to do       write the URL as Flux has it, such as ssh://git@git.example.net/home/cluster.git
    `,
    });
  }

  refuses('platform-malformed', [], 'a source without a server', {
    build: () => {},
    options: (changed) => {
      const sourceRef = { ...platform.flux.sourceRef, url: changed ? '…' : 'https://git.example.net/home/cluster.git' };
      return { platform: { flux: { ...platform.flux, sourceRef } } };
    },
    says: `
      1 statement about the platform that cannot be true: [platform-malformed]

        ✖ platform.flux.sourceRef.url
            because          '…' names no server
            what to do       write the URL as Flux has it, such as ssh://git@git.example.net/home/cluster.git
    `,
  });

  refuses('velero-missing', [], 'no Velero for the volumes', {
    build: ({ chart }) => void new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) }),
    options: (changed) => (changed ? { platform: { velero: undefined as never } } : {}),
    says: `
      Velero is needed, and the platform does not have it: [velero-missing]

        ✖ 1 plan for Velero
            to fix           velero: { version: '1.18', enableCSI: true, nodeAgent: true, repositoryPassword: { keptIn: 'where they are kept outside the cluster' } }
    `,
  });
});

interface ScheduleCase {
  readonly situation: string;
  readonly rows: readonly string[];
  readonly bad: VolumeStrategy;
  readonly good: VolumeStrategy;
  readonly because: string;
}

describe('schedules', () => {
  const cases: readonly ScheduleCase[] = [
    {
      situation: 'a day that no month has',
      rows: ['V02'],
      bad: every('0 0 30 2 *', { to: offsite, keep }),
      good: every('0 4 * * 1', { to: offsite, keep: { weekly: 5 } }),
      because: `'0 0 30 2 *' never comes: no month in it has such a day`,
    },
    {
      situation: 'six fields',
      rows: [],
      bad: every('0 0 3 * * *', { to: offsite, keep }),
      good: every('0 3 * * *', { to: offsite, keep }),
      because: `'0 0 3 * * *' has 6 fields: write five, minute, hour, day of month, month and day of week; seconds are added where a backend wants them`,
    },
    {
      situation: 'the hour in which the clocks change',
      rows: ['W12'],
      bad: nightly({ to: offsite, keep, at: '02:30' }),
      good: nightly({ to: offsite, keep, at: '03:30' }),
      because: `plan 'nightly' runs at 02:30 in Europe/Berlin, which does not exist on 2027-03-28 when the clocks change: choose a time outside 02:00–03:00, or the zone UTC`,
    },
    {
      situation: 'a time that is none',
      rows: [],
      bad: nightly({ to: offsite, keep, at: '3 am' }),
      good: nightly({ to: offsite, keep, at: '3:00' }),
      because: `plan 'nightly' names the time '3 am': write it as '03:10'`,
    },
    {
      situation: 'a day that is none',
      rows: [],
      bad: weekly({ to: offsite, keep: { weekly: 8 }, on: 'someday' as never }),
      good: weekly({ to: offsite, keep: { weekly: 8 }, on: 'sunday' }),
      because: `plan 'weekly' names the day 'someday': a day is one of sunday, monday, tuesday, wednesday, thursday, friday, saturday`,
    },
    {
      situation: 'a minute that is none',
      rows: [],
      bad: hourly({ to: offsite, keep: { hourly: 48 }, minute: 60 }),
      good: hourly({ to: offsite, keep: { hourly: 48 }, minute: 59 }),
      because: `plan 'hourly' has '60' as minute: it lies between 0 and 59`,
    },
    {
      situation: 'hourly copies of nightly runs',
      rows: [],
      bad: nightly({ to: offsite, keep: { hourly: 24 } }),
      good: nightly({ to: offsite, keep }),
      because: `plan 'nightly' keeps hourly copies of runs that are only daily: count them as { daily: 24 }`,
    },
    {
      situation: 'half a copy',
      rows: [],
      bad: nightly({ to: offsite, keep: { daily: 7.5 } }),
      good: nightly({ to: offsite, keep }),
      because: `plan 'nightly' keeps 7.5 daily copies: a count is a whole number from 1`,
    },
    {
      situation: 'no copies, in untyped code',
      rows: [],
      bad: nightly({ to: offsite, keep: {} as never }),
      good: nightly({ to: offsite, keep }),
      because: `plan 'nightly' keeps nothing: name how many copies to keep, { daily: 7 }`,
    },
    {
      situation: 'two strategies that are one',
      rows: [],
      bad: nightly({ to: offsite, keep }),
      good: weekly({ to: offsite, keep: { weekly: 8 } }),
      because: `plan 'nightly' makes daily copies in 'offsite' twice: merge the strategies`,
    },
  ];
  for (const { situation, rows, bad, good, because } of cases) {
    const twice = situation === 'two strategies that are one';
    refuses('schedule-invalid', rows, situation, {
      build: ({ chart }, changed) => {
        const strategy = changed ? bad : good;
        new BackedUpVolume(chart, 'data', {
          storage,
          backup: twice ? [nightly({ to: offsite, keep }), strategy] : strategy,
        });
      },
      says: `
        1 schedule that cannot be rendered: [schedule-invalid]

          ✖ PersistentVolumeClaim paperless/data (20Gi)
              made by          example/data
              because          ${because}
              to fix           backup: nightly({ to: offsite, keep: { daily: 7 } })
      `,
    });
  }
});
