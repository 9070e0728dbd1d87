import { z } from 'zod'
import { duration } from '../duration.ts'

/** How chains are signed. What is not signed yet can be cut off unseen, should its signer never start again. */
export const CheckpointsConfig = z
  .strictObject({
    /** Where checkpoints are kept beside the log; default `checkpoints/` in the data directory. Best a disk that only allows appending. */
    directory: z.string().min(1).max(4096).optional(),
    /** A stretch of a chain is signed when it has lasted this long … */
    every: duration({ min_ms: 100, max_ms: 86_400_000 }).prefault('5m'),
    /** … or holds this many decisions. */
    decisions: z.int().min(1).max(1_000_000).default(10_000),
  })
  .prefault({})
export type CheckpointsConfig = z.infer<typeof CheckpointsConfig>
