/**
 * Which objects a Backup collects, and which of those that others bring along it lets in (pkg/backup/item_collector.go
 * and `itemInclusionChecks` of item_backupper.go, v1.18.3).
 */
import { isSelectorProblem, parseLabelSelector, type Labels, type LabelSelector } from '../model/label-selector';
import type { BackupSpec } from './backup-spec';
import type { Cluster } from './cluster';
import { CLAIMS, NAMESPACES, PODS, VOLUMES, type Resource } from './discovery';
import type { NamespaceSelection } from './namespaces';
import { ObjectFilters, type NamespaceFilter, type ObjectFilter } from './object-filters';
import type { ResourceFilter } from './resource-filter';
import { EXCLUDE_LABEL } from './validation';
import type { ItemView, NamespaceView } from './views';

export interface Collected {
  /** In the order in which Velero takes them: pods, claims, volumes, namespaces. */
  readonly items: readonly ItemView[];
  /** Sentences; each is an error of the Backup. */
  readonly errors: readonly string[];
}

/** The label selectors of a Backup. */
interface Selectors {
  /** For lists of objects: `invalid` for what the API server refuses, which an empty selector is too. */
  readonly forLists: readonly LabelSelector[] | 'invalid';
  readonly forNamespaces: readonly LabelSelector[];
  readonly problem: string | undefined;
  readonly areGiven: boolean;
}

export class Selection {
  readonly #filters: ObjectFilters;
  readonly #selectors: Selectors;
  readonly #resources: Readonly<Record<ItemView['kind'], Resource>>;
  /** The namespaces that are listed one by one, or `''` for one list over all. */
  readonly #listed: ReadonlySet<string>;

