import type { RiskLevel, TrustTier } from '../../schemas/bounds.ts'
import { subjectEntityId } from '../../schemas/entity.ts'
import type { Policy } from '../../schemas/policy.ts'
import type { Reason } from '../../schemas/reasons.ts'
import type { CompiledPolicy, CompiledRoute } from './compile.ts'
import type { PolicyInputs } from './inputs.ts'
import { recordInputs } from './record-inputs.ts'
import { tierLevel } from './tiers.ts'

type PolicyOutcome = 'permit' | 'deny' | 'step_up' | 'revoke'

/** What would turn a step-up or refusal into a permit (RFC 9470 `acr_values` and `max_age`). */
export interface StepUp {
  readonly acr?: string
  readonly max_age_s?: number
}

export interface PolicyDecision {
  readonly outcome: PolicyOutcome
  readonly reasons: readonly Reason[]
  readonly rule_id?: string
  /** What enforcing risk would have said, where the route only observes and it differs. */
  readonly would_be?: PolicyOutcome
  /** Risk, and so our own feedback, made the outcome. */
  readonly caused_by?: 'risk_feedback'
  /** Every input that was read on the way, under its name in conditions. */
  readonly inputs: Readonly<Record<string, unknown>>
  readonly step_up?: StepUp
  readonly break_glass: boolean
}

/** Providers give `auth_time` in whole seconds, cut off: a sign-in within the second of the rise is after it. */
const AUTH_TIME_GRAIN_S = 1

interface Verdict {
  readonly outcome: PolicyOutcome
  readonly reasons: readonly Reason[]
  readonly rule_id?: string
  readonly step_up?: StepUp
}

/**
 * Decides a request on a matched route. Pure: equal policy and inputs, equal
 * decision. In order: sign-in, the route's rules, trust tier, age of the
 * sign-in; then risk, which only ever tightens. A condition that fails denies
 * (`policy_error`). A `revoke` acts on every route, observing ones included;
 * only break-glass subjects are spared. Risk older than the policy's limit does
 * not count, so that the route falls back to its base policy; a revoke once
 * heard of is a fact and keeps counting.
 */
export function evaluate(policy: CompiledPolicy, route: CompiledRoute, inputs: PolicyInputs): PolicyDecision {
  const reads = new Set<string>()
  const base = decideBase(policy.document, route, inputs, reads)
  return applyRisk(policy, route, inputs, base, reads)
}

function decideBase(
  policy: Policy,
  { route, rules }: CompiledRoute,
  inputs: PolicyInputs,
  reads: Set<string>,
): Verdict {
  reads.add('subject.type')
  if (!route.public && inputs.subject.type === 'anonymous') {
    return { outcome: 'deny', reasons: ['not_authenticated'] }
  }
  let permitted: Verdict = { outcome: 'deny', reasons: ['no_rule_matched'] }
  for (const rule of rules) {
    for (const name of rule.condition.reads) reads.add(name)
    let holds: boolean
    try {
      holds = rule.condition.holds(inputs)
    } catch {
      return { outcome: 'deny', reasons: ['policy_error'], rule_id: rule.rule_id }
    }
    if (!holds) continue
    permitted = verdictOf(policy, rule.outcome, rule.rule_id, inputs, reads)
    break
  }
  if (permitted.outcome !== 'permit') return permitted
  return (
    checkTrust(policy, route.required_tier, inputs, reads, permitted.rule_id) ??
    checkAge(route.max_authentication_age_s, inputs, reads, permitted.rule_id) ??
    permitted
  )
}

function verdictOf(
  policy: Policy,
  outcome: 'permit' | 'deny' | 'step_up',
  rule_id: string,
  inputs: PolicyInputs,
  reads: Set<string>,
): Verdict {
  if (outcome === 'deny') return { outcome, reasons: ['policy_deny'], rule_id }
  if (outcome === 'step_up') {
    reads.add('subject.acr')
    if (inputs.subject.acr !== policy.step_up_acr) {
      return { outcome, reasons: ['step_up_required'], rule_id, step_up: { acr: policy.step_up_acr } }
    }
  }
  return { outcome: 'permit', reasons: ['policy_permit'], rule_id }
}

/** A low tier of the session can be mended by a stronger sign-in, a low tier of the device can't. */
function checkTrust(
  policy: Policy,
  required: TrustTier,
  inputs: PolicyInputs,
  reads: Set<string>,
  rule_id: string | undefined,
): Verdict | null {
  if (required === 'untrusted') return null
  for (const name of ['trust.tier', 'trust.session_tier', 'device.tier', 'device.known']) reads.add(name)
  if (tierLevel(inputs.trust.tier) >= tierLevel(required)) return null
  const rule = rule_id === undefined ? {} : { rule_id }
  if (tierLevel(inputs.device.tier) < tierLevel(required)) {
    const reason = inputs.device.known ? 'device_tier_too_low' : 'device_unknown'
    return { outcome: 'deny', reasons: [reason], ...rule }
  }
  return { outcome: 'step_up', reasons: ['step_up_required'], ...rule, step_up: { acr: policy.step_up_acr } }
}

