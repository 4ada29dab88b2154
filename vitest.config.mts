import { defineConfig } from 'vitest/config';

const setupFiles = process.env['RULE_OFF'] === undefined ? [] : ['test/support/rule-off.ts'];

// vitest wants its configuration as the default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  test: { include: ['test/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000, setupFiles },
});
