import type { Loss } from '../../../schemas/loss.ts'
import { accessDecisions } from '../../../schemas/topics.ts'
import type { DecisionDraft } from './decision-draft.ts'

/** Counts what could not be recorded, and drafts the decisions that say so. */
export interface LossTally {
  /**
   * Counts one request; `served` when it is answered all the same. The first one
   * that a full spool forces gives the draft that says that a loss began.
   */
  count(cause: Loss['cause'], served: boolean): DecisionDraft | null
  /** The draft with the totals, and counting begins anew; null when nothing was lost. */
  end(): DecisionDraft | null
  /** The draft for decisions that were on disk and can't be read any more. */
  corrupt(missing: Loss['missing']): DecisionDraft
}

export function lossTally(pep_id: string, now: () => number): LossTally {
  let counting: { cause: Loss['cause']; from: string; refused: number; served: number } | null = null

  function draft(loss: Loss): DecisionDraft {
    return {
      decided_at: loss.to,
      outcome: loss.served > 0 ? 'error_open' : 'error_closed',
      reasons: ['log_unreachable'],
      subject: { type: 'service', id: pep_id },
      action: { name: 'record' },
      resource: { type: 'event_log', id: accessDecisions.name },
      unmapped: { loss },
    }
  }
  const instant = () => new Date(now()).toISOString()

  return {
    count(cause, served) {
      const first = counting === null
      counting ??= { cause, from: instant(), refused: 0, served: 0 }
      counting[served ? 'served' : 'refused'] += 1
      if (!first || cause !== 'spool_full') return null
      return draft({ state: 'began', ...counting, to: counting.from, missing: [] })
    },
    end() {
      if (counting === null) return null
      const loss: Loss = { state: 'ended', ...counting, to: instant(), missing: [] }
      counting = null
      return draft(loss)
    },
    corrupt(missing) {
      const at = instant()
      return draft({
        state: 'ended',
        cause: 'spool_corrupt',
        refused: 0,
        served: 0,
        from: at,
        to: at,
        missing,
      })
    },
  }
}