function checkAge(
  max_age_s: number | undefined,
  inputs: PolicyInputs,
  reads: Set<string>,
  rule_id: string | undefined,
): Verdict | null {
  if (max_age_s === undefined) return null
  reads.add('subject.authentication_age_s')
  if (inputs.subject.authentication_age_s <= max_age_s) return null
  return {
    outcome: 'step_up',
    reasons: ['authentication_too_old'],
    ...(rule_id === undefined ? {} : { rule_id }),
    step_up: { max_age_s },
  }
}

function applyRisk(
  policy: CompiledPolicy,
  compiled: CompiledRoute,
  inputs: PolicyInputs,
  base: Verdict,
  reads: Set<string>,
): PolicyDecision {
  const { route } = compiled
  const { subject, risk } = inputs
  const breakGlass = policy.breakGlass.size > 0 && policy.breakGlass.has(subjectEntityId(subject))
  if (policy.breakGlass.size > 0) reads.add('subject.id')
  reads.add('risk.level').add('risk.revoke').add('risk.withheld').add('risk.age_ms')
  const finish = (verdict: Verdict, extra: readonly Reason[] = [], more: Partial<PolicyDecision> = {}) => ({
    ...verdict,
    reasons: [...verdict.reasons, ...extra].slice(0, 8),
    ...more,
    inputs: recordInputs(inputs, reads),
    break_glass: breakGlass,
  })
  const own = isOwnFeedback(policy.document, compiled, inputs, base, reads)
  const cause = own ? { caused_by: 'risk_feedback' as const } : {}
  if (breakGlass) return finish(base, ['break_glass'], cause)
  if (risk.revoke) {
    const revoke: Verdict = { ...base, outcome: 'revoke', reasons: ['risk_revoke'] }
    return finish(revoke, [], { caused_by: 'risk_feedback' })
  }
  if (risk.age_ms > policy.document.risk_stale_after_s * 1000) return finish(base, ['risk_stale'], cause)
  if (risk.level === 'LOW' || risk.withheld) return finish(base, [], cause)
  const tightened = tighten(policy.document, risk.level, route.sensitivity, inputs, base, reads)
  if (tightened.outcome === base.outcome)
    return finish(route.enforcement === 'enforce' ? tightened : base, [], cause)
  if (route.enforcement === 'observe') return finish(base, [], { ...cause, would_be: tightened.outcome })
  return finish(tightened, [], { caused_by: 'risk_feedback' })
}

const NO_RISK: PolicyInputs['risk'] = {
  score: 0,
  level: 'LOW',
  age_ms: 0,
  revoke: false,
  withheld: false,
  raised_age_s: 0,
  source_score: 0,
  source_level: 'LOW',
}

/** Whether a rule that reads risk made the refusal: the same request without risk would have come out otherwise. */
function isOwnFeedback(
  policy: Policy,
  route: CompiledRoute,
  inputs: PolicyInputs,
  base: Verdict,
  reads: ReadonlySet<string>,
): boolean {
  if (base.outcome === 'permit') return false
  if (!route.rules.some(({ condition }) => condition.reads.some(isRiskInput))) return false
  if (![...reads].some(isRiskInput)) return false
  return decideBase(policy, route, { ...inputs, risk: NO_RISK }, new Set()).outcome !== base.outcome
}

function isRiskInput(name: string): boolean {
  return name.startsWith('risk.')
}

/** The base verdict, or a stricter one for the risk. Never a milder one. */
function tighten(
  policy: Policy,
  level: Exclude<RiskLevel, 'LOW'>,
  sensitivity: 'low' | 'medium' | 'high',
  inputs: PolicyInputs,
  base: Verdict,
  reads: Set<string>,
): Verdict {
  const effect = policy.risk[level][sensitivity]
  const reason: Reason = level === 'HIGH' ? 'risk_high' : 'risk_medium'
  if (base.outcome === 'deny' || effect === 'permit') return base
  if (effect === 'deny') return { ...withoutStepUp(base), outcome: 'deny', reasons: [reason] }
  reads.add('subject.acr').add('subject.authentication_age_s').add('risk.raised_age_s')
  const { acr, authentication_age_s } = inputs.subject
  const afterRise = authentication_age_s - AUTH_TIME_GRAIN_S <= inputs.risk.raised_age_s
  if (acr === policy.step_up_acr && afterRise) return base
  const step_up = { acr: policy.step_up_acr, max_age_s: Math.floor(inputs.risk.raised_age_s) }
  if (base.outcome === 'step_up') return { ...base, step_up }
  return { ...base, outcome: 'step_up', reasons: [reason], step_up }
}

function withoutStepUp({ step_up: _dropped, ...rest }: Verdict): Verdict {
  return rest
}
