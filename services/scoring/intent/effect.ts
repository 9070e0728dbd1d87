import type { Decision } from '../../../schemas/decision.ts'
import { subjectEntityId } from '../../../schemas/entity.ts'
import type { PolicyEffect } from '../../../schemas/policy-effect.ts'
import { REFUSALS_BY_POLICY } from '../../../schemas/reasons.ts'
import type { EnrichedDecision } from '../detector.ts'
import { begin, hash32 } from '../state/hash.ts'
import { layout, type StateOf } from '../state/form/layout.ts'
import { policyHabits } from './policy-habits.ts'

const DAY_MS = 86_400_000
const MOST_ID = 300

const fields = { habits: policyHabits }
/** What the state of a subject keeps for this. */
export const policyHabitsLayout = layout(fields)
export type PolicyHabitsState = StateOf<typeof fields>

const HEXADECIMAL = /^[0-9a-f]{8}/
const REVISION = begin('revision ')
const ROUTE = begin('route ')

/**
 * What a decision says of the policy revision that made it, given where its
 * subject is established; undefined where that is nothing new. Only decisions
 * that name their revision count, and no outcome that risk has caused.
 *
 * @param trusted the subject was at no risk: what it is let in to may become habit
 */
export function policyEffectOf(
  { habits }: PolicyHabitsState,
  facts: EnrichedDecision,
  trusted: boolean,
): PolicyEffect | undefined {
  const { decision } = facts
  const { policy, outcome } = decision
  if (policy?.revision === undefined || decision.caused_by !== undefined) return undefined
  const day = Math.floor(facts.at_ms / DAY_MS)
  const reason = decision.reasons?.[0]
  const refused = outcome === 'deny' && reason !== undefined && REFUSALS_BY_POLICY.has(reason)
  if (!refused && !(outcome === 'permit' && trusted)) return undefined
  const place = placeOf(facts)
  const revision = revisionMark(policy.revision)
  const change = refused ? habits.refused(place, revision, day) : habits.permitted(place, revision, day)
  if (change === undefined) return undefined
  return {
    schema_version: 1,
    tenant: decision.tenant,
    origin: decision.origin,
    entity: { type: 'policy_rule', id: placeName(decision) },
    decision_id: decision.id,
    decided_at: decision.decided_at,
    subject: subjectEntityId(decision.subject),
    kind: change.kind,
    revision: policy.revision,
    ...(change.before === 0 ? {} : { before: shortOf(change.before) }),
    ...(change.releases === 0 ? {} : { releases: shortOf(change.releases) }),
    first: change.first,
    ...(policy.rule_id === undefined ? {} : { rule_id: policy.rule_id }),
    ...(policy.route_id === undefined ? {} : { route_id: policy.route_id }),
    app: decision.resource.app ?? '',
    ...(refused ? { reason } : {}),
    ...(policy.shadow === undefined ? {} : { shadow: policy.shadow }),
  }
}

/** A revision as the state of a subject remembers it: the first 8 digits of a content hash, which people know it by; of another name a hash. */
export function shortRevision(revision: string): string {
  return shortOf(revisionMark(revision))
}

/** 32 bits of a revision, never 0. */
function revisionMark(revision: string): number {
  return (
    (HEXADECIMAL.test(revision) ? Number.parseInt(revision.slice(0, 8), 16) : hash32(revision, REVISION)) || 1
  )
}

function shortOf(hash: number): string {
  return hash.toString(16).padStart(8, '0')
}

/**
 * A route, where the enforcement point names routes of its policy; else the
 * application: people use a dozen of them, and fifty path templates.
 */
function placeOf({ decision: { policy }, app }: EnrichedDecision): number {
  return policy?.route_id === undefined ? app : hash32(policy.route_id, ROUTE ^ app)
}

/** `<application> <route>`: what stays the same from revision to revision, where rules come and go. */
function placeName({ policy, resource }: Decision): string {
  const app = resource.app ?? resource.type
  const where = policy?.route_id ?? ''
  return `${app} ${where}`.trim().slice(0, MOST_ID).toWellFormed()
}
