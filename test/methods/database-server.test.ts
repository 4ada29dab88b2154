/** A dump is made by clients of the version of its server, as far as the output shows that. */
import { Size } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BackedUpPostgres, nightly } from '../../lib';
import { postgresMajor } from '../../lib/model/image';
import { listAt, textAt } from '../../lib/model/kube-object';
import { cronJobName } from '../../lib/model/names';
import { plainPostgres } from '../support/plain-postgres';
import { explain, offsite, synthesizeScenario, type Scenario } from '../support/scenario';

const dump = nightly({ to: offsite, keep: { daily: 14 } });

/** Image of the containers that ask the server. */
function clients(build: (scenario: Scenario) => void, postgres?: string): string | undefined {
  const options = postgres === undefined ? {} : { platform: { jobs: { images: { postgres } } } };
  const { files, findings } = synthesizeScenario(build, options);
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
    const exporter = { name: 'exporter', image: 'docker.io/prometheuscommunity/postgres-exporter:v0.17.1' };
    plainPostgres(chart, { image, before: [exporter] });
  };

describe('the clients of a dump', () => {
  it.each([
    [
      'the image of a Cluster',
      cluster({ imageName: 'ghcr.io/cloudnative-pg/postgresql:16.11' }),
      'ghcr.io/cloudnative-pg/postgresql:16.11',
    ],
    [
      'the image of a Cluster whose name nobody knows',
      cluster({ imageName: 'registry.example.net/team/vectors:16.9-0.4.3' }),
      'registry.example.net/team/vectors:16.9-0.4.3',
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

  it.each([
    ['pgvector/pgvector:0.8.0-pg17', 17],
    ['pgvector/pgvector:pg16', 16],
    ['timescale/timescaledb:2.17.2-pg16', 16],
    ['ghcr.io/zalando/spilo-16:3.2-p1', 16],
    ['postgis/postgis:16-3.4', 16],
    ['docker.io/bitnami/postgresql:17.2.0-debian-12-r1@sha256:00', 17],
    ['ghcr.io/tensorchord/cloudnative-vectorchord:16.9-0.4.3', 16],
    ['ghcr.io/immich-app/postgres:14-vectorchord0.3.0-pgvectors0.2.0', 14],
    ['prodrigestivill/postgres-backup-local:17-alpine', 17],
    ['postgres:18', 18],
    ['citusdata/citus:12.1', undefined],
    ['registry.example.net/team/postgres17:2024.3', 17],
    ['registry.example.net:5000/postgres', undefined],
  ])('of %s are those of version %s', (image, version) => {
    expect(postgresMajor(image)).toBe(version);
  });

  it('are Debian’s, whose tools the scripts are tried with', () => {
    expect(clients(server('docker.io/library/postgres:17-alpine'))).toBe('docker.io/library/postgres:17.7');
  });

  it.each([
    ['mirror.example.net/library/postgres:16.2', 'mirror.example.net/library/postgres:16.2'],
    ['mirror.example.net/library/postgres:18.1', 'mirror.example.net/library/postgres:16.11'],
  ])('come from the registry of %s', (platform, image) => {
    expect(clients(server('docker.io/library/postgres:16.3'), platform)).toBe(image);
  });

  it('stand in jobs whose names are cut where they would be too long', () => {
    expect(cronJobName('db-dump', 'offsite')).toBe('db-dump-offsite');
    const [name, other] = ['primary', 'standby'].map((end) =>
      cronJobName(`nextcloud-production-postgresql-${end}-dump`, 'offsite'),
    );
    expect(name).toMatch(/^nextcloud-production-postgresql-\w+-[0-9a-f]{8}$/);
    expect(`${name}-upkeep`.length).toBeLessThanOrEqual(52);
    expect(other).not.toBe(name);
  });
});
