import { hash } from 'node:crypto'
import type { Finding } from '../../../schemas/finding.ts'
import type { PolicyEffect } from '../../../schemas/policy-effect.ts'
import { instantMs } from '../state/instant.ts'
import type { PolicyCase, PolicyRun } from '../state/entity/policy-runs.ts'
import { betaExceeds } from '../statistics/beta-exceeds.ts'

/**
 * Policy intent: a new revision of a policy refuses people who were let in
 * before it, more of them than the policy refuses anyway.
 *
 * Catches a rule that lost a group, a condition that fails, a tier that is
 * demanded of devices that don't have it, a rule before the one that let people
 * in; with the fourth person, wherever they come from. Misses a change that
 * concerns fewer than four people, one that asks for more proof instead of
 * refusing, one that refuses some requests of a route and lets in others of the
 * same people there, a route that was taken out (who asks is not known then), and people who
 * were let in on one day only.
 *
 * False positives: people who were to lose access. Three of a large team are
 * too few to stand out; a whole team that is to lose it looks the same as one
 * that is not, and the platform team knows.
 *
 *     n = people established here whom the revision judged, k = those whom it refuses now
 *     b = people among these n whom the policy refused at least once in the month before
 *     P = P(share after > share before + 0.005), both Beta(1 + hits, 1 + misses) of n
 *     MEDIUM from k = 4 and P = 0.99, HIGH from k = 10; over when half of them get in again
 *
 * It is no evidence against anybody: `evidence_nats` is 0, and the people are
 * named because they were hit.
 *
 * @see `statistics/beta-exceeds.ts` for the posterior and its source.
 * @example 4 of 4 people refused, none of them before: P = 0.9958; 3 of 15: 0.94; 14 of 15: 1.
 */
const POLICY_INTENT = { id: 'policy-intent', version: 1 } as const

/** ATT&CK Account Access Removal: what it is when somebody does it on purpose. */
const TECHNIQUE = 'T1531'
const LEAST_PEOPLE = 4
const MANY_PEOPLE = 10
const SURE = 0.99
const MARGIN = 0.005
const REVISE_MS = 5 * 60_000
/** So many people are told one by one; after them, what comes within five minutes is told together. */
const MOST_NAMED = 50

/** People whom the revision refuses now. */
function refusedNow(run: PolicyRun): number {
  return Math.max(0, run.blocked - run.let_in - run.moved)
}

/** P that the revision refuses a larger share of the established than was refused before. */
function probabilityOf(run: PolicyRun): number {
  const trials = run.kept + run.blocked
  const hits = Math.min(trials, refusedNow(run))
  return betaExceeds({ hits, trials }, { hits: Math.min(trials, run.refused_before), trials }, MARGIN)
}

/** Opens, revises or closes the finding about a revision at one place, when there is something to tell. */
export function tellOf(run: PolicyRun, effect: PolicyEffect): Finding | undefined {
  const now = refusedNow(run)
  const { told } = run
  const atMs = instantMs(effect.decided_at)
  const eased = now * 2 <= run.blocked
  if (told !== undefined && eased) {
    run.told = undefined
    told.revision += 1
    return { ...findingOf(run, told, effect, probabilityOf(run)), closed_at: effect.decided_at }
  }
  if (eased || now < LEAST_PEOPLE) return undefined
  const level = now >= MANY_PEOPLE ? 'HIGH' : 'MEDIUM'
  if (told === undefined) {
    const probability = probabilityOf(run)
    if (probability < SURE) return undefined
    run.told = openCase(effect, level, now, atMs)
    return findingOf(run, run.told, effect, probability)
  }
  const grows = now > told.most
  if (!(grows && now <= MOST_NAMED) && atMs - told.revised_ms < REVISE_MS) return undefined
  if (grows) told.most = now
  if (level === 'HIGH') told.level = level
  told.revision += 1
  told.revised_ms = atMs
  return findingOf(run, told, effect, probabilityOf(run))
}

function openCase(effect: PolicyEffect, level: PolicyCase['level'], most: number, atMs: number): PolicyCase {
  const { tenant, entity, decision_id, decided_at } = effect
  const { id, version } = POLICY_INTENT
  const parts = [id, version, tenant, entity.type, entity.id, decision_id]
  return {
    id: hash('sha256', JSON.stringify(parts), 'hex').slice(0, 32),
    opened_at: decided_at,
    revision: 1,
    level,
    most,
    revised_ms: atMs,
  }
}

function findingOf(run: PolicyRun, told: PolicyCase, effect: PolicyEffect, probability: number): Finding {
  const now = refusedNow(run)
  const people = run.people.map(({ id }) => ({ type: 'subject' as const, id }))
  const known = run.kept + run.blocked
  return {
    schema_version: 1,
    id: told.id,
    revision: told.revision,
    tenant: effect.tenant,
    origin: effect.origin,
    detector: { ...POLICY_INTENT },
    cause: 'policy',
    entity: effect.entity,
    // The revision is an entity of its own, so that all that it does is one story.
    entities: [{ type: 'policy_rule' as const, id: `revision ${run.revision}` }, ...people].slice(0, 50),
    score: now,
    evidence_nats: 0,
    risk_level: told.level,
    observed_at: effect.decided_at,
    first_observed_at: told.opened_at,
    decision_ids: run.decision_ids.slice(),
    decisions_total: run.decision_ids.length,
    technique: TECHNIQUE,
    evidence: {
      policy_revision: run.revision,
      policy_revision_before: run.before === '' ? null : run.before,
      route: effect.route_id ?? null,
      app: effect.app,
      rule: run.first?.rule_id ?? null,
      first_reason: run.first?.reason ?? null,
      first_refused_at: run.first?.at ?? null,
      first_refused_subject: run.first?.subject ?? null,
      people_established: known,
      people_refused: now,
      people_refused_at_most: Math.max(told.most, now),
      people_in_again: run.let_in,
      people_refused_before: run.refused_before,
      probability: Math.round(probability * 10_000) / 10_000,
      asked_of_revision_before: run.asked,
      revision_before_would_permit: run.would_permit,
      people: peopleOf(run),
    },
    gates: [],
    summary: summaryOf(run, effect, now, known).slice(0, 512).toWellFormed(),
  }
}

const MOST_TEXT = 512

/** As many names as fit. */
function peopleOf({ people, blocked }: PolicyRun): string {
  let text = ''
  let named = 0
  for (const { id } of people) {
    if (text.length + id.length + 32 > MOST_TEXT) break
    text += `${named === 0 ? '' : ', '}${id}`
    named += 1
  }
  return blocked > named && named > 0 ? `${text} and others` : text
}

function summaryOf(run: PolicyRun, { entity }: PolicyEffect, now: number, known: number): string {
  const revision = run.revision.slice(0, 12)
  if (now * 2 <= run.blocked) {
    const later = run.moved === 0 ? '' : `, ${run.moved} are refused by a later revision`
    return `Policy revision ${revision} refused ${run.blocked} of ${known} people who used ${entity.id}; ${run.let_in} of them get in again${later}.`
  }
  const reason = run.first?.reason === undefined ? '' : `; first reason ${run.first.reason}`
  const old =
    run.asked === 0 ? '' : `; the revision before would have let in ${run.would_permit} of ${run.asked}`
  return `Policy revision ${revision} refuses ${now} of ${known} people who used ${entity.id} in the last 30 days${reason}${old}.`
}
