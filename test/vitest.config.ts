import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Two workers: the suite is planned for two cores, and the integration tests start engines of their own. */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    globalSetup: ['test/support/kafka-shared.ts'],
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // These end what hangs. They promise nothing: a slow phase of the machine must not fail a test.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000 } },
  },
})
