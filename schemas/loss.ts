import { z } from 'zod'
import { Count, Id, Instant } from './bounds.ts'
import type { Decision } from './decision.ts'

/** A stretch of numbers of one boot, both ends included. */
const Missing = z.strictObject({ boot_id: Id, first_seq: Count, last_seq: Count })

/**
 * What an enforcement point could not record, said by itself: it travels in
 * `unmapped.loss` of a decision of its own, numbered and chained like any other,
 * so that who checks the chain can tell a loss that was owned up to from one
 * that was not. What was never taken has no number, so the numbers stay gapless;
 * only `missing` names numbers that lack.
 *
 * `began` is written as soon as the loss begins, in room kept free for it;
 * `ended` comes with the totals when decisions are taken again. A `began`
 * without its `ended` in the same boot: the process died meanwhile, and how much
 * was lost is not known.
 */
export const Loss = z.strictObject({
  state: z.enum(['began', 'ended']),
  /** `restored`: the log is a backup's; what it lacks is what came after the backup, counted by nobody. */
  cause: z.enum(['spool_full', 'spool_corrupt', 'log_failing', 'queue_full', 'restored']),
  /** Requests that were refused because they could not be recorded; nobody got in. */
  refused: Count,
  /** Requests that were answered as decided, and of which no record is: break glass, or `when_full: serve`. */
  served: Count,
  from: Instant,
  to: Instant,
  /** Decisions that were on this machine's disk and can't be read any more. */
  missing: z.array(Missing).max(64),
})
export type Loss = z.infer<typeof Loss>

/** The loss that a decision tells of, or null for every other decision. */
export function lossOf({ action, resource, unmapped }: Decision): Loss | null {
  if (action.name !== 'record' || resource.type !== 'event_log') return null
  return Loss.safeParse(unmapped?.['loss']).data ?? null
}
