import { ApiObject, Duration, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe } from 'vitest';
import {
  BackedUpGitea,
  BackedUpPostgres,
  BackedUpStatefulSet,
  BackedUpVolume,
  backUp,
  continuous,
  elsewhere,
  nightly,
} from '../../lib';
import { refuses } from '../support/rule-test';
import { offsite } from '../support/scenario';

const storage = Size.gibibytes(20);
const backup = nightly({ to: offsite, keep: { daily: 7 } });
const labels = { app: 'db' };

function object(
  scope: Construct,
  apiVersion: string,
  kind: string,
  name: string,
  fields: Record<string, unknown>,
): void {
  new ApiObject(scope, kind.toLowerCase(), { apiVersion, kind, metadata: { name }, ...fields });
}

function deployment(scope: Construct, pod: Record<string, unknown>, spec: Record<string, unknown> = {}): void {
  object(scope, 'apps/v1', 'Deployment', 'db', {
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'db:1.0' }], ...pod } },
      ...spec,
    },
  });
}

function cronJob(scope: Construct, name: string, apiVersion = 'batch/v1'): void {
  const pod = { restartPolicy: 'Never', containers: [{ name: 'dump', image: 'postgres:17.2' }] };
  object(scope, apiVersion, 'CronJob', name, {
    spec: { schedule: '17 3 * * *', timeZone: 'Etc/UTC', jobTemplate: { spec: { template: { spec: pod } } } },
  });
}

describe('versions', () => {
  refuses('unserved-version', ['K09'], 'evidence that a cluster of today does not know', {
    build: ({ chart }, changed) => {
      cronJob(chart, 'dump', changed ? 'batch/v1beta1' : 'batch/v1');
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: elsewhere('The CronJob dump writes to the NAS.', {
          failureDomain: 'site',
          rpo: Duration.hours(25),
          evidence: { cronJob: 'dump' },
        }),
      });
    },
    says: `
      1 object in a version that Kubernetes does not serve: [unserved-version]

        ✖ CronJob paperless/dump
            made by          example/cronjob
            because          Kubernetes has no CronJob in batch/v1beta1
            to fix           apiVersion: 'batch/v1'
    `,
  });

  refuses('unserved-version', ['K09'], 'a group that is gone', {
    build: ({ chart }, changed) =>
      object(chart, changed ? 'extensions/v1beta1' : 'networking.k8s.io/v1', 'Ingress', 'wiki', { spec: {} }),
    says: `
      1 object in a version that Kubernetes does not serve: [unserved-version]

        ✖ Ingress paperless/wiki
            made by          example/ingress
            because          Kubernetes has no Ingress in extensions/v1beta1
            to fix           apiVersion: 'networking.k8s.io/v1'
    `,
  });
});

describe('names', () => {
  refuses('object-name', ['K09'], 'a claim with capital letters', {
    build: ({ chart }, changed) => void new BackedUpVolume(chart, changed ? 'My_Data' : 'my-data', { storage, backup }),
    says: `
      1 object with a name that Kubernetes refuses: [object-name]

        ✖ PersistentVolumeClaim paperless/My_Data
            made by          example/My_Data
            because          the name must be of lower case letters, digits, '-' and '.', with a letter or digit at both ends
            to fix           name: 'my-data'
    `,
  });

  refuses('object-name', ['K09'], 'a Service with a dot', {
    build: ({ chart }, changed) =>
      object(chart, 'v1', 'Service', changed ? 'db.main' : 'db-main', { spec: { ports: [{ port: 80 }] } }),
    says: `
      1 object with a name that Kubernetes refuses: [object-name]

        ✖ Service paperless/db.main
            made by          example/service
            because          the name must be of lower case letters, digits and '-', with a letter or digit at both ends
            to fix           name: 'db-main'
    `,
  });

  refuses('object-name', ['K06'], 'a CronJob with 53 characters', {
    build: ({ chart }, changed) =>
      cronJob(chart, `dump-of-the-database-to-the-storage-in-the-cellar-${changed ? 'nas' : 'na'}`),
    says: `
      1 object with a name that Kubernetes refuses: [object-name]

        ✖ CronJob paperless/dump-of-the-database-to-the-storage-in-the-cellar-nas
            made by          example/cronjob
            because          the name has 53 characters, and 52 are the most: a Job is named after it with eleven more
            to fix           name: 'dump-of-the-database-to-the-storage-in-the-cellar-na'
    `,
  });

  refuses('object-name', ['K09'], 'a database with 51 characters', {
    build: ({ chart }, changed) =>
      void new BackedUpPostgres(chart, 'db', {
        name: `orders-and-invoices-of-all-the-shops-in-all-the-${changed ? 'eas' : 'ea'}`,
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      }),
    says: `
      1 object with a name that Kubernetes refuses: [object-name]

        ✖ Cluster paperless/orders-and-invoices-of-all-the-shops-in-all-the-eas
            made by          example/db
            because          the name has 51 characters, and 50 are the most: its Services and pods are named after it with more
            to fix           name: 'orders-and-invoices-of-all-the-shops-in-all-the-ea'
    `,
  });

  refuses('object-name', ['K09'], 'a StatefulSet whose pods cannot carry its name', {
    build: ({ chart }, changed) =>
      void new BackedUpStatefulSet(chart, 'set', {
        name: `queue-of-all-the-mail-that-came-in-over-the-last-${changed ? 'year' : 'yea'}`,
        podTemplate: { spec: { containers: [{ name: 'app', image: 'app:1.0' }] } },
        volumes: { data: { storage, backup } },
      }),
    says: `
      1 object with a name that Kubernetes refuses: [object-name]

        ✖ StatefulSet paperless/queue-of-all-the-mail-that-came-in-over-the-last-year
            made by          example/set
            because          the name has 53 characters, and 52 are the most: its pods carry it with a hash in a label
            to fix           name: 'queue-of-all-the-mail-that-came-in-over-the-last-yea'
    `,
  });
});

