/** What the Flux Kustomizations of this repository apply. */
import { posix } from 'node:path';
import { groupBy } from '../model/collections';
import { FLUX_FOLDER, folderOf } from '../model/folders';
import { at, groupOf, textAt, type KubeObject } from '../model/kube-object';
import { FLUX_NAMESPACE, folderInSource } from '../model/platform';
import { isWritten, type Applied, type RenderedObject } from '../model/rendered';
import type { GateInput } from './context';
import { fluxChanges } from './kustomize';

export class FluxKustomizations {
  private readonly known = new Map<KubeObject, Applied | undefined>();
  private knownFolders: ReadonlyMap<string, readonly RenderedObject[]> | undefined;

  constructor(private readonly input: GateInput) {}

  /** @returns nothing for a Kustomization that reads another source, and for any other object. */
  appliedBy(object: KubeObject): Applied | undefined {
    if (object.kind !== 'Kustomization' || groupOf(object.apiVersion) !== 'kustomize.toolkit.fluxcd.io')
      return undefined;
    if (!this.known.has(object)) this.known.set(object, this.find(object));
    return this.known.get(object);
  }

  private find(kustomization: KubeObject): Applied | undefined {
    if (!this.isOfThisSource(kustomization)) return undefined;
    const { objects, because } = this.at(textAt(kustomization, 'spec', 'path') ?? '');
    const changed = fluxChanges(at(kustomization, 'spec'), objects, this.input.ownKinds);
    const why = because ?? (changed === undefined ? undefined : `it ${changed}`);
    return { objects, ...(why === undefined ? {} : { because: why }) };
  }

  private isOfThisSource(kustomization: KubeObject): boolean {
    const { sourceRef, namespace = FLUX_NAMESPACE } = this.input.platform.flux;
    const source = at(kustomization, 'spec', 'sourceRef');
    return (
      textAt(source, 'kind') === sourceRef.kind &&
      textAt(source, 'name') === sourceRef.name &&
      (textAt(source, 'namespace') ?? kustomization.metadata.namespace) === namespace
    );
  }

  private at(path: string): Applied {
    const folder = folderInSource(path);
    const output = folderInSource(this.input.platform.flux.path);
    const inOutput = output === '' ? folder : folder.slice(output.length + 1);
    if (folder !== output && folder !== posix.join(output, inOutput)) return this.input.appliedFrom(path);
    this.knownFolders ??= groupBy(this.input.objects.filter(isWritten), folderOf);
    // The kustomization of the output itself names only the folder of the Flux Kustomizations.
    return { objects: this.knownFolders.get(inOutput === '' ? FLUX_FOLDER : inOutput) ?? [] };
  }
}
