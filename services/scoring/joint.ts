import type { Evidence, Finding } from '../../schemas/finding.ts'
import type { Readings } from './calibration/reading.ts'
import {
  addDecisions,
  addEntities,
  addTaken,
  evidenceNats,
  isDue,
  openCase,
  stated,
  type Observed,
  type Speaker,
} from './case.ts'
import type { Explanation, Thresholds } from './detector.ts'
import type { JointPart, Notes, OpenCase } from './state/entity/entity-state.ts'
import type { RunningEvidence } from './state/entity/running-evidence.ts'

/** Under which name the evidence of all detectors against an entity stands beside a decision's scores. */
export const JOINT_SCORE = 'joint'
/** The case that rests on it; no detector may be called so. */
const JOINT = 'joint'
/** A decision that says less is none of a finding's. */
const LEAST_NATS = 2
/** A detector that says less is not named. */
const LEAST_PART = 0.5
/** One that joins with so much makes a revision of its own. */
const TELLING_PART = 2
/** So much that is new after so long is another happening, though the one before is not forgotten. */
const APART_MS = 30 * 60_000
const MOST_PARTS = 16
const MOST_PART_NATS = 32
/** What evidence that just is a finding weighs in the risk ledger. */
const AT_MEDIUM = 4

/** Says how rare so much evidence is on one day of an entity. */
export type Scale = Pick<Readings, 'jointRarityOf'>

type JointCase = OpenCase & Required<Pick<OpenCase, 'leader' | 'parts'>>

/** What one detector says of the decision in hand. */
export interface Saying {
  readonly detector: Speaker
  readonly nats: number
  readonly explain: () => Explanation
}

/**
 * Carries the finding on that rests on all detectors together: opens it when
 * the evidence that was not told yet reaches the threshold, revises it when its
 * level rises, when another detector joins in or five minutes have passed. As
 * much news again, half an hour later, is another finding, and what another detector says by then begins one. One happening is one, with the figures of the decision that said most and
 * every detector's share; what it told is no news when it comes again. Its id
 * follows from that decision's detector and the decision that opened it.
 *
 * @param joint the entity's running evidence, and what says how rare as much of it is
 * @param sayings of the decision in hand, one a detector of the bench
 * @param news evidence that was not told yet, this decision's included
 */
export function advanceJoint(
  notes: Notes,
  { evidence, scale }: { readonly evidence: RunningEvidence; readonly scale: Scale },
  sayings: readonly Saying[],
  news: number,
  thresholds: Thresholds,
  observed: Observed,
): Finding | undefined {
  const [first] = sayings
  if (first === undefined || sayings.reduce((sum, { nats }) => sum + nats, 0) < LEAST_NATS) return undefined
  const loudest = sayings.reduce((most, each) => (loudness(each) > loudness(most) ? each : most), first)
  let open = notes.cases.find(isJoint)
  const apart = open !== undefined && observed.at_ms - open.last_ms >= APART_MS
  if (open === undefined || (apart && news >= thresholds.medium)) {
    if (news < thresholds.medium) return undefined
    notes.cases = notes.cases.filter((each) => each !== open)
    open = begun(loudest, evidence, sayings, news, thresholds, observed)
    notes.cases.push(open)
    evidence.tell()
    return told(open, notes, sayings, thresholds, observed, scale)
  }
  if (apart && !hasPart(open, loudest)) return undefined
  const joined = join(open, evidence, sayings)
  if (loudness(loudest) > open.leader.nats) open.leader = leaderOf(loudest)
  evidence.tell()
  open.score = Math.max(open.score, sumOf(open.parts))
  const rises = open.level === 'MEDIUM' && open.score >= thresholds.high
  if (rises) open.level = 'HIGH'
  open.total += 1
  open.last_ms = Math.max(open.last_ms, observed.at_ms)
  addDecisions(open, [observed.decision_id])
  const taken = observed.gave_way === true && addTaken(open, observed.related)
  if (!rises && !joined && !taken && !isDue(open, observed)) {
    addEntities(open, observed.related)
    return undefined
  }
  open.revision += 1
  open.revised_ms = observed.at_ms
  return told(open, notes, sayings, thresholds, observed, scale)
}

/**
 * Whether it is the same story that goes on. What another detector says when all has been quiet for half an hour is
 * another one: it is not told, a part at a time, as if it belonged here, and is a finding of its own once there is enough.
 */
function hasPart({ parts }: JointCase, { detector }: Saying): boolean {
  return parts.some((part) => part.detector === detector.id)
}

/** Who may not say much by itself does not speak for the others. */
function loudness({ detector, nats }: Saying): number {
  return Math.min(nats, detector.most_nats ?? nats)
}

