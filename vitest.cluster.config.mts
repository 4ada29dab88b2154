import { defineConfig } from 'vitest/config';

// vitest wants its configuration as the default export.
// oxlint-disable-next-line import/no-default-export
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.cluster.ts'],
    globalSetup: ['test/cluster/support/setup.ts'],
    // All files share one cluster, and most of their time they wait for it.
    maxWorkers: 4,
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
