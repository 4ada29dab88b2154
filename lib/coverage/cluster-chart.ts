/** The databases that the chart `cluster` of CloudNativePG makes, as far as the values of a release show them. */
import { BARMAN_PLUGIN, CNPG_GROUP } from '../methods/cnpg/archive';
import { at, booleanAt, isMapping, listAt, mappingAt, textAt, type KubeObject } from '../model/kube-object';
import { installNamespace } from '../model/opaque-kinds';
import type { RenderedObject } from '../model/rendered';
import { isVersionFrom, parseVersion } from '../model/version';
import type { GateContext } from './context';
import { releaseNameOf } from './helm-values';

/** What one release makes. */
export interface ChartDatabase {
  readonly release: RenderedObject;
  readonly namespace: string;
  /** Absent where nobody sees its whole name. */
  readonly name?: string;
  /** Absent where its archive is not seen. */
  readonly cluster?: KubeObject;
  /** As far as they are seen. */
  readonly scheduledBackups: readonly KubeObject[];
}

/** Of all releases of the chart that are seen as they will be. */
export function chartDatabases(context: GateContext): readonly ChartDatabase[] {
  return context.ofKind('helm.toolkit.fluxcd.io', 'HelmRelease').flatMap((release) => {
    const spec = at(release.object, 'spec');
    if (at(spec, 'postRenderers') !== undefined || JSON.stringify(spec ?? {}).includes('${')) return [];
    const chart = readChart(release.object, context);
    return isClusterChart(chart, spec) ? [databaseOf(release, chart)] : [];
  });
}

/** Where a release has its chart from, as far as it is seen. */
interface Chart {
  readonly name?: string | undefined;
  /** What its source says, or what that is called. */
  readonly source: string;
  readonly version?: string | undefined;
}

function readChart({ metadata, ...rest }: KubeObject, context: GateContext): Chart {
  const chart = at(rest, 'spec', 'chart', 'spec');
  const reference = at(rest, 'spec', 'chartRef') ?? at(chart, 'sourceRef');
  const name = textAt(reference, 'name') ?? '';
  const source = context.object({
    group: 'source.toolkit.fluxcd.io',
    kind: textAt(reference, 'kind') ?? '',
    namespace: textAt(reference, 'namespace') ?? metadata.namespace ?? '',
    name,
  })?.object;
  const url = textAt(source, 'spec', 'url');
  return {
    name: textAt(chart, 'chart') ?? textAt(source, 'spec', 'chart') ?? url?.split('/').at(-1),
    source: url ?? name,
    version: textAt(chart, 'version') ?? textAt(source, 'spec', 'ref', 'tag'),
  };
}

/** Its name is a common one: the source says whose it is, or what only its values have. */
function isClusterChart({ name, source }: Chart, spec: unknown): boolean {
  if (name !== undefined && name !== 'cluster') return false;
  const hasItsValues = listAt(spec, 'values', 'backups', 'scheduledBackups').some(isMapping);
  return hasItsValues || (name === 'cluster' && /cloudnative-?pg|cnpg/.test(source));
}

/** cloudnative-pg/charts, cluster-v0.8.1, charts/cluster/templates. */
function databaseOf(release: RenderedObject, chart: Chart): ChartDatabase {
  const values = new Values(release.object);
  const namespace = values.text('', 'namespaceOverride') || (installNamespace(release.object) ?? '');
  const name = fullName(release.object, values);
  if (name === undefined) return { release, namespace, scheduledBackups: [] };
  const cluster = knowsPlugins(chart) ? clusterOf(name, namespace, values) : undefined;
  const isOn = values.boolean(false, 'backups', 'enabled') === true;
  return {
    release,
    namespace,
    name,
    ...(cluster === undefined ? {} : { cluster }),
    scheduledBackups: isOn ? scheduledBackupsOf(name, namespace, values) : [],
  };
}

/** Before 0.8 there was only the archive of the operator itself. */
function knowsPlugins({ version = '' }: Chart): boolean {
  return parseVersion(version) === undefined || isVersionFrom(version, 0, 8);
}

function fullName(release: KubeObject, values: Values): string | undefined {
  const [override, chart] = [values.text('', 'fullnameOverride'), values.text('', 'nameOverride')];
  const made = releaseNameOf(release);
  // Of a longer one a hash is made.
  if (override === undefined || chart === undefined || made.length > 53) return undefined;
  const own = chart || 'cluster';
  return override || (made.includes(own) ? made : `${made}-${own}`);
}

