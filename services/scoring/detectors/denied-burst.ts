import type { Detector, EnrichedDecision } from '../detector.ts'
import { f32, f64, layout, u32, type StateOf } from '../state/form/layout.ts'
import { decay } from '../statistics/decay.ts'

export interface DeniedBurstOptions {
  readonly halfLifeMs: number
  readonly usualHalfLifeMs: number
}

/**
 * Denied burst: one subject is refused many times in a short while.
 *
 * Catches permission probing and a stolen token walked over resources it has no
 * right to. Misses probing slower than about one refusal a half-life, and
 * probing spread over many subjects (see `spray`). Rejected credentials count
 * nothing: whoever presents them is not the account's owner, and a stranger
 * could have anybody restricted by guessing. The guess that gets in is found by
 * `success-after-failures`, where guesses come from by `spray`.
 *
 * False positives: a broken client in a retry loop, and a policy rollout that
 * denies everyone scores for everyone: read it beside the denials by revision.
 * A client that is always refused is used to it: three times the usual rate is
 * taken off.
 *
 *     c(t) = sum over refusals i of 2^(-(t - t_i) / h),  h = 60 s
 *     score = c - 3 u,  u = the same sum with 1 day, scaled to h
 *
 * kept as c <- c * 2^(-dt / h) + 1. A refusal older than the state (late by
 * reordering) counts, undecayed. Other outcomes score 0; a refusal that our own
 * feedback caused is no refusal here.
 *
 * Cost: O(1) time, 32 bytes a subject.
 *
 * @see Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay: A Practical Time
 *   Decay Model for Streaming Systems", ICDE 2009.
 * @example 100 refusals in 10 seconds: the 16th scores 15.8, the 63rd 60.7.
 */
export function deniedBurst({
  halfLifeMs = 60_000,
  usualHalfLifeMs = 86_400_000,
}: Partial<DeniedBurstOptions> = {}): Detector<EnrichedDecision, DeniedBurstState> {
  /** Before the refusal in hand. */
  const count = (state: Readonly<DeniedBurstState>, atMs: number) =>
    state.count * decay(atMs - state.last_ms, halfLifeMs)
  const usual = (state: Readonly<DeniedBurstState>, atMs: number) =>
    state.usual * decay(atMs - state.last_ms, usualHalfLifeMs) * (halfLifeMs / usualHalfLifeMs)
  const score = (state: Readonly<DeniedBurstState>, input: EnrichedDecision) =>
    counts(input) ? Math.max(0, count(state, input.at_ms) + 1 - 3 * usual(state, input.at_ms)) : 0
  return {
    id: 'denied-burst',
    version: 2,
    entity: 'subject',
    technique: 'T1526',
    thresholds: { medium: 10, high: 30 },
    layout: stateLayout,
    score,
    learn(state, input) {
      if (input.permitted) {
        state.permitted = Math.min(MOST_COUNTED, state.permitted + 1)
        return
      }
      if (!counts(input)) return
      const { at_ms: atMs } = input
      state.count = Math.fround(count(state, atMs) + 1)
      state.usual = Math.fround(state.usual * decay(atMs - state.last_ms, usualHalfLifeMs) + 1)
      state.last_ms = Math.max(state.last_ms, atMs)
    },
    explain(state, input) {
      const now = count(state, input.at_ms) + 1
      const expected = usual(state, input.at_ms)
      return {
        cause: 'rate',
        evidence: {
          observed_refusals: round(now),
          expected_refusals: round(expected),
          half_life_s: halfLifeMs / 1000,
          last_action: input.decision.action.name,
          last_resource: input.decision.resource.id.slice(0, 256),
          baseline_permits: state.permitted,
        },
        gates: [],
        summary: `Refused about ${Math.round(now)} times within minutes; usual is ${round(expected)}.`,
        with_refused: true,
      }
    },
  }
}

/** What fits the room of the count. */
const MOST_COUNTED = 0xffff_ffff
const fields = { count: f32, usual: f32, last_ms: f64, permitted: u32 }
const stateLayout = layout(fields)
type DeniedBurstState = StateOf<typeof fields>

/** Refused as the one it is: the enforcement point knew who asked. */
function counts(input: EnrichedDecision): boolean {
  return input.refused && input.vouched && !input.credential_failure
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
