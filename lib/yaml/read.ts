/** YAML files → Kubernetes objects with the place each one came from. Nothing is fatal and nothing is dropped silently. */
import { readFileSync } from 'node:fs';
import { LineCounter, parseAllDocuments, type Document, type Tags } from 'yaml';
import { isKubeObject, isMapping, listItems, type KubeObject } from '../model/kube-object';

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
  /** Whether nothing can apply it: it is no YAML, or is in a list of objects. Other YAML may be for another tool. */
  readonly broken: boolean;
}

export interface ReadResult {
  readonly objects: readonly ReadObject[];
  readonly unread: readonly UnreadDocument[];
}

/**
 * Reads files; the lists of `List` objects are taken apart. A file that cannot be opened counts as one unread document.
 *
 * @param nameOf how places name a file. Default: as it was given.
 */
export function readYamlFiles(files: readonly string[], nameOf: (file: string) => string = (file) => file): ReadResult {
  const results = files.map((path) => {
    const file = nameOf(path);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      return { objects: [], unread: [{ place: { file, line: 1 }, why: messageOf(error), broken: true }] };
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
  const documents = parseAllDocuments(text, { ...AS_KUBERNETES, lineCounter, prettyErrors: false });
  for (const document of documents) {
    const place = { file, line: lineCounter.linePos(startOf(document)).line };
    const [error] = document.errors;
    if (error !== undefined) {
      const line = lineCounter.linePos(error.pos[0]).line;
      unread.push({ place: { file, line }, why: `broken YAML: ${error.message}`, broken: true });
      continue;
    }
    let value: unknown;
    try {
      value = document.toJS();
    } catch (thrown) {
      unread.push({ place, why: `broken YAML: ${messageOf(thrown)}`, broken: true });
      continue;
    }
    if (value === null || value === undefined || isBuildInstruction(value)) continue;
    const found = objectsIn(value);
    if (found === undefined) {
      unread.push({ place, why: `no Kubernetes object: ${MISSING}`, broken: false });
      continue;
    }
    objects.push(...found.objects.map((object) => ({ object, place })));
    unread.push(
      ...found.broken.map((path) => ({ place, why: `${path} is not a Kubernetes object: ${MISSING}`, broken: true })),
    );
  }
  return { objects, unread };
}

/**
 * The documents of a text, whatever they are. Of a key that stands twice the last one counts, as charts rely on.
 *
 * @param file is what the text was read from, for what is wrong with it.
 */
export function parseAsKubernetes(
  text: string,
  file: string,
): { readonly documents: readonly unknown[]; readonly broken: readonly UnreadDocument[] } {
  const lineCounter = new LineCounter();
  const options = { ...AS_KUBERNETES, uniqueKeys: false, lineCounter, prettyErrors: false };
  const documents: unknown[] = [];
  const broken: UnreadDocument[] = [];
  for (const document of parseAllDocuments(text, options)) {
    const [error] = document.errors;
    if (error === undefined) documents.push(document.toJS());
    else {
      const place = { file, line: lineCounter.linePos(error.pos[0]).line };
      broken.push({ place, why: `broken YAML: ${error.message}`, broken: true });
    }
  }
  return { documents, broken };
}

const MISSING = 'apiVersion, kind or metadata.name is missing';

/**
 * Kubernetes reads YAML 1.1, where `name: on` is a boolean and `mode: 0644` is octal, but neither dates nor numbers to
 * the base of 60 (sigs.k8s.io/yaml v1.6).
 */
const AS_KUBERNETES = {
  version: '1.1',
  // What is odd about a document is said by whoever asked for it, or not at all.
  logLevel: 'error',
  customTags: (tags: Tags): Tags =>
    tags.filter(
      (tag) =>
        typeof tag === 'string' ||
        (tag.tag !== 'tag:yaml.org,2002:timestamp' && !('format' in tag && tag.format === 'TIME')),
    ),
} as const;

/** Kustomize's own files say how objects are put together and are none themselves. */
function isBuildInstruction(value: unknown): boolean {
  return (
    isMapping(value) &&
    typeof value['apiVersion'] === 'string' &&
    value['apiVersion'].startsWith('kustomize.config.k8s.io/')
  );
}

interface Found {
  readonly objects: readonly KubeObject[];
  /** What in a list is no object, by its path: an item that nobody can apply beside others that everybody can. */
  readonly broken: readonly string[];
}

/** @returns nothing for a document that is neither an object nor a list of objects. */
function objectsIn(document: unknown): Found | undefined {
  if (isKubeObject(document) && listItems(document) === undefined) return { objects: [document], broken: [] };
  const items = listItems(document);
  return items === undefined ? undefined : objectsInList(items, 'items');
}

function objectsInList(items: readonly unknown[], path: string): Found {
  const found = items.map((item, index): Found => {
    const place = `${path}[${index}]`;
    const more = listItems(item);
    if (more !== undefined) return objectsInList(more, `${place}.items`);
    return isKubeObject(item) ? { objects: [item], broken: [] } : { objects: [], broken: [place] };
  });
  return { objects: found.flatMap(({ objects }) => objects), broken: found.flatMap(({ broken }) => broken) };
}

function startOf(document: Document.Parsed): number {
  return document.contents?.range?.[0] ?? document.range[0];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
