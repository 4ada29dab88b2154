/**
 * What `Include` and `Helm` of cdk8s read, as Kubernetes reads it. cdk8s' own reader takes `22:00` for 1320 and
 * `2027-01-01` for a point in time, and of a file that is broken whatever comes before the mistake. It is one static
 * method, which takes no options.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Yaml } from 'cdk8s';
import { isMapping } from '../model/kube-object';
import { parseAsKubernetes } from '../yaml/read';

const loadByCdk8s = Yaml.load.bind(Yaml);

/** From now on, in the whole process; what is not a file is still fetched and read by cdk8s. */
export function readIncludedAsKubernetes(): void {
  Yaml.load = (place) => {
    if (/^https?:/.test(place)) return loadByCdk8s(place);
    const file = place.startsWith('file:') ? fileURLToPath(place) : place;
    return parseAsKubernetes(readFileSync(file, 'utf8'), file).filter((document) => !isEmpty(document));
  };
}

function isEmpty(document: unknown): boolean {
  if (Array.isArray(document)) return document.length === 0;
  return isMapping(document) ? Object.keys(document).length === 0 : document === null || document === undefined;
}
