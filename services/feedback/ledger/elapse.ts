import type { RiskState } from '../../../schemas/risk.ts'
import { reducedTo, weighed } from './evidence.ts'
import { worthARecord } from './observe.ts'
import type { LedgerParameters } from './parameters.ts'
import { type Occasion, settle } from './settle.ts'

/** What a served restriction leaves: a score of 25, below every threshold, near enough that new evidence soon tells. */
const RESIDUE_SCORE = 0.25

/** Below this, evidence is forgotten: 0.2 nats are a score of 2.2 where nothing at all is 1.8. */
const FORGET_NATS = 0.2

/**
 * What the passing of time does to an entity: evidence decays, levels fall,
 * and a restriction ends when its time is up. Then what it rested on is spent:
 * scaled down to a residue, so that score and level keep saying the same. A
 * restriction that reached its cap also clears its findings: the same
 * happening does not restrict again, only a new one does.
 */
export function elapse(before: RiskState, occasion: Omit<Occasion, 'fresh'>): RiskState {
  const { now_ms, parameters } = occasion
  if (before.expires_at === null || Date.parse(before.expires_at) > now_ms) {
    if (before.origin === 'import') return before
    const after = settle(before, before.causes, { ...occasion, fresh: null, withhold: (s) => s.withheld })
    return worthARecord(before, after) ? after : before
  }
  const residue = Math.log(RESIDUE_SCORE / (1 - RESIDUE_SCORE)) - parameters.prior_nats
  const causes = reducedTo(
    residue,
    before.causes,
    now_ms,
    parameters.half_life_ms[before.entity.type],
    parameters.dampening,
  )
  const capped =
    before.restricted_since !== null &&
    now_ms >= Date.parse(before.restricted_since) + parameters.max_restriction_ms
  const spent = capped ? before.causes.flatMap((c) => c.finding_ids) : []
  const cleared_finding_ids = [...(before.cleared_finding_ids ?? []), ...spent].slice(-50)
  const named: RiskState = { ...before, level: 'LOW', decision_id: null, cleared_finding_ids }
  return settle(named, causes, { ...occasion, fresh: null })
}

/** Whether nothing is left that is worth remembering; `keepMs` keeps what was judged safe from coming back. */
export function forgettable(
  state: RiskState,
  nowMs: number,
  keepMs: number,
  parameters: LedgerParameters,
): boolean {
  if (state.level !== 'LOW' || state.origin === 'import') return false
  if (nowMs - Date.parse(state.updated_at) < keepMs) return false
  const causes = weighed(state.causes, nowMs, parameters.half_life_ms[state.entity.type], parameters)
  return causes.reduce((sum, cause) => sum + cause.nats, 0) < FORGET_NATS
}
