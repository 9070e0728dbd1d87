import type { Finding } from '../../schemas/finding.ts'
import type { Policy } from '../../schemas/policy.ts'
import { ERASED } from '../../schemas/scrub.ts'
import type { Story } from '../../schemas/story.ts'
import type { DecisionRow } from './decision-row.ts'
import { helpFor } from './help.ts'
import { reasonSentence } from './reason-sentences.ts'
import type { RiskFacts } from './store/findings.ts'

/** Why a decision came out as it did, in sentences and with everything they rest on. */
export interface Explanation {
  readonly decision: DecisionRow
  readonly headline: string
  readonly why: readonly string[]
  /** What would lead to another outcome, for the person who was refused and for an analyst. */
  readonly help: readonly string[]
  /** What could not be looked up, so that an absent finding is not taken for none. */
  readonly missing: readonly string[]
  /** Findings that name the decision among those that contributed. */
  readonly findings: readonly Finding[]
  /** Findings that had raised the risk which decided, made from other decisions. */
  readonly risk_findings: readonly Finding[]
  readonly stories: readonly Story[]
  readonly risk: readonly RiskFacts[]
}

/** What is known beside the decision itself. */
export interface Circumstances {
  readonly findings: readonly Finding[]
  readonly risk_findings: readonly Finding[]
  readonly stories: readonly Story[]
  /** Current risk of the subject, session and device. */
  readonly risk: readonly RiskFacts[]
  /** The policy in force, when it is the one that decided. */
  readonly policy: Policy | null
  readonly missing: readonly string[]
}

const verbs: Readonly<Record<string, string>> = {
  permit: 'was let through to',
  deny: 'was refused',
  step_up: 'was asked for a stronger sign-in before',
  revoke: 'was signed out and refused',
  error_closed: 'could not be judged, and so was refused',
  error_open: 'could not be judged, and was let through to',
}

/** Puts the explanation together. Pure: the same decision and circumstances give the same sentences. */
export function explain(decision: DecisionRow, circumstances: Circumstances): Explanation {
  const { findings, risk_findings, stories, risk, policy, missing } = circumstances
  const why = [
    ...(isErasedRow(decision) ? [ERASED_SENTENCE] : []),
    ...decision.reasons.map((reason) => reasonSentence(reason, decision)),
    ...ruleSentences(decision, policy),
    ...riskSentences(decision),
    ...risk_findings.map((finding) => `What had raised the risk: ${finding.summary}`),
    ...observeSentences(decision),
    ...findings.map((finding) => `Found with it: ${finding.summary}`),
  ]
  return {
    decision,
    headline: `${who(decision)} ${verbs[decision.outcome] ?? decision.outcome} ${what(decision)}`,
    why: why.length > 0 ? why : ['The enforcement point gave no reason.'],
    help: helpFor(decision, stories, risk, policy),
    missing,
    findings,
    risk_findings,
    stories,
    risk,
  }
}

const ERASED_SENTENCE =
  'The person was erased at their request: who it was, from where and with what is gone. That it was decided so, and when, is still proven.'

/** As an erasure leaves it: nobody, from nowhere, with nothing. */
function isErasedRow({ subject_id, subject_session_id, context_ip, device_id }: DecisionRow): boolean {
  return (
    subject_id === ERASED && [subject_session_id, context_ip, device_id].every((each) => each === undefined)
  )
}

function who(decision: DecisionRow): string {
  const { subject_type, subject_id } = decision
  if (isErasedRow(decision)) return 'Somebody who was erased'
  if (subject_type === 'anonymous') return 'Somebody who was not signed in'
  return subject_type === 'user' ? subject_id : `The ${subject_type} ${subject_id}`
}

function what(decision: DecisionRow): string {
  const path = decision.context_http_path ?? decision.resource_id
  const verb = decision.context_http_method ?? decision.action_name
  return `${verb} ${path}${decision.resource_app ? ` on ${decision.resource_app}` : ''}`
}

function ruleSentences(decision: DecisionRow, policy: Policy | null): string[] {
  if (!decision.policy_rule_id) return []
  const route = policy?.routes.find(({ id }) => id === decision.policy_route_id)
  const rule = route?.rules.find(({ id }) => id === decision.policy_rule_id)
  const where = decision.policy_route_id ? ` of route ${decision.policy_route_id}` : ''
  const said = rule?.description ? `: ${rule.description.replace(/\.$/, '')}` : ''
  const condition = rule ? `, which asks for ${rule.when}` : ''
  return [`It was decided by the rule ${decision.policy_rule_id}${where}${said}${condition}.`]
}

function riskSentences(decision: DecisionRow): string[] {
  const {
    risk_at_decision_level: level,
    risk_at_decision_score: score,
    risk_at_decision_age_ms: age,
  } = decision
  if (level === undefined || level === 'LOW') return []
  const asOf = age !== undefined && age > 60_000 ? `, as known ${Math.round(age / 1000)} s before` : ''
  return [`Risk was ${level} then${score === undefined ? '' : `, ${Math.round(score)} of 100`}${asOf}.`]
}

function observeSentences(decision: DecisionRow): string[] {
  const { would_be, outcome } = decision
  if (would_be === undefined || would_be === outcome) return []
  return [
    `The route only observes risk. Had it enforced risk, the outcome would have been ${would_be.replace('_', ' ')}.`,
  ]
}
