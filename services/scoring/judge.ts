import type { Finding } from '../../schemas/finding.ts'
import type { Scores } from '../../schemas/scored-decision.ts'
import type { Bench } from './bench.ts'
import { keepRefused, prune, type Observed } from './case.ts'
import { speakAlone } from './speak-alone.ts'
import { speakTogether } from './speak-together.ts'
import { notesOf, type EntityState } from './state/entity/entity-state.ts'
import type { Population } from './state/population/population.ts'
import { hashId } from './state/entity/recent-ids.ts'
import { drop, type Waiting } from './state/entity/waiting.ts'
import type { Joint, Turn } from './turn.ts'
import { weigh } from './weigh.ts'

/** Late by more than this, a decision is scored, not learnt. */
const LATE_MS = 10 * 60_000
const CALM = { calm: true }
const RESTLESS = { calm: false }

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
  const waiting = waitingOf(bench, state)
  if (joint?.said !== undefined && waiting !== undefined && !late) drop(waiting, joint.said.dropped_ms)

  const turn: Turn<Input> = {
    bench,
    state,
    input,
    observed,
    population,
    trusted,
    late,
    readings,
    joint,
    waiting,
    scores: {},
    findings: [],
    strange: false,
    waits: false,
    definite: false,
  }
  for (let index = 0; index < bench.detectors.length; index++) {
    const detector = bench.detectors[index]
    const reading = readings[index]
    if (detector === undefined || reading === undefined) continue
    const score = weigh(turn, index, detector, reading)
    speakAlone(turn, index, detector, reading.thresholds, score)
  }
  if (!late) {
    if (joint !== undefined) speakTogether(turn, joint)
    learn(turn)
    book.seen.add(hashed, atMs)
    book.last_ms = Math.max(book.last_ms, atMs)
  }
  return { scores: turn.scores, findings: turn.findings, late }
}

/** What waits is shown to the detectors as well, and not learnt as habit. */
function learn<Input>({ bench, state, input, observed, population, trusted, waits }: Turn<Input>): void {
  const standing = trusted && !waits ? CALM : RESTLESS
  for (let index = 0; index < bench.detectors.length; index++) {
    bench.detectors[index]?.learn(state.states[index], input, population, standing)
  }
  if (observed.refused) keepRefused(notesOf(state), observed)
}

/** What of the entity waits to be learnt. */
function waitingOf<Input>({ waiting }: Bench<Input>, { states }: EntityState): Waiting | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the bench says that it lies there
  return waiting === undefined ? undefined : (states[waiting] as Waiting)
}
