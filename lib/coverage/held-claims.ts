/** Where the claims are that opaque objects make: `holds` is called before anybody knows what the objects will say. */
import type { Declaration } from '../model/declaration';
import type { KubeObject, ObjectId } from '../model/kube-object';
import { installNamespace } from '../model/opaque-kinds';

/** Puts each claim that names no namespace into the one that its object installs into, as far as that is known. */
export function placeHeldClaims(
  declarations: readonly Declaration[],
  objectOf: (id: ObjectId) => KubeObject | undefined,
): readonly Declaration[] {
  return declarations.map((declaration) => {
    const { held, dataset } = declaration;
    if (held === undefined || dataset.namespace !== undefined) return declaration;
    const object = objectOf(held.by);
    // An object that does not exist is a finding of its own.
    const namespace = object === undefined ? held.by.namespace : installNamespace(object);
    if (namespace === undefined) return declaration;
    const { group, kind, name } = dataset;
    return { ...declaration, dataset: { group, kind, namespace, name } };
  });
}
