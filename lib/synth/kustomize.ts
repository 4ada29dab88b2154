/** What kustomize builds from a folder of the repository, as Flux calls it (fluxcd/pkg kustomize v1.35.4). */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { kustomizeChanges } from '../coverage/kustomize';
import type { OwnKinds } from '../model/kinds';
import { isMapping, listAt, textAt, textsAt, type Mapping } from '../model/kube-object';
import type { Applied, RenderedObject } from '../model/rendered';

/** In the order in which kustomize looks for them. */
const FILE_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** What source-controller leaves out of every artifact, as far as it is YAML (v1.9.1, fluxcd/pkg sourceignore v0.18). */
const NOT_IN_ARTIFACTS = new Set([
  '.git',
  '.github',
  '.circleci',
  '.travis.yml',
  '.gitlab-ci.yml',
  'appveyor.yml',
  '.drone.yml',
  'cloudbuild.yaml',
  'codeship-services.yml',
  'codeship-steps.yml',
  '.goreleaser.yml',
  '.sops.yaml',
  '.flux.yaml',
]);

export interface Sources {
  /** The objects of a file; nothing if it was not read. */
  readonly objectsOf: (file: string) => readonly RenderedObject[] | undefined;
  /** The folder that synth writes, whose files are not read. */
  readonly output: string;
  readonly ownKinds: OwnKinds;
  /** A path as people see it. */
  readonly nameOf: (path: string) => string;
}

/** @param above the folders that name this one. */
export function buildFolder(folder: string, sources: Sources, above: readonly string[] = []): Applied {
  if (folder === sources.output || folder.startsWith(`${sources.output}/`)) return { objects: [] };
  if (above.includes(folder)) return { objects: [], because: `${sources.nameOf(folder)} names itself` };
  const file = kustomizationIn(folder);
  if (file === undefined) return buildFiles(folder, sources, above);
  const name = sources.nameOf(file);
  const kustomization = readKustomization(file);
  if (kustomization === undefined) return { objects: [], because: `${name} cannot be read` };
  const parts = ['resources', 'bases']
    .flatMap((field) => textsAt(kustomization, field))
    .map((resource): Applied => {
      const part = buildResource(resolve(folder, resource), sources, [...above, folder]);
      return part ?? { objects: [], because: `${name} names ${resource}, which was not read` };
    });
  const { objects, because } = together(parts);
  const changed = kustomizeChanges(kustomization, objects, sources.ownKinds);
  const why = because ?? (changed === undefined ? undefined : `${name} ${changed}`);
  return { objects, ...(why === undefined ? {} : { because: why }) };
}

/** Without a kustomization, Flux takes every YAML file below, and folders that have one as they say. */
function buildFiles(folder: string, sources: Sources, above: readonly string[]): Applied {
  const files = isFolder(folder) ? resourcesBelow(folder) : [];
  if (files.length === 0) return { objects: [], because: `${sources.nameOf(folder)} has no YAML file` };
  return together(
    files.map(
      (file) => buildResource(file, sources, above) ?? { objects: [], because: `${sources.nameOf(file)} was not read` },
    ),
  );
}

function resourcesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (NOT_IN_ARTIFACTS.has(entry.name)) return [];
    if (entry.isDirectory()) return kustomizationIn(path) === undefined ? resourcesBelow(path) : [path];
    return /\.ya?ml$/.test(entry.name) ? [path] : [];
  });
}

function buildResource(path: string, sources: Sources, above: readonly string[]): Applied | undefined {
  if (isFolder(path)) return buildFolder(path, sources, above);
  const objects = sources.objectsOf(path);
  return objects === undefined ? undefined : { objects };
}

function together(parts: readonly Applied[]): Applied {
  const because = parts.find((part) => part.because !== undefined)?.because;
  return { objects: parts.flatMap(({ objects }) => objects), ...(because === undefined ? {} : { because }) };
}

/**
 * Of the files that are to be read, those that say how kustomize changes objects: a patch looks like an object, and is
 * none.
 */
export function patchFiles(files: readonly string[], root: string): ReadonlySet<string> {
  const folders = new Set(files.flatMap((file) => foldersUpTo(dirname(file), root)));
  const patches = new Set<string>();
  const resources = new Set<string>();
  for (const folder of folders) {
    const file = kustomizationIn(folder);
    const kustomization = file === undefined ? undefined : readKustomization(file);
    const paths = [
      ...['patchesStrategicMerge', 'transformers', 'generators'].flatMap((field) => textsAt(kustomization, field)),
      ...['patches', 'patchesJson6902'].flatMap((field) =>
        listAt(kustomization, field).flatMap((patch) => textAt(patch, 'path') ?? []),
      ),
    ];
    for (const path of paths) patches.add(resolve(folder, path));
    for (const path of textsAt(kustomization, 'resources')) resources.add(resolve(folder, path));
  }
  return new Set(files.filter((file) => patches.has(file) && !resources.has(file)));
}

function foldersUpTo(folder: string, root: string): readonly string[] {
  const parent = dirname(folder);
  return folder === root || parent === folder ? [folder] : [folder, ...foldersUpTo(parent, root)];
}

function kustomizationIn(folder: string): string | undefined {
  return FILE_NAMES.map((name) => join(folder, name)).find(isFile);
}

function readKustomization(file: string): Mapping | undefined {
  try {
    const content: unknown = parse(readFileSync(file, 'utf8'), { logLevel: 'error' });
    return isMapping(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
