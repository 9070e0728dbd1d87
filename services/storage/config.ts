import { z } from 'zod'
import { RetentionConfig } from './retention/config.ts'

/** How much is taken from the log at once, when, and by whom. */
export const StorageConfig = z
  .strictObject({
    /**
     * How long a block waits to fill up to `min_rows`. Under load it doesn't wait. On one disk each
     * insert's flush holds up the log's: at 500 decisions a second, 500 ms here made the closed loop's
     * p99 46 to 56 ms, and 1500 ms made it 26 to 30. The price is that the store is that much later;
     * explain and the live view read what it lacks from the log.
     */
    linger_ms: z.int().min(0).max(60_000).default(1_500),
    min_rows: z.int().min(1).max(100_000).default(1_000),
    /**
     * Bounds of what is taken from the log at once. Each time costs a wait for the last insert and a
     * flush of the log, so when there is much to catch up with, it is taken in large pieces.
     */
    max_rows: z.int().min(1).max(100_000).default(40_000),
    max_bytes: z.int().min(65_536).max(268_435_456).default(67_108_864),
    /**
     * What several storage processes divide among themselves. With `topics` each topic is one process's, and
     * a block has rows of all its partitions: as few inserts as can be, and decisions go no faster than one
     * process. With `partitions` each partition is a process's and has blocks of its own: as many processes
     * as partitions, and as many times the inserts. To be changed while no storage process runs, after each
     * was stopped and not killed: a block that was begun in one way can't be repeated in the other.
     */
    share: z.enum(['topics', 'partitions']).default('topics'),
    retention: RetentionConfig,
  })
  .prefault({})
export type StorageConfig = z.infer<typeof StorageConfig>
