import { ApiObject, Chart, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import {
  BackedUpPostgres,
  BackedUpVolume,
  backUp,
  elsewhere,
  exclude,
  every,
  holds,
  hourly,
  kubeadmEtcd,
  nightly,
  PostgresBackup,
  weekly,
  ScratchVolume,
  type VolumeStrategy,
} from '../../lib';
import { refuses } from '../support/rule-test';
import { clusterAnswers, offsite, platform, synthesizeScenario } from '../support/scenario';

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
  refuses('invalid-construct', [], 'declarations that stand in no chart', {
    build: ({ app }, changed) => {
      if (!changed) return;
      const claim = { claim: 'data', namespace: 'paperless' };
      backUp(app, claim, nightly({ to: offsite, keep }));
      exclude(app, claim, { reason: 'Downloaded again on the next start.' });
      holds(app, { helmRelease: 'registry', namespace: 'paperless' }, {});
    },
    says: `
      3 constructs are not valid: [invalid-construct]

        ✖ app
            because          backUp(…) stands in no chart: write backUp(chart, …), or backUp(this, …) in the chart's own code
        ✖ app
            because          exclude(…) stands in no chart: write exclude(chart, …), or exclude(this, …) in the chart's own code
        ✖ app
            because          holds(…) stands in no chart: write holds(chart, …), or holds(this, …) in the chart's own code
    `,
  });

  refuses('invalid-construct', [], 'jobs whose guard is no share, or that would have no time', {
    options: (changed) => ({
      props: {
        etcd: kubeadmEtcd({
          backup: nightly({ to: offsite, keep }),
          ...(changed ? { deadline: Duration.seconds(0) } : {}),
        }),
      },
    }),
    build: ({ chart }, changed) => {
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup: nightly({ to: offsite, keep }),
        dump: { smallestPercent: changed ? 0.5 : 0 },
      });
    },
    says: `
      2 constructs are not valid: [invalid-construct]

        ✖ app
            because          its etcd.deadline does not fit: write deadline: Duration.hours(1)
        ✖ example/db
            because          its dump.smallestPercent does not fit: write smallestPercent: 50, or another from 0 to 100
    `,
  });

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
      1 place in files that cannot be read: [unreadable-file]

        ✖ apps/a.yaml
            written in       apps/a.yaml:4
            because          broken YAML: Unexpected scalar at node end
            what to do       correct the file, or leave it out of alsoRead
    `,
  });

  refuses('unreadable-file', [], 'an item of a list that is no object', {
    build: () => {},
    options: (changed) => ({
      files: {
        'apps/a.yaml': `apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: ConfigMap, metadata: { ${changed ? 'generateName' : 'name'}: settings } }
