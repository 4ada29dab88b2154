/** Which namespaces a Backup takes (pkg/util/collections/includes_excludes.go and pkg/util/wildcard, v1.18.3). */
import { isDnsLabel } from '../model/names';
import { compileGlob } from './glob';
import { NameFilter } from './name-filter';

export interface NamespaceProblem {
  readonly problem: string;
}

/** What Velero says against two lists of namespaces, `''` and duplicates allowed. */
export function namespaceListProblems(includes: readonly string[], excludes: readonly string[]): readonly string[] {
  return [...listProblems(includes, excludes), ...[...includes, ...excludes].flatMap(nameProblems)];
}

/** The rules for any pair of lists. */
export function listProblems(includes: readonly string[], excludes: readonly string[]): readonly string[] {
  const problems: string[] = [];
  if (new Set(includes).size > 1 && includes.includes('*')) problems.push("'*' stands beside other included names");
  if (excludes.includes('*')) problems.push("'*' is excluded");
  const both = new Set(excludes.filter((name) => includes.includes(name)));
  return [...problems, ...[...both].map((name) => `'${name}' is both included and excluded`)];
}

function nameProblems(name: string): readonly string[] {
  if (name === '') return [];
  if (!hasValidWildcards(name)) return [`'${name}' is no pattern that Velero supports: only *, ? and [abc] are`];
  // Velero puts a letter for each wildcard and asks whether Kubernetes would take the name.
  const likeName = name.replaceAll(/[*?[\]]/g, 'x');
  return isDnsLabel(likeName) ? [] : [`'${name}' cannot be the name of a namespace`];
}

/** Whether Velero takes a pattern of namespaces (pkg/util/wildcard): what it takes need not be a glob yet. */
export function hasValidWildcards(pattern: string): boolean {
  if (/[|()!{},]/.test(pattern) || pattern.includes('**')) return false;
  // A bracket ends at the first that closes; what opens between the two counts for nothing.
  return !/[[\]]/.test(pattern.replaceAll(/\[[^\]]+\]/g, ''));
}

export class NamespaceSelection {
  /** Whether no namespace at all is left out, which a list or a glob of all that exist says as well. */
  readonly isEverything: boolean;

  private constructor(
    private readonly filter: NameFilter,
    private readonly isExpanded: boolean,
    existing: readonly string[],
  ) {
    const { includes, excludes } = filter;
    const isAll =
      includes.names.length === existing.length && includes.names.every((name, index) => name === existing[index]);
    this.isEverything = filter.isEverything || (excludes.isEmpty && isAll);
  }

  /** @param existing all namespaces of the cluster, of whatever phase, by name. */
  static of(
    includes: readonly string[],
    excludes: readonly string[],
    existing: readonly string[],
  ): NamespaceSelection | NamespaceProblem {
    const isExpanded = includes.length > 0 && !includes.includes('*') && [...includes, ...excludes].some(isPattern);
    if (!isExpanded) return new NamespaceSelection(NameFilter.of(includes, excludes), false, existing);
    const wrong = [...includes, ...excludes].find((name) => isPattern(name) && compileGlob(name) === undefined);
    if (wrong !== undefined) return { problem: `'${wrong}' is no glob` };
    return new NamespaceSelection(
      NameFilter.of(expand(includes, existing), expand(excludes, existing)),
      true,
      existing,
    );
  }

  selects(namespace: string): boolean {
    // Patterns that matched nothing leave an empty list, which elsewhere means everything.
    if (this.isExpanded && this.filter.includes.isEmpty) return false;
    return this.filter.selects(namespace);
  }

  /** Names as they are after globs were replaced by what they match; those without a glob need not exist. */
  get includedNames(): readonly string[] {
    return this.filter.includes.names;
  }

  /** The namespaces that are listed one by one, or `['']` for one list over all. */
  get listed(): readonly string[] {
    if (this.selects('*')) return [''];
    return this.includedNames.filter((name) => this.selects(name));
  }
}

export function isNamespaceProblem(result: NamespaceSelection | NamespaceProblem): result is NamespaceProblem {
  return 'problem' in result;
}

function isPattern(name: string): boolean {
  return /[*?[]/.test(name);
}

function expand(names: readonly string[], existing: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    if (!isPattern(name)) return [name];
    const test = compileGlob(name);
    return test === undefined ? [] : existing.filter(test);
  });
}
