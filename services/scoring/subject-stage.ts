import type { Activity } from '../../schemas/activity.ts'
import { isCanary } from '../../schemas/canary.ts'
import { isNobodys } from '../../schemas/chain.ts'
import { accessActivity, accessFindings, policyEffects } from '../../schemas/topics.ts'
import type { Decision } from '../../schemas/decision.ts'
import { subjectEntityId, type Entity } from '../../schemas/entity.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { PolicyEffect } from '../../schemas/policy-effect.ts'
import type { Enrichment, ScoredDecision, Scores } from '../../schemas/scored-decision.ts'
import type { OutRecord } from '../runtime/log/event-log.ts'
import { jsonRecord } from '../runtime/log/json-record.ts'
import type { ReadingsOf } from './calibration/reading.ts'
import { segmentOf } from '../../schemas/calibration-segment.ts'
import type { Observed } from './case.ts'
import type { Detector, EnrichedDecision } from './detector.ts'
import { bytesMoved } from './detectors/bytes-moved.ts'
import { concurrentUse } from './detectors/concurrent-use.ts'
import { deniedBurst } from './detectors/denied-burst.ts'
import { dormantAccount } from './detectors/dormant-account.ts'
import { enumeration } from './detectors/enumeration.ts'
import { impossibleTravel } from './detectors/impossible-travel.ts'
import { knownBadSource } from './detectors/known-bad-source.ts'
import { mfaFatigue } from './detectors/mfa-fatigue.ts'
import { offHours } from './detectors/off-hours.ts'
import { postureFall } from './detectors/posture-fall.ts'
import { rareResource } from './detectors/rare-resource.ts'
import { serviceInteractive } from './detectors/service-interactive.ts'
import { sessionReplay } from './detectors/session-replay.ts'
import { successAfterFailures } from './detectors/success-after-failures.ts'
import { unfamiliarContext } from './detectors/unfamiliar-context.ts'
import { unknownDevice } from './detectors/unknown-device.ts'
import { volume } from './detectors/volume.ts'
import { activitiesOf, networkActivity, tellingLayout, type Telling } from './enrich/activities.ts'
import { factsOf } from './enrich/facts.ts'
import { policyEffectOf, policyHabitsLayout, type PolicyHabitsState } from './intent/effect.ts'
import { benchOf, type Bench } from './bench.ts'
import { judge } from './judge.ts'
import type { PartitionStates } from './partition-states.ts'
import type { EntityState } from './state/entity/entity-state.ts'
import { runningEvidence, type RunningEvidence } from './state/entity/running-evidence.ts'
import { waitingLayout } from './state/entity/waiting.ts'

export const SUBJECT_STAGE = 'subject'

/** The detectors of the first stage. */
export function subjectDetectors(): readonly Detector<EnrichedDecision, unknown>[] {
  return [
    unfamiliarContext(),
    unknownDevice(),
    impossibleTravel(),
    concurrentUse(),
    deniedBurst(),
    successAfterFailures(),
    rareResource(),
    sessionReplay(),
    mfaFatigue(),
    dormantAccount(),
    serviceInteractive(),
    postureFall(),
    enumeration(),
    volume(),
    bytesMoved(),
    offHours(),
    knownBadSource(),
  ]
}

export function subjectBench(detectors = subjectDetectors()): Bench<EnrichedDecision> {
  return benchOf(detectors, true, [
    { name: 'telling@1', layout: tellingLayout },
    { name: 'policy-habits@1', layout: policyHabitsLayout },
    { name: 'waiting@1', layout: waitingLayout },
    // By place in the list: another list's evidence says nothing here.
    {
      name: `evidence@1 ${detectors.map(({ id, version }) => `${id}@${version}`).join()}`,
      layout: runningEvidence(detectors.length),
    },
  ])
}

export interface SubjectResult {
  readonly scored: ScoredDecision
  /** For the second stage. */
  readonly activities: readonly Activity[]
  /** For the stage of places of a policy; nearly no decision has one. */
  readonly effect: PolicyEffect | undefined
  readonly findings: readonly Finding[]
  readonly late: boolean
}

/**
 * Scores one decision against its subject's state; `key` is its `decisionKey`, as
 * its record has it. Null: a repeat. An anonymous
 * subject has no habits, so nothing is scored; its source's are, in the next
 * stage. A canary is nobody: it passes, and teaches nothing; so does a decision whose person is erased.
 */
