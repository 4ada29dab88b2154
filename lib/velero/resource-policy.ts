/**
 * Resource policies: the YAML in a ConfigMap that tells a Backup what to do with which volumes and objects
 * (internal/resourcepolicies, Velero v1.18.3). Any mistake in it fails the validation of every Backup that names it,
 * except for those that Velero does not look for.
 */
import { mappingAt, type KubeObject } from '../model/kube-object';
import { isSelectorProblem, parseLabelSelector } from '../model/label-selector';
import { parseQuantity } from '../model/quantity';
import { compileGlob } from './glob';
import { hasValidWildcards } from './namespaces';
import { readPolicyYaml, type PolicyYaml, type ResourceFilterYaml, type VolumePolicyYaml } from './policy-yaml';

export interface ResourcePolicy {
  readonly volumePolicies: readonly VolumePolicy[];
  readonly includeExcludePolicy: IncludeExcludePolicy | undefined;
  readonly clusterScopedFilters: readonly ResourceFilterYaml[] | undefined;
  readonly namespacedFilters: readonly NamespacedFilters[];
}

export interface IncludeExcludePolicy {
  readonly includedClusterScopedResources: readonly string[];
  readonly excludedClusterScopedResources: readonly string[];
  readonly includedNamespaceScopedResources: readonly string[];
  readonly excludedNamespaceScopedResources: readonly string[];
}

export interface NamespacedFilters {
  readonly namespaces: readonly string[];
  readonly resourceFilters: readonly ResourceFilterYaml[];
}

export type VolumeAction = 'skip' | 'snapshot' | 'fs-backup' | 'custom';

/** One rule; all its conditions have to hold. */
export interface VolumePolicy {
  readonly action: VolumeAction;
  /** In bytes; an upper bound of 0 is none. */
  readonly capacity: { readonly lower: number; readonly upper: number };
  readonly storageClass: readonly string[];
  readonly nfs: { readonly server: string; readonly path: string } | undefined;
  readonly csi: { readonly driver: string; readonly attributes: Readonly<Record<string, string>> } | undefined;
  readonly volumeTypes: readonly string[];
  readonly pvcLabels: Readonly<Record<string, string>>;
  readonly pvcPhase: readonly string[];
  /** `''` for any. */
  readonly pvcVolumeMode: string;
  readonly pvcAccessModes: readonly string[];
}

export interface PolicyProblem {
  /** As a sentence without its full stop. */
  readonly problem: string;
}

const ACTIONS: ReadonlySet<string> = new Set(['skip', 'snapshot', 'fs-backup', 'custom']);

/** The policy in a ConfigMap, or the reason why Velero refuses it. */
export function readResourcePolicy(configMap: KubeObject): ResourcePolicy | PolicyProblem {
  const texts = Object.values(mappingAt(configMap, 'data'));
  const [text] = texts;
  if (texts.length !== 1 || typeof text !== 'string') {
    return { problem: `it has ${texts.length} keys, and exactly one is allowed` };
  }
  const policy = policies.get(text) ?? readPolicyText(text);
  policies.set(text, policy);
  return policy;
}

/** By their text: the plans of most namespaces have the same. */
const policies = new Map<string, ResourcePolicy | PolicyProblem>();

function readPolicyText(text: string): ResourcePolicy | PolicyProblem {
  const yaml = readPolicyYaml(text);
  if ('problem' in yaml) return yaml;
  const volumePolicies: VolumePolicy[] = [];
  for (const [index, rule] of yaml.volumePolicies.entries()) {
    const policy = readVolumePolicy(rule);
    if ('problem' in policy) return { problem: `volumePolicies[${index}]: ${policy.problem}` };
    volumePolicies.push(policy);
  }
  const [problem] = [...headProblems(yaml), ...clusterFilterProblems(yaml), ...namespacedFilterProblems(yaml)];
  if (problem !== undefined) return { problem };
  return {
    volumePolicies,
    includeExcludePolicy: yaml.includeExcludePolicy,
    clusterScopedFilters: yaml.clusterScopedFilterPolicy?.resourceFilters,
    namespacedFilters: yaml.namespacedFilterPolicies,
  };
}

export function isPolicyProblem(result: ResourcePolicy | PolicyProblem): result is PolicyProblem {
  return 'problem' in result;
}

