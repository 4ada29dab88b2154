/**
 * The YAML of a resource policy, decoded as strictly as Velero does it (go.yaml.in/yaml/v3 with known fields only):
 * an unknown key, a key that stands twice or a value of another type refuses the whole policy.
 */
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Document, type Scalar } from 'yaml';

export interface PolicyYaml {
  readonly version: string;
  readonly volumePolicies: readonly VolumePolicyYaml[];
  readonly includeExcludePolicy: Lists | undefined;
  readonly clusterScopedFilterPolicy: { readonly resourceFilters: readonly ResourceFilterYaml[] } | undefined;
  readonly namespacedFilterPolicies: readonly {
    readonly namespaces: readonly string[];
    readonly resourceFilters: readonly ResourceFilterYaml[];
  }[];
}

interface Lists {
  readonly includedClusterScopedResources: readonly string[];
  readonly excludedClusterScopedResources: readonly string[];
  readonly includedNamespaceScopedResources: readonly string[];
  readonly excludedNamespaceScopedResources: readonly string[];
}

export interface VolumePolicyYaml {
  readonly action: string;
  readonly conditions: {
    readonly capacity: string;
    readonly storageClass: readonly string[];
    readonly nfs: { readonly server: string; readonly path: string } | undefined;
    readonly csi:
      { readonly driver: string; readonly volumeAttributes: Readonly<Record<string, string>> | undefined } | undefined;
    readonly volumeTypes: readonly string[];
    readonly pvcLabels: Readonly<Record<string, string>>;
    readonly pvcPhase: readonly string[];
    readonly pvcVolumeMode: string;
    readonly pvcAccessModes: readonly string[];
  };
}

export interface ResourceFilterYaml {
  readonly kinds: readonly string[];
  /** `undefined` also for `{}`, which selects everything. */
  readonly labelSelector: PolicySelector | undefined;
  readonly orLabelSelectors: readonly (PolicySelector | undefined)[];
  readonly names: readonly string[];
  readonly excludedNames: readonly string[];
}

interface PolicySelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export function readPolicyYaml(text: string): PolicyYaml | { readonly problem: string } {
  const [document] = parseAllDocuments(text, { prettyErrors: false });
  if (document === undefined || !('contents' in document) || document.contents === null) {
    return { problem: 'it is empty' };
  }
  const [error] = document.errors;
  if (error !== undefined) return { problem: `its YAML is broken: ${error.message}` };
  const reader = new Reader(document);
  const policy = readPolicy(reader, document.contents);
  const [problem] = reader.problems;
  return problem === undefined ? policy : { problem };
}

function readPolicy(read: Reader, node: unknown): PolicyYaml {
  const fields = read.struct(node, 'the policy', [
    'version',
    'volumePolicies',
    'includeExcludePolicy',
    'clusterScopedFilterPolicy',
    'namespacedFilterPolicies',
  ]);
  const lists = fields.get('includeExcludePolicy');
  const cluster = fields.get('clusterScopedFilterPolicy');
  return {
    version: read.text(fields.get('version'), 'version'),
    volumePolicies: read
      .list(fields.get('volumePolicies'), 'volumePolicies')
      .map((item, index) => readVolumePolicy(read, item, `volumePolicies[${index}]`)),
    includeExcludePolicy: read.isNull(lists) ? undefined : readLists(read, lists),
    clusterScopedFilterPolicy: read.isNull(cluster)
      ? undefined
      : readFilters(read, read.struct(cluster, 'clusterScopedFilterPolicy', ['resourceFilters'])),
    namespacedFilterPolicies: read
      .list(fields.get('namespacedFilterPolicies'), 'namespacedFilterPolicies')
      .map((item, index) => {
        const where = `namespacedFilterPolicies[${index}]`;
        const inner = read.struct(item, where, ['namespaces', 'resourceFilters']);
        return { namespaces: read.texts(inner.get('namespaces'), `${where}.namespaces`), ...readFilters(read, inner) };
      }),
  };
}

function readLists(read: Reader, node: unknown): Lists {
  const names = [
    'includedClusterScopedResources',
    'excludedClusterScopedResources',
    'includedNamespaceScopedResources',
    'excludedNamespaceScopedResources',
  ] as const;
  const fields = read.struct(node, 'includeExcludePolicy', names);
  const list = (name: (typeof names)[number]): readonly string[] => read.texts(fields.get(name), name);
  return {
    includedClusterScopedResources: list('includedClusterScopedResources'),
    excludedClusterScopedResources: list('excludedClusterScopedResources'),
    includedNamespaceScopedResources: list('includedNamespaceScopedResources'),
    excludedNamespaceScopedResources: list('excludedNamespaceScopedResources'),
  };
}

