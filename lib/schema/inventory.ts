/** Reads an inventory that somebody wrote: an earlier synth, or another version of this library. */
import { Ajv, type ValidateFunction } from 'ajv';
import { INVENTORY_VERSION, type Inventory } from '../model/inventory';
import { isMapping, mappingAt } from '../model/kube-object';
import { readSchema } from './folder';
import { problemsOf } from './problems';

/** Why a text is not an inventory that this release reads. */
export interface InventoryProblem {
  /** The end of a sentence that begins with the name of the file. */
  readonly problem: string;
}

/**
 * Reads `inventory.json`: for a test, a dashboard or an audit of your own. It is checked against the schema of the package,
 * and nothing is thrown.
 *
 * @param text of the file.
 * @returns the inventory, or why it cannot be read. A newer or older version is never read half.
 * @example
 * const inventory = parseInventory(readFileSync('dist/inventory.json', 'utf8'));
 * if ('problem' in inventory) throw new Error(`dist/inventory.json ${inventory.problem}`);
 */
export function parseInventory(text: string): Inventory | InventoryProblem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON: write it again with `npm run synth`' };
  }
  if (!isMapping(value) || !('version' in value)) return { problem: 'is not an inventory: it names no version' };
  if (value['version'] !== INVENTORY_VERSION) {
    return {
      problem: `is an inventory of version ${JSON.stringify(value['version'])}, and this program reads version ${INVENTORY_VERSION}: write it again with the same release of cdk8s-backed-up that reads it`,
    };
  }
  // What is wrong is said with the value that is there, and of a union, with the form that it names.
  validate ??= new Ajv({ allErrors: true, verbose: true, discriminator: true }).compile<Inventory>(
    mappingAt(readSchema('inventory.v1.json')),
  );
  if (validate(value)) return value;
  const [first] = problemsOf(validate.errors ?? [], value);
  return { problem: `is not an inventory: ${first?.path ?? ''} ${first?.message ?? ''}`.trimEnd() };
}

let validate: ValidateFunction<Inventory> | undefined;
