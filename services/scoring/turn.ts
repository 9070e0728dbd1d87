import type { Finding } from '../../schemas/finding.ts'
import type { Scores } from '../../schemas/scored-decision.ts'
import type { Bench } from './bench.ts'
import type { Reading, Said } from './calibration/reading.ts'
import type { Observed } from './case.ts'
import type { Explanation, Thresholds } from './detector.ts'
import type { Scale } from './joint.ts'
import type { EntityState } from './state/entity/entity-state.ts'
import type { Population } from './state/population/population.ts'
import type { RunningEvidence } from './state/entity/running-evidence.ts'
import type { Waiting } from './state/entity/waiting.ts'

/** How the evidence of all detectors against an entity is added up. */
export interface Joint {
  readonly evidence: RunningEvidence
  /** Hash of what the decision is about. */
  readonly thing: number
  /** From which on it is a finding; until that is known each detector finds for itself. */
  readonly thresholds: Thresholds | undefined
  /** What an analyst has said of the subject. */
  readonly said: Said | undefined
  /** Says how rare so much evidence is on one day of an entity. */
  readonly scale: Scale
}

/** One decision while it is judged: what is known of it, and what is said of it as the steps go by. */
export interface Turn<Input> {
  readonly bench: Bench<Input>
  readonly state: EntityState
  readonly input: Input
  readonly observed: Observed
  readonly population: Population
  /** Nobody holds the subject to be at risk. */
  readonly trusted: boolean
  readonly late: boolean
  /** How each detector's score is read, in their order. */
  readonly readings: readonly Reading[]
  /** Where scores are calibrated: findings rest on all detectors together then. */
  readonly joint: Joint | undefined
  /** What of the entity waits to be learnt. */
  readonly waiting: Waiting | undefined
  readonly scores: Scores
  readonly findings: Finding[]
  /** Some detector finds it strange. */
  strange: boolean
  /** It must not be learnt yet. */
  waits: boolean
  /** It hardly has a harmless reading. */
  definite: boolean
}

/** The figures behind a detector's score, with how rare it is among others of its segment, where that is known: once in so many. */
export function explained<Input>(
  { bench, state, input, population, readings }: Turn<Input>,
  index: number,
  score: number,
): Explanation {
  const detector = bench.detectors[index]
  if (detector === undefined) throw new Error(`no detector ${index}`)
  const explanation = detector.explain(state.states[index], input, population)
  const rarity = readings[index]?.rarityOf(score)
  if (rarity === undefined) return explanation
  const once = Number(Math.exp(rarity.nats).toPrecision(2))
  const evidence = {
    ...explanation.evidence,
    [bench.rarity]: once,
    once_in_extrapolated: rarity.extrapolated,
  }
  return { ...explanation, evidence }
}
