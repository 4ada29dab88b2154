import { defineConfig } from 'vitest/config';

// vitest wants its configuration as the default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  test: {
    include: ['test/servers/**/*.servers.ts'],
    globalSetup: ['test/servers/support/setup.ts'],
    // Each test starts servers, and two of them at once would share two cores.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
