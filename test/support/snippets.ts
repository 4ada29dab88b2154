/** Examples of the documentation: type-checked like a user's own file, and run against the library. */
import { dirname, join, resolve } from 'node:path';
import * as cdk8s from 'cdk8s';
import * as plus from 'cdk8s-plus-28';
import * as constructs from 'constructs';
import ts from 'typescript';
import * as library from '../../lib';

const PROJECT = resolve(__dirname, '../..');

const MODULES: Readonly<Record<string, unknown>> = {
  'cdk8s-backed-up': library,
  cdk8s,
  'cdk8s-plus-28': plus,
  constructs,
};

/** A TypeScript file of a user, which only exists in memory. */
export interface Snippet {
  readonly name: string;
  readonly text: string;
}

/** What the compiler has against the files, with the settings of this project; they may import each other. */
export function typeErrors(snippets: readonly Snippet[]): readonly string[] {
  const folder = join(PROJECT, 'test', 'snippets-in-memory');
  const texts = new Map(snippets.map(({ name, text }) => [join(folder, name), text]));
  const { config } = ts.readConfigFile(join(PROJECT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, PROJECT);
  const settings: ts.CompilerOptions = {
    ...options,
    noEmit: true,
    incremental: false,
    // A user's file may declare something for its reader only.
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: { 'cdk8s-backed-up': [join(PROJECT, 'lib/index.ts')] },
  };
  const host = ts.createCompilerHost(settings);
  const onDisk = { read: host.getSourceFile.bind(host), exists: host.fileExists.bind(host) };
  const folders = new Set([...texts.keys()].map(dirname));
  host.fileExists = (path) => texts.has(path) || onDisk.exists(path);
  host.directoryExists = (path) => folders.has(path) || ts.sys.directoryExists(path);
  host.getSourceFile = (path, languageVersion) => {
    const text = texts.get(path);
    return text === undefined
      ? onDisk.read(path, languageVersion)
      : ts.createSourceFile(path, text, languageVersion, true);
  };
  const program = ts.createProgram([...texts.keys()], settings, host);
  return [...texts.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    return ts.getPreEmitDiagnostics(program, file).map(({ start = 0, messageText, file: where }) => {
      const line = where === undefined ? 0 : where.getLineAndCharacterOfPosition(start).line + 1;
      return `${path.slice(folder.length + 1)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

/** Runs a file and returns what it exports. */
export function run({ name, text }: Snippet, modules: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { outputText } = ts.transpileModule(text, {
    fileName: name,
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
  });
  const exported: Record<string, unknown> = {};
  const load = (wanted: string): unknown => {
    const found = modules[wanted] ?? MODULES[wanted];
    if (found === undefined) throw new Error(`${name} imports '${wanted}', which the test does not know`);
    return found;
  };
  // The text is this repository's own documentation.
  // oxlint-disable-next-line typescript/no-implied-eval, no-new-func
  new Function('require', 'exports', 'module', outputText)(load, exported, { exports: exported });
  return exported;
}
