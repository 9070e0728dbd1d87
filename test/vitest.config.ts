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
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
})
