import type { Reason } from '../../../schemas/reasons.ts'
import type { StepUp } from '../../policy/evaluate.ts'
import type { Explanation } from './explain.ts'

/**
 * `WWW-Authenticate` of a refusal that a new sign-in would help: RFC 6750 for a
 * missing or bad token, RFC 9470 for one that is good but not strong or fresh
 * enough.
 */
export function challenge(reasons: readonly Reason[], stepUp: StepUp | undefined): string {
  if (stepUp) {
    const parts = ['Bearer error="insufficient_user_authentication"']
    parts.push('error_description="A stronger or more recent sign-in is needed"')
    if (stepUp.acr !== undefined) parts.push(`acr_values="${quotable(stepUp.acr)}"`)
    if (stepUp.max_age_s !== undefined) parts.push(`max_age="${stepUp.max_age_s}"`)
    return parts.join(', ')
  }
  if (reasons.includes('not_authenticated')) return 'Bearer'
  return 'Bearer error="invalid_token", error_description="The token is expired, revoked or not valid here"'
}

/** A refusal for programs (RFC 9457); the members after `detail` are ours. */
export function problem(
  status: number,
  outcome: string,
  reasons: readonly Reason[],
  explanation: Explanation,
  decision_id: string | null,
  stepUp: StepUp | undefined,
): string {
  return JSON.stringify({
    type: 'about:blank',
    title: explanation.title,
    status,
    detail: `${explanation.what} ${explanation.help}`,
    outcome,
    reasons,
    decision_id,
    ...(stepUp?.acr === undefined ? {} : { acr_values: stepUp.acr }),
    ...(stepUp?.max_age_s === undefined ? {} : { max_age: stepUp.max_age_s }),
  })
}

/** Policies name context classes freely; a quoted string takes no quote, backslash or control character. */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '')
}
