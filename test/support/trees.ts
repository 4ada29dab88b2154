/** Two trees of files for tests that replace one by the other. */
import type { OutputFiles } from '../../lib/synth/output';

const SIZE = 3;

/** Every file says which tree it belongs to, and each tree has files that the other lacks. */
function tree(name: string): OutputFiles {
  const files = Array.from({ length: SIZE }, (_, n): [string, string] => [`shared/${n}.yaml`, `${name} ${n}\n`]);
  const always = ['inventory.json', 'kustomization.yaml'].map((path): [string, string] => [path, `${name}\n`]);
  return new Map([...always, ...files, [`${name}/only.yaml`, `${name}\n`]]);
}

export const trees = { old: tree('old'), new: tree('new') };
export type TreeName = keyof typeof trees;
