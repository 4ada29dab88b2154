/** What is behind the host that the settings of a Gitea name for its database. */
import { CNPG_GROUP } from '../methods/cnpg/archive';
import { at, listAt, textAt, textMapAt, type ObjectId } from '../model/kube-object';
import type { Labels } from '../model/label-selector';
import type { GateContext } from './context';
import type { Settings } from './gitea-settings';

/** The Cluster of a namespace that settings lead to, or its only one where they name no host; `undefined` where nothing tells. */
export function clusterOf(settings: Settings, namespace: string | undefined, context: GateContext): string | undefined {
  const host = settings.get('database.HOST');
  const inNamespace = context
    .ofKind(CNPG_GROUP, 'Cluster')
    .map(({ object }) => object.metadata)
    .filter((each) => each.namespace === namespace);
  if (typeof host !== 'string') return inNamespace.length === 1 ? inNamespace[0]?.name : undefined;
  const used = clusterBehind(host, namespace ?? '', context);
  return inNamespace.find(({ name }) => used === `${namespace}/${name}`)?.name;
}

export function isCluster(name: string, namespace: string, context: GateContext): boolean {
  return context.object(clusterId(name, namespace)) !== undefined;
}

function clusterId(name: string, namespace: string): ObjectId {
  return { group: CNPG_GROUP, kind: 'Cluster', namespace, name };
}

/** `forge/db` for what the Services of a Cluster, its Poolers, and Services of somebody else lead to. */
export function clusterBehind(host: string, ownNamespace: string, context: GateContext): string | undefined {
  const id = serviceAt(host, ownNamespace);
  const { namespace, name: service } = id;
  const pooler = context.object({ ...id, group: CNPG_GROUP, kind: 'Pooler' })?.object;
  const selector = selectorOf(host, ownNamespace, context);
  const additional = context
    .ofKind(CNPG_GROUP, 'Cluster')
    .map(({ object }) => object)
    .find(
      (cluster) =>
        cluster.metadata.namespace === namespace &&
        listAt(cluster, 'spec', 'managed', 'services', 'additional').some(
          (each) => textAt(each, 'serviceTemplate', 'metadata', 'name') === service,
        ),
    );
  const name =
    textAt(pooler, 'spec', 'cluster', 'name') ??
    selector['cnpg.io/cluster'] ??
    additional?.metadata.name ??
    /^(.+)-(?:rw|ro|r)$/.exec(service)?.[1];
  return name === undefined ? undefined : `${namespace}/${name}`;
}

/** The labels of the pods that a host leads to, as far as its Service is seen. */
export function selectorOf(host: string, ownNamespace: string, context: GateContext): Labels {
  return textMapAt(context.object(serviceAt(host, ownNamespace))?.object, 'spec', 'selector');
}

/** `db-rw.forge.svc:5432`, or what is left of it in its own namespace. */
export function serviceAt(host: string, ownNamespace: string): ObjectId & { readonly namespace: string } {
  const [name = '', namespace = ownNamespace] = host.replace(/:\d+$/, '').split('.');
  return { group: '', kind: 'Service', namespace, name };
}

/**
 * The database that CloudNativePG makes for the application, and names in the Secret with its login: `app` unless the
 * Cluster says otherwise. One that is restored without a word of it keeps the name that the other had.
 */
export function applicationDatabase(name: string, namespace: string, context: GateContext): string | undefined {
  const found = context.object(clusterId(name, namespace))?.object;
  if (found === undefined) return undefined;
  const bootstrap = at(found, 'spec', 'bootstrap');
  const restored = [at(bootstrap, 'recovery'), at(bootstrap, 'pg_basebackup')].find((each) => each !== undefined);
  return restored === undefined ? (textAt(bootstrap, 'initdb', 'database') ?? 'app') : textAt(restored, 'database');
}
