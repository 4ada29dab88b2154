/** Whether a Backup takes objects of a kind at all, such as Secrets, from any namespace. */
import { mappingAt, type KubeObject } from '../model/kube-object';
import { readBackupSpec } from './backup-spec';
import { isNamespaceProblem, NamespaceSelection } from './namespaces';
import type { World } from './predict';
import { resourceFilter } from './resource-filter';
import { validate } from './validation';

/** @param name plural of the kind, with its group: `secrets`, `deployments.apps`. */
export function takesKind({ server, cluster }: World, backup: KubeObject, name: string): boolean {
  const spec = readBackupSpec(mappingAt(backup, 'spec'), server);
  const { policy, excludedNamespaces } = validate(spec, cluster, server);
  const included = spec.includedNamespaces.length === 0 ? ['*'] : spec.includedNamespaces;
  const namespaces = NamespaceSelection.of(included, excludedNamespaces, [...cluster.namespaces.keys()]);
  const resource = cluster.discovery.resolve(name);
  if (isNamespaceProblem(namespaces) || resource === undefined) return false;
  const filter = resourceFilter(spec, cluster.discovery, namespaces.isEverything, policy?.includeExcludePolicy);
  return filter.includes(resource);
}
