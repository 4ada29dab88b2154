/** What the package exports, with what is written about it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface PublicExport {
  readonly name: string;
  /** Below lib/, without its ending: `constructs/volume`. */
  readonly file: string;
  /** Absent where the file has no such declaration. */
  readonly statement?: ts.Statement;
}

/** Everything that lib/index.ts names. */
export function publicExports(): readonly PublicExport[] {
  return parse('index').statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement))
      throw new Error(`lib/index.ts has more than exports: ${statement.getText()}`);
    const { exportClause, moduleSpecifier } = statement;
    if (exportClause === undefined || !ts.isNamedExports(exportClause))
      return [{ name: '*', file: statement.getText() }];
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    const file = moduleSpecifier.text.slice('./'.length);
    const declared = declarationsOf(parse(file));
    return exportClause.elements.map(({ name }) => {
      const found = declared.get(name.text);
      return { name: name.text, file, ...(found === undefined ? {} : { statement: found }) };
    });
  });
}

/** Members that a reader of the type meets: of an interface with those that it extends in its own file, and of a class. */
export function publicMembers({ file, statement }: PublicExport): readonly ts.Declaration[] {
  if (statement === undefined) return [];
  if (ts.isClassDeclaration(statement)) return statement.members.filter(isPublicMember);
  if (!ts.isInterfaceDeclaration(statement)) return [];
  const declared = declarationsOf(statement.getSourceFile());
  const bases = (statement.heritageClauses ?? []).flatMap(({ types }) =>
    types.map(({ expression }) => expression.getText()),
  );
  const inherited = bases.flatMap((name) => {
    const base = declared.get(name);
    return base === undefined ? [] : publicMembers({ name, file, statement: base });
  });
  return [...inherited, ...statement.members.filter((member) => !isConstant(member))];
}

/** What tells the members of a union apart: its only value says it all. */
function isConstant(member: ts.TypeElement): boolean {
  return ts.isPropertySignature(member) && member.type !== undefined && ts.isLiteralTypeNode(member.type);
}

const HIDDEN = new Set([ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword, ts.SyntaxKind.OverrideKeyword]);

function isPublicMember(member: ts.ClassElement): boolean {
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : [];
  return !ts.isConstructorDeclaration(member) && !modifiers.some(({ kind }) => HIDDEN.has(kind));
}

/** What its comment says before the first tag. */
export function commentOf(node: ts.Node): string {
  return ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
    .join('\n');
}

/** The code of its examples. */
export function examplesOf(node: ts.Node): readonly string[] {
  return ts
    .getJSDocTags(node)
    .filter(({ tagName }) => tagName.text === 'example')
    .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '');
}

const parsed = new Map<string, ts.SourceFile>();

function parse(file: string): ts.SourceFile {
  const path = join('lib', `${file}.ts`);
  const source =
    parsed.get(file) ?? ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  parsed.set(file, source);
  return source;
}

/** By name; of an overloaded function its first signature. */
function declarationsOf({ statements }: ts.SourceFile): ReadonlyMap<string, ts.Statement> {
  const declared = new Map<string, ts.Statement>();
  for (const statement of statements) {
    for (const name of namesOf(statement)) if (!declared.has(name)) declared.set(name, statement);
  }
  return declared;
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed && statement.name !== undefined ? [statement.name.text] : [];
}
