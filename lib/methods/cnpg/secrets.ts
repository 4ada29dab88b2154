/** Secrets that a Cluster names instead of leaving them to the operator, which makes its own again (P11). */
import { groupBy } from '../../model/collections';
import { at, isMapping, listAt, textAt, type KubeObject } from '../../model/kube-object';
import type { ObjectIndex } from '../method';
import { CNPG_GROUP } from './archive';

export interface NamedSecret {
  readonly name: string;
  readonly keys: readonly string[];
}

const LOGIN = ['password', 'username'];
const PAIR = ['tls.crt', 'tls.key'];

/** What each of the certificates has to have (cloudnative-pg v1.30.0, docs/src/certificates.md). */
const CERTIFICATES: Readonly<Record<string, readonly string[]>> = {
  serverCASecret: ['ca.crt'],
  serverTLSSecret: PAIR,
  clientCASecret: ['ca.crt'],
  replicationTLSSecret: PAIR,
};

/**
 * All that its spec refers to, each once. What is named is not made, even under the name that the operator would give
 * (cloudnative-pg v1.30.0, api/v1/cluster_funcs.go).
 */
export function namedSecrets(cluster: KubeObject): readonly NamedSecret[] {
  const references = [...referencesIn(at(cluster, 'spec'), []), ...certificatesOf(cluster)];
  return [...groupBy(references, ({ name }) => name)].map(([name, same]) => ({
    name,
    keys: [...new Set(same.flatMap(({ keys }) => keys))],
  }));
}

/**
 * In the schema of a Cluster, what has `name` and `key` refers to a Secret or to a ConfigMap, and what has no `key` to a
 * Secret if its field is called so (cloudnative-pg v1.30.0, api/v1/cluster_types.go).
 */
function referencesIn(value: unknown, path: readonly string[]): readonly NamedSecret[] {
  const field = path.at(-1) ?? '';
  if (Array.isArray(value)) return value.flatMap((item) => referencesIn(item, path));
  if (!isMapping(value) || OF_NO_SECRET.test(field)) return [];
  // A role that is to go needs no password.
  if (field === 'roles' && textAt(value, 'ensure') === 'absent') return [];
  const { name, key } = value;
  if (typeof name === 'string' && name !== '' && (typeof key === 'string' || /secret/i.test(field)))
    return [{ name, keys: keysOf(value, path) }];
  return Object.entries(value).flatMap(([inner, of]) => referencesIn(of, [...path, inner]));
}

const OF_NO_SECRET = /configMap|^(annotations|labels|matchLabels|parameters)$/i;

/** Where a field takes all that is in a Secret, nobody knows what that has to be. */
function keysOf(reference: unknown, path: readonly string[]): readonly string[] {
  const key = textAt(reference, 'key');
  if (key !== undefined) return [key];
  const field = path.at(-1) ?? '';
  if (path[0] === 'bootstrap' || field === 'superuserSecret' || field === 'passwordSecret') return LOGIN;
  if (field === 'imagePullSecrets') return ['.dockerconfigjson'];
  return listAt(reference, 'items').flatMap((item) => textAt(item, 'key') ?? []);
}

function certificatesOf(cluster: KubeObject): readonly NamedSecret[] {
  return Object.entries(CERTIFICATES).flatMap(([field, keys]) => {
    const name = textAt(cluster, 'spec', 'certificates', field) ?? '';
    return name === '' ? [] : [{ name, keys }];
  });
}

/** Names of the Secrets that objects of a namespace make again, from what is kept in another place. */
export function secretsMadeIn(namespace: string, objects: ObjectIndex): ReadonlySet<string | undefined> {
  const inNamespace = (group: string, kind: string): readonly KubeObject[] =>
    objects
      .ofKind(group, kind)
      .map(({ object }) => object)
      .filter(({ metadata }) => metadata.namespace === namespace);
  return new Set([
    ...inNamespace('cert-manager.io', 'Certificate').map((object) => textAt(object, 'spec', 'secretName')),
    ...inNamespace('external-secrets.io', 'ExternalSecret')
      .filter((object) => !FILLS_ONLY.has(textAt(object, 'spec', 'target', 'creationPolicy')))
      .map((object) => textAt(object, 'spec', 'target', 'name') ?? object.metadata.name),
    ...inNamespace('bitnami.com', 'SealedSecret').map(({ metadata }) => metadata.name),
    ...inNamespace(CNPG_GROUP, 'Cluster').flatMap(secretsOfOperator),
  ]);
}

/** What the operator makes for a Cluster that does not name its own. */
function secretsOfOperator(cluster: KubeObject): readonly string[] {
  const { name } = cluster.metadata;
  const names = (path: readonly string[]): boolean => (textAt(cluster, 'spec', ...path) ?? '') !== '';
  return Object.entries(OF_OPERATOR).flatMap(([suffix, paths]) => (paths.some(names) ? [] : [`${name}-${suffix}`]));
}

/** By the end of its name, where a Cluster would name another. */
const OF_OPERATOR: Readonly<Record<string, readonly (readonly string[])[]>> = {
  app: ['initdb', 'recovery', 'pg_basebackup'].map((way) => ['bootstrap', way, 'secret', 'name']),
  superuser: [['superuserSecret', 'name']],
  ca: [
    ['certificates', 'serverCASecret'],
    ['certificates', 'clientCASecret'],
  ],
  server: [['certificates', 'serverTLSSecret']],
  replication: [['certificates', 'replicationTLSSecret']],
};

/** With these, somebody else has to make the Secret (external-secrets v1, ExternalSecretCreationPolicy). */
const FILLS_ONLY = new Set<string | undefined>(['Merge', 'None']);
