import { z } from 'zod'
import { CaseFile, type CasePlace } from '../../../../schemas/case-file.ts'
import { PolicyRevision } from '../../../../schemas/policy.ts'
import { policyRevisions } from '../../../../schemas/topics.ts'
import { Verdict } from '../../../../schemas/verdict.ts'
import type { EventLog } from '../../../runtime/log/event-log.ts'
import type { Store } from '../../store/store.ts'
import type { CaseScope } from '../case-scope.ts'
import { statementOf } from '../statement.ts'
import { collected, type Collected } from './collected.ts'
import { inRange, rangeParams } from './decisions.ts'

const MOST_RISK = 2000
const MOST_VERDICTS = 200
const MOST_REVISIONS = 50
const MOST_PLACES = 50

type CaseRisk = CaseFile['risk']['rows'][number]
type CaseRevision = CaseFile['policy_revisions']['rows'][number]

const OF_ENTITIES = `tenant = {tenant:String} AND (entity_type, entity_id) IN (SELECT arrayJoin(arrayZip({types:Array(String)}, {ids:Array(String)})))`

function entityLists({ tenant, entities, from, until }: CaseScope): Record<string, unknown> {
  return {
    tenant,
    from,
    until,
    types: entities.map(({ type }) => type),
    ids: entities.map(({ id }) => id),
  }
}

const Counted = z.looseObject({ n: z.coerce.number() })

/** Every state of the entities' risk in the range, and the one that held when it began, oldest first. */
export async function collectRisk(store: Store, scope: CaseScope): Promise<Collected<CaseRisk>> {
  const Row = z.looseObject({ entity_type: z.string(), entity_id: z.string() })
  const Risk = CaseFile.shape.risk.shape.rows.element.strip()
  const columns = `entity_type, entity_id, revision, score, level, required_action, expires_at, withheld, updated_at, causes_cause AS causes`
  const inTime = `updated_at >= fromUnixTimestamp64Milli({from:Int64}) AND updated_at < fromUnixTimestamp64Milli({until:Int64})`
  let all = 0
  const params = entityLists(scope)
  const query = `SELECT *, count() OVER () AS n FROM (
       SELECT ${columns} FROM risk_states WHERE ${OF_ENTITIES} AND updated_at < fromUnixTimestamp64Milli({from:Int64})
       ORDER BY revision DESC LIMIT 1 BY entity_type, entity_id
       UNION ALL
       SELECT ${columns} FROM risk_states WHERE ${OF_ENTITIES} AND ${inTime}
       ORDER BY revision LIMIT 1 BY entity_type, entity_id, revision
     ) ORDER BY updated_at, entity_type, entity_id, revision`
  const rows = await store('the risk history', `${query} LIMIT ${MOST_RISK}`, params, (value) => {
    const { entity_type, entity_id, n, ...row } = Row.extend(Counted.shape).parse(value)
    all = n
    return Risk.parse({ ...row, entity: { type: entity_type, id: entity_id } })
  })
  return collected(rows, all, () => statementOf(query, params))
}

/** Verdicts on the entities in the range, and on the stories whenever they were given. */
export async function collectVerdicts(
  store: Store,
  scope: CaseScope,
  story_ids: readonly string[],
): Promise<Collected<Verdict>> {
  const Row = z.looseObject({ entity_type: z.string(), entity_id: z.string() }).extend(Counted.shape)
  let all = 0
  const params = { ...entityLists(scope), stories: story_ids }
  const query = `SELECT *, count() OVER () AS n FROM (
       SELECT * FROM verdicts
       WHERE tenant = {tenant:String} AND (story_id IN {stories:Array(String)} OR (${OF_ENTITIES}
         AND decided_at >= fromUnixTimestamp64Milli({from:Int64}) AND decided_at < fromUnixTimestamp64Milli({until:Int64})))
       ORDER BY ingested_at LIMIT 1 BY id, entity_type, entity_id
     ) ORDER BY decided_at, id, entity_type, entity_id`
  const rows = await store('the verdicts', `${query} LIMIT ${MOST_VERDICTS}`, params, (value) => {
    const { entity_type, entity_id, n, ...row } = Row.parse(value)
    all = n
    return Verdict.strip().parse({ ...row, entity: { type: entity_type, id: entity_id } })
  })
  return collected(rows, all, () => statementOf(query, params))
}

/** The policy revisions that decided in the range, in the order in which they came. */
export async function collectRevisions(
  store: Store,
  eventLog: EventLog,
  scope: CaseScope,
): Promise<Collected<CaseRevision>> {
  const applied = await appliedRevisions(eventLog, scope.tenant)
  const Revision = CaseFile.shape.policy_revisions.shape.rows.element
  let all = 0
  const params = rangeParams(scope)
  const query = `SELECT policy_revision AS revision, min(decided_at) AS first_decided_at, max(decided_at) AS last_decided_at,
       uniqExact(id) AS decisions, count() OVER () AS n
     FROM decisions WHERE ${inRange(scope)} AND policy_revision != ''
     GROUP BY policy_revision ORDER BY first_decided_at, revision`
  const rows = await store('the policy revisions', `${query} LIMIT ${MOST_REVISIONS}`, params, (value) => {
    const { n, ...row } = Counted.parse(value)
    all = n
    const known = applied.get(String(row['revision']))
    return Revision.parse({
      ...row,
      applied_at: known?.applied_at ?? null,
      applied_by: known?.applied_by ?? null,
    })
  })
  return collected(rows, all, () => statementOf(query, params))
}

async function appliedRevisions(eventLog: EventLog, tenant: string): Promise<Map<string, PolicyRevision>> {
  const table = await eventLog.openTable(policyRevisions)
  try {
    await table.caughtUp()
    const known = new Map<string, PolicyRevision>()
    for (const [, value] of table.entries(`${tenant}/`)) {
      const { data } = PolicyRevision.safeParse(JSON.parse(Buffer.from(value).toString('utf8')))
      if (data) known.set(data.revision, data)
    }
    return known
  } finally {
    await table.close()
  }
}

/** From where the accused came, the most used place first. */
export async function collectPlaces(store: Store, scope: CaseScope): Promise<Collected<CasePlace>> {
  const Place = CaseFile.shape.places.shape.rows.element
  let all = 0
  const params = rangeParams(scope)
  const query = `SELECT enrichment_source_country AS country, enrichment_source_city AS city,
       max(enrichment_source_latitude) AS latitude, max(enrichment_source_longitude) AS longitude,
       uniqExact(id) AS decisions, uniqExactIf(id, outcome NOT IN ('permit', 'error_open')) AS refused,
       min(decided_at) AS first_decided_at, max(decided_at) AS last_decided_at, count() OVER () AS n
     FROM decisions WHERE ${inRange(scope)}
     GROUP BY country, city ORDER BY decisions DESC, country, city`
  const rows = await store('the places', `${query} LIMIT ${MOST_PLACES}`, params, (value) => {
    const { n, ...row } = Counted.parse(value)
    all = n
    return Place.parse(row)
  })
  return collected(rows, all, () => statementOf(query, params))
}
