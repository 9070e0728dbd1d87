import { advance } from './case.ts'
import type { Detector, Thresholds } from './detector.ts'
import { explained, type Turn } from './turn.ts'
import { notesOf } from './state/entity/entity-state.ts'

/**
 * A detector finds by itself: always in the stage of sources, and in that of
 * subjects until a first day was counted. A finding that gates kept back is
 * stored beside the score in either case.
 */
export function speakAlone<Input>(
  turn: Turn<Input>,
  index: number,
  detector: Detector<Input, unknown>,
  thresholds: Thresholds,
  score: number,
): void {
  if (score < thresholds.medium) {
    if (score > 0 && detector.ungated !== undefined) suppress(turn, index, detector, thresholds.medium, score)
    return
  }
  if (turn.late || turn.joint?.thresholds !== undefined) return
  const { state, observed } = turn
  const notes = notesOf(state)
  const { id, version, technique, most_nats } = detector
  const finding = advance(notes, { id, version, technique, thresholds, most_nats }, score, observed, () =>
    explained(turn, index, score),
  )
  if (finding !== undefined) turn.findings.push(finding)
}

/** The score without gates, with the gates' names and factors. */
function suppress<Input>(
  { state, input, population, scores }: Turn<Input>,
  index: number,
  detector: Detector<Input, unknown>,
  medium: number,
  score: number,
): void {
  const own = state.states[index]
  const before = detector.ungated?.(own, input, population) ?? score
  if (before < medium) return
  scores[`${detector.id}.ungated`] = Math.round(before * 1000) / 1000
  for (const gate of detector.explain(own, input, population).gates) {
    scores[`${detector.id}.gate.${gate.name}`] = gate.factor
  }
}
