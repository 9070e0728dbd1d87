import type { Detector, EnrichedDecision } from '../detector.ts'
import { f64, layout, u32, type StateOf } from '../state/layout.ts'
import { moments } from '../state/moments.ts'

export interface BytesMovedOptions {
  readonly leastDays: number
}

/**
 * Bytes moved: a subject moves far more data in a day than on its days before.
 *
 * Catches whoever takes along what they may read anyway: known resources, from
 * the usual place, at any pace. Misses what stays within a busy day's amount,
 * and enforcement points that report no bytes.
 *
 * False positives: a backup by hand, a large upload for a customer. Subjects
 * with fewer than five active days score 0.
 *
 *     score = n / 2 ln(1 + z² / (n - 1)),  z = (ln(1 + bytes of this day) - mean) / deviation >= 0
 *
 * in nats of Student's tail, nearly, since few days say little of how days differ; deviation at least 0.4, mean and
 * deviation over the last n active days, at most 60, in UTC; a day far below the mean counts as 1 / e
 * of it. A day is learnt when it is over, unless
 * something in it was strange: then at half its distance from the mean, so that a
 * new habit is one after some days.
 *
 * Cost: O(1), at most 60 bytes a subject.
 *
 * @see MITRE ATT&CK T1567, Exfiltration Over Web Service; T1530.
 * @example five days of 10 MB, then 100 MB: 5.
 */
export function bytesMoved({ leastDays = 5 }: Partial<BytesMovedOptions> = {}): Detector<
  EnrichedDecision,
  BytesState
> {
  const today = (state: Readonly<BytesState>, input: EnrichedDecision) =>
    (dayOf(input) === state.day ? state.bytes : 0) + bytesOf(input)
  const above = (state: Readonly<BytesState>, input: EnrichedDecision) =>
    Math.max(0, state.sizes.above(Math.log1p(today(state, input)), LEAST_DEVIATION))
  return {
    id: 'bytes-moved',
    version: 1,
    entity: 'subject',
    technique: 'T1567',
    thresholds: { medium: 5, high: 9 },
    layout: bytesLayout,
    score(state, input) {
      if (!input.permitted || bytesOf(input) === 0 || dayOf(input) < state.day) return 0
      // The day before counts as soon as it is over, and is learnt with the next decision.
      const pending = dayOf(input) > state.day && state.bytes > 0 ? 1 : 0
      if (state.sizes.n + pending < leastDays) return 0
      const score = tailNats(above(state, input), state.sizes.n)
      return score < 1 ? 0 : score
    },
    learn(state, input, _population, standing) {
      const day = dayOf(input)
      if (!input.permitted || day < state.day) return
      if (day > state.day) end(state, day)
      if (!standing.calm) state.strange = 1
      state.bytes += bytesOf(input)
    },
    explain(state, input) {
      const bytes = today(state, input)
      const usual = Math.round(Math.expm1(state.sizes.mean))
      return {
        cause: 'data',
        evidence: {
          bytes_today: bytes,
          bytes_expected: usual,
          deviations: Math.round(above(state, input) * 10) / 10,
          baseline_days: state.sizes.n,
        },
        gates: [],
        summary: `Moved ${bytes} bytes on one day; usual are ${usual}.`,
      }
    },
  }
}

const DAY_MS = 86_400_000
const MOST_DAYS = 60
/** A day with a telephone says little of how much a busy one may move: without this bound it would widen the deviation. */
const MOST_BELOW = 1
/** However evenly somebody seems to work. */
const LEAST_DEVIATION = 0.4

const fields = { day: u32, strange: u32, bytes: f64, sizes: moments }
const bytesLayout = layout(fields)
type BytesState = StateOf<typeof fields>

/** Takes the day that is over into the moments, and begins another. */
function end(state: BytesState, day: number): void {
  if (state.day !== 0 && state.bytes > 0) {
    const { n, mean } = state.sizes
    const size = Math.log1p(state.bytes)
    const learnt = state.strange === 0 ? Math.max(size, mean - MOST_BELOW) : (size + mean) / 2
    state.sizes.add(n === 0 ? size : learnt, MOST_DAYS)
  }
  state.day = day
  state.strange = 0
  state.bytes = 0
}

/** -ln of the tail of Student's distribution at z, nearly. */
function tailNats(z: number, n: number): number {
  return (n / 2) * Math.log1p((z * z) / Math.max(1, n - 1))
}

function dayOf(input: EnrichedDecision): number {
  return Math.floor(input.at_ms / DAY_MS)
}

function bytesOf(input: EnrichedDecision): number {
  const http = input.decision.context?.http
  return (http?.bytes_in ?? 0) + (http?.bytes_out ?? 0)
}