function clusterOf(name: string, namespace: string, values: Values): KubeObject | undefined {
  const isOn = values.boolean(false, 'backups', 'enabled');
  const method = values.text('barmanObjectStore', 'backups', 'method');
  const plugins = values.list([], 'cluster', 'plugins');
  if (isOn === undefined || method === undefined || plugins === undefined) return undefined;
  const named = values.text('', 'backups', 'pluginConfiguration', 'name');
  const isRequired = isOn && method === 'plugin' && named === BARMAN_PLUGIN;
  const said = plugins.find((plugin) => textAt(plugin, 'name') === BARMAN_PLUGIN);
  const barman = { name: BARMAN_PLUGIN, enabled: isRequired, isWALArchiver: isRequired, ...mappingAt(said) };
  return {
    apiVersion: `${CNPG_GROUP}/v1`,
    kind: 'Cluster',
    metadata: { name, namespace },
    spec: {
      plugins: [...plugins.filter((plugin) => plugin !== said), barman],
      ...(isOn && method === 'barmanObjectStore' ? { backup: { barmanObjectStore: {} } } : {}),
    },
  };
}

const SCHEDULED_BY_DEFAULT = [{ name: 'daily-backup', schedule: '0 0 0 * * *', method: 'barmanObjectStore' }];

function scheduledBackupsOf(name: string, namespace: string, values: Values): readonly KubeObject[] {
  const said = values.list(SCHEDULED_BY_DEFAULT, 'backups', 'scheduledBackups') ?? [];
  return said.map((entry) => {
    const { name: own, ...spec } = mappingAt(entry);
    return {
      apiVersion: `${CNPG_GROUP}/v1`,
      kind: 'ScheduledBackup',
      metadata: { name: `${name}-${typeof own === 'string' ? own : ''}`, namespace },
      spec: { ...spec, cluster: { name } },
    };
  });
}

/** What a release says itself counts before what it has from elsewhere, which nobody sees: that is `undefined`. */
class Values {
  private readonly own: unknown;
  private readonly hasOthers: boolean;

  constructor(release: KubeObject) {
    this.own = at(release, 'spec', 'values');
    this.hasOthers = listAt(release, 'spec', 'valuesFrom').length > 0;
  }

  text(otherwise: string, ...path: readonly string[]): string | undefined {
    return textAt(this.own, ...path) ?? this.defaultTo(otherwise, path);
  }

  boolean(otherwise: boolean, ...path: readonly string[]): boolean | undefined {
    return booleanAt(this.own, ...path) ?? this.defaultTo(otherwise, path);
  }

  list(otherwise: readonly unknown[], ...path: readonly string[]): readonly unknown[] | undefined {
    const found = at(this.own, ...path);
    return Array.isArray(found) ? found : this.defaultTo(otherwise, path);
  }

  private defaultTo<T>(otherwise: T, path: readonly string[]): T | undefined {
    return this.hasOthers && at(this.own, ...path) === undefined ? undefined : otherwise;
  }
}

/** Whether a release is of well-known software that brings no Cluster of that name, unless its values do. */
export function isChartWithoutClusters(release: KubeObject, name: string): boolean {
  const chart = textAt(release, 'spec', 'chart', 'spec', 'chart') ?? '';
  const values = JSON.stringify(at(release, 'spec', 'values') ?? {});
  const areSeen = ['valuesFrom', 'postRenderers'].every((field) => at(release, 'spec', field) === undefined);
  return WITHOUT_CLUSTERS.has(chart) && areSeen && !values.includes(name) && !values.includes('${');
}

/** The operator, its plugin, and what often stands beside a database. */
const WITHOUT_CLUSTERS = new Set([
  'cert-manager',
  'cloudnative-pg',
  'external-dns',
  'external-secrets',
  'forgejo',
  'gitea',
  'grafana',
  'ingress-nginx',
  'kube-prometheus-stack',
  'loki',
  'mariadb',
  'memcached',
  'mongodb',
  'mysql',
  'opensearch',
  'plugin-barman-cloud',
  'postgresql',
  'postgresql-ha',
  'prometheus',
  'redis',
  'rook-ceph',
  'rook-ceph-cluster',
  'traefik',
  'valkey',
  'velero',
]);
