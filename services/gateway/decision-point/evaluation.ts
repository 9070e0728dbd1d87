import type { Device } from '../../../schemas/device.ts'
import type { Outcome } from '../../../schemas/decision.ts'
import type { Reason } from '../../../schemas/reasons.ts'
import type { CompiledPolicy } from '../../policy/compile.ts'
import type { StepUp } from '../../policy/evaluate.ts'
import { normalAddress } from '../address.ts'
import { decide } from '../decide.ts'
import type { DecideOptions } from '../decide.ts'
import type { Identity } from '../identity/identity.ts'
import type { DecisionDraft } from '../record/decision-draft.ts'
import { inTime } from '../record/in-time.ts'
import type { Recorder } from '../record/recorder.ts'
import { explanationOf } from '../refusal/explain.ts'
import { inferDevice, NO_DEVICE } from '../trust.ts'
import { unroutedDraft } from '../unrouted-draft.ts'
import { findRoute } from './find-route.ts'
import { QuestionContext, SubjectProperties } from './messages.ts'
import type { Evaluation } from './messages.ts'

export interface EvaluateOptions extends DecideOptions {
  readonly policy: () => CompiledPolicy
  readonly recorder: Recorder
  readonly deviceById: (id: string) => Device | null
  readonly stale_after_ms: number
  readonly record_timeout_ms: number
  readonly now: () => number
  readonly decided: (outcome: Outcome) => void
}

/** AuthZEN's answer; `context` says what the standard leaves open. */
export interface Answered {
  readonly decision: boolean
  readonly context: Readonly<Record<string, unknown>>
}

export type EvaluateResult =
  | { readonly kind: 'ok'; readonly answer: Answered }
  /** The question itself is wrong; `path` says where. */
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'unrecorded' }

/**
 * Answers one question of an enforcement point that is trusted to know who
 * asks. The decision is on disk before it is told, like every other.
 */
export async function answerEvaluation(
  options: EvaluateOptions,
  evaluation: Evaluation,
  asked_by: string,
): Promise<EvaluateResult> {
  const started = performance.now()
  const properties = SubjectProperties.safeParse(evaluation.subject.properties ?? {})
  const context = QuestionContext.safeParse(evaluation.context ?? {})
  if (!properties.success) return invalid('subject.properties', properties.error.issues)
  if (!context.success) return invalid('context', context.error.issues)
  const { http } = context.data
  const app = evaluation.resource.properties?.['app']
  const now = options.now()
  const policy = options.policy()
  const ip = normalAddress(context.data.ip ?? '') ?? undefined
  const identity = identityOf(evaluation.subject, properties.data)
  const match = findRoute(policy, {
    action: evaluation.action.name,
    resource: {
      type: evaluation.resource.type,
      id: evaluation.resource.id,
      app: typeof app === 'string' ? app : undefined,
    },
    http:
      http?.host === undefined || http.path === undefined
        ? null
        : { host: http.host, path: http.path, method: http.method ?? 'GET' },
  })
  const eventContext: DecisionDraft['context'] = {
    ...(ip === undefined ? {} : { ip }),
    ...(context.data.user_agent === undefined ? {} : { user_agent: context.data.user_agent }),
    ...(http === undefined ? {} : { http: httpOf(http) }),
  }
  const finish = async (
    draft: DecisionDraft,
    breakGlass: boolean,
    stepUp?: StepUp,
  ): Promise<EvaluateResult> => {
    const latency_us = Math.round((performance.now() - started) * 1000)
    const whole = { ...draft, context: eventContext, latency_us, unmapped: { asked_by } }
    const recorded = options.recorder.record(whole, { breakGlass })
    if (recorded === null) {
      const passes = options.recorder.serving() || (breakGlass && draft.outcome === 'permit')
      options.decided(passes ? 'error_open' : 'error_closed')
      return passes ? { kind: 'ok', answer: answerOf(draft, 'unrecorded', stepUp) } : { kind: 'unrecorded' }
    }
    const timeout_ms = options.record_timeout_ms
    if (!(await inTime(options.recorder, recorded.durable, { breakGlass, timeout_ms }))) {
      options.decided('error_closed')
      return { kind: 'unrecorded' }
    }
    options.decided(draft.outcome)
    return { kind: 'ok', answer: answerOf(draft, recorded.id, stepUp) }
  }
  if (match === null) {
    return finish(
      unroutedDraft({
        tenant: options.tenant,
        now,
        reason: 'no_route',
        revision: policy.revision,
        identity,
        action: evaluation.action.name,
        resource: evaluation.resource,
      }),
      false,
    )
  }
  const record = context.data.device === undefined ? null : options.deviceById(context.data.device.id)
  const { draft, decision } = decide(
    policy,
    {
      match,
      identity,
      device: record === null ? NO_DEVICE : inferDevice(record, 'trusted_proxy', now, options.stale_after_ms),
      action: evaluation.action.name,
      resource: {
        type: evaluation.resource.type,
        id: evaluation.resource.id,
        path: http?.path?.slice(0, 2048) ?? '',
      },
      ip: ip ?? '',
      host: http?.host ?? '',
      method: http?.method ?? '',
      user_agent: context.data.user_agent ?? '',
    },
    now,
    options,
  )
  return finish(draft, decision.break_glass, decision.step_up)
}

function answerOf(draft: DecisionDraft, decision_id: string, stepUp: StepUp | undefined): Answered {
  const reasons: readonly Reason[] = draft.reasons ?? []
  const permitted = draft.outcome === 'permit'
  const told = permitted ? null : explanationOf(reasons)
  return {
    decision: permitted,
    context: {
      decision_id,
      outcome: draft.outcome,
      reasons,
      ...(draft.policy?.rule_id === undefined ? {} : { rule_id: draft.policy.rule_id }),
      ...(told === null
        ? {}
        : {
            reason_admin: { en: `${reasons.join(', ')} (policy ${draft.policy?.revision ?? ''})` },
            reason_user: { en: `${told.what} ${told.help}` },
          }),
      ...(stepUp?.acr === undefined ? {} : { acr_values: stepUp.acr }),
      ...(stepUp?.max_age_s === undefined ? {} : { max_age: stepUp.max_age_s }),
    },
  }
}

function identityOf(subject: Evaluation['subject'], properties: SubjectProperties): Identity {
  const { session_id, idp, acr, authenticated_at, groups, roles, amr } = properties
  const at =
    typeof authenticated_at === 'number' ? authenticated_at * 1000 : Date.parse(authenticated_at ?? '')
  return {
    type: subject.type,
    id: subject.id,
    groups,
    roles,
    amr,
    ...(session_id === undefined ? {} : { session_id }),
    ...(idp === undefined ? {} : { idp }),
    ...(acr === undefined ? {} : { acr }),
    ...(at < 253_402_300_800_000 ? { authenticated_at_ms: Math.floor(at) } : {}),
  }
}

function httpOf(http: { host?: string | undefined; method?: string | undefined; path?: string | undefined }) {
  return {
    ...(http.host === undefined || http.host === '' ? {} : { host: http.host }),
    ...(http.method === undefined ? {} : { method: http.method }),
    ...(http.path === undefined ? {} : { path: http.path.slice(0, 2048) }),
  }
}

function invalid(
  at: string,
  issues: readonly { path: readonly PropertyKey[]; message: string }[],
): EvaluateResult {
  const text = issues.map(({ path, message }) => `${[at, ...path].map(String).join('.')} ${message}`)
  return { kind: 'invalid', message: text.join('; ') }
}
