import type { IncomingHttpHeaders } from 'node:http'
import type { Outcome } from '../../schemas/decision.ts'
import type { Reason } from '../../schemas/reasons.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { StepUp } from '../policy/evaluate.ts'
import type { PolicyInputs } from '../policy/inputs.ts'
import { matchRoute } from '../policy/match.ts'
import type { RouteMatch } from '../policy/match.ts'
import { decide, subjectOf } from './decide.ts'
import type { Decided, DecideOptions } from './decide.ts'
import { ANONYMOUS } from './identity/identity.ts'
import type { Identity } from './identity/identity.ts'
import type { RequestFacts } from './proxy/request-facts.ts'
import type { DecisionDraft } from './record/decision-draft.ts'
import type { Recorder } from './record/recorder.ts'
import { refusalStatus } from './refusal/explain.ts'

export interface Permitted {
  readonly kind: 'permit'
  readonly decision_id: string
  readonly decided: Decided
  readonly match: RouteMatch
  readonly identity: Identity
}

export interface Refused {
  readonly kind: 'refuse'
  /** Null: the log would not take the decision. */
  readonly decision_id: string | null
  readonly status: number
  readonly outcome: Outcome
  readonly reasons: readonly Reason[]
  readonly step_up?: StepUp
  /** The way out is the sign-in page: a redirect, not a refusal page. */
  readonly sign_in: boolean
}

export interface EnforceOptions extends DecideOptions {
  readonly policy: () => CompiledPolicy
  readonly identify: (headers: IncomingHttpHeaders, facts: RequestFacts, now: number) => Promise<Identity>
  readonly identifyDevice: (request: DeviceRequest, now: number) => Promise<PolicyInputs['device']>
  readonly recorder: Recorder
  readonly now: () => number
  readonly record_timeout_ms: number
  /** People can sign in here: an OpenID provider is configured. */
  readonly can_sign_in: boolean
  readonly observe: (ruling: {
    outcome: Outcome
    decide_us: number
    total_us: number
    cause?: string
  }) => void
}

export interface DeviceRequest {
  readonly headers: IncomingHttpHeaders
  readonly facts: RequestFacts
  /** SHA-256 thumbprint of a client certificate that TLS accepted. */
  readonly certificate: string | null
}

/** Decides one request and sees to it that the decision is on disk before anything follows from it. */
export type Enforce = (
  request: DeviceRequest & { readonly wants_page: boolean },
) => Promise<Permitted | Refused>

