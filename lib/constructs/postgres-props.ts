/** What the properties of the PostgreSQL constructs have to be, where no types hold them to it. */
import { isPinned } from '../model/image';
import { at, isMapping } from '../model/kube-object';
import { isDnsLabel } from '../model/names';
import { volumeOf } from './held-volume';
import { isCount, isFlag, isPort, isSize, isText, keyOfSecret, labelsOfPods, optional, type Expected } from './misuse';

const DUMP: Readonly<Record<string, Expected>> = {
  dump: { is: optional(isMapping), write: 'dump: { deadline: Duration.hours(1) }' },
  'dump.image': { is: optional(isPinned), write: `image: 'docker.io/library/postgres:18.1', with a tag or a digest` },
};

const PROTECTION: Readonly<Record<string, Expected>> = {
  podMonitor: { is: optional(isFlag), write: 'podMonitor: false' },
  ...DUMP,
};

export const BACKED_UP_POSTGRES: Readonly<Record<string, Expected>> = {
  name: { is: optional(isText), write: `name: 'db'` },
  storage: { is: isSize, write: 'storage: Size.gibibytes(20)' },
  storageClass: { is: optional(isText), write: `storageClass: 'ceph-block'` },
  instances: { is: optional(isCount), write: 'instances: 1, or another whole number from 1' },
  generation: { is: optional(isCount), write: 'generation: 1, or another whole number from 1' },
  spec: { is: optional(isMapping), write: 'spec: { postgresql: { … } }' },
  ...PROTECTION,
};

const CLUSTER_BACKUP: Readonly<Record<string, Expected>> = {
  cluster: { is: isText, write: `cluster: 'db'` },
  namespace: { is: optional(isText), write: `namespace: 'wiki'` },
  ...PROTECTION,
};

const SERVER_BACKUP: Readonly<Record<string, Expected>> = {
  data: volumeOf('db'),
  ...DUMP,
};

/** A server that is reached through a Service. @param path of the property that says how: `server`. */
export function serverProps(path: string): Readonly<Record<string, Expected>> {
  return {
    [`${path}.host`]: {
      is: isDnsLabel,
      write: (host) => {
        const [name = 'db', namespace] = isText(host) ? host.split('.') : [];
        const service = 'the name of a Service in the namespace of the volume, and nothing behind it';
        // A Gitea has its database in its own namespace.
        const isElsewhere = path === 'server' && namespace !== undefined && isDnsLabel(name) && isDnsLabel(namespace);
        return !isElsewhere
          ? `host: 'db', ${service}`
          : `host: '${name}', ${service}; where the database is in the namespace '${namespace}', and the chart is not, write namespace: '${namespace}' into data, too`;
      },
    },
    [`${path}.port`]: { is: optional(isPort), write: 'port: 5432' },
    [`${path}.pods.labels`]: labelsOfPods(`pods: { labels: { app: 'db' } }`),
    [`${path}.pods.port`]: { is: optional(isPort), write: `pods: { labels: { app: 'db' }, port: 5432 }` },
    [`${path}.user`]: keyOfSecret(`user: { secret: 'db', key: 'username' }`),
    [`${path}.password`]: keyOfSecret(`password: { secret: 'db', key: 'password' }`),
    [`${path}.sslMode`]: {
      is: optional((mode) => mode === 'prefer' || mode === 'require'),
      write: `sslMode: 'require', or 'prefer'`,
    },
  };
}

const NO_SERVER: Readonly<Record<string, Expected>> = {
  server: {
    is: isMapping,
    write: `server: { host: 'db', pods: { labels: … }, user: …, password: …, keptIn: … }; or name a cluster`,
  },
};

/** By what the properties name: a Cluster of CloudNativePG, or else a server. */
export function postgresBackupProps(props: unknown): Readonly<Record<string, Expected>> {
  if (isMapping(props) && 'cluster' in props) return CLUSTER_BACKUP;
  return { ...SERVER_BACKUP, ...(isMapping(at(props, 'server')) ? serverProps('server') : NO_SERVER) };
}
