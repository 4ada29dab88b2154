/** What upstream wrote to install an operator, with the little that is different here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../../lib/model/kube-object';
import { readYaml } from '../../../lib/yaml/read';
import { manifests, type ManifestsName } from '../../lab/binaries';

/** @param replaced each text has to be there, so that a new release is not changed less than it was meant to be. */
export function upstream(
  name: ManifestsName,
  file: string,
  replaced: readonly (readonly [theirs: string, ours: string])[] = [],
): readonly KubeObject[] {
  let text = readFileSync(join(manifests(name), file), 'utf8');
  for (const [theirs, ours] of replaced) {
    if (!text.includes(theirs)) throw new Error(`${file} of ${name} has no ${theirs}`);
    text = text.replaceAll(theirs, ours);
  }
  return readYaml(text, file).objects.map(({ object }) => object);
}
