import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './run/longest-first.ts'

const PARTS = ['test/{unit,scenarios}/**/*.test.ts']

/** Three workers, for two cores: tests of engines and brokers wait for them a quarter of their time. */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    pool: 'forks',
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // These end what hangs. They promise nothing: a slow phase of the machine must not fail a test.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 150_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'engines',
          include: ['test/**/*.test.ts'],
          exclude: PARTS,
          globalSetup: ['test/support/kafka/kafka-shared.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'parts',
          include: PARTS,
          // Nothing here changes what the process keeps, so a worker loads the code once for all its files.
          isolate: false,
        },
      },
    ],
  },
})