function readVolumePolicy(read: Reader, node: unknown, where: string): VolumePolicyYaml {
  const rule = read.struct(node, where, ['conditions', 'action']);
  const action = read.struct(rule.get('action'), `${where}.action`, ['type', 'parameters']);
  read.struct(action.get('parameters'), `${where}.action.parameters`);
  const fields = read.struct(rule.get('conditions'), `${where}.conditions`, [
    'capacity',
    'storageClass',
    'nfs',
    'csi',
    'volumeTypes',
    'pvcLabels',
    'pvcPhase',
    'pvcVolumeMode',
    'pvcAccessModes',
  ]);
  // Three conditions are looked at before they are decoded: there even null and numbers are refused.
  read.isStrictMap(fields.get('pvcLabels'), `${where}.pvcLabels`);
  read.isStrictText(fields.get('pvcVolumeMode'), `${where}.pvcVolumeMode`);
  read.isStrictTexts(fields.get('pvcAccessModes'), `${where}.pvcAccessModes`);
  const nfs = fields.get('nfs');
  const csi = fields.get('csi');
  return {
    action: read.text(action.get('type'), `${where}.action.type`),
    conditions: {
      capacity: read.value(fields.get('capacity'), `${where}.capacity`),
      storageClass: read.values(fields.get('storageClass'), `${where}.storageClass`),
      nfs: read.isNull(nfs) ? undefined : readNfs(read, nfs, `${where}.nfs`),
      csi: read.isNull(csi) ? undefined : readCsi(read, csi, `${where}.csi`),
      volumeTypes: read.values(fields.get('volumeTypes'), `${where}.volumeTypes`),
      pvcLabels: read.valueMap(fields.get('pvcLabels'), `${where}.pvcLabels`),
      pvcPhase: read.values(fields.get('pvcPhase'), `${where}.pvcPhase`),
      pvcVolumeMode: read.value(fields.get('pvcVolumeMode'), `${where}.pvcVolumeMode`),
      pvcAccessModes: read.values(fields.get('pvcAccessModes'), `${where}.pvcAccessModes`),
    },
  };
}

function readNfs(read: Reader, node: unknown, where: string): { readonly server: string; readonly path: string } {
  const fields = read.struct(node, where, ['server', 'path']);
  return {
    server: read.value(fields.get('server'), `${where}.server`),
    path: read.value(fields.get('path'), `${where}.path`),
  };
}

function readCsi(
  read: Reader,
  node: unknown,
  where: string,
): { readonly driver: string; readonly volumeAttributes: Readonly<Record<string, string>> | undefined } {
  const fields = read.struct(node, where, ['driver', 'volumeAttributes']);
  const attributes = fields.get('volumeAttributes');
  return {
    driver: read.value(fields.get('driver'), `${where}.driver`),
    volumeAttributes: read.isNull(attributes) ? undefined : read.valueMap(attributes, `${where}.volumeAttributes`),
  };
}

function readFilters(
  read: Reader,
  fields: ReadonlyMap<string, unknown>,
): { readonly resourceFilters: readonly ResourceFilterYaml[] } {
  const filters = read.list(fields.get('resourceFilters'), 'resourceFilters').map((item): ResourceFilterYaml => {
    const inner = read.struct(item, 'a resource filter', [
      'kinds',
      'labelSelector',
      'orLabelSelectors',
      'names',
      'excludedNames',
    ]);
    return {
      kinds: read.texts(inner.get('kinds'), 'kinds'),
      labelSelector: readSelector(read, inner.get('labelSelector')),
      orLabelSelectors: read
        .listWithNulls(inner.get('orLabelSelectors'), 'orLabelSelectors')
        .map((selector) => readSelector(read, selector)),
      names: read.texts(inner.get('names'), 'names'),
      excludedNames: read.texts(inner.get('excludedNames'), 'excludedNames'),
    };
  });
  return { resourceFilters: filters };
}

