/** A PostgreSQL that runs without an operator, and its dump. */
import { ApiObject, type Chart } from 'cdk8s';
import { nightly, PostgresBackup } from '../../lib';
import type { PostgresServer } from '../../lib/constructs/postgres-server';
import { offsite } from './scenario';

export interface PlainPostgres {
  /** Default: the version that jobs take where nothing says one. */
  readonly image?: string;
  /** Containers before that of the server. */
  readonly before?: readonly object[];
  /** The claim templates of its volumes, each of which is dumped. Default: one, `data`. */
  readonly templates?: readonly string[];
  readonly keptIn?: string;
}

const SERVER: PostgresServer = {
  host: 'db',
  pods: { labels: { app: 'db' } },
  user: { secret: 'db', key: 'username' },
  password: { secret: 'db', key: 'password' },
  keptIn: 'sealed envelope, bank',
};

/** A claim `data`, and the dump of a server of which nobody sees more. */
export function unseenPostgres(chart: Chart, spec: object = {}, server: Partial<PostgresServer> = {}): void {
  new ApiObject(chart, 'data', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  });
  new PostgresBackup(chart, 'dump', {
    data: { claim: 'data' },
    server: { ...SERVER, ...server },
    backup: nightly({ to: offsite, keep: { daily: 14 } }),
  });
}

/** StatefulSet and Service `db`, and a PostgresBackup for each volume. */
export function plainPostgres(chart: Chart, options: PlainPostgres = {}): void {
  const { image = 'docker.io/library/postgres:18.1', before = [], templates = ['data'] } = options;
  const { labels } = SERVER.pods;
  const volumeMounts = templates.map((name) => ({ name, mountPath: `/var/lib/${name}` }));
  new ApiObject(chart, 'set', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      serviceName: 'db',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [...before, { name: 'postgres', image, volumeMounts }] },
      },
      volumeClaimTemplates: templates.map((name) => ({
        metadata: { name },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
      })),
    },
  });
  new ApiObject(chart, 'service', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db' },
    spec: { selector: labels, ports: [{ port: 5432 }] },
  });
  for (const template of templates)
    new PostgresBackup(chart, `${template}-backup`, {
      data: { statefulSet: 'db', template },
      server: { ...SERVER, ...(options.keptIn === undefined ? {} : { keptIn: options.keptIn }) },
      backup: nightly({ to: offsite, keep: { daily: 14 } }),
    });
}
