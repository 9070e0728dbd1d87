import type { Finding } from '../../schemas/finding.ts'
import type { Scores } from '../../schemas/scored-decision.ts'
import { Readings, type Reading, type Said } from './calibration/reading.ts'
import { advance, keepRefused, prune, type Observed } from './case.ts'
import type { Detector, Explanation, Thresholds } from './detector.ts'
import { advanceJoint, hasJointCase, JOINT_SCORE, type Saying, type Scale } from './joint.ts'
import type { Population } from './state/population.ts'
import { planOf, type EntityState, type Plan } from './state/entity-state.ts'
import type { Layout } from './state/layout.ts'
import { hashId } from './state/recent-ids.ts'
import type { RunningEvidence } from './state/running-evidence.ts'
import { drop, waitingLayout, type Waiting } from './state/waiting.ts'
import { isStrange, mayLearn, waitAtRisk, weightOf } from './waits.ts'

/** Late by more than this, a decision is scored, not learnt. */
const LATE_MS = 10 * 60_000

/** Detectors of one stage, and how the state of one entity is laid out for them. */
export interface Bench<Input> {
  readonly detectors: readonly Detector<Input, unknown>[]
  /** Where the state of each lies, in their order. */
  readonly plan: Plan
  /**
   * A decision older than the ids that are still known might be a repeat, so it
   * is not learnt. Off where the log itself has already dropped repeats.
   */
  readonly strict: boolean
  /** A finding stays open for so long without another decision; undefined: as usual. */
  readonly quiet_ms: number | undefined
  /** What a finding says of how rare its score is: among decisions, or among days of single entities. */
  readonly rarity: 'once_in' | 'once_in_entity_days'
  /** How scores are read while nothing is calibrated. */
  readonly declared: readonly Reading[]
  /** Which of the states holds what waits to be learnt; undefined: nothing waits. */
  readonly waiting: number | undefined
  /** What each says of the decision in hand; overwritten by the next. */
  readonly nats: Float64Array
}

/** @param beside what else is kept of an entity, after the states of the detectors */
export function benchOf<Input>(
  detectors: readonly Detector<Input, unknown>[],
  strict: boolean,
  beside: readonly { readonly name: string; readonly layout: Layout<unknown> }[] = [],
  rarity: Bench<Input>['rarity'] = 'once_in',
): Bench<Input> {
  const waits = beside.findIndex((each) => each.layout === waitingLayout)
  return {
    detectors,
    strict,
    rarity,
    quiet_ms: detectors.find((each) => each.quiet_ms !== undefined)?.quiet_ms,
    declared: new Readings(detectors).of(''),
    waiting: waits === -1 ? undefined : detectors.length + waits,
    nats: new Float64Array(detectors.length),
    plan: planOf([
      ...detectors.map((each) => ({ name: `${each.id}@${each.version}`, layout: each.layout })),
      ...beside,
    ]),
  }
}

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

export interface Judgement {
  readonly scores: Scores
  readonly findings: readonly Finding[]
  readonly late: boolean
}

/**
 * Scores one decision with every detector, then learns it. Null: a repeat of a
 * decision that counted already.
 *
 * Scoring comes first for all, so that the decision is known to be calm or not
 * before any baseline takes it in.
 *
 * @param readings how each detector's score is read, in their order
 * @param joint where scores are calibrated: findings rest on all detectors together then
 */
