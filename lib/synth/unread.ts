/** Which Kubernetes YAML of the Git repository nobody looked at: not written, not asked for, and not brought in by an `Include`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { globSync } from 'tinyglobby';
import { parse } from 'yaml';
import { groupBy, sortedBy } from '../model/collections';
import { groupOf, isMapping, textAt, type KubeObject } from '../model/kube-object';
import { repositoryRoot } from './repository';

/** A file with Kubernetes objects that nobody looked at. */
export interface UnreadFile {
  /** From the folder of the project. */
  readonly path: string;
  readonly documents: number;
}

/**
 * @param read files that went through the gate, and those that somebody has left out.
 * @param written objects of the output.
 */
export function findUnread(
  project: string,
  outputFolder: string,
  read: readonly string[],
  written: readonly KubeObject[],
): readonly UnreadFile[] {
  const known = new Set(read);
  const output = resolve(project, outputFolder);
  // Beside the output lies what synth keeps for people: the files that they changed by hand.
  const aside = join(dirname(output), `.${basename(output)}.`);
  const files = yamlFiles(repositoryRoot(project), output).filter(
    (file) => !known.has(file) && !file.startsWith(`${output}${sep}`) && !file.startsWith(aside),
  );
  const byName = groupBy(written, ({ apiVersion, kind, metadata }) => nameKey(apiVersion, kind, metadata.name));
  return sortedBy(
    files.map((file) => ({
      path: relative(project, file),
      documents: documentsIn(file).filter((text) => isUnread(text, byName)).length,
    })),
    ({ path }) => path,
  ).filter(({ documents }) => documents > 0);
}

/**
 * All but those that Git ignores and those in hidden folders, which tools fill for themselves.
 *
 * @param output a folder that need not be searched.
 */
function yamlFiles(root: string, output: string): readonly string[] {
  const options = { cwd: root, ignore: `${output}/**`, followSymbolicLinks: false };
  const paths = listedByGit(root) ?? globSync('**/*.{yaml,yml}', options);
  return paths
    .filter((path) => !path.split('/').some((part) => part === 'node_modules' || part.startsWith('.')))
    .map((path) => resolve(root, path));
}

/** @returns nothing outside of a repository, and where there is no Git. */
function listedByGit(root: string): readonly string[] | undefined {
  try {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', '*.yaml', '*.yml'];
    const listed = execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    });
    // In a merge conflict, a file is listed once for each side.
    return [...new Set(listed.split('\0'))].filter((path) => path !== '');
  } catch {
    return undefined;
  }
}

function documentsIn(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split(/^(?:---|\.\.\.)(?=\s|$)/m);
  } catch {
    // Deleted, and not yet committed; or a link to a folder.
    return [];
  }
}

function nameKey(apiVersion: string, kind: string, name: string): string {
  return JSON.stringify([groupOf(apiVersion), kind, name]);
}

function isUnread(text: string, written: ReadonlyMap<string, readonly KubeObject[]>): boolean {
  if (!text.includes('apiVersion') || !text.includes('kind')) return false;
  const head = headOf(text) ?? parsed(text);
  const [apiVersion, kind] = [textAt(head, 'apiVersion'), textAt(head, 'kind')];
  // Settings of tools are YAML too, and no objects; so are kustomize's instructions.
  if (apiVersion === undefined || kind === undefined || apiVersion.startsWith('kustomize.config.k8s.io/')) return false;
  const namespace = textAt(head, 'metadata', 'namespace');
  const sameName = written.get(nameKey(apiVersion, kind, textAt(head, 'metadata', 'name') ?? '')) ?? [];
  return !sameName.some(
    ({ metadata, ...object }) =>
      metadata.namespace === undefined ||
      metadata.namespace === namespace ||
      // The chart of an `Include` adds the namespace; whatever else the file says is then in the object.
      (namespace === undefined && includes({ metadata, ...object }, parsed(text))),
  );
}

/** What names the object, without parsing all of a document that is in the usual style: it may be long. */
function headOf(text: string): unknown {
  const apiVersion = /^apiVersion:[ \t]+["']?([\w./-]+)/m.exec(text)?.[1];
  const kind = /^kind:[ \t]+["']?(\w+)/m.exec(text)?.[1];
  if (apiVersion === undefined || kind === undefined) return undefined;
  // The lines from `metadata:` to the next field.
  const lines = /^["']?metadata["']?:[^\n]*(?:\n(?:[ \t\r#][^\n]*)?)*/m.exec(text)?.[0] ?? '';
  const metadata = parsed(lines);
  return { apiVersion, kind, ...(isMapping(metadata) ? metadata : {}) };
}

/** Nothing for a template of a Helm chart, which is no YAML yet. */
function parsed(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' });
  } catch {
    return undefined;
  }
}

/** Whether everything that a part says stands in the whole. */
function includes(whole: unknown, part: unknown): boolean {
  if (part === null) return true;
  if (Array.isArray(part)) {
    return (
      Array.isArray(whole) && whole.length === part.length && part.every((item, index) => includes(whole[index], item))
    );
  }
  if (isMapping(part)) return isMapping(whole) && Object.keys(part).every((key) => includes(whole[key], part[key]));
  return whole === part;
}