export function scoreDecision(
  bench: Bench<EnrichedDecision>,
  states: PartitionStates,
  key: string,
  decision: Decision,
  enrichment: Enrichment,
  readingsOf?: ReadingsOf,
): SubjectResult | null {
  if (decision.subject.type === 'anonymous' || isCanary(decision) || isNobodys(decision)) {
    const scores: Scores = {}
    const network = networkActivity(decision, enrichment)
    const told = network !== undefined && isFirst(states, decision)
    const activities = told ? [network] : []
    return {
      scored: { decision, enrichment, scores },
      activities,
      effect: undefined,
      findings: [],
      late: false,
    }
  }
  const facts = factsOf(decision, enrichment)
  const observed = new ObservedDecision(facts)
  const risk = decision.risk_at_decision?.level
  const trusted = (risk === undefined || risk === 'LOW') && decision.caused_by === undefined
  const { tenant } = decision
  const state = states.entity(key, tenant, facts.at_ms, bench.plan)
  const segment = segmentOf(decision.subject.type, enrichment.resource.sensitivity)
  const calibrated = readingsOf?.(tenant)
  const joint =
    calibrated === undefined || calibrated.version === 0
      ? undefined
      : {
          evidence: evidenceOf(bench, state),
          thing: facts.resource,
          thresholds: calibrated.joint,
          said: calibrated.saidOf(() => subjectEntityId(decision.subject), facts.at_ms),
          scale: calibrated,
        }
  const familiar = familiarIn(bench, state, facts)
  const population = states.population(tenant)
  const judged = judge(bench, state, facts, observed, population, trusted, calibrated?.of(segment), joint)
  if (judged === null) return null
  const { scores, findings, late } = judged
  if (!late) states.learnt(key, tenant, facts.at_ms, facts.permitted)
  const activities = activitiesOf(
    facts,
    tellingOf(bench, state),
    familiar,
    !late && decision.caused_by === undefined,
  )
  const effect = late ? undefined : policyEffectOf(policyHabitsOf(bench, state), facts, trusted)
  return { scored: { decision, enrichment, scores }, activities, effect, findings, late }
}

/**
 * A subject's own state tells repeats, and nobody has one. One that comes late is
 * passed on nevertheless, since the store counts each once; only its source is not
 * told again.
 */
function isFirst(states: PartitionStates, { tenant, pep, decided_at }: Decision): boolean {
  if (pep?.boot_id === undefined || pep.seq === undefined) return true
  return states.population(tenant).isFirst(pep.boot_id, pep.seq, Date.parse(decided_at))
}

/** Before the decision is learnt, and what it brings is familiar. */
function familiarIn(
  { detectors }: Bench<EnrichedDecision>,
  { states }: EntityState,
  facts: EnrichedDecision,
): boolean | undefined {
  for (let index = 0; index < detectors.length; index++) {
    const detector = detectors[index]
    if (detector?.familiar !== undefined) return detector.familiar(states[index], facts)
  }
  return undefined
}

function tellingOf({ detectors }: Bench<EnrichedDecision>, { states }: EntityState): Telling {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the bench keeps beside the detectors
  return states[detectors.length] as Telling
}

function evidenceOf({ detectors }: Bench<EnrichedDecision>, { states }: EntityState): RunningEvidence {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the bench keeps beside the detectors
  return states[detectors.length + 3] as RunningEvidence
}

function policyHabitsOf({ detectors }: Bench<EnrichedDecision>, { states }: EntityState): PolicyHabitsState {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the bench keeps beside the detectors
  return states[detectors.length + 1] as PolicyHabitsState
}

/** Entities are put together when a finding asks for them: nearly no decision makes one. */
class ObservedDecision implements Observed {
  readonly decision_id: string
  readonly tenant: string
  readonly origin: Finding['origin']
  readonly decided_at: string
  readonly at_ms: number
  readonly refused: boolean
  readonly #facts: EnrichedDecision

  constructor(facts: EnrichedDecision) {
    const { decision } = facts
    this.decision_id = decision.id
    this.tenant = decision.tenant
    this.origin = decision.origin
    this.decided_at = decision.decided_at
    this.at_ms = facts.at_ms
    this.refused = facts.refused
    this.#facts = facts
  }

  get entity(): Entity {
    return { type: 'subject', id: subjectEntityId(this.#facts.decision.subject) }
  }

  get related(): Entity[] {
    return relatedOf(this.#facts.decision, this.#facts.enrichment)
  }
}

/** What follows from a scored decision: itself as a record, slim records for the second stage, and its findings. */
export function subjectOutputs(
  { scored, activities, effect, findings }: SubjectResult,
  scoredRecord: OutRecord,
): OutRecord[] {
  const { decision } = scored
  const records = [scoredRecord]
  for (const activity of activities)
    records.push(jsonRecord(accessActivity, activity, { ce_id: `${decision.id}.${activity.entity.type}` }))
  if (effect !== undefined)
    records.push(jsonRecord(policyEffects, effect, { ce_id: `${decision.id}.policy` }))
  for (const finding of findings) records.push(findingRecord(finding))
  return records
}

/** A finding's event; every revision is an event of its own. */
export function findingRecord(finding: Finding): OutRecord {
  return jsonRecord(accessFindings, finding, { ce_id: `${finding.id}.${finding.revision}` })
}

function relatedOf(decision: Decision, enrichment: Enrichment): Entity[] {
  const entities: Entity[] = []
  const { session_id } = decision.subject
  if (session_id !== undefined) entities.push({ type: 'session', id: session_id })
  if (decision.device?.id !== undefined) entities.push({ type: 'device', id: decision.device.id })
  if (enrichment.source.prefix !== '') entities.push({ type: 'source', id: enrichment.source.prefix })
  return entities
}
