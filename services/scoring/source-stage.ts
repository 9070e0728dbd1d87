import type { Activity } from '../../schemas/activity.ts'
import type { Entity } from '../../schemas/entity.ts'
import type { Finding } from '../../schemas/finding.ts'
import { keepSubject, type Observed } from './case.ts'
import type { Detector, SourceActivity } from './detector.ts'
import { spray } from './detectors/spray.ts'
import { sourceFactsOf } from './enrich/facts.ts'
import { benchOf, judge, type Bench } from './judge.ts'
import type { PartitionStates } from './partition-states.ts'

export const SOURCE_STAGE = 'source'

/** The detectors of the stage that is keyed by network prefix. */
export function sourceDetectors(): readonly Detector<SourceActivity, unknown>[] {
  return [spray()]
}

export function sourceBench(detectors = sourceDetectors()): Bench<SourceActivity> {
  return benchOf(detectors, false)
}

/** Judges one slim record against its source's state; `key` is its `entityKey`, as its record has it. Undefined: a repeat. */
export function scoreActivity(
  bench: Bench<SourceActivity>,
  states: PartitionStates,
  key: string,
  activity: Activity,
): readonly Finding[] | undefined {
  const facts = sourceFactsOf(activity)
  const { tenant } = activity
  const state = states.entity(key, tenant, facts.at_ms, bench.plan)
  const related = subjectOf(activity)
  const observed: Observed = {
    decision_id: activity.decision_id,
    tenant,
    origin: activity.origin,
    decided_at: activity.decided_at,
    at_ms: facts.at_ms,
    entity: activity.entity,
    related,
    refused: facts.credential_failure,
    gave_way: facts.permitted,
  }
  const trusted = activity.caused_by === undefined
  const judged = judge(bench, state, facts, observed, states.population(tenant), trusted)
  if (judged === null) return undefined
  // Whoever lets in anybody at all says nothing of a network.
  if (!judged.late) states.learnt(key, tenant, facts.at_ms, facts.permitted && related.length > 0)
  if (facts.credential_failure && !judged.late) {
    const notes = (state.notes ??= { cases: [], refused: [], subjects: [] })
    keepSubject(notes, activity.subject, facts.at_ms)
  }
  return judged.findings
}

function subjectOf(activity: Activity): readonly Entity[] {
  return activity.subject.startsWith('anonymous:') ? [] : [{ type: 'subject', id: activity.subject }]
}
