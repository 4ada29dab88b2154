/**
 * What `Include` and `Helm` of cdk8s read, as Kubernetes reads it. cdk8s' own reader takes `22:00` for 1320 and
 * `2027-01-01` for a point in time, and of a file that is broken whatever comes before the mistake. It is one static
 * method, which takes no options.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Include, Yaml, type App } from 'cdk8s';
import { originOf } from '../constructs/ledger';
import type { UnreadInclude } from '../coverage/context';
import { isMapping } from '../model/kube-object';
import { parseAsKubernetes } from '../yaml/read';

const loadByCdk8s = Yaml.load.bind(Yaml);

/**
 * From now on, in the whole process; what is not a file is still fetched and read by cdk8s.
 *
 * @param app whose charts include files.
 * @returns what could not be read, growing as charts include files. An exception would end the making of the app, and
 *   show a stack.
 */
export function readIncludedAsKubernetes(app: App): readonly UnreadInclude[] {
  const unread: UnreadInclude[] = [];
  Yaml.load = (place) => {
    if (/^https?:/.test(place)) return loadByCdk8s(place);
    const file = place.startsWith('file:') ? fileURLToPath(place) : place;
    const { documents, broken, isMissing } = read(file);
    if (broken.length > 0) {
      const by = construct(app, unread);
      unread.push(...broken.map((document) => ({ ...document, isMissing, ...(by === undefined ? {} : { by }) })));
    }
    return documents.filter((document) => !isEmpty(document));
  };
  return unread;
}

/** `Include` and `Helm` read before they have children, and do not say to whom they belong: it is the newest without any. */
function construct(app: App, unread: readonly UnreadInclude[]): UnreadInclude['by'] {
  const known = new Set(unread.map(({ by }) => by?.path));
  const include = app.node
    .findAll()
    .findLast((each) => each instanceof Include && each.node.children.length === 0 && !known.has(each.node.path));
  return include === undefined ? undefined : originOf(include);
}

interface IncludedFile extends ReturnType<typeof parseAsKubernetes> {
  readonly isMissing: boolean;
}

function read(file: string): IncludedFile {
  try {
    return { ...parseAsKubernetes(readFileSync(file, 'utf8'), file), isMissing: false };
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const broken = [{ place: { file, line: 1 }, why: error.message, broken: true }];
    return { documents: [], broken, isMissing: true };
  }
}

function isEmpty(document: unknown): boolean {
  if (Array.isArray(document)) return document.length === 0;
  return isMapping(document) ? Object.keys(document).length === 0 : document === null || document === undefined;
}
