/**
 * What `Include` and `Helm` of cdk8s read, as Kubernetes reads it. cdk8s' own reader takes `22:00` for 1320 and
 * `2027-01-01` for a point in time, and of a file that is broken whatever comes before the mistake. It is one static
 * method, which takes no options.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Yaml } from 'cdk8s';
import { isMapping } from '../model/kube-object';
import { parseAsKubernetes, type UnreadDocument } from '../yaml/read';

const loadByCdk8s = Yaml.load.bind(Yaml);

/**
 * From now on, in the whole process; what is not a file is still fetched and read by cdk8s.
 *
 * @returns what could not be read, growing as charts include files. An exception would end the making of the app, and
 *   show a stack.
 */
export function readIncludedAsKubernetes(): readonly UnreadDocument[] {
  const unread: UnreadDocument[] = [];
  Yaml.load = (place) => {
    if (/^https?:/.test(place)) return loadByCdk8s(place);
    const file = place.startsWith('file:') ? fileURLToPath(place) : place;
    const { documents, broken } = read(file);
    unread.push(...broken);
    return documents.filter((document) => !isEmpty(document));
  };
  return unread;
}

function read(file: string): ReturnType<typeof parseAsKubernetes> {
  try {
    return parseAsKubernetes(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    return { documents: [], broken: [{ place: { file, line: 1 }, why: error.message, broken: true }] };
  }
}

function isEmpty(document: unknown): boolean {
  if (Array.isArray(document)) return document.length === 0;
  return isMapping(document) ? Object.keys(document).length === 0 : document === null || document === undefined;
}
