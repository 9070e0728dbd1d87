import { z } from 'zod'
import { duration } from '../../runtime/duration.ts'

/** Where decisions wait on this machine while the event log does not take them. */
export const SpoolConfig = z
  .strictObject({
    /** Bound of its files. A decision takes some 1.5 KB, so the default holds about 700,000. */
    max_bytes: z.int().min(16_777_216).max(1_099_511_627_776).default(1_073_741_824),
    /** What becomes of requests when it is full: refused, or answered and counted as lost. Break glass passes either way. */
    when_full: z.enum(['deny', 'serve']).default('deny'),
    /** How long the log may take before a decision goes to the spool. */
    after: duration({ min_ms: 5, max_ms: 1000 }).prefault('25ms'),
    /** Keys that it is encrypted under, one a line, the one for new files first. Default: `secrets/gateway-spool` in the data directory. */
    key_file: z.string().min(1).max(4096).optional(),
  })
  .prefault({})
export type SpoolConfig = z.infer<typeof SpoolConfig>