export function judge<Input>(
  bench: Bench<Input>,
  state: EntityState,
  input: Input,
  observed: Observed,
  population: Population,
  trusted: boolean,
  readings = bench.declared,
  joint?: Joint,
): Judgement | null {
  const { book } = state
  const hashed = hashId(observed.decision_id)
  const atMs = observed.at_ms
  if (book.seen.has(hashed, atMs)) return null
  const late = atMs < book.last_ms - LATE_MS || (bench.strict && atMs < book.seen.forgottenMs)
  if (state.notes !== undefined && !late) state.notes = prune(state.notes, atMs, bench.quiet_ms)

  const scores: Scores = {}
  const findings: Finding[] = []
  const { nats } = bench
  const alone = joint?.thresholds === undefined
  const waiting = waitingOf(bench, state)
  const said = joint?.said
  if (said !== undefined && waiting !== undefined && !late) drop(waiting, said.dropped_ms)
  let strange = false
  let waits = false
  let definite = false
  for (let index = 0; index < bench.detectors.length; index++) {
    const detector = bench.detectors[index]
    const reading = readings[index]
    if (detector === undefined || reading === undefined) continue
    const own = state.states[index]
    const score = detector.score(own, input, population)
    const rounded = Math.round(score * 1000) / 1000
    if (rounded !== 0) scores[detector.id] = rounded
    let evidence = joint === undefined || score <= 0 ? 0 : reading.evidenceOf(score)
    const odd = isStrange(detector, score)
    if (odd || (said !== undefined && score > 0)) {
      const it = { detector, index, score, input, at_ms: atMs, said }
      evidence *= weightOf(waiting, it)
      if (odd && !late && !trusted) waitAtRisk(waiting, it)
      if (odd && !late && trusted) {
        strange = true
        if (!mayLearn(waiting, it)) waits = true
      }
    }
    nats[index] = evidence
    if (
      detector.definite !== undefined &&
      score >= detector.definite &&
      said?.detectors.has(detector.id) !== true
    )
      definite = true
    const { thresholds } = reading
    if (score < thresholds.medium) {
      if (score > 0 && detector.ungated !== undefined)
        suppress(scores, detector, thresholds.medium, score, own, input, population)
      continue
    }
    if (late || !alone) continue
    const notes = (state.notes ??= { cases: [], refused: [], subjects: [] })
    const { id, version, technique, most_nats } = detector
    const finding = advance(notes, { id, version, technique, thresholds, most_nats }, score, observed, () =>
      withRarity(bench, detector.explain(own, input, population), reading, score),
    )
    if (finding !== undefined) findings.push(finding)
  }
  if (late) return { scores, findings, late }

  if (joint !== undefined) {
    const news = joint.evidence.take(nats, joint.thing, atMs)
    if (news >= LEAST_NEWS) scores[JOINT_SCORE] = Math.round(news * 100) / 100
    const thresholds = definite ? openedBy(news, joint.thresholds) : joint.thresholds
    if (thresholds !== undefined && (news >= thresholds.medium || hasJointCase(state.notes))) {
      if (!strange) waits = true
      const notes = (state.notes ??= { cases: [], refused: [], subjects: [] })
      const sayings = sayingsOf(bench, readings, state, input, population, scores)
      const finding = advanceJoint(notes, joint, sayings, news, thresholds, observed)
      if (finding !== undefined) findings.push(finding)
    }
  }
  const standing = trusted && !waits ? CALM : RESTLESS
  for (let index = 0; index < bench.detectors.length; index++) {
    bench.detectors[index]?.learn(state.states[index], input, population, standing)
  }
  if (observed.refused) keepRefused((state.notes ??= { cases: [], refused: [], subjects: [] }), observed)
  book.seen.add(hashed, atMs)
  book.last_ms = Math.max(book.last_ms, atMs)
  return { scores, findings, late }
}

/** What is definite is a finding with whatever is new of it. */
function openedBy(news: number, thresholds: Thresholds | undefined): Thresholds | undefined {
  if (thresholds === undefined || news < LEAST_NEWS) return thresholds
  return { medium: Math.min(thresholds.medium, news), high: thresholds.high }
}

/** What of the entity waits to be learnt. */
function waitingOf<Input>({ waiting }: Bench<Input>, { states }: EntityState): Waiting | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the bench says that it lies there
  return waiting === undefined ? undefined : (states[waiting] as Waiting)
}

/** Less is not worth storing. */
const LEAST_NEWS = 2

function sayingsOf<Input>(
  bench: Bench<Input>,
  readings: readonly Reading[],
  state: EntityState,
  input: Input,
  population: Population,
  scores: Scores,
): Saying[] {
  return bench.detectors.map((detector, index) => ({
    detector,
    nats: bench.nats[index] ?? 0,
    explain() {
      const explanation = detector.explain(state.states[index], input, population)
      const reading = readings[index]
      return reading === undefined
        ? explanation
        : withRarity(bench, explanation, reading, scores[detector.id] ?? 0)
    },
  }))
}

const CALM = { calm: true }
const RESTLESS = { calm: false }

/** A finding that gates kept back is stored beside the score, with the gates' names. */
function suppress<Input>(
  scores: Scores,
  detector: Detector<Input, unknown>,
  medium: number,
  score: number,
  own: unknown,
  input: Input,
  population: Population,
): void {
  const before = detector.ungated?.(own, input, population) ?? score
  if (before < medium) return
  scores[`${detector.id}.ungated`] = Math.round(before * 1000) / 1000
  for (const gate of detector.explain(own, input, population).gates) {
    scores[`${detector.id}.gate.${gate.name}`] = gate.factor
  }
}

/** How rare the score is among others of its segment, where that is known: once in so many. */
function withRarity(
  bench: Pick<Bench<unknown>, 'rarity'>,
  explanation: Explanation,
  reading: Reading,
  score: number,
): Explanation {
  const rarity = reading.rarityOf(score)
  if (rarity === undefined) return explanation
  const once = Number(Math.exp(rarity.nats).toPrecision(2))
  const evidence = {
    ...explanation.evidence,
    [bench.rarity]: once,
    once_in_extrapolated: rarity.extrapolated,
  }
  return { ...explanation, evidence }
}
