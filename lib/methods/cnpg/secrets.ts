/** Secrets that a Cluster names instead of leaving them to the operator, which makes its own again (P11). */
import { at, listAt, textAt, type KubeObject } from '../../model/kube-object';
import type { ObjectIndex } from '../method';

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

/** What is named is not made, even under the name that the operator would give (cloudnative-pg v1.30.0, api/v1/cluster_funcs.go). */
export function namedSecrets(cluster: KubeObject): readonly NamedSecret[] {
  const logins = [
    textAt(cluster, 'spec', 'superuserSecret', 'name'),
    ...['initdb', 'recovery', 'pg_basebackup'].map((way) =>
      textAt(cluster, 'spec', 'bootstrap', way, 'secret', 'name'),
    ),
    ...listAt(cluster, 'spec', 'managed', 'roles')
      .filter((role) => textAt(role, 'ensure') !== 'absent')
      .map((role) => textAt(role, 'passwordSecret', 'name')),
  ];
  const certificates = Object.entries(CERTIFICATES).map(([field, keys]) => ({
    name: textAt(at(cluster, 'spec', 'certificates'), field),
    keys,
  }));
  return [...logins.map((name) => ({ name, keys: LOGIN })), ...certificates].flatMap(({ name = '', keys }) =>
    name === '' ? [] : [{ name, keys }],
  );
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
  ]);
}

/** With these, somebody else has to make the Secret (external-secrets v1, ExternalSecretCreationPolicy). */
const FILLS_ONLY = new Set<string | undefined>(['Merge', 'None']);
