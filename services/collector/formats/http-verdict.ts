import type { DecisionInput } from '../../../schemas/decision.ts'

export type Verdict = readonly [
  outcome: DecisionInput['outcome'],
  reason: NonNullable<DecisionInput['reasons']>[number],
]

/**
 * What the status of a plain access log says about access.
 *
 * | status | verdict |
 * |---|---|
 * | 401, 407 | `deny`, `not_authenticated`; under a user name `credentials_rejected` |
 * | 403, 444, 451 | `deny`, `foreign_deny` |
 * | 429 | `error_closed`, `rate_limited` |
 * | 101, 2xx, 3xx, and the rest of 4xx | `permit`: what is not there, or not as asked for, was not refused |
 * | 400, 408, 413 and other faults of the request; 5xx | `permit` where the application answered so; else none |
 *
 * None (null): the server gave up before or without deciding.
 *
 * @see RFC 9110, section 15. 444, 494 to 499 are nginx's own.
 */
export function verdictOfStatus(status: number, { answered, user }: HttpFacts): Verdict | null {
  if (status === 401 || status === 407) return ['deny', user ? 'credentials_rejected' : 'not_authenticated']
  if (status === 403 || status === 444 || status === 451) return ['deny', 'foreign_deny']
  if (status === 429) return ['error_closed', 'rate_limited']
  if (status >= 500 || status < 101 || FAULTS.has(status)) return answered ? PERMIT : null
  return PERMIT
}

export interface HttpFacts {
  /** Whether the application behind the proxy gave this status. */
  readonly answered: boolean
  /** Whether the request named a user. */
  readonly user: boolean
}

const PERMIT: Verdict = ['permit', 'foreign_permit']
const FAULTS: ReadonlySet<number> = new Set([
  400, 408, 411, 413, 414, 417, 421, 426, 431, 494, 495, 496, 497, 499,
])
