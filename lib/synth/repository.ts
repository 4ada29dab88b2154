/** YAML of the same Git repository that synth does not write: what goes through the gate, and how much nobody read. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { parse } from 'yaml';
import type { RenderedObject } from '../model/rendered';
import { withoutForeignNamespace } from '../model/cluster-scoped';
import { sortedBy } from '../model/collections';
import { listAt, textAt, textsAt, type KubeObject } from '../model/kube-object';
import { readYamlFiles, type UnreadDocument } from '../yaml/read';

export interface ReadBeside {
  readonly objects: readonly RenderedObject[];
  /** Documents of the asked files that hold no object, or cannot be read. */
  readonly unread: readonly UnreadDocument[];
  /** Patterns without a file. */
  readonly emptyPatterns: readonly string[];
  readonly files: readonly string[];
  /** Whether every object below a path of the repository was read, or is written by synth. */
  readonly coversPath: (path: string) => boolean;
}

const NEVER = ['**/node_modules/**', '**/.git/**'];

/**
 * @param patterns globs, relative to the project.
 * @param outputFolder is left out: synth is about to replace it.
 */
export function readBeside(patterns: readonly string[], project: string, outputFolder: string): ReadBeside {
  const ignore = [...NEVER, `${resolve(project, outputFolder)}/**`];
  const perPattern = patterns.map((pattern) => ({
    pattern,
    files: globSync(pattern, { cwd: project, ignore, absolute: true, dot: false, followSymbolicLinks: false }),
  }));
  const files = sortedBy(new Set(perPattern.flatMap((each) => each.files)), (file) => file);
  // Paths as people see them, and the same on every machine.
  const { objects, unread } = readYamlFiles(files, (file) => relative(project, file));
  const known = new Set(files);
  const output = resolve(project, outputFolder);
  return {
    objects: objects.map(({ object, place }) => ({
      object: withoutForeignNamespace(object),
      origin: { type: 'file', ...place },
    })),
    unread,
    emptyPatterns: perPattern.filter((each) => each.files.length === 0).map((each) => each.pattern),
    files,
    coversPath: (path) => {
      const folder = resolve(repositoryRoot(project), path);
      return folder === output || folder.startsWith(`${output}/`) || isWhollyRead(folder, known);
    },
  };
}

/** Every YAML file below the folder was read, and kustomize brings nothing from elsewhere. */
function isWhollyRead(folder: string, known: ReadonlySet<string>): boolean {
  const files = globSync('**/*.{yaml,yml}', {
    cwd: folder,
    ignore: NEVER,
    absolute: true,
    dot: true,
    followSymbolicLinks: false,
  });
  return files.length > 0 && files.every((file) => known.has(file) && !bringsMore(file));
}

/** A kustomization with remote bases or charts makes objects that are in no file. */
function bringsMore(file: string): boolean {
  if (!/^kustomization\.ya?ml$/.test(basename(file))) return false;
  const kustomization: unknown = parse(readFileSync(file, 'utf8'));
  const resources = ['resources', 'bases', 'components'].flatMap((field) => textsAt(kustomization, field));
  return (
    resources.some((resource) => /:\/\/|^git@|^github\.com\//.test(resource)) ||
    listAt(kustomization, 'helmCharts').length > 0
  );
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
      nameOf(kind, name, undefined),
      nameOf(kind, name, namespace),
    ]),
  );
  return files.filter((file) => !known.has(file)).reduce((sum, file) => sum + unseenDocuments(file, written), 0);
}

function nameOf(kind: string, name: string, namespace: string | undefined): string {
  return JSON.stringify([kind, name, namespace ?? null]);
}

/** The folder with `.git`, or the project itself. */
function repositoryRoot(project: string): string {
  let folder = resolve(project);
  while (!existsSync(join(folder, '.git'))) {
    const parent = dirname(folder);
    if (parent === folder) return resolve(project);
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
    return !seen.has(
      nameOf(kind, textAt(metadata, 'metadata', 'name') ?? '', textAt(metadata, 'metadata', 'namespace')),
    );
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
