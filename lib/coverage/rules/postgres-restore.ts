/** Databases that come back: there are base copies, archives of their own, and a moment that everybody reads alike. */
import {
  BARMAN_GROUP,
  CNPG_GROUP,
  isReplica,
  logArchiveOf,
  placeIn,
  sourcesOf,
  type Archive,
  type InCoreArchive,
} from '../../methods/cnpg/archive';
import { continuousOf } from '../../methods/cnpg/method';
import { nextServerName } from '../../methods/cnpg/objects';
import { secretsReadBy } from '../../methods/jobs/declaration';
import { groupBy } from '../../model/collections';
import { at, describeObject, objectId, textAt, type KubeObject } from '../../model/kube-object';
import { storeKey } from '../../model/location';
import type { RenderedObject } from '../../model/rendered';
import { counted } from '../../model/text';
import { podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { aboutDataset, aboutObject, describeOrigin, inWords, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';
import { textsIn } from '../scripts';
import { clusterExample, protectedAnew } from './postgres-archive';

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
        return [{ ...aboutDataset(dataset), remedies: protectedAnew(dataset, context) }];
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
      const archive = logArchiveOf(rendered.object);
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
function archiveKey(archive: Archive | InCoreArchive, { object }: RenderedObject, context: GateContext): string {
  const { namespace = '' } = object.metadata;
  const configuration =
    'configuration' in archive ? archive.configuration : configurationOf(archive, namespace, context);
  const place = placeIn(configuration);
  if (place !== undefined) return JSON.stringify([storeKey(place), place.prefix, archive.serverName]);
  const path = textAt(configuration, 'destinationPath')?.replace(/\/+$/, '');
  const unseen = 'objectStore' in archive ? [namespace, archive.objectStore] : [];
  return JSON.stringify([...(path === undefined ? unseen : [path]), archive.serverName]);
}

function configurationOf({ objectStore: name }: Archive, namespace: string, context: GateContext): unknown {
  const store = context.object({ group: BARMAN_GROUP, kind: 'ObjectStore', namespace, name })?.object;
  return at(store, 'spec', 'configuration');
}

function notItsOwn(
  { object, origin }: RenderedObject,
  { serverName }: Archive | InCoreArchive,
  why: string,
): RuleFinding {
  const next = nextServerName(serverName);
  // What BackedUpPostgres renders is called Resource inside it.
  const isOurs = origin.type === 'construct' && describeOrigin(origin) !== origin.path;
  const line = isOurs ? `generation: ${next.slice(next.lastIndexOf('-') + 1)}` : `serverName: '${next}'`;
  return {
    ...aboutObject(object, origin),
    because: `its archive is '${serverName}', and ${why}`,
    remedies: toFix(line),
  };
}

export const postgresRecovery: Rule = {
  id: 'postgres-recovery',
  heading: (n) => `${counted(n, 'restore')} of a database that ${n === 1 ? 'goes' : 'go'} wrong`,
  what: '`bootstrap.recovery` of a Cluster names nothing to restore from, or two things, a moment without a time zone, or not the database of the application that logs in by the operator’s Secret.',
  why: 'The operator takes it: the Cluster waits for ever, or comes back as it was an hour earlier or later than was meant. For a database that nobody names it takes `app`: where the copy has none of that name, it makes an empty one, and the application begins anew in that.',
  fix: 'Name one source, the database and its owner as they were, and write the moment with its zone: `2027-06-01T10:00:00Z`.',
  example:
    clusterExample(`bootstrap: { recovery: { source: 'origin', recoveryTarget: { targetTime: '2027-06-01 10:00:00' } } },
    externalClusters: [{ name: 'origin', plugin: { name: 'barman-cloud.cloudnative-pg.io', parameters: { barmanObjectName: 'old' } } }]`).concat(
      `\nexclude(chart, { postgres: 'db' }, { reason: 'It exists for a test of the restore.' });`,
    ),
  check: (context) =>
    context.ofKind(CNPG_GROUP, 'Cluster').flatMap(({ object, origin }) => {
      const recovery = at(object, 'spec', 'bootstrap', 'recovery');
      const problem = recoveryProblem(recovery) ?? databaseProblem(object, recovery, context);
      return problem === undefined ? [] : [{ ...aboutObject(object, origin), ...problem }];
    }),
};

function recoveryProblem(recovery: unknown): Pick<RuleFinding, 'because' | 'remedies'> | undefined {
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

/** What the operator fills in (cloudnative-pg v1.30.0, api/v1/cluster_defaults.go) need not be what the copy has. */
function databaseProblem(
  cluster: KubeObject,
  recovery: unknown,
  context: GateContext,
): Pick<RuleFinding, 'because' | 'remedies'> | undefined {
  if (recovery === undefined || recovery === null || isReplica(cluster)) return undefined;
  const isNamed = (...path: readonly string[]): boolean => ![undefined, ''].includes(textAt(recovery, ...path));
  const { namespace = '', name } = cluster.metadata;
  const login = `${name}-app`;
  if (isNamed('database') || isNamed('secret', 'name') || !isRead(login, namespace, context)) return undefined;
  return {
    because: `bootstrap.recovery does not name the database of the application, which '${login}' is to lead to: the operator takes 'app', and makes an empty one where the copy has none`,
    remedies: toFix(`database: 'app', owner: 'app'`),
  };
}

/** Whether pods that anybody sees, or jobs of this library, have variables or files from a Secret. */
function isRead(secret: string, namespace: string, context: GateContext): boolean {
  return (
    context
      .inNamespace(namespace)
      .some((object) => textsIn(podTemplateOf(object)).some(({ text }) => text === secret)) ||
    context.methods.jobs.jobs.some(
      ({ declaration }) => declaration.namespace === namespace && secretsReadBy(declaration.source).has(secret),
    )
  );
}
