import type { PolicyEffect } from '../../../schemas/policy-effect.ts'
import { instantMs } from '../state/instant.ts'
import type { PolicyRun, PolicyRuns } from '../state/entity/policy-runs.ts'
import { shortRevision } from './effect.ts'

const DAY_MS = 86_400_000
/** Revisions of which something is remembered: the one in force, the one before, and one more while a roll-out goes on. */
const MOST_RUNS = 3
const MOST_PEOPLE = 50
const MOST_DECISIONS = 20
const MOST_REFUSED = 64
const MONTH_MS = 30 * DAY_MS

/** The runs that an effect changed: that of its own revision, and that of the revision whose block it ends. */
export function takeEffect(all: PolicyRuns, effect: PolicyEffect): PolicyRun[] {
  const atMs = instantMs(effect.decided_at)
  const { kind, subject, releases } = effect
  const changed: PolicyRun[] = []
  const released = all.runs.find(({ short }) => short === releases)
  if (released !== undefined) {
    if (kind === 'let_in') released.let_in += 1
    else released.moved += 1
    released.people = released.people.filter(({ id }) => id !== subject)
    changed.push(released)
  }
  if (kind === 'refused') {
    all.refused = all.refused.filter(({ id, at_ms }) => id !== subject && atMs - at_ms < MONTH_MS)
    all.refused.push({ id: subject, at_ms: atMs })
    if (all.refused.length > MOST_REFUSED) all.refused.shift()
    return changed
  }
  const run = runOf(all, effect)
  if (run === undefined) return changed
  if (effect.first && kind !== 'blocked') run.kept += 1
  if (effect.first && wasRefused(all, subject, instantMs(run.since))) run.refused_before += 1
  if (kind === 'blocked' || kind === 'blocked_again') block(run, effect)
  if (!changed.includes(run)) changed.push(run)
  return changed
}

function block(
  run: PolicyRun,
  { kind, subject, decided_at, reason, rule_id, decision_id, shadow }: PolicyEffect,
) {
  const known = run.people.some(({ id }) => id === subject)
  if (kind === 'blocked') run.blocked += 1
  else if (run.let_in > 0) run.let_in -= 1
  // Whoever is blocked again under a revision of which nothing is known: the first that is heard of it.
  else if (!known) run.blocked += 1
  if (shadow !== undefined && kind === 'blocked') {
    run.asked += 1
    if (shadow.outcome === 'permit') run.would_permit += 1
  }
  if (shadow !== undefined && shortRevision(shadow.revision) === run.before) run.before = shadow.revision
  run.first ??= { reason, rule_id, at: decided_at, subject }
  if (!known) {
    run.people.push({ id: subject, at: decided_at, reason, old: shadow?.outcome })
    if (run.people.length > MOST_PEOPLE) run.people.shift()
  }
  run.decision_ids.push(decision_id)
  if (run.decision_ids.length > MOST_DECISIONS) run.decision_ids.shift()
}

/** Whether the policy refused somebody in the month before, who was let in as a rule. */
function wasRefused(all: PolicyRuns, subject: string, sinceMs: number): boolean {
  return all.refused.some(({ id, at_ms }) => id === subject && at_ms < sinceMs && sinceMs - at_ms < MONTH_MS)
}

/** The run of the effect's revision; it begins with the first effect that says so. */
function runOf(all: PolicyRuns, effect: PolicyEffect): PolicyRun | undefined {
  const known = all.runs.find(({ revision }) => revision === effect.revision)
  if (known !== undefined) return known
  // Back in force: what is said of its first days is not a change that it made.
  if (!effect.first && effect.kind === 'let_in') return undefined
  const { before } = effect
  const run: PolicyRun = {
    revision: effect.revision,
    short: shortRevision(effect.revision),
    before: all.runs.find(({ short }) => short === before)?.revision ?? before ?? '',
    since: effect.decided_at,
    kept: 0,
    blocked: 0,
    let_in: 0,
    moved: 0,
    asked: 0,
    would_permit: 0,
    refused_before: 0,
    people: [],
    first: undefined,
    decision_ids: [],
    told: undefined,
  }
  all.runs.unshift(run)
  if (all.runs.length > MOST_RUNS) all.runs.pop()
  return run
}
