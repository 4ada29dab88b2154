/** Databases of CloudNativePG: their log really goes where their strategy says. */
import {
  BARMAN_GROUP,
  BARMAN_PLUGIN,
  fencedInstances,
  isHibernated,
  placeOf,
  pluginsOf,
  secretsOf,
  whyLogIsKept,
  type Archive,
} from '../../methods/cnpg/archive';
import { continuousOf, defaultArchive, keptBy, type ProtectedCluster } from '../../methods/cnpg/method';
import { archiverPlugin } from '../../methods/cnpg/objects';
import { archiveTimeout, textOfParameter } from '../../methods/cnpg/parameters';
import type { AnsweredDataset } from '../../model/answered';
import { at, textAt, type KubeObject } from '../../model/kube-object';
import { storeKey, type Location } from '../../model/location';
import type { Continuous } from '../../model/strategy';
import { counted, describeSeconds, enumerated } from '../../model/text';
import type { GateContext } from '../context';
import { aboutDataset, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { continuousLine, isDeclaredByItsMaker, postgresBackupLine } from '../remedies';
import type { Rule } from '../rule';

/** A Cluster of somebody's own, for the examples. */
export function clusterExample(spec: string): string {
  return `new ApiObject(chart, 'db', {
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  metadata: { name: 'db' },
  spec: { instances: 1, storage: { size: '20Gi' }${spec === '' ? '' : `, ${spec}`} },
});`;
}

export const cnpgMissing: Rule = {
  id: 'cnpg-missing',
  heading: () => 'CloudNativePG and its Barman plugin are needed, and the platform does not have them',
  what: 'The log of a database is to be archived, and the platform states no CloudNativePG.',
  why: 'A Cluster that names a plugin which nobody installed does not start, and a ScheduledBackup is an object that nobody reads.',
  fix: 'Install the operator and the plugin, and state them in `definePlatform`.',
  example: `const platform = definePlatform({
  cluster: 'home',
  flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist' },
});
new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
});`,
  check: (context) => {
    const databases = context.copied.filter((dataset) => continuousOf(dataset).length > 0);
    if (context.platform.cnpg !== undefined || databases.length === 0) return [];
    return [
      {
        subject: counted(databases.length, 'database'),
        remedies: toFix(`cnpg: { version: '1.30', barmanPlugin: '0.14' }`),
      },
    ];
  },
};

export const postgresArchive: Rule = {
  id: 'postgres-archive',
  heading: (n) => `${counted(n, 'database')} whose log does not go where it is said to go`,
  what: 'A strategy says that the log of a database is archived at a location, and the Cluster does not do it: it names no plugin that archives, an ObjectStore that is not there or that stores elsewhere, or a setting that keeps the log.',
  why: 'The operator takes all of these. The database runs, base copies may even be made, and a restore reaches no further than the last of them.',
  fix: 'Let the Cluster name the Barman plugin, as the finding prints it, and the plugin an ObjectStore of the location.',
  example: `${clusterExample('')}
new PostgresBackup(chart, 'db-backup', {
  cluster: 'db',
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
});`,
  check: (context) =>
    context.copied.flatMap((dataset) => {
      const found = context.methods.cnpg.protectionOf(dataset);
      if (found === undefined) return [];
      const problems = continuousOf(dataset).flatMap(
        (strategy) => archiveProblem(found, strategy, dataset, context) ?? [],
      );
      return problems.slice(0, 1).map((problem) => ({ ...aboutDataset(dataset), ...problem }));
    }),
};

type Problem = Pick<RuleFinding, 'because' | 'remedies'>;

function archiveProblem(
  found: ProtectedCluster,
  strategy: Continuous,
  dataset: AnsweredDataset,
  context: GateContext,
): Problem | undefined {
  return (
    clusterProblem(found.cluster) ?? pluginProblem(found, strategy, dataset, context) ?? storeProblem(found, strategy)
  );
}

/** What keeps the log where it is, whatever the plugins say. */
function clusterProblem(cluster: KubeObject): Problem | undefined {
  if (isHibernated(cluster)) {
    const because = 'it is hibernated: nothing writes, and no base copy is made';
    return {
      because,
      remedies: inWords('take the annotation cnpg.io/hibernation away, or say with elsewhere who has its data'),
    };
  }
  const fenced = fencedInstances(cluster);
  if (fenced !== undefined) {
    return {
      because: `its annotation cnpg.io/fencedInstances is '${fenced}': PostgreSQL is stopped there, hands over no log, and no base copy is made of it`,
      remedies: inWords('take the annotation away'),
    };
  }
  const because = whyLogIsKept(cluster);
  if (because !== undefined) return { because, remedies: inWords('take it away') };
  if (Number.isFinite(archiveTimeout(cluster))) return undefined;
  const timeout = textOfParameter(cluster, 'archive_timeout') ?? '';
  return {
    because: `its parameter archive_timeout is '${timeout}': what is written last stays until 16 MiB are full`,
    remedies: toFix(`archive_timeout: '5min'`),
  };
}

function pluginProblem(
  found: ProtectedCluster,
  strategy: Continuous,
  dataset: AnsweredDataset,
  context: GateContext,
): Problem | undefined {
  const { cluster, archive, objectStore } = found;
  const archivers = pluginsOf(cluster).filter(({ archives }) => archives);
  const inCore = at(cluster, 'spec', 'backup', 'barmanObjectStore') !== undefined;
  const [first] = archivers;
  if (archivers.length + (inCore ? 1 : 0) > 1) {
    const names = [...archivers.map(({ name }) => name), ...(inCore ? ['spec.backup.barmanObjectStore'] : [])];
    return {
      because: `${enumerated(names)} archive its log, and the operator refuses more than one`,
      remedies: inWords('keep the plugin alone'),
    };
  }
  if (archive !== undefined) {
    return objectStore === undefined ? missingStore(found, archive, strategy, dataset, context) : undefined;
  }
  const lines = linesFor(cluster, strategy, context);
  if (inCore) {
    const because = 'spec.backup.barmanObjectStore archives its log, which CloudNativePG 1.31 no longer knows';
    return { because, remedies: inWords(`${lines}, in the place of it`) };
  }
  if (first !== undefined && first.name !== BARMAN_PLUGIN) {
    return { because: `the plugin ${first.name} archives its log`, remedies: inWords(`${lines}, in the place of it`) };
  }
  if (first !== undefined) return { because: 'its plugin names no ObjectStore', remedies: inWords(lines) };
  const named = pluginsOf(cluster).some(({ name }) => name === BARMAN_PLUGIN);
  return {
    because: named ? 'its plugin is not told to archive the log' : 'no plugin archives its log',
    remedies: inWords(lines),
  };
}

/** The lines that are missing in a Cluster, for whoever wrote it. */
function linesFor(cluster: KubeObject, { to }: Continuous, context: GateContext): string {
  const { objectStore, serverName } = defaultArchive(cluster);
  const store = storeIn(cluster, to, context)?.metadata.name ?? objectStore;
  return `write under spec of the Cluster: plugins: [${flow(archiverPlugin(store, serverName))}]`;
}

/** An ObjectStore beside a Cluster that stores at a location. */
function storeIn({ metadata }: KubeObject, location: Location, context: GateContext): KubeObject | undefined {
  return context
    .ofKind(BARMAN_GROUP, 'ObjectStore')
    .map(({ object }) => object)
    .find((object) => object.metadata.namespace === metadata.namespace && storesAt(object, location) === undefined);
}

/** YAML on one line. */
function flow(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, child]) => `${key}: ${flow(child)}`)
    .join(', ')} }`;
}

function missingStore(
  { cluster }: ProtectedCluster,
  { objectStore }: Archive,
  strategy: Continuous,
  dataset: AnsweredDataset,
  context: GateContext,
): Problem {
  const names = `its plugin names ObjectStore ${objectStore}`;
  if (storeIn(cluster, strategy.to, context) !== undefined) {
    return { because: `${names}, which no object is`, remedies: inWords(linesFor(cluster, strategy, context)) };
  }
  const elsewhere = context
    .ofKind(BARMAN_GROUP, 'ObjectStore')
    .find(({ object }) => object.metadata.name === objectStore)?.object.metadata.namespace;
  if (elsewhere === undefined) {
    return { because: `${names}, which no object is`, remedies: protectedAnew(dataset, context) };
  }
  return {
    because: `${names}, which is in namespace ${elsewhere}`,
    remedies: inWords(`put it into namespace ${cluster.metadata.namespace ?? ''}, where the plugin looks for it`),
  };
}

/** The construct that brings all that is missing. */
export function protectedAnew(dataset: AnsweredDataset, context: GateContext): readonly Remedy[] {
  return isDeclaredByItsMaker(dataset)
    ? inWords('leave what BackedUpPostgres renders where it is')
    : [...toFix(postgresBackupLine(dataset, continuousLine(context), context)), ...inWords('in the place of backUp')];
}

/** Whether what the ObjectStore says is what the strategy says. */
function storeProblem({ objectStore }: ProtectedCluster, strategy: Continuous): Problem | undefined {
  if (objectStore === undefined) return undefined;
  const { object } = objectStore;
  const { to, restoreWindowSeconds } = strategy;
  const name = `ObjectStore ${object.metadata.name}`;
  const elsewhere = storesAt(object, to);
  if (elsewhere !== undefined) {
    return {
      because: `${name} stores at ${elsewhere}, and not at '${to.name}'`,
      remedies: inWords('let both say the same place'),
    };
  }
  if (
    secretsOf(object).size === 0 &&
    at(object, 'spec', 'configuration', 's3Credentials', 'inheritFromIAMRole') !== true
  ) {
    return {
      because: `${name} names no keys`,
      remedies: inWords(`name those of Secret backed-up-${to.name} in s3Credentials`),
    };
  }
  if (to.customCa && textAt(object, 'spec', 'configuration', 'endpointCA', 'name') === undefined) {
    const because = `${name} does not know the authority of the server's certificate, which '${to.name}' says is its own`;
    return { because, remedies: inWords(`say endpointCA: { name: backed-up-${to.name}, key: ca.crt }`) };
  }
  const kept = keptBy(object);
  // False for what is not a number, which strategy-misfit refuses.
  if (kept === undefined || !(kept < restoreWindowSeconds)) return undefined;
  return {
    because: `${name} keeps what a restore needs for ${describeSeconds(kept)}, and ${describeSeconds(restoreWindowSeconds)} are promised`,
    remedies: toFix(`retentionPolicy: '${Math.ceil(restoreWindowSeconds / 86_400)}d'`),
  };
}

/** Where an ObjectStore stores, unless it is in a location. */
function storesAt(objectStore: KubeObject, location: Location): string | undefined {
  const place = placeOf(objectStore);
  if (place === undefined) return `'${textAt(objectStore, 'spec', 'configuration', 'destinationPath') ?? ''}'`;
  const isBelow = location.prefix === '' || `${place.prefix}/`.startsWith(`${location.prefix}/`);
  if (storeKey(place) === storeKey(location) && isBelow) return undefined;
  return `s3://${place.bucket}/${place.prefix} of ${place.endpoint === '' ? 'Amazon' : place.endpoint}`;
}