function readVolumePolicy({ conditions, action }: VolumePolicyYaml): VolumePolicy | PolicyProblem {
  const capacity = readCapacity(conditions.capacity);
  if ('problem' in capacity) return capacity;
  if (!isAction(action)) return { problem: `the action '${action}' is none of ${[...ACTIONS].join(', ')}` };
  const { lower, upper } = capacity;
  if (upper < lower && !(lower !== 0 && upper === 0)) {
    return { problem: `the capacity '${conditions.capacity}' begins above its end` };
  }
  const { csi } = conditions;
  if (csi !== undefined && csi.driver === '' && csi.volumeAttributes !== undefined) {
    return { problem: 'csi names volumeAttributes and no driver' };
  }
  return {
    action,
    capacity,
    storageClass: conditions.storageClass,
    nfs: conditions.nfs,
    csi: csi === undefined ? undefined : { driver: csi.driver, attributes: csi.volumeAttributes ?? {} },
    volumeTypes: conditions.volumeTypes,
    pvcLabels: conditions.pvcLabels,
    pvcPhase: conditions.pvcPhase,
    pvcVolumeMode: conditions.pvcVolumeMode,
    pvcAccessModes: conditions.pvcAccessModes,
  };
}

function isAction(text: string): text is VolumeAction {
  return ACTIONS.has(text);
}

/** `10Gi,100Gi`; either side may be empty. */
function readCapacity(text: string): { readonly lower: number; readonly upper: number } | PolicyProblem {
  const sides = (text === '' ? ',' : text).split(',');
  if (sides.length !== 2) {
    return { problem: `the capacity '${text}' is no range: write '${text},' for at least, or ',${text}' for at most` };
  }
  const [lower, upper] = sides.map((side) => (side.trim() === '' ? 0 : quantityOf(side.trim())));
  if (lower === undefined || upper === undefined) return { problem: `the capacity '${text}' has no quantity in it` };
  return { lower, upper };
}

/** Kubernetes takes signs as well. */
function quantityOf(text: string): number | undefined {
  const quantity = parseQuantity(text.replace(/^[+-]/, ''));
  return quantity === undefined ? undefined : (text.startsWith('-') ? -1 : 1) * quantity.bytes;
}

function headProblems({ version, includeExcludePolicy }: PolicyYaml): readonly string[] {
  const problems = version === 'v1' ? [] : [`its version is '${version}', and Velero knows only v1`];
  if (includeExcludePolicy === undefined) return problems;
  const lists = includeExcludePolicy;
  for (const [included, excluded] of [
    [lists.includedClusterScopedResources, lists.excludedClusterScopedResources],
    [lists.includedNamespaceScopedResources, lists.excludedNamespaceScopedResources],
  ] as const) {
    if ([...included, ...excluded].includes('*')) problems.push("includeExcludePolicy has '*', which is not allowed");
    const both = excluded.find((name) => included.includes(name));
    if (both !== undefined) problems.push(`includeExcludePolicy both includes and excludes '${both}'`);
  }
  return problems;
}

function clusterFilterProblems({ clusterScopedFilterPolicy }: PolicyYaml): readonly string[] {
  if (clusterScopedFilterPolicy === undefined) return [];
  const { resourceFilters } = clusterScopedFilterPolicy;
  const where = 'clusterScopedFilterPolicy';
  if (resourceFilters.length === 0) return [`${where} has no resourceFilters`];
  if (resourceFilters.some(isCatchAll)) return [`${where} has a filter without kinds`];
  return [...repeatedKinds(resourceFilters), ...resourceFilters.flatMap(filterProblems)].map(
    (problem) => `${where}: ${problem}`,
  );
}

