/** Lists of included and excluded names, as Velero's `IncludesExcludes` (pkg/util/collections, v1.18.3). */
import { compareText } from '../model/collections';
import { compileGlob, isLiteral } from './glob';

/** Patterns of which one has to match. */
export class NameSet {
  readonly names: readonly string[];
  readonly #tests: readonly ((name: string) => boolean)[];
  readonly #answers = new Map<string, boolean>();

  constructor(names: Iterable<string>) {
    this.names = [...new Set(names)].toSorted(compareText);
    const literals = new Set<string>();
    const tests: ((name: string) => boolean)[] = [(name) => literals.has(name)];
    for (const pattern of this.names) {
      const test = compileGlob(pattern);
      // Velero gives up on the whole list at the first pattern, in sorted order, that is no glob.
      if (test === undefined) break;
      if (isLiteral(pattern)) literals.add(pattern);
      else tests.push(test);
    }
    this.#tests = tests;
  }

  get isEmpty(): boolean {
    return this.names.length === 0;
  }

  has(name: string): boolean {
    return this.names.includes(name);
  }

  matches(name: string): boolean {
    let answer = this.#answers.get(name);
    if (answer === undefined) {
      answer = this.#tests.some((test) => test(name));
      this.#answers.set(name, answer);
    }
    return answer;
  }

  with(name: string): NameSet {
    return new NameSet([...this.names, name]);
  }
}

/** Everything that is included, without what is excluded. No includes mean everything. */
export class NameFilter {
  constructor(
    readonly includes: NameSet,
    readonly excludes: NameSet,
  ) {}

  static of(includes: Iterable<string>, excludes: Iterable<string>): NameFilter {
    return new NameFilter(new NameSet(includes), new NameSet(excludes));
  }

  selects(name: string): boolean {
    if (this.excludes.matches(name)) return false;
    return this.includes.isEmpty || this.includes.has('*') || this.includes.matches(name);
  }

  get isEverything(): boolean {
    const { includes, excludes } = this;
    return excludes.isEmpty && (includes.isEmpty || (includes.names.length === 1 && includes.has('*')));
  }
}
