import type { Decision } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { RiskState } from '../../../schemas/risk.ts'
import type { Watcher } from './observer.ts'

/** Whom a story is about: what is found of this subject or this network belongs to it. */
export interface Focus {
  readonly subject: string
  /** `/24` of the attacker. */
  readonly source: string
  readonly about: 'subject' | 'source'
}

export interface Changed {
  readonly decision: Decision
  /** From the decision that completed the attack to this one, both by the clock that decided. Null: the log doesn't tell. */
  readonly after_ms: number | null
}

const MAX_FINDINGS = 12
const MAX_RAISES = 100

/**
 * What happened in one story, taken from the topics alone.
 *
 * The first changed outcome is the first decision that our own feedback caused
 * (or, for an attacking network, that the policy's rule on its risk refused).
 * The decision that completed the attack is the one that the ledger names as
 * the reason (`decision_id`) for first raising the risk to what this outcome
 * was decided by.
 */
export class StoryAccount implements Watcher {
  readonly findings: { finding: Finding; after_ms: number }[] = []
  changed: Decision | null = null
  /** The first decision that ended a session, where it came to that. */
  revoked: Decision | null = null
  readonly bystander = { requests: 0, touched: 0 }
  readonly #focus: Focus
  readonly #bystander: string
  readonly #decidedMs: (id: string) => number | undefined
  readonly #told: (event: 'finding' | 'changed') => void
  readonly #raises: RiskState[] = []
  readonly #sessions = new Set<string>()

  constructor(
    focus: Focus,
    bystander: string,
    decidedMs: (id: string) => number | undefined,
    told: (event: 'finding' | 'changed') => void,
  ) {
    this.#focus = focus
    this.#bystander = bystander
    this.#decidedMs = decidedMs
    this.#told = told
  }

  finding(finding: Finding, found_ms: number): void {
    if (![finding.entity, ...finding.entities].some((entity) => this.#concerns(entity))) return
    if (this.findings.length >= MAX_FINDINGS) return
    // A finding that grows is told again when its level rises.
    if (
      this.findings.some(
        ({ finding: known }) => known.id === finding.id && known.risk_level === finding.risk_level,
      )
    )
      return
    const newest = finding.decision_ids.at(-1)
    const decidedMs = newest === undefined ? undefined : this.#decidedMs(newest)
    this.findings.push({ finding, after_ms: found_ms - (decidedMs ?? Date.parse(finding.observed_at)) })
    this.#told('finding')
  }

  risk(state: RiskState): void {
    if (state.level !== 'LOW' && this.#raises.length < MAX_RAISES) this.#raises.push(state)
  }

  decision(decision: Decision): void {
    const { subject } = decision
    if (subject.id === this.#focus.subject && subject.session_id !== undefined && this.#sessions.size < 100)
      this.#sessions.add(subject.session_id)
    if (subject.id === this.#bystander && decision.pep?.kind === 'gatewatch') {
      this.bystander.requests += 1
      if (decision.caused_by === 'risk_feedback') this.bystander.touched += 1
    }
    if (!this.#isChanged(decision)) return
    if (decision.outcome === 'revoke') this.revoked ??= decision
    if (this.changed) return
    this.changed = decision
    this.#told('changed')
  }

  /** First changed outcome, and the revocation if that was another one; asked when the story is over and all of it was read. */
  outcomes(): Changed[] {
    const first = this.changed
    const decisions =
      first === null ? [] : this.revoked === null || this.revoked === first ? [first] : [first, this.revoked]
    return decisions.map((decision) => ({ decision, after_ms: this.#afterMs(decision) }))
  }

  #afterMs(decision: Decision): number | null {
    const decidedMs = Date.parse(decision.decided_at)
    const level = decision.risk_at_decision?.level
    const sufficed = (state: RiskState): boolean => {
      if (decision.outcome === 'revoke') return state.required_action === 'revoke'
      if (isSourceRule(decision)) return state.entity.type === 'source' && state.level === 'HIGH'
      return state.entity.type !== 'source' && state.level === level
    }
    const completed = this.#raises
      .filter((state) => this.#concerns(state.entity) && sufficed(state))
      .map((state) => (state.decision_id === null ? undefined : this.#decidedMs(state.decision_id)))
      .filter((ms) => ms !== undefined)
      .filter((ms) => ms <= decidedMs)
    return completed.length === 0 ? null : decidedMs - Math.min(...completed)
  }

  #isChanged(decision: Decision): boolean {
    if (decision.outcome === 'permit') return false
    const caused = decision.caused_by === 'risk_feedback'
    if (this.#focus.about === 'subject') return decision.subject.id === this.#focus.subject && caused
    const fromSource = decision.context?.ip?.startsWith(prefixOf(this.#focus.source)) ?? false
    return fromSource && (caused || isSourceRule(decision))
  }

  #concerns({ type, id }: { readonly type: string; readonly id: string }): boolean {
    if (type === 'subject') return id === `user:${this.#focus.subject}`
    if (type === 'session') return this.#sessions.has(id)
    return type === 'source' && id === this.#focus.source
  }
}

/** The demo's policy refuses a network whose risk is HIGH by rules of this name. */
export function isSourceRule(decision: Decision): boolean {
  return decision.outcome === 'deny' && (decision.policy?.rule_id?.endsWith('spraying-source') ?? false)
}

/** `198.19.100.` of `198.19.100.0/24`. */
function prefixOf(cidr: string): string {
  return cidr.replace(/\d+\/\d+$/, '')
}
