import type { Activity } from '../../schemas/activity.ts'
import { isVantage, type Entity, type EntityType } from '../../schemas/entity.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { SourceScores } from '../../schemas/source-scores.ts'
import { sourceScores } from '../../schemas/topics.ts'
import type { OutRecord } from '../runtime/log/event-log.ts'
import { jsonRecord } from '../runtime/log/json-record.ts'
import type { Reading, ReadingsOf } from './calibration/reading.ts'
import { keepSubject, type Observed } from './case.ts'
import type { Detector, SourceActivity } from './detector.ts'
import { credentialSwitch } from './detectors/credential-switch.ts'
import { distributedSpray } from './detectors/distributed-spray.ts'
import { spray } from './detectors/spray.ts'
import { sourceFactsOf } from './enrich/facts.ts'
import { benchOf, type Bench } from './bench.ts'
import { judge } from './judge.ts'
import type { PartitionStates } from './partition-states.ts'
import { dayHighest, type DayHighest } from './state/entity/day-highest.ts'
import { notesOf, type EntityState } from './state/entity/entity-state.ts'
import { findingRecord } from './subject-stage.ts'

const DAY_MS = 86_400_000

export const SOURCE_STAGE = 'source'

/** The detectors of the second stage. */
export function sourceDetectors(): readonly Detector<SourceActivity, unknown>[] {
  return [spray(), distributedSpray(), credentialSwitch()]
}

/** What is asked of entities of one type. */
interface SourceBench {
  readonly bench: Bench<SourceActivity>
  readonly ids: readonly string[]
  /** Where each detector stands among those of the stage. */
  readonly places: readonly number[]
}

/** The detectors of each type of entity: only theirs is kept of it. */
export type SourceBenches = ReadonlyMap<EntityType, SourceBench>

export function sourceBenches(detectors = sourceDetectors()): SourceBenches {
  const types = new Set(detectors.flatMap(({ entity }) => entity))
  return new Map(
    [...types].map((type) => {
      const own = detectors.filter(({ entity }) => [entity].flat().includes(type))
      const ids = own.map(({ id }) => id)
      const highest = { name: `day-highest@1 ${ids.join()}`, layout: dayHighest(own.length) }
      const bench = benchOf(own, false, [highest], 'once_in_entity_days')
      return [type, { bench, ids, places: own.map((each) => detectors.indexOf(each)) }]
    }),
  )
}

export interface SourceResult {
  readonly findings: readonly Finding[]
  /** What its entity has come to today, where that is news to whoever calibrates. */
  readonly scores: SourceScores | undefined
}

/**
 * Judges one slim record against its entity's state; `key` is its `entityKey`, as its record has it. Undefined: a
 * repeat, or an entity of a type that a later version knows.
 */
export function scoreActivity(
  benches: SourceBenches,
  states: PartitionStates,
  key: string,
  activity: Activity,
  readingsOf?: ReadingsOf,
): SourceResult | undefined {
  const { tenant, entity } = activity
  const own = benches.get(entity.type)
  if (own === undefined) return undefined
  const { bench } = own
  const facts = sourceFactsOf(activity)
  const state = states.entity(key, tenant, facts.at_ms, bench.plan)
  const related = relatedOf(activity)
  const observed: Observed = {
    decision_id: activity.decision_id,
    tenant,
    origin: activity.origin,
    decided_at: activity.decided_at,
    at_ms: facts.at_ms,
    entity,
    related,
    refused: facts.credential_failure,
    gave_way: facts.permitted && isVantage(entity.type),
  }
  const trusted = activity.caused_by === undefined
  const lastMs = state.book.last_ms
  const readings = readingsIn(own, readingsOf?.(tenant).of(entity.type))
  const judged = judge(bench, state, facts, observed, states.population(tenant), trusted, readings)
  if (judged === null) return undefined
  if (judged.late) return { findings: judged.findings, scores: undefined }
  states.learnt(key, tenant, facts.at_ms, isEstablished(activity, facts))
  if (facts.credential_failure) {
    const notes = notesOf(state)
    keepSubject(notes, activity.subject, facts.at_ms)
  }
  const first = Math.floor(facts.at_ms / DAY_MS) > Math.floor(lastMs / DAY_MS)
  const highest = dayHighestOf(own, state).take(own.ids, judged.scores, first)
  const told = highest !== undefined && activity.origin === 'live'
  return { findings: judged.findings, scores: told ? scoresOf(activity, highest) : undefined }
}

/** What follows from a slim record: the findings, and what calibration has to know. */
export function sourceOutputs(
  { decision_id, entity }: Activity,
  { findings, scores }: SourceResult,
): OutRecord[] {
  const records = findings.map(findingRecord)
  if (scores !== undefined)
    records.push(jsonRecord(sourceScores, scores, { ce_id: `${decision_id}.${entity.type}.scores` }))
  return records
}

function scoresOf({ tenant, entity, decided_at }: Activity, scores: SourceScores['scores']): SourceScores {
  return { schema_version: 1, tenant, entity, decided_at, scores }
}

/** Those of the type's detectors among those of the stage; undefined: as they declare. */
function readingsIn(
  { bench, places }: SourceBench,
  readings: readonly Reading[] | undefined,
): readonly Reading[] | undefined {
  return readings === undefined
    ? undefined
    : places
        .map((place, index) => readings[place] ?? bench.declared[index])
        .filter((each) => each !== undefined)
}

function dayHighestOf({ ids }: SourceBench, { states }: EntityState): DayHighest {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the bench keeps beside the detectors
  return states[ids.length] as DayHighest
}

/**
 * Remembered for long: what somebody was let in with. Of a network half an hour
 * is kept in any case, and anybody has a million of them; a device or a client
 * that nobody was let in with may be a name that somebody invents.
 */
function isEstablished({ subject, entity }: Activity, { permitted }: SourceActivity): boolean {
  return permitted && entity.type !== 'source' && !isNobody(subject)
}

function relatedOf({ subject, session_id, entity }: Activity): readonly Entity[] {
  if (isNobody(subject)) return []
  const who: Entity = { type: 'subject', id: subject }
  return entity.type === 'device' && session_id !== undefined
    ? [who, { type: 'session', id: session_id }]
    : [who]
}

function isNobody(subject: string): boolean {
  return subject.startsWith('anonymous:')
}
