import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// For `npm run test:rules`.
const setupFiles = [
  ...(process.env['RULE_OFF'] === undefined ? [] : ['test/support/rule-off.ts']),
  ...(process.env['RULE_TRACE'] === undefined ? [] : ['test/support/rule-trace.ts']),
];

// vitest wants its configuration as the default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  // As tsconfig.json has it: the example imports the package by its name, as its users do.
  resolve: { alias: { 'cdk8s-backed-up': fileURLToPath(new URL('lib/index.ts', import.meta.url)) } },
  // No test leaves anything behind in a module, and loading all of them anew for each file takes a third of the time.
  // All cores: while tests run, the machine has nothing else to do.
  test: {
    isolate: false,
    maxWorkers: '100%',
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    setupFiles,
  },
});
