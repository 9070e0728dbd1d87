import type { Decision } from '../../../schemas/decision.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Watcher } from './observer.ts'

/** Whom a story is about: decisions and findings of this subject, or from this network. */
export interface Focus {
  readonly subject: string
  /** `/24` of the attacker. */
  readonly source: string
  readonly about: 'subject' | 'source'
}

export interface Changed {
  readonly decision: Decision
  /** From the decision that completed the attack to this one, both by the gateway's clock. */
  readonly after_ms: number
}

/**
 * What happened in one story, taken from the topics alone. The first changed
 * outcome is the first decision that our own feedback caused (or, for an
 * attacking network, that the policy's rule on its risk refused) after a
 * finding; the completing decision is the newest that this finding rests on.
 */
export class StoryAccount implements Watcher {
  readonly findings: { finding: Finding; after_ms: number }[] = []
  changed: Changed | null = null
  bystander = { requests: 0, touched: 0 }
  readonly #focus: Focus
  readonly #bystander: string
  readonly #decidedMs: (id: string) => number | undefined
  readonly #told: (event: 'finding' | 'changed') => void

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
    if (!this.#concerns(finding)) return
    if (this.findings.some((known) => known.finding.id === finding.id)) return
    if (this.findings.length >= 8) return
    const completed = this.#completedMs(finding) ?? Date.parse(finding.observed_at)
    this.findings.push({ finding, after_ms: found_ms - completed })
    this.#told('finding')
  }

  decision(decision: Decision): void {
    if (decision.subject.id === this.#bystander && decision.pep?.kind === 'gatewatch') {
      this.bystander.requests += 1
      if (decision.caused_by === 'risk_feedback') this.bystander.touched += 1
    }
    if (this.changed || !this.#isChanged(decision)) return
    const decidedMs = Date.parse(decision.decided_at)
    const before = this.findings
      .map(({ finding }) => this.#completedMs(finding))
      .filter((ms) => ms !== undefined && ms <= decidedMs)
    const completed = before.length === 0 ? undefined : Math.min(...before.map(Number))
    if (completed === undefined) return
    this.changed = { decision, after_ms: decidedMs - completed }
    this.#told('changed')
  }

  #isChanged(decision: Decision): boolean {
    if (decision.outcome === 'permit') return false
    const fromSource = decision.context?.ip?.startsWith(prefixOf(this.#focus.source)) ?? false
    if (this.#focus.about === 'source')
      return (
        fromSource &&
        (decision.policy?.rule_id === 'spraying-source' || decision.caused_by === 'risk_feedback')
      )
    return decision.subject.id === this.#focus.subject && decision.caused_by === 'risk_feedback'
  }

  #concerns(finding: Finding): boolean {
    const entities = [finding.entity, ...finding.entities]
    return entities.some(
      ({ type, id }) =>
        (type === 'subject' && id === `user:${this.#focus.subject}`) ||
        (type === 'source' && id === this.#focus.source),
    )
  }

  #completedMs(finding: Finding): number | undefined {
    const newest = finding.decision_ids.at(-1)
    return newest === undefined ? undefined : this.#decidedMs(newest)
  }
}

/** `198.19.100.` of `198.19.100.0/24`. */
function prefixOf(cidr: string): string {
  return cidr.replace(/\d+\/\d+$/, '')
}
