import type { Finding } from '../../schemas/finding.ts'
import type { Scores } from '../../schemas/scored-decision.ts'
import { Readings, type Reading } from './calibration/reading.ts'
import { advance, keepRefused, prune, type Observed } from './case.ts'
import type { Detector, Explanation, Thresholds } from './detector.ts'
import { advanceJoint, hasJointCase, JOINT_SCORE, type Saying } from './joint.ts'
import type { Population } from './state/population.ts'
import { combine } from './state/hash.ts'
import { planOf, type EntityState, type Plan } from './state/entity-state.ts'
import type { Layout } from './state/layout.ts'
import { hashId } from './state/recent-ids.ts'
import type { RunningEvidence } from './state/running-evidence.ts'
import { hasWaited, waitingLayout, type Wait, type Waiting } from './state/waiting.ts'

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
): Bench<Input> {
  const waits = beside.findIndex((each) => each.layout === waitingLayout)
  return {
    detectors,
    strict,
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
  /** Detectors that an analyst has said find only what is harmless with this subject. */
  readonly safe: ReadonlySet<string> | undefined
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
  let strange = false
  let waits = false
  for (let index = 0; index < bench.detectors.length; index++) {
    const detector = bench.detectors[index]
    const reading = readings[index]
    if (detector === undefined || reading === undefined) continue
    const own = state.states[index]
    const score = detector.score(own, input, population)
    const rounded = Math.round(score * 1000) / 1000
    if (rounded !== 0) scores[detector.id] = rounded
    const safe = joint?.safe?.has(detector.id) === true
    if (joint !== undefined)
      nats[index] = score > 0 ? reading.evidenceOf(score) * (safe ? SAFE_WEIGHT : 1) : 0
    if (trusted && !late && score > 0 && score >= (detector.wary ?? detector.thresholds.medium)) {
      strange = true
      if (!safe && !mayLearn(bench, state, index, score, input, atMs)) waits = true
    }
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
      withRarity(detector.explain(own, input, population), reading, score),
    )
    if (finding !== undefined) findings.push(finding)
  }
  if (late) return { scores, findings, late }

  if (joint !== undefined) {
    const news = joint.evidence.take(nats, joint.thing, atMs)
    if (news >= LEAST_NEWS) scores[JOINT_SCORE] = Math.round(news * 100) / 100
    const { thresholds } = joint
    if (thresholds !== undefined && (news >= thresholds.medium || hasJointCase(state.notes))) {
      if (!strange) waits = true
      const notes = (state.notes ??= { cases: [], refused: [], subjects: [] })
      const sayings = sayingsOf(bench, readings, state, input, population, scores)
      const finding = advanceJoint(notes, joint.evidence, sayings, news, thresholds, observed)
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

/** What is clearly strange waits for three days and more, what is half so until it comes back the day after. */
const LONG: Wait = { quiet_ms: 72 * 3_600_000, days: 3 }
const SHORT: Wait = { quiet_ms: 20 * 3_600_000, days: 2 }

/** Whether what the detector finds strange has waited long enough to become habit, as far as that waits at all. */
function mayLearn<Input>(
  { detectors, waiting }: Bench<Input>,
  { states }: EntityState,
  index: number,
  score: number,
  input: Input,
  atMs: number,
): boolean {
  const detector = detectors[index]
  if (waiting === undefined || detector?.about === undefined) return false
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the bench says that it lies there
  const own = states[waiting] as Waiting
  const wait = score >= (detector.long_wary ?? detector.thresholds.medium) ? LONG : SHORT
  return hasWaited(own, combine(index + 1, detector.about(input)), atMs, wait)
}

/** Of what somebody has judged to be harmless; not nothing, since a thief may do the same. */
const SAFE_WEIGHT = 0.25
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
      return reading === undefined ? explanation : withRarity(explanation, reading, scores[detector.id] ?? 0)
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

/** How rare the score is among decisions like this one, where that is known: once in so many. */
function withRarity(explanation: Explanation, reading: Reading, score: number): Explanation {
  const rarity = reading.rarityOf(score)
  if (rarity === undefined) return explanation
  const once = Number(Math.exp(rarity.nats).toPrecision(2))
  const evidence = { ...explanation.evidence, once_in: once, once_in_extrapolated: rarity.extrapolated }
  return { ...explanation, evidence }
}
