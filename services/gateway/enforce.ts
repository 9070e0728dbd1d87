import type { Outcome } from '../../schemas/decision.ts'
import type { Reason } from '../../schemas/reasons.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { StepUp } from '../policy/evaluate.ts'
import type { RouteMatch } from '../policy/match.ts'
import type { Decided } from './decide.ts'
import type { Identity } from './identity/identity.ts'
import { judge } from './judge.ts'
import type { JudgeOptions, ProxiedRequest } from './judge.ts'
import type { RequestFacts } from './proxy/request-facts.ts'
import type { DecisionDraft } from './record/decision-draft.ts'
import { inTime } from './record/in-time.ts'
import type { Recorder } from './record/recorder.ts'
import { refusalStatus } from './refusal/explain.ts'
import { unroutedDraft } from './unrouted-draft.ts'

export interface Permitted {
  readonly kind: 'permit'
  readonly decision_id: string
  readonly decided: Decided
  readonly match: RouteMatch
  readonly identity: Identity
  /** The same request judged again, as things stand at the call: what it would be told now. */
  readonly again: () => Promise<DecisionDraft>
}

export interface Refused {
  readonly kind: 'refuse'
  /** Null: there is no record of the decision. */
  readonly decision_id: string | null
  readonly status: number
  readonly outcome: Outcome
  readonly reasons: readonly Reason[]
  readonly step_up?: StepUp
  /** The way out is the sign-in page: a redirect, not a refusal page. */
  readonly sign_in: boolean
}

export interface EnforceOptions extends JudgeOptions {
  /** The policy in force; read once a judgement. */
  readonly policy: () => CompiledPolicy
  readonly recorder: Recorder
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

/** Decides one request and sees to it that the decision is on disk before anything follows from it. */
export type Enforce = (
  request: ProxiedRequest & { readonly wants_page: boolean },
) => Promise<Permitted | Refused>

export function enforcer(options: EnforceOptions): Enforce {
  const { recorder, now } = options

  return async (request) => {
    const started = performance.now()
    const { facts } = request
    const policy = options.policy()
    const judged = await judge(options, policy, request)
    if (judged === null) return refuseUnrouted(request, policy, started)
    const { decided, decide_us, match, identity } = judged
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
    const draft = { ...decided.draft, context: contextOf(facts, undefined) }
    const permitted = { decided: { ...decided, draft }, match, identity, again: () => again(request) }
    const refused = {
      kind: 'refuse' as const,
      status: status ?? 403,
      outcome: decision.outcome,
      reasons: decision.reasons,
      ...(decision.step_up === undefined ? {} : { step_up: decision.step_up }),
      sign_in: status === 302,
    }
    if (recorded === null) {
      const cause = recorder.refusing() ?? 'queue_full'
      if (decision.outcome === 'permit' || !recorder.serving()) return unrecorded(started, cause, permitted)
      observe(decision.outcome, started, decide_us, cause)
      return { ...refused, decision_id: null }
    }
    const durable = await settled(recorded.durable, decision.break_glass)
    if (!durable) return unrecorded(started, 'record_timeout', permitted)
    observe(decision.outcome, started, decide_us)
    if (decision.outcome === 'permit') return { kind: 'permit', decision_id: recorded.id, ...permitted }
    return { ...refused, decision_id: recorded.id }
  }

  async function again(request: ProxiedRequest): Promise<DecisionDraft> {
    const policy = options.policy()
    const judged = await judge(options, policy, request)
    const draft = judged?.decided.draft ?? unrouted(request.facts, policy)
    return { ...draft, context: contextOf(request.facts, undefined) }
  }

  /** A browser is sent to sign in where that helps; who was revoked is told so first. */
  function statusOf(decision: Decided['decision'], wantsPage: boolean): number {
    const status = refusalStatus(decision.outcome, decision.reasons)
    const redirect = status === 401 && wantsPage && options.can_sign_in && decision.outcome !== 'revoke'
    return redirect ? 302 : status
  }

  function unrouted(facts: RequestFacts, { revision }: CompiledPolicy) {
    const malformed = facts.path === null || facts.host === ''
    return unroutedDraft({
      tenant: options.tenant,
      now: now(),
      reason: malformed ? 'request_malformed' : 'no_route',
      revision,
      action: facts.method === '' ? 'unknown' : facts.method.slice(0, 32),
      resource: { type: 'http', id: (facts.path?.path ?? facts.target).slice(0, 1024) || '/' },
    })
  }

  async function refuseUnrouted(
    { facts }: ProxiedRequest,
    policy: CompiledPolicy,
    started: number,
  ): Promise<Refused> {
    const draft = unrouted(facts, policy)
    const { reasons } = draft
    const status = refusalStatus('deny', reasons)
    const recorded = recorder.record({
      ...draft,
      context: contextOf(facts, status),
      latency_us: Math.round((performance.now() - started) * 1000),
    })
    const refused = { kind: 'refuse' as const, status, outcome: 'deny' as const, reasons, sign_in: false }
    if (recorded === null) {
      const cause = recorder.refusing() ?? 'queue_full'
      if (!recorder.serving()) return closed(started, cause)
      observe('deny', started, 0, cause)
      return { ...refused, decision_id: null }
    }
    if (!(await settled(recorded.durable, false))) return closed(started, 'record_timeout')
    observe('deny', started, 0)
    return { ...refused, decision_id: recorded.id }
  }

  /**
   * What can't be recorded is refused; only a break-glass subject passes, since
   * it is there for such days, and everybody where the configuration says so of
   * a full spool. A decision that was taken and is late is neither's business.
   */
  function unrecorded(
    started: number,
    cause: string,
    permitted: Omit<Permitted, 'kind' | 'decision_id'>,
  ): Permitted | Refused {
    const { break_glass, outcome } = permitted.decided.decision
    const passes = break_glass || (cause === 'spool_full' && recorder.serving())
    if (!passes || outcome !== 'permit') return closed(started, cause)
    observe('error_open', started, 0, cause)
    return { kind: 'permit', decision_id: 'unrecorded', ...permitted }
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

  function settled(durable: Promise<void>, breakGlass: boolean): Promise<boolean> {
    return inTime(recorder, durable, { breakGlass, timeout_ms: options.record_timeout_ms })
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