  constructor(
    private readonly spec: BackupSpec,
    private readonly cluster: Cluster,
    private readonly namespaces: NamespaceSelection,
    private readonly resources: ResourceFilter,
    policy: ConstructorParameters<typeof ObjectFilters>[0],
  ) {
    this.#filters = new ObjectFilters(policy, cluster.discovery);
    this.#selectors = readSelectors(spec);
    this.#listed = new Set(namespaces.listed);
    const resource = (id: string): Resource => cluster.discovery.resolve(id) ?? MISSING;
    this.#resources = {
      Pod: resource(PODS),
      PersistentVolumeClaim: resource(CLAIMS),
      PersistentVolume: resource(VOLUMES),
      Namespace: resource(NAMESPACES),
    };
  }

  /** A selector that makes the server panic: the Backup stays InProgress for ever, and with it the queue. */
  get panic(): string | undefined {
    const isReached = this.resources.includes(this.#resources.Namespace);
    return this.spec.orLabelSelectors !== undefined && isReached ? this.#selectors.problem : undefined;
  }

  namespacesOf(names: readonly string[]): readonly string[] {
    return names.filter((name) => this.namespaces.selects(name));
  }

  includesClaims(): boolean {
    return this.resources.includes(this.#resources.PersistentVolumeClaim);
  }

  collect(): Collected {
    const listed = ([this.cluster.pods, this.cluster.claims, this.cluster.volumes] as const).flatMap((items) =>
      [...items.values()].filter((item) => this.#whyNotListed(item) === undefined),
    );
    return {
      items: [...this.#inOrder(listed), ...[...this.cluster.namespaces.values()].filter(this.#tracking(listed))],
      errors: [
        ...this.#filters.unknownKinds.map((kind) => `The policy names '${kind}', which the server does not serve.`),
        ...this.#listErrors(),
        ...this.#missingNamespaces(),
      ],
    };
  }

  /** Why an item is not collected for its own sake, as the end of a sentence. */
  whyNotCollected(item: ItemView): string | undefined {
    return item.kind === 'Namespace' ? this.#whyNoNamespace(item) : this.#whyNotListed(item);
  }

  /** Why an item stays out even if another one brings it along. */
  whyNotAdmitted(item: ItemView, isForced: boolean): string | undefined {
    const why = isForced ? undefined : this.#whyExcluded(item);
    return why ?? (item.isDeleting ? 'it is being deleted' : undefined);
  }

  #whyExcluded(item: ItemView): string | undefined {
    if (item.labels[EXCLUDE_LABEL] === 'true') return `it has the label ${EXCLUDE_LABEL}=true`;
    const resource = this.#resources[item.kind];
    if (item.namespace === '') {
      if (item.kind !== 'Namespace' && this.resources.excludes(resource)) {
        return `the resource filters leave out ${resource.id}`;
      }
      const names = this.#filters.ofCluster(resource)?.names;
      return names?.selects(item.name) === false ? 'the policy does not select its name' : undefined;
    }
    if (!this.namespaces.selects(item.namespace)) return this.#whyNoneOf(item.namespace);
    if (!this.resources.includes(resource)) return `the resource filters leave out ${resource.id}`;
    // A kind that the policy does not name is not listed, but let in when another object brings it along.
    const names = this.#filters.inNamespace(item.namespace)?.of(resource)?.names;
    return names?.selects(item.name) === false ? 'the policy does not select its name' : undefined;
  }

  #whyNotListed(item: Exclude<ItemView, NamespaceView>): string | undefined {
    const resource = this.#resources[item.kind];
    if (!this.resources.includes(resource)) {
      return item.kind === 'PersistentVolume'
        ? 'no filter asks for persistentvolumes, and no claim in the Backup is bound to it'
        : `the resource filters leave out ${resource.id}`;
    }
    return this.#whyNotSelected(resource, item.namespace, item.labels);
  }

  /** The same for an object of any kind that passes the resource filters. */
  #whyNotSelected(resource: Resource, namespace: string, labels: Labels): string | undefined {
    const scope = resource.namespaced ? this.#scopeOf(namespace) : '';
    if (scope === undefined) return this.#whyNoneOf(namespace);
    const filter = this.#filters.inNamespace(scope);
    const own = filter?.of(resource);
    if (filter !== undefined && own === undefined) return `the policy does not name ${resource.id}`;
    const override = this.#overriding(resource, filter);
    const selectors = override?.selectors ?? this.#selectors.forLists;
    if (selectors === 'invalid') return 'the label selector is one that the API server refuses';
    if (!matchesSome(selectors, labels)) return 'the label selector does not match it';
    if (!resource.namespaced || scope !== '') return undefined;
    if (!this.namespaces.selects(namespace)) return this.#whyNoneOf(namespace);
    // In a list over all namespaces the policy's selectors come on top; elsewhere they take the place of the Backup's.
    const inItsNamespace = this.#filters.inNamespace(namespace);
    if (inItsNamespace === undefined) return undefined;
    const its = inItsNamespace.of(resource);
    if (its === undefined) return `the policy does not name ${resource.id} in the namespace ${namespace}`;
    return matchesSome(its.selectors, labels) ? undefined : "the policy's label selector does not match it";
  }

  #whyNoneOf(namespace: string): string {
    return this.cluster.namespaces.get(namespace)?.labels[EXCLUDE_LABEL] === 'true'
      ? `the namespace ${namespace} has the label ${EXCLUDE_LABEL}=true`
      : `the namespace ${namespace} is not selected`;
  }

  #overriding(resource: Resource, filter: NamespaceFilter | undefined): ObjectFilter | undefined {
    const ofCluster = resource.namespaced ? undefined : this.#filters.ofCluster(resource);
    return ofCluster ?? filter?.of(resource);
  }

  /** The list in which an object of a namespace would stand, `undefined` for none. */
  #scopeOf(namespace: string): string | undefined {
    if (this.#listed.has('')) return '';
    return this.#listed.has(namespace) ? namespace : undefined;
  }

  #whyNoNamespace(namespace: NamespaceView): string | undefined {
    if (!this.resources.includes(this.#resources.Namespace)) return 'the resource filters leave out namespaces';
    return this.#whyNotTracked(namespace);
  }

  /** Namespaces are in by their own name or labels, if active, else by what is collected from them. */
  #whyNotTracked({ name, labels, isActive }: NamespaceView): string | undefined {
    if (!isActive) return 'it is not active';
    if (this.#selectors.forNamespaces.some((selector) => selector.matches(labels))) return undefined;
    if (this.namespaces.isEverything && this.#selectors.areGiven) return 'the label selector does not match it';
    if (this.namespaces.selects(name)) return undefined;
    return labels[EXCLUDE_LABEL] === 'true' ? `it has the label ${EXCLUDE_LABEL}=true` : 'it is not selected';
  }

  #tracking(listed: readonly ItemView[]): (namespace: NamespaceView) => boolean {
    if (!this.resources.includes(this.#resources.Namespace)) return () => false;
    const tracked = new Set(listed.map(({ namespace }) => namespace));
    if (this.#selectors.areGiven) for (const namespace of this.#namespacesOfOthers()) tracked.add(namespace);
    return (namespace) =>
      this.#whyNotTracked(namespace) === undefined ||
      (tracked.has(namespace.name) && this.namespaces.selects(namespace.name));
  }

  /** Where objects of other kinds are collected: only a label selector makes a difference between namespaces. */
  #namespacesOfOthers(): readonly string[] {
    return this.cluster.objects.flatMap((object) => {
      const { namespace, labels = {} } = object.metadata;
      const resource = this.cluster.discovery.resourceOf(object);
      if (namespace === undefined || resource === undefined || !this.resources.includes(resource)) return [];
      return this.#whyNotSelected(resource, namespace, labels) === undefined ? [namespace] : [];
    });
  }

  #listErrors(): readonly string[] {
    if (this.#selectors.forLists !== 'invalid') return [];
    // Namespaces are not listed by the selector, but Velero has to read it for them.
    const isReadForNamespaces =
      this.#selectors.problem !== undefined && this.resources.includes(this.#resources.Namespace);
    const isListed = this.cluster.discovery.resources.some((resource) => {
      if (resource.id === NAMESPACES || !this.resources.includes(resource)) return false;
      return (resource.namespaced ? [...this.#listed] : ['']).some((scope) => {
        const filter = this.#filters.inNamespace(scope);
        if (filter !== undefined && filter.of(resource) === undefined) return false;
        return this.#overriding(resource, filter) === undefined;
      });
    });
    const why = this.#selectors.problem ?? 'it is empty, and Velero sends it as <none>';
    return isListed || isReadForNamespaces ? [`No list by the label selector is possible: ${why}.`] : [];
  }

  #missingNamespaces(): readonly string[] {
    if (!this.resources.includes(this.#resources.Namespace)) return [];
    return this.namespaces.includedNames
      .filter((name) => name !== '*' && !this.cluster.namespaces.has(name))
      .map((name) => `The namespace '${name}' does not exist.`);
  }

  #inOrder(items: readonly ItemView[]): readonly ItemView[] {
    const ranks: Readonly<Record<string, ReadonlyMap<string, number>>> = Object.fromEntries(
      [...this.spec.orderedResources].map(([plural, names]) => [
        plural,
        new Map(names.map((name, index) => [name, index] as const).toReversed()),
      ]),
    );
    const rankOf = (item: ItemView): number => {
      const name = item.namespace === '' ? item.name : `${item.namespace}/${item.name}`;
      return ranks[this.#resources[item.kind].plural]?.get(name) ?? Number.MAX_SAFE_INTEGER;
    };
    return items.toSorted((a, b) => KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind) || rankOf(a) - rankOf(b));
  }
}

const KIND_ORDER: readonly ItemView['kind'][] = ['Pod', 'PersistentVolumeClaim', 'PersistentVolume', 'Namespace'];

/** Never served; stands where a table without pods would be read. */
const MISSING: Resource = { group: '', plural: '', singular: '', kind: '', namespaced: true, shortNames: [], id: '' };

function readSelectors({ labelSelector, orLabelSelectors }: BackupSpec): Selectors {
  const given = labelSelector === undefined ? (orLabelSelectors ?? []) : [labelSelector];
  const parsed = given.map(parseLabelSelector);
  const [problem] = parsed.flatMap((one) => (isSelectorProblem(one) ? [one.problem] : []));
  const valid = parsed.flatMap((one) => (isSelectorProblem(one) ? [] : [one]));
  const isInvalid = problem !== undefined || valid.some(({ isEmpty }) => isEmpty);
  return {
    forLists: isInvalid ? 'invalid' : valid,
    forNamespaces: valid,
    problem,
    areGiven: valid.length > 0,
  };
}

function matchesSome(selectors: readonly LabelSelector[], labels: Labels): boolean {
  return selectors.length === 0 || selectors.some((selector) => selector.matches(labels));
}
