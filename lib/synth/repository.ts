/** YAML of the same Git repository that goes through the gate without being written. */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { withoutForeignNamespace } from '../model/cluster-scoped';
import { groupBy, sortedBy } from '../model/collections';
import type { OwnKinds } from '../model/kinds';
import type { Applied, RenderedObject } from '../model/rendered';
import { readYamlFiles, type UnreadDocument } from '../yaml/read';
import { buildFolder, patchFiles } from './kustomize';
import { realPlace } from './output-place';

export interface ReadBeside {
  readonly objects: readonly RenderedObject[];
  /** Documents of the asked files that hold no object, or cannot be read. */
  readonly unread: readonly UnreadDocument[];
  /** Patterns without a file. */
  readonly emptyPatterns: readonly string[];
  readonly files: readonly string[];
  /** Files that a pattern leaves out. */
  readonly leftOut: readonly string[];
  /** What Flux applies when it is told a path of the repository. */
  readonly appliedFrom: (path: string) => Applied;
}

const NEVER = ['**/node_modules/**', '**/.git/**'];

/**
 * @param patterns globs, relative to the project; those that begin with `!` leave files out.
 * @param outputFolder is left out: synth is about to replace it.
 */
export function readBeside(
  patterns: readonly string[],
  project: string,
  outputFolder: string,
  ownKinds: OwnKinds = {},
): ReadBeside {
  const output = resolve(project, outputFolder);
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const ignore = [...NEVER, `${output}/**`, ...excluded];
  const filesOf = (wanted: string | string[], but: string[]): readonly string[] =>
    globSync(wanted, { cwd: project, ignore: but, absolute: true, dot: false, followSymbolicLinks: false });
  const perPattern = patterns
    .filter((pattern) => !pattern.startsWith('!'))
    .map((pattern) => ({ pattern, files: filesOf(pattern, ignore) }));
  const files = sortedBy(new Set(perPattern.flatMap((each) => each.files)), (file) => file);
  const root = repositoryRoot(project);
  const patches = patchFiles(files, root);
  // Paths as people see them, and the same on every machine.
  const pathOf = (path: string): string => relative(project, path);
  const { objects, unread } = readYamlFiles(
    files.filter((file) => !patches.has(file)),
    pathOf,
  );
  const rendered = objects.map(({ object, place }): RenderedObject => ({
    object: withoutForeignNamespace(object),
    origin: { type: 'file', ...place },
  }));
  const byFile = groupBy(rendered, ({ origin }) => (origin.type === 'file' ? origin.file : ''));
  const known = new Set(files);
  const objectsOf = (file: string) => (known.has(file) ? (byFile.get(pathOf(file)) ?? []) : undefined);
  return {
    objects: rendered,
    unread: [...unread, ...[...patches].map((file) => patchDocument(pathOf(file)))],
    emptyPatterns: perPattern.filter((each) => each.files.length === 0).map((each) => each.pattern),
    files,
    leftOut: excluded.length === 0 ? [] : filesOf(excluded, NEVER),
    appliedFrom: (path) => buildFolder(resolve(root, `./${path}`), { objectsOf, output, ownKinds, nameOf: pathOf }),
  };
}

function patchDocument(file: string): UnreadDocument {
  return { place: { file, line: 1 }, why: 'no object: kustomize changes others by it', broken: false };
}

/** Path of the output folder in the Git repository that it is in; nothing where it is in none. */
export function outputInRepository(project: string, outputFolder: string): string | undefined {
  const output = realPlace(resolve(project, outputFolder));
  const root = gitRootOf(output);
  return root === undefined ? undefined : relative(root, output).replaceAll('\\', '/');
}

/** The folder with `.git`, or the project itself. */
export function repositoryRoot(project: string): string {
  return gitRootOf(project) ?? resolve(project);
}

function gitRootOf(path: string): string | undefined {
  let folder = resolve(path);
  while (!existsSync(join(folder, '.git'))) {
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return folder;
}
