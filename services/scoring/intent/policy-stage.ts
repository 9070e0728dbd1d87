import type { Finding } from '../../../schemas/finding.ts'
import type { PolicyEffect } from '../../../schemas/policy-effect.ts'
import type { PartitionStates } from '../partition-states.ts'
import { planOf } from '../state/entity/entity-state.ts'
import { instantMs } from '../state/instant.ts'
import { hashId } from '../state/entity/recent-ids.ts'
import { tellOf } from './impact.ts'
import { takeEffect } from './runs.ts'
import { notesOf } from '../state/entity/entity-state.ts'

export const POLICY_STAGE = 'policy'

/** Nothing but the worker's own book; the rest is in its notes, of which a place has few kilobytes. */
const PLAN = planOf([])

/** Takes one effect into what is known of its place of the policy. Undefined: a repeat. */
export function takePolicyEffect(
  states: PartitionStates,
  key: string,
  effect: PolicyEffect,
): readonly Finding[] | undefined {
  const atMs = instantMs(effect.decided_at)
  const state = states.entity(key, effect.tenant, atMs, PLAN)
  const hashed = hashId(effect.decision_id)
  if (state.book.seen.has(hashed, atMs)) return undefined
  state.book.seen.add(hashed, atMs)
  state.book.last_ms = Math.max(state.book.last_ms, atMs)
  const notes = notesOf(state)
  const runs = (notes.policy ??= { runs: [], refused: [] })
  const findings = takeEffect(runs, effect).flatMap((run) => tellOf(run, effect) ?? [])
  states.learnt(key, effect.tenant, atMs, true)
  return findings
}
