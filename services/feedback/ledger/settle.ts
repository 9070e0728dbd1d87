import type { CauseEvidence, RiskState } from '../../../schemas/risk.ts'
import { newestMs, scoreOf, weighed } from './evidence.ts'
import { levelOf } from './level.ts'
import type { LedgerParameters } from './parameters.ts'
import { mustRevoke } from './revoke.ts'

/** Why a restriction may not be imposed, asked only when the score asks for one. */
export type Withhold = (state: RiskState) => RiskState['withheld']

/** What made the ledger look at an entity again. */
export interface Occasion {
  readonly now_ms: number
  readonly parameters: LedgerParameters
  /** Something new speaks for compromise: the restriction is extended, and a revoke may be renewed. */
  readonly fresh: 'finding' | 'revision' | 'verdict' | null
  readonly withhold: Withhold
}

/**
 * Works out score, level, required action and restriction from the evidence:
 * the one place where they are set, so that they always agree.
 *
 * Evidence weighs by event time. A live entity is judged as of now; imported
 * history as of its last finding, since years of wall clock lie between. What
 * is withheld is published as LOW with the reason beside the true score: no
 * reader has to know the word `withheld` to be safe.
 */
export function settle(before: RiskState, evidence: readonly CauseEvidence[], occasion: Occasion): RiskState {
  const { now_ms, parameters, fresh } = occasion
  const halfLifeMs = parameters.half_life_ms[before.entity.type]
  const asOfMs = before.origin === 'import' ? newestMs(evidence) || now_ms : now_ms
  const causes = weighed(evidence, asOfMs, halfLifeMs, parameters)
  const score = scoreOf(causes, parameters.prior_nats)
  const level = levelOf(score, before.level, parameters)
  const calm: RiskState = {
    ...before,
    revision: before.revision + 1,
    score,
    level: 'LOW',
    required_action: 'none',
    causes,
    updated_at: new Date(now_ms).toISOString(),
    expires_at: null,
    restricted_since: null,
    revoked_before: null,
    withheld: null,
  }
  if (level === 'LOW') return { ...calm, story_ids: causes.length === 0 ? [] : before.story_ids }
  const withheld = occasion.withhold(before)
  if (withheld !== null) return { ...calm, withheld }

  const revoke = mustRevoke(causes, score, parameters)
  const renewed = before.revoked_before === null || fresh === 'finding' || fresh === 'verdict'
  const since = before.restricted_since ?? calm.updated_at
  const confirmed = causes.some((c) => c.cause === 'verdict')
  const capMs = Date.parse(since) + (confirmed ? parameters.ttl_confirmed_ms : parameters.max_restriction_ms)
  const ttlMs = confirmed
    ? parameters.ttl_confirmed_ms
    : level === 'HIGH'
      ? parameters.ttl_high_ms
      : parameters.ttl_medium_ms
  const wasMs = before.expires_at === null ? 0 : Date.parse(before.expires_at)
  const expiresMs =
    fresh === null && wasMs > 0 ? wasMs : Math.min(Math.max(wasMs, now_ms + ttlMs), Math.max(capMs, wasMs))
  return {
    ...calm,
    level,
    required_action: revoke ? 'revoke' : 'none',
    expires_at: new Date(expiresMs).toISOString(),
    restricted_since: since,
    revoked_before: revoke ? (renewed ? calm.updated_at : before.revoked_before) : null,
  }
}
