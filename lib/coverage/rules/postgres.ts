/** Databases of CloudNativePG: their log really goes where their strategy says, and can be restored from there. */
import {
  archiveOf,
  BARMAN_GROUP,
  BARMAN_PLUGIN,
  CNPG_GROUP,
  isHibernated,
  placeOf,
  pluginsOf,
  secretsOf,
  sourcesOf,
  whyLogIsKept,
  type Archive,
} from '../../methods/cnpg/archive';
import { continuousOf, defaultArchive, keptBy, type ProtectedCluster } from '../../methods/cnpg/method';
import { archiverPlugin } from '../../methods/cnpg/objects';
import { archiveTimeout, textOfParameter } from '../../methods/cnpg/parameters';
import type { AnsweredDataset } from '../../model/answered';
import { groupBy } from '../../model/collections';
import { at, describeObject, objectId, textAt, type KubeObject } from '../../model/kube-object';
import { storeKey } from '../../model/location';
import type { RenderedObject } from '../../model/rendered';
import type { Continuous } from '../../model/strategy';
import { counted, describeSeconds, enumerated } from '../../model/text';
import type { GateContext } from '../context';
import { aboutDataset, aboutObject, describeOrigin, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { postgresBackupLine } from '../remedies';
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
    return objectStore === undefined ? missingStore(archive, dataset, context) : undefined;
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
  const { namespace } = cluster.metadata;
  const stores = context
    .ofKind(BARMAN_GROUP, 'ObjectStore')
    .filter(({ object }) => object.metadata.namespace === namespace);
  const here = stores.find(({ object }) => storesAt(object, to) === undefined);
  const { objectStore, serverName } = defaultArchive(cluster);
  return `write under spec of the Cluster: plugins: [${flow(archiverPlugin(here?.object.metadata.name ?? objectStore, serverName))}]`;
}

/** YAML on one line. */
function flow(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([key, child]) => `${key}: ${flow(child)}`)
    .join(', ')} }`;
}

function missingStore({ objectStore }: Archive, dataset: AnsweredDataset, context: GateContext): Problem {
  const elsewhere = context
    .ofKind(BARMAN_GROUP, 'ObjectStore')
    .find(({ object }) => object.metadata.name === objectStore);
  const because =
    elsewhere === undefined
      ? `its plugin names ObjectStore ${objectStore}, which no object is`
      : `its plugin names ObjectStore ${objectStore}, which is in namespace ${elsewhere.object.metadata.namespace ?? ''}, and the plugin looks in the Cluster's`;
  return { because, remedies: toFix(postgresBackupLine(dataset, context)) };
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
  if (kept === undefined || kept >= restoreWindowSeconds) return undefined;
  return {
    because: `${name} keeps what a restore needs for ${describeSeconds(kept)}, and ${describeSeconds(restoreWindowSeconds)} are promised`,
    remedies: toFix(`retentionPolicy: '${Math.ceil(restoreWindowSeconds / 86_400)}d'`),
  };
}

/** Where an ObjectStore stores, unless it is in a location. */
function storesAt(objectStore: KubeObject, location: Continuous['to']): string | undefined {
  const place = placeOf(objectStore);
  if (place === undefined) return `'${textAt(objectStore, 'spec', 'configuration', 'destinationPath') ?? ''}'`;
  const isBelow = location.prefix === '' || `${place.prefix}/`.startsWith(`${location.prefix}/`);
  if (storeKey(place) === storeKey(location) && isBelow) return undefined;
  return `s3://${place.bucket}/${place.prefix} of ${place.endpoint === '' ? 'Amazon' : place.endpoint}`;
}

export const postgresBaseCopies: Rule = {
  id: 'postgres-base-copies',
  heading: (n) => `${counted(n, 'database')} of which no base copies are made`,
  what: 'The log of a database is archived, and no ScheduledBackup of the same plugin names it.',
  why: 'A log restores nothing without a base copy before it, and one that is a year old takes a year of log.',
  fix: 'Protect it with PostgresBackup, which makes base copies, or write a ScheduledBackup that names it.',
  example: `new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
}).node.tryRemoveChild('ScheduledBackup');`,
  check: (context) =>
    context.copied
      .filter((dataset) => continuousOf(dataset).length > 0)
      .flatMap((dataset) => {
        const found = context.methods.cnpg.protectionOf(dataset);
        if (found === undefined || found.scheduledBackups.length > 0) return [];
        return [{ ...aboutDataset(dataset), remedies: toFix(postgresBackupLine(dataset, context)) }];
      }),
};

