import type { Outcome } from '../../schemas/decision.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import { evaluate } from '../policy/evaluate.ts'
import type { PolicyDecision } from '../policy/evaluate.ts'
import { UNKNOWN_AGE_S } from '../policy/inputs.ts'
import type { PolicyInputs } from '../policy/inputs.ts'
import type { RouteMatch } from '../policy/match.ts'
import { sessionTier } from '../policy/tiers.ts'
import { sourcePrefix } from './address.ts'
import type { Identity } from './identity/identity.ts'
import type { DecisionDraft } from './record/decision-draft.ts'
import type { RiskAnswer, RiskQuestion } from './risk/risk-view.ts'
import { shadowOf } from './shadow.ts'
import { inferTrust } from './trust.ts'

/** A request that was matched to a route and whose maker is known: all that a decision takes. */
export interface AccessRequest {
  readonly match: RouteMatch
  readonly identity: Identity
  readonly device: PolicyInputs['device']
  readonly action: string
  readonly resource: { readonly type: string; readonly id: string; readonly path: string }
  readonly ip: string
  readonly host: string
  readonly method: string
  readonly user_agent: string
}

export interface Decided {
  readonly decision: PolicyDecision
  readonly inputs: PolicyInputs
  /** The event without what only the caller knows (the rest of its context, latency, status). */
  readonly draft: DecisionDraft
}

export interface DecideOptions {
  readonly tenant: string
  readonly askRisk: (question: RiskQuestion, now: number) => RiskAnswer
  /** The policy that was in force before, while it is asked what it would have said of what is refused. */
  readonly previousPolicy?: () => CompiledPolicy | null
}

/** Gathers a request's inputs, evaluates the policy, and drafts the event. No waiting: all it needs is local. */
export function decide(
  policy: CompiledPolicy,
  request: AccessRequest,
  now: number,
  { tenant, askRisk, previousPolicy }: DecideOptions,
): Decided {
  const { identity, device, match } = request
  const { route, template } = match.route
  const risk = askRisk(
    {
      tenant,
      subject: identity,
      session_id: identity.session_id,
      device_id: device.id === '' ? undefined : device.id,
      source: sourcePrefix(request.ip) ?? undefined,
      authenticated_at_ms: identity.authenticated_at_ms,
    },
    now,
  )
  const trust = inferTrust(
    device.tier,
    sessionTier(identity.type, identity.acr ?? '', policy.document.step_up_acr),
  )
  const inputs: PolicyInputs = {
    subject: {
      type: identity.type,
      id: identity.id,
      session_id: identity.session_id ?? '',
      groups: identity.groups,
      roles: identity.roles,
      idp: identity.idp ?? '',
      acr: identity.acr ?? '',
      amr: identity.amr,
      authentication_age_s:
        identity.authenticated_at_ms === undefined
          ? UNKNOWN_AGE_S
          : Math.max(0, (now - identity.authenticated_at_ms) / 1000),
    },
    device,
    action: { name: request.action },
    resource: {
      ...request.resource,
      app: route.app,
      path_template: template.text,
      sensitivity: route.sensitivity,
      vars: match.vars,
    },
    context: {
      ip: request.ip,
      host: request.host,
      method: request.method,
      user_agent: request.user_agent,
      time: new Date(now),
    },
    trust,
    risk: risk.inputs,
  }
  const decision = evaluate(policy, match.route, inputs)
  const byPolicy = decision.outcome === 'deny' && decision.caused_by === undefined
  const previous = byPolicy && decision.reasons[0] !== 'not_authenticated' ? previousPolicy?.() : null
  const shadow = previous ? shadowOf(previous, request, inputs) : undefined
  const reasons =
    identity.rejected && decision.reasons[0] === 'not_authenticated' ? [identity.rejected] : decision.reasons
  return {
    decision: { ...decision, reasons },
    inputs,
    draft: {
      tenant,
      origin: 'live',
      decided_at: inputs.context.time.toISOString(),
      outcome: decision.outcome,
      reasons: [...reasons],
      policy: {
        revision: policy.revision,
        ...(decision.rule_id === undefined ? {} : { rule_id: decision.rule_id }),
        route_id: route.id,
        enforcement: route.enforcement,
        ...(shadow === undefined ? {} : { shadow }),
        inputs: { ...decision.inputs },
      },
      subject: subjectOf(identity),
      ...(device.known
        ? {
            device: {
              id: device.id,
              managed: device.managed,
              os: device.os,
              posture: device.posture,
              tier: device.tier,
            },
          }
        : {}),
      action: { name: request.action },
      resource: {
        type: request.resource.type,
        id: request.resource.id,
        app: route.app,
        path_template: template.text,
        sensitivity: route.sensitivity,
        required_tier: route.required_tier,
      },
      trust: { tier: trust.tier },
      risk_at_decision: {
        score: risk.inputs.score,
        level: risk.inputs.level,
        revision: risk.revision,
        age_ms: risk.inputs.age_ms,
      },
      ...(decision.caused_by === undefined ? {} : { caused_by: decision.caused_by }),
      ...(decision.would_be === undefined ? {} : { would_be: decision.would_be satisfies Outcome }),
    },
  }
}

export function subjectOf(identity: Identity): DecisionDraft['subject'] {
  const { type, id, session_id, idp, acr, authenticated_at_ms } = identity
  return {
    type,
    id,
    ...(session_id === undefined ? {} : { session_id }),
    ...(identity.groups.length === 0 ? {} : { groups: [...identity.groups] }),
    ...(identity.roles.length === 0 ? {} : { roles: [...identity.roles] }),
    ...(idp === undefined || idp === '' ? {} : { idp }),
    ...(acr === undefined ? {} : { acr }),
    ...(identity.amr.length === 0 ? {} : { amr: [...identity.amr] }),
    ...(authenticated_at_ms === undefined
      ? {}
      : { authenticated_at: new Date(authenticated_at_ms).toISOString() }),
  }
}
