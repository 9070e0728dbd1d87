import { z } from 'zod'
import { duration } from '../../runtime/duration.ts'

/** The section `scoring.rules`: Sigma rules of the operator's. Without it there are none. */
export const RulesConfig = z.strictObject({
  /** Every `.yml` and `.yaml` below it is a file of rules. */
  directory: z.string().min(1).max(4096),
  /** How often it is looked at again; a change is in force after two looks. */
  refresh: duration({ min_ms: 100, max_ms: 3_600_000 }).prefault('2s'),
  /** Findings of a rule a day and tenant, at most; a rule can say otherwise. Those beyond it are held back and counted. */
  findings_per_day: z.int().min(1).max(100_000).default(10),
  /** Groups of a rule and tenant that are counted at most; one takes about 1 KB, and up to 60 for a rule that needs a thousand decisions. */
  groups: z.int().min(100).max(1_000_000).default(10_000),
})
export type RulesConfig = z.infer<typeof RulesConfig>
