import type { RiskState } from '../../../schemas/risk.ts'

/** What the circuit breaker is set to. */
export interface BreakerLimits {
  /** The largest share of a tenant's known subjects that may be restricted automatically within an hour. */
  readonly share: number
  /** A small tenant may always have this many restricted. */
  readonly min_count: number
}

const HOUR_MS = 3_600_000

/** The types of entity that a gateway refuses people by. A source, a resource or a rule restricts nobody. */
const RESTRICTING = ['subject', 'session', 'device'] as const
type Restricting = (typeof RESTRICTING)[number]

/**
 * Bounds what a mistake of ours can do: a detector gone wrong, a bad geo
 * database, an attacker who makes others look bad. At most `share` of the
 * subjects known in a tenant (never fewer than `min_count`) are newly
 * restricted in a sliding hour; beyond it a person is alerted instead.
 *
 * Subjects, sessions and devices are counted apart against the same limit, so
 * that a storm over sessions is stopped as one over subjects is. Only the start
 * of a restriction counts. What is counted stands in the risk states
 * (`restricted_since`), so a restart finds it again.
 */
export class CircuitBreaker {
  readonly #limits: BreakerLimits
  readonly #begun = new Map<string, number[]>()

  constructor(limits: BreakerLimits) {
    this.#limits = limits
  }

  limitOf(knownSubjects: number): number {
    return Math.max(this.#limits.min_count, Math.floor(this.#limits.share * knownSubjects))
  }

  /** Whether one more restriction may begin now. */
  allows(tenant: string, type: string, knownSubjects: number, nowMs: number): boolean {
    if (!isRestricting(type)) return true
    return this.#recent(`${tenant}/${type}`, nowMs).length < this.limitOf(knownSubjects)
  }

  /** Takes note of a state that was written; counts it when a restriction began with it. */
  note(before: RiskState | undefined, after: RiskState, nowMs: number): void {
    const { restricted_since } = after
    if (restricted_since === null || !isRestricting(after.entity.type)) return
    if (before?.restricted_since === restricted_since) return
    if (after.causes.some((cause) => cause.cause === 'verdict')) return
    const sinceMs = Date.parse(restricted_since)
    if (sinceMs > nowMs - HOUR_MS) this.#recent(`${after.tenant}/${after.entity.type}`, nowMs).push(sinceMs)
  }

  #recent(key: string, nowMs: number): number[] {
    const recent = (this.#begun.get(key) ?? []).filter((ms) => ms > nowMs - HOUR_MS)
    this.#begun.set(key, recent)
    return recent
  }
}

function isRestricting(type: string): type is Restricting {
  return RESTRICTING.some((restricting) => restricting === type)
}
