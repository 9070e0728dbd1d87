import type { Thresholds } from './detector.ts'
import { advanceJoint, hasJointCase, JOINT_SCORE, type Saying } from './joint.ts'
import { explained, type Joint, type Turn } from './turn.ts'
import { notesOf } from './state/entity/entity-state.ts'

/** Less is not worth storing. */
const LEAST_NEWS = 2

/** What all detectors say together is added to what they said before; it is a finding from the threshold on. */
export function speakTogether<Input>(turn: Turn<Input>, joint: Joint): void {
  const { bench, state, observed, scores } = turn
  const news = joint.evidence.take(bench.nats, joint.thing, observed.at_ms)
  if (news >= LEAST_NEWS) scores[JOINT_SCORE] = Math.round(news * 100) / 100
  const thresholds = turn.definite ? openedBy(news, joint.thresholds) : joint.thresholds
  if (thresholds === undefined || !(news >= thresholds.medium || hasJointCase(state.notes))) return
  if (!turn.strange) turn.waits = true
  const notes = notesOf(state)
  const finding = advanceJoint(notes, joint, sayingsOf(turn), news, thresholds, observed)
  if (finding !== undefined) turn.findings.push(finding)
}

/** What is definite is a finding with whatever is new of it. */
function openedBy(news: number, thresholds: Thresholds | undefined): Thresholds | undefined {
  if (thresholds === undefined || news < LEAST_NEWS) return thresholds
  return { medium: Math.min(thresholds.medium, news), high: thresholds.high }
}

function sayingsOf<Input>(turn: Turn<Input>): Saying[] {
  const { bench, scores } = turn
  return bench.detectors.map((detector, index) => ({
    detector,
    nats: bench.nats[index] ?? 0,
    explain: () => explained(turn, index, scores[detector.id] ?? 0),
  }))
}