describe('fields that the server demands', () => {
  refuses('invalid-object', ['K09'], 'a claim without access modes and size', {
    build: ({ chart }, changed) => {
      object(chart, 'v1', 'PersistentVolumeClaim', 'data', {
        spec: changed ? {} : { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      });
      backUp(chart, { claim: 'data' }, backup);
    },
    says: `
      2 fields that Kubernetes does not know, or takes otherwise: [invalid-object]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/persistentvolumeclaim
            because          spec.accessModes: is missing
            what to do       correct the field
        ✖ PersistentVolumeClaim paperless/data
            made by          example/persistentvolumeclaim
            because          spec.resources: is missing
            what to do       correct the field
    `,
  });

  refuses('invalid-object', ['K09'], 'a container without an image', {
    build: ({ chart }, changed) =>
      deployment(chart, { containers: [{ name: 'db', ...(changed ? {} : { image: 'db:1.0' }) }] }),
    says: `
      1 field that Kubernetes does not know, or takes otherwise: [invalid-object]

        ✖ Deployment paperless/db
            made by          example/deployment
            because          spec.template.spec.containers[0].image: is missing
            what to do       correct the field
    `,
  });
});

describe('values that the server refuses', () => {
  refuses('refused-object', ['K09'], 'a label with spaces', {
    build: ({ chart }, changed) => {
      const volume = new BackedUpVolume(chart, 'data', { storage, backup });
      ApiObject.of(volume).metadata.addLabel('app', changed ? 'not a label value!' : 'paperless');
    },
    says: `
      1 field that Kubernetes refuses: [refused-object]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            because          metadata.labels.app: 'not a label value!' is not a label value; 'not-a-label-value' is one
            what to do       correct the field
    `,
  });

  refuses('refused-object', ['K09'], 'keys of labels and annotations, and annotations of more than 256 KiB', {
    build: ({ chart }, changed) => {
      const { metadata } = ApiObject.of(new BackedUpVolume(chart, 'data', { storage, backup }));
      metadata.addLabel(changed ? 'a b' : 'a-b', 'c');
      metadata.addAnnotation(changed ? 'Of Whom' : 'EXAMPLE.com/Of.Whom', 'x'.repeat(changed ? 262_144 : 261_000));
    },
    says: `
      3 fields that Kubernetes refuses: [refused-object]

        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            because          metadata.annotations: 262245 bytes are more than 256 KiB
            what to do       correct the field
        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            because          metadata.annotations["Of Whom"]: 'Of Whom' is not an annotation key
            what to do       correct the field
        ✖ PersistentVolumeClaim paperless/data
            made by          example/data
            because          metadata.labels["a b"]: 'a b' is not a label key
            what to do       correct the field
    `,
  });

  refuses('refused-object', ['K09'], 'a selector that does not select its own pods', {
    build: ({ chart }, changed) => deployment(chart, {}, changed ? { selector: { matchLabels: { app: 'web' } } } : {}),
    says: `
      1 field that Kubernetes refuses: [refused-object]

        ✖ Deployment paperless/db
            made by          example/deployment
            because          spec.selector: must select the labels of the template, {"app":"db"}
            what to do       correct the field
    `,
  });

  refuses('refused-object', ['K09'], 'nodes of an application that cannot be, on which its jobs run as well', {
    build: ({ chart }, changed) => {
      const database = new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      });
      const [disk, operator] = changed ? ['very fast', 'Nope'] : ['fast', 'Exists'];
      new BackedUpGitea(chart, 'gitea', {
        database,
        storage,
        storageClass: 'ceph-block',
        settings: { secret: 'gitea-settings', keptIn: 'sealed envelope, bank' },
        backup,
        pod: { nodeSelector: { disk }, tolerations: [{ key: 'disk', operator }] },
      });
    },
    says: `
      4 fields that Kubernetes refuses: [refused-object]

        ✖ CronJob paperless/gitea-offsite
            made by          example/gitea/gitea-offsite
            because          spec.jobTemplate.spec.template.spec.nodeSelector.disk: 'very fast' is not a label value
            what to do       correct the field
        ✖ CronJob paperless/gitea-offsite
            made by          example/gitea/gitea-offsite
            because          spec.jobTemplate.spec.template.spec.tolerations[0].operator: must be "Equal" or "Exists"
            what to do       correct the field
        ✖ StatefulSet paperless/gitea
            made by          example/gitea
            because          spec.template.spec.nodeSelector.disk: 'very fast' is not a label value
            what to do       correct the field
        ✖ StatefulSet paperless/gitea
            made by          example/gitea
            because          spec.template.spec.tolerations[0].operator: must be "Equal" or "Exists"
            what to do       correct the field
    `,
  });

  refuses('refused-object', ['K09'], 'a mount of a volume that does not exist', {
    build: ({ chart }, changed) =>
      void new BackedUpStatefulSet(chart, 'set', {
        podTemplate: {
          spec: {
            containers: [
              {
                name: 'app',
                image: 'app:1.0',
                volumeMounts: [{ name: changed ? 'files' : 'data', mountPath: '/data' }],
              },
            ],
          },
        },
        volumes: { data: { storage, backup } },
      }),
    says: `
      1 field that Kubernetes refuses: [refused-object]

        ✖ StatefulSet paperless/set
            made by          example/set
            because          spec.template.spec.containers[0].volumeMounts[0].name: there is no volume 'files', only 'data'
            what to do       correct the field
    `,
  });

  refuses(
    'refused-object',
    ['K09'],
    'pods that do not restart in a Deployment, and whose volumes and containers clash',
    {
      build: ({ chart }, changed) =>
        deployment(
          chart,
          changed
            ? {
                restartPolicy: 'Never',
                initContainers: [{ name: 'db', image: 'db:1.0' }],
                volumes: [
                  { name: 'a', emptyDir: {}, configMap: { name: 'a' } },
                  { name: 'a', emptyDir: {} },
                ],
              }
            : { volumes: [{ name: 'a', emptyDir: {}, configMap: null }] },
        ),
      says: `
      4 fields that Kubernetes refuses: [refused-object]

        ✖ Deployment paperless/db
            made by          example/deployment
            because          spec.template.spec.initContainers[0].name: 'db' is there twice
            what to do       correct the field
        ✖ Deployment paperless/db
            made by          example/deployment
            because          spec.template.spec.restartPolicy: must be "Always" in a Deployment
            what to do       correct the field
        ✖ Deployment paperless/db
            made by          example/deployment
            because          spec.template.spec.volumes[0]: has several sources: configMap and emptyDir
            what to do       correct the field
        ✖ Deployment paperless/db
            made by          example/deployment
            because          spec.template.spec.volumes[1].name: 'a' is there twice
            what to do       correct the field
    `,
    },
  );

  refuses('refused-object', ['K09'], 'a key that no file can have', {
    build: ({ chart }, changed) =>
      object(chart, 'v1', 'ConfigMap', 'settings', { data: { [changed ? 'a b' : 'a.b']: '' } }),
    says: `
      1 field that Kubernetes refuses: [refused-object]

        ✖ ConfigMap paperless/settings
            made by          example/configmap
            because          data["a b"]: 'a b' is not a key: letters, digits, '-', '_' and '.' make one
            what to do       correct the field
    `,
  });
});
