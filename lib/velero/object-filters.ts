/**
 * The filters of a resource policy that go by namespace and kind (pkg/backup/backup.go and request.go, v1.18.3):
 * `namespacedFilterPolicies` and `clusterScopedFilterPolicy`.
 */
import { isSelectorProblem, parseLabelSelector, type LabelSelector } from '../model/label-selector';
import type { Discovery, Resource } from './discovery';
import { compileGlob } from './glob';
import { NameFilter } from './name-filter';
import type { ResourceFilterYaml } from './policy-yaml';
import { isCatchAll, type ResourcePolicy } from './resource-policy';

/** What takes the place of the Backup's own label selectors. */
export interface ObjectFilter {
  /** One of them has to match; none means everything. */
  readonly selectors: readonly LabelSelector[];
  readonly names: NameFilter | undefined;
}

export interface NamespaceFilter {
  /** The filter for a kind; a kind without one is not listed in the namespace. */
  of(resource: Resource): ObjectFilter | undefined;
}

export class ObjectFilters {
  readonly #exact = new Map<string, NamespaceFilter>();
  readonly #patterns: { readonly test: (namespace: string) => boolean; readonly filter: NamespaceFilter }[] = [];
  readonly #cluster: ReadonlyMap<string, ObjectFilter>;
  readonly #answers = new Map<string, NamespaceFilter | undefined>();
  readonly #unknownKinds = new Set<string>();

  constructor(
    policy: ResourcePolicy | undefined,
    private readonly discovery: Discovery,
  ) {
    for (const { namespaces, resourceFilters } of policy?.namespacedFilters ?? []) {
      const filter = this.#namespaceFilter(resourceFilters);
      for (const pattern of namespaces) {
        this.#exact.set(pattern, filter);
        const test = /[*?[]/.test(pattern) ? compileGlob(pattern) : undefined;
        if (test !== undefined) this.#patterns.push({ test, filter });
      }
    }
    this.#cluster = this.#byKind(policy?.clusterScopedFilters ?? []);
  }

  /**
   * Kinds in `namespacedFilterPolicies` that the server does not serve. Velero asks whether each is excluded and logs an
   * error for those; in `clusterScopedFilterPolicy` they do nothing.
   */
  get unknownKinds(): readonly string[] {
    return [...this.#unknownKinds];
  }

  /** @param namespace `''` when Velero lists over all namespaces, or what has none; a `*` matches that too. */
  inNamespace(namespace: string): NamespaceFilter | undefined {
    if (!this.#answers.has(namespace)) {
      const found = this.#exact.get(namespace) ?? this.#patterns.find(({ test }) => test(namespace))?.filter;
      this.#answers.set(namespace, found);
    }
    return this.#answers.get(namespace);
  }

  ofCluster(resource: Resource): ObjectFilter | undefined {
    return this.#cluster.get(resource.id);
  }

  #namespaceFilter(filters: readonly ResourceFilterYaml[]): NamespaceFilter {
    const ofKinds = filters.filter((filter) => !isCatchAll(filter));
    for (const kind of ofKinds.flatMap(({ kinds }) => kinds)) {
      if (this.discovery.resolve(kind) === undefined) this.#unknownKinds.add(kind);
    }
    const byKind = this.#byKind(ofKinds);
    const others = filters.filter(isCatchAll).map(toObjectFilter)[0];
    return { of: (resource) => byKind.get(resource.id) ?? others };
  }

  /** Kinds that the server does not know keep their text, and match nothing. */
  #byKind(filters: readonly ResourceFilterYaml[]): ReadonlyMap<string, ObjectFilter> {
    return new Map(
      filters.flatMap((filter) => {
        const resolved = toObjectFilter(filter);
        return filter.kinds.map((kind) => [this.#resolveKind(kind), resolved] as const);
      }),
    );
  }

  /** Unlike in the fields of a Backup, a kind with a group after it is not taken apart here. */
  #resolveKind(kind: string): string {
    return kind.includes('.') ? kind : (this.discovery.resolve(kind)?.id ?? kind);
  }
}

function toObjectFilter(filter: ResourceFilterYaml): ObjectFilter {
  const given = filter.labelSelector === undefined ? filter.orLabelSelectors : [filter.labelSelector];
  const selectors = given.flatMap((selector) => {
    const parsed = parseLabelSelector(selector ?? {});
    return isSelectorProblem(parsed) || parsed.isEmpty ? [] : [parsed];
  });
  const hasNames = filter.names.length > 0 || filter.excludedNames.length > 0;
  return { selectors, names: hasNames ? NameFilter.of(filter.names, filter.excludedNames) : undefined };
}
