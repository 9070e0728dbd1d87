import type { Detector, EnrichedDecision } from '../detector.ts'
import { f64, layout, u32, type StateOf } from '../state/form/layout.ts'
import { decay } from '../statistics/decay.ts'
import { instantMs } from '../state/instant.ts'

export interface MfaFatigueOptions {
  readonly halfLifeMs: number
  readonly usualHalfLifeMs: number
}

/**
 * MFA fatigue: somebody who has the password asks for the second factor again
 * and again, until the owner gives in.
 *
 * Catches the run of refused second factors while it goes on, which shows that
 * the password is known to somebody else, and the approval that ends it. Misses
 * a single approval by mistake, and requests slower than about one a half-life.
 *
 * False positives: a person with a broken token who types code after code. The
 * approval of one who is seen where the refusals came from, with three of them
 * or fewer, is a typing mistake and scores nothing.
 *
 *     r(t) = sum over refused second factors i of 2^(-(t - t_i) / h),  h = 1 h
 *     score = r - 3 u                         at a refusal
 *     score = r - 3 u + 3, if r >= 3.5        at the sign-in that follows
 *     u = the same sum with 7 days, scaled to h
 *
 * The sign-in is a permitted request that was authenticated after the run began,
 * or is itself about signing in. It ends the run. Refused passwords count
 * nothing here (see `success-after-failures`).
 *
 * Cost: O(1), 56 bytes a subject.
 *
 * @see MITRE ATT&CK T1621, Multi-Factor Authentication Request Generation.
 * @example 8 refusals in 2 minutes: the last scores 7.8; the approval a minute later 10.7.
 */
export function mfaFatigue({
  halfLifeMs = 3_600_000,
  usualHalfLifeMs = 7 * 86_400_000,
}: Partial<MfaFatigueOptions> = {}): Detector<EnrichedDecision, FatigueState> {
  const run = (state: Readonly<FatigueState>, atMs: number) =>
    state.run * decay(atMs - state.last_ms, halfLifeMs)
  const usual = (state: Readonly<FatigueState>, atMs: number) =>
    state.usual * decay(atMs - state.last_ms, usualHalfLifeMs) * (halfLifeMs / usualHalfLifeMs)
  const excess = (state: Readonly<FatigueState>, atMs: number) => run(state, atMs) - 3 * usual(state, atMs)
  const score = (state: Readonly<FatigueState>, input: EnrichedDecision) => {
    const { at_ms: atMs } = input
    if (rejected(input)) return Math.max(0, excess(state, atMs) + 1)
    if (state.run === 0 || !completes(state, input) || run(state, atMs) < LEAST_RUN) return 0
    return Math.max(0, excess(state, atMs) + 3)
  }
  return {
    id: 'mfa-fatigue',
    version: 2,
    entity: 'subject',
    technique: 'T1621',
    thresholds: { medium: 3.2, high: 8 },
    definite: 8,
    layout: fatigueLayout,
    score,
    learn(state, input) {
      const { at_ms: atMs } = input
      if (rejected(input)) {
        const left = run(state, atMs)
        if (left < 0.5) {
          state.first_ms = atMs
          state.total = 0
        }
        state.usual = state.usual * decay(atMs - state.last_ms, usualHalfLifeMs) + 1
        state.run = left + 1
        state.total += 1
        state.prefix = input.prefix
        state.last_ms = Math.max(state.last_ms, atMs)
      } else if (state.run !== 0 && completes(state, input)) {
        state.run = 0
        state.total = 0
      }
    },
    explain(state, input) {
      const approved = input.permitted
      const refusals = state.total + (approved ? 0 : 1)
      const minutes = Math.round(Math.max(0, input.at_ms - state.first_ms) / 6_000) / 10
      return {
        cause: 'credential',
        evidence: {
          refused_second_factors: refusals,
          expected_refusals: Math.round(usual(state, input.at_ms) * 100) / 100,
          minutes: state.total === 0 ? 0 : minutes,
          approved,
          approved_where_refused: approved && state.prefix === input.prefix,
          ip: input.decision.context?.ip ?? null,
        },
        gates: [],
        summary: approved
          ? `The second factor was refused ${refusals} times within ${minutes} minutes, and then accepted.`
          : `The second factor was refused ${refusals} times; whoever asks knows the password.`,
        with_refused: true,
      }
    },
  }
}

/** Fewer refusals before a success are typing mistakes. */
const LEAST_RUN = 3.5
const fields = { run: f64, usual: f64, last_ms: f64, first_ms: f64, total: f64, prefix: u32 }
const fatigueLayout = layout(fields)
type FatigueState = StateOf<typeof fields>

function rejected(input: EnrichedDecision): boolean {
  return input.refused && input.decision.reasons?.includes('mfa_rejected') === true
}

/** It lets in somebody who signed in after the run began. */
function completes(state: Readonly<FatigueState>, input: EnrichedDecision): boolean {
  if (!input.permitted) return false
  const since = input.decision.subject.authenticated_at
  return input.sign_in || (since !== undefined && instantMs(since) >= state.first_ms)
}
