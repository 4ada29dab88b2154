/** What fails the validation of a Backup before anything is read (pkg/controller/backup_controller.go, v1.18.3). */
import { booleanAt, textAt, type KubeObject } from '../model/kube-object';
import type { BackupSpec } from './backup-spec';
import type { Cluster } from './cluster';
import { listProblems, namespaceListProblems } from './namespaces';
import { usesNewFilters, usesOldFilters } from './resource-filter';
import {
  isConfigMapKind,
  isPolicyProblem,
  readResourcePolicy,
  silentProblems,
  silentReferenceProblem,
  type ResourcePolicy,
} from './resource-policy';
import type { Server } from './server';
import { isLive } from './views';

export interface Validated {
  /** Sentences; any of them means `FailedValidation`. */
  readonly problems: readonly string[];
  /** Sentences about what Velero passes over. */
  readonly remarks: readonly string[];
  /** The Backup's policy with that of the server behind it. */
  readonly policy: ResourcePolicy | undefined;
  /** The Backup's policy alone, which is all that the CSI plugin reads. */
  readonly ownPolicy: ResourcePolicy | undefined;
  /** With those that a label excludes. */
  readonly excludedNamespaces: readonly string[];
}

export const EXCLUDE_LABEL = 'velero.io/exclude-from-backup';

export function validate(spec: BackupSpec, cluster: Cluster, server: Server): Validated {
  const labelled = [...cluster.namespaces.values()].filter(({ labels }) => labels[EXCLUDE_LABEL] === 'true');
  const included = spec.includedNamespaces.length === 0 ? ['*'] : spec.includedNamespaces;
  const byLabel = labelled.map(({ name }) => name).filter((name) => !spec.excludedNamespaces.includes(name));
  const policies = readPolicies(spec, cluster, server);
  const problems = [
    ...locationProblems(spec, cluster, server),
    ...snapshotLocationProblems(spec, cluster, server),
    ...filterProblems(spec),
    ...namespaceListProblems(included, spec.excludedNamespaces).map(
      (problem) => `In the lists of namespaces, ${problem}.`,
    ),
    ...byLabel
      .filter((name) => included.includes(name))
      .map(
        (name) => `The namespace '${name}' is included by its name and excluded by its label ${EXCLUDE_LABEL}=true.`,
      ),
    ...(spec.labelSelector !== undefined && spec.orLabelSelectors !== undefined
      ? ['labelSelector and orLabelSelectors are both given, and only one of them may be.']
      : []),
    ...policies.problems,
    ...policyFilterProblems(spec, policies.policy),
  ];
  return { ...policies, problems, excludedNamespaces: [...spec.excludedNamespaces, ...byLabel] };
}

function locationProblems(spec: BackupSpec, cluster: Cluster, server: Server): readonly string[] {
  const locations = cluster.ofKind('BackupStorageLocation', server.namespace);
  const preferred = locations.find((location) => booleanAt(location, 'spec', 'default') === true);
  const name = spec.storageLocation || (preferred?.metadata.name ?? server.defaultBackupLocation);
  const location = locations.find(({ metadata }) => metadata.name === name);
  if (location === undefined) {
    return [`There is no BackupStorageLocation '${name}' in the namespace ${server.namespace}.`];
  }
  const problems: string[] = [];
  if (textAt(location, 'spec', 'accessMode') === 'ReadOnly')
    problems.push(`BackupStorageLocation '${name}' is ReadOnly.`);
  const phase = textAt(location, 'status', 'phase') ?? 'not checked yet';
  if (isLive(location) && phase !== 'Available') problems.push(`BackupStorageLocation '${name}' is ${phase}.`);
  return problems;
}

function snapshotLocationProblems(spec: BackupSpec, cluster: Cluster, server: Server): readonly string[] {
  const all = cluster.ofKind('VolumeSnapshotLocation', server.namespace);
  const providerOf = (location: KubeObject): string => textAt(location, 'spec', 'provider') ?? '';
  const problems: string[] = [];
  const chosen = new Map<string, string>();
  for (const name of spec.volumeSnapshotLocations) {
    const location = all.find(({ metadata }) => metadata.name === name);
    if (location === undefined) {
      problems.push(`There is no VolumeSnapshotLocation '${name}' in the namespace ${server.namespace}.`);
      continue;
    }
    const other = chosen.get(providerOf(location));
    if (other === undefined) chosen.set(providerOf(location), name);
    else if (other !== name) problems.push(`VolumeSnapshotLocations '${other}' and '${name}' have the same provider.`);
  }
  if (problems.length > 0) return problems;
  const open = new Set(all.map(providerOf).filter((provider) => !chosen.has(provider)));
  return [...open].flatMap((provider) => {
    const names = all.filter((location) => providerOf(location) === provider).map(({ metadata }) => metadata.name);
    const standard = server.defaultSnapshotLocations[provider];
    if (names.length === 1 || (standard !== undefined && names.includes(standard))) return [];
    return [
      `The provider '${provider}' has ${names.length} VolumeSnapshotLocations and the Backup names none of them.`,
    ];
  });
}