`,
      },
    }),
    says: `
      1 place in files that cannot be read: [unreadable-file]

        ✖ apps/a.yaml
            written in       apps/a.yaml:1
            because          items[0] is not a Kubernetes object: apiVersion, kind or metadata.name is missing
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
      1 place in files that cannot be read: [unreadable-file]

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

  refuses('folder-collision', [], 'charts named like the Kustomizations that apply the output', {
    build: ({ app }, changed) => {
      for (const id of ['flux-system', 'backed-up', 'root']) {
        new k8s.KubeConfigMap(new Chart(app, changed ? id : `${id}-wiki`, { namespace: 'wiki' }), 'settings', {});
      }
    },
    options: () => ({
      files: {
        'root.yaml': `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: root, namespace: flux-system }
spec: { interval: 10m, path: ./dist, prune: true, sourceRef: { kind: GitRepository, name: flux-system } }
`,
      },
    }),
    says: `
      3 charts whose folder belongs to something else: [folder-collision]

        ✖ chart backed-up
            made by          backed-up
            because          'backed-up' is the Kustomization that applies the output
            what to do       rename the chart
        ✖ chart flux-system
            made by          flux-system
            because          'flux-system' is the Kustomization that applies the source 'flux-system'
            what to do       rename the chart
        ✖ chart root
            made by          root
            because          'root' is the Kustomization of root.yaml:2
            what to do       rename the chart
    `,
  });

  refuses('folder-collision', [], 'a name that is too long with that of the source before it', {
    build: ({ app }, changed) =>
      void new Chart(app, changed ? 'photos-of-all-the-years' : 'photos', { namespace: 'photos' }),
    options: () => ({
      platform: {
        flux: { ...platform.flux, sourceRef: { kind: 'GitRepository', name: 'album-of-the-family-and-its-guests' } },
      },
      props: {
        ...Object.fromEntries(Object.keys(clusterAnswers).map((ref) => [ref, undefined])),
        clusterWide: 'The repository of the cluster answers for them.',
      } as never,
    }),
    says: `
      1 chart whose folder belongs to something else: [folder-collision]

        ✖ chart photos-of-all-the-years
            made by          photos-of-all-the-years
            because          the id is not a DNS label of at most 21 characters
            what to do       rename the chart
    `,
  });
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

  refuses('cron-job-schedule', ['K05'], 'an interval in days', {
    build: ({ chart }, changed) => cronJob(chart, { schedule: changed ? '@every 1d' : '@every 24h' }),
    says: `
      1 CronJob that never runs: [cron-job-schedule]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          '@every 1d' has the interval '1d': it has the unit 'd', which Go does not know: its largest unit is h
            to fix           schedule: '0 3 * * *'
    `,
  });

  refuses('cron-job-schedule', ['K05'], 'a word with a capital letter', {
    build: ({ chart }, changed) => cronJob(chart, { schedule: changed ? '@Daily' : '@daily' }),
    says: `
      1 CronJob that never runs: [cron-job-schedule]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          '@Daily' is not a word that Kubernetes knows: it has small letters, and no spaces around it
            to fix           schedule: '@daily'
    `,
  });

  refuses('cron-job-schedule', ['W12'], 'a zone that does not exist', {
    build: ({ chart }, changed) => cronJob(chart, { timeZone: changed ? 'Europe/Berlinn' : 'Europe/Berlin' }),
    says: `
      1 CronJob that never runs: [cron-job-schedule]

        ✖ CronJob paperless/dump
            made by          example/cron-job-dump
            because          '17 3 * * *' is in the time zone 'Europe/Berlinn', which does not exist
            to fix           timeZone: 'Etc/UTC'
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
            because          namespace paperless enforces 'restricted': runAsNonRoot is not true; allowPrivilegeEscalation is not false; capabilities do not drop ALL; seccompProfile is not RuntimeDefault
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

describe('the platform', () => {
  const kustomizationFile = (
    name: string,
    namespace = 'flux-system',
  ): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: ${name}, namespace: ${namespace} }
spec: { interval: 10m, path: ./x, prune: true, sourceRef: { kind: GitRepository, name: infrastructure } }
`;

  refuses('operator-misspelt', [], 'a name that is almost that of a Kustomization', {
    build: ({ chart }) => {
      holds(chart, { kustomization: 'velero', namespace: 'flux-system' }, {});
      holds(chart, { kustomization: 'rook-cephs', namespace: 'rook' }, {});
    },
    options: (changed) => ({
      // That of cnpg is another repository's; a Kustomization in another namespace is another one.
      platform: {
        flux: {
          ...platform.flux,
          operators: { velero: changed ? 'valero' : 'velero', cnpg: 'cloudnative-pg', rook: 'rook-ceph' },
        },
      },
      files: { 'velero.yaml': kustomizationFile('velero'), 'rook.yaml': kustomizationFile('rook-cephs', 'rook') },
    }),
    says: `
      1 Kustomization that no file has, under a name that is almost one: [operator-misspelt]

        ! platform.flux.operators.velero
            because          no Kustomization 'valero' is read or written: did you mean 'velero'?
            to fix           velero: 'velero'
    `,
  });

  refuses('output-elsewhere', [], 'a path that is not the folder that is written', {
    build: () => {},
    options: (changed) => ({
      platform: { flux: { ...platform.flux, path: changed ? './clusters/home/dist/' : '/dist/' } },
    }),
    says: `
      the output is not where Flux reads it: [output-elsewhere]

        ! platform.flux.path
            because          Flux is told to read './clusters/home/dist/' of the repository, and synth writes 'dist'
            to fix           path: './dist'
    `,
  });

  it('[output-elsewhere] never changes whether synth writes', () => {
    const { findings, files } = synthesizeScenario(() => {}, {
      platform: { flux: { ...platform.flux, path: './k8s' } },
    });
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['output-elsewhere', 'warning']]);
    expect(files).toBeDefined();
  });

  it('takes any path of an artifact, which may be the output alone', () => {
    const sourceRef = { kind: 'OCIRepository', name: 'flux-system' } as const;
    const { findings } = synthesizeScenario(() => {}, {
      platform: { flux: { ...platform.flux, sourceRef, path: './' } },
    });
    expect(findings).toEqual([]);
  });

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

  for (const [path, accepted] of [
    ['../dist', './dist'],
    ['./clusters/../dist', '/clusters/home/'],
    ['', './'],
  ] as const) {
    refuses('platform-malformed', [], `the path '${path}' in a source, of which Flux sees nothing above its root`, {
      build: () => {},
      options: (changed) => ({
        platform: {
          flux: { sourceRef: { kind: 'OCIRepository', name: 'flux-system' }, path: changed ? path : accepted },
        },
      }),
      says: `
        1 statement about the platform that cannot be true: [platform-malformed]

          ✖ platform.flux.path
              because          '${path}' is not a path inside the source
              to fix           path: './dist'
      `,
    });
  }

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
  /** Default: how to write a time. */
  readonly fix?: string;
}