function readSelector(read: Reader, node: unknown): PolicySelector | undefined {
  const fields = read.struct(node, 'a label selector', ['matchLabels', 'matchExpressions']);
  const matchLabels = read.textMap(fields.get('matchLabels'), 'matchLabels');
  const matchExpressions = read.list(fields.get('matchExpressions'), 'matchExpressions').map((item) => {
    const inner = read.struct(item, 'a label expression', ['key', 'operator', 'values']);
    return {
      key: read.text(inner.get('key'), 'key'),
      operator: read.text(inner.get('operator'), 'operator'),
      values: read.texts(inner.get('values'), 'values'),
    };
  });
  const isEmpty = Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
  return isEmpty ? undefined : { matchLabels, matchExpressions };
}

/** Reads nodes as Go decodes them into a type, and writes down what does not fit. Null fits everywhere. */
class Reader {
  readonly problems: string[] = [];

  constructor(private readonly document: Document) {}

  isNull(node: unknown): boolean {
    const target = this.#target(node);
    return target === undefined || target === null || (isScalar(target) && target.value === null);
  }

  /** The fields of a mapping. @param known all that are allowed; without it any are. */
  struct(node: unknown, where: string, known?: readonly string[]): ReadonlyMap<string, unknown> {
    if (this.isNull(node)) return new Map();
    const target = this.#target(node);
    if (!isMap(target)) {
      this.problems.push(`${where} is no mapping`);
      return new Map();
    }
    const fields = new Map<string, unknown>();
    for (const { key, value } of target.items) {
      const name = isScalar(key) ? (key.source ?? String(key.value)) : '';
      if (name === '<<')
        for (const [field, merged] of this.struct(value, where)) fields.set(field, fields.get(field) ?? merged);
      else fields.set(name, value);
    }
    for (const name of fields.keys()) {
      if (known?.includes(name) === false)
        this.problems.push(`${where} has the field '${name}', which Velero does not know`);
    }
    return fields;
  }

  /** Go drops members that are null. */
  list(node: unknown, where: string): readonly unknown[] {
    return this.listWithNulls(node, where).filter((item) => !this.isNull(item));
  }

  /** A list of pointers, which may be null. */
  listWithNulls(node: unknown, where: string): readonly unknown[] {
    if (this.isNull(node)) return [];
    const target = this.#target(node);
    if (isSeq(target)) return target.items;
    this.problems.push(`${where} is no list`);
    return [];
  }

  /** A scalar as it is written: Go takes any into a string. */
  text(node: unknown, where: string): string {
    const scalar = this.#scalar(node, where);
    return scalar === undefined ? '' : (scalar.source ?? String(scalar.value));
  }

  texts(node: unknown, where: string): readonly string[] {
    return this.list(node, where).map((item) => this.text(item, where));
  }

  textMap(node: unknown, where: string): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.struct(node, where)].map(([key, value]) => [key, this.text(value, where)]));
  }

  /** A scalar of the conditions, which Velero decodes, writes again and decodes a second time: `1.0` becomes `1`. */
  value(node: unknown, where: string): string {
    const scalar = this.#scalar(node, where);
    return scalar === undefined ? '' : String(scalar.value);
  }

  values(node: unknown, where: string): readonly string[] {
    return this.list(node, where).map((item) => this.value(item, where));
  }

  valueMap(node: unknown, where: string): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.struct(node, where)].map(([key, value]) => [key, this.value(value, where)]));
  }

  isStrictMap(node: unknown, where: string): void {
    const target = this.#target(node);
    if (target === undefined) return;
    if (!isMap(target) || target.items.some(({ key }) => !isScalar(key) || typeof key.value !== 'string')) {
      this.problems.push(`${where} is no mapping of texts`);
    }
  }

  isStrictText(node: unknown, where: string): void {
    const target = this.#target(node);
    if (target === undefined) return;
    if (!isScalar(target) || typeof target.value !== 'string') this.problems.push(`${where} is no text`);
  }

  isStrictTexts(node: unknown, where: string): void {
    const target = this.#target(node);
    if (target === undefined) return;
    if (!isSeq(target)) this.problems.push(`${where} is no list of texts`);
    else for (const item of target.items) this.isStrictText(item, where);
  }

  #scalar(node: unknown, where: string): Scalar | undefined {
    if (this.isNull(node)) return undefined;
    const target = this.#target(node);
    if (isScalar(target)) return target;
    this.problems.push(`${where} is no text`);
    return undefined;
  }

  /** What an alias stands for. */
  #target(node: unknown): unknown {
    if (!isAlias(node)) return node;
    const target = node.resolve(this.document);
    if (target === undefined) this.problems.push(`the alias '*${node.source}' has no anchor before it`);
    return target;
  }
}
