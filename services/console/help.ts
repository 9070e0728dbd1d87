import type { Policy } from '../../schemas/policy.ts'
import type { Story } from '../../schemas/story.ts'
import type { DecisionRow } from './decision-row.ts'
import { byRisk, utc } from './reason-sentences.ts'
import type { RiskFacts } from './store/findings.ts'

/** What would lead to another outcome. Nothing for a request that was let through. */
export function helpFor(
  decision: DecisionRow,
  stories: readonly Story[],
  risk: readonly RiskFacts[],
  policy: Policy | null,
): string[] {
  if (decision.outcome === 'permit' || decision.outcome === 'error_open') return []
  if (decision.origin === 'import') return []
  const help: string[] = []
  const has = (...reasons: string[]) => reasons.some((reason) => decision.reasons.includes(reason))

  if (has('not_authenticated', 'token_expired', 'session_expired', 'token_invalid'))
    help.push('Sign in again.')
  if (decision.outcome === 'step_up' || has('step_up_required', 'authentication_too_old', 'mfa_rejected')) {
    help.push(
      'Sign in again with a passkey or security key; the request then goes through if nothing else speaks against it.',
    )
  }
  if (has('device_unknown'))
    help.push('Use a device that is enrolled in the inventory, or have this one enrolled.')
  if (has('device_tier_too_low')) {
    help.push(
      `Use a device that reaches the tier ${(decision.resource_required_tier ?? 'required').replaceAll('_', ' ')}, or bring this one up to date and have it checked again.`,
    )
  }
  if (has('policy_deny', 'no_rule_matched', 'permission_missing')) {
    help.push(
      'Whoever owns the application can grant access by the policy; signing in again changes nothing.',
    )
  }
  if (has('no_route'))
    help.push('Check the address; if it is right, a route for it must be added to the policy.')
  if (has('log_unreachable', 'identity_provider_unreachable', 'upstream_unreachable', 'policy_error')) {
    help.push(
      'Try again in a moment; if it stays so, the people who run the gateway must look (gatewatch status).',
    )
  }
  if (has('rate_limited')) help.push('Wait a minute before the next try.')
  help.push(...riskHelp(decision, stories, risk))
  if (policy?.contact) help.push(`Ask ${policy.contact} and give the decision id ${decision.id}.`)
  return help
}

function riskHelp(decision: DecisionRow, stories: readonly Story[], risk: readonly RiskFacts[]): string[] {
  if (!byRisk(decision)) return []
  const help: string[] = []
  const open = stories.find(({ verdict }) => verdict !== 'confirm_safe')
  if (open) {
    help.push(
      `If it was harmless, an analyst confirms the story "${open.title}" as safe; that acts at the next request.`,
    )
  } else {
    help.push('If it was harmless, an analyst confirms it as safe; that acts at the next request.')
  }
  const restricting = risk.filter(
    ({ level, required_action }) => level !== 'LOW' || required_action === 'revoke',
  )
  if (restricting.length === 0 && risk.length > 0)
    help.push('By now the risk is LOW again: the same request may go through.')
  for (const { entity, expires_at } of restricting) {
    if (expires_at !== null) {
      help.push(`The restriction of ${nameOf(entity)} ends at ${utc(expires_at)}, unless its cause goes on.`)
    }
  }
  return help
}

function nameOf({ type, id }: RiskFacts['entity']): string {
  return type === 'subject' ? id.slice(id.indexOf(':') + 1) : `this ${type}`
}
