/** YAML of the same Git repository that synth does not write: what goes through the gate, and how much nobody read. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { parse } from 'yaml';
import { withoutForeignNamespace } from '../model/cluster-scoped';
import { groupBy, sortedBy } from '../model/collections';
import type { OwnKinds } from '../model/kinds';
import { textAt, type KubeObject } from '../model/kube-object';
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
  const perPattern = patterns
    .filter((pattern) => !pattern.startsWith('!'))
    .map((pattern) => ({
      pattern,
      files: globSync(pattern, { cwd: project, ignore, absolute: true, dot: false, followSymbolicLinks: false }),
    }));
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
    appliedFrom: (path) => buildFolder(resolve(root, `./${path}`), { objectsOf, output, ownKinds, nameOf: pathOf }),
  };
}

function patchDocument(file: string): UnreadDocument {
  return { place: { file, line: 1 }, why: 'no object: kustomize changes others by it', broken: false };
}

/**
 * YAML documents of Kubernetes objects in the repository that nobody looked at: not written, not asked for, and not an object of the output
 * (a file that an `Include` brings in).
 */
export function countUnread(
  project: string,
  outputFolder: string,
  read: readonly string[],
  seen: readonly KubeObject[],
): number {
  const output = resolve(project, outputFolder);
  // Beside the output lies what synth keeps for people: the files that they changed by hand.
  const ignore = [...NEVER, `${output}/**`, `${dirname(output)}/.${basename(output)}.*/**`];
  const files = globSync('**/*.{yaml,yml}', {
    cwd: repositoryRoot(project),
    ignore,
    absolute: true,
    dot: true,
    followSymbolicLinks: false,
  });
  const known = new Set(read);
  const written = new Set(
    seen.flatMap(({ kind, metadata: { name, namespace } }) => [
      idOf(kind, name, undefined),
      idOf(kind, name, namespace),
    ]),
  );
  return files.filter((file) => !known.has(file)).reduce((sum, file) => sum + unseenDocuments(file, written), 0);
}

function idOf(kind: string, name: string, namespace: string | undefined): string {
  return JSON.stringify([kind, name, namespace ?? null]);
}

/** Path of the output folder in the Git repository that it is in; nothing where it is in none. */
export function outputInRepository(project: string, outputFolder: string): string | undefined {
  const output = realPlace(resolve(project, outputFolder));
  const root = gitRootOf(output);
  return root === undefined ? undefined : relative(root, output).replaceAll('\\', '/');
}

/** The folder with `.git`, or the project itself. */
function repositoryRoot(project: string): string {
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

/**
 * Told by a glance at the text, without parsing all of it: this is only about how much was not looked at.
 *
 * @param seen names of objects, also without the namespace: the chart of an `Include` adds it.
 */
function unseenDocuments(file: string, seen: ReadonlySet<string>): number {
  const documents = readFileSync(file, 'utf8').split(/^---(?:[ \t].*)?$/m);
  return documents.filter((text) => {
    const kind = /^kind:\s*["']?(\w+)/m.exec(text)?.[1];
    // Settings of tools are YAML too, and no objects; so are kustomize's instructions.
    if (kind === undefined || !/^apiVersion:(?!\s*["']?kustomize\.config\.k8s\.io\/)/m.test(text)) return false;
    const metadata = metadataOf(text);
    return !seen.has(idOf(kind, textAt(metadata, 'metadata', 'name') ?? '', textAt(metadata, 'metadata', 'namespace')));
  }).length;
}

/** The lines from `metadata:` to the next field. */
function metadataOf(text: string): unknown {
  const lines = /^metadata:[^\n]*(?:\n(?:[ \t\r#][^\n]*)?)*/m.exec(text)?.[0] ?? '';
  try {
    return parse(lines, { logLevel: 'error' });
  } catch {
    // A template of a Helm chart is no YAML yet.
    return undefined;
  }
}