function namespacedFilterProblems({ namespacedFilterPolicies }: PolicyYaml): readonly string[] {
  const patterns = namespacedFilterPolicies.flatMap(({ namespaces }) => namespaces);
  const twice = patterns.find((pattern, index) => patterns.indexOf(pattern) !== index);
  const problems = namespacedFilterPolicies.flatMap(({ namespaces, resourceFilters }, index) => {
    const found: string[] = [];
    const catchAll = resourceFilters.filter(isCatchAll);
    if (namespaces.length === 0) found.push('it names no namespace');
    if (resourceFilters.length === 0) found.push('it has no resourceFilters');
    const wrong = namespaces.find((pattern) => !hasValidWildcards(pattern));
    if (wrong !== undefined) found.push(`'${wrong}' is no pattern of namespaces`);
    if (catchAll.length > 1) found.push('more than one filter has no kinds');
    if (catchAll.some(({ names, excludedNames }) => names.length > 0 || excludedNames.length > 0)) {
      found.push('a filter without kinds has names');
    }
    found.push(...repeatedKinds(resourceFilters), ...resourceFilters.flatMap(filterProblems));
    return found.map((problem) => `namespacedFilterPolicies[${index}]: ${problem}`);
  });
  return twice === undefined ? problems : [...problems, `namespacedFilterPolicies names '${twice}' twice`];
}

function repeatedKinds(filters: readonly ResourceFilterYaml[]): readonly string[] {
  const kinds = filters.flatMap((filter) => filter.kinds).filter((kind) => kind !== '*');
  const twice = kinds.find((kind, index) => kinds.indexOf(kind) !== index);
  return twice === undefined ? [] : [`the kind '${twice}' stands twice`];
}

function filterProblems(filter: ResourceFilterYaml): readonly string[] {
  const problems: string[] = [];
  if (filter.labelSelector !== undefined && filter.orLabelSelectors.length > 0) {
    problems.push('labelSelector and orLabelSelectors stand together');
  }
  for (const selector of [filter.labelSelector, ...filter.orLabelSelectors]) {
    const parsed = parseLabelSelector(selector ?? {});
    if (isSelectorProblem(parsed)) problems.push(parsed.problem);
  }
  const wrong = [...filter.names, ...filter.excludedNames].find((name) => compileGlob(name) === undefined);
  if (wrong !== undefined) problems.push(`'${wrong}' is no glob`);
  return problems;
}

/** Whether a filter is meant for all kinds that have none of their own. */
export function isCatchAll({ kinds }: ResourceFilterYaml): boolean {
  return kinds.length === 0 || (kinds.length === 1 && kinds[0] === '*');
}

const VOLUME_TYPES: ReadonlySet<string> = new Set([
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cinder',
  'cephfs',
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'fc',
  'flocker',
  'flexVolume',
  'gitRepo',
  'glusterfs',
  'gcePersistentDisk',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'projected',
  'quobyte',
  'rbd',
  'scaleIO',
  'secret',
  'storageOS',
  'vsphereVolume',
]);

const PHASES: ReadonlySet<string> = new Set(['Pending', 'Bound', 'Lost']);
const MODES: ReadonlySet<string> = new Set(['Filesystem', 'Block']);
const ACCESS_MODES: ReadonlySet<string> = new Set([
  'ReadWriteOnce',
  'ReadOnlyMany',
  'ReadWriteMany',
  'ReadWriteOncePod',
]);

/** Conditions that can never hold, about which Velero says nothing: the rule is as if it were not there. */
export function silentProblems(policy: ResourcePolicy): readonly string[] {
  return policy.volumePolicies.flatMap((rule, index) => {
    const unknown = (field: string, given: readonly string[], known: ReadonlySet<string>): readonly string[] =>
      given
        .filter((value) => !known.has(value))
        .map((value) => `volumePolicies[${index}]: '${value}' in ${field} is none of ${[...known].join(', ')}`);
    return [
      ...unknown('volumeTypes', rule.volumeTypes, VOLUME_TYPES),
      ...unknown('pvcPhase', rule.pvcPhase, PHASES),
      ...unknown('pvcVolumeMode', rule.pvcVolumeMode === '' ? [] : [rule.pvcVolumeMode], MODES),
      ...unknown('pvcAccessModes', rule.pvcAccessModes, ACCESS_MODES),
    ];
  });
}

/** What is wrong with a Backup's reference to its policy that Velero does not say. */
export function silentReferenceProblem(kind: string): string | undefined {
  return isConfigMapKind(kind)
    ? undefined
    : `resourcePolicy.kind is '${kind}', and Velero reads only 'configmap': the policy is ignored`;
}

export function isConfigMapKind(kind: string): boolean {
  return kind.toLowerCase() === 'configmap';
}
