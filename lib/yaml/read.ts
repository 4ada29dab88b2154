/** YAML files → Kubernetes objects with the place each one came from. Nothing is fatal and nothing is dropped silently. */
import { readFileSync } from 'node:fs';
import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import { isKubeObject, isMapping, type KubeObject } from '../model/kube-object';

/** Where in a file a document starts; lines count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface ReadObject {
  readonly object: KubeObject;
  readonly place: Place;
}

/** A document that holds no Kubernetes object, or none that can be read, and why. */
export interface UnreadDocument {
  readonly place: Place;
  readonly why: string;
}

export interface ReadResult {
  readonly objects: readonly ReadObject[];
  readonly unread: readonly UnreadDocument[];
}

/** Reads files; the lists of `List` objects are taken apart. A file that cannot be opened counts as one unread document. */
export function readYamlFiles(files: readonly string[]): ReadResult {
  const results = files.map((file) => {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      return { objects: [], unread: [{ place: { file, line: 1 }, why: messageOf(error) }] };
    }
    return readYaml(text, file);
  });
  return { objects: results.flatMap((r) => r.objects), unread: results.flatMap((r) => r.unread) };
}

/** As {@link readYamlFiles}, for text that is at hand; `file` only names it. */
export function readYaml(text: string, file: string): ReadResult {
  const objects: ReadObject[] = [];
  const unread: UnreadDocument[] = [];
  const lineCounter = new LineCounter();
  // Kubernetes reads YAML 1.1: there `name: on` is a boolean and `mode: 0644` is octal.
  const documents = parseAllDocuments(text, { version: '1.1', lineCounter, prettyErrors: false });
  for (const document of documents) {
    const place = { file, line: lineCounter.linePos(startOf(document)).line };
    const [error] = document.errors;
    if (error !== undefined) {
      const line = lineCounter.linePos(error.pos[0]).line;
      unread.push({ place: { file, line }, why: `broken YAML: ${error.message}` });
      continue;
    }
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    const found = objectsIn(value);
    if (found === undefined)
      unread.push({ place, why: 'no Kubernetes object: apiVersion, kind or metadata.name is missing' });
    else objects.push(...found.map((object) => ({ object, place })));
  }
  return { objects, unread };
}

function objectsIn(value: unknown): readonly KubeObject[] | undefined {
  if (
    isMapping(value) &&
    typeof value['kind'] === 'string' &&
    value['kind'].endsWith('List') &&
    Array.isArray(value['items'])
  ) {
    const items: readonly unknown[] = value['items'];
    return items.every(isKubeObject) ? items : undefined;
  }
  return isKubeObject(value) ? [value] : undefined;
}

function startOf(document: Document.Parsed): number {
  return document.contents?.range?.[0] ?? document.range[0];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