export const postgresArchiveShared: Rule = {
  id: 'postgres-archive-shared',
  heading: (n) => `${counted(n, 'Cluster')} that ${n === 1 ? 'writes' : 'write'} into the archive of another`,
  what: 'Two Clusters archive to one server name at one place, or one Cluster writes into the archive that it restores from.',
  why: 'The operator takes it. The second one finds an archive that is not empty and never starts: its pods say “Expected empty archive”, and its status “Setting up primary”.',
  fix: 'Give each Cluster a server name of its own: a restored database gets the next generation.',
  example: `for (const id of ['db', 'reports']) {
  new BackedUpPostgres(chart, id, {
    storage: Size.gibibytes(20),
    backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
    spec: { plugins: [{ name: 'barman-cloud.cloudnative-pg.io', isWALArchiver: true, parameters: { barmanObjectName: 'db', serverName: 'db-1' } }] } as never,
  });
}`,
  check: (context) => {
    const clusters = context.ofKind(CNPG_GROUP, 'Cluster');
    const archiving = clusters.flatMap((rendered) => {
      const archive = archiveOf(rendered.object);
      return archive === undefined ? [] : [{ rendered, key: archiveKey(archive, rendered, context), archive }];
    });
    const shared = [...groupBy(archiving, ({ key }) => key).values()].flatMap(([first, ...others]) =>
      others.map(({ rendered, archive }) =>
        notItsOwn(
          rendered,
          archive,
          `${first === undefined ? '' : describeObject(objectId(first.rendered.object))} writes it too`,
        ),
      ),
    );
    const own = archiving.flatMap(({ rendered, key, archive }) =>
      sourcesOf(rendered.object).some((source) => archiveKey(source, rendered, context) === key)
        ? [notItsOwn(rendered, archive, 'it is what the Cluster restores from')]
        : [],
    );
    return [...shared, ...own];
  },
};

/** Equal for archives that are one folder of one store. */
function archiveKey({ objectStore, serverName }: Archive, { object }: RenderedObject, context: GateContext): string {
  const { namespace = '' } = object.metadata;
  const store = context.object({ group: BARMAN_GROUP, kind: 'ObjectStore', namespace, name: objectStore });
  const place = store === undefined ? undefined : placeOf(store.object);
  const where = place === undefined ? [namespace, objectStore] : [storeKey(place), place.prefix];
  return JSON.stringify([...where, serverName]);
}

function notItsOwn({ object, origin }: RenderedObject, { serverName }: Archive, why: string): RuleFinding {
  const [, name = serverName, generation = '1'] = /^(.+)-(\d+)$/.exec(serverName) ?? [];
  const isOurs = origin.type === 'construct' && describeOrigin(origin) !== origin.path;
  const next = Number(generation) + 1;
  const remedies: readonly Remedy[] = isOurs ? toFix(`generation: ${next}`) : toFix(`serverName: '${name}-${next}'`);
  return { ...aboutObject(object, origin), because: `its archive is '${serverName}', and ${why}`, remedies };
}

export const postgresRecovery: Rule = {
  id: 'postgres-recovery',
  heading: (n) => `${counted(n, 'restore')} of a database that ${n === 1 ? 'goes' : 'go'} wrong`,
  what: '`bootstrap.recovery` of a Cluster names nothing to restore from, or two things, or a moment without a time zone.',
  why: 'The operator takes it: the Cluster waits for ever, or comes back as it was an hour earlier or later than was meant.',
  fix: 'Name one source, and write the moment with its zone: `2027-06-01T10:00:00Z`.',
  example:
    clusterExample(`bootstrap: { recovery: { source: 'origin', recoveryTarget: { targetTime: '2027-06-01 10:00:00' } } },
    externalClusters: [{ name: 'origin', plugin: { name: 'barman-cloud.cloudnative-pg.io', parameters: { barmanObjectName: 'old' } } }]`).concat(
      `\nexclude(chart, { postgres: 'db' }, { reason: 'It exists for a test of the restore.' });`,
    ),
  check: (context) =>
    context.ofKind(CNPG_GROUP, 'Cluster').flatMap(({ object, origin }) => {
      const problem = recoveryProblem(at(object, 'spec', 'bootstrap', 'recovery'));
      return problem === undefined ? [] : [{ ...aboutObject(object, origin), ...problem }];
    }),
};

function recoveryProblem(recovery: unknown): Problem | undefined {
  if (recovery === undefined || recovery === null) return undefined;
  const sources = ['source', 'backup', 'volumeSnapshots'].filter((field) => at(recovery, field) !== undefined);
  if (sources.length === 0) {
    return {
      because: 'bootstrap.recovery names nothing to restore from',
      remedies: inWords('name a source of externalClusters'),
    };
  }
  if (sources.includes('source') && sources.includes('backup')) {
    return { because: 'bootstrap.recovery names a source and a backup', remedies: inWords('keep one of the two') };
  }
  const targetTime = textAt(recovery, 'recoveryTarget', 'targetTime');
  if (targetTime === undefined || /(Z|[+-]\d\d(:?\d\d)?)$/i.test(targetTime.trim().replace(/^\d{4}-\d\d-\d\d/, '')))
    return undefined;
  const meant = `${targetTime.trim().replace(' ', 'T')}${/\d:\d\d/.test(targetTime) ? '' : 'T00:00:00'}Z`;
  return { because: `targetTime '${targetTime}' names no time zone`, remedies: toFix(`targetTime: '${meant}'`) };
}
