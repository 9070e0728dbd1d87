import type { Said } from './calibration/reading.ts'
import type { Detector } from './detector.ts'
import { combine } from './state/hash.ts'
import { hasWaited, isOlder, noteAtRisk, type Wait, type Waiting } from './state/entity/waiting.ts'

/** What is clearly strange waits for three days and more, what is half so until it comes back the day after. */
const LONG: Wait = { quiet_ms: 72 * 3_600_000, days: 3 }
const SHORT: Wait = { quiet_ms: 20 * 3_600_000, days: 2 }
/** Of what somebody has judged to be harmless; not nothing, since a thief may do the same. */
const SAFE_WEIGHT = 0.25

/** A score of one detector, as the rules of waiting see it. */
export interface Strange<Input> {
  readonly detector: Detector<Input, unknown>
  /** Of the detector in its bench. */
  readonly index: number
  readonly score: number
  readonly input: Input
  readonly at_ms: number
  /** What an analyst has said of the subject; undefined of nearly all. */
  readonly said: Said | undefined
}

/** Whether the score is strange enough for the decision to wait before it is learnt. */
export function isStrange<Input>(detector: Detector<Input, unknown>, score: number): boolean {
  return score > 0 && score >= (detector.wary ?? detector.thresholds.medium)
}

/**
 * Whether what the detector finds strange may be learnt: it has waited long
 * enough, or an analyst judged it to be harmless after it had come. What comes
 * anew after that judgement waits as ever: one story was judged, not the next.
 */
export function mayLearn<Input>(
  waiting: Waiting | undefined,
  { detector, index, score, input, at_ms, said }: Strange<Input>,
): boolean {
  const safe = said?.detectors.has(detector.id) === true
  if (waiting === undefined || detector.about === undefined) return safe
  const wait = score >= (detector.long_wary ?? detector.thresholds.medium) ? LONG : SHORT
  return hasWaited(
    waiting,
    combine(index + 1, detector.about(input)),
    at_ms,
    wait,
    safe ? said.safe_ms : undefined,
  )
}

/** Notes something strange of a subject at risk: it teaches nothing, and a verdict may yet say that it was harmless. */
export function waitAtRisk<Input>(
  waiting: Waiting | undefined,
  { detector, index, input, at_ms }: Strange<Input>,
): void {
  if (waiting === undefined || detector.about === undefined) return
  noteAtRisk(waiting, combine(index + 1, detector.about(input)), at_ms)
}

/** How much of what the detector says counts: a part where its findings were judged to be harmless, and this had come by then. */
export function weightOf<Input>(waiting: Waiting | undefined, strange: Strange<Input>): number {
  const { detector, index, score, input, said } = strange
  if (said === undefined || !said.detectors.has(detector.id)) return 1
  if (waiting === undefined || detector.about === undefined || !isStrange(detector, score)) return SAFE_WEIGHT
  return isOlder(waiting, combine(index + 1, detector.about(input)), said.safe_ms) ? SAFE_WEIGHT : 1
}
