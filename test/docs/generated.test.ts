import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedPages, pageText } from '../../scripts/docs/pages';

describe('generated pages', () => {
  for (const [path, page] of Object.entries(generatedPages)) {
    it(`docs/${path} is what 'npm run docs' writes`, async () => {
      expect(readFileSync(`docs/${path}`, 'utf8')).toBe(await pageText(path, page));
    });
  }
});
