/** Base copies of databases, whoever asks for them: the operator takes nearly everything, and fails in the background. */
import {
  BARMAN_PLUGIN,
  clusterOfBackup,
  CNPG_GROUP,
  isBackupObject,
  methodOfBackup,
  pluginsOf,
} from '../../methods/cnpg/archive';
import { readSchedule } from '../../methods/cnpg/schedule';
import {
  annotationsOf,
  at,
  booleanAt,
  describeObject,
  groupOf,
  labelsOf,
  objectId,
  textAt,
  type KubeObject,
} from '../../model/kube-object';
import { MANAGED_BY } from '../../model/marks';
import { installNamespace } from '../../model/opaque-kinds';
import { isWritten, type RenderedObject } from '../../model/rendered';
import { isVersionFrom } from '../../model/version';
import { counted } from '../../model/text';
import { chartDatabases, isChartWithoutClusters, type ChartDatabase } from '../cluster-chart';
import type { GateContext } from '../context';
import type { OpaqueObject } from '../find-data';
import { aboutObject, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import type { Rule } from '../rule';
import { clusterExample } from './postgres-archive';

function scheduledBackupExample(spec: string): string {
  return `${clusterExample('')}
exclude(chart, { postgres: 'db' }, { reason: 'It holds only what the tests have written.' });
new ApiObject(chart, 'copies', {
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'ScheduledBackup',
  metadata: { name: 'copies' },
  spec: { cluster: { name: 'db' }, ${spec} },
});`;
}

export const scheduledBackupSchedule: Rule = {
  id: 'scheduled-backup-schedule',
  heading: (n) => `${counted(n, 'ScheduledBackup')} with a time that is not meant`,
  what: 'The schedule of a ScheduledBackup, also of one that the values of the chart `cluster` ask for, has five fields, names a time zone, or never comes.',
  why: 'The operator reads six fields, seconds first, in UTC. Five are taken with a warning that Flux does not show, and `0 3 * * *` runs every hour; 30 February is taken without one.',
  fix: 'Write six fields, seconds first, in UTC. `cron` of `continuous` takes five, and adds the seconds.',
  example: scheduledBackupExample(
    `schedule: '0 3 * * *', method: 'plugin', pluginConfiguration: { name: 'barman-cloud.cloudnative-pg.io' }`,
  ).replace(clusterExample(''), clusterExample(`plugins: [{ name: 'barman-cloud.cloudnative-pg.io' }]`)),
  check: (context) =>
    askedBackups(context).flatMap((asked) => {
      const { backup } = asked;
      if (backup.kind !== 'ScheduledBackup') return [];
      const schedule = textAt(backup, 'spec', 'schedule') ?? '';
      const read = readSchedule(schedule);
      if (!('problem' in read)) return [];
      return [aboutBackup(asked, { because: `'${schedule}' ${read.problem}`, remedies: sixFields(backup, schedule) })];
    }),
};

/** What asks for base copies. */
interface AskedBackup {
  readonly backup: KubeObject;
  /** What is to be changed: itself, or the release that makes it. */
  readonly by: RenderedObject;
}

/** Those that are seen as they will be: Flux may put values into what is only read. */
function askedBackups(context: GateContext): readonly AskedBackup[] {
  const written = ['ScheduledBackup', 'Backup']
    .flatMap((kind) => context.ofKind(CNPG_GROUP, kind))
    .filter((rendered) => isWritten(rendered) || !JSON.stringify(rendered.object['spec'] ?? {}).includes('${'))
    .map((rendered) => ({ backup: rendered.object, by: rendered }));
  const made = chartDatabases(context).flatMap(({ release, scheduledBackups }) =>
    scheduledBackups.map((backup) => ({ backup, by: release })),
  );
  return [...written, ...made];
}

function aboutBackup({ backup, by: { object, origin } }: AskedBackup, { because, remedies }: Problem): RuleFinding {
  const whose = backup === object ? '' : `it makes ${describeObject(objectId(backup))}: `;
  return { ...aboutObject(object, origin), because: `${whose}${because}`, remedies };
}

/** Ours follows from the strategy. */
function sixFields(object: KubeObject, schedule: string): readonly Remedy[] {
  if (isOurs(object)) return toFix(`cron: '30 3 * * *'`);
  const meant = `0 ${schedule.replace(/^(CRON_)?TZ=\S+\s+/i, '')}`;
  return toFix(`schedule: '${'problem' in readSchedule(meant) ? '0 30 3 * * *' : meant}'`);
}

function isOurs(object: KubeObject): boolean {
  return Object.entries(MANAGED_BY).every(([label, value]) => labelsOf(object)[label] === value);
}

export const scheduledBackupFails: Rule = {
  id: 'scheduled-backup-fails',
  heading: (n) =>
    `${counted(n, 'Backup or ScheduledBackup', 'Backups and ScheduledBackups')} that make${n === 1 ? 's' : ''} no copy`,
  what: 'A ScheduledBackup, also one that the values of the chart `cluster` ask for, is suspended, names a Cluster, a plugin or a snapshot class that is not there, no method, or one that its Cluster is not set up for.',
  why: 'The operator takes all of them. What it makes fails in the background, or it makes nothing and its status stays empty.',
  fix: 'Name a Cluster of the namespace, `method: plugin`, and the plugin in `pluginConfiguration`, as the Cluster does.',
  example: scheduledBackupExample(`schedule: '0 30 3 * * *'`),
  check: (context) =>
    askedBackups(context).flatMap((asked) => {
      const problem = backupProblem(asked.backup, context);
      return problem === undefined ? [] : [aboutBackup(asked, problem)];
    }),
};

type Problem = Pick<RuleFinding, 'because' | 'remedies'>;

function backupProblem(backup: KubeObject, context: GateContext): Problem | undefined {
  if (booleanAt(backup, 'spec', 'suspend') === true) {
    return { because: 'it is suspended', remedies: inWords('take suspend away, or delete it') };
  }
  const name = clusterOfBackup(backup);
  const { namespace = '' } = backup.metadata;
  const cluster = context.object({ group: CNPG_GROUP, kind: 'Cluster', namespace, name })?.object;
  if (cluster !== undefined) return methodProblem(backup, cluster, context);
  const ofCharts = chartDatabases(context).filter((database) => database.namespace === namespace);
  const ofChart = ofCharts.find((database) => database.name === name);
  if (ofChart !== undefined) {
    return ofChart.cluster === undefined ? undefined : methodProblem(backup, ofChart.cluster, context);
  }
  if (context.data.opaque.some((opaque) => mayMake(opaque, name, namespace, ofCharts, context))) return undefined;
  return {
    because: `it names Cluster '${name}', which is not in namespace ${namespace}`,
    remedies: inWords('name the Cluster that it is to copy, in its own namespace'),
  };
}

/** Whether something that nobody sees may make a Cluster of a name. */
function mayMake(
  opaque: OpaqueObject,
  name: string,
  namespace: string,
  ofCharts: readonly ChartDatabase[],
  context: GateContext,
): boolean {
  const { object } = opaque;
  if (installNamespace(object) !== namespace || context.isSeen(opaque)) return false;
  const database = ofCharts.find(({ release }) => release.object === object);
  return database === undefined ? !isChartWithoutClusters(object, name) : database.name === undefined;
}

function methodProblem(backup: KubeObject, cluster: KubeObject, context: GateContext): Problem | undefined {
  const method = methodOfBackup(backup);
  if (method === 'plugin') return problemOfPlugin(backup, cluster);
  if (method === 'volumeSnapshot') return problemOfSnapshot(cluster, context);
  if (at(cluster, 'spec', 'backup', 'barmanObjectStore') !== undefined) return undefined;
  const because =
    textAt(backup, 'spec', 'method') === undefined
      ? 'it names no method, and the one of the operator itself needs spec.backup.barmanObjectStore of the Cluster'
      : `its method ${method} needs spec.backup.barmanObjectStore of the Cluster`;
  return { because, remedies: viaPlugin(pluginsOf(cluster)[0]?.name) };
}

function problemOfPlugin(backup: KubeObject, cluster: KubeObject): Problem | undefined {
  const name = textAt(backup, 'spec', 'pluginConfiguration', 'name') ?? '';
  const plugins = pluginsOf(cluster).map((plugin) => plugin.name);
  if (name === '') return { because: 'it names no plugin in pluginConfiguration', remedies: viaPlugin(plugins[0]) };
  if (plugins.includes(name)) return undefined;
  // A database of ours that names no plugin has a finding of its own.
  if (isOurs(backup)) return undefined;
  return {
    because: `its Cluster does not name the plugin ${name}`,
    remedies: inWords(`name it under plugins of the Cluster`),
  };
}

function viaPlugin(name: string = BARMAN_PLUGIN): readonly Remedy[] {
  return toFix(`method: 'plugin', pluginConfiguration: { name: '${name}' }`);
}

function problemOfSnapshot(cluster: KubeObject, context: GateContext): Problem | undefined {
  const settings = at(cluster, 'spec', 'backup', 'volumeSnapshot');
  if (settings === undefined) {
    const because = 'its method volumeSnapshot needs spec.backup.volumeSnapshot of the Cluster';
    const isInCore = at(cluster, 'spec', 'backup', 'barmanObjectStore') !== undefined;
    return {
      because,
      remedies: isInCore ? toFix(`method: 'barmanObjectStore'`) : viaPlugin(pluginsOf(cluster)[0]?.name),
    };
  }
  const known = new Set([
    ...context.ofKind('snapshot.storage.k8s.io', 'VolumeSnapshotClass').map(({ object }) => object.metadata.name),
    ...Object.values(context.platform.storageClasses ?? {}).map(({ snapshotClass }) => snapshotClass),
  ]);
  const missing = ['className', 'walClassName']
    .map((field) => textAt(settings, field))
    .find((name) => name !== undefined && !known.has(name));
  if (missing === undefined) return undefined;
  return {
    because: `its Cluster names VolumeSnapshotClass ${missing}, which neither an object nor the platform has`,
    remedies: inWords('name one that exists, or state it as snapshotClass of a storage class in the platform'),
  };
}

const MISPLACED_DEADLINE = 'backup.cnpg.io/volumeSnapshotDeadline';

export const postgresSettingIgnored: Rule = {
  id: 'postgres-setting-ignored',
  heading: (n) => `${counted(n, 'setting')} of databases that nobody reads`,
  what: 'A Cluster says in `backup.retentionPolicy` what the plugin takes from its ObjectStore, archives in a way that its operator no longer knows, or an annotation has a prefix that the operator does not read.',
  why: 'The operator takes them all: copies that are to go after a month stay for ever, and a database without an archive looks like one that has it.',
  fix: 'Say it where it is read: `retentionPolicy` in the ObjectStore, the archive under `plugins`, and `cnpg.io/volumeSnapshotDeadline`.',
  example: `new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
  spec: { backup: { retentionPolicy: '30d' } },
});`,
  check: (context) =>
    context.input.objects.flatMap(({ object, origin }) => {
      const isCluster = groupOf(object.apiVersion) === CNPG_GROUP && object.kind === 'Cluster';
      if (!isCluster && !isBackupObject(object)) return [];
      const problems = [...(isCluster ? ignoredByCluster(object, context) : []), ...ignoredAnnotation(object)];
      return problems.map((problem) => ({ ...aboutObject(object, origin), ...problem }));
    }),
};

function ignoredByCluster(cluster: KubeObject, { platform }: GateContext): readonly Problem[] {
  const inCore = at(cluster, 'spec', 'backup', 'barmanObjectStore') !== undefined;
  const problems: Problem[] = [];
  if (!inCore && textAt(cluster, 'spec', 'backup', 'retentionPolicy') !== undefined) {
    problems.push({
      because: 'spec.backup.retentionPolicy is not for plugins, whose ObjectStore says how long copies are kept',
      remedies: inWords('say retentionPolicy in the ObjectStore, which follows from restoreWindow of continuous'),
    });
  }
  const version = platform.cnpg?.version;
  if (inCore && version !== undefined && isVersionFrom(version, 1, 31)) {
    problems.push({
      because: `CloudNativePG ${version} no longer knows spec.backup.barmanObjectStore, and archives nothing`,
      remedies: inWords('let the Barman plugin archive its log: PostgresBackup prints the lines'),
    });
  }
  return problems;
}

/** cloudnative-pg v1.30.0, pkg/utils/labels_annotations.go. */
function ignoredAnnotation(object: KubeObject): readonly Problem[] {
  const minutes = annotationsOf(object)[MISPLACED_DEADLINE];
  if (minutes === undefined) return [];
  return [
    {
      because: `the annotation ${MISPLACED_DEADLINE} is read by nobody`,
      remedies: toFix(`'cnpg.io/volumeSnapshotDeadline': '${minutes}'`),
    },
  ];
}
