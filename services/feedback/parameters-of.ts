import type { FeedbackConfig } from './config.ts'
import { DEFAULT_PARAMETERS, type LedgerParameters } from './ledger/parameters.ts'

/** The ledger's parameters as the configuration sets them. */
export function parametersOf(config: FeedbackConfig): LedgerParameters {
  return {
    ...DEFAULT_PARAMETERS,
    half_life_ms: { ...DEFAULT_PARAMETERS.half_life_ms, ...config.half_life },
    ttl_medium_ms: config.restriction.ttl_medium,
    ttl_high_ms: config.restriction.ttl_high,
    ttl_confirmed_ms: config.restriction.ttl_confirmed,
    max_restriction_ms: config.restriction.max,
  }
}