describe('schedules', () => {
  const misspelt = { daily: 7, montly: 12 };
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
      because: `plan 'nightly' keeps hourly copies of runs that are only daily`,
      fix: 'to fix           keep: { daily: 24 }',
    },
    {
      situation: 'half a copy',
      rows: [],
      bad: nightly({ to: offsite, keep: { daily: 7.5 } }),
      good: nightly({ to: offsite, keep }),
      because: `plan 'nightly' keeps 7.5 daily copies: a count is a whole number from 1`,
      fix: 'to fix           keep: { daily: 7 }',
    },
    {
      situation: 'a misspelt bucket, in a variable',
      rows: [],
      bad: nightly({ to: offsite, keep: misspelt }),
      good: nightly({ to: offsite, keep: { daily: 7, monthly: 12 } }),
      because: `plan 'nightly' keeps 'montly' copies: copies are counted hourly, daily, weekly, monthly and yearly`,
      fix: 'to fix           keep: { monthly: 12 }',
    },
    {
      situation: 'copies for longer than Go can count',
      rows: ['V01'],
      bad: nightly({ to: offsite, keep: { daily: 7, yearly: 300 } }),
      good: nightly({ to: offsite, keep: { daily: 7, yearly: 291 } }),
      because: `plan 'nightly' keeps 300 yearly copies, longer than Velero can count: 292 years`,
      fix: 'to fix           keep: { yearly: 291 }',
    },
    {
      situation: 'a name that every object has',
      rows: [],
      bad: every('constructor', { to: offsite, keep }),
      good: every('0 3 * * *', { to: offsite, keep }),
      because: `'constructor' has 1 fields: write five, minute, hour, day of month, month and day of week; seconds are added where a backend wants them`,
    },
    {
      situation: 'no copies, in untyped code',
      rows: [],
      bad: nightly({ to: offsite, keep: {} as never }),
      good: nightly({ to: offsite, keep }),
      because: `plan 'nightly' keeps nothing: name how many copies to keep`,
      fix: 'to fix           keep: { daily: 7 }',
    },
    {
      situation: 'two strategies that are one',
      rows: [],
      bad: nightly({ to: offsite, keep }),
      good: weekly({ to: offsite, keep: { weekly: 8 } }),
      because: `plan 'nightly' makes daily copies in 'offsite' twice: merge the strategies`,
      fix: 'what to do       declare one strategy, which keeps what the two would',
    },
  ];
  const aTime = `to fix           backup: nightly({ to: offsite, keep: { daily: 7 } })`;
  for (const { situation, rows, bad, good, because, fix = aTime } of cases) {
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
              ${fix}
      `,
    });
  }

  refuses('schedule-invalid', [], 'of a construct that answers for data of somebody else', {
    build: ({ chart }, changed) => {
      new k8s.KubePersistentVolumeClaim(chart, 'data', {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: k8s.Quantity.fromString('20Gi') } } },
      });
      new PostgresBackup(chart, 'dump', {
        data: { claim: 'data' },
        server: {
          host: 'db',
          pods: { labels: { app: 'db' } },
          user: { secret: 'db', key: 'username' },
          password: { secret: 'db', key: 'password' },
          keptIn: 'SOPS file in the private repository',
        },
        backup: every(changed ? '0 0 30 2 *' : '0 3 * * *', { to: offsite, keep }),
      });
    },
    says: `
      1 schedule that cannot be rendered: [schedule-invalid]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          '0 0 30 2 *' never comes: no month in it has such a day
            ${aTime}
    `,
  });
});
