/** `npm run docs`: writes the pages of docs/ that are made from the code. A test compares them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPages, pageText } from './docs/pages';

async function main(): Promise<void> {
  for (const [path, page] of Object.entries(generatedPages)) {
    writeFileSync(join('docs', path), await pageText(path, page));
    process.stdout.write(`docs/${path}\n`);
  }
}

void main();
