import type { Activity } from '../../schemas/activity.ts'
import { entityKey, type Entity } from '../../schemas/entity.ts'
import type { Finding } from '../../schemas/finding.ts'
import { keepSubject, type Observed } from './case.ts'
import type { Detector, SourceActivity } from './detector.ts'
import { spray } from './detectors/spray.ts'
import { sourceFactsOf } from './enrich/facts.ts'
import { benchOf, judge, type Bench } from './judge.ts'
import type { StagedStates } from './staged-states.ts'

export const SOURCE_STAGE = 'source'

/** The detectors of the stage that is keyed by network prefix. */
export function sourceDetectors(): readonly Detector<SourceActivity, unknown>[] {
  return [spray()]
}

export function sourceBench(detectors = sourceDetectors()): Bench<SourceActivity> {
  return benchOf(detectors, false)
}

/** Judges one slim record against its source's state; undefined: a repeat. */
export function scoreActivity(
  bench: Bench<SourceActivity>,
  states: StagedStates,
  partition: number,
  activity: Activity,
): readonly Finding[] | undefined {
  const facts = sourceFactsOf(activity)
  const state = states.entity(entityKey(activity.tenant, activity.entity), bench.plan)
  const observed: Observed = {
    decision_id: activity.decision_id,
    tenant: activity.tenant,
    origin: activity.origin,
    decided_at: activity.decided_at,
    at_ms: facts.at_ms,
    entity: activity.entity,
    related: subjectOf(activity),
    refused: facts.credential_failure,
    gave_way: facts.permitted,
  }
  const population = states.population(activity.tenant, partition)
  const judged = judge(bench, state, facts, observed, population, activity.caused_by === undefined)
  if (judged === null) return undefined
  if (facts.credential_failure && !judged.late) {
    const notes = (state.notes ??= { cases: [], refused: [], subjects: [] })
    keepSubject(notes, activity.subject, facts.at_ms)
  }
  return judged.findings
}

function subjectOf(activity: Activity): readonly Entity[] {
  return activity.subject.startsWith('anonymous:') ? [] : [{ type: 'subject', id: activity.subject }]
}
