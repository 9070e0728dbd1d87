import type { Reason } from '../../schemas/reasons.ts'
import { subjectOf } from './decide.ts'
import { ANONYMOUS } from './identity/identity.ts'
import type { Identity } from './identity/identity.ts'
import type { DecisionDraft } from './record/decision-draft.ts'

export interface Unrouted {
  readonly tenant: string
  /** Instant of the decision, ms. */
  readonly now: number
  readonly reason: Extract<Reason, 'request_malformed' | 'no_route'>
  /** Revision of the policy that has no route for it. */
  readonly revision: string
  /** Who asks, where that was looked at; else anonymous. */
  readonly identity?: Identity
  readonly action: string
  readonly resource: { readonly type: string; readonly id: string }
}

/** A refusal that no rule was asked for: the policy has no route for the request, or it is none at all. */
export function unroutedDraft({ tenant, now, reason, revision, identity, action, resource }: Unrouted) {
  return {
    tenant,
    origin: 'live',
    decided_at: new Date(now).toISOString(),
    outcome: 'deny',
    reasons: [reason],
    policy: { revision },
    subject: subjectOf(identity ?? ANONYMOUS),
    action: { name: action },
    resource: { type: resource.type, id: resource.id },
  } satisfies DecisionDraft
}
