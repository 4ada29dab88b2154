/** Reads an inventory that somebody wrote: an earlier synth, or another version of this library. */
import { INVENTORY_VERSION, type Inventory } from './inventory';
import { isMapping } from './kube-object';

export interface InventoryProblem {
  readonly problem: string;
}

export function parseInventory(text: string): Inventory | InventoryProblem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'it is no JSON: write it again with `npm run synth`' };
  }
  if (!isMapping(value) || !('version' in value)) return { problem: 'it is no inventory: it names no version' };
  if (value['version'] !== INVENTORY_VERSION) {
    return {
      problem: `it is an inventory of version ${String(value['version'])}, and this program reads version ${INVENTORY_VERSION}: write it again with the same release of cdk8s-backed-up that reads it`,
    };
  }
  return value as unknown as Inventory;
}
