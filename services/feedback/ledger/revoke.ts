import type { CauseEvidence } from '../../../schemas/risk.ts'
import type { LedgerParameters } from './parameters.ts'

/** What an external signal must amount to, to revoke by itself: a HIGH finding. */
const SIGNAL_NATS = 5.5

/**
 * Whether the sessions of an entity must end. The one thing that the ledger
 * decides itself, so it asks for more than a score: two independent causes, or
 * a person's verdict, or another system's signal. Findings of one cause never
 * get there, however many.
 */
export function mustRevoke(
  causes: readonly CauseEvidence[],
  score: number,
  parameters: LedgerParameters,
): boolean {
  if (score < parameters.enter_high) return false
  if (causes.some((c) => c.cause === 'verdict' && c.nats > parameters.cause_cap_nats)) return true
  if (causes.some((c) => c.cause === 'signal' && c.nats >= SIGNAL_NATS)) return true
  if (score < parameters.revoke_score) return false
  return causes.filter((c) => c.nats >= parameters.revoke_cause_nats).length >= 2
}
