/** The resources of a cluster, and how Velero finds the one that a name means (pkg/discovery/helper.go, v1.18.3). */
import { groupOf, textAt, textsAt, type KubeObject } from '../model/kube-object';
import { SERVED_RESOURCES, type ServedResource } from '../model/served-resources';

export interface Resource extends ServedResource {
  /** `deployments.apps`, or `pods`: how filters know it. */
  readonly id: string;
}

const BUILT_IN = SERVED_RESOURCES.map(withId);
const BUILT_IN_IDS = new Set(BUILT_IN.map(({ id }) => id));

export class Discovery {
  readonly #byKind: ReadonlyMap<string, Resource>;
  readonly #byName = new Map<string, Resource | undefined>();

  private constructor(readonly resources: readonly Resource[]) {
    this.#byKind = new Map(this.resources.map((resource) => [`${resource.group}/${resource.kind}`, resource]));
  }

  /** @param objects of which the CRDs add to what every cluster serves. */
  static of(objects: readonly KubeObject[]): Discovery {
    const custom = objects.filter(({ kind }) => kind === 'CustomResourceDefinition').map(fromDefinition);
    const further = custom.filter(({ id }) => !BUILT_IN_IDS.has(id));
    return further.length === 0 ? Discovery.#plain : new Discovery([...BUILT_IN, ...further]);
  }

  /** Of a cluster without CRDs of its own. */
  static readonly #plain = new Discovery(BUILT_IN);

  /**
   * What a user's name means: plural, singular or kind in any case, or a short name, with the group or its beginning
   * after the first dot. `undefined` for what no server knows; Velero then keeps the text as it is.
   */
  resolve(name: string): Resource | undefined {
    if (!this.#byName.has(name)) this.#byName.set(name, this.#find(name));
    return this.#byName.get(name);
  }

  #find(name: string): Resource | undefined {
    const dot = name.indexOf('.');
    const group = dot < 0 ? '' : name.slice(dot + 1);
    const given = dot < 0 ? name : name.slice(0, dot);
    const wanted = this.#expandShortName(given, group).toLowerCase();
    return this.resources.find(
      (candidate) =>
        candidate.group.startsWith(group) && (candidate.plural === wanted || candidate.singular === wanted),
    );
  }

  resourceOf(object: KubeObject): Resource | undefined {
    return this.#byKind.get(`${groupOf(object.apiVersion)}/${object.kind}`);
  }

  /** Short names count only as they are written; a whole group goes before the beginning of one. */
  #expandShortName(name: string, group: string): string {
    const candidates = this.resources.filter(({ shortNames }) => shortNames.includes(name));
    const found =
      candidates.find((candidate) => group === '' || candidate.group === group) ??
      candidates.find((candidate) => candidate.group.startsWith(group));
    return found?.plural ?? name;
  }
}

function fromDefinition(definition: KubeObject): Resource {
  const kind = textAt(definition, 'spec', 'names', 'kind') ?? '';
  return withId({
    group: textAt(definition, 'spec', 'group') ?? '',
    plural: textAt(definition, 'spec', 'names', 'plural') ?? '',
    singular: textAt(definition, 'spec', 'names', 'singular') ?? kind.toLowerCase(),
    kind,
    namespaced: textAt(definition, 'spec', 'scope') !== 'Cluster',
    shortNames: textsAt(definition, 'spec', 'names', 'shortNames'),
  });
}

function withId(parts: ServedResource): Resource {
  return { ...parts, id: parts.group === '' ? parts.plural : `${parts.plural}.${parts.group}` };
}

/** The four kinds that decide about data. */
export const PODS = 'pods';
export const CLAIMS = 'persistentvolumeclaims';
export const VOLUMES = 'persistentvolumes';
export const NAMESPACES = 'namespaces';
