/** What pods have from ConfigMaps that are seen. */
import { posix } from 'node:path';
import { at, listAt, textAt, textMapAt, type KubeObject } from '../model/kube-object';
import { podTemplateOf } from '../model/workloads';
import type { GateContext } from './context';

type Texts = Readonly<Record<string, string>>;

/** The texts of a ConfigMap in the namespace of an object; none where it is not seen. */
export function textsBeside(
  { metadata: { namespace } }: KubeObject,
  name: string | undefined,
  context: GateContext,
): Texts {
  if (name === undefined) return {};
  const id = { group: '', kind: 'ConfigMap', ...(namespace === undefined ? {} : { namespace }), name };
  return textMapAt(context.object(id)?.object, 'data');
}

/** The files of ConfigMaps by the path at which a container of a workload finds them. */
export function mountedFiles(
  object: KubeObject,
  container: unknown,
  context: GateContext,
): ReadonlyMap<string, string> {
  const volumes = listAt(podTemplateOf(object), 'spec', 'volumes');
  const files = listAt(container, 'volumeMounts').flatMap((mount): readonly (readonly [string, string])[] => {
    const volume = volumes.find((each) => textAt(each, 'name') === textAt(mount, 'name'));
    const sources = [volume, ...listAt(volume, 'projected', 'sources')].map((each) => at(each, 'configMap'));
    const place = posix.resolve('/', textAt(mount, 'mountPath') ?? '');
    const subPath = textAt(mount, 'subPath');
    return sources
      .flatMap((source) => filesOf(source, textsBeside(object, textAt(source, 'name'), context)))
      .filter(([path]) => subPath === undefined || subPath === path)
      .map(([path, text]) => [subPath === undefined ? posix.join(place, path) : place, text]);
  });
  return new Map(files);
}

/** What a ConfigMap comes to as a volume: with `items` only the keys that these name. */
function filesOf(source: unknown, texts: Texts): readonly (readonly [path: string, text: string])[] {
  const items = listAt(source, 'items');
  if (items.length === 0) return Object.entries(texts);
  return items.flatMap((item) => {
    const [path, text] = [textAt(item, 'path'), texts[textAt(item, 'key') ?? '']];
    return path === undefined || text === undefined ? [] : [[path, text] as const];
  });
}
