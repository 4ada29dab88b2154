/**
 * Plain values → YAML, byte for byte what `yaml` writes with the options below, and several times faster.
 *
 * The shape of mappings and lists is written here. How a scalar is quoted is always the library's decision: it is asked
 * once for each text, except for plain words, which need no quotes in any context. A value that is more than mappings,
 * lists, texts, finite numbers, booleans and null goes to the library as a whole.
 */
import { stringify } from 'yaml';

/**
 * YAML 1.1 is what Kubernetes reads, and there `on` is a boolean, so it must be quoted. Lines are not folded, so that a
 * diff shows one line per value; and a reader should not have to look up anchors.
 */
const OPTIONS = { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false } as const;

/** One document, ending with a newline. Members of mappings that are `undefined` are left out. */
export function emitYaml(value: unknown): string {
  const parts: string[] = [];
  return isCollection(value) && block(value, '\n', parts) ? `${parts.join('')}\n` : emitWithLibrary(value);
}

/** The same by the library alone: what {@link emitYaml} is tested against. */
export function emitWithLibrary(value: unknown): string {
  return stringify(value, OPTIONS);
}

type List = readonly unknown[];
type Collection = List | Readonly<Record<string, unknown>>;

function isList(value: Collection): value is List {
  return Array.isArray(value);
}

/** Lists and plain mappings. Dates, maps and other classes are for the library. */
function isCollection(value: unknown): value is Collection {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * A collection in block style, without the final newline.
 *
 * @param newline with the indentation of the collection's lines.
 * @param parts get what is written, in order.
 * @returns false when the library has to write the whole value.
 */
function block(value: Collection, newline: string, parts: string[]): boolean {
  return isList(value) ? list(value, newline, parts) : mapping(value, newline, parts);
}

function list(items: List, newline: string, parts: string[]): boolean {
  if (items.length === 0) parts.push('[]');
  return items.every((item, index) => {
    parts.push(index === 0 ? '- ' : `${newline}- `);
    // A collection starts on the line of the dash.
    return isCollection(item) ? block(item, `${newline}  `, parts) : scalar(item, newline, parts);
  });
}

function mapping(members: Readonly<Record<string, unknown>>, newline: string, parts: string[]): boolean {
  let isFirst = true;
  for (const name of Object.keys(members)) {
    const value = members[name];
    if (value === undefined) continue;
    const key = keyText(name);
    if (key === undefined) return false;
    parts.push(isFirst ? `${key}:` : `${newline}${key}:`);
    isFirst = false;
    if (!member(value, newline, parts)) return false;
  }
  if (isFirst) parts.push('{}');
  return true;
}

function member(value: unknown, newline: string, parts: string[]): boolean {
  if (!isCollection(value)) {
    parts.push(' ');
    return scalar(value, newline, parts);
  }
  if (isEmpty(value)) {
    parts.push(isList(value) ? ' []' : ' {}');
    return true;
  }
  const inner = `${newline}  `;
  parts.push(inner);
  return block(value, inner, parts);
}

/** What is written as `[]` or `{}`. */
function isEmpty(value: Collection): boolean {
  return isList(value) ? value.length === 0 : Object.keys(value).every((name) => value[name] === undefined);
}

function scalar(value: unknown, newline: string, parts: string[]): boolean {
  const written = scalarText(value, newline);
  if (written === undefined) return false;
  parts.push(written);
  return true;
}

function scalarText(value: unknown, newline: string): string | undefined {
  switch (typeof value) {
    case 'string':
      return textScalar(value, newline);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : undefined;
    case 'boolean':
      return String(value);
    default:
      return value === null || value === undefined ? 'null' : undefined;
  }
}

/** Words that no YAML reader takes for anything else: they begin with a letter and are none of YAML 1.1's own (`e3` is a number). */
const PLAIN_WORD = /^[A-Za-z][A-Za-z0-9_./+-]*$/;
const RESERVED = /^(y|yes|n|no|on|off|true|false|null|e[-+]?\d+)$/i;

function isPlainWord(text: string): boolean {
  return PLAIN_WORD.test(text) && !RESERVED.test(text) && !text.endsWith('-');
}

function textScalar(text: string, newline: string): string | undefined {
  if (isPlainWord(text)) return text;
  const written = remembered(scalars, text, scalarByLibrary);
  // A block scalar stands at the indentation of the mapping that was asked about; an empty line has none.
  return written.includes('\n') ? reindent(written, newline, text) : written;
}

function scalarByLibrary(text: string): string {
  return emitWithLibrary({ k: text }).slice('k: '.length, -1);
}

function reindent(written: string, newline: string, text: string): string | undefined {
  // An explicit indentation depends on the depth.
  if (/^\s/.test(text) || /^[|>][+-]?\d|^[|>]\d/.test(written)) return undefined;
  return written.replaceAll(/\n(?=[^\n])/g, newline);
}

function keyText(name: string): string | undefined {
  return remembered(keys, name, newKeyText);
}

function newKeyText(name: string): string | undefined {
  if (isPlainWord(name)) return name;
  // At the beginning of a line these end a document, so there the library quotes them.
  if (/^(---|\.\.\.)/.test(name)) return undefined;
  const written = emitWithLibrary({ [name]: 1 });
  return written.startsWith('? ') || !written.endsWith(': 1\n') ? undefined : written.slice(0, -': 1\n'.length);
}

const scalars = new Map<string, string>();
const keys = new Map<string, string | undefined>();
const MOST_REMEMBERED = 20_000;

function remembered<T extends string | undefined>(cache: Map<string, T>, text: string, write: (text: string) => T): T {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const written = write(text);
  if (cache.size < MOST_REMEMBERED) cache.set(text, written);
  return written;
}
