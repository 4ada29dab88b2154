/** YAML of the same Git repository that synth does not write: what goes through the gate, and how much nobody read. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import type { RenderedObject } from '../model/rendered';
import { sortedBy } from '../model/collections';
import { readYamlFiles, type UnreadDocument } from '../yaml/read';

export interface ReadBeside {
  readonly objects: readonly RenderedObject[];
  /** Documents of the asked files that hold no object, or cannot be read. */
  readonly unread: readonly UnreadDocument[];
  /** Patterns without a file. */
  readonly emptyPatterns: readonly string[];
  readonly files: readonly string[];
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
  return {
    objects: objects.map(({ object, place }) => ({ object, origin: { type: 'file', ...place } })),
    unread,
    emptyPatterns: perPattern.filter((each) => each.files.length === 0).map((each) => each.pattern),
    files,
  };
}

/** YAML documents of the repository that nobody read: not written, not asked for. */
export function countUnread(project: string, outputFolder: string, read: readonly string[]): number {
  const root = repositoryRoot(project);
  const ignore = [...NEVER, `${resolve(project, outputFolder)}/**`];
  const known = new Set(read);
  const files = globSync('**/*.{yaml,yml}', {
    cwd: root,
    ignore,
    absolute: true,
    dot: true,
    followSymbolicLinks: false,
  });
  return files.filter((file) => !known.has(file)).reduce((sum, file) => sum + documentsIn(file), 0);
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

/** Only counted, never parsed: this is about how much was not looked at. */
function documentsIn(file: string): number {
  const text = readFileSync(file, 'utf8');
  return text.split(/^---(?:\s.*)?$/m).filter((part) => /^[^#\s]/m.test(part)).length;
}
