import { z } from 'zod'
import type { Entity } from '../../../schemas/entity.ts'
import { Finding } from '../../../schemas/finding.ts'
import { RiskState } from '../../../schemas/risk.ts'
import { Story } from '../../../schemas/story.ts'
import type { DecisionRow } from '../decision-row.ts'
import type { Store } from './store.ts'

/** How far a finding's time may be from its decisions': late events come up to ten minutes late. */
const SLACK_MS = 600_000

/** Two arrays of equal length, as the store keeps a list of objects. */
const zip = (types: readonly string[], ids: readonly string[]) =>
  types.map((type, i) => ({ type, id: ids[i] ?? '' }))

const FindingRow = z.looseObject({
  detector_id: z.string(),
  detector_version: z.number(),
  entity_type: z.string(),
  entity_id: z.string(),
  entities_type: z.array(z.string()),
  entities_id: z.array(z.string()),
  gates_name: z.array(z.string()),
  gates_factor: z.array(z.number()),
  evidence: z.string(),
  closed_at: z.string().nullish(),
})

/** A row of `findings` as schemas/finding.ts has it. */
export function toFinding(value: unknown): Finding {
  const row = FindingRow.parse(value)
  const { closed_at, ...rest } = row
  return Finding.strip().parse({
    ...rest,
    ...(typeof closed_at === 'string' && { closed_at }),
    detector: { id: row.detector_id, version: row.detector_version },
    entity: { type: row.entity_type, id: row.entity_id },
    entities: zip(row.entities_type, row.entities_id),
    gates: row.gates_name.map((name, i) => ({ name, factor: row.gates_factor[i] ?? 1 })),
    evidence: JSON.parse(row.evidence || '{}') as unknown,
  })
}

/** Findings that name the decision among those that contributed. */
export function findingsOfDecision(
  store: Store,
  { id, tenant, decided_at }: DecisionRow,
): Promise<Finding[]> {
  const at = Date.parse(decided_at)
  return store(
    'the findings',
    `SELECT * FROM findings
     WHERE tenant = {tenant:String} AND has(decision_ids, {id:String})
       AND observed_at >= fromUnixTimestamp64Milli({from:Int64})
       AND first_observed_at <= fromUnixTimestamp64Milli({to:Int64})
     ORDER BY revision DESC LIMIT 1 BY id LIMIT 20`,
    { tenant, id, from: at - SLACK_MS, to: at + SLACK_MS },
    toFinding,
  )
}

/** Findings by their ids, in their newest revision. */
export async function findingsById(store: Store, tenant: string, ids: readonly string[]): Promise<Finding[]> {
  if (ids.length === 0) return []
  return store(
    'the findings',
    `SELECT * FROM findings WHERE tenant = {tenant:String} AND id IN {ids:Array(String)}
     ORDER BY revision DESC LIMIT 1 BY id LIMIT 20`,
    { tenant, ids },
    toFinding,
  )
}

const StoryRow = z.looseObject({ entities_type: z.array(z.string()), entities_id: z.array(z.string()) })

/** Stories that one of the findings belongs to. */
export async function storiesOfFindings(
  store: Store,
  tenant: string,
  ids: readonly string[],
): Promise<Story[]> {
  if (ids.length === 0) return []
  return store(
    'the stories',
    `SELECT * FROM stories
     WHERE tenant = {tenant:String} AND hasAny(finding_ids, {ids:Array(String)})
     ORDER BY revision DESC LIMIT 1 BY id LIMIT 20`,
    { tenant, ids },
    toStory,
  )
}

/** A row of `stories` as schemas/story.ts has it. */
export function toStory(value: unknown): Story {
  const row = StoryRow.parse(value)
  return Story.strip().parse({ ...row, entities: zip(row.entities_type, row.entities_id) })
}

/** What an explanation needs of an entity's risk. */
const RiskFacts = RiskState.pick({
  tenant: true,
  entity: true,
  revision: true,
  score: true,
  level: true,
  required_action: true,
  expires_at: true,
  withheld: true,
}).strip()
export interface RiskFacts extends z.infer<typeof RiskFacts> {
  /** The findings that it rests on. */
  readonly finding_ids: readonly string[]
}

export function toRiskFacts(state: RiskState): RiskFacts {
  return { ...RiskFacts.parse(state), finding_ids: state.causes.flatMap((cause) => cause.finding_ids) }
}

const RiskRow = z.looseObject({
  entity_type: z.string(),
  entity_id: z.string(),
  finding_ids: z.array(z.string()),
})

/** The newest risk until an instant of each of the entities that has any. */
export function risksOf(
  store: Store,
  tenant: string,
  entities: readonly Entity[],
  untilMs: number,
): Promise<RiskFacts[]> {
  return store(
    'the risk',
    `SELECT tenant, entity_type, entity_id, revision, score, level, required_action, expires_at, withheld,
       arrayDistinct(arrayFlatten(causes_finding_ids)) AS finding_ids
     FROM risk_states
     WHERE tenant = {tenant:String}
       AND (entity_type, entity_id) IN (SELECT arrayJoin(arrayZip({types:Array(String)}, {ids:Array(String)})))
       AND updated_at <= fromUnixTimestamp64Milli({until:Int64})
     ORDER BY revision DESC LIMIT 1 BY entity_type, entity_id`,
    { tenant, until: untilMs, types: entities.map(({ type }) => type), ids: entities.map(({ id }) => id) },
    (value) => {
      const row = RiskRow.parse(value)
      return {
        ...RiskFacts.parse({ ...row, entity: { type: row.entity_type, id: row.entity_id } }),
        finding_ids: row.finding_ids,
      }
    },
  )
}
