import { defineConfig } from 'vitest/config';

// vitest wants its configuration as the default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  test: {
    include: ['test/servers/**/*.servers.ts'],
    globalSetup: ['test/servers/support/setup.ts'],
    // Most of the time somebody waits: for a deadline, or for a server that does not answer.
    maxWorkers: 4,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
