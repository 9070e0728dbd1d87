import { z } from 'zod'
import { duration } from '../runtime/duration.ts'

export const VerifyConfig = z
  .strictObject({
    /** What is new is checked this often. */
    every: duration({ min_ms: 100, max_ms: 86_400_000 }).prefault('1m'),
    /** … and is what was decided longer ago than this: by then a boot's first checkpoint has come, and decisions are stored. */
    settle: duration({ min_ms: 0, max_ms: 86_400_000 }).prefault('15m'),
    /** All that is stored is checked again at most this often. */
    sweep_every: duration({ min_ms: 1000 }).prefault('1d'),
    /** At most this share of the time is spent on it. */
    duty: z.number().min(0.01).max(1).default(0.2),
    /** Public keys (Ed25519, base64url) that may sign checkpoints, beside those of this data directory. */
    trusted_keys: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/))
      .max(1000)
      .default([]),
    /** Files or directories with more checkpoints, such as copies on a disk of their own. */
    checkpoint_files: z.array(z.string().min(1).max(4096)).max(64).default([]),
    /** Decisions of one slice, which is what memory is bounded by. */
    slice_rows: z.int().min(100).max(1_000_000).default(20_000),
  })
  .prefault({})
export type VerifyConfig = z.infer<typeof VerifyConfig>
