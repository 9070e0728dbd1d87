import { z } from 'zod'

/** How blocks are cut: a block is an insert, and an insert is a flush to disk. */
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
    max_rows: z.int().min(1).max(100_000).default(20_000),
    max_bytes: z.int().min(65_536).max(33_554_432).default(16_777_216),
  })
  .prefault({})
export type StorageConfig = z.infer<typeof StorageConfig>
