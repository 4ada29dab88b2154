/** The containers that run a database, and the claims that they write to. */
import { isDatabaseImage } from '../model/database-images';
import { claimKey } from '../model/dataset';
import { at, booleanAt, groupOf, listAt, textAt, type KubeObject } from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';
import { podTemplateOf } from '../model/workloads';
import type { GateContext } from './context';

export interface DatabaseWriter {
  readonly image: string;
  readonly container: unknown;
  /** What makes its pods. */
  readonly workload: RenderedObject;
  /** Keys of the claims that it may write to; at least one. */
  readonly claims: readonly string[];
}

export function findDatabaseWriters({ input, data }: Pick<GateContext, 'input' | 'data'>): readonly DatabaseWriter[] {
  const claimsOfSets = claimsByTemplate(data.datasets);
  return input.objects.flatMap((workload): readonly DatabaseWriter[] => {
    const { object } = workload;
    // In a job it is the client, which writes a dump.
    if (groupOf(object.apiVersion) === 'batch') return [];
    const spec = at(podTemplateOf(object), 'spec');
    return runningContainers(spec).flatMap((container) => {
      const image = textAt(container, 'image') ?? '';
      if (!isDatabaseImage(image)) return [];
      const mounts = listAt(container, 'volumeMounts').filter((mount) => booleanAt(mount, 'readOnly') !== true);
      const claims = mounts.flatMap((mount) => claimsOf(object, spec, textAt(mount, 'name') ?? '', claimsOfSets));
      return claims.length === 0 ? [] : [{ image, container, workload, claims }];
    });
  });
}

/** An init container that is always restarted is a sidecar, and runs as long as the others. */
export function runningContainers(spec: unknown): readonly unknown[] {
  const sidecars = listAt(spec, 'initContainers').filter(
    (container) => textAt(container, 'restartPolicy') === 'Always',
  );
  return [...listAt(spec, 'containers'), ...sidecars];
}

function claimsOf(
  object: KubeObject,
  spec: unknown,
  volume: string,
  claimsOfSets: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const { namespace = '', name } = object.metadata;
  const claim = listAt(spec, 'volumes').find((each) => textAt(each, 'name') === volume);
  const claimName = textAt(claim, 'persistentVolumeClaim', 'claimName');
  if (claimName !== undefined) return [claimKey(namespace, claimName)];
  return claimsOfSets.get(JSON.stringify([namespace, name, volume])) ?? [];
}

function claimsByTemplate(datasets: GateContext['data']['datasets']): ReadonlyMap<string, readonly string[]> {
  return new Map(
    datasets
      .filter(({ id }) => id.part?.type === 'template')
      .map(({ id, claims }) => [
        JSON.stringify([id.namespace, id.name, id.part?.name]),
        claims.map(({ namespace, name }) => claimKey(namespace, name)),
      ]),
  );
}