export function enforcer(options: EnforceOptions): Enforce {
  const { recorder, now } = options

  return async (request) => {
    const started = performance.now()
    const { facts } = request
    const policy = options.policy()
    const match =
      facts.path === null || facts.host === ''
        ? null
        : matchRoute(policy, facts.host, facts.method, facts.path.segments)
    if (match === null) return refuseUnrouted(request, policy, started)

    const identity = await options.identify(request.headers, facts, now())
    const device = await options.identifyDevice(request, now())
    const before = performance.now()
    const { route } = match.route
    const path = facts.path?.path ?? '/'
    const decided = decide(
      policy,
      {
        match,
        identity,
        device,
        action: route.action ?? facts.method,
        resource: { type: route.resource_type, id: path.slice(0, 1024), path },
        ip: facts.ip,
        host: facts.host,
        method: facts.method,
        user_agent: facts.user_agent,
      },
      now(),
      options,
    )
    const decide_us = (performance.now() - before) * 1000
    const { decision } = decided
    const status = decision.outcome === 'permit' ? undefined : statusOf(decision, request.wants_page)
    const recorded = recorder.record(
      {
        ...decided.draft,
        context: contextOf(facts, status),
        latency_us: Math.round((performance.now() - started) * 1000),
      },
      { breakGlass: decision.break_glass },
    )
    if (recorded === null)
      return unrecorded(
        started,
        recorder.refusing() ?? 'queue_full',
        decision.break_glass,
        match,
        decided,
        identity,
      )
    const durable = await settled(recorded.durable, decision.break_glass)
    if (!durable) return unrecorded(started, 'record_timeout', decision.break_glass, match, decided, identity)
    observe(decision.outcome, started, decide_us)
    if (decision.outcome === 'permit') {
      const draft = { ...decided.draft, context: contextOf(facts, undefined) }
      return { kind: 'permit', decision_id: recorded.id, decided: { ...decided, draft }, match, identity }
    }
    return {
      kind: 'refuse',
      decision_id: recorded.id,
      status: status ?? 403,
      outcome: decision.outcome,
      reasons: decision.reasons,
      ...(decision.step_up === undefined ? {} : { step_up: decision.step_up }),
      sign_in: status === 302,
    }
  }

  /** A browser is sent to sign in where that helps; who was revoked is told so first. */
  function statusOf(decision: Decided['decision'], wantsPage: boolean): number {
    const status = refusalStatus(decision.outcome, decision.reasons)
    const redirect = status === 401 && wantsPage && options.can_sign_in && decision.outcome !== 'revoke'
    return redirect ? 302 : status
  }

  async function refuseUnrouted(
    { facts }: DeviceRequest,
    policy: CompiledPolicy,
    started: number,
  ): Promise<Refused> {
    const malformed = facts.path === null || facts.host === ''
    const reasons: Reason[] = [malformed ? 'request_malformed' : 'no_route']
    const status = refusalStatus('deny', reasons)
    const at = now()
    const recorded = recorder.record({
      tenant: options.tenant,
      origin: 'live',
      decided_at: new Date(at).toISOString(),
      outcome: 'deny',
      reasons,
      policy: { revision: policy.revision },
      subject: subjectOf(ANONYMOUS),
      action: { name: facts.method === '' ? 'unknown' : facts.method.slice(0, 32) },
      resource: { type: 'http', id: (facts.path?.path ?? facts.target).slice(0, 1024) || '/' },
      context: contextOf(facts, status),
      latency_us: Math.round((performance.now() - started) * 1000),
    })
    const durable = recorded !== null && (await settled(recorded.durable, false))
    const cause =
      recorded === null ? (recorder.refusing() ?? 'queue_full') : durable ? undefined : 'record_timeout'
    if (!durable) return closed(started, cause ?? 'queue_full')
    observe('deny', started, 0)
    return { kind: 'refuse', decision_id: recorded.id, status, outcome: 'deny', reasons, sign_in: false }
  }

  /** What can't be recorded is refused; only a break-glass subject passes, since it is there for such days. */
  function unrecorded(
    started: number,
    cause: string,
    breakGlass: boolean,
    match: RouteMatch,
    decided: Decided,
    identity: Identity,
  ): Permitted | Refused {
    if (!breakGlass || decided.decision.outcome !== 'permit') return closed(started, cause)
    observe('error_open', started, 0, cause)
    return { kind: 'permit', decision_id: 'unrecorded', decided, match, identity }
  }

  function closed(started: number, cause: string): Refused {
    observe('error_closed', started, 0, cause)
    const reasons: Reason[] = ['log_unreachable']
    return {
      kind: 'refuse',
      decision_id: null,
      status: 503,
      outcome: 'error_closed',
      reasons,
      sign_in: false,
    }
  }

  function observe(outcome: Outcome, started: number, decide_us: number, cause?: string): void {
    const total_us = (performance.now() - started) * 1000
    options.observe({ outcome, decide_us, total_us, ...(cause === undefined ? {} : { cause }) })
  }

  async function settled(durable: Promise<void>, breakGlass: boolean): Promise<boolean> {
    if (breakGlass && recorder.refusing() !== null) return true
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, options.record_timeout_ms, false)
    })
    const done = await Promise.race([durable.then(() => true), timeout])
    clearTimeout(timer)
    return done
  }
}

/**
 * HTTP facts as they are known when the decision is made. The event is not held
 * back for the answer, because scoring must see it at once: a refusal's status
 * is already known, a permitted request's status and bytes are not part of its
 * decision and are counted in metrics.
 */
function contextOf(facts: RequestFacts, status: number | undefined): DecisionDraft['context'] {
  return {
    ip: facts.ip,
    ...(facts.port === undefined ? {} : { port: facts.port }),
    ...(facts.user_agent === '' ? {} : { user_agent: facts.user_agent }),
    http: {
      ...(facts.host === '' ? {} : { host: facts.host }),
      method: facts.method.slice(0, 32),
      path: (facts.path?.path ?? facts.target).slice(0, 2048),
      ...(status === undefined ? {} : { status }),
      ...(facts.bytes_in === undefined ? {} : { bytes_in: facts.bytes_in }),
    },
    ...(facts.trace_id === undefined ? {} : { trace_id: facts.trace_id }),
  }
}
