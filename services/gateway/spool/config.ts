import { z } from 'zod'
import { duration } from '../../runtime/duration.ts'

/** Where decisions wait on this machine while the event log does not take them. */
export const SpoolConfig = z
  .strictObject({
    /** Bound of its files. A decision takes some 1.5 KB, so the default holds about 700,000. */
    max_bytes: z.int().min(1_048_576).max(1_099_511_627_776).default(1_073_741_824),
    /** What becomes of requests when it is full: refused, or answered and counted as lost. Break glass passes either way. */
    when_full: z.enum(['deny', 'serve']).default('deny'),
    /**
     * How long the log may take before a decision goes to the spool. Default: 25ms
     * where the log is reached over the network, so that a decision is durable
     * within 50 ms; 1s for the embedded log, which shares its disk with the spool:
     * a flush that is slow there is slow here.
     */
    after: duration({ min_ms: 5, max_ms: 10_000 }).optional(),
    /** Keys that it is encrypted under, one a line, the one for new files first. Default: `secrets/gateway-spool` in the data directory. */
    key_file: z.string().min(1).max(4096).optional(),
  })
  .prefault({})
export type SpoolConfig = z.infer<typeof SpoolConfig>

/** `gateway.spool.after` where it is not set. */
export const SPOOL_AFTER_MS = { remote: 25, local: 1000 } as const
