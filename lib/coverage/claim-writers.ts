/** What writes to the volumes of a server besides the server: a dump has nothing of that. */
import { isPostgresImage, isPostgresTool } from '../model/database-images';
import type { Dataset } from '../model/dataset';
import { at, groupOf, textAt, type KubeObject } from '../model/kube-object';
import { podTemplateOf, writableMounts, writableVolumesOfClaim } from '../model/workloads';
import type { GateContext } from './context';
import { runningContainers } from './database-writers';

/** A container that may write to the claims of a dataset. */
export interface ClaimWriter {
  readonly name: string;
  readonly image: string;
  /** What makes its pods. */
  readonly object: KubeObject;
}

/**
 * Init containers and Jobs are left out: they prepare a volume, such as by `chown`, and the files that an application keeps
 * come from what runs for ever, or again and again.
 */
function writersOf({ claims }: Pick<Dataset, 'claims'>, context: GateContext): readonly ClaimWriter[] {
  const namespaces = [...new Set(claims.map(({ namespace }) => namespace))];
  return namespaces.flatMap((namespace) => {
    const names = claims.filter((claim) => claim.namespace === namespace).map(({ name }) => name);
    return context
      .inNamespace(namespace)
      .filter(({ apiVersion, kind }) => groupOf(apiVersion) !== 'batch' || kind === 'CronJob')
      .flatMap((object) => {
        const spec = at(podTemplateOf(object), 'spec');
        const volumes = names.flatMap((name) => writableVolumesOfClaim(object, name));
        if (volumes.length === 0) return [];
        return runningContainers(spec)
          .filter((container) => writableMounts(container, volumes).length > 0)
          .map((container) => ({
            name: textAt(container, 'name') ?? '',
            image: textAt(container, 'image') ?? '',
            object,
          }));
      });
  });
}

/**
 * What writes to the volume of a PostgreSQL, and is neither that nor a tool of its own. A client that a CronJob starts
 * writes dumps, which are copies.
 *
 * @param candidates makers of the pods that may run the server, of which one does.
 */
export function writersBeside(
  dataset: Pick<Dataset, 'claims'>,
  candidates: readonly KubeObject[],
  context: GateContext,
): readonly ClaimWriter[] {
  const writers = writersOf(dataset, context);
  const reached = writers.filter(({ object }) => candidates.includes(object));
  // Of an image that nobody knows, the first will be the server.
  const server = reached.find(({ image }) => isPostgresImage(image)) ?? reached[0];
  return writers.filter((writer) => {
    if (writer === server || isPostgresTool(writer.image)) return false;
    const isOfServer = writer.object === server?.object || groupOf(writer.object.apiVersion) === 'batch';
    return !(isPostgresImage(writer.image) && isOfServer);
  });
}
