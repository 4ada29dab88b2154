/** What the folders of `lib` may know of each other: one direction, from what things are to how they are used. */
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { globSync } from 'tinyglobby';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { commentOf, examplesOf, publicExports, publicMembers } from './support/public-api';

/** For each folder, the folders that it may import besides itself. `index.ts` re-exports from any. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  velero: ['model'],
  yaml: ['model'],
  schema: ['model'],
  methods: ['model', 'yaml', 'jobs'],
  jobs: ['model'],
  coverage: ['model', 'velero', 'yaml', 'schema', 'methods'],
  constructs: ['model', 'methods', 'jobs'],
  synth: ['model', 'yaml', 'schema', 'methods', 'coverage', 'constructs'],
  cli: ['model', 'schema', 'velero', 'yaml'],
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

  it('read and write files only where that is their purpose', () => {
    const touching = imports
      .filter(({ specifier }) => /^node:(fs|child_process)/.test(specifier))
      .map(({ file }) => folderOf(file));
    expect(new Set(touching)).toEqual(new Set(['cli', 'jobs', 'schema', 'synth', 'yaml']));
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
  const exports = publicExports();

  it('names what it exports, and that exists', () => {
    const missing = exports.filter(({ statement }) => statement === undefined);
    expect(missing.map(({ file, name }) => `${file} ${name}`)).toEqual([]);
  });

  it('says of each export what it is, and of each of its members', () => {
    const silent = exports.flatMap((each) => {
      const { file, name, statement } = each;
      const nodes = statement === undefined ? [] : [statement, ...publicMembers(each)];
      return nodes
        .filter((node) => commentOf(node) === '')
        .map((node) =>
          node === statement ? `${file} ${name}` : `${file} ${name}: ${node.getText().split('\n', 1)[0]}`,
        );
    });
    expect(silent).toEqual([]);
  });

  it('has an example of each function and each class', () => {
    const without = exports.filter(
      ({ statement }) =>
        statement !== undefined &&
        (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) &&
        examplesOf(statement).length === 0,
    );
    expect(without.map(({ file, name }) => `${file} ${name}`)).toEqual([]);
  });
});
