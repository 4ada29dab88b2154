/** A dump is made by clients of the version of its server, as far as the output shows that. */
import { ApiObject, Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BackedUpPostgres, nightly, PostgresBackup } from '../../lib';
import { listAt, textAt } from '../../lib/model/kube-object';
import { explain, offsite, synthesizeScenario, type Scenario } from '../support/scenario';

const dump = nightly({ to: offsite, keep: { daily: 14 } });

/** Image of the containers that ask the server. */
function clients(build: (scenario: Scenario) => void): string | undefined {
  const { files, findings } = synthesizeScenario(build);
  expect(explain(findings)).toBe('');
  const cronJob: unknown = parse(files?.get('example-backup/paperless.CronJob.db-dump-offsite.yaml') ?? '');
  const containers = listAt(cronJob, 'spec', 'jobTemplate', 'spec', 'template', 'spec', 'initContainers');
  return textAt(
    containers.find((each) => textAt(each, 'name') === 'dump'),
    'image',
  );
}

const cluster =
  (spec: Record<string, unknown>) =>
  ({ chart }: Scenario): void => {
    new BackedUpPostgres(chart, 'db', { storage: Size.gibibytes(20), backup: dump, spec });
  };

const server =
  (image: string) =>
  ({ chart }: Scenario): void => {
    const labels = { app: 'db' };
    new ApiObject(chart, 'db', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'db' },
      spec: { selector: labels, ports: [{ port: 5432 }] },
    });
    new ApiObject(chart, 'set', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db' },
      spec: {
        serviceName: 'db',
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              { name: 'exporter', image: 'docker.io/prometheuscommunity/postgres-exporter:v0.17.1' },
              { name: 'postgresql', image, volumeMounts: [{ name: 'data', mountPath: '/var/lib/postgresql' }] },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
          },
        ],
      },
    });
    new PostgresBackup(chart, 'backup', {
      data: { statefulSet: 'db', template: 'data' },
      server: {
        host: 'db',
        pods: { labels },
        user: { secret: 'db', key: 'user' },
        password: { secret: 'db', key: 'password' },
        keptIn: 'a sealed envelope',
      },
      backup: dump,
    });
  };

describe('the clients of a dump', () => {
  it.each([
    [
      'the image of a Cluster',
      cluster({ imageName: 'ghcr.io/cloudnative-pg/postgresql:16.11' }),
      'ghcr.io/cloudnative-pg/postgresql:16.11',
    ],
    [
      'the version of its catalogue',
      cluster({ imageCatalogRef: { apiGroup: 'postgresql.cnpg.io', kind: 'ImageCatalog', name: 'all', major: 17 } }),
      'docker.io/library/postgres:17.7',
    ],
    [
      'the image of a container',
      server('registry.example.net/library/postgres:15.15'),
      'registry.example.net/library/postgres:15.15',
    ],
    [
      'the version of an image that may lack the tools',
      server('docker.io/bitnami/postgresql:16.4.0-debian-12-r14'),
      'docker.io/library/postgres:16.11',
    ],
    [
      'nothing where an image says none',
      server('docker.io/library/postgres@sha256:0000'),
      'docker.io/library/postgres:18.1',
    ],
  ])('follow %s', (_, build, image) => {
    expect(clients(build)).toBe(image);
  });
});
