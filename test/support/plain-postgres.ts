/** A PostgreSQL that runs without an operator, and its dump. */
import { ApiObject, type Chart } from 'cdk8s';
import { nightly, PostgresBackup } from '../../lib';
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

/** StatefulSet and Service `db`, and a PostgresBackup for each volume. */
export function plainPostgres(chart: Chart, options: PlainPostgres = {}): void {
  const { image = 'docker.io/library/postgres:18.1', before = [], templates = ['data'] } = options;
  const labels = { app: 'db' };
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
      server: {
        host: 'db',
        pods: { labels },
        user: { secret: 'db', key: 'username' },
        password: { secret: 'db', key: 'password' },
        keptIn: options.keptIn ?? 'sealed envelope, bank',
      },
      backup: nightly({ to: offsite, keep: { daily: 14 } }),
    });
}
