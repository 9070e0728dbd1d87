import { hash } from 'node:crypto'
import { entityKey, isVantage } from '../../../schemas/entity.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Cause } from '../../../schemas/reasons.ts'
import type { Story } from '../../../schemas/story.ts'
import { causesOf } from '../ledger/causes-of.ts'
import { higherLevel, isHigher } from '../ledger/level.ts'
import { DEFAULT_PARAMETERS } from '../ledger/parameters.ts'
import { actorsOf, joinedActors } from './actors.ts'
import { entitiesOf } from './match.ts'
import { titleOf } from './title.ts'

const MAX_LISTED = 100
const MAX_NAMES = 16

/** A story's id follows from the finding that opened it: told twice, it is the same story. */
function storyId(finding: Finding): string {
  return `s-${hash('sha256', `${finding.tenant}\n${finding.id}\n${finding.revision}`, 'hex').slice(0, 24)}`
}

/** The story that begins with a finding. */
export function openStory(finding: Finding): Story {
  const entities = distinct([], finding)
  return {
    schema_version: 1,
    id: storyId(finding),
    tenant: finding.tenant,
    origin: finding.origin,
    revision: 1,
    state: 'open',
    merged_into: null,
    title: titleOf(finding),
    risk_level: finding.risk_level,
    causes: causesTold(finding),
    detectors: [finding.detector.id],
    techniques: [finding.technique],
    headline_finding_id: finding.id,
    entities,
    entities_total: entities.length,
    suspects: [],
    actors: actorsOf(finding),
    finding_ids: [finding.id],
    findings_total: 1,
    response: 'none',
    opened_at: finding.first_observed_at,
    observed_at: finding.observed_at,
    closed_at: null,
    owner: null,
    verdict: null,
  }
}

/**
 * The story with one more finding, or a newer revision of one. Lists are
 * bounded, totals go on. The title is that of the finding that weighs
 * most: the first of the highest level, and a network that attacks many before
 * what became of one. A record that comes twice changes nothing.
 */
export function absorb(story: Story, finding: Finding): Story {
  const known = story.finding_ids.includes(finding.id)
  if (known && finding.observed_at <= story.observed_at && !isHigher(finding.risk_level, story.risk_level))
    return story
  const entities = distinct(story.entities, finding)
  const leads =
    isHigher(finding.risk_level, story.risk_level) ||
    finding.id === story.headline_finding_id ||
    (isVantage(finding.entity.type) && !isHigher(story.risk_level, finding.risk_level))
  const [first, ...rest] = story.finding_ids
  const over = finding.closed_at === undefined ? undefined : withClosed(story, finding.id)
  return {
    ...story,
    ...(over === undefined ? {} : { closed_finding_ids: over }),
    revision: story.revision + 1,
    title: leads ? titleOf(finding) : story.title,
    ...(leads ? { headline_finding_id: finding.id } : {}),
    risk_level: higherLevel(story.risk_level, finding.risk_level),
    causes: [...new Set([...story.causes, ...causesTold(finding)])].slice(0, 8),
    detectors: union(story.detectors, finding.detector.id, MAX_NAMES),
    techniques: union(story.techniques ?? [], finding.technique, MAX_NAMES),
    entities: entities.slice(0, MAX_LISTED),
    entities_total: Math.max(story.entities_total, entities.length),
    actors: joinedActors(story.actors ?? [], actorsOf(finding)),
    // The finding that opened the story stays in the list; of the others the newest.
    finding_ids:
      known || first === undefined
        ? story.finding_ids
        : [first, ...rest.slice(-(MAX_LISTED - 2)), finding.id],
    findings_total: story.findings_total + (known ? 0 : 1),
    opened_at: earlier(story.opened_at, finding.first_observed_at),
    observed_at: later(story.observed_at, finding.observed_at),
  }
}

function withClosed({ closed_finding_ids: known = [] }: Story, id: string): string[] {
  return known.includes(id) ? known : [...known, id].slice(-MAX_LISTED)
}

/** Joins `other` into `story`: what both tell is one happening. The other is left pointing here. */
export function merge(story: Story, other: Story): readonly [Story, Story] {
  const keys = new Set(story.entities.map((entity) => entityKey('', entity)))
  const entities = [...story.entities, ...other.entities.filter((e) => !keys.has(entityKey('', e)))]
  const suspectKeys = new Set((story.suspects ?? []).map((entity) => entityKey('', entity)))
  const suspects = [
    ...(story.suspects ?? []),
    ...(other.suspects ?? []).filter((e) => !suspectKeys.has(entityKey('', e))),
  ]
  const leads = isHigher(other.risk_level, story.risk_level)
  const headline = leads ? other.headline_finding_id : story.headline_finding_id
  const closed = [...(story.closed_finding_ids ?? []), ...(other.closed_finding_ids ?? [])]
  const finding_ids = [...new Set([...story.finding_ids, ...other.finding_ids])]
  const merged: Story = {
    ...story,
    revision: story.revision + 1,
    title: leads ? other.title : story.title,
    ...(headline === undefined ? {} : { headline_finding_id: headline }),
    risk_level: higherLevel(story.risk_level, other.risk_level),
    causes: [...new Set([...story.causes, ...other.causes])].slice(0, 8),
    detectors: [...new Set([...story.detectors, ...other.detectors])].slice(0, MAX_NAMES),
    techniques: [...new Set([...(story.techniques ?? []), ...(other.techniques ?? [])])].slice(0, MAX_NAMES),
    entities: entities.slice(0, MAX_LISTED),
    entities_total: Math.max(entities.length, story.entities_total, other.entities_total),
    suspects: suspects.slice(0, MAX_LISTED),
    actors: joinedActors(story.actors ?? [], other.actors ?? []),
    finding_ids: finding_ids.slice(0, MAX_LISTED),
    findings_total: story.findings_total + other.findings_total,
    ...(closed.length === 0 ? {} : { closed_finding_ids: closed.slice(0, MAX_LISTED) }),
    response: strongest(story.response, other.response),
    opened_at: earlier(story.opened_at, other.opened_at),
    observed_at: later(story.observed_at, other.observed_at),
  }
  return [merged, { ...other, revision: other.revision + 1, state: 'merged', merged_into: story.id }]
}

const RESPONSES = { none: 0, raise_risk: 1, revoke: 2 } as const

export function strongest(a: Story['response'], b: Story['response']): Story['response'] {
  return RESPONSES[a] >= RESPONSES[b] ? a : b
}

/** The entities that are listed, and the finding's own that are not yet, without end: the caller cuts. */
function distinct(listed: Story['entities'], finding: Finding): Story['entities'] {
  const all = new Map(listed.map((entity) => [entityKey('', entity), entity]))
  for (const entity of entitiesOf(finding)) all.set(entityKey('', entity), entity)
  return [...all.values()]
}

/** A finding's own cause, and the others that it rests on as far as a revoke would count them. */
function causesTold(finding: Finding): Cause[] {
  const others = [...causesOf(finding)].filter(([, nats]) => nats >= DEFAULT_PARAMETERS.revoke_cause_nats)
  return [...new Set([finding.cause, ...others.map(([cause]) => cause)])]
}

function union<T>(list: readonly T[], item: T, max: number): T[] {
  return list.includes(item) || list.length >= max ? [...list] : [...list, item]
}

function earlier(a: string, b: string): string {
  return a < b ? a : b
}

function later(a: string, b: string): string {
  return a > b ? a : b
}
