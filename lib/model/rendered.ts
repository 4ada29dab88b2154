/** An object as it will be written, or as a file of the same repository has it, with the place it came from. */
import type { Origin } from './declaration';
import type { KubeObject } from './kube-object';

export interface RenderedObject {
  readonly object: KubeObject;
  readonly origin: Origin;
  /** Whether it belongs to what makes backups, and not to the application. */
  readonly backup?: boolean;
  /** The folder that it stands in, where that is not its chart's. */
  readonly folder?: string;
  /** Whether it follows from what was declared, as opposed to being written by a person. */
  readonly generated?: boolean;
}

/** Whether synth writes the object, as opposed to only reading it. */
export function isWritten(rendered: RenderedObject): boolean {
  return rendered.origin.type === 'construct';
}

/** What reaches the cluster from a folder of the repository. */
export interface Applied {
  /** As far as synth reads or writes them. */
  readonly objects: readonly RenderedObject[];
  /** Why these are not all, or reach it in another shape than the files have. */
  readonly because?: string;
}
