/** What the folders of `lib` may know of each other: one direction, from what things are to how they are used. */
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { globSync } from 'tinyglobby';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** For each folder, the folders that it may import besides itself. `index.ts` re-exports from any. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  velero: ['model'],
  yaml: ['model'],
  schema: ['model'],
  methods: ['model', 'yaml'],
  jobs: ['model'],
  coverage: ['model', 'velero', 'yaml', 'schema', 'methods'],
  constructs: ['model', 'methods'],
  synth: ['model', 'yaml', 'schema', 'methods', 'coverage', 'constructs'],
  cli: ['model', 'velero', 'yaml'],
};

/** Only these know that there are constructs: everything else works on plain objects. */
const KNOWS_CONSTRUCTS = new Set(['constructs', 'synth']);

/** Values of cdk8s in which people write sizes and times. */
const VALUE_CLASSES = new Set(['Size', 'Duration', 'Cron']);

interface Import {
  readonly file: string;
  /** As it is written. */
  readonly specifier: string;
  /** Path of the imported file, or the package. */
  readonly target: string;
  readonly names: readonly string[];
  /** Whether nothing is left of it at run time. */
  readonly typeOnly: boolean;
}

const files = globSync('**/*.ts', { cwd: 'lib' }).toSorted();
const sources = new Map(
  files.map((file) => {
    const text = readFileSync(join('lib', file), 'utf8');
    return [file, ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)] as const;
  }),
);
const imports = [...sources].flatMap(([file, source]) => importsOf(file, source));

function importsOf(file: string, source: ts.SourceFile): readonly Import[] {
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    const specifier = moduleSpecifier.text;
    const typeOnly = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    return [{ file, specifier, target: targetOf(file, specifier), names: namesOf(statement), typeOnly }];
  });
}

function targetOf(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  const path = normalize(join(file, '..', specifier));
  return files.includes(`${path}.ts`) ? `${path}.ts` : join(path, 'index.ts');
}

function namesOf(statement: ts.ImportDeclaration | ts.ExportDeclaration): readonly string[] {
  const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : statement.exportClause;
  if (bindings === undefined || !('elements' in bindings)) return ['*'];
  return bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
}

function folderOf(file: string): string {
  const [folder = '', ...rest] = file.split('/');
  return rest.length === 0 ? 'index' : folder;
}

function isOwn({ specifier }: Import): boolean {
  return specifier.startsWith('.');
}

function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some(isKeyword(ts.SyntaxKind.ExportKeyword))
  );
}

function isKeyword(kind: ts.SyntaxKind): (node: ts.Node) => boolean {
  return (node) => node.kind === kind;
}

describe('the folders of lib', () => {
  it('are those that the table names', () => {
    expect(new Set(files.map(folderOf))).toEqual(new Set(['index', ...Object.keys(MAY_IMPORT)]));
  });

  it('import one way', () => {
    const wrong = imports.filter(isOwn).filter(({ file, target }) => {
      const [from, to] = [folderOf(file), folderOf(target)];
      return from !== 'index' && from !== to && !(MAY_IMPORT[from] ?? []).includes(to);
    });
    expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  it('import nothing that is not in lib', () => {
    expect(imports.filter((each) => isOwn(each) && !sources.has(each.target))).toEqual([]);
  });

  it('know cdk8s only where constructs are, besides its value classes in the model', () => {
    const wrong = imports
      .filter(({ specifier }) => /^(cdk8s|constructs)/.test(specifier))
      .filter(({ file }) => !KNOWS_CONSTRUCTS.has(folderOf(file)))
      .filter(({ file, names }) => folderOf(file) !== 'model' || !names.every((name) => VALUE_CLASSES.has(name)));
    expect(wrong.map(({ file, specifier, names }) => `${file} imports ${names.join(', ')} of ${specifier}`)).toEqual(
      [],
    );
  });

  it('have no cycle of imports, types aside', () => {
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): readonly string[] => {
      if (path.includes(file)) return [[...path.slice(path.indexOf(file)), file].join(' → ')];
      if (done.has(file)) return [];
      const found = imports
        .filter((each) => each.file === file && isOwn(each) && !each.typeOnly)
        .flatMap(({ target }) => visit(target, [...path, file]));
      done.add(file);
      return found;
    };
    expect(files.flatMap((file) => visit(file, []))).toEqual([]);
  });
});

describe('every file of lib', () => {
  it('has at most 420 lines', () => {
    const long = [...sources].filter(([, source]) => source.getLineStarts().length > 421);
    expect(long.map(([file]) => file)).toEqual([]);
  });

  it('has no default export', () => {
    const wrong = [...sources].filter(([, { statements }]) =>
      statements.some(
        (statement) =>
          ts.isExportAssignment(statement) ||
          (isExported(statement) &&
            ts.canHaveModifiers(statement) &&
            (ts.getModifiers(statement) ?? []).some(isKeyword(ts.SyntaxKind.DefaultKeyword))),
      ),
    );
    expect(wrong.map(([file]) => file)).toEqual([]);
  });
});

describe('the public API', () => {
  const index = imports.filter(({ file }) => file === 'index.ts');

  it('says of each export what it is', () => {
    const silent = index.flatMap(({ target, names }) =>
      exportsOf(target)
        .filter(({ name }) => names.includes('*') || names.includes(name))
        // Props and options say by their name what takes them.
        .filter(({ name }) => !/(Props|Options)$/.test(name))
        .filter(({ statement }) => ts.getJSDocCommentsAndTags(statement).length === 0)
        .map(({ name }) => `${target} ${name}`),
    );
    expect(silent).toEqual([]);
  });

  it('has every export that it names', () => {
    const missing = index.flatMap(({ target, names }) => {
      const known = new Set(exportsOf(target).map(({ name }) => name));
      return names.filter((name) => name !== '*' && !known.has(name));
    });
    expect(missing).toEqual([]);
  });
});

interface Export {
  readonly name: string;
  readonly statement: ts.Statement;
}

/** What a file declares and exports; of an overloaded function its first signature. */
function exportsOf(file: string): readonly Export[] {
  const seen = new Set<string>();
  return (sources.get(file)?.statements ?? []).flatMap((statement) => {
    if (!isExported(statement)) return [];
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map(({ name }) => name.getText())
      : [declaredName(statement)];
    const fresh = names.filter((name) => !seen.has(name));
    for (const name of fresh) seen.add(name);
    return fresh.map((name) => ({ name, statement }));
  });
}

function declaredName(statement: ts.Statement): string {
  return 'name' in statement && isNode(statement.name) ? statement.name.getText() : '';
}

function isNode(value: unknown): value is ts.Node {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