function filterProblems(spec: BackupSpec): readonly string[] {
  const problems: string[] = [];
  if (usesOldFilters(spec) && usesNewFilters(spec)) {
    problems.push(
      'includedResources, excludedResources or includeClusterResources stands beside a filter by scope such as includedNamespaceScopedResources, and only one of the two sorts may be given.',
    );
  }
  if (usesOldFilters(spec)) {
    const found = listProblems(spec.includedResources, spec.excludedResources);
    return [...problems, ...found.map((problem) => `In the lists of resources, ${problem}.`)];
  }
  const cluster = scopedListProblems(spec.includedClusterScopedResources, spec.excludedClusterScopedResources);
  const namespaced = scopedListProblems(spec.includedNamespaceScopedResources, spec.excludedNamespaceScopedResources);
  return [
    ...problems,
    ...cluster.map((problem) => `In the lists of cluster-scoped resources, ${problem}.`),
    ...namespaced.map((problem) => `In the lists of namespace-scoped resources, ${problem}.`),
  ];
}

function scopedListProblems(included: readonly string[], excluded: readonly string[]): readonly string[] {
  const isAllExcluded = excluded.includes('*');
  const problems = listProblems(
    included,
    excluded.filter((name) => name !== '*'),
  );
  if (isAllExcluded && new Set(excluded).size > 1) return [...problems, "'*' stands beside other excluded names"];
  if (isAllExcluded && included.length > 0) return [...problems, "'*' is excluded, and others are included"];
  return problems;
}

type Policies = Pick<Validated, 'problems' | 'remarks' | 'policy' | 'ownPolicy'>;

function readPolicies(spec: BackupSpec, cluster: Cluster, server: Server): Policies {
  const reference = spec.resourcePolicy;
  const ignored = reference === undefined ? undefined : silentReferenceProblem(reference.kind);
  const remarks = ignored === undefined ? [] : [`${ignored}.`];
  const own =
    reference !== undefined && isConfigMapKind(reference.kind)
      ? readPolicy('The resource policy', reference.name, cluster, server)
      : undefined;
  const global =
    server.globalVolumePolicy === ''
      ? undefined
      : readPolicy("The server's volume policy", server.globalVolumePolicy, cluster, server);
  const problems = [own, global].flatMap((policy) =>
    policy !== undefined && 'problem' in policy ? [policy.problem] : [],
  );
  const ownPolicy = own !== undefined && 'policy' in own ? own.policy : undefined;
  // Of the server's policy only the rules about volumes count, behind those of the Backup.
  const globalRules = global !== undefined && 'policy' in global ? global.policy.volumePolicies : undefined;
  const nothing = { includeExcludePolicy: undefined, clusterScopedFilters: undefined, namespacedFilters: [] };
  const policy =
    globalRules === undefined
      ? ownPolicy
      : {
          ...(ownPolicy ?? nothing),
          volumePolicies: [...(ownPolicy?.volumePolicies ?? []), ...globalRules],
        };
  const silent =
    ownPolicy === undefined ? [] : silentProblems(ownPolicy).map((problem) => `In the policy, ${problem}.`);
  const stops =
    global !== undefined && 'problem' in global
      ? ['A server that finds its volume policy like this when it starts stops, and processes no Backup.']
      : [];
  return { problems, remarks: [...remarks, ...silent, ...stops], policy, ownPolicy };
}

function readPolicy(
  what: string,
  name: string,
  cluster: Cluster,
  server: Server,
): { readonly policy: ResourcePolicy } | { readonly problem: string } {
  const configMap = cluster.find('', 'ConfigMap', server.namespace, name);
  if (configMap === undefined) {
    return { problem: `${what} '${name}' is no ConfigMap in the namespace ${server.namespace}.` };
  }
  const policy = readResourcePolicy(configMap);
  return isPolicyProblem(policy) ? { problem: `${what} '${name}' is invalid: ${policy.problem}.` } : { policy };
}

function policyFilterProblems(spec: BackupSpec, policy: ResourcePolicy | undefined): readonly string[] {
  if (policy === undefined || !usesOldFilters(spec)) return [];
  const parts = [
    policy.includeExcludePolicy === undefined ? [] : ['includeExcludePolicy'],
    policy.clusterScopedFilters === undefined ? [] : ['clusterScopedFilterPolicy'],
    policy.namespacedFilters.length === 0 ? [] : ['namespacedFilterPolicies'],
  ].flat();
  return parts.map(
    (part) =>
      `The policy's ${part} cannot stand beside includedResources, excludedResources or includeClusterResources.`,
  );
}
