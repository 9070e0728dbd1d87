import type { Detector } from './detector.ts'
import type { Reading } from './calibration/reading.ts'
import type { Turn } from './turn.ts'
import { isStrange, mayLearn, waitAtRisk, weightOf } from './waits.ts'

/**
 * Asks one detector for its score of the decision in hand, writes down what it
 * says in nats, and whether the decision has to wait before it is learnt.
 * Returns the score. Hot path.
 */
export function weigh<Input>(
  turn: Turn<Input>,
  index: number,
  detector: Detector<Input, unknown>,
  reading: Reading,
): number {
  const { bench, state, input, joint, late, trusted, waiting } = turn
  const score = detector.score(state.states[index], input, turn.population)
  const rounded = Math.round(score * 1000) / 1000
  if (rounded !== 0) turn.scores[detector.id] = rounded
  const said = joint?.said
  let evidence = joint === undefined || score <= 0 ? 0 : reading.evidenceOf(score)
  const odd = isStrange(detector, score)
  if (odd || (said !== undefined && score > 0)) {
    const it = { detector, index, score, input, at_ms: turn.observed.at_ms, said }
    evidence *= weightOf(waiting, it)
    if (odd && !late && !trusted) waitAtRisk(waiting, it)
    if (odd && !late && trusted) {
      turn.strange = true
      if (!mayLearn(waiting, it)) turn.waits = true
    }
  }
  bench.nats[index] = evidence
  if (
    detector.definite !== undefined &&
    score >= detector.definite &&
    said?.detectors.has(detector.id) !== true
  )
    turn.definite = true
  return score
}