/** Whether such a finding is going on. */
export function hasJointCase(notes: Notes | undefined): boolean {
  return notes?.cases.some(isJoint) === true
}

function isJoint(open: OpenCase): open is JointCase {
  return open.leader !== undefined
}

function begun(
  loudest: Saying,
  evidence: RunningEvidence,
  sayings: readonly Saying[],
  news: number,
  thresholds: Thresholds,
  observed: Observed,
): JointCase {
  const level = news >= thresholds.high ? 'HIGH' : 'MEDIUM'
  const parts = sayings.flatMap((saying, index) => {
    const nats = evidence.newsOf(index)
    return nats >= LEAST_PART ? [partOf(saying, nats)] : []
  })
  const opened = openCase(loudest.detector, level, news, observed)
  return { ...opened, detector: JOINT, leader: leaderOf(loudest), parts: parts.slice(0, MOST_PARTS) }
}

/** Takes up what the decision adds; whether a detector joined that had not spoken. */
function join({ parts }: JointCase, evidence: RunningEvidence, sayings: readonly Saying[]): boolean {
  let joined = false
  sayings.forEach((saying, index) => {
    if (saying.nats < LEAST_PART) return
    const nats = evidence.of(index)
    const known = parts.findIndex(({ detector }) => detector === saying.detector.id)
    const before = parts[known]
    if (before !== undefined) {
      if (nats > before.nats || before.cause === undefined)
        parts[known] = partOf(saying, Math.max(nats, before.nats))
    } else if (parts.length < MOST_PARTS) {
      parts.push(partOf(saying, nats))
      joined ||= nats >= TELLING_PART
    }
  })
  return joined
}

function leaderOf(saying: Saying): JointCase['leader'] {
  const { detector, explain } = saying
  const { id, version, technique } = detector
  const nats = loudness(saying)
  return { id, version, technique, nats, explanation: explain() }
}

function partOf({ detector, nats: now, explain }: Saying, nats: number): JointPart {
  const { id, technique } = detector
  const part = { detector: id, technique, nats: round(Math.min(MOST_PART_NATS, nats)), share: 0 }
  return now > 0 ? { ...part, cause: explain().cause } : part
}

function told(
  open: JointCase,
  notes: Notes,
  sayings: readonly Saying[],
  { medium, high }: Thresholds,
  observed: Observed,
  scale: Scale,
): Finding {
  const { leader } = open
  // It was a finding when it opened, and weighs no less because the threshold has risen since.
  const thresholds = { medium: Math.min(medium, open.score), high }
  const sum = Math.max(0.001, sumOf(open.parts))
  const contributions = open.parts
    .map((part) => ({ ...part, share: round(part.nats / sum) }))
    .sort((a, b) => b.nats - a.nats || a.detector.localeCompare(b.detector))
  const others = contributions.map(({ detector }) => detector).filter((id) => id !== leader.id)
  const also = others.length === 0 ? '' : ` Also: ${others.slice(0, 5).join(', ')}.`
  const { explanation } = leader
  const finding = stated(
    open,
    notes,
    leader,
    observed,
    thresholds,
    {
      ...explanation,
      evidence: {
        ...explanation.evidence,
        joint_nats: round(open.score),
        joint_nats_of_a_finding: round(thresholds.medium),
        ...rarityOf(open.score, scale),
      },
      summary: `${explanation.summary.slice(0, 512 - also.length)}${also}`,
    },
    mostOf(contributions, sayings, evidenceNats(open.score, thresholds), thresholds.medium),
  )
  return { ...finding, contributions }
}

/** As much comes on one of so many days of single entities. */
function rarityOf(nats: number, scale: Scale): Evidence {
  const rarity = scale.jointRarityOf(nats)
  if (rarity === undefined) return {}
  return {
    joint_once_in_entity_days: Number(Math.exp(rarity.nats).toPrecision(2)),
    joint_once_in_extrapolated: rarity.extrapolated,
  }
}

/** What evidence may weigh at most: what some may not say by themselves, however rare, is left out. */
function mostOf(
  parts: readonly JointPart[],
  sayings: readonly Saying[],
  nats: number,
  least: number,
): number {
  let most = nats
  for (const { detector } of sayings) {
    const said = parts.find((each) => each.detector === detector.id)?.nats ?? 0
    if (detector.most_nats !== undefined) most -= Math.max(0, (AT_MEDIUM * said) / least - detector.most_nats)
  }
  return Math.max(0, round(most))
}

function sumOf(parts: readonly JointPart[]): number {
  return parts.reduce((sum, { nats }) => sum + nats, 0)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
