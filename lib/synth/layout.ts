/** Objects → folders and files: which object stands where, under a name that no other object can have. */
import { createHash } from 'node:crypto';
import { compareText, groupBy, sortedBy } from '../model/collections';
import { folderOf, isBackup } from '../model/folders';
import { objectId, objectKey } from '../model/kube-object';
import type { RenderedObject } from '../model/rendered';

/** A folder of the output, which one Flux Kustomization applies. */
export interface Folder {
  readonly name: string;
  /** Whether it holds what makes backups, and may wait for the tools that do. */
  readonly backup: boolean;
  /** Folders of charts that the user's code told to come first. */
  readonly dependsOn: readonly string[];
  readonly objects: readonly RenderedObject[];
}

/** @param dependsOn chart → charts that its objects come after, where the user's code says so. */
export function foldersOf(
  objects: readonly RenderedObject[],
  dependsOn: ReadonlyMap<string, readonly string[]>,
): readonly Folder[] {
  const folders = groupBy(objects, folderOf);
  const isWritten = (chart: string): boolean => folders.has(chart);
  return sortedBy(folders, ([name]) => name).map(([name, inFolder]) => {
    const [first] = inFolder;
    const chart = first?.origin.type === 'construct' ? first.origin.chart : name;
    const backup = inFolder.some(isBackup);
    return {
      name,
      backup,
      dependsOn: backup ? [] : foldersBefore(chart, dependsOn, isWritten),
      objects: sortedBy(inFolder, ({ object }) => objectKey(objectId(object))),
    };
  });
}

/** A chart without objects has no folder: what comes after it comes after what is before it. */
function foldersBefore(
  chart: string,
  dependsOn: ReadonlyMap<string, readonly string[]>,
  isWritten: (chart: string) => boolean,
): readonly string[] {
  const found = new Set<string>();
  const follow = (before: string): void => {
    if (found.has(before)) return;
    found.add(before);
    if (!isWritten(before)) dependsOn.get(before)?.forEach(follow);
  };
  dependsOn.get(chart)?.forEach(follow);
  return [...found].filter(isWritten);
}

/**
 * File names of a folder's objects: `<namespace>.<kind>.<name>.yaml`, with the group where kinds collide, and a hash
 * where names still do on a file system that folds case.
 */
export function fileNames(objects: readonly RenderedObject[]): ReadonlyMap<RenderedObject, string> {
  const names = new Map(objects.map((rendered) => [rendered, fileName(rendered)]));
  for (const more of [{ group: true }, { group: true, hash: true }]) {
    const byName = groupBy(objects, (rendered) => (names.get(rendered) ?? '').toLowerCase());
    for (const sameName of byName.values()) {
      if (sameName.length > 1) for (const rendered of sameName) names.set(rendered, fileName(rendered, more));
    }
  }
  return names;
}

/** Longer names, and characters that a file system may refuse or fold, are replaced by a hash of what they stand for. */
function fileName(
  { object }: RenderedObject,
  more: { readonly group?: boolean; readonly hash?: boolean } = {},
): string {
  const id = objectId(object);
  const group = more.group === true ? id.group || 'core' : undefined;
  const text = [id.namespace, id.kind, group, id.name].filter((part) => part !== undefined).join('.');
  const safe = text.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 200);
  if (safe === text && more.hash !== true) return `${text}.yaml`;
  return `${safe}-${createHash('sha256').update(objectKey(id)).digest('hex').slice(0, 8)}.yaml`;
}

/** The names in the order of the folder's `kustomization.yaml`. */
export function sortedNames(names: Iterable<string>): readonly string[] {
  return [...names].toSorted(compareText);
}
