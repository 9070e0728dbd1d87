import type { Activity } from '../../schemas/activity.ts'
import { isVantage, type Entity, type EntityType } from '../../schemas/entity.ts'
import type { Finding } from '../../schemas/finding.ts'
import { keepSubject, type Observed } from './case.ts'
import type { Detector, SourceActivity } from './detector.ts'
import { credentialSwitch } from './detectors/credential-switch.ts'
import { distributedSpray } from './detectors/distributed-spray.ts'
import { spray } from './detectors/spray.ts'
import { sourceFactsOf } from './enrich/facts.ts'
import { benchOf, judge, type Bench } from './judge.ts'
import type { PartitionStates } from './partition-states.ts'

export const SOURCE_STAGE = 'source'

/** The detectors of the second stage. */
export function sourceDetectors(): readonly Detector<SourceActivity, unknown>[] {
  return [spray(), distributedSpray(), credentialSwitch()]
}

/** The detectors of each type of entity: only theirs is kept of it. */
export type SourceBenches = ReadonlyMap<EntityType, Bench<SourceActivity>>

export function sourceBenches(detectors = sourceDetectors()): SourceBenches {
  const types = new Set(detectors.flatMap(({ entity }) => entity))
  return new Map(
    [...types].map((type) => [
      type,
      benchOf(
        detectors.filter(({ entity }) => [entity].flat().includes(type)),
        false,
      ),
    ]),
  )
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
): readonly Finding[] | undefined {
  const { tenant, entity } = activity
  const bench = benches.get(entity.type)
  if (bench === undefined) return undefined
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
  const judged = judge(bench, state, facts, observed, states.population(tenant), trusted)
  if (judged === null) return undefined
  if (!judged.late) states.learnt(key, tenant, facts.at_ms, isEstablished(activity, facts))
  if (facts.credential_failure && !judged.late) {
    const notes = (state.notes ??= { cases: [], refused: [], subjects: [] })
    keepSubject(notes, activity.subject, facts.at_ms)
  }
  return judged.findings
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
