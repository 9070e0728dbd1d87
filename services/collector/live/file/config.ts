import { z } from 'zod'
import { duration } from '../../../runtime/duration.ts'

/** Follows a log file through rotation. */
export const FileKind = {
  kind: z.literal('file'),
  path: z.string().min(1).max(4096),
  /** Where a file begins that was never followed before. History belongs into an import. */
  from: z.enum(['end', 'beginning']).default('end'),
  /** How often the file is looked at. */
  poll: duration({ min_ms: 10, max_ms: 60_000 }).prefault('250ms'),
  /** How long a renamed file must be still before the new one is read: its writer may not know yet. */
  rotate_wait: duration({ min_ms: 0, max_ms: 300_000 }).prefault('5s'),
}
