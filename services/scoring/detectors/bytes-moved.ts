import type { Detector, EnrichedDecision } from '../detector.ts'
import type { Population } from '../state/population/population.ts'
import { f32, f64, layout, u32, type StateOf } from '../state/form/layout.ts'
import { moments, type Moments } from '../state/form/moments.ts'

export interface BytesMovedOptions {
  readonly leastDays: number
}

/**
 * Bytes moved: a subject moves far more data in a day than on its days before,
 * in answers that are larger than those things are.
 *
 * Catches whoever takes along what they may read anyway: known resources, from
 * the usual place, at any pace. Misses what stays within a busy day's amount,
 * and enforcement points that report no bytes.
 *
 * False positives: a backup by hand, a large upload for a customer. Subjects
 * with fewer than five active days score 0.
 *
 *     score = (f + 1) / 2 ln(1 + z² / f) + e,  f = n + 5
 *     z     = (ln(1 + bytes of this day) - mean) / (d sqrt(1 + 1 / n)) >= 0,  d² = (6 * 0.85² + n variance) / (6 + n)
 *     e     = sum over answers of this day of min(3, max(0, (ln(1 + bytes) - mean_v) / deviation_v - 2))
 *
 * The first part is in nats of Student's tail, nearly: few days say little of how days differ, so what is known of
 * days weighs as six (people's days differ by 0.6 to 1.3). Mean and variance over the last n active days, at most
 * 60, in UTC; a day far below the mean counts as 1 / e of it. The second holds each answer against those that
 * the tenant had of the same resource v, of those of 100 kB and more, from twenty of them on; deviation at least 0.3: whoever works on large
 * things all day has an ordinary e, whoever takes whole folders at once has not. A day is learnt when it is over, unless
 * something in it was strange: then at half its distance from the mean, so that a
 * new habit is one after some days.
 *
 * Cost: O(1), at most 64 bytes a subject, 36 a resource and tenant.
 *
 * @see MITRE ATT&CK T1567, Exfiltration Over Web Service; T1530.
 * @example five days of 10 MB, then 100 MB: 3.7.
 */
export function bytesMoved({ leastDays = 5 }: Partial<BytesMovedOptions> = {}): Detector<
  EnrichedDecision,
  BytesState
> {
  const today = (state: Readonly<BytesState>, input: EnrichedDecision) =>
    (dayOf(input) === state.day ? state.bytes : 0) + bytesOf(input)
  const above = (state: Readonly<BytesState>, input: EnrichedDecision) =>
    deviationsAbove(state.sizes, Math.log1p(today(state, input)))
  const excess = (state: Readonly<BytesState>, input: EnrichedDecision, population: Population) =>
    (dayOf(input) === state.day ? state.excess : 0) + oversize(input, population)
  return {
    id: 'bytes-moved',
    version: 2,
    entity: 'subject',
    technique: 'T1567',
    thresholds: { medium: 9, high: 14 },
    // Most have five active days after a week, and scores for the first time.
    settles_days: 14,
    layout: bytesLayout,
    score(state, input, population) {
      if (!input.permitted || bytesOf(input) === 0 || dayOf(input) < state.day) return 0
      // The day before counts as soon as it is over, and is learnt with the next decision.
      const pending = dayOf(input) > state.day && state.bytes > 0 ? 1 : 0
      if (state.sizes.n + pending < leastDays) return 0
      const score = tailNats(above(state, input), state.sizes.n) + excess(state, input, population)
      return score < 1 ? 0 : score
    },
    learn(state, input, population, standing) {
      const day = dayOf(input)
      if (!input.permitted || day < state.day) return
      if (day > state.day) end(state, day)
      if (!standing.calm) state.strange = 1
      state.bytes += bytesOf(input)
      if (bytesOf(input) < SMALL) return
      state.excess = Math.fround(Math.min(MOST_EXCESS, state.excess + oversize(input, population)))
      if (standing.calm) population.addSize(input.resource, Math.log1p(bytesOf(input)), input.at_ms)
    },
    explain(state, input, population) {
      const bytes = today(state, input)
      const usual = Math.round(Math.expm1(state.sizes.mean))
      return {
        cause: 'data',
        evidence: {
          bytes_today: bytes,
          bytes_expected: usual,
          deviations: Math.round(above(state, input) * 10) / 10,
          oversize: Math.round(excess(state, input, population) * 10) / 10,
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
/** What is known of how days differ before any is seen, and how many days that weighs. */
const PRIOR_DEVIATION = 0.85
const PRIOR_DAYS = 6
/** Deviations above what is usual of a resource from which on an answer is oversized. */
const USUAL_ABOVE = 2
const LEAST_DEVIATION = 0.3
/** Bytes of answers of which nobody keeps count: they take nothing away, and most answers are such. */
const SMALL = 100_000
/** Of one answer, and of a day. */
const MOST_OVERSIZE = 3
const MOST_EXCESS = 1000

const fields = { day: u32, strange: u32, bytes: f64, excess: f32, sizes: moments }
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
  state.excess = 0
}

/** -ln of the tail of Student's distribution at z, nearly. */
function tailNats(z: number, n: number): number {
  const degrees = PRIOR_DAYS + n - 1
  return ((degrees + 1) / 2) * Math.log1p((z * z) / degrees)
}

/** How far a day lies above the mean, by the deviation that the days and the prior say together. */
function deviationsAbove({ n, mean, variance }: Moments, size: number): number {
  if (n === 0) return 0
  const spread = (PRIOR_DAYS * PRIOR_DEVIATION ** 2 + n * variance) / (PRIOR_DAYS + n)
  return Math.max(0, size - mean) / Math.sqrt(spread * (1 + 1 / n))
}

/** How much larger than the resource's answers usually are, in deviations beyond two. */
function oversize(input: EnrichedDecision, population: Population): number {
  if (bytesOf(input) < SMALL) return 0
  const usual = population.sizeOf(input.resource, input.at_ms)
  if (usual === undefined) return 0
  const z = (Math.log1p(bytesOf(input)) - usual.mean) / Math.max(LEAST_DEVIATION, usual.deviation)
  return Math.min(MOST_OVERSIZE, Math.max(0, z - USUAL_ABOVE))
}

function dayOf(input: EnrichedDecision): number {
  return Math.floor(input.at_ms / DAY_MS)
}

function bytesOf(input: EnrichedDecision): number {
  const http = input.decision.context?.http
  return (http?.bytes_in ?? 0) + (http?.bytes_out ?? 0)
}
