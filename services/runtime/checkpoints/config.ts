import { z } from 'zod'
import { duration } from '../duration.ts'

/** How chains are signed. What is not signed yet can be cut off unseen, should its signer never start again. */
export const CheckpointsConfig = z
  .strictObject({
    /** Where checkpoints are kept beside the log; default `checkpoints/` in the data directory. Best a disk that only allows appending. */
    directory: z.string().min(1).max(4096).optional(),
    /** A stretch of a chain is signed when it has lasted this long … */
    every: duration({ min_ms: 100, max_ms: 86_400_000 }).prefault('5m'),
    /**
     * … or holds this many decisions. A case file proves a decision with all links up to the next signature, some
     * 700 bytes each; a checkpoint costs 1 KB of log and file for 400 days, a signature (74 us) and a flush.
     */
    decisions: z.int().min(1).max(1_000_000).default(2000),
  })
  .prefault({})
export type CheckpointsConfig = z.infer<typeof CheckpointsConfig>
