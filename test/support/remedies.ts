/** Remedies as a person uses them: pasted. */
import ts from 'typescript';
import { IN_WORDS, type Finding } from '../../lib/coverage/finding';
import type { Snippet } from './snippets';

/** The lines of TypeScript that the findings print. */
export function linesToPaste(findings: readonly Finding[]): readonly string[] {
  return findings.flatMap(({ remedies }) => remedies.filter(({ label }) => label !== IN_WORDS).map(({ text }) => text));
}

/** Whether a line can stand in a file: as an expression, or as properties of an object. */
export function isProperty(line: string): boolean {
  return parses(`({ ${line} });`);
}

export function isTypeScript(line: string): boolean {
  return isProperty(line) || parses(`(${line});`);
}

/** A file with all of the lines, in a chart that has a location. */
export function pasted(name: string, lines: readonly string[]): Snippet {
  const text = `
import { Chart, Duration, Size } from 'cdk8s';
import * as library from 'cdk8s-backed-up';
const { GiteaBackup, PostgresBackup, backUp, continuous, elsewhere, every, exclude, excluded, grantBackup, holds, mirrored, nightly } = library;

export function paste(this: Chart, app: library.BackedUpApp, offsite: library.Location, yourLocation: library.Location) {
${lines.map((line) => (isProperty(line) ? `({ ${line} });` : `(${line});`)).join('\n')}
}
`;
  return { name, text };
}

function parses(text: string): boolean {
  return ts.transpileModule(text, { reportDiagnostics: true }).diagnostics?.length === 0;
}
