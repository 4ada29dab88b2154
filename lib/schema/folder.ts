/** The JSON schemas of the package. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

let folder: string | undefined;

export function readSchema(file: string): unknown {
  folder ??= findFolder();
  return JSON.parse(readFileSync(join(folder, file), 'utf8'));
}

/** `schemas/` stands beside `lib/` in the sources and beside `build/` in the package. */
function findFolder(): string {
  let parent = __dirname;
  while (!existsSync(join(parent, 'schemas', 'index.json')) && parent !== dirname(parent)) parent = dirname(parent);
  return join(parent, 'schemas');
}
